//! The records of the types that a store knows, which code and collector read by number.
//!
//! ```text
//! module's types ─ first instance ─▶ Records of the module ─┐
//! types of the host's objects and functions ────────────────┴▶ Records of a store: address and number, noted in its StoreCtx
//! ```
//!
//! A store knows the types of all objects and functions that it has, and keeps them: so their numbers are not used again and
//! their records do not change as long as it lives. A number that it does not know has a record of zeroes, which is a subtype
//! of nothing; that is right for functions without supertypes, and nothing else is looked up without being known.
//!
//! Most stores know the types of one module, whose records they share. A store that learns more gets a copy of its own.

use std::fmt;
use std::sync::Arc;

use upshift_core::TypeId;
use upshift_core::types::TypeKind;
use upshift_core::vm::{Display, INLINE_SUPERTYPES, TypeRecord};
use upshift_translate::ModuleInfo;
use upshift_translate::registry::{RegisteredType, TypeHandle};

/// Records by number.
#[derive(Clone, Default)]
pub(crate) struct Records {
    buffer: Arc<Buffer>,
}

#[derive(Default)]
struct Buffer {
    cells: Box<[TypeRecord]>,
    /// As many as there are records.
    displays: Box<[Display]>,
    /// The types that have a record.
    kept: Vec<TypeHandle>,
}

// SAFETY: the addresses in a record are those of parts of a type that its handle keeps, and which never change; the records
// change only while one owner has the buffer alone.
unsafe impl Send for Buffer {}
// SAFETY: as above.
unsafe impl Sync for Buffer {}

impl Records {
    /// The records of a module's types.
    pub(crate) fn of_module(info: &ModuleInfo) -> Records {
        let mut records = Records::default();
        records.learn(info.types.iter().map(|ty| &ty.ty));
        records
    }

    /// The first record.
    pub(crate) fn as_ptr(&self) -> *const TypeRecord {
        self.buffer.cells.as_ptr()
    }

    /// The first display.
    pub(crate) fn displays(&self) -> *const Display {
        self.buffer.displays.as_ptr()
    }

    /// How many there are of both.
    pub(crate) fn len(&self) -> usize {
        self.buffer.cells.len()
    }

    /// Whether no type is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.buffer.kept.is_empty()
    }

    /// Whether the type with a number is known.
    pub(crate) fn knows(&self, ty: TypeId) -> bool {
        self.buffer.displays.get(ty.0 as usize).is_some_and(|display| *display != Display::default())
    }

    /// Adds the records that others have.
    pub(crate) fn join(&mut self, others: &Records) {
        if self.is_empty() {
            *self = others.clone();
        } else if !Arc::ptr_eq(&self.buffer, &others.buffer) {
            self.learn(&others.buffer.kept);
        }
    }

    /// Adds the records of types, where there have to be any.
    pub(crate) fn learn<'a>(&mut self, types: impl IntoIterator<Item = &'a TypeHandle>) {
        // Functions without supertypes do well without.
        let needed = |ty: &TypeHandle| ty.definition.composite.kind() != TypeKind::Func || ty.depth() > 0;
        let new: Vec<&TypeHandle> =
            types.into_iter().filter(|ty| needed(ty) && !self.knows(ty.id())).collect();
        let Some(last) = new.iter().map(|ty| ty.id().0 as usize).max() else { return };
        let (least, room) = (last + 1, self.len());
        if least > room || Arc::get_mut(&mut self.buffer).is_none() {
            // The first ones are what a module has; whoever learns more may learn one after the other.
            let room = if self.is_empty() { least } else { least.next_power_of_two().max(room) };
            self.buffer = Arc::new(self.buffer.copy(room));
        }
        let buffer = Arc::get_mut(&mut self.buffer).expect("the buffer is ours alone by now");
        for ty in new {
            let id = ty.id().0 as usize;
            // Types may be given twice.
            if buffer.displays[id] == Display::default() {
                (buffer.cells[id], buffer.displays[id]) = (record(ty), display(ty));
                buffer.kept.push(ty.clone());
            }
        }
    }
}

impl Buffer {
    /// A larger buffer with the same records. Where there are none it takes no memory before it is looked at.
    fn copy(&self, room: usize) -> Buffer {
        let cells = Box::new_zeroed_slice(room);
        // SAFETY: a record of zeroes is one: null addresses, no fields, and the kind whose number is 0.
        let mut cells: Box<[TypeRecord]> = unsafe { cells.assume_init() };
        // SAFETY: a display is so many numbers.
        let mut displays: Box<[Display]> = unsafe { Box::new_zeroed_slice(room).assume_init() };
        for ty in &self.kept {
            let id = ty.id().0 as usize;
            cells[id] = self.cells[id].clone();
            displays[id] = self.displays[id];
        }
        Buffer { cells, displays, kept: self.kept.clone() }
    }
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Records").field(&self.buffer.kept).finish()
    }
}

/// The display of a type. The chain ends with the type itself, so the first entry is never 0.
fn display(ty: &RegisteredType) -> Display {
    let mut display = [u32::MAX; INLINE_SUPERTYPES];
    for (entry, id) in display.iter_mut().zip(&ty.chain) {
        *entry = id.0;
    }
    Display(display)
}

/// The record of a type. Its addresses are valid as long as somebody keeps the type.
fn record(ty: &RegisteredType) -> TypeRecord {
    let element = ty.element().map(|element| element.storage);
    TypeRecord {
        supertypes: ty.chain.as_ptr(),
        depth: ty.depth(),
        kind: ty.definition.composite.kind(),
        element_log2: element.map_or(0, |element| element.bytes().trailing_zeros() as u8),
        element_traced: element.is_some_and(|element| element.is_traced()),
        size: ty.layout.as_ref().map_or(0, |layout| layout.size()),
        field_count: ty.places.len() as u32,
        fields: ty.places.as_ptr(),
        traced: ty.traced.as_ptr(),
        traced_count: ty.traced.len() as u32,
    }
}

// The kind of a record of zeroes.
const _: () = assert!(TypeKind::Func as u8 == 0);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use upshift_core::cast::has_supertype;
    use upshift_core::types::composite::{CompositeType, FieldType, StorageType, SubType};
    use upshift_core::{FuncType, TypeId, ValType};
    use upshift_translate::TypeRegistry;
    use upshift_translate::registry::TypeHandle;

    use super::Records;

    fn array(registry: &TypeRegistry, supertype: Option<&TypeHandle>) -> TypeHandle {
        let composite = CompositeType::Array(FieldType { storage: StorageType::I16, mutable: true });
        let supertype = supertype.map(TypeHandle::id);
        registry.intern(SubType { is_final: false, supertype, composite }).unwrap()
    }

    fn is_subtype(records: &Records, sub: TypeId, sup: TypeId, depth: u32) -> bool {
        assert!((sub.0 as usize) < records.len());
        // SAFETY: there are so many records, of types that they keep.
        unsafe { has_supertype((records.displays(), records.as_ptr()), sub, (sup, depth)) }
    }

    #[test]
    fn what_is_known_stays() {
        let registry = TypeRegistry::default();
        let mut records = Records::default();
        let mut chain: Vec<TypeId> = Vec::new();
        let mut last = None;
        for depth in 0..40 {
            // A type in between that nobody needs a record of.
            let func = registry.intern_func(FuncType::new(vec![ValType::I32; depth], [])).unwrap();
            let ty = array(&registry, last.as_ref());
            records.learn([&func, &ty, &ty]);
            assert!(records.knows(ty.id()) && !records.knows(func.id()));
            chain.push(ty.id());
            last = Some(ty);
            for (at, &sup) in (0..).zip(&chain) {
                assert!(is_subtype(&records, chain[depth], sup, at));
                assert!(!is_subtype(&records, func.id(), sup, at));
                assert_eq!(is_subtype(&records, chain[0], sup, at), at == 0);
            }
        }
        drop(last);
        assert_eq!(registry.len(), 40);
        drop(records);
        assert!(registry.is_empty());
    }

    #[test]
    fn records_are_shared_until_one_learns_more() {
        let registry = TypeRegistry::default();
        let top = array(&registry, None);
        let mut first = Records::default();
        first.learn([&top]);
        let mut second = Records::default();
        second.join(&first);
        second.join(&first);
        assert!(Arc::ptr_eq(&first.buffer, &second.buffer));
        let below = array(&registry, Some(&top));
        second.learn([&below]);
        assert!(second.knows(below.id()) && second.knows(top.id()) && !first.knows(below.id()));
        // A number that one knows as something else is free for another only when nobody keeps it.
        let number = below.id();
        drop(below);
        let func = registry.intern_func(FuncType::new([], [])).unwrap();
        assert_ne!(func.id(), number);
        drop(second);
        let other = array(&registry, None);
        assert_eq!(registry.len(), 2, "{other:?} is the type at the top");
    }
}
