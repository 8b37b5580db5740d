//! The host is asked in the middle of long operations: whatever it does then (call code, collect, grow memories), the operation
//! goes on as if nothing had been, and when it stops the program, what was done stays done.

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "common/ways.rs"]
mod ways;

use upshift::{Caller, Config, Engine, Instance, Linker, Module, Result, Store, Trap, UpdateDeadline};

use crate::ways::Way;

const PROGRAM: &str = r#"(module
    (import "host" "arm" (func $arm)) (import "host" "disarm" (func $disarm))
    (type $box (struct (field (mut i32))))
    (type $boxes (array (mut (ref null $box))))
    (tag $t (param (ref null $box) i64))
    (memory (export "memory") 64)
    (memory $other 64)
    (data $d "0123456789")
    (table $t 400000 anyref)
    (global $from (mut (ref null $boxes)) (ref.null $boxes))
    (global $to (mut (ref null $boxes)) (ref.null $boxes))
    (func $new (param i32) (result (ref null $box)) (struct.new $box (local.get 0)))
    ;; Uses the stack and the heap.
    (func $noise (export "noise") (param i32) (result i32)
        (local i64 i64 i64 (ref null $box))
        (local.set 1 (i64.const -1)) (local.set 2 (i64.const -1)) (local.set 3 (i64.const -1))
        (local.set 4 (call $new (local.get 0)))
        (if (result i32) (local.get 0)
            (then (i32.add (struct.get $box 0 (local.get 4)) (call $noise (i32.sub (local.get 0) (i32.const 1)))))
            (else (i32.const 0))))
    ;; How many elements are boxes with another number.
    (func $others (param $a (ref null $boxes)) (param $n i32) (result i32) (local $i i32) (local $others i32)
        (loop $next
            (local.set $others (i32.add (local.get $others)
                (i32.ne (local.get $n) (struct.get $box 0 (array.get $boxes (local.get $a) (local.get $i))))))
            (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (array.len (local.get $a)))))
        (local.get $others))
    (func (export "arrays") (result i32)
        (local $a (ref null $boxes)) (local $b (ref null $boxes))
        call $arm
        (local.set $a (array.new $boxes (call $new (i32.const 41)) (i32.const 600000)))
        (local.set $b (array.new_default $boxes (i32.const 600000)))
        (array.copy $boxes $boxes (local.get $b) (i32.const 0) (local.get $a) (i32.const 0) (i32.const 600000))
        ;; Onto itself, both ways.
        (array.copy $boxes $boxes (local.get $b) (i32.const 1) (local.get $b) (i32.const 0) (i32.const 599999))
        (array.copy $boxes $boxes (local.get $b) (i32.const 0) (local.get $b) (i32.const 1) (i32.const 599999))
        (array.fill $boxes (local.get $a) (i32.const 0) (call $new (i32.const 42)) (i32.const 600000))
        call $disarm
        (i32.add (call $others (local.get $a) (i32.const 42)) (call $others (local.get $b) (i32.const 41))))
    (func (export "tables") (result i32) (local $i i32) (local $others i32)
        call $arm
        (table.fill $t (i32.const 0) (call $new (i32.const 7)) (i32.const 200000))
        (table.copy $t $t (i32.const 199000) (i32.const 0) (i32.const 200000))
        call $disarm
        (loop $next
            (local.set $others (i32.add (local.get $others)
                (i32.ne (i32.const 7) (struct.get $box 0 (ref.cast (ref $box) (table.get $t (local.get $i)))))))
            (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 399000))))
        (local.get $others))
    (func (export "memories") (result i32) (local $i i32) (local $others i32)
        call $arm
        (memory.fill (i32.const 0) (i32.const 5) (i32.const 4000000))
        (memory.copy $other 0 (i32.const 9) (i32.const 0) (i32.const 4000000))
        (memory.init $other $d (i32.const 1000000) (i32.const 0) (i32.const 10))
        (memory.copy $other $other (i32.const 0) (i32.const 9) (i32.const 4000000))
        call $disarm
        (loop $next
            (local.set $others (i32.add (local.get $others)
                (i32.ne (i32.const 0x05050505) (i32.load $other (local.get $i)))))
            (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 999980))))
        (i32.add (local.get $others) (i32.ne (i32.const 0x33323130) (i32.load $other (i32.const 999991)))))
    ;; From the bottom of so many frames, with a reference or by one.
    (func $throw (param $depth i32) (param $again exnref)
        (if (local.get $depth)
            (then (call $throw (i32.sub (local.get $depth) (i32.const 1)) (local.get $again)))
            (else (if (ref.is_null (local.get $again))
                (then call $arm (throw $t (call $new (i32.const 11)) (i64.const -2)))
                (else call $arm (throw_ref (local.get $again)))))))
    (func (export "throws") (result i32) (local $e exnref) (local $box (ref null $box)) (local $n i64)
        (block $h (result (ref null $box) i64 exnref)
            (try_table (catch_ref $t $h) (call $throw (i32.const 8000) (ref.null exn)))
            unreachable)
        (local.set $e) (local.set $n) (local.set $box)
        call $disarm
        (if (i32.or (i64.ne (local.get $n) (i64.const -2)) (i32.ne (struct.get $box 0 (local.get $box)) (i32.const 11)))
            (then (return (i32.const 1))))
        (block $h (result (ref null $box) i64)
            (try_table (catch $t $h) (call $throw (i32.const 8000) (local.get $e)))
            unreachable)
        (local.set $n) (local.set $box)
        call $disarm
        (i32.or (i64.ne (local.get $n) (i64.const -2)) (i32.ne (struct.get $box 0 (local.get $box)) (i32.const 11))))
    (func (export "fill") (result i32)
        call $arm
        (memory.fill (i32.const 0) (i32.const 1) (i32.const 4194304))
        (i32.const 0)))"#;

struct Host {
    /// Whether the host is asked.
    armed: bool,
    /// How often it was asked then.
    asked: u32,
    /// When it stops the program.
    last: u32,
    /// Whether it does something of its own meanwhile.
    noisy: bool,
}

fn instance(way: Way, stress: bool) -> Result<(Store<Host>, Instance)> {
    let mut config = Config::new();
    // A memory without reserved range moves when it grows.
    way.set(&mut config).epoch_interruption(true).gc_stress(stress).memory_reservation(0);
    let engine = Engine::new(&config)?;
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "arm", |mut caller: Caller<'_, Host>| {
        caller.data_mut().armed = true;
        caller.set_epoch_deadline(0);
    })?;
    linker.func_wrap("host", "disarm", |mut caller: Caller<'_, Host>| {
        caller.data_mut().armed = false;
        caller.set_epoch_deadline(u64::MAX);
    })?;
    let host = Host { armed: false, asked: 0, last: u32::MAX, noisy: true };
    let mut store = Store::new(&engine, host);
    store.set_epoch_deadline(u64::MAX);
    let instance = linker.instantiate(&mut store, &Module::new(&engine, PROGRAM)?)?;
    let memory = instance.get_memory(&mut store, "memory").unwrap();
    let noise = instance.get_typed_func::<i32, i32>(&mut store, "noise")?;
    store.epoch_deadline_callback(move |mut store| {
        store.data_mut().asked += 1;
        if store.data().asked == store.data().last {
            return Ok(UpdateDeadline::Interrupt);
        }
        if store.data().noisy {
            // Nobody is asked about what the host itself calls.
            store.set_epoch_deadline(u64::MAX);
            assert_eq!(noise.call(&mut store, 20)?, 210);
            memory.grow(&mut store, 1)?;
            store.gc()?;
        }
        Ok(UpdateDeadline::Continue(0))
    });
    Ok((store, instance))
}

#[test]
fn operations_go_on_whatever_the_host_does_meanwhile() -> Result<()> {
    for way in Way::all() {
        for stress in [false, true] {
            let (mut store, instance) = instance(way, stress)?;
            // What is 2 MiB and more is looked at in several parts, each with one question.
            for (name, least) in [("arrays", 12), ("tables", 4), ("memories", 10), ("throws", 6)] {
                store.data_mut().asked = 0;
                let run = instance.get_typed_func::<(), i32>(&mut store, name)?;
                assert_eq!(run.call(&mut store, ())?, 0, "{name}");
                assert!(store.data().asked >= least, "{name}: {}", store.data().asked);
            }
        }
    }
    Ok(())
}

#[test]
fn what_was_done_before_an_interruption_stays_done() -> Result<()> {
    for way in Way::all() {
        for parts in 0..4 {
            let (mut store, instance) = instance(way, false)?;
            // One question in front of each mebibyte.
            (store.data_mut().last, store.data_mut().noisy) = (parts + 1, false);
            let run = instance.get_typed_func::<(), i32>(&mut store, "fill")?;
            let error = run.call(&mut store, ()).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&Trap::Interrupt));
            let memory = instance.get_memory(&mut store, "memory").unwrap();
            let (done, rest) = memory.data(&store).split_at((parts as usize) << 20);
            assert!(done.iter().all(|&byte| byte == 1) && rest.iter().all(|&byte| byte == 0), "{parts}");
        }
    }
    Ok(())
}

#[test]
fn a_host_that_panics_when_asked_leaves_a_usable_store() -> Result<()> {
    for name in ["arrays", "tables", "memories", "throws"] {
        let (mut store, instance) = instance(Way::Tail, false)?;
        store.epoch_deadline_callback(|mut store| {
            store.set_epoch_deadline(u64::MAX);
            panic!("the host has had enough")
        });
        let run = instance.get_typed_func::<(), i32>(&mut store, name)?;
        let panicked =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run.call(&mut store, ()))).unwrap_err();
        assert_eq!(panicked.downcast_ref(), Some(&"the host has had enough"));
        store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Continue(u64::MAX)));
        assert_eq!(run.call(&mut store, ())?, 0, "{name}");
    }
    Ok(())
}

/// Where memories may move, code must not go on with the place that one had before the host was asked.
#[test]
fn memories_move_while_arrays_are_filled() {
    const GROWS: &str = r#"(module
        (import "host" "arm" (func $arm))
        (memory (export "memory") 1)
        (type $a (array (mut i32)))
        (func (export "run") (result i32)
            (call $arm)
            (drop (array.new $a (i32.const 7) (i32.const 1000000)))
            (i32.store (i32.const 16) (i32.const 42))
            (i32.load (i32.const 16))))"#;
    for way in Way::all() {
        let engine = Engine::new(way.config().epoch_interruption(true).memory_reservation(0)).unwrap();
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        linker.func_wrap("host", "arm", |caller: Caller<'_, ()>| caller.engine().increment_epoch()).unwrap();
        let instance = linker.instantiate(&mut store, &Module::new(&engine, GROWS).unwrap()).unwrap();
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |mut context| {
            memory.grow(&mut context, 4000)?;
            Ok(UpdateDeadline::Continue(1 << 40))
        });
        let run = instance.get_typed_func::<(), i32>(&mut store, "run").unwrap();
        assert_eq!(run.call(&mut store, ()).unwrap(), 42);
        // What was written is where the memory is now.
        assert_eq!(memory.data(&store)[16], 42);
        assert_eq!(memory.size(&store), 4001);
    }
}
