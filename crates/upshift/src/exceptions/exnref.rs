//! References to exceptions, as values that the host can hold.

use anyhow::{Context, Result};
use upshift_core::types::layout::HEADER_BYTES;
use upshift_core::vm::ObjectHeader;

use super::exception::Exception;
use super::tag::Tag;
use crate::context::{AsContext, AsContextMut};
use crate::gc::{EXCEPTION_PAYLOAD, Rooted, exception_size};
use crate::store::StoreState;

/// A reference to an exception, `exnref` in wasm (wasm spec, "Structure / Types / Reference Types").
///
/// What a host function gets as arguments, reads or makes is valid until that function returns, and so it is with a callback;
/// outside of these, until the [`RootScope`](crate::RootScope) around it ends, or the store is dropped. That goes for results of
/// calls and for what is read from globals, tables and objects. An [`OwnedRooted`](crate::OwnedRooted) is valid as long as it
/// is kept. Afterwards the reference is *stale*, and using it is an error. An [`Exception`] is a copy of what was thrown.
///
/// ```
/// use upshift::{Engine, Exception, ExnRef, FuncType, Instance, Module, Store, Tag, TagType, Val, ValType};
///
/// let engine = Engine::default();
/// let mut store = Store::new(&engine, ());
/// let module = Module::new(
///     &engine,
///     r#"(module (func (export "throw") (param exnref) (throw_ref (local.get 0))))"#,
/// )?;
/// let throw = Instance::new(&mut store, &module, &[])?.get_func(&mut store, "throw").unwrap();
///
/// let ty = TagType::new(FuncType::new(&engine, [ValType::I32], []));
/// let tag = Tag::new(&mut store, &ty)?;
/// let exception = Exception::new(&mut store, tag, &[Val::I32(7)])?;
/// let reference = ExnRef::new(&mut store, &exception)?;
/// assert_eq!(reference.tag(&store)?, tag);
///
/// let error = throw.call(&mut store, &[reference.into()], &mut []).unwrap_err();
/// let thrown = error.downcast_ref::<Exception>().unwrap();
/// assert_eq!(thrown.tag(), tag);
/// assert_eq!(thrown.values()[0].unwrap_i32(), 7);
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ExnRef(pub(crate) Rooted);

impl ExnRef {
    /// Puts a copy of an exception into the store and refers to it.
    ///
    /// # Errors
    /// When the exception belongs to another store, carries a stale reference, or the heap is full.
    pub fn new(mut store: impl AsContextMut, exception: &Exception) -> Result<ExnRef> {
        let mut store = store.as_context_mut();
        let state = store.state();
        exception.check(state)?;
        let tag = exception.tag().index();
        // SAFETY: the exception's values are handles, and host code holds no other references.
        let object = unsafe {
            state.room_for_exception(tag)?;
            state.new_exception(tag, &exception.to_slots(state)?)
        };
        Ok(ExnRef(Rooted::new(state, object).context("objects are not null")?))
    }

    /// The tag.
    ///
    /// # Errors
    /// When the reference is stale or belongs to another store.
    pub fn tag(&self, store: impl AsContext) -> Result<Tag> {
        let store = store.as_context();
        let state = store.state();
        // SAFETY: handles of this type are those of exceptions.
        Ok(Tag::nth(state, unsafe { state.exception_parts(self.0.get(state)?) }.0))
    }

    /// A copy of the exception.
    ///
    /// # Errors
    /// When the reference is stale or belongs to another store.
    pub fn exception(&self, store: impl AsContext) -> Result<Exception> {
        let store = store.as_context();
        let state = store.state();
        // SAFETY: as in `tag`; the values of an exception are those of its tag's type, made in its store.
        unsafe {
            let (tag, payload) = state.exception_parts(self.0.get(state)?);
            Ok(Exception::from_slots(state, tag, payload, None))
        }
    }
}

impl StoreState {
    /// Makes room for an exception with a tag.
    ///
    /// # Errors
    /// As [`make_room`](StoreState::make_room).
    ///
    /// # Safety
    /// As for [`make_room`](StoreState::make_room).
    pub(super) unsafe fn room_for_exception(&mut self, tag: u32) -> Result<()> {
        let bytes = exception_size(self.tags[tag as usize].slots);
        // SAFETY: the caller's promise.
        unsafe { self.make_room(bytes) }
    }

    /// Makes an exception where there is room for it.
    ///
    /// # Safety
    /// The values must be those of the tag's type.
    pub(super) unsafe fn new_exception(&mut self, tag: u32, payload: &[u64]) -> u32 {
        let header = ObjectHeader { type_word: ObjectHeader::EXCEPTION, len: payload.len() as u32 };
        let object = self.new_object(header, exception_size(payload.len()));
        let at = self.object(object);
        // SAFETY: the new object has room for the tag and the values.
        unsafe {
            at.add(HEADER_BYTES as usize).cast::<u64>().write(u64::from(tag));
            let values = at.add(EXCEPTION_PAYLOAD as usize).cast::<u64>();
            std::ptr::copy_nonoverlapping(payload.as_ptr(), values, payload.len());
        }
        object
    }

    /// The number of the tag of an exception, and where its values lie.
    ///
    /// # Safety
    /// The reference must be one to an exception of the store.
    pub(super) unsafe fn exception_parts(&self, exception: u32) -> (u32, *const u64) {
        let at = self.object(exception);
        // SAFETY: the caller's promise.
        let tag = unsafe { at.add(HEADER_BYTES as usize).cast::<u32>().read() };
        (tag, at.wrapping_add(EXCEPTION_PAYLOAD as usize).cast())
    }
}
