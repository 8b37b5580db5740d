//! Values whose type is known only at run time, and how they lie in slots.

use anyhow::{Result, bail, ensure};
use upshift_core::V128;
use upshift_core::types as core;
use upshift_core::types::TypeKind;
use upshift_core::value::SlotValue;

use crate::context::AsContext;
use crate::exceptions::ExnRef;
use crate::externref::ExternRef;
use crate::func::Func;
use crate::gc::{AnyRef, ArrayRef, Rooted, StructRef};
use crate::store::{StoreId, StoreState};
use crate::types::{HeapType, ValType};

/// A value of any type (wasm spec, "Execution / Runtime Structure / Values").
///
/// Floats are held as their bits, so that NaN payloads survive and values can be compared.
///
/// ```
/// use upshift::{Val, ValType};
///
/// assert_eq!(Val::from(7i32).i32(), Some(7));
/// assert_eq!(Val::from(1.5f64).unwrap_f64(), 1.5);
/// assert_eq!(Val::I64(7).i32(), None);
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Val {
    /// A 32-bit integer.
    I32(i32),
    /// A 64-bit integer.
    I64(i64),
    /// The bits of a 32-bit float.
    F32(u32),
    /// The bits of a 64-bit float.
    F64(u64),
    /// A 128-bit vector.
    V128(V128),
    /// A reference to a function, or null.
    FuncRef(Option<Func>),
    /// A reference to a host value, or null.
    ExternRef(Option<ExternRef>),
    /// A reference to an exception, or null.
    ExnRef(Option<ExnRef>),
    /// A reference to a struct, an array or a small integer, or null.
    AnyRef(Option<AnyRef>),
}

/// A value of a reference type: what a [`Table`](crate::Table) holds.
///
/// ```
/// use upshift::{Engine, Func, HeapType, Ref, Store};
///
/// let mut store = Store::new(&Engine::default(), ());
/// let func = Func::wrap(&mut store, || ());
/// assert_eq!(Ref::from(func).as_func(), Some(Some(&func)));
/// assert!(Ref::null(&HeapType::Extern).is_null());
/// assert!(Ref::null(&HeapType::Extern).as_func().is_none());
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Ref {
    /// A reference to a function, or null.
    Func(Option<Func>),
    /// A reference to a host value, or null.
    Extern(Option<ExternRef>),
    /// A reference to an exception, or null.
    Exn(Option<ExnRef>),
    /// A reference to a struct, an array or a small integer, or null.
    Any(Option<AnyRef>),
}

macro_rules! accessors {
    ($($(#[$doc:meta])* $get:ident $unwrap:ident -> $ty:ty, $pattern:pat => $value:expr;)*) => {
        impl Val {
            $(
                $(#[$doc])*
                #[inline]
                #[must_use]
                pub fn $get(&self) -> Option<$ty> {
                    if let $pattern = *self { Some($value) } else { None }
                }

                $(#[$doc])*
                ///
                /// # Panics
                /// When the value has another type.
                #[inline]
                #[must_use]
                #[track_caller]
                pub fn $unwrap(&self) -> $ty {
                    self.$get().expect(concat!("expected ", stringify!($get)))
                }
            )*
        }
    };
}

accessors! {
    /// The 32-bit integer, if it is one.
    i32 unwrap_i32 -> i32, Val::I32(v) => v;
    /// The 64-bit integer, if it is one.
    i64 unwrap_i64 -> i64, Val::I64(v) => v;
    /// The 32-bit float, if it is one.
    f32 unwrap_f32 -> f32, Val::F32(v) => f32::from_bits(v);
    /// The 64-bit float, if it is one.
    f64 unwrap_f64 -> f64, Val::F64(v) => f64::from_bits(v);
    /// The vector, if it is one.
    v128 unwrap_v128 -> V128, Val::V128(v) => v;
    /// The reference to a function, if it is one; `Some(None)` for null.
    func_ref unwrap_func_ref -> Option<Func>, Val::FuncRef(v) => v;
    /// The reference to a host value, if it is one; `Some(None)` for null.
    extern_ref unwrap_extern_ref -> Option<ExternRef>, Val::ExternRef(v) => v;
    /// The reference to an exception, if it is one; `Some(None)` for null.
    exn_ref unwrap_exn_ref -> Option<ExnRef>, Val::ExnRef(v) => v;
    /// The reference to a struct, an array or a small integer, if it is one; `Some(None)` for null.
    any_ref unwrap_any_ref -> Option<AnyRef>, Val::AnyRef(v) => v;
    /// The reference, if it is one.
    ref_ unwrap_ref -> Ref,
        val @ (Val::FuncRef(_) | Val::ExternRef(_) | Val::ExnRef(_) | Val::AnyRef(_)) => Ref::of(val);
}

macro_rules! conversions {
    ($($source:ty => $target:ident: |$v:ident| $make:expr;)*) => {$(
        impl From<$source> for $target {
            fn from($v: $source) -> $target {
                $make
            }
        }
    )*};
}

conversions! {
    i32 => Val: |v| Val::I32(v);
    u32 => Val: |v| Val::I32(v as i32);
    i64 => Val: |v| Val::I64(v);
    u64 => Val: |v| Val::I64(v as i64);
    f32 => Val: |v| Val::F32(v.to_bits());
    f64 => Val: |v| Val::F64(v.to_bits());
    V128 => Val: |v| Val::V128(v);
    Func => Val: |v| Val::FuncRef(Some(v));
    Option<Func> => Val: |v| Val::FuncRef(v);
    ExternRef => Val: |v| Val::ExternRef(Some(v));
    Option<ExternRef> => Val: |v| Val::ExternRef(v);
    ExnRef => Val: |v| Val::ExnRef(Some(v));
    Option<ExnRef> => Val: |v| Val::ExnRef(v);
    AnyRef => Val: |v| Val::AnyRef(Some(v));
    Option<AnyRef> => Val: |v| Val::AnyRef(v);
    StructRef => Val: |v| Val::AnyRef(Some(v.into()));
    ArrayRef => Val: |v| Val::AnyRef(Some(v.into()));
    Ref => Val: |v| match v {
        Ref::Func(v) => Val::FuncRef(v),
        Ref::Extern(v) => Val::ExternRef(v),
        Ref::Exn(v) => Val::ExnRef(v),
        Ref::Any(v) => Val::AnyRef(v),
    };
    Func => Ref: |v| Ref::Func(Some(v));
    Option<Func> => Ref: |v| Ref::Func(v);
    ExternRef => Ref: |v| Ref::Extern(Some(v));
    Option<ExternRef> => Ref: |v| Ref::Extern(v);
    ExnRef => Ref: |v| Ref::Exn(Some(v));
    Option<ExnRef> => Ref: |v| Ref::Exn(v);
    AnyRef => Ref: |v| Ref::Any(Some(v));
    Option<AnyRef> => Ref: |v| Ref::Any(v);
    StructRef => Ref: |v| Ref::Any(Some(v.into()));
    ArrayRef => Ref: |v| Ref::Any(Some(v.into()));
}

impl Ref {
    fn of(val: Val) -> Ref {
        match val {
            Val::ExternRef(v) => Ref::Extern(v),
            Val::ExnRef(v) => Ref::Exn(v),
            Val::FuncRef(v) => Ref::Func(v),
            Val::AnyRef(v) => Ref::Any(v),
            _ => Ref::Func(None),
        }
    }

    /// The null of a heap type.
    #[must_use]
    pub fn null(heap: &HeapType) -> Ref {
        Ref::null_of(heap.to_core())
    }

    fn null_of(heap: core::HeapType) -> Ref {
        match heap.top() {
            core::HeapType::Func => Ref::Func(None),
            core::HeapType::Exn => Ref::Exn(None),
            core::HeapType::Extern => Ref::Extern(None),
            _ => Ref::Any(None),
        }
    }

    /// Whether the reference is null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Ref::Func(None) | Ref::Extern(None) | Ref::Exn(None) | Ref::Any(None))
    }

    /// The function, if it is a reference to one; `Some(None)` for null.
    #[must_use]
    pub fn as_func(&self) -> Option<Option<&Func>> {
        if let Ref::Func(func) = self { Some(func.as_ref()) } else { None }
    }

    /// The host value, if it is a reference to one; `Some(None)` for null.
    #[must_use]
    pub fn as_extern(&self) -> Option<Option<&ExternRef>> {
        if let Ref::Extern(reference) = self { Some(reference.as_ref()) } else { None }
    }

    /// The exception, if it is a reference to one; `Some(None)` for null.
    #[must_use]
    pub fn as_exn(&self) -> Option<Option<&ExnRef>> {
        if let Ref::Exn(reference) = self { Some(reference.as_ref()) } else { None }
    }

    /// The struct, array or small integer, if it is a reference to one; `Some(None)` for null.
    #[must_use]
    pub fn as_any(&self) -> Option<Option<&AnyRef>> {
        if let Ref::Any(reference) = self { Some(reference.as_ref()) } else { None }
    }

    /// The bits of the reference in a slot of the given type.
    pub(crate) fn to_slot(self, store: &StoreState, ty: core::RefType) -> Result<u64> {
        Val::from(self).check(store, core::ValType::Ref(ty))?;
        Ok(self.bits(store))
    }

    /// The bits of the reference, which was checked.
    #[inline(never)]
    fn bits(self, store: &StoreState) -> u64 {
        let rooted = match self {
            Ref::Func(func) => return func.map_or(0, Func::to_slot),
            Ref::Extern(reference) => reference.map(|reference| reference.0),
            Ref::Exn(reference) => reference.map(|reference| reference.0),
            Ref::Any(reference) => reference.map(|reference| reference.0),
        };
        rooted.map_or(0, |rooted| rooted.to_slot(store))
    }

    /// # Safety
    /// `slot` must hold a reference of the type, made in the store.
    #[inline(never)]
    pub(crate) unsafe fn from_slot(store: &StoreState, ty: core::RefType, slot: u64) -> Ref {
        let rooted = || Rooted::new(store, slot as u32);
        match ty.heap.top() {
            // SAFETY: the caller's promise.
            core::HeapType::Func => Ref::Func(unsafe { Func::from_slot(store.id, slot) }),
            core::HeapType::Exn => Ref::Exn(rooted().map(ExnRef)),
            core::HeapType::Extern => Ref::Extern(rooted().map(ExternRef)),
            _ => Ref::Any(rooted().map(AnyRef)),
        }
    }
}

impl Val {
    /// The null reference to a function.
    #[must_use]
    pub const fn null_func_ref() -> Val {
        Val::FuncRef(None)
    }

    /// The null reference to a host value.
    #[must_use]
    pub const fn null_extern_ref() -> Val {
        Val::ExternRef(None)
    }

    /// The null reference to an exception.
    #[must_use]
    pub const fn null_exn_ref() -> Val {
        Val::ExnRef(None)
    }

    /// The null reference to a struct, array or small integer.
    #[must_use]
    pub const fn null_any_ref() -> Val {
        Val::AnyRef(None)
    }

    /// Zero or null of a type; `None` if the type has no such value.
    #[must_use]
    pub fn default_for_ty(ty: &ValType) -> Option<Val> {
        Val::default_of(ty.to_core())
    }

    #[inline]
    pub(crate) fn default_of(ty: core::ValType) -> Option<Val> {
        Some(match ty {
            core::ValType::I32 => Val::I32(0),
            core::ValType::I64 => Val::I64(0),
            core::ValType::F32 => Val::F32(0),
            core::ValType::F64 => Val::F64(0),
            core::ValType::V128 => Val::V128(V128::default()),
            core::ValType::Ref(ty) if !ty.nullable => return None,
            core::ValType::Ref(ty) => Ref::null_of(ty.heap).into(),
        })
    }

    /// The value's own type.
    ///
    /// # Errors
    /// When the value is a reference that belongs to another store, or a stale one.
    pub fn ty(&self, store: impl AsContext) -> Result<ValType> {
        let store = store.as_context();
        let state = store.state();
        // The store keeps the types of what it has.
        Ok(ValType::of_core(&state.engine, self.type_in(state)?))
    }

    /// Whether the value can be used in the store where `ty` is expected.
    ///
    /// # Errors
    /// When the value is a reference that belongs to another store, or a stale one; or when the type belongs to another engine.
    ///
    /// ```
    /// use upshift::{Engine, Func, HeapType, RefType, Store, Val, ValType};
    ///
    /// let mut store = Store::new(&Engine::default(), ());
    /// let value = Val::from(Func::wrap(&mut store, || ()));
    /// assert!(value.matches_ty(&store, &ValType::FUNCREF)?);
    /// assert!(!value.matches_ty(&store, &ValType::EXTERNREF)?);
    /// # Ok::<(), upshift::Error>(())
    /// ```
    pub fn matches_ty(&self, store: impl AsContext, ty: &ValType) -> Result<bool> {
        let store = store.as_context();
        let state = store.state();
        let ty = ty.in_engine(&state.engine)?;
        Ok(self.type_in(state)?.matches(ty, state.engine.types()))
    }

    fn type_in(&self, store: &StoreState) -> Result<core::ValType> {
        use core::{HeapType, RefType, ValType};
        let to = |nullable, heap| ValType::Ref(RefType { nullable, heap });
        let ours = |id| ensure_ours(store, id);
        Ok(match self {
            Val::I32(_) => ValType::I32,
            Val::I64(_) => ValType::I64,
            Val::F32(_) => ValType::F32,
            Val::F64(_) => ValType::F64,
            Val::V128(_) => ValType::V128,
            Val::FuncRef(None) => to(true, HeapType::NoFunc),
            Val::FuncRef(Some(func)) => {
                ours(func.store_id())?;
                to(false, HeapType::Concrete(TypeKind::Func, func.type_id(store)))
            }
            Val::ExternRef(None) => to(true, HeapType::NoExtern),
            Val::ExternRef(Some(reference)) => {
                reference.0.get(store)?;
                to(false, HeapType::Extern)
            }
            Val::ExnRef(None) => to(true, HeapType::NoExn),
            Val::ExnRef(Some(reference)) => {
                reference.0.get(store)?;
                to(false, HeapType::Exn)
            }
            Val::AnyRef(None) => to(true, HeapType::None),
            Val::AnyRef(Some(reference)) => to(false, reference.type_in(store)?),
        })
    }

    /// Makes sure that the value can be used in the store where `ty` is expected.
    #[inline]
    pub(crate) fn check(&self, store: &StoreState, ty: core::ValType) -> Result<()> {
        if self.is_number_of(ty) { Ok(()) } else { self.check_in_store(store, ty) }
    }

    /// Whether it is a number or vector of just this type: no store has to be asked.
    #[inline]
    fn is_number_of(&self, ty: core::ValType) -> bool {
        use core::ValType;
        matches!(
            (self, ty),
            (Val::I32(_), ValType::I32)
                | (Val::I64(_), ValType::I64)
                | (Val::F32(_), ValType::F32)
                | (Val::F64(_), ValType::F64)
                | (Val::V128(_), ValType::V128)
        )
    }

    /// The rest of [`check`](Self::check), which most values do not need.
    #[inline(never)]
    fn check_in_store(&self, store: &StoreState, ty: core::ValType) -> Result<()> {
        let own = self.type_in(store)?;
        if !own.matches(ty, store.engine.types()) {
            bail!("type mismatch: expected {ty}, found {own}");
        }
        Ok(())
    }

    /// Writes the value, which was checked.
    ///
    /// # Safety
    /// `slot` must be writable, two slots for a vector.
    #[inline]
    pub(crate) unsafe fn write(self, store: &StoreState, slot: *mut u64) {
        // SAFETY: the caller's promise.
        unsafe {
            match self {
                Val::I32(v) => v.write(slot),
                Val::I64(v) => v.write(slot),
                Val::F32(v) => v.write(slot),
                Val::F64(v) => v.write(slot),
                Val::V128(v) => v.write(slot),
                Val::FuncRef(_) | Val::ExternRef(_) | Val::ExnRef(_) | Val::AnyRef(_) => {
                    Ref::of(self).bits(store).write(slot);
                }
            }
        }
    }

    /// Reads a value.
    ///
    /// # Safety
    /// `slot` must hold a value of the type, made in the store.
    #[inline]
    pub(crate) unsafe fn read(store: &StoreState, ty: core::ValType, slot: *const u64) -> Val {
        use core::ValType;
        // SAFETY: the caller's promise.
        unsafe {
            match ty {
                ValType::I32 => Val::I32(i32::read(slot)),
                ValType::I64 => Val::I64(i64::read(slot)),
                ValType::F32 => Val::F32(u32::read(slot)),
                ValType::F64 => Val::F64(u64::read(slot)),
                ValType::V128 => Val::V128(V128::read(slot)),
                ValType::Ref(ty) => Ref::from_slot(store, ty, *slot).into(),
            }
        }
    }
}

fn ensure_ours(store: &StoreState, id: StoreId) -> Result<()> {
    ensure!(store.id == id, "cross-`Store` values are not supported: the reference belongs to another store");
    Ok(())
}
