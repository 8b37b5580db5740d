//! A system that gives no memory for native code is asked once.

use crate::vm::apart::{self, forbid_executable_pages};
use crate::vm::code::system_calls;
use crate::{Engine, Instance, Module, NoNativeCode, Store, Tier};

/// Functions that are called so often that each would be compiled, and the last one, which calls them.
fn busy(funcs: usize) -> String {
    let func = |number: usize| format!("(func $f{number} (result i32) (i32.const {number}))");
    let call = |number: usize| format!("(global.set $sum (i32.add (global.get $sum) (call $f{number})))");
    let (funcs, calls): (String, String) = ((0..funcs).map(func).collect(), (0..funcs).map(call).collect());
    format!(
        r#"(module (global $sum (mut i32) (i32.const 0)) {funcs}
            (func (export "run") (param $n i32) (result i32)
                (loop $again {calls}
                    (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
                (global.get $sum)))"#
    )
}

#[test]
fn memory_that_is_refused_is_asked_for_once() {
    const TEST: &str = "tier::refused::memory_that_is_refused_is_asked_for_once";
    if apart::task().is_none() {
        return apart::succeeds("ulimit -f 0;", TEST, "refused");
    }
    forbid_executable_pages();
    let engine = Engine::default();
    let run = |funcs: usize, result: i32| {
        let before = system_calls();
        let module = Module::new(&engine, busy(funcs)).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
        assert_eq!(run.call(&mut store, 10_000).unwrap(), result);
        assert_eq!(module.tier(0), Some(Tier::Interpreter));
        system_calls() - before
    };
    // 0 + 1 + … + 9, ten thousand times.
    let once = run(10, 450_000);
    assert!(once > 0);
    assert!(matches!(engine.no_native_code(), Some(NoNativeCode::Memory(_))));
    // Neither other functions nor other modules and stores ask again.
    assert_eq!(run(20, 1_900_000), 0);
    let alone = Engine::default();
    let module = Module::new(&alone, busy(1)).unwrap();
    let mut store = Store::new(&alone, ());
    let before = system_calls();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
    run.call(&mut store, 100_000).unwrap();
    // One function has asked as often as ten have.
    assert_eq!(system_calls() - before, once);
}
