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

use upshift_core::types::composite::{CompositeType, FieldType, StorageType, SubType};
use upshift_core::types::layout::StructLayout;
use upshift_core::types::{FuncType, HeapType, RefType, Subtyping, TypeId, ValType};
use upshift_core::vm::FieldPlace;

/// Marks an id that counts from the start of the group it occurs in.
const IN_GROUP: u32 = 1 << 31;

/// The most types: objects have one bit less for the number, and exceptions take the last one.
const MAX_TYPES: usize = (1 << 31) - 2;

/// A canonical type and what follows from its definition. Types live as long as their registry.
#[derive(Debug)]
pub struct RegisteredType {
    /// The definition; all references are canonical.
    pub definition: SubType,
    /// The chain of supertypes from the top down, the type itself last.
    pub chain: Box<[TypeId]>,
    /// Where the fields of a struct lie.
    pub layout: Option<StructLayout>,
    /// The same, as code and collector read it.
    pub places: Box<[FieldPlace]>,
    /// Offsets of the fields that the collector has to look at.
    pub traced: Box<[u32]>,
}

impl RegisteredType {
    /// The function type, if it is one.
    #[must_use]
    pub fn as_func(&self) -> Option<&Arc<FuncType>> {
        if let CompositeType::Func(func) = &self.definition.composite { Some(func) } else { None }
    }

    /// The elements, if it is a type of arrays.
    #[must_use]
    pub fn element(&self) -> Option<FieldType> {
        if let CompositeType::Array(element) = self.definition.composite { Some(element) } else { None }
    }

    /// How many supertypes the type has.
    #[must_use]
    pub fn depth(&self) -> u32 {
        self.chain.len() as u32 - 1
    }
}

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
/// assert_eq!(registry.lookup(id).as_func().unwrap().params(), [ValType::I32]);
/// ```
#[derive(Debug, Default)]
pub struct TypeRegistry {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// The first id of each group; references within a key's group are relative.
    groups: HashMap<Box<[SubType]>, TypeId>,
    /// The types by id.
    types: Vec<Arc<RegisteredType>>,
}

impl TypeRegistry {
    /// The type with an id.
    ///
    /// # Panics
    /// When the id is not one of this registry's.
    #[must_use]
    pub fn lookup(&self, id: TypeId) -> Arc<RegisteredType> {
        Arc::clone(&self.lock().types[id.0 as usize])
    }

    /// The function type with an id.
    ///
    /// # Panics
    /// When the id is not that of a function type of this registry.
    #[must_use]
    pub fn func(&self, id: TypeId) -> Arc<FuncType> {
        let inner = self.lock();
        let func = inner.types[id.0 as usize].as_func().expect("the id is that of a function type");
        Arc::clone(func)
    }

    /// The types from an id on, in order.
    #[must_use]
    pub fn from(&self, first: usize) -> Vec<Arc<RegisteredType>> {
        self.lock().types.get(first..).map_or(Vec::new(), <[_]>::to_vec)
    }

    /// The id of a function type that stands alone in its group, as those of host functions do. Concrete references
    /// in it are ids of this registry.
    #[must_use]
    pub fn intern_func(&self, func: FuncType) -> TypeId {
        self.intern_group(vec![SubType::final_func(func)])
    }

    /// The id of a type that stands alone in its group. Concrete references in it are ids of this registry, and so is its
    /// supertype, which it has to match.
    #[must_use]
    pub fn intern(&self, ty: SubType) -> TypeId {
        self.intern_group(vec![ty])
    }

    /// The id of the first type of a recursion group; the others follow in order. References to the group's own types
    /// are made by [`in_group`], all others are ids of this registry.
    pub(crate) fn intern_group(&self, group: Vec<SubType>) -> TypeId {
        let mut inner = self.lock();
        if let Some(&first) = inner.groups.get(group.as_slice()) {
            return first;
        }
        let first = inner.types.len();
        // Two billion types need more memory than one process gets for them.
        assert!(first + group.len() <= MAX_TYPES, "type ids are exhausted");
        let first = TypeId(first as u32);
        for ty in &group {
            // Supertypes come before their subtypes, in a group as well.
            let registered = inner.register(resolve(ty, first));
            inner.types.push(Arc::new(registered));
        }
        inner.groups.insert(group.into(), first);
        first
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing between the two changes of `Inner` can panic but running out of memory, which aborts.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subtyping for TypeRegistry {
    fn is_subtype(&self, sub: TypeId, sup: TypeId) -> bool {
        let inner = self.lock();
        let depth = inner.types[sup.0 as usize].depth();
        inner.types[sub.0 as usize].chain.get(depth as usize) == Some(&sup)
    }
}

impl Inner {
    /// What follows from the definition of the type that comes next.
    fn register(&self, definition: SubType) -> RegisteredType {
        let supertype = definition.supertype.map(|id| &self.types[id.0 as usize]);
        let mut chain = supertype.map_or(Vec::new(), |supertype| supertype.chain.to_vec());
        chain.push(TypeId(self.types.len() as u32));
        let (mut layout, mut places, mut traced) = (None, Box::default(), Box::default());
        if let CompositeType::Struct(fields) = &definition.composite {
            let inherited = supertype.and_then(|supertype| supertype.layout.as_ref());
            let own = StructLayout::new(fields, inherited);
            let all = || own.offsets().iter().zip(fields.iter());
            let place = |(&offset, field): (&u32, &FieldType)| FieldPlace {
                offset,
                bytes_log2: field.storage.bytes().trailing_zeros(),
            };
            places = all().map(place).collect();
            traced =
                all().filter(|(_, field)| field.storage.is_traced()).map(|(&offset, _)| offset).collect();
            layout = Some(own);
        }
        RegisteredType { definition, chain: chain.into(), layout, places, traced }
    }
}

/// The name of a type within the group that is about to be interned.
pub(crate) fn in_group(position: u32) -> TypeId {
    TypeId(position | IN_GROUP)
}

/// The type with its references into its own group made canonical.
fn resolve(ty: &SubType, first: TypeId) -> SubType {
    let canonical = |TypeId(id)| TypeId(if id & IN_GROUP == 0 { id } else { first.0 + (id & !IN_GROUP) });
    let value = |ty: &ValType| match *ty {
        ValType::Ref(RefType { nullable, heap: HeapType::Concrete(kind, id) }) => {
            ValType::Ref(RefType { nullable, heap: HeapType::Concrete(kind, canonical(id)) })
        }
        ty => ty,
    };
    let field = |field: &FieldType| match &field.storage {
        StorageType::Val(ty) => FieldType { storage: StorageType::Val(value(ty)), ..*field },
        _ => *field,
    };
    let composite = match &ty.composite {
        CompositeType::Func(func) => {
            let types = FuncType::new(func.params().iter().map(value), func.results().iter().map(value));
            CompositeType::Func(Arc::new(types))
        }
        CompositeType::Struct(fields) => CompositeType::Struct(fields.iter().map(field).collect()),
        CompositeType::Array(element) => CompositeType::Array(field(element)),
    };
    SubType { is_final: ty.is_final, supertype: ty.supertype.map(canonical), composite }
}

#[cfg(test)]
mod tests {
    use super::{TypeRegistry, in_group};
    use upshift_core::types::composite::{CompositeType, FieldType, StorageType, SubType};
    use upshift_core::types::{FuncType, HeapType, RefType, Subtyping, TypeId, TypeKind, ValType};

    fn to(id: TypeId) -> ValType {
        ValType::Ref(RefType { nullable: true, heap: HeapType::Concrete(TypeKind::Func, id) })
    }

    fn takes(param: ValType) -> SubType {
        SubType::final_func(FuncType::new([param], []))
    }

    #[test]
    fn equal_groups_get_equal_ids() {
        let registry = TypeRegistry::default();
        let group = || vec![takes(to(in_group(1))), takes(to(in_group(0)))];
        let unrelated = registry.intern(takes(ValType::F32));
        let first = registry.intern_group(group());
        assert_ne!(first, unrelated);
        assert_eq!(registry.intern_group(group()), first);
        let second = TypeId(first.0 + 1);
        assert_eq!(registry.lookup(first).definition, takes(to(second)));
        assert_eq!(registry.lookup(second).definition, takes(to(first)));
    }

    #[test]
    fn the_shape_of_the_group_counts() {
        let registry = TypeRegistry::default();
        let alone = registry.intern_group(vec![takes(to(in_group(0)))]);
        let paired = registry.intern_group(vec![takes(to(in_group(0))), takes(to(in_group(1)))]);
        let crossed = registry.intern_group(vec![takes(to(in_group(1))), takes(to(in_group(0)))]);
        // A reference from outside to the recursive type is not the recursion itself.
        let outside = registry.intern(takes(to(alone)));
        let mut firsts = [alone, paired, crossed, outside];
        firsts.sort_unstable();
        assert!(firsts.windows(2).all(|pair| pair[0] != pair[1]), "{firsts:?}");
        // Both members of `paired` look alike after resolution but differ in position.
        let definition = |id| registry.lookup(id).definition.clone();
        assert_ne!(definition(paired), definition(TypeId(paired.0 + 1)));
    }

    #[test]
    fn chains_of_supertypes_and_layouts() {
        let registry = TypeRegistry::default();
        let field = |storage| FieldType { storage, mutable: false };
        let object = |supertype, fields: &[StorageType]| SubType {
            is_final: false,
            supertype,
            composite: CompositeType::Struct(fields.iter().map(|&storage| field(storage)).collect()),
        };
        let link = StorageType::Val(ValType::Ref(RefType {
            nullable: true,
            heap: HeapType::Concrete(TypeKind::Struct, in_group(0)),
        }));
        let top = registry.intern_group(vec![
            object(None, &[StorageType::I8]),
            object(Some(in_group(0)), &[StorageType::I8, link]),
        ]);
        let below = TypeId(top.0 + 1);
        assert!(registry.is_subtype(below, top) && registry.is_subtype(top, top));
        assert!(!registry.is_subtype(top, below));
        let ty = registry.lookup(below);
        assert_eq!((ty.depth(), &ty.chain[..]), (1, &[top, below][..]));
        assert_eq!(ty.layout.as_ref().unwrap().offsets(), [8, 12]);
        assert_eq!(&ty.traced[..], [12]);
        // The same structure without the declared supertype is another type.
        let apart = registry
            .intern_group(vec![object(None, &[StorageType::I8]), object(None, &[StorageType::I8, link])]);
        assert_ne!(apart, top);
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
