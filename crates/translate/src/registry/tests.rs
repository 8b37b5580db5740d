//! Types that come and go, by one thread and by several.

use std::sync::{Arc, Mutex};

use super::{Inner, RegisterError, TypeHandle, TypeRegistry, in_group};
use upshift_core::types::composite::{CompositeType, FieldType, StorageType, SubType};
use upshift_core::types::{FuncType, HeapType, RefType, Subtyping, TypeId, TypeKind, TypeTooLarge, ValType};

fn to(id: TypeId) -> ValType {
    ValType::Ref(RefType { nullable: true, heap: HeapType::Concrete(TypeKind::Func, id) })
}

fn takes(param: ValType) -> SubType {
    SubType::final_func(FuncType::new([param], []))
}

fn group(registry: &TypeRegistry, types: Vec<SubType>) -> Vec<TypeHandle> {
    registry.intern_group(types).unwrap().collect()
}

#[test]
fn equal_groups_get_equal_ids() {
    let registry = TypeRegistry::default();
    let pair = || vec![takes(to(in_group(1))), takes(to(in_group(0)))];
    let unrelated = registry.intern(takes(ValType::F32)).unwrap();
    let types = group(&registry, pair());
    assert_ne!(types[0].id(), unrelated.id());
    assert_eq!(group(&registry, pair())[0].id(), types[0].id());
    assert_eq!(types[1].id().0, types[0].id().0 + 1);
    assert_eq!(types[0].definition, takes(to(types[1].id())));
    assert_eq!(types[1].definition, takes(to(types[0].id())));
    assert_eq!(registry.get(types[1].id()).unwrap().definition, types[1].definition);
}

#[test]
fn the_shape_of_the_group_counts() {
    let registry = TypeRegistry::default();
    let alone = group(&registry, vec![takes(to(in_group(0)))]);
    let paired = group(&registry, vec![takes(to(in_group(0))), takes(to(in_group(1)))]);
    let crossed = group(&registry, vec![takes(to(in_group(1))), takes(to(in_group(0)))]);
    // A reference from outside to the recursive type is not the recursion itself.
    let outside = registry.intern(takes(to(alone[0].id()))).unwrap();
    let mut firsts = [alone[0].id(), paired[0].id(), crossed[0].id(), outside.id()];
    firsts.sort_unstable();
    assert!(firsts.windows(2).all(|pair| pair[0] != pair[1]), "{firsts:?}");
    // Both members of `paired` look alike after resolution but differ in position.
    assert_ne!(paired[0].definition, paired[1].definition);
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
    let types = group(
        &registry,
        vec![object(None, &[StorageType::I8]), object(Some(in_group(0)), &[StorageType::I8, link])],
    );
    let (top, below) = (types[0].id(), types[1].id());
    assert!(registry.is_subtype(below, top) && registry.is_subtype(top, top));
    assert!(!registry.is_subtype(top, below));
    assert_eq!((types[1].depth(), &types[1].chain[..]), (1, &[top, below][..]));
    assert_eq!(types[1].layout.as_ref().unwrap().offsets(), [8, 12]);
    assert_eq!(&types[1].traced[..], [12]);
    // A supertype of another group, which is not the first one of it.
    let lowest = registry.intern(object(Some(below), &[StorageType::I8, StorageType::I16])).unwrap();
    assert_eq!(&lowest.chain[..], [top, below, lowest.id()]);
    // The same structure without the declared supertype is another type.
    let apart =
        group(&registry, vec![object(None, &[StorageType::I8]), object(None, &[StorageType::I8, link])]);
    assert_ne!(apart[0].id(), top);
}

#[test]
fn types_go_with_their_last_handle() {
    let registry = TypeRegistry::default();
    let first = registry.intern(takes(ValType::I32)).unwrap();
    let again = registry.intern(takes(ValType::I32)).unwrap();
    let user = registry.intern(takes(to(first.id()))).unwrap();
    assert_eq!(registry.len(), 2);
    let (id, other) = (first.id(), user.id());
    drop((first, again));
    // The type that refers to it keeps it.
    assert_eq!(registry.get(id).unwrap().definition, takes(ValType::I32));
    drop(user);
    assert!(registry.is_empty() && registry.get(id).is_none() && registry.get(other).is_none());
    // The numbers are free again.
    let next = registry.intern(takes(ValType::F64)).unwrap();
    assert_eq!(next.id(), id);
    assert!(registry.get(TypeId::NONE).is_none() && registry.get(TypeId(u32::MAX)).is_none());
}

#[test]
fn long_chains_go_without_recursion() {
    let registry = TypeRegistry::default();
    let mut last = registry.intern(takes(ValType::I32)).unwrap();
    for _ in 0..200_000 {
        last = registry.intern(takes(to(last.id()))).unwrap();
    }
    assert_eq!(registry.len(), 200_001);
    drop(last);
    assert!(registry.is_empty());
}

#[test]
fn what_is_too_much_is_an_error() {
    let inner = Arc::new(Mutex::new(Inner::with_limit(4)));
    let registry = TypeRegistry { inner };
    let kept = group(&registry, vec![takes(ValType::I32), takes(ValType::I64)]);
    let refused = registry.intern_group(vec![takes(ValType::F32), takes(ValType::F64)]).map(|_| ());
    assert_eq!(refused, Err(RegisterError::NoMoreIds));
    assert_eq!((registry.len(), kept.len()), (2, 2));
    drop(kept);
    assert_eq!(group(&registry, vec![takes(ValType::F32), takes(ValType::F64)]).len(), 2);

    let fields = |count| SubType {
        is_final: true,
        supertype: None,
        composite: CompositeType::Struct(
            vec![FieldType { storage: StorageType::I8, mutable: true }; count].into(),
        ),
    };
    let error = registry.intern(fields(10_001)).unwrap_err();
    assert_eq!(error, RegisterError::TooLarge(TypeTooLarge::Fields(10_001)));
    assert_eq!(registry.intern(fields(10_000)).unwrap().id(), TypeId(1));
}

#[test]
fn threads_agree() {
    let registry = TypeRegistry::default();
    let intern_all = || {
        let types = (0..200).map(|n| FuncType::new(vec![ValType::I32; n], []));
        types.map(|ty| registry.intern_func(ty).unwrap()).collect::<Vec<_>>()
    };
    let types = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(intern_all)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    let ids = |types: &[TypeHandle]| types.iter().map(TypeHandle::id).collect::<Vec<_>>();
    assert!(types.iter().all(|other| ids(other) == ids(&types[0])));
    assert_eq!(registry.len(), 200);
}

/// Threads make and drop the same few types, so that last handles go while equal types come.
#[test]
fn threads_that_drop_and_make_the_same() {
    let registry = TypeRegistry::default();
    let work = |mut random: u64| {
        for _ in 0..20_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let params = (random >> 33) as usize % 3;
            let ty = FuncType::new(vec![ValType::I32; params], []);
            let first = registry.intern_func(ty.clone()).unwrap();
            let user = registry.intern(takes(to(first.id()))).unwrap();
            let second = registry.intern_func(ty).unwrap();
            // As long as one is held, an equal one is the same, and its number is nobody else's.
            assert_eq!(first.id(), second.id());
            assert_eq!(first.as_func().unwrap().params().len(), params);
            let id = first.id();
            drop((first, second));
            assert_eq!(registry.get(id).unwrap().as_func().unwrap().params().len(), params);
            assert_eq!(user.definition, takes(to(id)));
        }
    };
    std::thread::scope(|scope| {
        for seed in 0..4 {
            scope.spawn(move || work(seed));
        }
    });
    assert!(registry.is_empty());
    let inner = registry.inner.lock().unwrap();
    assert_eq!((inner.groups.len(), inner.types.len(), inner.ids.end()), (0, 1, 1));
}
