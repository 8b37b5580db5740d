//! What programs pay, compared with what is done for them: by programs that want much for little.

use std::sync::{Arc, Mutex};

use crate::vm::work::{Work, done};
use crate::{
    Config, Dispatch, Engine, Instance, Module, Store, StoreLimits, StoreLimitsBuilder, Tier, Tiers, Trap,
    UpdateDeadline, WasmBacktrace,
};

/// A program that takes all the fuel that there is, or says why it cannot.
struct Program {
    name: &'static str,
    wat: String,
    /// The most bytes that objects may take.
    heap: Option<usize>,
}

/// Functions that call each other to a depth of `depth` and then `bottom`, so that neighbouring frames differ.
fn deep(head: &str, bottom: &str) -> String {
    format!(
        r#"(module
            (type $s (struct (field i32))) (type $v (array (mut v128))) (type $b (array (mut i8)))
            (type $node (struct (field (ref null $node)) (field i64)))
            {head}
            (func $bottom {bottom})
            (func $a (param i32) (param $r (ref null $s))
                (if (local.get 0)
                    (then (call $b (i32.sub (local.get 0) (i32.const 1)) (local.get $r)))
                    (else (call $bottom))))
            (func $b (param i32) (param $r (ref null $s))
                (if (local.get 0)
                    (then (call $a (i32.sub (local.get 0) (i32.const 1)) (local.get $r)))
                    (else (call $bottom))))
            (func $deep (param i32) (call $a (local.get 0) (struct.new $s (i32.const 1)))))"#
    )
}

/// A loop without end around `body`, above so many frames.
fn endless(name: &'static str, heap: Option<usize>, depth: u32, head: &str, body: &str) -> Program {
    let head = format!("{head} (func (export \"run\") (call $deep (i32.const {depth})))");
    Program { name, wat: deep(&head, &format!("(loop $again {body} (br $again))")), heap }
}

/// A loop without end that calls down so far each time, where something is thrown.
fn throwing(name: &'static str, depth: u32, head: &str, call: &str, bottom: &str) -> Program {
    let call = call.replace("DEEP", &format!("(call $deep (i32.const {depth}))"));
    let head = format!("(tag $t) (tag $u) {head} (func (export \"run\") (loop $again {call} (br $again)))");
    Program { name, wat: deep(&head, bottom), heap: None }
}

const MIB: Option<usize> = Some(1 << 20);
const DEPTH: u32 = 60_000;

fn collecting() -> Vec<Program> {
    let big = "(drop (array.new_default $v (i32.const 65535)))";
    let small = "(drop (struct.new_default $s))";
    let keep = "(global $list (mut (ref null $node)) (ref.null $node))";
    let kept = |nodes: u32| {
        format!(
            "(local $i i32) (loop $more (global.set $list (struct.new $node (global.get $list) (i64.const 1)))
                (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const {nodes}))))"
        )
    };
    let keeping = |name, nodes, heap, depth, body: &str| {
        let wat = deep(
            &format!("{keep} (func (export \"run\") (call $deep (i32.const {depth})))"),
            &format!("{} (loop $again {body} (br $again))", kept(nodes)),
        );
        Program { name, wat, heap }
    };
    vec![
        endless("big arrays above many frames", None, DEPTH, "", big),
        endless("small objects above many frames", None, DEPTH, "", small),
        endless("big arrays above many frames and little room", Some(3 << 20), DEPTH, "", big),
        endless("small objects above many frames and little room", MIB, DEPTH, "", small),
        endless("small objects above many frames and hardly any room", Some(64 << 10), DEPTH, "", small),
        keeping("a heap that is full but for some objects", 43_600, MIB, 1, small),
        keeping("a heap with just enough room", 38_700, MIB, 1, small),
        keeping("a heap with just enough room for some of many frames", 20_000, MIB, 1000, small),
        keeping("arrays that need a larger heap each time", 100_000, None, 1, "(drop (array.new_default $b (i32.const 3000000)))"),
        endless("a large table of references", None, 1, "(table 1000000 externref)", small),
        endless("a table that grows", None, 1, "(table $t 0 externref)",
            "(drop (table.grow $t (ref.null extern) (i32.const 1))) (drop (struct.new_default $s))"),
        endless("many globals", None, 1, &"(global (mut anyref) (ref.null any))".repeat(20_000), small),
        endless("many segments", None, 1, &"(elem externref (ref.null extern))".repeat(20_000), small),
        endless("arrays that are copied", None, 1, "(global $a (mut (ref null $v)) (ref.null $v))",
            "(global.set $a (array.new_default $v (i32.const 30000)))
             (array.copy $v $v (global.get $a) (i32.const 1) (global.get $a) (i32.const 0) (i32.const 29999))"),
    ]
}

fn bulk() -> Vec<Program> {
    let all = 0x40_0000;
    let head = r#"(memory 64) (memory $other 64) (table $t 100000 externref) (table $f 100000 funcref) (data $d "0123456789abcdef")
        (elem $e funcref (ref.func $run) (ref.func $run)) (export "run" (func $run)) (type $refs (array (mut funcref)))
        (global $refs (mut (ref null $refs)) (ref.null $refs)) (global $bytes (mut (ref null $b)) (ref.null $b))
        (func $run (global.set $refs (array.new_default $refs (i32.const 1000)))
            (global.set $bytes (array.new_default $b (i32.const 1000))) (call $deep (i32.const 1)))"#;
    [
        ("memory.fill", format!("(memory.fill (i32.const 0) (i32.const 1) (i32.const {all}))")),
        ("memory.copy", format!("(memory.copy (i32.const 1) (i32.const 0) (i32.const {}))", all - 1)),
        ("memory.copy to another", format!("(memory.copy $other 0 (i32.const 0) (i32.const 0) (i32.const {all}))")),
        ("memory.init", "(memory.init $d (i32.const 0) (i32.const 0) (i32.const 16))".into()),
        ("table.fill", "(table.fill $t (i32.const 0) (ref.null extern) (i32.const 100000))".into()),
        ("table.copy", "(table.copy $t $t (i32.const 1) (i32.const 0) (i32.const 99999))".into()),
        ("table.init", "(table.init $f $e (i32.const 0) (i32.const 0) (i32.const 2))".into()),
        ("table.grow", "(drop (table.grow $t (ref.null extern) (i32.const 1)))".into()),
        ("table.grow much", "(drop (table.grow $t (ref.null extern) (i32.const 500000)))".into()),
        ("array.new", "(drop (array.new $v (v128.const i64x2 1 2) (i32.const 1000)))".into()),
        ("array.new_default", "(drop (array.new_default $v (i32.const 100000)))".into()),
        ("array.new_fixed", format!("(drop (array.new_fixed $v 9 {}))", "(v128.const i64x2 1 2)".repeat(9))),
        ("array.new_data", "(drop (array.new_data $b $d (i32.const 0) (i32.const 16)))".into()),
        ("array.new_elem", "(drop (array.new_elem $refs $e (i32.const 0) (i32.const 2)))".into()),
        ("array.fill", "(array.fill $b (global.get $bytes) (i32.const 0) (i32.const 1) (i32.const 1000))".into()),
        ("array.copy", "(array.copy $refs $refs (global.get $refs) (i32.const 0) (global.get $refs) (i32.const 1) (i32.const 999))".into()),
        ("array.init_data", "(array.init_data $b $d (global.get $bytes) (i32.const 0) (i32.const 0) (i32.const 16))".into()),
        ("array.init_elem", "(array.init_elem $refs $e (global.get $refs) (i32.const 0) (i32.const 0) (i32.const 2))".into()),
    ]
    .into_iter()
    .map(|(name, body)| endless_with_own_run(name, head, &body))
    .collect()
}

fn endless_with_own_run(name: &'static str, head: &str, body: &str) -> Program {
    Program { name, wat: deep(head, &format!("(loop $again {body} (br $again))")), heap: None }
}

fn exceptions() -> Vec<Program> {
    let nested = |n: usize, inside: &str| {
        format!("{}{inside}{}", "(block (try_table (catch $u 0) ".repeat(n), "))".repeat(n))
    };
    let caught = "(block $h (try_table (catch $t $h) DEEP))";
    let recursive = format!(
        "(func $r (param i32) {})",
        nested(
            300,
            "(if (local.get 0) (then (call $r (i32.sub (local.get 0) (i32.const 1)))) (else (throw $t)))"
        )
    );
    vec![
        throwing("a throw through many frames", DEPTH, "", caught, "(throw $t)"),
        throwing("a throw through many handlers", 1, "", caught, &nested(5000, "(throw $t)")),
        throwing(
            "a throw through many handlers in many frames",
            1,
            &recursive,
            "(block $h (try_table (catch $t $h) (call $r (i32.const 2000))))",
            "",
        ),
        throwing(
            "a throw to the last of many clauses",
            1,
            "",
            &format!("(block $h (try_table {} (catch $t $h) (throw $t)))", "(catch $u $h)".repeat(5000)),
            "",
        ),
        throwing(
            "an exception that is an object, thrown again and again",
            1000,
            "(global $e (mut exnref) (ref.null exn))",
            "(block $h (result exnref) (try_table (catch_all_ref $h) DEEP) (unreachable)) (global.set $e)",
            "(if (ref.is_null (global.get $e)) (then (throw $t)) (else (throw_ref (global.get $e))))",
        ),
        throwing(
            "exceptions with many values that become objects",
            1,
            &format!("(tag $many (param {}))", "v128 ".repeat(500)),
            &format!(
                "(block $h (result exnref) (try_table (catch_all_ref $h) {} (throw $many)) (unreachable)) (drop)",
                "(v128.const i64x2 1 1)".repeat(500)
            ),
            "",
        ),
    ]
}

/// What was done, and what was paid for it.
#[derive(Clone, Copy, Debug)]
struct Bill {
    fuel: u64,
    bytes: u64,
    frames: u64,
    clauses: u64,
    /// Of collections, as bytes that are copied.
    collecting: u64,
}

fn all_work() -> [u64; 5] {
    [Work::Bytes, Work::Frames, Work::Clauses, Work::Roots, Work::Copied].map(done)
}

fn store_for(program: &Program, config: &Config) -> (Store<StoreLimits>, Instance) {
    let engine = Engine::new(config).unwrap();
    let module =
        Module::new(&engine, &program.wat).unwrap_or_else(|error| panic!("{}: {error:#}", program.name));
    let mut limits = StoreLimitsBuilder::new();
    if let Some(heap) = program.heap {
        limits = limits.gc_heap_size(heap);
    }
    let mut store = Store::new(&engine, limits.build());
    store.limiter(|limits| limits);
    store.set_epoch_deadline(u64::MAX);
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    (store, instance)
}

fn run(program: &Program, dispatch: Dispatch, fuel: u64) -> Bill {
    let mut config = Config::new();
    config.consume_fuel(true).dispatch(dispatch).tiers(Tiers::Only(Tier::Interpreter));
    let (mut store, instance) = store_for(program, &config);
    let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
    store.set_fuel(fuel).unwrap();
    let before = all_work();
    let error = run.call(&mut store, ()).unwrap_err();
    let trap = error.downcast_ref::<Trap>();
    assert!(matches!(trap, Some(Trap::OutOfFuel | Trap::GcHeapOutOfMemory)), "{}: {error:#}", program.name);
    let after = all_work();
    let [bytes, frames, clauses, roots, copied] = std::array::from_fn(|i| after[i] - before[i]);
    Bill {
        fuel: fuel - store.get_fuel().unwrap(),
        bytes,
        frames,
        clauses,
        collecting: copied + 32 * frames + 8 * roots,
    }
}

/// A unit pays for the work of about a microsecond: 64 bytes that are moved; a few frames, or some clauses that are compared
/// with an exception; a thousand bytes that are copied with everything else that a collection visits.
fn check(program: &Program, bill: Bill, fuel: u64, extra: u64) {
    let Bill { bytes, frames, clauses, collecting, .. } = bill;
    let within = bytes <= 64 * fuel + extra
        && frames <= 32 * fuel + extra / 32
        && clauses <= 64 * fuel + extra / 8
        && collecting <= 1024 * fuel + extra;
    assert!(within, "{}: {bill:?} for {fuel}", program.name);
}

#[test]
fn no_program_gets_more_work_than_it_pays_for() {
    const FUEL: u64 = 2_000_000;
    for program in collecting().into_iter().chain(bulk()).chain(exceptions()) {
        let [less, more] = [FUEL, 3 * FUEL].map(|fuel| run(&program, Dispatch::Tail, fuel));
        println!("{}: {less:?} {more:?}", program.name);
        // What the program has found when it began (large tables, many globals) is visited once for nothing.
        check(&program, less, less.fuel, 16 << 20);
        let difference = Bill {
            fuel: more.fuel - less.fuel,
            bytes: more.bytes.saturating_sub(less.bytes),
            frames: more.frames.saturating_sub(less.frames),
            clauses: more.clauses.saturating_sub(less.clauses),
            collecting: more.collecting.saturating_sub(less.collecting),
        };
        check(&program, difference, difference.fuel, 2 << 20);
        // Both backends pay the same and do the same, but for what is remembered of searches: that is found by addresses.
        let other = run(&program, Dispatch::Loop, FUEL);
        check(&program, other, other.fuel, 16 << 20);
        let done = |bill: Bill| format!("{:?}", Bill { clauses: 0, ..bill });
        assert_eq!(done(less), done(other), "{}", program.name);
    }
}

#[test]
fn a_store_that_is_collected_by_its_host_pays_nothing() {
    let program = &collecting()[0];
    let (mut store, _) = store_for(program, Config::new().consume_fuel(true));
    store.set_fuel(1).unwrap();
    store.gc().unwrap();
    assert_eq!(store.get_fuel().unwrap(), 1);
}

/// Runs a program whose time has always come, until it was asked so often; returns the most that was done between two looks
/// at the epoch: bytes, frames, clauses.
fn most_between_looks(program: &Program, dispatch: Dispatch, looks: u32) -> [u64; 3] {
    let (mut store, instance) = store_for(program, Config::new().epoch_interruption(true).dispatch(dispatch));
    let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
    let now = || [Work::Bytes, Work::Frames, Work::Clauses].map(done);
    let most = Arc::new(Mutex::new([0; 3]));
    let seen = Arc::clone(&most);
    let (mut before, mut count) = (now(), 0);
    store.epoch_deadline_callback(move |_| {
        let (mut most, now) = (seen.lock().unwrap(), now());
        *most = std::array::from_fn(|i| most[i].max(now[i] - before[i]));
        before = now;
        count += 1;
        Ok(if count < looks { UpdateDeadline::Continue(0) } else { UpdateDeadline::Interrupt })
    });
    store.set_epoch_deadline(0);
    let error = run.call(&mut store, ()).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Interrupt), "{}: {error:#}", program.name);
    *most.lock().unwrap()
}

#[test]
fn a_deadline_is_seen_in_the_middle_of_what_takes_long() {
    // The largest number of clauses of one function is looked at without a look at the epoch.
    const ONE_FUNCTION: u64 = 5001;
    for dispatch in [Dispatch::Loop, Dispatch::Tail] {
        for program in bulk() {
            let [bytes, ..] = most_between_looks(&program, dispatch, 2000);
            // An array that is made is made a second time, in one go: it has less than two mebibytes here.
            let most = if program.name.starts_with("array.new") { 2 << 20 } else { 1 << 20 };
            let most = if program.name == "table.grow much" { u64::MAX } else { most };
            assert!(bytes > 0 && bytes <= most, "{}: {bytes}", program.name);
        }
        for program in exceptions() {
            // Frames are entered with a look each, so all that is left are those that are searched.
            let [_, frames, clauses] = most_between_looks(&program, dispatch, 200_000);
            assert!(frames <= (1 << 14) / 8 + 1, "{}: {frames} frames", program.name);
            assert!(clauses <= (1 << 14) + ONE_FUNCTION, "{}: {clauses} clauses", program.name);
        }
    }
}

#[test]
fn a_backtrace_looks_at_no_more_frames_than_were_paid_for() {
    const MANY: u32 = 200_000;
    const FUEL: u64 = 60_000_000;
    let bottoms = [
        ("unreachable", Trap::UnreachableCodeReached),
        ("(loop (br 0))", Trap::OutOfFuel),
        ("(drop (array.new_default $v (i32.const -1)))", Trap::GcHeapOutOfMemory),
        ("(call $deep (i32.const 2000000000))", Trap::StackOverflow),
    ];
    for (bottom, trap) in bottoms {
        let head = format!("(func (export \"run\") (call $deep (i32.const {MANY})))");
        let program = Program { name: bottom, wat: deep(&head, bottom), heap: None };
        let mut config = Config::new();
        let (mut store, instance) = store_for(&program, config.consume_fuel(true).max_wasm_stack(64 << 20));
        let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
        store.set_fuel(FUEL).unwrap();
        let before = done(Work::Frames);
        let error = run.call(&mut store, ()).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&trap), "{bottom}: {error:#}");
        let backtrace = error.downcast_ref::<WasmBacktrace>().unwrap();
        assert!(backtrace.frames().len() == 20 && backtrace.is_elided());
        let (frames, paid) = (done(Work::Frames) - before, FUEL - store.get_fuel().unwrap());
        // All of them are looked at once, to know the outermost ones; a call costs more than one unit. In optimized code a function
        // may stand in its own place once, and two calls have one frame.
        assert!((u64::from(MANY / 2)..paid).contains(&frames), "{bottom}: {frames}");
    }
}
