//! Functions whose code stands in the place of their calls: what programs and embedders see is as if they had been called.

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "common/ways.rs"]
mod ways;

use upshift::{Engine, Error, Func, Instance, Module, Store, Trap, Val, WasmBacktrace};

use crate::ways::Way;

/// What a call of the export `run` has come to.
#[derive(Debug)]
struct Outcome {
    result: Result<Vec<i64>, Error>,
    fuel: u64,
}

/// Calls `run`, with so much fuel if that is counted, several times so that functions rise. `f` makes the module's imports.
fn outcome(
    way: Way,
    wat: &str,
    arg: i32,
    fuel: Option<u64>,
    f: &dyn Fn(&mut Store<()>) -> Vec<Func>,
) -> Outcome {
    let engine = Engine::new(way.config().consume_fuel(fuel.is_some())).unwrap();
    let module = Module::new(&engine, wat).unwrap();
    let mut last = None;
    for _ in 0..8 {
        let mut store = Store::new(&engine, ());
        if let Some(fuel) = fuel {
            store.set_fuel(fuel).unwrap();
        }
        let imports: Vec<_> = f(&mut store).into_iter().map(Into::into).collect();
        let instance = Instance::new(&mut store, &module, &imports).unwrap();
        let run = instance.get_func(&mut store, "run").unwrap();
        let mut results = vec![Val::I32(0); run.ty(&store).results().len()];
        let result = run.call(&mut store, &[Val::I32(arg)], &mut results);
        let numbers = || {
            let number = |val: &Val| match *val {
                Val::I32(number) => i64::from(number),
                Val::I64(number) => number,
                ref other => panic!("{other:?}"),
            };
            results.iter().map(number).collect()
        };
        let fuel = if fuel.is_some() { store.get_fuel().unwrap() } else { 0 };
        last = Some(Outcome { result: result.map(|()| numbers()), fuel });
    }
    last.expect("it ran")
}

/// The outcome, which has to be the same in each way to run code: results, texts of errors with all places of the backtrace, fuel.
#[track_caller]
fn same(wat: &str, arg: i32, fuel: Option<u64>) -> Outcome {
    let mut outcomes = Way::all().into_iter().map(|way| (way, outcome(way, wat, arg, fuel, &|_| Vec::new())));
    let (_, first) = outcomes.next().expect("there is the interpreter");
    let text = |outcome: &Outcome| match &outcome.result {
        Ok(results) => format!("{results:?}, {}", outcome.fuel),
        Err(error) => format!("{error:#}, {}", outcome.fuel),
    };
    for (way, other) in outcomes {
        assert_eq!(text(&other), text(&first), "{way:?}");
    }
    first
}

/// The functions of the backtrace, and the offsets of their operators in their bodies.
fn frames(error: &Error) -> Vec<(String, usize)> {
    let backtrace = error.downcast_ref::<WasmBacktrace>().unwrap();
    let frame =
        |frame: &upshift::FrameInfo| (frame.func_name().unwrap().to_owned(), frame.func_offset().unwrap());
    backtrace.frames().iter().map(frame).collect()
}

fn named(frames: &[(&str, usize)]) -> Vec<(String, usize)> {
    frames.iter().map(|&(name, offset)| (name.to_owned(), offset)).collect()
}

/// A function that may trap in each of the ways that optimized code has, called by way of another one.
const TRAPS: &str = r#"(module (memory 1) (table 2 funcref) (type $none (func))
    (func $load (param i32) (result i32) (i32.load offset=8 (local.get 0)))
    (func $divide (param i32) (result i32) (i32.div_s (i32.const 7) (local.get 0)))
    (func $stop (param i32) (if (local.get 0) (then unreachable)))
    (func $middle (param i32) (result i32)
        (call $stop (i32.eq (local.get 0) (i32.const 1)))
        (i32.add (call $load (local.get 0)) (call $divide (local.get 0))))
    (func (export "run") (param i32) (result i32)
        (i32.mul (i32.const 3) (call $middle (local.get 0)))))"#;

#[test]
fn traps_have_the_frames_of_inlined_functions() {
    let error = same(TRAPS, -8, None).result.unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::MemoryOutOfBounds));
    assert!(
        format!("{error:#}").contains("load of 4 bytes at address 0x100000000 (0xfffffff8 + offset 0x8)")
    );
    assert_eq!(frames(&error), named(&[("load", 3), ("middle", 10), ("run", 5)]));

    let error = same(TRAPS, 0, None).result.unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::IntegerDivisionByZero));
    assert_eq!(frames(&error), named(&[("divide", 5), ("middle", 14), ("run", 5)]));

    let error = same(TRAPS, 1, None).result.unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::UnreachableCodeReached));
    assert_eq!(frames(&error), named(&[("stop", 5), ("middle", 6), ("run", 5)]));

    assert_eq!(same(TRAPS, 7, None).result.unwrap(), [3]);
}

/// Wherever the fuel ends, it ends at the same operator, and what is left is the same.
#[test]
fn fuel_is_the_same() {
    let wat = r#"(module (memory 1)
        (func $step (param i32) (result i32)
            (if (i32.lt_s (local.get 0) (i32.const 2)) (then (return (local.get 0))))
            (i32.store (local.get 0) (i32.add (i32.load (local.get 0)) (i32.const 1)))
            (i32.sub (local.get 0) (i32.const 1)))
        (func $fib (param i32) (result i32)
            (if (result i32) (i32.lt_s (local.get 0) (i32.const 2))
                (then (local.get 0))
                (else (i32.add
                    (call $fib (call $step (local.get 0)))
                    (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
        (func (export "run") (param i32) (result i32) (call $fib (local.get 0))))"#;
    assert_eq!(same(wat, 10, Some(1 << 40)).result.unwrap(), [55]);
    for fuel in (0..120).chain([500, 1000, 1500]) {
        let error = same(wat, 10, Some(fuel)).result.unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::OutOfFuel));
    }
}

/// A recursion that becomes two levels at once, or whose test stands in front of the call, still ends when there is no room.
#[test]
fn recursion_is_exhausted_and_deep() {
    let wat = r#"(module
        (global $deepest (mut i32) (i32.const 0))
        (func $down (param i32) (result i32)
            (if (result i32) (i32.eqz (local.get 0))
                (then (i32.const 0))
                (else
                    (global.set $deepest (i32.add (global.get $deepest) (i32.const 1)))
                    (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))))
        (func (export "deepest") (result i32) (global.get $deepest))
        (func (export "run") (param i32) (result i32) (call $down (local.get 0))))"#;
    assert_eq!(same(wat, 9_990, None).result.unwrap(), [9_990]);
    for way in Way::all() {
        let engine = Engine::new(&way.config()).unwrap();
        let module = Module::new(&engine, wat).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
        let error = run.call(&mut store, -1).unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::StackOverflow), "{way:?}");
        let deepest = instance.get_typed_func::<(), i32>(&mut store, "deepest").unwrap();
        assert!(deepest.call(&mut store, ()).unwrap() >= 10_000, "{way:?}");
    }
}

/// Functions that return a few values, and guards in front of calls whose exceptions are caught.
#[test]
fn exceptions_come_through_inlined_functions() {
    let wat = r#"(module (tag $e (param i32)) (memory 1)
        (func $pair (param i32) (result i32 i64) (local.get 0) (i64.extend_i32_s (local.get 0)))
        (func $thrower (param i32) (result i32)
            (if (i32.lt_s (local.get 0) (i32.const 3)) (then (return (i32.const -1))))
            (throw $e (i32.mul (local.get 0) (i32.const 2))))
        (func $outer (param i32) (result i32) (i32.add (call $thrower (local.get 0)) (i32.const 100)))
        (func $load (param i32) (result i32) (i32.load (local.get 0)))
        (func (export "run") (param i32) (result i32 i32 i64) (local i32)
            (local.set 1 (block $caught (result i32)
                (try_table (result i32) (catch $e $caught)
                    (i32.add (call $load (i32.const 0)) (call $thrower (local.get 0)))
                    (i32.add (call $outer (i32.add (local.get 0) (i32.const 1)))))))
            (local.get 1)
            (call $pair (local.get 0))))"#;
    // 0 + -1 + (-1 + 100)
    assert_eq!(same(wat, 1, None).result.unwrap(), [98, 1, 1]);
    // The second one throws 3 * 2.
    assert_eq!(same(wat, 2, None).result.unwrap(), [6, 2, 2]);
    assert_eq!(same(wat, 7, None).result.unwrap(), [14, 7, 7]);
    for fuel in (0..90).step_by(3).chain([1 << 30]) {
        same(wat, 2, Some(fuel));
    }
}

/// A host function sees all functions that are active.
#[test]
fn host_functions_see_inlined_callers() {
    let wat = r#"(module (import "" "host" (func $host (param i32) (result i32)))
        (func $inner (param i32) (result i32) (i32.add (call $host (local.get 0)) (i32.const 1)))
        (func $outer (param i32) (result i32) (i32.mul (call $inner (local.get 0)) (i32.const 2)))
        (func (export "run") (param i32) (result i32) (call $outer (i32.add (local.get 0) (i32.const 10)))))"#;
    let host = |store: &mut Store<()>| {
        vec![Func::wrap(&mut *store, |caller: upshift::Caller<'_, ()>, n: i32| {
            let backtrace = WasmBacktrace::capture(&caller);
            let frames = backtrace.frames().iter();
            let names: Vec<_> = frames.map(|f| (f.func_index(), f.func_offset().unwrap())).collect();
            assert_eq!(names, [(1, 3), (2, 3), (3, 6)]);
            n
        })]
    };
    for way in Way::all() {
        assert_eq!(outcome(way, wat, 5, None, &host).result.unwrap(), [32], "{way:?}");
    }
}

/// References are where the collector finds them while code of inlined functions makes objects.
#[test]
fn objects_live_across_inlined_functions() {
    let wat = r#"(module
        (type $pair (struct (field (mut i32)) (field (mut (ref null $pair)))))
        (func $make (param i32) (param (ref null $pair)) (result (ref $pair))
            (struct.new $pair (local.get 0) (local.get 1)))
        (func $first (param (ref null $pair)) (result i32)
            (if (ref.is_null (local.get 0)) (then (return (i32.const 0))))
            (struct.get $pair 0 (local.get 0)))
        (func $set (param (ref null $pair)) (param i32) (struct.set $pair 0 (local.get 0) (local.get 1)))
        (func (export "run") (param i32) (result i32) (local $list (ref null $pair)) (local $kept (ref null $pair))
            (local $n i32) (local $sum i32)
            (local.set $kept (call $make (i32.const 1000) (ref.null $pair)))
            (loop $l
                (local.set $list (call $make (local.get $n) (local.get $list)))
                (call $set (local.get $kept) (i32.add (call $first (local.get $kept)) (i32.const 1)))
                (br_if $l (i32.lt_s (local.tee $n (i32.add (local.get $n) (i32.const 1))) (local.get 0))))
            (loop $m
                (local.set $sum (i32.add (local.get $sum) (call $first (local.get $list))))
                (local.set $list (struct.get $pair 1 (local.get $list)))
                (br_if $m (i32.eqz (ref.is_null (local.get $list)))))
            (i32.add (local.get $sum) (call $first (local.get $kept)))))"#;
    // 0 + 1 + … + 2999, and 1000 + 3000.
    let expected = 2999 * 3000 / 2 + 4000;
    for way in Way::all() {
        for stress in [false, true] {
            let n = if stress { 60 } else { 3000 };
            let engine = Engine::new(way.config().gc_stress(stress)).unwrap();
            let module = Module::new(&engine, wat).unwrap();
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
            let expected = if stress { 59 * 60 / 2 + 1060 } else { expected };
            assert_eq!(run.call(&mut store, n).unwrap(), expected, "{way:?}");
        }
    }
    // A null dereferenced in an inlined function.
    let null = wat.replace("(call $set (local.get $kept)", "(call $set (ref.null $pair)");
    let error = same(&null, 5, None).result.unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::NullReference));
    assert_eq!(frames(&error)[0].0, "set");
}

/// The same numbers each time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

/// Makes functions that call themselves, with `$n` lower each time, in one type of integers.
struct Recursive {
    random: Random,
    ty: &'static str,
    /// How many more calls there may be on a path.
    calls: usize,
    /// Whether operators may trap, and functions throw.
    traps: bool,
}

impl Recursive {
    fn value(&mut self) -> String {
        let ty = self.ty;
        match self.random.below(if self.traps { 7 } else { 6 }) {
            0 => format!("({ty}.const {})", self.random.below(9) as i64 - 4),
            1 => "(global.get $g)".to_owned(),
            2 if ty == "i32" => "(local.get $n)".to_owned(),
            2 => "(i64.extend_i32_u (local.get $n))".to_owned(),
            6 => format!("({ty}.div_u ({ty}.const 100) (local.get $b))"),
            _ => self.random.of(&["(local.get $a)", "(local.get $b)"]).to_owned(),
        }
    }

    /// A value in which so many operators are in each other.
    fn nested(&mut self, depth: usize) -> String {
        let ty = self.ty;
        if depth == 0 {
            return self.value();
        }
        match self.random.below(6) {
            0 => format!("({ty}.clz {})", self.nested(depth - 1)),
            1 | 2 if self.calls > 0 => self.call("call", depth - 1),
            _ => {
                let op = self.random.of(&["add", "mul", "and", "or", "xor", "sub"]);
                let (first, second) = (self.nested(depth - 1), self.nested(depth - 1));
                format!("({ty}.{op} {first} {second})")
            }
        }
    }

    fn call(&mut self, how: &str, depth: usize) -> String {
        self.calls -= 1;
        let less = 1 + self.random.below(2);
        let (a, b) = (self.nested(depth), self.nested(depth));
        format!("({how} $f (i32.sub (local.get $n) (i32.const {less})) {a} {b})")
    }

    /// What a function returns: often a call and what is put together with it.
    fn returned(&mut self) -> String {
        self.calls = 3;
        let ty = self.ty;
        if self.random.below(5) == 0 {
            return self.call("return_call", 2);
        }
        let op = self.random.of(&["add", "add", "mul", "and", "or", "xor", "sub"]);
        let mut result = self.call("call", 1);
        for _ in 0..self.random.below(4) {
            let other = self.nested(2);
            result = if self.random.below(2) == 0 {
                format!("({ty}.{op} {result} {other})")
            } else {
                format!("({ty}.{op} {other} {result})")
            };
        }
        result
    }

    fn module(seed: u64, traps: bool) -> String {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let ty = random.of(&["i32", "i64"]);
        let mut this = Recursive { random, ty, calls: 0, traps };
        let (end, other, last) = (this.value(), this.returned(), this.returned());
        let store = match this.random.below(3) {
            0 => format!("(global.set $g ({ty}.add (global.get $g) {}))", this.value()),
            _ => String::new(),
        };
        let end =
            if traps && this.random.below(3) == 0 { "(throw $e (local.get $n))".to_owned() } else { end };
        format!(
            "(module (tag $e (param i32)) (global $g (mut {ty}) ({ty}.const 3))
                (func $f (param $n i32) (param $a {ty}) (param $b {ty}) (result {ty})
                    (if (i32.lt_s (local.get $n) (i32.const 1)) (then (return {end})))
                    {store}
                    (if (i32.and (local.get $n) (i32.const 1)) (then (return {other})))
                    {last})
                (func (export \"run\") (param i32) (result {ty} {ty})
                    (call $f (local.get 0) ({ty}.const 5) ({ty}.const 1))
                    (global.get $g)))"
        )
    }
}

#[test]
fn recursions_return_and_change_the_same() {
    for seed in 0..120 {
        let traps = seed % 3 == 2;
        let wat = Recursive::module(seed, traps);
        for arg in [1, 5] {
            let outcome = same(&wat, arg, None);
            assert!(traps || outcome.result.is_ok(), "{wat}\n{outcome:?}");
        }
    }
}

#[test]
fn recursions_take_the_same_fuel() {
    for seed in 200..216 {
        let wat = Recursive::module(seed, seed % 2 == 0);
        let all = (1 << 40) - same(&wat, 4, Some(1 << 40)).fuel;
        for fuel in (0..all.min(60)).chain([all.saturating_sub(1), all]) {
            same(&wat, 4, Some(fuel));
        }
    }
}

/// Where a function ends with a call of itself there may be no frame for it. It still ends when the program never does.
#[test]
fn recursions_that_are_loops_are_exhausted_and_deep() {
    let wat = r#"(module
        (func $f (param $n i32) (param $m i32) (result i32)
            (if (i32.eqz (local.get $n)) (then (return (local.get $m))))
            (if (i32.eqz (local.get $m)) (then (return (call $f (i32.sub (local.get $n) (i32.const 1)) (i32.const 1)))))
            (i32.add
                (call $f (i32.const 0) (local.get $m))
                (call $f (i32.sub (local.get $n) (i32.const 1)) (local.get $m))))
        (func (export "run") (param i32) (result i32) (call $f (local.get 0) (i32.const 2))))"#;
    assert_eq!(same(wat, 9_990, None).result.unwrap(), [2 * 9_991]);
    let endless = wat.replace("(i32.sub (local.get $n) (i32.const 1))", "(local.get $n)");
    for way in Way::all() {
        let error = outcome_once(way, &endless, 1).unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::StackOverflow), "{way:?}");
    }
}

fn outcome_once(way: Way, wat: &str, arg: i32) -> Result<i32, Error> {
    let engine = Engine::new(&way.config()).unwrap();
    let module = Module::new(&engine, wat).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap().call(&mut store, arg)
}
