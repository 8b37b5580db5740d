//! References to structs, arrays and small integers, whatever they are.

use anyhow::{Result, ensure};
use upshift_core::types as core;
use upshift_core::types::TypeKind;
use upshift_core::vm::{ObjectHeader, is_object};
use upshift_translate::registry::TypeHandle;

use super::{ArrayRef, Rooted, StructRef};
use crate::context::{AsContext, AsContextMut};
use crate::externref::ExternRef;
use crate::store::StoreState;
use crate::types::HeapType;

/// An integer of 31 bits, which `i31ref` holds without an object (wasm spec, "Structure / Types / Heap Types").
///
/// ```
/// use upshift::I31;
///
/// assert_eq!(I31::wrapping_i32(-1).get_i32(), -1);
/// assert_eq!(I31::wrapping_i32(-1).get_u32(), 0x7fff_ffff);
/// assert_eq!(I31::new_i32(1 << 30), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct I31(u32);

impl I31 {
    /// The lower 31 bits of a number.
    #[must_use]
    pub const fn wrapping_i32(value: i32) -> I31 {
        I31((value as u32) << 1 >> 1)
    }

    /// The number, if it has 31 bits.
    #[must_use]
    pub const fn new_i32(value: i32) -> Option<I31> {
        let wrapped = I31::wrapping_i32(value);
        if wrapped.get_i32() == value { Some(wrapped) } else { None }
    }

    /// The number, as a signed one.
    #[must_use]
    pub const fn get_i32(self) -> i32 {
        (self.0 << 1) as i32 >> 1
    }

    /// The number, as an unsigned one.
    #[must_use]
    pub const fn get_u32(self) -> u32 {
        self.0
    }
}

/// A reference to a struct, an array, a small integer or a value of the host, `(ref any)` in wasm (wasm spec, "Structure /
/// Types / Reference Types").
///
/// What a host function gets as arguments, reads or makes is valid until that function returns, and so it is with a callback;
/// outside of these, until the [`RootScope`](crate::RootScope) around it ends, or the store is dropped. That goes for results of
/// calls and for what is read from globals, tables and objects. An [`OwnedRooted`](crate::OwnedRooted) is valid as long as it
/// is kept. Afterwards the reference is *stale*, and using it is an error. Objects move when others are made; their handles follow them.
///
/// ```
/// use upshift::{AnyRef, Engine, HeapType, I31, Store};
///
/// let mut store = Store::new(&Engine::default(), ());
/// let seven = AnyRef::from_i31(&mut store, I31::wrapping_i32(7));
/// assert_eq!(seven.ty(&store)?, HeapType::I31);
/// assert_eq!(seven.as_i31(&store)?, Some(I31::wrapping_i32(7)));
/// assert_eq!(seven.as_struct(&store)?, None);
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct AnyRef(pub(crate) Rooted);

impl AnyRef {
    /// A reference to a small integer.
    pub fn from_i31(mut store: impl AsContextMut, value: I31) -> AnyRef {
        let mut store = store.as_context_mut();
        let rooted = Rooted::new(store.state(), value.get_u32() << 1 | 1);
        AnyRef(rooted.expect("the lowest bit is set"))
    }

    /// The type: that of the object, `i31`, or `any` for a value of the host.
    ///
    /// # Errors
    /// When the reference is stale or belongs to another store, as with all methods.
    pub fn ty(&self, store: impl AsContext) -> Result<HeapType> {
        let store = store.as_context();
        let state = store.state();
        // The store keeps the types of its objects.
        Ok(HeapType::of_core(&state.engine, self.type_in(state)?))
    }

    /// The type of the object, if it is of a kind.
    pub(super) fn object_type(self, state: &StoreState, kind: TypeKind) -> Result<Option<TypeHandle>> {
        Ok(match self.type_in(state)? {
            core::HeapType::Concrete(found, id) if found == kind => state.engine.types().get(id),
            _ => None,
        })
    }

    pub(crate) fn type_in(self, state: &StoreState) -> Result<core::HeapType> {
        use core::HeapType;
        let reference = self.0.get(state)?;
        Ok(match self.header(state)? {
            Some(header) => {
                // SAFETY: each object's type has a record.
                let kind = unsafe { (*state.ctx().types.add(header.type_id().0 as usize)).kind };
                HeapType::Concrete(kind, header.type_id())
            }
            None if reference & 1 != 0 => HeapType::I31,
            None => HeapType::Any,
        })
    }

    fn header(self, state: &StoreState) -> Result<Option<ObjectHeader>> {
        let reference = self.0.get(state)?;
        // SAFETY: handles are those of objects of their store.
        Ok(is_object(reference).then(|| unsafe { state.object_header(reference) }))
    }

    /// The integer, if it is one.
    ///
    /// # Errors
    /// As [`ty`](Self::ty).
    pub fn as_i31(&self, store: impl AsContext) -> Result<Option<I31>> {
        let reference = self.0.get(store.as_context().state())?;
        Ok((reference & 1 != 0).then_some(I31(reference >> 1)))
    }

    /// The struct, if it is one.
    ///
    /// # Errors
    /// As [`ty`](Self::ty).
    pub fn as_struct(&self, store: impl AsContext) -> Result<Option<StructRef>> {
        let ty = self.type_in(store.as_context().state())?;
        Ok(matches!(ty, core::HeapType::Concrete(TypeKind::Struct, _)).then_some(StructRef(self.0)))
    }

    /// The array, if it is one.
    ///
    /// # Errors
    /// As [`ty`](Self::ty).
    pub fn as_array(&self, store: impl AsContext) -> Result<Option<ArrayRef>> {
        let ty = self.type_in(store.as_context().state())?;
        Ok(matches!(ty, core::HeapType::Concrete(TypeKind::Array, _)).then_some(ArrayRef(self.0)))
    }

    /// The same as a value of the host, which `extern.convert_any` makes of it.
    #[must_use]
    pub fn to_extern(self) -> ExternRef {
        ExternRef(self.0)
    }

    /// What `any.convert_extern` makes of a value of the host, or what `extern.convert_any` has made one of.
    #[must_use]
    pub fn from_extern(value: ExternRef) -> AnyRef {
        AnyRef(value.0)
    }

    /// Whether both refer to the same object or are the same integer (`ref.eq`).
    ///
    /// # Errors
    /// As [`ty`](Self::ty).
    pub fn ref_eq(store: impl AsContext, a: &AnyRef, b: &AnyRef) -> Result<bool> {
        let store = store.as_context();
        Ok(a.0.get(store.state())? == b.0.get(store.state())?)
    }
}

/// The address of the object of a handle to one.
///
/// # Errors
/// When the handle is stale or belongs to another store.
pub(super) fn object(rooted: Rooted, state: &StoreState) -> Result<*mut u8> {
    let reference = rooted.get(state)?;
    ensure!(is_object(reference), "the reference is not one to an object");
    Ok(state.object(reference))
}
