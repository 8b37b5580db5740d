//! An exception as the host has it: an error with a tag and values.

use std::fmt;

use anyhow::{Context, Result, ensure};
use upshift_core::index::TagIndex;
use upshift_core::shown::{self, Shown};

use super::exnref::ExnRef;
use super::tag::Tag;
use crate::context::AsContextMut;
use crate::externref::ExternRef;
use crate::gc::{AnyRef, Rooted};
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
        let ty = state.engine.types().func(data.ty());
        let (expected, found) = (ty.params().len(), values.len());
        ensure!(expected == found, "the exception's tag has {expected} values, not {found}");
        for (i, (value, &ty)) in values.iter().zip(ty.params()).enumerate() {
            value.check(state, ty).with_context(|| format!("value {i} of the exception"))?;
        }
        Ok(Exception { tag, values: values.into(), origin: data.origin.clone() })
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
        let ty = state.engine.types().func(data.ty());
        let read = |&ty: &upshift_core::ValType| {
            // SAFETY: the caller's promise.
            unsafe {
                let value = Val::read(state, ty, slots);
                slots = slots.add(ty.slots() as usize);
                value
            }
        };
        let values = ty.params().iter().map(read).collect();
        Exception { tag, values, origin: data.origin.clone().or(origin) }
    }

    /// Makes sure that the exception can be used in the store.
    ///
    /// # Errors
    /// When it belongs to another store, or one of its values is stale.
    pub(super) fn check(&self, state: &StoreState) -> Result<()> {
        ensure!(self.tag.store_id() == state.id, "the exception belongs to another store");
        let ty = state.engine.types().func(self.tag.in_state(state).ty());
        self.values.iter().zip(ty.params()).try_for_each(|(value, &ty)| value.check(state, ty))
    }

    /// The values as they lie in slots.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub(super) fn to_slots(&self, state: &StoreState) -> Result<Box<[u64]>> {
        self.check(state)?;
        let ty = state.engine.types().func(self.tag.in_state(state).ty());
        let mut slots = vec![0; ty.param_slots() as usize];
        let mut at = 0;
        for (value, &ty) in self.values.iter().zip(ty.params()) {
            // SAFETY: there are as many slots as the types take.
            unsafe { value.write(state, slots[at..].as_mut_ptr()) };
            at += ty.slots() as usize;
        }
        Ok(slots.into())
    }

    /// Lets all but the first `roots` handles of the store go, but makes new ones for what the exception refers to.
    pub(super) fn keep(&mut self, state: &mut StoreState, roots: usize) {
        let handle = |value: &Val| match value {
            Val::ExternRef(Some(reference)) => Some(reference.0),
            Val::ExnRef(Some(reference)) => Some(reference.0),
            Val::AnyRef(Some(reference)) => Some(reference.0),
            _ => None,
        };
        let references: Vec<_> = self.values.iter().filter_map(handle).map(|at| at.get(state)).collect();
        state.gc.roots.truncate(roots);
        let mut references = references.into_iter();
        for value in self.values.iter_mut().filter(|value| handle(value).is_some()) {
            // What was stale stays so.
            if let Some(Ok(reference)) = references.next()
                && let Some(rooted) = Rooted::new(state, reference)
            {
                *value = match value {
                    Val::ExternRef(_) => Val::from(ExternRef(rooted)),
                    Val::ExnRef(_) => Val::from(ExnRef(rooted)),
                    _ => Val::from(AnyRef(rooted)),
                };
            }
        }
    }

    /// The tag.
    #[must_use]
    pub fn tag(&self) -> Tag {
        self.tag
    }

    /// What the exception carries.
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
