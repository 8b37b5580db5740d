//! Where the heap begins, as contexts know it from their beginning on.

use std::ptr::NonNull;

use crate::context::AsContextMut;
use crate::instance::InstanceData;
use crate::{
    Engine, ExternRef, Func, Instance, MemoryBudget, Module, Store, StoreLimits, StoreLimitsBuilder, Val,
};

fn instance<T>(store: &mut Store<T>, wat: &str) -> Instance {
    let module = Module::new(store.engine(), wat).unwrap();
    Instance::new(store, &module, &[]).unwrap()
}

/// The base in the context of the instance made last.
fn last_base<T>(store: &mut Store<T>) -> *mut u8 {
    let mut store = store.as_context_mut();
    let state = store.state();
    let data: NonNull<InstanceData> = state.instances.last().unwrap().as_non_null();
    // SAFETY: instances live as long as their store, and no code runs.
    unsafe { (*(*data.as_ptr()).ctx.as_ptr()).gc_base }
}

fn heap_base<T>(store: &mut Store<T>) -> *mut u8 {
    store.as_context_mut().state().gc.heap.base()
}

const MAKES: &str = r#"(module
    (type $bytes (array (mut i8)))
    (func (export "make") (result externref)
        (extern.convert_any (array.new_default $bytes (i32.const 5)))))"#;

#[test]
fn the_base_is_there_before_the_first_object_and_stays() {
    let mut store = Store::<()>::default();
    let makes = instance(&mut store, MAKES);
    let base = last_base(&mut store);
    assert!(!base.is_null() && store.usage().gc_bytes == 0);
    // What is reserved is neither used nor taken from a budget, which is asked for with the first object.
    assert!(!store.as_context_mut().state().gc.heap.begun());
    let make = makes.get_func(&mut store, "make").unwrap();
    make.call(&mut store, &[], &mut [Val::I32(0)]).unwrap();
    assert!(store.usage().gc_bytes > 0);
    assert_eq!((last_base(&mut store), heap_base(&mut store)), (base, base));
    instance(&mut store, MAKES);
    assert_eq!(last_base(&mut store), base);
}

#[test]
fn a_budget_that_comes_after_the_instance_counts() {
    let budget = MemoryBudget::new(64 << 20);
    let mut store = Store::new(&Engine::default(), StoreLimits::default());
    let makes = instance(&mut store, MAKES);
    *store.data_mut() = StoreLimitsBuilder::new().memory_budget(&budget).build();
    store.limiter(|limits| limits);
    assert_eq!(budget.used(), 0);
    let make = makes.get_func(&mut store, "make").unwrap();
    make.call(&mut store, &[], &mut [Val::I32(0)]).unwrap();
    assert!(budget.used() > 0);
}

#[test]
fn nothing_is_reserved_for_modules_that_cannot_meet_objects() {
    for wat in [
        "(module)",
        "(module (memory 1) (table 3 funcref) (global i64 (i64.const 1)) (func (param v128 funcref)))",
        // What is only inside of functions stays null.
        "(module (func (local externref anyref)))",
        "(module (func (param i31ref)))",
    ] {
        let mut store = Store::<()>::default();
        instance(&mut store, wat);
        assert!(last_base(&mut store).is_null() && heap_base(&mut store).is_null(), "{wat}");
        Func::wrap(&mut store, || ()).call(&mut store, &[], &mut []).unwrap();
        assert!(heap_base(&mut store).is_null());
    }
}

#[test]
fn all_ways_of_getting_an_object_count() {
    for wat in [
        "(module (type (struct)))",
        "(module (tag))",
        "(module (table 0 externref))",
        "(module (global eqref (ref.null eq)))",
        "(module (global externref (ref.null extern)))",
        "(module (func (param arrayref)))",
        "(module (func (result exnref) unreachable))",
        "(module (type (func (param structref))))",
    ] {
        let mut store = Store::<()>::default();
        instance(&mut store, wat);
        assert!(!last_base(&mut store).is_null(), "{wat}");
    }
}

/// A module without types of objects that looks at objects of others, and was there before any of them.
#[test]
fn an_instance_without_types_of_objects_reads_those_of_others() {
    let mut store = Store::<()>::default();
    let reads = instance(
        &mut store,
        r#"(module (func (export "kind") (param externref) (result i32 i32) (local $any anyref)
            (local.set $any (any.convert_extern (local.get 0)))
            (if (ref.test (ref array) (local.get $any))
                (then (return (i32.const 1) (array.len (ref.cast arrayref (local.get $any))))))
            (ref.test (ref struct) (local.get $any)) (i32.const -1)))"#,
    );
    let kind = reads.get_func(&mut store, "kind").unwrap();
    let ask = |store: &mut Store<()>, value: Val| {
        let mut results = [Val::I32(0), Val::I32(0)];
        kind.call(store, &[value], &mut results).unwrap();
        (results[0].unwrap_i32(), results[1].unwrap_i32())
    };
    let host = ExternRef::new(&mut store, 7).unwrap();
    assert_eq!(ask(&mut store, Val::from(host)), (0, -1));
    let makes = instance(&mut store, MAKES);
    let make = makes.get_func(&mut store, "make").unwrap();
    let mut made = [Val::I32(0)];
    make.call(&mut store, &[], &mut made).unwrap();
    assert_eq!(ask(&mut store, made[0]), (1, 5));
}

/// An exception of others that a module without tags catches is an object, too, but one that only the runtime looks into.
#[test]
fn an_instance_without_a_base_passes_exceptions_on() {
    let mut store = Store::<()>::default();
    let passes = instance(
        &mut store,
        r#"(module (type $f (func)) (table 1 funcref)
            (func (export "pass") (param funcref)
                (table.set (i32.const 0) (local.get 0))
                (block $h (result exnref)
                    (try_table (catch_all_ref $h) (call_indirect (type $f) (i32.const 0)))
                    (unreachable))
                (throw_ref)))"#,
    );
    assert!(last_base(&mut store).is_null());
    let catches = Module::new(
        store.engine(),
        r#"(module (import "" "pass" (func $pass (param funcref))) (tag $t (param i32))
            (func $throws (export "throws") (throw $t (i32.const 7)))
            (func (export "run") (result i32)
                (block $h (result i32)
                    (try_table (catch $t $h) (call $pass (ref.func $throws)))
                    (unreachable))))"#,
    )
    .unwrap();
    let pass = passes.get_func(&mut store, "pass").unwrap();
    let catches = Instance::new(&mut store, &catches, &[pass.into()]).unwrap();
    let run = catches.get_typed_func::<(), i32>(&mut store, "run").unwrap();
    assert_eq!(run.call(&mut store, ()).unwrap(), 7);
}
