//! Fuel and epochs: what programs cost, where they stop, and who may move the deadline. All of it in both dispatch
//! backends.

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "common/ways.rs"]
mod ways;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use upshift::{
    Engine, Error, Func, Instance, Module, Result, Store, StoreLimitsBuilder, Trap, TypedFunc,
    UpdateDeadline, WasmBacktrace,
};

use crate::ways::Way;

fn fuel_engine(way: Way) -> Engine {
    Engine::new(way.config().consume_fuel(true)).unwrap()
}

fn epoch_engine(way: Way) -> Engine {
    Engine::new(way.config().epoch_interruption(true)).unwrap()
}

fn export<T: 'static>(store: &mut Store<T>, wat: &str) -> (Instance, TypedFunc<i32, i32>) {
    let module = Module::new(store.engine(), wat).unwrap();
    let instance = Instance::new(&mut *store, &module, &[]).unwrap();
    let run = instance.get_typed_func(&mut *store, "run").unwrap();
    (instance, run)
}

fn trap(error: &Error) -> Trap {
    *error.downcast_ref().unwrap_or_else(|| panic!("not a trap: {error:?}"))
}

/// 3 operators at the entry, 8 each time round the loop, 1 at the end.
const COUNT: &str = r#"(module
    (global (export "rounds") (mut i32) (i32.const 0))
    (func (export "run") (param i32) (result i32)
        (local.set 0 (local.get 0))
        (loop
            (global.set 0 (i32.add (global.get 0) (i32.const 1)))
            (br_if 0 (i32.lt_u (global.get 0) (local.get 0))))
        (global.get 0)))"#;

/// The loop's operators: 4 of the first line and 4 of the second.
const ROUND: u64 = 8;

#[test]
fn a_program_costs_its_operators() {
    for way in Way::all() {
        let mut store = Store::new(&fuel_engine(way), ());
        let (_, run) = export(&mut store, COUNT);
        store.set_fuel(1000).unwrap();
        assert_eq!(run.call(&mut store, 10).unwrap(), 10);
        assert_eq!(store.get_fuel().unwrap(), 1000 - 3 - 10 * ROUND - 1);
    }
}

#[test]
fn programs_stop_at_the_same_operator_with_the_same_state() {
    let mut stops = Vec::new();
    for way in Way::all() {
        let mut here = Vec::new();
        for fuel in 0..100 {
            let mut store = Store::new(&fuel_engine(way), ());
            let (instance, run) = export(&mut store, COUNT);
            store.set_fuel(fuel).unwrap();
            let result = run.call(&mut store, 9);
            let rounds = instance.get_global(&mut store, "rounds").unwrap().get(&mut store).unwrap_i32();
            let stop = match result {
                Ok(value) => (rounds, u64::MAX, value as usize),
                Err(error) => {
                    assert_eq!(trap(&error), Trap::OutOfFuel);
                    let frames = error.downcast_ref::<WasmBacktrace>().unwrap().frames();
                    (rounds, store.get_fuel().unwrap(), frames[0].func_offset().unwrap())
                }
            };
            // The entry, whole rounds, the end: nothing happens that was not paid for.
            let paid = fuel.checked_sub(3).map_or(0, |left| (left / ROUND).min(9));
            assert_eq!(rounds as u64, paid, "with {fuel}");
            assert_eq!(stop.1 == u64::MAX, fuel > 3 + 9 * ROUND, "with {fuel}");
            here.push(stop);
        }
        stops.push(here);
    }
    assert_eq!(stops[0], stops[1]);
}

#[test]
fn bulk_operations_cost_their_length() {
    let wat = r#"(module
        (memory (export "memory") 2) (data "0123456789abcdef") (table 1000 funcref)
        (func (export "run") (param i32) (result i32)
            (memory.fill (i32.const 0) (i32.const 1) (local.get 0))
            (memory.copy (i32.const 0) (i32.const 8) (local.get 0))
            (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 16))
            (table.fill (i32.const 0) (ref.null func) (i32.const 1000))
            (i32.const 7)))"#;
    for way in Way::all() {
        let mut store = Store::new(&fuel_engine(way), ());
        let (instance, run) = export(&mut store, wat);
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        let operators = 4 * 4 + 1;
        // It is paid for before it is done.
        store.set_fuel(operators + (0x1000 / 64) - 1).unwrap();
        assert_eq!(trap(&run.call(&mut store, 0x1000).unwrap_err()), Trap::OutOfFuel);
        assert_eq!((store.get_fuel().unwrap(), memory.data(&store)[0]), (0, 0));
        // What is out of bounds is not done.
        store.set_fuel(1000).unwrap();
        assert_eq!(trap(&run.call(&mut store, -1).unwrap_err()), Trap::MemoryOutOfBounds);
        assert_eq!(store.get_fuel().unwrap(), 1000 - operators);
        store.set_fuel(100_000).unwrap();
        assert_eq!(run.call(&mut store, 0x1000).unwrap(), 7);
        // An element of a table has 8 bytes.
        assert_eq!(store.get_fuel().unwrap(), 100_000 - operators - 2 * (0x1000 / 64) - 1000 * 8 / 64);
    }
}

#[test]
fn locals_and_new_elements_cost_too() {
    let wat = format!(
        r#"(module
            (table 0 funcref)
            (func $many {})
            (func (export "run") (param i32) (result i32)
                (call $many)
                (table.grow (ref.null func) (local.get 0))))"#,
        "(local i64)".repeat(640)
    );
    for way in Way::all() {
        let mut store = Store::new(&fuel_engine(way), ());
        let (_, run) = export(&mut store, &wat);
        store.set_fuel(1000).unwrap();
        assert_eq!(run.call(&mut store, 6400).unwrap(), 0);
        // 4 operators, 640 slots of locals, 6400 elements.
        assert_eq!(store.get_fuel().unwrap(), 1000 - 4 - 10 - 800);
        // There is room for as many again, so these 64 take 512 bytes; and then all have to move.
        store.set_fuel(1000).unwrap();
        assert_eq!(run.call(&mut store, 1).unwrap(), 6400);
        store.set_fuel(1000).unwrap();
        assert_eq!(run.call(&mut store, 64).unwrap(), 6401);
        assert_eq!(store.get_fuel().unwrap(), 1000 - 4 - 10 - 8);
        store.set_fuel(10_000).unwrap();
        assert_eq!(run.call(&mut store, 6400).unwrap(), 6465);
        assert_eq!(store.get_fuel().unwrap(), 10_000 - 4 - 10 - (6465 + 6400) * 8 / 64);
        // What the type forbids is not done.
        store.set_fuel(100).unwrap();
        assert_eq!(run.call(&mut store, -1).unwrap(), -1);
        assert_eq!(store.get_fuel().unwrap(), 100 - 4 - 10);
    }
}

/// What is charged is what the program asked for: how often objects move, and how full the heap is, does not matter.
#[test]
fn objects_cost_their_bytes_however_often_they_are_collected() {
    let wat = r#"(module
        (type $fields (struct (field i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)))
        (type $bytes (array i8))
        (tag $thrown (param i32))
        (global $kept (mut (ref null $bytes)) (ref.null $bytes))
        (func (export "run") (param $n i32) (result i32)
            (loop $again
                (drop (struct.new_default $fields))
                (global.set $kept (array.new_default $bytes (i32.const 1000)))
                (block $caught (result i32 exnref)
                    (try_table (catch_ref $thrown $caught) (throw $thrown (i32.const 7)))
                    unreachable)
                drop
                drop
                (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (i32.const 0)))"#;
    // 16 fields of 8 bytes, the elements: each with a header of 8 bytes. Operators besides: `i32.const` and `global.set`, the
    // two of the throw, and the five of the branch. The exception has fewer than 64 bytes, and its handler is the first place
    // that is looked at.
    let (fields, bytes, others) = (1 + (8 + 16 * 8) / 64, 1 + (8 + 1000) / 64, 2 + 2 + 5);
    for way in Way::all() {
        for (stress, heap) in [(false, 64 << 20), (false, 64 << 10), (true, 64 << 20)] {
            let engine = Engine::new(way.config().consume_fuel(true).gc_stress(stress));
            let mut store =
                Store::new(&engine.unwrap(), StoreLimitsBuilder::new().gc_heap_size(heap).build());
            store.limiter(|limits| limits);
            let (_, run) = export(&mut store, wat);
            let mut cost = |rounds: i32| {
                store.set_fuel(1_000_000).unwrap();
                run.call(&mut store, rounds).unwrap();
                1_000_000 - store.get_fuel().unwrap()
            };
            let (one, many) = (cost(1), cost(1001));
            assert_eq!(many - one, 1000 * (fields + bytes + others), "{way:?} {stress} {heap}");
        }
    }
}

/// A straight run that costs more than a signed number of 32 bits can say, behind a trap.
#[test]
fn what_a_run_costs_has_no_sign() {
    const MADE: usize = 860_000;
    let number = |mut value: usize| {
        let mut bytes = Vec::new();
        while value > 0x7f {
            bytes.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        bytes.push(value as u8);
        bytes
    };
    let section = |id: u8, content: Vec<u8>| [vec![id], number(content.len()), content].concat();
    // A struct of 10,000 vectors, and a function that divides by zero and then makes such structs.
    let vectors = [0x7b, 0x01].repeat(10_000);
    let types = [number(2), vec![0x5f], number(10_000), vectors, vec![0x60, 0, 1, 0x7f]].concat();
    let divide = vec![0, 0x41, 1, 0x41, 0, 0x6e, 0x1a];
    let body = [divide, [0xfb, 1, 0, 0x1a].repeat(MADE), vec![0x41, 7, 0x0b]].concat();
    let code = [number(1), number(body.len()), body].concat();
    let bytes = [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, types),
        section(3, vec![1, 1]),
        section(7, vec![1, 1, b'f', 0, 0]),
        section(10, code),
    ]
    .concat();
    let mut left = Vec::new();
    for way in [Way::Loop, Way::Baseline].into_iter().filter(|way| Way::all().contains(way)) {
        let mut store = Store::new(&fuel_engine(way), ());
        let module = Module::new(store.engine(), &bytes).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let run: TypedFunc<(), i32> = instance.get_typed_func(&mut store, "f").unwrap();
        for fuel in [u64::MAX, 2_160_000_000] {
            store.set_fuel(fuel).unwrap();
            assert_eq!(trap(&run.call(&mut store, ()).unwrap_err()), Trap::IntegerDivisionByZero, "{way:?}");
            left.push(fuel - store.get_fuel().unwrap());
        }
    }
    assert!(left.iter().all(|&used| used == left[0] && used > 0), "{left:?}");
}

#[test]
fn callees_and_callbacks_take_from_the_same_fuel() {
    for way in Way::all() {
        let mut store = Store::new(&fuel_engine(way), ());
        let refill = Func::wrap(&mut store, |mut caller: upshift::Caller<'_, ()>| {
            let left = caller.get_fuel().unwrap();
            caller.set_fuel(left + 5).unwrap();
        });
        let module = Module::new(
            store.engine(),
            r#"(module (import "" "" (func $refill))
                (func $three (result i32) (i32.add (i32.const 1) (i32.const 2)))
                (func (export "run") (param i32) (result i32)
                    (call $refill) (drop (call $three)) (call $three)))"#,
        )
        .unwrap();
        let instance = Instance::new(&mut store, &module, &[refill.into()]).unwrap();
        let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
        // Three calls, one of them to the host, and twice three operators are 10; the callback gives 5.
        store.set_fuel(5).unwrap();
        assert_eq!(run.call(&mut store, 0).unwrap(), 3);
        assert_eq!(store.get_fuel().unwrap(), 0);
        store.set_fuel(4).unwrap();
        assert_eq!(trap(&run.call(&mut store, 0).unwrap_err()), Trap::OutOfFuel);
    }
}

/// Each of these moves many values by one operator.
#[test]
fn values_that_are_carried_cost_their_slots() {
    let many = "i64 ".repeat(640);
    let some = "(i64.const 1)".repeat(640);
    let wat = format!(
        r#"(module
            (import "" "" (func $host (param {many}) (result {many})))
            (type $big (struct {fields}))
            (tag $t (param {many}))
            (func $all (result {many}) {some})
            (func $swallow (param {many}))
            (func (export "call") (call $all) (call $swallow))
            (func (export "host") (call $all) (call $host) (call $swallow))
            (func (export "tail") (call $all) (return_call $swallow))
            (func (export "branch") (call $all) (block (param {many}) (result {many}) (br 0)) (call $swallow))
            (func (export "throw") (block $h (result {many}) (try_table (catch $t $h) (call $all) (throw $t)) (return)) (call $swallow))
            (func (export "again") (local $e exnref)
                (block $r (result exnref) (try_table (catch_all_ref $r) (call $all) (throw $t)) (unreachable))
                (local.set $e)
                (block $h (result {many}) (try_table (catch $t $h) (throw_ref (local.get $e))) (unreachable))
                (call $swallow))
            (func (export "loops") {loops})
            (func (export "struct") (drop (struct.new_default $big)))
            (func (export "array") (drop (array.new_fixed $vectors 10 {vectors})))
            (type $vectors (array (mut v128))))"#,
        loops = "(loop)".repeat(1000),
        fields = "(field v128)".repeat(160),
        vectors = "(v128.const i64x2 1 1)".repeat(10),
    );
    // What calling for 640 constants costs, and calling what drops them.
    let (all, swallow) = (641 + 10, 1 + 10);
    let costs = [
        ("call", all + swallow),
        // The call with arguments and results; the host gets a unit for itself, and one for 8 slots.
        ("host", all + 1 + 20 + 1 + 160 + swallow),
        ("tail", all + swallow),
        ("branch", all + 1 + 10 + swallow),
        // The throw, one frame and two things to look at.
        ("throw", all + 1 + 10 + swallow),
        // The object has a header, a tag and the values; what is thrown by reference brings them, too.
        ("again", all + 1 + 10 + (16 + 640 * 8) / 64 + 1 + 2 + 10 + swallow),
        // Each is a place where the epoch may be looked at.
        ("loops", 1000),
        ("struct", 1 + (8 + 160 * 16) / 64),
        ("array", 11 + (8 + 10 * 16) / 64),
    ];
    for way in Way::all() {
        let mut store = Store::new(&fuel_engine(way), ());
        let module = Module::new(store.engine(), &wat).unwrap();
        let ty = module.imports().next().unwrap().ty().unwrap_func().clone();
        let host = Func::new(&mut store, ty, |_, params, results| {
            results.clone_from_slice(params);
            Ok(())
        });
        let instance = Instance::new(&mut store, &module, &[host.into()]).unwrap();
        for (name, cost) in costs {
            let run = instance.get_typed_func::<(), ()>(&mut store, name).unwrap();
            store.set_fuel(cost).unwrap();
            run.call(&mut store, ()).unwrap_or_else(|error| panic!("{name}: {error:#}"));
            assert_eq!(store.get_fuel().unwrap(), 0, "{name}");
            store.set_fuel(cost - 1).unwrap();
            assert_eq!(trap(&run.call(&mut store, ()).unwrap_err()), Trap::OutOfFuel, "{name}");
        }
        // What the host does itself is free.
        store.set_fuel(0).unwrap();
        let mut results = vec![upshift::Val::I64(0); 640];
        host.call(&mut store, &vec![upshift::Val::I64(1); 640], &mut results).unwrap();
    }
}

#[test]
fn engines_without_fuel_say_so() {
    let mut store = Store::new(&Engine::default(), ());
    assert!(store.set_fuel(1).unwrap_err().to_string().contains("consume_fuel"));
    assert!(store.get_fuel().is_err());
    // Who takes fuel need not know.
    store.consume_fuel(u64::MAX).unwrap();
}

/// Runs forever: a loop, and mutual tail calls, which have no loop.
const ENDLESS: [&str; 2] = [
    r#"(module (func (export "run") (param i32) (result i32) (loop (br 0)) unreachable))"#,
    r#"(module
        (func $a (export "run") (param i32) (result i32) (return_call $b (local.get 0)))
        (func $b (param i32) (result i32) (return_call $a (local.get 0))))"#,
];

#[test]
fn another_thread_interrupts() {
    for way in Way::all() {
        for wat in ENDLESS {
            let engine = epoch_engine(way);
            let mut store = Store::new(&engine, ());
            let (_, run) = export(&mut store, wat);
            store.set_epoch_deadline(1);
            let stopped = AtomicBool::new(false);
            let started = Instant::now();
            let error = std::thread::scope(|scope| {
                scope.spawn(|| {
                    std::thread::sleep(Duration::from_millis(20));
                    assert!(!stopped.load(Ordering::SeqCst), "it stopped before its time");
                    engine.increment_epoch();
                });
                let error = run.call(&mut store, 0).unwrap_err();
                stopped.store(true, Ordering::SeqCst);
                error
            });
            assert_eq!(trap(&error), Trap::Interrupt);
            assert!(started.elapsed() >= Duration::from_millis(20));
            // The store stays usable, with a deadline that has come.
            assert_eq!(trap(&run.call(&mut store, 0).unwrap_err()), Trap::Interrupt);
        }
    }
}

#[test]
fn a_callback_moves_the_deadline_and_may_call_wasm() {
    for way in Way::all() {
        let engine = epoch_engine(way);
        let mut store = Store::new(&engine, Vec::new());
        let (instance, run) = export(
            &mut store,
            r#"(module
                (global $stop (export "stop") (mut i32) (i32.const 0))
                (func (export "double") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
                (func (export "run") (param $n i32) (result i32) (local $sum i64) (local $f f64)
                    (local.set $f (f64.const 1.5))
                    (loop $again
                        (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (local.get $n))))
                        (local.set $f (f64.add (local.get $f) (f64.const 1)))
                        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
                    (i32.add (i32.wrap_i64 (local.get $sum)) (i32.trunc_f64_s (local.get $f)))))"#,
        );
        let double = instance.get_typed_func::<i32, i32>(&mut store, "double").unwrap();
        store.epoch_deadline_callback(move |mut store| {
            // The deadline has to be out of the way for the call: another one while this runs would be a trap.
            store.set_epoch_deadline(1);
            let calls = store.data().len() as i32;
            let doubled = double.call(&mut store, calls)?;
            store.data_mut().push(doubled);
            Ok(UpdateDeadline::Continue(0))
        });
        // The entry and each of 100 rounds, and the numbers are as if nothing had been in between.
        assert_eq!(run.call(&mut store, 100).unwrap(), 5050 + 101);
        assert_eq!(*store.data(), (0..101).map(|i| 2 * i).collect::<Vec<_>>());
        store.epoch_deadline_callback(|_| Err(Error::msg("enough")));
        let error = run.call(&mut store, 100).unwrap_err();
        assert!(format!("{error:#}").ends_with("enough"), "{error:#}");
        assert!(error.is::<WasmBacktrace>());
        store.epoch_deadline_trap();
        assert_eq!(trap(&run.call(&mut store, 1).unwrap_err()), Trap::Interrupt);
    }
}

#[test]
fn nans_are_canonical_when_asked_for() -> Result<()> {
    // All ones is a NaN with a payload; each function makes another NaN of it.
    let wat = r#"(module
        (func (export "add") (result i64)
            (i64.reinterpret_f64 (f64.add (f64.reinterpret_i64 (i64.const -1)) (f64.const 1))))
        (func (export "sqrt") (result i64) (i64.reinterpret_f64 (f64.sqrt (f64.const -1))))
        (func (export "demote") (result i64)
            (i64.extend_i32_u (i32.reinterpret_f32 (f32.demote_f64 (f64.reinterpret_i64 (i64.const -1))))))
        (func (export "lanes") (result i64)
            (i64x2.extract_lane 1 (f64x2.mul (v128.const i64x2 -1 -1) (v128.const f64x2 1 1))))
        (func (export "moved") (result i64)
            (i64.reinterpret_f64 (f64.neg (f64.reinterpret_i64 (i64.const -1))))))"#;
    for way in Way::all() {
        let engine = Engine::new(way.config().canonical_nans(true))?;
        let module = Module::new(&engine, wat)?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[])?;
        let mut bits = |name| -> Result<i64> {
            instance.get_typed_func::<(), i64>(&mut store, name)?.call(&mut store, ())
        };
        for name in ["add", "sqrt", "lanes"] {
            assert_eq!(bits(name)?, 0x7ff8_0000_0000_0000, "{name}");
        }
        assert_eq!(bits("demote")?, 0x7fc0_0000);
        assert_eq!(bits("moved")?, 0x7fff_ffff_ffff_ffff);
    }
    Ok(())
}
