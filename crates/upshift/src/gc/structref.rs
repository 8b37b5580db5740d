//! Structs, as the host makes and reads them.

use anyhow::{Context, Result, bail, ensure};
use upshift_core::types::TypeKind;
use upshift_core::types::composite::FieldType;
use upshift_translate::registry::TypeHandle;

use super::anyref::object;
use super::{AnyRef, Rooted, header, storage};
use crate::context::{AsContext, AsContextMut};
use crate::engine::Engine;
use crate::store::StoreState;
use crate::types::StructType;
use crate::val::Val;

/// A reference to a struct, `(ref struct)` in wasm (wasm spec, "Execution / Runtime Structure / Structure Instances").
///
/// It is valid as long as an [`AnyRef`] is.
///
/// ```
/// use upshift::{Engine, FieldType, Mutability, StorageType, Store, StructRef, StructType, Val, ValType};
///
/// let engine = Engine::default();
/// let field = |storage| FieldType::new(Mutability::Var, storage);
/// let ty = StructType::new(&engine, [field(StorageType::I16), field(ValType::F64.into())])?;
/// let mut store = Store::new(&engine, ());
/// let point = StructRef::new(&mut store, &ty, &[Val::I32(-1), Val::from(0.5)])?;
/// assert_eq!(point.field(&store, 0)?.unwrap_i32(), 0xffff);
/// point.set_field(&mut store, 1, Val::from(2.5))?;
/// assert_eq!(point.field(&store, 1)?.unwrap_f64(), 2.5);
/// assert!(point.field(&store, 2).is_err());
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct StructRef(pub(crate) Rooted);

impl StructRef {
    /// Makes a struct. Packed fields take the lower bits of an `i32`.
    ///
    /// # Errors
    /// When the type belongs to another engine, number or types of the values are wrong, one is stale or belongs to another
    /// store, or the heap is full, with [`Trap::GcHeapOutOfMemory`](crate::Trap::GcHeapOutOfMemory).
    pub fn new(mut store: impl AsContextMut, ty: &StructType, fields: &[Val]) -> Result<StructRef> {
        let mut store = store.as_context_mut();
        let state = store.state();
        ensure!(Engine::same(ty.engine(), &state.engine), "the struct's type belongs to another engine");
        let types = ty.core_fields();
        let (expected, found) = (types.len(), fields.len());
        ensure!(expected == found, "the struct has {expected} fields, not {found}");
        state.know_type(ty.handle());
        let layout = ty.layout();
        // SAFETY: the values are handles, and host code holds no other references.
        unsafe { state.make_room(layout.size()) }?;
        // Only now: an owner may end on another thread, and what it has kept goes with the next collection.
        for (i, (field, value)) in types.iter().zip(fields).enumerate() {
            storage::check(state, field.storage, value).with_context(|| format!("field {i}"))?;
        }
        let reference = state.new_object(header(ty.id(), 0), layout.size());
        let at = state.object(reference);
        for ((field, value), &offset) in types.iter().zip(fields).zip(layout.offsets()) {
            // SAFETY: the new object has the type's fields, and the values were checked.
            unsafe { storage::write(state, field.storage, at.add(offset as usize), value) };
        }
        Ok(StructRef(Rooted::new(state, reference).expect("objects are not null")))
    }

    /// The type.
    ///
    /// # Errors
    /// When the reference is stale or belongs to another store, as with all methods.
    pub fn ty(&self, store: impl AsContext) -> Result<StructType> {
        let store = store.as_context();
        let state = store.state();
        Ok(StructType::from_handle(&state.engine, self.type_in(state)?))
    }

    fn type_in(self, state: &StoreState) -> Result<TypeHandle> {
        AnyRef(self.0).object_type(state, TypeKind::Struct)?.context("the reference is not one to a struct")
    }

    /// A field, and where it lies.
    fn place(self, state: &StoreState, index: usize) -> Result<(FieldType, *mut u8)> {
        let ty = self.type_in(state)?;
        let fields = ty.fields().map_or(&[][..], |fields| fields);
        let (Some(&field), Some(place)) = (fields.get(index), ty.places.get(index)) else {
            bail!("the struct has {} fields: there is no field {index}", fields.len());
        };
        let offset = place.offset as usize;
        Ok((field, object(self.0, state)?.wrapping_add(offset)))
    }

    /// The value of a field; packed ones are extended with zeroes.
    ///
    /// # Errors
    /// As [`ty`](Self::ty), and when there is no such field.
    pub fn field(&self, store: impl AsContext, index: usize) -> Result<Val> {
        let store = store.as_context();
        let (field, at) = self.place(store.state(), index)?;
        // SAFETY: the field lies there.
        Ok(unsafe { storage::read(store.state(), field.storage, at) })
    }

    /// The values of all fields.
    ///
    /// # Errors
    /// As [`ty`](Self::ty).
    pub fn fields(&self, store: impl AsContext) -> Result<Vec<Val>> {
        let store = store.as_context();
        let count = self.type_in(store.state())?.places.len();
        (0..count).map(|i| self.field(store, i)).collect()
    }

    /// Sets a field.
    ///
    /// # Errors
    /// As [`field`](Self::field), and when the field is not mutable, or the value not of its type, stale or of another store.
    pub fn set_field(&self, mut store: impl AsContextMut, index: usize, value: Val) -> Result<()> {
        let mut store = store.as_context_mut();
        let state = &*store.state();
        let (field, at) = self.place(state, index)?;
        ensure!(field.mutable, "field {index} of the struct is not mutable");
        storage::check(state, field.storage, &value).with_context(|| format!("field {index}"))?;
        // SAFETY: the field lies there, and the value was checked.
        unsafe { storage::write(state, field.storage, at, &value) };
        Ok(())
    }
}

impl From<StructRef> for AnyRef {
    fn from(reference: StructRef) -> AnyRef {
        AnyRef(reference.0)
    }
}
