//! Programs that would leave their sandbox, or compute something else, if native code took a shortcut that it may not take.
//!
//! Each is a module with a function `run` without parameters, and what the specification says comes out. All run in each way.

mod common {
    pub(crate) mod ways;
}

use common::ways::Way;
use upshift::{Engine, Instance, Linker, Module, Store, Trap, Val};

/// What the function `run` of a module returns, or the trap, in the first way that disagrees.
#[track_caller]
fn check(name: &str, wat: &str, expected: &Result<Vec<i64>, Trap>) {
    for way in Way::all() {
        for reserve in [true, false] {
            let mut config = way.config();
            if !reserve {
                config.memory_reservation(0);
            }
            let engine = Engine::new(&config).unwrap();
            let module = Module::new(&engine, wat).unwrap_or_else(|error| panic!("{name}: {error:?}"));
            let mut store = Store::new(&engine, ());
            let instance = Linker::new(&engine).instantiate(&mut store, &module).unwrap();
            for round in 0..if way == Way::Random { 20 } else { 1 } {
                let outcome = run(&mut store, &instance);
                assert_eq!(&outcome, expected, "{name}, {way:?}, reserve {reserve}, round {round}");
            }
        }
    }
}

fn run(store: &mut Store<()>, instance: &Instance) -> Result<Vec<i64>, Trap> {
    let func = instance.get_func(&mut *store, "run").unwrap();
    let mut results = vec![Val::I32(0); func.ty(&*store).results().len()];
    match func.call(&mut *store, &[], &mut results) {
        Ok(()) => Ok(results
            .iter()
            .map(|value| match value {
                Val::I32(value) => i64::from(*value),
                Val::I64(value) => *value,
                other => panic!("{other:?} is no integer"),
            })
            .collect()),
        Err(error) => Err(*error.downcast_ref::<Trap>().unwrap_or_else(|| panic!("{error:?}"))),
    }
}

#[test]
fn a_comparison_is_carried_to_a_lower_home() {
    check(
        "carried",
        r#"(module
            (func $f (param i32 i32) (result i32)
                (block (result i32)
                    (i32.const 7)
                    (i32.eq (local.get 0) (local.get 1))
                    (br 0)))
            (func $g (param i32 i32) (result i32)
                (block (result i32)
                    (i64.load (i32.const 0))
                    (i32.eq (local.get 0) (local.get 1))
                    (br_if 1 (i32.lt_s (local.get 0) (local.get 1)))
                    (br 0)))
            (func $h (param f64 f64) (result i32)
                (block (result i32)
                    (i64.load (i32.const 0))
                    (f64.eq (local.get 0) (local.get 1))
                    (br 0)))
            (memory 1)
            (data (i32.const 0) "\ff\ff\ff\ff\ff\ff\ff\ff")
            (func (export "run") (result i32 i32 i32 i32)
                (call $f (i32.const 1) (i32.const 1))
                (call $f (i32.const 1) (i32.const 2))
                (call $g (i32.const 3) (i32.const 3))
                (call $h (f64.const 1) (f64.const 2))))"#,
        &Ok(vec![1, 0, 1, 0]),
    );
}
