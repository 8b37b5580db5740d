//! Arrays, as the host makes and reads them.

use anyhow::{Context, Result, ensure};
use upshift_core::Trap;
use upshift_core::types::TypeKind;
use upshift_core::types::composite::FieldType;
use upshift_core::types::layout::{HEADER_BYTES, array_size};
use upshift_translate::registry::TypeHandle;

use super::anyref::object;
use super::{AnyRef, Rooted, header, storage};
use crate::context::{AsContext, AsContextMut};
use crate::engine::Engine;
use crate::store::StoreState;
use crate::types::ArrayType;
use crate::val::Val;

/// A reference to an array, `(ref array)` in wasm (wasm spec, "Execution / Runtime Structure / Array Instances").
///
/// It is valid as long as an [`AnyRef`] is.
///
/// ```
/// use upshift::{ArrayRef, ArrayType, Engine, FieldType, Mutability, Store, Val, ValType};
///
/// let engine = Engine::default();
/// let ty = ArrayType::new(&engine, FieldType::new(Mutability::Var, ValType::I64.into()));
/// let mut store = Store::new(&engine, ());
/// let array = ArrayRef::new_fixed(&mut store, &ty, &[Val::I64(1), Val::I64(2)])?;
/// array.set(&mut store, 1, Val::I64(5))?;
/// assert_eq!(array.len(&store)?, 2);
/// assert_eq!(array.get(&store, 1)?.unwrap_i64(), 5);
/// assert!(array.get(&store, 2).is_err());
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ArrayRef(pub(crate) Rooted);

impl ArrayRef {
    /// Makes an array of equal elements. Packed elements take the lower bits of an `i32`.
    ///
    /// # Errors
    /// When the type belongs to another engine, the value is not of the elements' type, stale or of another store, or the
    /// heap is full, with [`Trap::GcHeapOutOfMemory`](crate::Trap::GcHeapOutOfMemory).
    pub fn new(store: impl AsContextMut, ty: &ArrayType, element: &Val, len: u32) -> Result<ArrayRef> {
        ArrayRef::make(store, ty, std::slice::from_ref(element), len)
    }

    /// Makes an array of the given elements.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn new_fixed(store: impl AsContextMut, ty: &ArrayType, elements: &[Val]) -> Result<ArrayRef> {
        let len = u32::try_from(elements.len()).map_err(|_| Trap::GcHeapOutOfMemory)?;
        ArrayRef::make(store, ty, elements, len)
    }

    /// Makes an array; the values are repeated until it is full.
    fn make(mut store: impl AsContextMut, ty: &ArrayType, values: &[Val], len: u32) -> Result<ArrayRef> {
        let mut store = store.as_context_mut();
        let state = store.state();
        ensure!(Engine::same(ty.engine(), &state.engine), "the array's type belongs to another engine");
        let storage = ty.core_element().storage;
        state.know_type(ty.handle());
        let size = array_size(storage.bytes(), len).ok_or(Trap::GcHeapOutOfMemory)?;
        // SAFETY: the values are handles, and host code holds no other references.
        unsafe { state.make_room(size) }?;
        // Only now: an owner may end on another thread, and what it has kept goes with the next collection.
        for (i, value) in values.iter().enumerate() {
            storage::check(state, storage, value).with_context(|| format!("element {i}"))?;
        }
        let reference = state.new_object(header(ty.id(), len), size);
        let elements = state.object(reference).wrapping_add(HEADER_BYTES as usize);
        for (i, value) in values.iter().cycle().take(len as usize).enumerate() {
            // SAFETY: the new array has so many elements, and the values were checked.
            unsafe { storage::write(state, storage, elements.add(i * storage.bytes() as usize), value) };
        }
        Ok(ArrayRef(Rooted::new(state, reference).expect("objects are not null")))
    }

    /// The type.
    ///
    /// # Errors
    /// When the reference is stale or belongs to another store, as with all methods.
    pub fn ty(&self, store: impl AsContext) -> Result<ArrayType> {
        let store = store.as_context();
        let state = store.state();
        Ok(ArrayType::from_handle(&state.engine, self.type_in(state)?))
    }

    fn type_in(self, state: &StoreState) -> Result<TypeHandle> {
        AnyRef(self.0).object_type(state, TypeKind::Array)?.context("the reference is not one to an array")
    }

    /// The number of elements.
    ///
    /// # Errors
    /// As [`ty`](Self::ty).
    pub fn len(&self, store: impl AsContext) -> Result<u32> {
        self.len_in(store.as_context().state())
    }

    fn len_in(self, state: &StoreState) -> Result<u32> {
        let reference = self.0.get(state)?;
        object(self.0, state)?;
        // SAFETY: the reference is one to an object.
        Ok(unsafe { state.object_header(reference) }.len)
    }

    /// The elements' type, and where one lies.
    fn place(self, state: &StoreState, index: u32) -> Result<(FieldType, *mut u8)> {
        let element = self.type_in(state)?.element().context("the type of an array has elements")?;
        let len = self.len_in(state)?;
        ensure!(index < len, "the array has {len} elements: there is no element {index}");
        let offset = HEADER_BYTES as usize + index as usize * element.storage.bytes() as usize;
        Ok((element, object(self.0, state)?.wrapping_add(offset)))
    }

    /// An element; packed ones are extended with zeroes.
    ///
    /// # Errors
    /// As [`ty`](Self::ty), and when there is no such element.
    pub fn get(&self, store: impl AsContext, index: u32) -> Result<Val> {
        let store = store.as_context();
        let (element, at) = self.place(store.state(), index)?;
        // SAFETY: the element lies there.
        Ok(unsafe { storage::read(store.state(), element.storage, at) })
    }

    /// All elements.
    ///
    /// # Errors
    /// As [`ty`](Self::ty).
    pub fn elems(&self, store: impl AsContext) -> Result<Vec<Val>> {
        let store = store.as_context();
        let len = self.len_in(store.state())?;
        (0..len).map(|i| self.get(store, i)).collect()
    }

    /// Sets an element.
    ///
    /// # Errors
    /// As [`get`](Self::get), and when elements are not mutable, or the value not of their type, stale or of another store.
    pub fn set(&self, mut store: impl AsContextMut, index: u32, value: Val) -> Result<()> {
        let mut store = store.as_context_mut();
        let state = &*store.state();
        let (element, at) = self.place(state, index)?;
        ensure!(element.mutable, "the elements of the array are not mutable");
        storage::check(state, element.storage, &value).with_context(|| format!("element {index}"))?;
        // SAFETY: the element lies there, and the value was checked.
        unsafe { storage::write(state, element.storage, at, &value) };
        Ok(())
    }
}

impl From<ArrayRef> for AnyRef {
    fn from(reference: ArrayRef) -> AnyRef {
        AnyRef(reference.0)
    }
}
