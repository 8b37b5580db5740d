//! The records of an engine's types, which code and collector read by number.
//!
//! ```text
//! TypeRegistry ─ new types ─▶ TypeRecords (engine) ─▶ Records (store): address and number, noted in its StoreCtx
//! ```
//!
//! Records never change and never go away while a store can see them. New ones are written behind those that others may be
//! reading; where there is no room, all are copied to a larger buffer, and the old one lives until no store uses it.

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::sync::{Arc, Mutex, PoisonError};

use upshift_core::types::composite::CompositeType;
use upshift_core::vm::{INLINE_SUPERTYPES, TypeRecord};
use upshift_translate::TypeRegistry;
use upshift_translate::registry::RegisteredType;

/// The records of an engine.
#[derive(Default)]
pub(crate) struct TypeRecords {
    inner: Mutex<Records>,
}

/// The records that a store knows.
#[derive(Clone, Default)]
pub(crate) struct Records {
    buffer: Arc<Buffer>,
    len: usize,
}

#[derive(Default)]
struct Buffer {
    cells: Box<[UnsafeCell<MaybeUninit<TypeRecord>>]>,
}

// SAFETY: a cell is written once, under the lock of `TypeRecords` and before anybody knows of it; afterwards it is only read.
// The addresses in a record are those of types that their registry keeps as long as the engine lives.
unsafe impl Send for Buffer {}
// SAFETY: as above.
unsafe impl Sync for Buffer {}

impl Records {
    /// The first record.
    pub(crate) fn as_ptr(&self) -> *const TypeRecord {
        self.buffer.cells.as_ptr().cast()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

impl TypeRecords {
    /// The records of all types that the registry knows now.
    pub(crate) fn current(&self, types: &TypeRegistry) -> Records {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let new = types.from(inner.len);
        let len = inner.len + new.len();
        if len > inner.buffer.cells.len() {
            let room = len.next_power_of_two().max(64);
            let cells: Box<[_]> = (0..room).map(|_| UnsafeCell::new(MaybeUninit::uninit())).collect();
            for (cell, old) in cells.iter().zip(&inner.buffer.cells[..inner.len]) {
                // SAFETY: the first `len` cells of the old buffer are written, the new one is ours.
                unsafe { (*cell.get()).write((*old.get()).assume_init_ref().clone()) };
            }
            inner.buffer = Arc::new(Buffer { cells });
        }
        for (cell, ty) in inner.buffer.cells[inner.len..].iter().zip(&new) {
            // SAFETY: nobody knows of cells from `len` on.
            unsafe { (*cell.get()).write(record(ty)) };
        }
        inner.len = len;
        inner.clone()
    }
}

/// The record of a type. Its addresses are valid as long as the type is registered.
fn record(ty: &RegisteredType) -> TypeRecord {
    let mut display = [u32::MAX; INLINE_SUPERTYPES];
    for (entry, id) in display.iter_mut().zip(&ty.chain) {
        *entry = id.0;
    }
    let composite = &ty.definition.composite;
    let element = match composite {
        CompositeType::Array(element) => Some(element.storage),
        _ => None,
    };
    TypeRecord {
        display,
        supertypes: ty.chain.as_ptr(),
        depth: ty.depth(),
        kind: composite.kind(),
        element_log2: element.map_or(0, |element| element.bytes().trailing_zeros() as u8),
        element_traced: element.is_some_and(|element| element.is_traced()),
        size: ty.layout.as_ref().map_or(0, |layout| layout.size()),
        field_count: ty.places.len() as u32,
        fields: ty.places.as_ptr(),
        traced: ty.traced.as_ptr(),
        traced_count: ty.traced.len() as u32,
    }
}

#[cfg(test)]
mod tests {
    use upshift_core::{FuncType, TypeId, ValType};
    use upshift_translate::TypeRegistry;

    use super::TypeRecords;

    #[test]
    fn records_that_were_seen_stay() {
        let (registry, records) = (TypeRegistry::default(), TypeRecords::default());
        let mut seen = Vec::new();
        for n in 0..200 {
            let _ = registry.intern_func(FuncType::new(vec![ValType::I32; n], []));
            seen.push(records.current(&registry));
        }
        for (n, records) in seen.iter().enumerate() {
            assert_eq!(records.len(), n + 1);
            for id in 0..records.len() as u32 {
                // SAFETY: there are so many records, of types that the registry keeps.
                let record = unsafe { &*records.as_ptr().add(id as usize) };
                assert_eq!((record.display[0], record.depth), (id, 0));
                // SAFETY: as above.
                assert!(unsafe {
                    record.is_subtype_of(TypeId(id), 0) && !record.is_subtype_of(TypeId(id), 1)
                });
            }
        }
    }
}
