//! An exception as the host has it: an error with a tag and values.

use std::fmt;

use anyhow::{Context, Result, ensure};
use upshift_core::index::TagIndex;
use upshift_core::shown::{self, Shown};
use upshift_core::{HeapType, ValType};

use super::exnref::ExnRef;
use super::tag::Tag;
use crate::context::AsContextMut;
use crate::externref::ExternRef;
use crate::gc::{AnyRef, Owner, Rooted};
use crate::module::Module;
use crate::store::StoreState;
use crate::val::Val;

/// An exception that was thrown, or is to be thrown, as an error.
///
/// When wasm code throws something and does not catch it, the call returns an error that downcasts to this. When a host
/// function returns an error that downcasts to this, the exception is thrown in the wasm code that called it, which can
/// catch it. So an exception goes through host functions that pass errors on with `?`. All other errors, and traps, cannot be
/// caught by wasm code.
///
/// It keeps what its values refer to as long as it exists, and no longer: the references among [`values`](Exception::values)
/// are stale when it is dropped.
///
/// ```
/// use upshift::{Caller, Engine, Exception, FuncType, Linker, Module, Result, Store, Tag, TagType, Val, ValType};
///
/// let engine = Engine::default();
/// let mut store = Store::new(&engine, ());
/// let ty = TagType::new(FuncType::new(&engine, [ValType::I32], []));
/// let failure = Tag::new(&mut store, &ty)?;
///
/// let mut linker = Linker::new(&engine);
/// linker.define(&mut store, "host", "failure", failure)?;
/// linker.func_wrap("host", "check", move |mut caller: Caller<'_, ()>, number: i32| -> Result<()> {
///     if number < 0 {
///         return Err(Exception::new(&mut caller, failure, &[Val::I32(number)])?.into());
///     }
///     Ok(())
/// })?;
/// let module = Module::new(
///     &engine,
///     r#"(module
///         (import "host" "failure" (tag $failure (param i32)))
///         (import "host" "check" (func $check (param i32)))
///         (func (export "catch") (param i32) (result i32)
///             (block $caught (result i32)
///                 (try_table (catch $failure $caught) (call $check (local.get 0)))
///                 (i32.const 0)))
///         (func (export "throw") (param i32) (throw $failure (local.get 0))))"#,
/// )?;
/// let instance = linker.instantiate(&mut store, &module)?;
/// let catch = instance.get_typed_func::<i32, i32>(&mut store, "catch")?;
/// assert_eq!(catch.call(&mut store, 5)?, 0);
/// assert_eq!(catch.call(&mut store, -5)?, -5);
///
/// let error = instance.get_typed_func::<i32, ()>(&mut store, "throw")?.call(&mut store, 7).unwrap_err();
/// let exception = error.downcast_ref::<Exception>().unwrap();
/// assert_eq!(exception.tag(), failure);
/// assert_eq!(exception.values()[0].unwrap_i32(), 7);
/// assert_eq!(exception.to_string(), "wasm exception `failure` (tag 0): i32 7");
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Debug)]
pub struct Exception {
    tag: Tag,
    values: Box<[Val]>,
    /// Keeps what the values refer to.
    #[allow(dead_code, reason = "what refers to it is alive as long as it is")]
    owner: Owner,
    /// A module that knows the tag, and the number that it has there.
    origin: Option<(Module, TagIndex)>,
}

impl Exception {
    /// An exception with a tag and the values that it carries.
    ///
    /// # Errors
    /// When number or types of the values are not those of the tag's type, or one belongs to another store.
    ///
    /// # Panics
    /// When the tag belongs to another store.
    pub fn new(mut store: impl AsContextMut, tag: Tag, values: &[Val]) -> Result<Exception> {
        let mut store = store.as_context_mut();
        let state = &*store.state();
        let data = tag.in_state(state);
        let ty = data.func();
        let (expected, found) = (ty.params().len(), values.len());
        ensure!(expected == found, "the exception's tag has {expected} values, not {found}");
        for (i, (value, &ty)) in values.iter().zip(ty.params()).enumerate() {
            value.check(state, ty).with_context(|| format!("value {i} of the exception"))?;
        }
        let owner = Owner::default();
        let kept = |value: &Val| {
            let own = |rooted: Rooted| rooted.get(state).map(|bits| Rooted::owned(state, bits, &owner));
            Ok(match *value {
                Val::ExternRef(Some(ExternRef(rooted))) => Val::ExternRef(own(rooted)?.map(ExternRef)),
                Val::ExnRef(Some(ExnRef(rooted))) => Val::ExnRef(own(rooted)?.map(ExnRef)),
                Val::AnyRef(Some(AnyRef(rooted))) => Val::AnyRef(own(rooted)?.map(AnyRef)),
                other => other,
            })
        };
        let values = values.iter().map(kept).collect::<Result<_>>()?;
        Ok(Exception { tag, values, owner, origin: data.origin.clone() })
    }

    /// What was thrown, with its values in slots. `origin` is the module that knows the tag; without one, the module that
    /// defines it.
    ///
    /// # Safety
    /// `slots` must hold values of the tag's type, made in the store.
    pub(super) unsafe fn from_slots(
        state: &StoreState,
        tag: u32,
        mut slots: *const u64,
        origin: Option<(Module, TagIndex)>,
    ) -> Exception {
        let tag = Tag::nth(state, tag);
        let data = tag.in_state(state);
        let ty = data.func();
        let owner = Owner::default();
        let read = |&ty: &ValType| {
            // SAFETY: the caller's promise.
            unsafe {
                let reference = || Rooted::owned(state, *slots as u32, &owner);
                let value = match ty {
                    ValType::Ref(ty) if !ty.is_func() => match ty.heap.top() {
                        HeapType::Extern => Val::ExternRef(reference().map(ExternRef)),
                        HeapType::Exn => Val::ExnRef(reference().map(ExnRef)),
                        _ => Val::AnyRef(reference().map(AnyRef)),
                    },
                    ty => Val::read(state, ty, slots),
                };
                slots = slots.add(ty.slots() as usize);
                value
            }
        };
        let values = ty.params().iter().map(read).collect();
        Exception { tag, values, owner, origin: data.origin.clone().or(origin) }
    }

    /// Makes sure that the exception can be used in the store.
    ///
    /// # Errors
    /// When it belongs to another store, or one of its values is stale.
    pub(super) fn check(&self, state: &StoreState) -> Result<()> {
        ensure!(self.tag.store_id() == state.id, "the exception belongs to another store");
        let ty = self.tag.in_state(state).func();
        self.values.iter().zip(ty.params()).try_for_each(|(value, &ty)| value.check(state, ty))
    }

    /// The values as they lie in slots.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub(super) fn to_slots(&self, state: &StoreState) -> Result<Box<[u64]>> {
        self.check(state)?;
        let ty = self.tag.in_state(state).func();
        let mut slots = vec![0; ty.param_slots() as usize];
        let mut at = 0;
        for (value, &ty) in self.values.iter().zip(ty.params()) {
            // SAFETY: there are as many slots as the types take.
            unsafe { value.write(state, slots[at..].as_mut_ptr()) };
            at += ty.slots() as usize;
        }
        Ok(slots.into())
    }

    /// The tag.
    #[must_use]
    pub fn tag(&self) -> Tag {
        self.tag
    }

    /// What the exception carries. References are valid as long as the exception.
    #[must_use]
    pub fn values(&self) -> &[Val] {
        &self.values
    }

    /// The name of the tag, if a module has one for it: in its name section, by an export or by an import.
    #[must_use]
    pub fn tag_name(&self) -> Option<String> {
        let (module, tag) = self.origin.as_ref()?;
        module.tag_name(*tag)
    }
}

/// `wasm exception`, then the tag's name and its number in a module, if there is one, and the values; long names and lists
/// are cut.
impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("wasm exception")?;
        if let Some(name) = self.tag_name() {
            write!(f, " `{}`", Shown::new(&name))?;
        }
        match &self.origin {
            Some((_, tag)) => write!(f, " (tag {})", tag.0)?,
            None => f.write_str(" with a tag of the host")?,
        }
        if self.values.is_empty() {
            return Ok(());
        }
        f.write_str(": ")?;
        shown::list(f, self.values.iter().map(|value| fmt::from_fn(|f| show(f, value))))
    }
}

/// A value that an exception carries, with its type.
fn show(f: &mut fmt::Formatter<'_>, value: &Val) -> fmt::Result {
    match value {
        Val::I32(value) => write!(f, "i32 {value}"),
        Val::I64(value) => write!(f, "i64 {value}"),
        Val::F32(bits) => write!(f, "f32 {:?}", f32::from_bits(*bits)),
        Val::F64(bits) => write!(f, "f64 {:?}", f64::from_bits(*bits)),
        Val::V128(value) => write!(f, "v128 {:#034x}", value.as_u128()),
        Val::FuncRef(None) | Val::ExternRef(None) | Val::ExnRef(None) | Val::AnyRef(None) => {
            f.write_str("null")
        }
        Val::FuncRef(Some(_)) => f.write_str("funcref"),
        Val::ExternRef(Some(_)) => f.write_str("externref"),
        Val::ExnRef(Some(_)) => f.write_str("exnref"),
        Val::AnyRef(Some(_)) => f.write_str("anyref"),
    }
}

impl std::error::Error for Exception {}
