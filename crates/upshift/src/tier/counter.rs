//! What counts down the counter of a function: its calls and the turns of its loops, whatever leads back to their heads.

use std::cell::Cell;
use std::ptr::NonNull;

use upshift_core::index::FuncIndex;
use upshift_core::vm::FuncRec;

use crate::context::AsContextMut;
use crate::instance::InstanceData;
use crate::{Config, Dispatch, Engine, Instance, Module, Store, Tier, Tiers};

/// Functions with a loop of as many turns as their parameter says, and functions that call themselves as often.
const TURNS: &str = r#"
    (type $f (func (param i32)))
    (tag $e)
    (table funcref (elem $table))
    (elem declare func $reference)
    (func (export "br") (param $n i32)
        (loop $l (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (if (local.get $n) (then (br $l)))))
    (func (export "br_if") (param $n i32)
        (loop $l (local.set $n (i32.sub (local.get $n) (i32.const 1))) (br_if $l (local.get $n))))
    (func (export "floats") (param $n i32) (local $f f64)
        (loop $l (local.set $f (f64.add (local.get $f) (f64.const 1)))
            (br_if $l (f64.lt (local.get $f) (f64.convert_i32_s (local.get $n))))))
    (func (export "not floats") (param $n i32) (local $f f64)
        (loop $l (local.set $f (f64.add (local.get $f) (f64.const 1)))
            (br_if $l (i32.eqz (f64.ge (local.get $f) (f64.convert_i32_s (local.get $n)))))))
    (func (export "test in front") (param $n i32)
        (block $out (loop $l
            (br_if $out (i32.le_s (local.get $n) (i32.const 0)))
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (br $l))))
    (func (export "br_table") (param $n i32)
        (loop $l (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (block $out (br_table $out $l (i32.ne (local.get $n) (i32.const 0))))))
    (func (export "br_on_null") (param $n i32)
        (loop $l (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (drop (br_on_null $l
                (if (result funcref) (local.get $n) (then (ref.null func)) (else (ref.func $reference)))))))
    (func (export "br_on_cast") (param $n i32)
        (ref.null any)
        (loop $l (param anyref) (drop) (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (drop (br_on_cast $l anyref (ref i31)
                (if (result anyref) (local.get $n) (then (ref.i31 (local.get $n))) (else (ref.null any)))))))
    (func (export "catch") (param $n i32)
        (loop $l (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (if (local.get $n) (then (try_table (catch $e $l) (throw $e))))))
    (func $call (export "call") (param $n i32)
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (if (local.get $n) (then (call $call (local.get $n)))))
    (func $table (export "call_indirect") (param $n i32)
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (if (local.get $n) (then (call_indirect (type $f) (local.get $n) (i32.const 0)))))
    (func $reference (export "return_call_ref") (param $n i32)
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (if (local.get $n) (then (return_call_ref $f (local.get $n) (ref.func $reference)))))
    (func $tail (export "return_call") (param $n i32)
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (if (local.get $n) (then (return_call $tail (local.get $n)))))"#;

/// The counter of a function of the instance made last.
fn counter(store: &mut Store<()>, func: FuncIndex) -> *const Cell<i32> {
    let mut store = store.as_context_mut();
    let data: NonNull<InstanceData> = store.state().instances.last().unwrap().as_non_null();
    // SAFETY: instances live as long as their store, and no code runs.
    unsafe { &raw const (*data.as_ref().func_rec(func).as_ptr()).counter }
}

#[test]
fn calls_and_turns_of_loops_count_whatever_leads_there() {
    const N: i32 = 1000;
    for dispatch in [Dispatch::Loop, Dispatch::Tail] {
        for metered in [false, true] {
            let mut config = Config::new();
            config.tiers(Tiers::Only(Tier::Interpreter));
            config.dispatch(dispatch).consume_fuel(metered).epoch_interruption(metered);
            let engine = Engine::new(&config).unwrap();
            let mut store = Store::new(&engine, ());
            if metered {
                store.set_fuel(1 << 40).unwrap();
                store.set_epoch_deadline(1);
            }
            let module = Module::new(&engine, format!("(module {TURNS})")).unwrap();
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let names = module.exports().map(|export| export.name().to_string()).collect::<Vec<_>>();
            assert_eq!(names.len(), 13);
            for (func, name) in (0..).zip(names) {
                let counter = counter(&mut store, FuncIndex(func));
                let run = instance.get_typed_func::<i32, ()>(&mut store, &name).unwrap();
                // SAFETY: no code runs when the counter is looked at.
                let mut left = |before: i32| unsafe {
                    (*counter).set(before);
                    run.call(&mut store, N).unwrap();
                    (*counter).get()
                };
                // The call and all turns but the first; a test in front may be gone through once more.
                let counted = FuncRec::COUNTER_START - left(FuncRec::COUNTER_START);
                let more = i32::from(name == "test in front");
                assert!((N..=N + more).contains(&counted), "{dispatch:?}, {name}: {counted}");
                // When nothing is left, the counter starts again.
                for before in [0, 1, N / 2, counted - 1] {
                    let left = left(before);
                    assert_eq!(left, FuncRec::COUNTER_START - (counted - before - 1), "{dispatch:?}, {name}");
                }
                assert_eq!(left(counted), 0, "{dispatch:?}, {name}");
            }
        }
    }
}
