//! What ends a call inside of optimized code that begins at a loop: the same errors, backtraces, fuel and state as in the interpreter,
//! and the instance can be used afterwards.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Output};

use upshift::{
    AsContextMut, Caller, Config, Engine, Exception, Extern, Func, Instance, Module, Optimization, Result,
    Store, StoreLimits, StoreLimitsBuilder, Tier, TierPath, Tiers, Trap, UpdateDeadline, Val, WasmBacktrace,
};

/// After so many turns of the inner loop the call ends.
const TURNS: i32 = 1000;

/// Turns of the inner loop in one of the outer one.
const INNER: i32 = 70;

/// The program: two loops with operands and references below them, in which something happens at a turn that a parameter says. `$list` and
/// the operands hold objects that have to be there afterwards.
fn text(what: &str) -> String {
    format!(
        r#"(module
            (type $cell (struct (field $number (mut i32)) (field $next (ref null $cell))))
            (type $bytes (array (mut i8)))
            (type $unary (func (param i32) (result i32)))
            (type $binary (func (param i32 i32) (result i32)))
            (import "" "host" (func $host (param i32) (result i32)))
            (tag $tag (param i32))
            (tag $other)
            (memory (export "memory") 1 2)
            (table $table 4 funcref)
            (elem (table $table) (i32.const 0) func $binary)
            (elem declare func $down)
            (global $done (export "done") (mut i32) (i32.const 0))
            (global $kept (mut (ref null $cell)) (ref.null $cell))
            (global $nothing (mut (ref null $cell)) (ref.null $cell))
            (func $binary (type $binary) (i32.add (local.get 0) (local.get 1)))
            (func $throw (param i32) (throw $tag (local.get 0)))
            (func $down (param i32) (result i32) (i32.add (call $down (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))
            (func $happen (param $turn i32) (result i32) {what} (i32.const 0))
            (func $f (export "f") (param $at i32) (result i32)
                (local $turn i32) (local $inner i32) (local $list (ref null $cell)) (local $sum i64)
                ;; They lie below both loops.
                (struct.new $cell (i32.const 5) (ref.null $cell))
                (i64.const 0x123456789a)
                (f64.const 2.5)
                (loop $outer
                    (local.set $inner (i32.const {INNER}))
                    ;; And this below the inner one.
                    (struct.new $cell (local.get $turn) (local.get $list))
                    (loop $l
                        (global.set $done (local.get $turn))
                        (i32.store (i32.const 16) (local.get $turn))
                        (local.set $list (struct.new $cell (local.get $turn) (ref.null $cell)))
                        (if (i32.eq (local.get $turn) (local.get $at)) (then
                            {what}
                            (local.set $sum (i64.extend_i32_u (call $happen (local.get $turn))))))
                        (local.set $sum (i64.add (local.get $sum)
                            (i64.extend_i32_u (struct.get $cell $number (local.get $list)))))
                        (local.set $turn (i32.add (local.get $turn) (i32.const 1)))
                        (br_if $l (local.tee $inner (i32.sub (local.get $inner) (i32.const 1)))))
                    (local.set $list)
                    (global.set $kept (local.get $list))
                    (br_if $outer (i32.lt_u (local.get $turn) (i32.const {limit}))))
                (if (f64.ne (f64.const 2.5)) (then unreachable))
                (if (i64.ne (i64.const 0x123456789a)) (then unreachable))
                struct.get $cell $number
                (i32.wrap_i64 (local.get $sum))
                i32.add))"#,
        limit = TURNS * 3,
    )
}

/// The result when nothing happens: 5, and the sum of the numbers of all turns.
fn result() -> i32 {
    let turns = (TURNS * 3 + INNER - 1) / INNER * INNER;
    5 + (0..turns).sum::<i32>()
}

/// What a host does when it is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Host {
    Returns,
    Fails,
    Panics,
    Traps,
    Reenters,
    Descends,
    Collects,
}

/// How calls are limited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Limit {
    None,
    Fuel,
    Epoch,
    Heap,
}

/// What happens in the loop.
struct Case {
    name: &'static str,
    what: &'static str,
    host: Host,
    limit: Limit,
    /// Whether where it ends depends on sizes of frames or of what was collected.
    vague: bool,
}

const fn trap(name: &'static str, what: &'static str) -> Case {
    Case { name, what, host: Host::Returns, limit: Limit::None, vague: false }
}

const CALL: &str = "(drop (call $host (local.get $turn)))";

static CASES: &[Case] = &[
    trap("unreachable", "unreachable"),
    trap("load", "(drop (i32.load (i32.const 0x20000)))"),
    trap("store", "(i64.store offset=65530 (local.get $turn) (i64.const 1))"),
    trap("far load", "(drop (i32.load offset=0xfffffff0 (i32.const -1)))"),
    trap("fill", "(memory.fill (i32.const 65530) (i32.const 1) (local.get $turn))"),
    trap("division", "(drop (i32.div_s (local.get $turn) (i32.const 0)))"),
    trap("variable division", "(drop (i32.rem_u (local.get $turn) (i32.load (i32.const 64))))"),
    trap("conversion", "(drop (i32.trunc_f64_s (f64.const 1e300)))"),
    trap("type of a callee", "(drop (call_indirect (type $unary) (i32.const 1) (i32.const 0)))"),
    trap("no callee", "(drop (call_indirect (type $unary) (i32.const 1) (i32.const 3)))"),
    trap("callee out of the table", "(drop (call_indirect (type $unary) (i32.const 1) (i32.const 4)))"),
    trap("null", "(drop (struct.get $cell $number (global.get $nothing)))"),
    trap("no function", "(drop (call_ref $unary (i32.const 1) (ref.null $unary)))"),
    trap("cast", "(drop (ref.cast (ref $bytes) (struct.new $cell (i32.const 1) (global.get $nothing))))"),
    trap("element", "(drop (array.get_u $bytes (array.new_default $bytes (i32.const 9)) (local.get $turn)))"),
    trap("exception", "(throw $tag (local.get $turn))"),
    trap("exception of a callee", "(call $throw (local.get $turn))"),
    trap(
        "exception that is caught, and another one",
        "(drop (block $caught (result i32) (try_table (catch $tag $caught) (call $throw (local.get $turn))) unreachable))
         (block $other (try_table (catch $other $other) (call $throw (local.get $turn))))",
    ),
    Case { host: Host::Fails, ..trap("error of the host", CALL) },
    Case { host: Host::Panics, ..trap("panic of the host", CALL) },
    Case { host: Host::Traps, ..trap("trap of the host", CALL) },
    Case { host: Host::Reenters, ..trap("trap of what the host calls", CALL) },
    Case { host: Host::Collects, ..trap("the host collects, and a trap", "(drop (call $host (local.get $turn))) unreachable") },
    Case { host: Host::Descends, vague: true, ..trap("native stack", CALL) },
    Case { vague: true, ..trap("value stack", "(drop (call $down (i32.const 0)))") },
    Case { limit: Limit::Fuel, ..trap("fuel", "") },
    Case { limit: Limit::Epoch, ..trap("epoch", "") },
    Case {
        limit: Limit::Heap,
        vague: true,
        ..trap(
            "room for objects",
            "(loop $more
                (local.set $turn (i32.const 0))
                (global.set $kept (struct.new $cell (local.get $turn) (global.get $kept)))
                (br $more))",
        )
    },
];

/// What can be seen of a call.
#[derive(PartialEq, Eq, Debug)]
struct Seen {
    outcome: String,
    frames: Vec<(u32, Option<usize>)>,
    done: i32,
    stored: i32,
    fuel: Option<u64>,
    deadlines: u64,
}

struct Data {
    limits: StoreLimits,
    deadlines: u64,
    most: u64,
    depth: u32,
}

fn host(host: Host) -> impl Fn(Caller<'_, Data>, i32) -> Result<i32> + Send + Sync + 'static {
    move |mut caller: Caller<'_, Data>, turn: i32| {
        let call = |caller: &mut Caller<'_, Data>, at: i32| {
            let f = caller.get_export("f").and_then(Extern::into_func).unwrap();
            f.typed::<i32, i32>(&*caller)?.call(caller, at)
        };
        match host {
            Host::Returns => Ok(turn),
            Host::Fails => Err(std::io::Error::other("the host fails").into()),
            Host::Panics => panic!("the host panics"),
            Host::Traps => Err(Trap::UnreachableCodeReached.into()),
            Host::Reenters => {
                caller.data_mut().depth += 1;
                if caller.data().depth < 3 {
                    return call(&mut caller, TURNS);
                }
                Err(Trap::IntegerOverflow.into())
            }
            // Each of them descends again at its first turn.
            Host::Descends => call(&mut caller, 0),
            Host::Collects => {
                caller.as_context_mut().gc()?;
                Ok(turn)
            }
        }
    }
}

/// Makes calls of the program and notes what can be seen of those that something ends; the tiers of the first one.
fn run(case: &Case, config: &mut Config) -> (Vec<Seen>, Vec<Tier>) {
    config.consume_fuel(case.limit == Limit::Fuel).epoch_interruption(case.limit == Limit::Epoch);
    config.max_wasm_stack(1 << 20).max_native_stack(256 << 10);
    let engine = Engine::new(config).unwrap();
    let module = Module::new(&engine, text(case.what)).unwrap();
    let room = if case.limit == Limit::Heap { 1 << 20 } else { 8 << 20 };
    let limits = StoreLimitsBuilder::new().gc_heap_size(room).build();
    let mut store = Store::new(&engine, Data { limits, deadlines: 0, most: u64::MAX, depth: 0 });
    store.limiter(|data| &mut data.limits);
    store.epoch_deadline_callback(|mut store| {
        store.data_mut().deadlines += 1;
        let ends = store.data().deadlines > store.data().most;
        Ok(if ends { UpdateDeadline::Interrupt } else { UpdateDeadline::Continue(0) })
    });
    let import = Func::wrap(&mut store, host(case.host));
    let instance = Instance::new(&mut store, &module, &[import.into()]).unwrap();
    let f = instance.get_typed_func::<i32, i32>(&mut store, "f").unwrap();
    let done = instance.get_global(&mut store, "done").unwrap();
    let memory = instance.get_memory(&mut store, "memory").unwrap();
    let mut path = Vec::new();
    let mut seen = Vec::new();
    for turn in [TURNS, TURNS - 1, TURNS * 2 + 3] {
        done.set(&mut store, Val::I32(0)).unwrap();
        let _ = store.set_fuel(turn as u64 * 23);
        (store.data_mut().deadlines, store.data_mut().most, store.data_mut().depth) = (0, turn as u64, 0);
        let outcome = catch_unwind(AssertUnwindSafe(|| f.call(&mut store, turn)));
        if path.is_empty() {
            path = store.last_call_tiers().iter().flat_map(TierPath::iter).collect();
        }
        let (outcome, frames) = match outcome {
            Ok(Ok(result)) => (format!("{result}"), Vec::new()),
            Ok(Err(error)) => {
                let backtrace = error.downcast_ref::<WasmBacktrace>();
                let frames = backtrace.map_or_else(Vec::new, |backtrace| {
                    backtrace
                        .frames()
                        .iter()
                        .map(|frame| (frame.func_index(), frame.module_offset()))
                        .collect()
                });
                let thrown = error.downcast_ref::<Exception>().map(|thrown| format!("{:?}", thrown.values()));
                (format!("{error:#} {thrown:?}"), frames)
            }
            Err(panic) => (format!("panic: {:?}", panic.downcast_ref::<&str>()), Vec::new()),
        };
        let mut stored = [0; 4];
        memory.read(&store, 16, &mut stored).unwrap();
        seen.push(Seen {
            outcome,
            frames,
            done: done.get(&mut store).i32().unwrap(),
            stored: i32::from_le_bytes(stored),
            fuel: store.get_fuel().ok(),
            deadlines: store.data().deadlines,
        });
        // Nothing happens, and all is as ever.
        let _ = store.set_fuel(1 << 40);
        store.data_mut().most = u64::MAX;
        if case.limit != Limit::Heap {
            assert_eq!(f.call(&mut store, -1).unwrap(), result(), "{}", case.name);
        }
    }
    (seen, path)
}

/// What can be compared where places depend on sizes: the kind of the error.
fn vaguely(seen: &[Seen]) -> Vec<&str> {
    seen.iter()
        .map(|seen| seen.outcome.rsplit_once("wasm trap: ").map_or("no trap", |(_, kind)| kind))
        .collect()
}

fn check(case: &Case, what: &str, config: &mut Config, expected: &[Seen]) -> Vec<Tier> {
    let (seen, path) = run(case, config);
    if case.vague {
        assert_eq!(vaguely(&seen), vaguely(expected), "{}, {what}", case.name);
    } else {
        assert_eq!(seen, expected, "{}, {what}", case.name);
    }
    path
}

fn interpreted(case: &Case, stress: bool) -> Vec<Seen> {
    let mut config = Config::new();
    let (expected, _) = run(case, config.tiers(Tiers::Only(Tier::Interpreter)).gc_stress(stress));
    // It happens where it should, and is an error.
    let ends = expected.iter().zip([TURNS, TURNS - 1, TURNS * 2 + 3]);
    for (seen, turn) in ends {
        assert!(seen.outcome.parse::<i32>().is_err(), "{}: {seen:?}", case.name);
        if case.limit == Limit::None && !matches!(case.host, Host::Descends | Host::Reenters) {
            assert_eq!(seen.done, turn, "{}", case.name);
        }
    }
    expected
}

#[test]
fn what_ends_them_is_what_ends_the_interpreter() {
    for case in CASES {
        let expected = interpreted(case, false);
        for (skip, reservation) in [(false, None), (true, None), (false, Some(0))] {
            let mut config = Config::new();
            config
                .tier_up_after(10)
                .optimize_after(40)
                .optimization(Optimization::AtOnce)
                .skip_baseline(skip);
            if let Some(bytes) = reservation {
                config.memory_reservation(bytes);
            }
            let path = check(case, &format!("{skip} {reservation:?}"), &mut config, &expected);
            // It ended in code that begins at one of the loops: the function is called for the first time.
            assert_eq!(path.last(), Some(&Tier::Optimizing), "{}", case.name);
        }
    }
}

#[test]
fn objects_that_always_move_and_tiers_at_random_change_nothing() {
    for (number, case) in CASES.iter().enumerate() {
        // What is collected at each object takes its time where there are many.
        let stress = case.limit != Limit::Heap;
        let expected = interpreted(case, stress);
        for seed in 0..6 {
            let mut config = Config::new();
            config.random_tiers(seed * 100 + number as u64).optimization(Optimization::AtOnce);
            config.gc_stress(stress).jump_returns(seed % 2 == 1);
            check(case, &format!("seed {seed}"), &mut config, &expected);
        }
    }
}

/// Runs this test in a process of its own, which is to do a task.
fn apart(test: &str, task: &str) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(TASK, task).output().unwrap()
}

const TASK: &str = "UPSHIFT_TEST_TASK";

/// A fault of the host is no trap, wherever it is: not at an address where nothing is, nor where a load of the guest's would trap.
#[test]
fn a_host_that_faults_above_optimized_frames_ends_the_process() {
    const NAME: &str = "a_host_that_faults_above_optimized_frames_ends_the_process";
    let Ok(task) = std::env::var(TASK) else {
        for task in ["nowhere, calls", "memory, calls", "nowhere, loop", "memory, loop"] {
            let output = apart(NAME, task);
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(
                text.contains("ready") && output.status.signal() == Some(libc::SIGSEGV),
                "{task}: {output:?}"
            );
        }
        return;
    };
    let mut config = Config::new();
    if task.ends_with("loop") {
        config.tier_up_after(10).optimize_after(40).optimization(Optimization::AtOnce);
    } else {
        config.tiers(Tiers::Only(Tier::Optimizing));
    }
    let engine = Engine::new(&config).unwrap();
    let text = r#"(module (import "" "host" (func $host (param i32)))
        (memory (export "memory") 1)
        (func $f (export "f") (param $at i32) (local $turn i32)
            (loop $l
                (if (i32.eq (local.get $turn) (local.get $at)) (then (call $g (local.get $turn))))
                (i32.store (i32.const 16) (local.get $turn))
                (br_if $l (i32.ne (local.tee $turn (i32.add (local.get $turn) (i32.const 1))) (i32.const 2000)))))
        (func $g (param i32)
            (call $host (local.get 0))
            (i32.store (i32.const 20) (local.get 0)))
        (func (export "load") (param i32) (drop (i32.load (local.get 0)))))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, ());
    let in_memory = task.starts_with("memory");
    let import = Func::wrap(&mut store, move |mut caller: Caller<'_, ()>, _: i32| {
        let memory = caller.get_export("memory").and_then(Extern::into_memory).unwrap();
        let behind = memory.data(&caller).as_ptr().wrapping_add(0x10004);
        let place = if in_memory { behind } else { std::ptr::without_provenance(8) };
        println!("ready");
        // SAFETY: none: the process ends.
        std::hint::black_box(unsafe { place.read_volatile() });
    });
    let instance = Instance::new(&mut store, &module, &[import.into()]).unwrap();
    // The place where the host will fault is one where the guest only traps.
    let load = instance.get_typed_func::<i32, ()>(&mut store, "load").unwrap();
    for _ in 0..100 {
        let error = load.call(&mut store, 0x10004).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Trap::MemoryOutOfBounds));
    }
    let f = instance.get_typed_func::<i32, ()>(&mut store, "f").unwrap();
    f.call(&mut store, 1000).unwrap();
    panic!("the host has no fault");
}
