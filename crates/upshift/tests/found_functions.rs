//! Functions that are found at run time, in tables and by references: in each way to run code each of them is called as the
//! interpreter calls it, or is the same trap at the same place.

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "common/ways.rs"]
mod ways;

use upshift::{Caller, Instance, Linker, Module, Result, Store, Trap, UpdateDeadline, WasmBacktrace};

use crate::ways::{Way, nop, wide_body};

/// A table of functions: an own one of the type, one of another type, nothing, one of another instance, one of the host, one
/// of a subtype.
const TABLE: &str = r#"
    (type $f (func (param i32 i64) (result i64)))
    (type $open (sub (func (param i32 i64) (result i64))))
    (type $sub (sub $open (func (param i32 i64) (result i64))))
    (import "other" "f" (func $other (type $f)))
    (import "host" "f" (func $host (type $f)))
    (table $t 8 funcref)
    (table $wide i64 2 funcref)
    (elem (i32.const 0) $own $none $other $host $sub $open)
    (elem (table $wide) (i64.const 0) func $own $none)
    (elem declare func $own $other $host)
    (func $own (type $f) (i64.add (i64.extend_i32_u (local.get 0)) (local.get 1)))
    (func $none)
    (func $sub (type $sub) (i64.const 40))
    (func $open (type $open) (i64.const 50))
"#;

/// Makes an instance of `TABLE` and these functions, calls the export `run` twice in each way and hands on what came out.
fn in_all_ways(functions: &str, index: i64, mut check: impl FnMut(Way, &Result<i64>)) -> Result<()> {
    // Both forms of returns, one of them with interruptions.
    for jumps in [false, true] {
        for way in Way::all() {
            let mut config = way.config();
            config.jump_returns(jumps).epoch_interruption(jumps);
            let engine = upshift::Engine::new(&config)?;
            let mut store = Store::new(&engine, 7_i64);
            if jumps {
                // Each look at the clock finds that it is time.
                store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Continue(0)));
            }
            let mut linker = Linker::new(&engine);
            linker.func_wrap("host", "f", |caller: Caller<'_, i64>, a: i32, b: i64| {
                i64::from(a) * b + caller.data()
            })?;
            let other = Module::new(
                &engine,
                r#"(module (func (export "f") (param i32 i64) (result i64)
                    (i64.sub (i64.extend_i32_u (local.get 0)) (local.get 1))))"#,
            )?;
            let other = linker.instantiate(&mut store, &other)?;
            linker.instance(&mut store, "other", other)?;
            let module = Module::new(&engine, format!("(module {TABLE} {functions})"))?;
            let instance = linker.instantiate(&mut store, &module)?;
            let run = instance.get_typed_func::<i64, i64>(&mut store, "run")?;
            for _ in 0..2 {
                check(way, &run.call(&mut store, index));
            }
        }
    }
    Ok(())
}

#[track_caller]
fn gives(functions: &str, index: i64, expected: i64) -> Result<()> {
    in_all_ways(functions, index, |way, result| {
        assert_eq!(
            *result.as_ref().unwrap_or_else(|error| panic!("{way:?}: {error:?}")),
            expected,
            "{way:?}"
        );
    })
}

/// The trap, the detail and the functions of the backtrace, innermost first.
fn traps(functions: &str, index: i64, trap: Trap, detail: Option<&str>, frames: &[&str]) -> Result<()> {
    let mut offsets = None;
    in_all_ways(functions, index, |way, result| {
        let error = result.as_ref().expect_err("it traps");
        assert_eq!(error.downcast_ref::<Trap>(), Some(&trap), "{way:?}: {error:?}");
        let texts: Vec<String> = error.chain().map(ToString::to_string).collect();
        if let Some(detail) = detail {
            assert_eq!(texts[1], detail, "{way:?}");
        }
        let backtrace = error.downcast_ref::<WasmBacktrace>().expect("it stopped in wasm");
        let names: Vec<&str> = backtrace.frames().iter().filter_map(|frame| frame.func_name()).collect();
        assert_eq!(names, frames, "{way:?}");
        let found: Vec<_> = backtrace.frames().iter().map(|frame| frame.module_offset()).collect();
        assert_eq!(*offsets.get_or_insert_with(|| found.clone()), found, "{way:?}");
    })
}

/// A call of the element that the parameter names, with arguments 5 and 3, and 100 more: by a call and by a tail call.
fn calls(ty: &str, table: &str, index: &str) -> [String; 2] {
    let callee = format!("{table} (type {ty}) (i32.const 5) (i64.const 3) {index}");
    [
        format!(
            r#"(func $inner (param i64) (result i64) (i64.add (i64.const 100) (call_indirect {callee})))
               (func $run (export "run") (param i64) (result i64) (i64.mul (call $inner (local.get 0)) (i64.const 1)))"#
        ),
        format!(
            r#"(func $inner (param i64) (result i64) (return_call_indirect {callee}))
               (func $run (export "run") (param i64) (result i64) (i64.add (call $inner (local.get 0)) (i64.const 100)))"#
        ),
    ]
}

const INDEX: &str = "(i32.wrap_i64 (local.get 0))";

#[test]
fn of_tables() -> Result<()> {
    for functions in calls("$f", "$t", INDEX) {
        gives(&functions, 0, 108)?;
        gives(&functions, 2, 102)?;
        gives(&functions, 3, 122)?;
        // Only the lower half of the number is the index.
        gives(&functions, 1 << 32, 108)?;
    }
    for functions in calls("$open", "$t", INDEX) {
        gives(&functions, 4, 140)?;
        gives(&functions, 5, 150)?;
    }
    for functions in calls("$sub", "$t", INDEX) {
        gives(&functions, 4, 140)?;
    }
    for functions in calls("$f", "$t", "(i32.const 0)") {
        gives(&functions, 9, 108)?;
    }
    for functions in calls("$f", "$wide", "(local.get 0)") {
        gives(&functions, 0, 108)?;
    }
    Ok(())
}

#[test]
fn traps_of_tables() -> Result<()> {
    let frames = ["inner", "run"];
    for functions in calls("$f", "$t", INDEX) {
        let none = Some("element 6 of table 0 is null");
        traps(&functions, 6, Trap::IndirectCallToNull, none, &frames)?;
        let out = Some("call of element 8, but table 0 has 8 elements");
        traps(&functions, 8, Trap::TableOutOfBounds, out, &frames)?;
        let far = Some("call of element 4294967295, but table 0 has 8 elements");
        traps(&functions, -1, Trap::TableOutOfBounds, far, &frames)?;
        traps(&functions, 1, Trap::BadSignature, None, &frames)?;
        traps(&functions, 4, Trap::BadSignature, None, &frames)?;
    }
    for functions in calls("$sub", "$t", INDEX) {
        // A supertype is not enough.
        traps(&functions, 5, Trap::BadSignature, None, &frames)?;
    }
    for functions in calls("$f", "$wide", "(local.get 0)") {
        let far = Some("call of element 4294967296, but table 1 has 2 elements");
        traps(&functions, 1 << 32, Trap::TableOutOfBounds, far, &frames)?;
        traps(&functions, 1, Trap::BadSignature, None, &frames)?;
    }
    for functions in calls("$f", "$t", "(i32.const 7)") {
        traps(&functions, 0, Trap::IndirectCallToNull, Some("element 7 of table 0 is null"), &frames)?;
    }
    Ok(())
}

#[test]
fn by_reference() -> Result<()> {
    let reference = r#"(func $pick (param i64) (result (ref null $f))
        (if (i64.eqz (local.get 0)) (then (return (ref.func $own))))
        (if (i64.eq (local.get 0) (i64.const 1)) (then (return (ref.func $other))))
        (if (i64.eq (local.get 0) (i64.const 2)) (then (return (ref.func $host))))
        (ref.null $f))"#;
    let call = format!(
        r#"{reference} (func $run (export "run") (param i64) (result i64)
            (i64.add (i64.const 100) (call_ref $f (i32.const 5) (i64.const 3) (call $pick (local.get 0)))))"#
    );
    let tail = format!(
        r#"{reference} (func $inner (param i64) (result i64)
            (return_call_ref $f (i32.const 5) (i64.const 3) (call $pick (local.get 0))))
            (func $run (export "run") (param i64) (result i64) (i64.add (call $inner (local.get 0)) (i64.const 100)))"#
    );
    for functions in [&call, &tail] {
        for (index, expected) in [(0, 108), (1, 102), (2, 122)] {
            gives(functions, index, expected)?;
        }
    }
    traps(&call, 3, Trap::NullReference, None, &["run"])?;
    traps(&tail, 3, Trap::NullReference, None, &["inner", "run"])
}

#[test]
fn what_tables_hold() -> Result<()> {
    let functions = r#"
        (table $e 4 externref)
        (func $run (export "run") (param i64) (result i64)
            (table.set $t (i32.const 7) (table.get $t (i32.wrap_i64 (local.get 0))))
            (i64.add
                (call_indirect $t (type $f) (i32.const 5) (i64.const 3) (i32.const 7))
                (i64.extend_i32_u (i32.add (table.size $t) (i32.wrap_i64 (table.size $wide))))))"#;
    gives(functions, 0, 18)?;
    gives(functions, 3, 32)?;
    let out = Some("table.get of element 4294967295, but table 0 has 8 elements");
    traps(functions, -1, Trap::TableOutOfBounds, out, &["run"])?;
    let set = r#"(func $run (export "run") (param i64) (result i64)
        (table.set $wide (local.get 0) (ref.func $own)) (table.size $wide))"#;
    gives(set, 1, 2)?;
    let out = Some("table.set of element 2, but table 1 has 2 elements");
    traps(set, 2, Trap::TableOutOfBounds, out, &["run"])?;
    let non_null = r#"(func $run (export "run") (param i64) (result i64)
        (call_ref $f (i32.const 5) (i64.const 3)
            (ref.cast (ref null $f) (ref.as_non_null (table.get $t (i32.wrap_i64 (local.get 0)))))))"#;
    gives(non_null, 0, 8)?;
    traps(non_null, 6, Trap::NullReference, None, &["run"])
}

/// Arguments that lie where the header was, more than a few, fewer than the caller's, and vectors.
#[test]
fn arguments_of_tail_calls_move() -> Result<()> {
    let many = |from: i64| (0..12).map(|n| format!("(i64.const {})", from + n)).collect::<String>();
    let sum = (0..12)
        .map(|n| format!("(i64.mul (local.get {n}) (i64.const {})) i64.add ", n + 1))
        .collect::<String>();
    let params = "i64 ".repeat(12);
    let functions = format!(
        r#"(func $many (param {params}) (result i64) i64.const 0 {sum})
           (func $more (param i64) (result i64) (return_call $many {}))
           (func $vectors (param v128 i32 v128) (result i64)
               (i64.add (i64x2.extract_lane 1 (local.get 0))
                   (i64.mul (i64x2.extract_lane 0 (local.get 2)) (i64.extend_i32_s (local.get 1)))))
           (func $fewer (param {params}) (result i64)
               (return_call $vectors (v128.const i64x2 1 2) (i32.const -3) (v128.const i64x2 4 5)))
           (func $swap (param i64 i64) (result i64)
               (if (i64.eqz (local.get 0)) (then (return (local.get 1))))
               (return_call $swap (local.get 1) (local.get 0)))
           (func $run (export "run") (param i64) (result i64)
               (i64.add (call $swap (local.get 0) (i64.const 0))
                   (i64.add (call $more (i64.const 1)) (call $fewer {}))))"#,
        many(10),
        many(1)
    );
    // 1·10 + 2·11 + … + 12·21; 2 − 3·4; the swapped number.
    let more: i64 = (0..12).map(|n| (n + 1) * (10 + n)).sum();
    gives(&functions, 77, more + 2 - 12 + 77)
}

/// A tail call whose frame has no room is a trap of the function that makes it.
#[test]
fn overflow_belongs_to_the_caller() -> Result<()> {
    for way in Way::all() {
        let mut config = way.config();
        config.max_wasm_stack(64 * 1024);
        let engine = upshift::Engine::new(&config)?;
        let (wide, nop, nops) = (wide_body(7400), nop(), "nop ".repeat(1000));
        let module = Module::new(
            &engine,
            format!(
                r#"(module
                    (type $t (func))
                    (table funcref (elem $wide))
                    (global $g (mut i64) (i64.const 0))
                    (func $wide {wide})
                    (func $again (param i32)
                        (if (local.get 0) (then
                            (call $again (i32.sub (local.get 0) (i32.const 1)))
                            (return_call $tail)))
                        (nop))
                    (func $tail (return_call_indirect (type $t) (i32.const 0)))
                    (func (export "warm") (call $wide))
                    (func (export "run") (param i32) (call $deep (local.get 0)))
                    (func $deep (param i32) {nops}
                        (if (i32.eqz (local.get 0)) (then (return_call $tail)))
                        (call $deep (i32.sub (local.get 0) (i32.const 1))))
                    {nop})"#
            ),
        )?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[])?;
        instance.get_typed_func::<(), ()>(&mut store, "warm")?.call(&mut store, ())?;
        let run = instance.get_typed_func::<i32, ()>(&mut store, "run")?;
        run.call(&mut store, 3)?;
        let error = run.call(&mut store, 1000).expect_err("the wide frame has no room");
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::StackOverflow), "{way:?}");
        let backtrace = error.downcast_ref::<WasmBacktrace>().expect("it stopped in wasm");
        assert_eq!(backtrace.frames()[0].func_name(), Some("tail"), "{way:?}");
        assert_eq!(backtrace.frames()[1].func_name(), Some("deep"), "{way:?}");
    }
    Ok(())
}

/// Locals that a loop keeps in registers are the same after services and interruptions, which change and move what they like.
#[test]
fn locals_over_services() -> Result<()> {
    let functions = r#"
        (memory 1 64)
        (func $run (export "run") (param $n i64) (result i64)
            (local $i i64) (local $a i64) (local $b i64) (local $c i32) (local $f f64) (local $r funcref) (local $v v128) (local $pages i32)
            (local.set $r (ref.func $own))
            (local.set $pages (memory.size))
            (loop $again
                (local.set $i (i64.add (local.get $i) (i64.const 1)))
                (local.set $a (i64.add (local.get $a) (local.get $i)))
                (local.set $b (i64.xor (local.get $b) (local.get $a)))
                (local.set $c (i32.add (local.get $c) (i32.wrap_i64 (local.get $i))))
                (local.set $f (f64.add (local.get $f) (f64.convert_i64_s (local.get $i))))
                (local.set $v (i64x2.splat (local.get $a)))
                (memory.fill (local.get $c) (i32.const 1) (i32.const 2))
                (local.set $c (i32.add (local.get $c) (i32.sub (memory.grow (i32.const 1)) (local.get $pages))))
                (local.set $r (table.get $t (i32.const 0)))
                (table.set $t (i32.const 7) (local.get $r))
                (br_if $again (i64.lt_s (local.get $i) (local.get $n))))
            ;; The sum, its twin as a float, and what memory.grow gave.
            (i64.add
                (i64.add (local.get $a) (i64.mul (i64.const 1000) (i64.trunc_f64_s (local.get $f))))
                (i64.add
                    (i64.mul (i64.const 1000000) (i64.extend_i32_s
                        (i32.add (local.get $c) (i32.sub (memory.size) (local.get $pages)))))
                    (i64.add (local.get $b) (i64x2.extract_lane 0 (local.get $v))))))"#;
    // 1 + … + 6, and exclusive or of 1, 3, 6, 10, 15, 21; pages grow by 0 … 5, and 6 in the end.
    let (sum, xor) = (21, 1 ^ 3 ^ 6 ^ 10 ^ 15 ^ 21);
    gives(functions, 6, sum + 1000 * sum + 1_000_000 * (sum + (1 + 2 + 3 + 4 + 5) + 6) + xor + sum)
}

/// Exceptions of the host and of other instances go through native frames that found them by a table.
#[test]
fn exceptions_of_found_functions() -> Result<()> {
    for way in Way::all() {
        let engine = upshift::Engine::new(&way.config())?;
        let module = Module::new(
            &engine,
            r#"(module
                (tag $e (param i64))
                (type $t (func (param i64) (result i64)))
                (table funcref (elem $throws $passes $tail))
                (func $throws (type $t) (throw $e (local.get 0)))
                (func $passes (type $t) (call_indirect (type $t) (local.get 0) (i32.const 0)))
                (func $tail (type $t) (return_call_indirect (type $t) (local.get 0) (i32.const 1)))
                (func (export "run") (param i64 i32) (result i64) (local $kept i64)
                    (local.set $kept (i64.mul (local.get 0) (i64.const 10)))
                    (i64.add (local.get $kept)
                        (block $caught (result i64)
                            (try_table (result i64) (catch $e $caught)
                                (call_indirect (type $t) (local.get 0) (local.get 1)))))))"#,
        )?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[])?;
        let run = instance.get_typed_func::<(i64, i32), i64>(&mut store, "run")?;
        for index in [0, 1, 2, 0, 1, 2] {
            assert_eq!(run.call(&mut store, (4, index))?, 44, "{way:?} {index}");
        }
    }
    Ok(())
}

/// Elements of tables that nobody writes to, by constants: in functions that stand in the place of their calls, too.
#[test]
fn of_tables_that_never_change() -> Result<()> {
    /// Calls the element with arguments 5 and 3 in each form, with the constant there and as an argument.
    fn calls(table: &str, ty: &str, index: &str) -> [String; 4] {
        let number = if table == "$wide" { "i64" } else { "i32" };
        let call = |call: &str, index: &str| {
            format!("({call} {table} (type {ty}) (i32.const 5) (i64.const 3) {index})")
        };
        let index = format!("({number}.const {index})");
        let run = |body: &str| {
            format!(r#"(func $run (export "run") (param i64) (result i64) (i64.mul {body} (i64.const 1)))"#)
        };
        let [there, given] = [&index[..], "(local.get 0)"];
        ["call_indirect", "return_call_indirect"]
            .map(|form| {
                let with = |param: &str, index: &str| {
                    format!("(func $inner {param} (result i64) {})", call(form, index))
                };
                let param = format!("(param {number})");
                [
                    with("", there) + &run("(call $inner)"),
                    with(&param, given) + &run(&format!("(call $inner {index})")),
                ]
            })
            .concat()
            .try_into()
            .expect("two forms, twice")
    }
    const TABLES: &str = r#"
        (type $f (func (param i32 i64) (result i64)))
        (type $open (sub (func (param i32 i64) (result i64))))
        (type $sub (sub $open (func (param i32 i64) (result i64))))
        (import "other" "f" (func $other (type $f)))
        (import "host" "f" (func $host (type $f)))
        (import "" "one" (global $one i32))
        (global $null funcref (ref.null func))
        (table $t 9 funcref)
        (table $wide i64 2 funcref)
        (table $full 2 funcref (ref.func $add))
        (elem (table $t) (i32.const 0) func $add $none $other $host $sub $open $add)
        (elem (table $t) (i32.const 5) funcref (ref.func $multiply) (ref.null func) (global.get $null))
        (elem (table $wide) (i64.const 0) func $multiply)
        (elem (table $full) (global.get $one) func $multiply)
        (elem func $none)
        (elem declare func $sub)
        (func $add (type $f) (i64.add (i64.extend_i32_u (local.get 0)) (local.get 1)))
        (func $multiply (type $f) (i64.mul (i64.extend_i32_u (local.get 0)) (local.get 1)))
        (func $none)
        (func $sub (type $sub) (i64.const 40))
        (func $open (type $open) (i64.const 50))"#;
    for way in Way::all() {
        for (table, ty, index, expected) in [
            ("$t", "$f", "0", Ok(8)),
            ("$t", "$f", "1", Err(Trap::BadSignature)),
            ("$t", "$f", "2", Ok(2)),
            ("$t", "$f", "3", Ok(22)),
            ("$t", "$open", "4", Ok(40)),
            ("$t", "$sub", "4", Ok(40)),
            ("$t", "$f", "4", Err(Trap::BadSignature)),
            ("$t", "$f", "5", Ok(15)),
            ("$t", "$f", "6", Err(Trap::IndirectCallToNull)),
            ("$t", "$f", "7", Err(Trap::IndirectCallToNull)),
            ("$t", "$f", "8", Err(Trap::IndirectCallToNull)),
            ("$t", "$f", "9", Err(Trap::TableOutOfBounds)),
            ("$t", "$f", "-1", Err(Trap::TableOutOfBounds)),
            ("$wide", "$f", "0", Ok(15)),
            ("$wide", "$f", "1", Err(Trap::IndirectCallToNull)),
            ("$wide", "$f", "0x100000000", Err(Trap::TableOutOfBounds)),
            ("$full", "$f", "0", Ok(8)),
            ("$full", "$f", "1", Ok(15)),
        ] {
            for functions in calls(table, ty, index) {
                let engine = upshift::Engine::new(&way.config())?;
                let mut store = Store::new(&engine, ());
                let mut linker = Linker::new(&engine);
                linker.func_wrap("host", "f", |a: i32, b: i64| i64::from(a) * b + 7)?;
                linker.func_wrap("other", "f", |a: i32, b: i64| i64::from(a) - b)?;
                let one = r#"(module (global (export "one") i32 (i32.const 1)))"#;
                let one = linker.instantiate(&mut store, &Module::new(&engine, one)?)?;
                linker.instance(&mut store, "", one)?;
                let module = Module::new(&engine, format!("(module {TABLES} {functions})"))?;
                let instance = linker.instantiate(&mut store, &module)?;
                let run = instance.get_typed_func::<i64, i64>(&mut store, "run")?;
                for _ in 0..8 {
                    let found = run.call(&mut store, 0);
                    let found = found.map_err(|error| *error.downcast_ref::<Trap>().expect("a trap"));
                    assert_eq!(found, expected, "{way:?} {functions}");
                }
            }
        }
    }
    Ok(())
}

/// Instantiation that fails half-way may leave functions in tables of others: they find what there is by then.
#[test]
fn of_tables_that_were_not_filled() -> Result<()> {
    for way in Way::all() {
        for (segments, expected) in [
            // What comes behind the segment that does not fit is not there.
            ("(elem (table $own) (i32.const 9) func $one) (elem (table $own) (i32.const 0) func $one)", None),
            (
                "(elem (table $own) (i32.const 0) func $one) (elem (table $own) (i32.const 9) func $one)",
                Some(1),
            ),
            (
                "(elem (table $own) (i32.const 0) func $one) (elem (table $own) (i32.const 9) func $one)
                 (elem (table $own) (i32.const 0) func $two)",
                Some(1),
            ),
            // The start function and data come last.
            ("(elem (table $own) (i32.const 0) func $two) (start $fails)", Some(2)),
            (
                "(memory 1) (data (i32.const 65536) \"a\") (elem (table $own) (i32.const 0) func $two)",
                Some(2),
            ),
        ] {
            let engine = upshift::Engine::new(&way.config())?;
            let mut store = Store::new(&engine, ());
            let mut linker = Linker::new(&engine);
            let keeper = Module::new(
                &engine,
                r#"(module (type $t (func (result i32))) (table (export "table") 1 funcref)
                    (func (export "run") (result i32) (call_indirect (type $t) (i32.const 0))))"#,
            )?;
            let keeper = linker.instantiate(&mut store, &keeper)?;
            linker.instance(&mut store, "", keeper)?;
            let text = format!(
                r#"(module (type $t (func (result i32))) (import "" "table" (table $other 1 funcref))
                    (table $own 2 funcref)
                    (elem (table $other) (i32.const 0) func $calls) {segments}
                    (func $calls (result i32) (call_indirect $own (type $t) (i32.const 0)))
                    (func $one (result i32) (i32.const 1)) (func $two (result i32) (i32.const 2))
                    (func $fails unreachable))"#
            );
            linker.instantiate(&mut store, &Module::new(&engine, text)?).expect_err("it fails half-way");
            let run = keeper.get_typed_func::<(), i32>(&mut store, "run")?;
            for _ in 0..8 {
                let found = run.call(&mut store, ());
                let found = found.map_err(|error| *error.downcast_ref::<Trap>().expect("a trap"));
                assert_eq!(found, expected.ok_or(Trap::IndirectCallToNull), "{way:?} {segments}");
            }
        }
    }
    Ok(())
}
