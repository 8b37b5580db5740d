//! Canonical types: equal types of different modules get one [`TypeId`], so that a type check at run time compares two
//! numbers (wasm spec, "Validation / Types / Recursive Types").
//!
//! ```text
//! recursion group ─ references to earlier types by canonical id, to the group's own by position ─▶ key
//! key ── seen before? ── yes ─▶ the ids it got then
//!                     └─ no ──▶ the next ids in a row, one for each type of the group
//! ```
//!
//! Two types are equal if their groups are equal as a whole and they have the same position in them. A group's key
//! holds no module's indices, so it is the same wherever the group comes from.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use upshift_core::types::{FuncType, HeapType, RefType, TypeId, ValType};

/// Marks an id that counts from the start of the group it occurs in.
const IN_GROUP: u32 = 1 << 31;

/// All types that the modules and hosts of one engine know. Types live as long as the registry.
///
/// ```
/// use upshift_core::{FuncType, ValType};
/// use upshift_translate::registry::TypeRegistry;
///
/// let registry = TypeRegistry::default();
/// let id = registry.intern_func(FuncType::new([ValType::I32], []));
/// assert_eq!(id, registry.intern_func(FuncType::new([ValType::I32], [])));
/// assert_ne!(id, registry.intern_func(FuncType::new([ValType::I64], [])));
/// assert_eq!(registry.lookup(id).params(), [ValType::I32]);
/// ```
#[derive(Debug, Default)]
pub struct TypeRegistry {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// The first id of each group; references within a key's group are relative.
    groups: HashMap<Box<[FuncType]>, TypeId>,
    /// The types by id; all references are canonical.
    types: Vec<Arc<FuncType>>,
}

impl TypeRegistry {
    /// The function type with an id.
    ///
    /// # Panics
    /// When the id is not one of this registry's.
    #[must_use]
    pub fn lookup(&self, id: TypeId) -> Arc<FuncType> {
        Arc::clone(&self.lock().types[id.0 as usize])
    }

    /// The id of a function type that stands alone in its group, as those of host functions do. Concrete references
    /// in it are ids of this registry.
    #[must_use]
    pub fn intern_func(&self, func: FuncType) -> TypeId {
        self.intern_group(vec![func])
    }

    /// The id of the first type of a recursion group; the others follow in order. References to the group's own types
    /// are made by [`in_group`], all others are ids of this registry.
    pub(crate) fn intern_group(&self, group: Vec<FuncType>) -> TypeId {
        let mut inner = self.lock();
        if let Some(&first) = inner.groups.get(group.as_slice()) {
            return first;
        }
        let first = inner.types.len();
        // Two billion types need more memory than one process gets for them.
        assert!(first + group.len() < IN_GROUP as usize, "type ids are exhausted");
        let first = TypeId(first as u32);
        inner.types.extend(group.iter().map(|func| Arc::new(resolve(func, first))));
        inner.groups.insert(group.into(), first);
        first
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing between the two changes of `Inner` can panic but running out of memory, which aborts.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name of a type within the group that is about to be interned.
pub(crate) fn in_group(position: u32) -> TypeId {
    TypeId(position | IN_GROUP)
}

/// The type with its references into its own group made canonical.
fn resolve(func: &FuncType, first: TypeId) -> FuncType {
    let resolve = |ty: &ValType| match *ty {
        ValType::Ref(RefType { nullable, heap: HeapType::Concrete(TypeId(id)) }) if id & IN_GROUP != 0 => {
            ValType::Ref(RefType { nullable, heap: HeapType::Concrete(TypeId(first.0 + (id & !IN_GROUP))) })
        }
        ty => ty,
    };
    FuncType::new(func.params().iter().map(resolve), func.results().iter().map(resolve))
}

#[cfg(test)]
mod tests {
    use super::{TypeRegistry, in_group};
    use upshift_core::types::{FuncType, HeapType, RefType, TypeId, ValType};

    fn to(id: TypeId) -> ValType {
        ValType::Ref(RefType { nullable: true, heap: HeapType::Concrete(id) })
    }

    fn takes(param: ValType) -> FuncType {
        FuncType::new([param], [])
    }

    #[test]
    fn equal_groups_get_equal_ids() {
        let registry = TypeRegistry::default();
        let group = || vec![takes(to(in_group(1))), takes(to(in_group(0)))];
        let unrelated = registry.intern_func(takes(ValType::F32));
        let first = registry.intern_group(group());
        assert_ne!(first, unrelated);
        assert_eq!(registry.intern_group(group()), first);
        let second = TypeId(first.0 + 1);
        assert_eq!(*registry.lookup(first), takes(to(second)));
        assert_eq!(*registry.lookup(second), takes(to(first)));
    }

    #[test]
    fn the_shape_of_the_group_counts() {
        let registry = TypeRegistry::default();
        let alone = registry.intern_group(vec![takes(to(in_group(0)))]);
        let paired = registry.intern_group(vec![takes(to(in_group(0))), takes(to(in_group(1)))]);
        let crossed = registry.intern_group(vec![takes(to(in_group(1))), takes(to(in_group(0)))]);
        // A reference from outside to the recursive type is not the recursion itself.
        let outside = registry.intern_func(takes(to(alone)));
        let mut firsts = [alone, paired, crossed, outside];
        firsts.sort_unstable();
        assert!(firsts.windows(2).all(|pair| pair[0] != pair[1]), "{firsts:?}");
        // Both members of `paired` look alike after resolution but differ in position.
        assert_ne!(registry.lookup(paired), registry.lookup(TypeId(paired.0 + 1)));
    }

    #[test]
    fn threads_agree() {
        let registry = TypeRegistry::default();
        let intern_all = || (0..200).map(|n| registry.intern_func(FuncType::new(vec![ValType::I32; n], [])));
        let ids = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| intern_all().collect::<Vec<_>>())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        assert!(ids.iter().all(|other| *other == ids[0]));
    }
}
