//! Calls of functions that do not belong to the running instance, those of the host and those of other instances, in all ways in which
//! code runs: directly, found at run time, instead of the caller.

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "common/ways.rs"]
mod ways;

use std::panic::{AssertUnwindSafe, catch_unwind};

use upshift::{
    AsContextMut, Caller, Config, Engine, Error, Exception, Extern, ExternRef, Func, FuncType, Instance,
    Linker, Module, Result, Store, Tag, TagType, Trap, V128, Val, ValType, WasmBacktrace,
};

use crate::ways::Way;

/// How a function is called that an import is, in functions named `call` and `call_last` with the parameters and results given, which
/// also are those of the type `$f`: directly, by a table, by reference. What belongs to the instance lies behind it in the table.
const KINDS: [&str; 3] =
    ["call $f", "call_indirect (type $t) (i32.const 1)", "call_ref $t (table.get $r (i32.const 1))"];

/// All ways, each also with calls that are jumps and operators that the interpreter does in between.
fn engines() -> Vec<(String, Engine)> {
    let mut engines = Vec::new();
    for way in Way::all() {
        for (more, stress) in
            [("", false), ("stress", true), ("jumps", false), ("twins", true), ("some twins", false)]
        {
            let mut config = way.config();
            config.gc_stress(stress);
            match more {
                "jumps" => config.jump_returns(true),
                "twins" => config.embedded_twins(0),
                "some twins" => config.embedded_twins(11),
                _ => &mut config,
            };
            engines.push((format!("{way:?} {more}"), Engine::new(&config).unwrap()));
        }
    }
    engines
}

/// Code that does something with each kind of call in each way, and with each kind of tail call.
fn for_all(mut run: impl FnMut(&Engine, &str) -> Result<()>) {
    for (way, engine) in engines() {
        for kind in KINDS {
            for tail in ["", "return_"] {
                if let Err(error) = run(&engine, &format!("{tail}{kind}")) {
                    panic!("{way}, {tail}{kind}: {error:?}");
                }
            }
        }
    }
}

/// A module that calls its import with all parameters, by an exported function that is called by another one, so that there is
/// something behind the call. `memory` is what its memory begins with.
fn caller_of(types: &str, call: &str, params: usize, memory: &str) -> String {
    let args: String = (0..params).map(|n| format!("(local.get {n})")).collect();
    let (op, more) = call.split_once(' ').unwrap_or((call, ""));
    let call = if op.ends_with("call_indirect") {
        let (ty, index) = more.split_once(") ").unwrap();
        format!("({op} {ty}) {args} {index})")
    } else if op.ends_with("call_ref") {
        let (ty, found) = more.split_once(' ').unwrap();
        format!("({op} {ty} {args} (ref.cast (ref {ty}) {found}))")
    } else {
        format!("({op} {more} {args})")
    };
    format!(
        r#"(module $caller
            (type $t (func {types}))
            (import "" "f" (func $f (type $t)))
            (memory (export "memory") 1)
            (data (i32.const 0) "{memory}")
            (table 4 funcref)
            (table $r 4 (ref null $t))
            (elem (i32.const 1) $f $own)
            (elem (table $r) (i32.const 1) (ref null $t) (ref.func $f) (ref.func $own))
            (func $own (type $t) unreachable)
            (func $call (type $t) {call})
            (func $middle (export "call") (type $t) (call $call {args}))
            (func (export "check") (param i32) (result i32) (call $drop) (i32.load8_u (local.get 0)))
            (func $drop))"#
    )
}

/// An instance of such a module, with a function as the import.
fn instance<T>(store: &mut Store<T>, text: &str, import: Func) -> Result<Instance> {
    let module = Module::new(store.engine(), text)?;
    Instance::new(store, &module, &[import.into()])
}

/// Calls again and again, so that functions rise to all tiers.
fn often(run: impl FnMut(i32) -> Result<()>) -> Result<()> {
    (0..20).try_for_each(run)
}

#[test]
fn numbers_come_and_go() {
    for_all(|engine, kind| {
        let mut store = Store::new(engine, 0_i64);
        // None.
        let text = caller_of("", kind, 0, "a");
        let count = Func::wrap(&mut store, |mut caller: Caller<'_, i64>| *caller.data_mut() += 1);
        let run = instance(&mut store, &text, count)?.get_typed_func::<(), ()>(&mut store, "call")?;
        often(|_| run.call(&mut store, ()))?;
        assert_eq!(*store.data(), 20);
        // One of each kind.
        let text = caller_of("(param i32) (result i32)", kind, 1, "a");
        let f = Func::wrap(&mut store, |n: i32| n.wrapping_sub(1));
        let run = instance(&mut store, &text, f)?.get_typed_func::<i32, i32>(&mut store, "call")?;
        often(|n| {
            assert_eq!(run.call(&mut store, n - 10)?, n - 11);
            Ok(())
        })?;
        let text = caller_of("(param i64) (result i64)", kind, 1, "a");
        let f = Func::wrap(&mut store, |n: i64| n.wrapping_mul(3));
        let run = instance(&mut store, &text, f)?.get_typed_func::<i64, i64>(&mut store, "call")?;
        often(|n| {
            assert_eq!(run.call(&mut store, i64::from(n) << 40)?, (3 * i64::from(n)) << 40);
            Ok(())
        })?;
        let text = caller_of("(param f32) (result f32)", kind, 1, "a");
        let f = Func::wrap(&mut store, |x: f32| -x / 2.0);
        let run = instance(&mut store, &text, f)?.get_typed_func::<f32, f32>(&mut store, "call")?;
        often(|n| {
            assert_eq!(run.call(&mut store, n as f32)?, -n as f32 / 2.0);
            Ok(())
        })?;
        let text = caller_of("(param f64) (result f64)", kind, 1, "a");
        let f = Func::wrap(&mut store, |x: f64| x + 0.25);
        let run = instance(&mut store, &text, f)?.get_typed_func::<f64, f64>(&mut store, "call")?;
        often(|n| {
            assert_eq!(run.call(&mut store, f64::from(n))?, f64::from(n) + 0.25);
            Ok(())
        })?;
        let text = caller_of("(param v128) (result v128)", kind, 1, "a");
        let f = Func::wrap(&mut store, |x: V128| V128::from_u128(x.as_u128().rotate_left(64) + 1));
        let run = instance(&mut store, &text, f)?.get_typed_func::<V128, V128>(&mut store, "call")?;
        often(|n| {
            let bits = (n as u128) << 96 | 5;
            assert_eq!(run.call(&mut store, V128::from_u128(bits))?.as_u128(), bits.rotate_left(64) + 1);
            Ok(())
        })
    });
}

#[test]
fn many_values_come_and_go() {
    type Many = (i32, i64, f32, f64, V128, i32, i64, f32, f64, u32);
    const TYPES: &str = "i32 i64 f32 f64 v128 i32 i64 f32 f64 i32";
    type Results = (f64, V128, i64, i32, f32, u64, f64, i32, i64, V128, f32, i32);
    const RESULTS: &str = "f64 v128 i64 i32 f32 i64 f64 i32 i64 v128 f32 i32";
    for_all(|engine, kind| {
        let mut store = Store::new(engine, ());
        // More results than parameters, with the header; and the other way round.
        let f = |a: i32,
                 b: i64,
                 c: f32,
                 d: f64,
                 e: V128,
                 f: i32,
                 g: i64,
                 h: f32,
                 i: f64,
                 j: u32|
         -> Result<Results> {
            Ok((d, e, g, a, h, b as u64, i, f, !g, V128::from_u128(!e.as_u128()), c, j as i32))
        };
        let f = Func::wrap(&mut store, f);
        let text = caller_of(&format!("(param {TYPES}) (result {RESULTS})"), kind, 10, "a");
        let run = instance(&mut store, &text, f)?.get_typed_func::<Many, Results>(&mut store, "call")?;
        often(|n| {
            let e = V128::from_u128(u128::from(n as u64) << 70);
            let results = run.call(&mut store, (n, -1, 1.5, 2.5, e, -n, 1 << 40, -0.5, 1e300, u32::MAX))?;
            let inverted = V128::from_u128(!e.as_u128());
            let expected = (2.5, e, 1 << 40, n, -0.5, u64::MAX, 1e300, -n, !(1 << 40), inverted, 1.5, -1);
            assert_eq!(results, expected);
            Ok(())
        })?;
        let f = Func::wrap(
            &mut store,
            |a: i32, b: i64, c: f32, d: f64, e: V128, f: i32, g: i64, h: f32, i: f64, j: u32| {
                let sum = i64::from(a) + b + i64::from(f) + g + i64::from(j);
                sum as f64 + f64::from(c) + d + f64::from(h) + i + e.as_u128() as f64
            },
        );
        let text = caller_of(&format!("(param {TYPES}) (result f64)"), kind, 10, "a");
        let run = instance(&mut store, &text, f)?.get_typed_func::<Many, f64>(&mut store, "call")?;
        often(|n| {
            let args = (n, 2, 0.5, 4.0, V128::from_u128(8), 16, 32, 64.0, 128.0, 256);
            assert_eq!(run.call(&mut store, args)?, f64::from(n) + 510.5);
            Ok(())
        })?;
        // Values.
        let types = [ValType::I64, ValType::F32];
        let ty = FuncType::new(engine, types.clone(), types.into_iter().rev());
        let f = Func::new(&mut store, ty, |_, params, results| {
            results.clone_from_slice(&[params[1], params[0]]);
            Ok(())
        });
        let text = caller_of("(param i64 f32) (result f32 i64)", kind, 2, "a");
        let run =
            instance(&mut store, &text, f)?.get_typed_func::<(i64, f32), (f32, i64)>(&mut store, "call")?;
        often(|n| {
            assert_eq!(run.call(&mut store, (n.into(), 1.5))?, (1.5, n.into()));
            Ok(())
        })
    });
}

#[test]
fn references_come_and_go() {
    for_all(|engine, kind| {
        let mut store = Store::new(engine, ());
        let swap = Func::wrap(
            &mut store,
            |mut caller: Caller<'_, ()>, a: Option<ExternRef>, b: Option<ExternRef>| {
                // Everything moves under stress.
                let _ = ExternRef::new(&mut caller, 7_i32);
                caller.as_context_mut().gc().unwrap();
                (b, a)
            },
        );
        let text = caller_of("(param externref externref) (result externref externref)", kind, 2, "a");
        let instance = instance(&mut store, &text, swap)?;
        type Two = (Option<ExternRef>, Option<ExternRef>);
        let run = instance.get_typed_func::<Two, Two>(&mut store, "call")?;
        let [a, b] = [1_i32, 2].map(|n| ExternRef::new(&mut store, n).unwrap());
        let found = |store: &Store<()>, value: Option<ExternRef>| -> i32 {
            *value.unwrap().data(store).unwrap().unwrap().downcast_ref::<i32>().unwrap()
        };
        often(|_| {
            let (first, second) = run.call(&mut store, (Some(a), Some(b)))?;
            assert_eq!([found(&store, first), found(&store, second)], [2, 1]);
            let (first, second) = run.call(&mut store, (None, Some(b)))?;
            assert_eq!(found(&store, first), 2);
            assert!(second.is_none());
            Ok(())
        })?;
        // Handles of host functions go with them.
        let handles = store.usage().handles;
        often(|_| run.call(&mut store, (Some(a), None)).map(|_| ()))?;
        assert!(store.usage().handles <= handles + 20, "{} {handles}", store.usage().handles);
        Ok(())
    });
}

/// The frames that an error stopped in.
fn names(error: &Error) -> Vec<String> {
    let backtrace = error.downcast_ref::<WasmBacktrace>().expect("there is a backtrace");
    backtrace.frames().iter().map(|frame| frame.func_name().unwrap_or("-").to_owned()).collect()
}

/// The functions of the caller that are active in a call of that kind.
fn active(kind: &str) -> &'static [&'static str] {
    if kind.starts_with("return_") { &["middle"] } else { &["call", "middle"] }
}

#[test]
fn hosts_fail_panic_and_see_the_frames() {
    for_all(|engine, kind| {
        let mut store = Store::new(engine, Vec::new());
        let f = |mut caller: Caller<'_, Vec<String>>, n: i32| -> Result<i32> {
            let backtrace = WasmBacktrace::capture(&caller);
            *caller.data_mut() =
                backtrace.frames().iter().map(|frame| frame.func_name().unwrap_or("-").to_owned()).collect();
            match n {
                1 => Err(Error::msg("no")),
                2 => Err(Trap::IntegerOverflow.into()),
                3 => panic!("never"),
                _ => Ok(n),
            }
        };
        let f = Func::wrap(&mut store, f);
        let text = caller_of("(param i32) (result i32)", kind, 1, "a");
        let run = instance(&mut store, &text, f)?.get_typed_func::<i32, i32>(&mut store, "call")?;
        often(|n| {
            match n % 4 {
                1 => {
                    let error = run.call(&mut store, 1).unwrap_err();
                    assert_eq!(error.root_cause().to_string(), "no");
                    assert_eq!(names(&error), active(kind));
                }
                2 => {
                    let error = run.call(&mut store, 2).unwrap_err();
                    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::IntegerOverflow));
                    assert_eq!(names(&error), active(kind));
                }
                3 => {
                    let panic = catch_unwind(AssertUnwindSafe(|| run.call(&mut store, 3))).unwrap_err();
                    assert_eq!(panic.downcast_ref::<&str>(), Some(&"never"));
                }
                _ => assert_eq!(run.call(&mut store, n)?, n),
            }
            assert_eq!(store.data(), active(kind), "{n}");
            Ok(())
        })
    });
}

#[test]
fn hosts_call_back_grow_and_throw() {
    for_all(|engine, kind| {
        let mut store = Store::new(engine, ());
        let f = |mut caller: Caller<'_, ()>, n: i32| -> Result<i32> {
            let memory = caller.get_export("memory").and_then(Extern::into_memory).unwrap();
            memory.grow(&mut caller, 1)?;
            memory.data_mut(&mut caller)[0x1_0000 + n as usize] = n as u8;
            if n == 0 {
                return Ok(0);
            }
            let call = caller.get_export("call").and_then(Extern::into_func).unwrap();
            Ok(call.typed::<i32, i32>(&caller)?.call(&mut caller, n - 1)? + n)
        };
        let f = Func::wrap(&mut store, f);
        let text = caller_of("(param i32) (result i32)", kind, 1, "a");
        let called = instance(&mut store, &text, f)?;
        let run = called.get_typed_func::<i32, i32>(&mut store, "call")?;
        let check = called.get_typed_func::<i32, i32>(&mut store, "check")?;
        assert_eq!(run.call(&mut store, 12)?, 78);
        for n in 0..13 {
            assert_eq!(check.call(&mut store, 0x1_0000 + n)?, n);
        }
        // Exceptions of the host are caught where the call stands, and by its caller.
        let tag = Tag::new(&mut store, &TagType::new(FuncType::new(engine, [ValType::I32], [])))?;
        let f = move |mut caller: Caller<'_, ()>, n: i32| -> Result<i32> {
            if n % 2 == 0 { Ok(n) } else { Err(Exception::new(&mut caller, tag, &[Val::I32(n)])?.into()) }
        };
        let f = Func::wrap(&mut store, f);
        let module = Module::new(
            engine,
            r#"(module
                (import "" "t" (tag $t (param i32)))
                (import "" "f" (func $f (param i32) (result i32)))
                (func $last (param i32) (result i32) (return_call $f (local.get 0)))
                (func (export "own") (param i32) (result i32)
                    (block $caught (result i32)
                        (return (try_table (result i32) (catch $t $caught) (call $f (local.get 0)))))
                    (i32.add (i32.const 100)))
                (func (export "last") (param i32) (result i32)
                    (block $caught (result i32)
                        (return (try_table (result i32) (catch $t $caught) (call $last (local.get 0)))))
                    (i32.add (i32.const 100))))"#,
        )?;
        let instance = Instance::new(&mut store, &module, &[tag.into(), f.into()])?;
        for name in ["own", "last"] {
            let run = instance.get_typed_func::<i32, i32>(&mut store, name)?;
            often(|n| {
                assert_eq!(run.call(&mut store, n)?, if n % 2 == 0 { n } else { n + 100 });
                Ok(())
            })?;
        }
        Ok(())
    });
}

/// A module whose function reads its own memory, whose first byte is not that of the caller's.
const OTHER: &str = r#"(module $other
    (memory 1)
    (data (i32.const 0) "\07")
    (func $inner (param i32) (result i32)
        (if (result i32) (i32.eq (local.get 0) (i32.const 3))
            (then (i32.div_u (i32.const 1) (i32.const 0)))
            (else (i32.add (local.get 0) (i32.load8_u (i32.const 0))))))
    (func $f (export "f") (param i32) (result i32) (call $inner (local.get 0)))
    (func (export "leaf") (param i32) (result i32) (i32.add (local.get 0) (i32.load8_u (i32.const 0))))
    (func (export "many") (param i32 i64 v128 f32) (result f32 v128 i64 i32 i32)
        (local.get 3) (local.get 2) (local.get 1) (local.get 0) (i32.load8_u (i32.const 0))))"#;

#[test]
fn other_instances_have_their_own_memory() {
    for_all(|engine, kind| {
        let mut store = Store::new(engine, ());
        let module = Module::new(engine, OTHER)?;
        let other = Instance::new(&mut store, &module, &[])?;
        for name in ["f", "leaf"] {
            let f = other.get_func(&mut store, name).unwrap();
            let text = caller_of("(param i32) (result i32)", kind, 1, "\\63");
            // The caller looks into its memory as soon as it is back.
            let text = text.replace(
                "(func $middle (export \"call\") (type $t) (call $call (local.get 0)))",
                "(func $middle (export \"call\") (type $t) (i32.mul (call $call (local.get 0)) (i32.load8_u (i32.const 0))))",
            );
            let run = instance(&mut store, &text, f)?.get_typed_func::<i32, i32>(&mut store, "call")?;
            often(|n| {
                if n == 3 && name == "f" {
                    let error = run.call(&mut store, n).unwrap_err();
                    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::IntegerDivisionByZero));
                    assert_eq!(names(&error), [&["inner", "f"], active(kind)].concat());
                    return Ok(());
                }
                assert_eq!(run.call(&mut store, n)?, (n + 7) * 0x63, "{name}");
                Ok(())
            })?;
        }
        let f = other.get_func(&mut store, "many").unwrap();
        let text = caller_of("(param i32 i64 v128 f32) (result f32 v128 i64 i32 i32)", kind, 4, "a");
        type Results = (f32, V128, i64, i32, i32);
        let run = instance(&mut store, &text, f)?
            .get_typed_func::<(i32, i64, V128, f32), Results>(&mut store, "call")?;
        often(|n| {
            let v = V128::from_u128(3 << 80 | 9);
            assert_eq!(run.call(&mut store, (n, -5, v, 0.5))?, (0.5, v, -5, n, 7));
            Ok(())
        })
    });
}

#[test]
fn instances_call_each_other_back() {
    for way in Way::all() {
        let engine = Engine::new(&way.config()).unwrap();
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        linker.func_wrap("", "host", |n: i32| n + 1).unwrap();
        let even = Module::new(
            &engine,
            r#"(module
                (type $f (func (param i32) (result i32)))
                (import "" "host" (func $host (type $f)))
                (memory 1) (data (i32.const 0) "\02")
                (table (export "table") 2 funcref) (elem (i32.const 0) $even)
                (func $even (export "even") (type $f)
                    (if (i32.eqz (local.get 0)) (then (return (i32.load8_u (i32.const 0)))))
                    (call_indirect (type $f) (i32.sub (local.get 0) (i32.const 1)) (i32.const 1))
                    (i32.add (i32.mul (call $host (i32.const 0)) (i32.load8_u (i32.const 0))))))"#,
        )
        .unwrap();
        let even = linker.instantiate(&mut store, &even).unwrap();
        linker.instance(&mut store, "even", even).unwrap();
        let odd = Module::new(
            &engine,
            r#"(module
                (type $f (func (param i32) (result i32)))
                (import "even" "even" (func $even (type $f)))
                (import "even" "table" (table 2 funcref))
                (memory 1) (data (i32.const 0) "\64")
                (elem (i32.const 1) $odd)
                (func $odd (type $f)
                    (if (i32.eqz (local.get 0)) (then (return (i32.load8_u (i32.const 0)))))
                    (i32.add (call $even (i32.sub (local.get 0) (i32.const 1))) (i32.load8_u (i32.const 0)))))"#,
        )
        .unwrap();
        linker.instantiate(&mut store, &odd).unwrap();
        let even = even.get_typed_func::<i32, i32>(&mut store, "even").unwrap();
        for n in [0, 1, 2, 3, 100, 101, 500] {
            let (rounds, last) = (n / 2, if n % 2 == 0 { 2 } else { 100 + 2 });
            assert_eq!(even.call(&mut store, n).unwrap(), rounds * 102 + last, "{way:?} {n}");
        }
        // To the end of the stack: what stopped is known, and the store goes on.
        let error = even.call(&mut store, i32::MAX).unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::StackOverflow), "{way:?}");
        assert_eq!(even.call(&mut store, 2).unwrap(), 104, "{way:?}");
    }
}

#[test]
fn the_stack_ends_at_calls_of_the_host() {
    let run = |way: Way| {
        let mut config: Config = way.config();
        config.max_wasm_stack(64 * 1024);
        let engine = Engine::new(&config).unwrap();
        let mut store = Store::new(&engine, 0_u64);
        let count =
            Func::wrap(&mut store, |mut caller: Caller<'_, u64>, _: i64, _: V128| *caller.data_mut() += 1);
        let module = Module::new(
            &engine,
            r#"(module
                (import "" "f" (func $f (param i64 v128)))
                (func $down (export "run")
                    (call $f (i64.const 0) (v128.const i64x2 0 0))
                    (call $down)
                    (call $f (i64.const 0) (v128.const i64x2 0 0))))"#,
        )
        .unwrap();
        let instance = Instance::new(&mut store, &module, &[count.into()]).unwrap();
        let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
        let error = run.call(&mut store, ()).unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::StackOverflow), "{way:?}");
        *store.data()
    };
    let ways = Way::with_whole_frames();
    let counts: Vec<u64> = ways.iter().map(|&way| run(way)).collect();
    assert!(counts.iter().all(|&count| count == counts[0] && count > 100), "{ways:?} {counts:?}");
}

#[test]
fn fuel_is_the_same_in_all_tiers() {
    let run = |way: Way, fuel: u64| {
        let mut config = way.config();
        config.consume_fuel(true);
        let engine = Engine::new(&config).unwrap();
        let mut store = Store::new(&engine, ());
        store.set_fuel(fuel).unwrap();
        let add = Func::wrap(&mut store, |a: i32, b: i64| i64::from(a) + b);
        let text = caller_of("(param i32 i64) (result i64)", "call $f", 2, "a");
        let instance = instance(&mut store, &text, add).unwrap();
        let run = instance.get_typed_func::<(i32, i64), i64>(&mut store, "call").unwrap();
        let outcomes: Vec<_> = (0..10)
            .map(|n| run.call(&mut store, (n, 1)).map_err(|error| *error.downcast_ref::<Trap>().unwrap()))
            .collect();
        (outcomes, store.get_fuel().unwrap())
    };
    for fuel in (0..40).chain([10_000]) {
        let expected = run(Way::Loop, fuel);
        for way in Way::all() {
            assert_eq!(run(way, fuel), expected, "{way:?} with {fuel}");
        }
    }
}

/// Functions of two instances and of the host that replace each other, with parameters that grow and shrink: `first` is replaced by one
/// of the other instance with as many parameters as `n` says, which is replaced by one of the first, and at last by the host's.
#[test]
fn functions_replace_each_other_over_instances() {
    let parameters = [0, 1, 2, 3, 4, 7, 12, 30];
    let list = |count: usize| "i64 ".repeat(count);
    for (way, engine) in engines() {
        let mut store = Store::new(&engine, 0_u64);
        let mut linker = Linker::new(&engine);
        let host = |mut caller: Caller<'_, u64>, a: i64, b: i64| {
            *caller.data_mut() += 1;
            (a + 10 * b, a - b)
        };
        linker.func_wrap("", "host", host).unwrap();
        // Each calls the next of the other module by a table, with its last parameter, or the number that the memory begins with.
        let module = |name: &str, byte: u8, from: usize| {
            let mut text = format!(
                r#"(module ${name}
                    (import "" "host" (func $host (param i64 i64) (result i64 i64)))
                    (memory 1) (data (i32.const 0) "\{byte:02x}")
                    (func $own (result i64) (i64.load8_u (i32.const 0)))
                    "#
            );
            for (n, &count) in parameters.iter().enumerate() {
                text += &format!("(type $t{n} (func (param {}) (result i64 i64)))\n", list(count));
            }
            text += "(import_table)";
            for (n, &count) in parameters.iter().enumerate().filter(|(n, _)| n % 2 == from) {
                let sum: String = (0..count).map(|p| format!("(local.get {p}) i64.add ")).collect();
                let call = match parameters.get(n + 1) {
                    Some(&next) => {
                        let args: String =
                            (0..next).map(|p| format!("(i64.add (call $sum{n}) (i64.const {p}))")).collect();
                        let args = args.replace(&format!("(call $sum{n})"), "(local.get $sum)");
                        format!("{args} (return_call_indirect (type $t{}) (i32.const {}))", n + 1, n + 1)
                    }
                    None => "(return_call $host (local.get $sum) (call $own))".to_owned(),
                };
                text += &format!(
                    "(func $f{n} (export \"f{n}\") (type $t{n}) (local $sum i64)
                        (call $own) {sum} (local.set $sum) {call})\n (elem (i32.const {n}) $f{n})\n"
                );
            }
            text + ")"
        };
        let table = |text: String, import: bool| {
            // Imports come before everything else.
            let (table, text) = (text.contains("(import_table)"), text.replace("(import_table)", ""));
            assert!(table);
            if import {
                text.replacen("(import ", "(import \"even\" \"table\" (table 8 funcref)) (import ", 1)
            } else {
                text.replacen("(memory 1)", "(table (export \"table\") 8 funcref) (memory 1)", 1)
            }
        };
        let even = Module::new(&engine, table(module("even", 3, 0), false)).unwrap();
        let even = linker.instantiate(&mut store, &even).unwrap();
        linker.instance(&mut store, "even", even).unwrap();
        let odd = Module::new(&engine, table(module("odd", 100, 1), true)).unwrap();
        let odd = linker.instantiate(&mut store, &odd).unwrap();
        // The same in numbers.
        let expected = |first: usize, args: &[i64]| {
            let own = |n: usize| if n.is_multiple_of(2) { 3 } else { 100 };
            let mut args = args.to_vec();
            for n in first.. {
                let sum = args.iter().sum::<i64>() + own(n);
                match parameters.get(n + 1) {
                    Some(&next) => args = (0..next as i64).map(|p| sum + p).collect(),
                    None => return (sum + 10 * own(n), sum - own(n)),
                }
            }
            unreachable!()
        };
        let caller = r#"(module
            (import "even" "f0" (func $f (result i64 i64)))
            (memory 1) (data (i32.const 0) "\05")
            (func (export "run") (result i64 i64 i64) (call $f) (i64.load8_u (i32.const 0))))"#;
        let caller = Module::new(&engine, caller).unwrap();
        let caller = linker.instantiate(&mut store, &caller).unwrap();
        let run = caller.get_typed_func::<(), (i64, i64, i64)>(&mut store, "run").unwrap();
        let f0 = even.get_typed_func::<(), (i64, i64)>(&mut store, "f0").unwrap();
        let f3 = odd.get_typed_func::<(i64, i64, i64), (i64, i64)>(&mut store, "f3").unwrap();
        for n in 0..20 {
            let (a, b) = expected(0, &[]);
            assert_eq!(f0.call(&mut store, ()).unwrap(), (a, b), "{way}");
            assert_eq!(run.call(&mut store, ()).unwrap(), (a, b, 5), "{way}");
            assert_eq!(f3.call(&mut store, (n, 2, 3)).unwrap(), expected(3, &[n, 2, 3]), "{way}");
        }
        assert_eq!(*store.data(), 60);
    }
}

/// Exceptions of functions of another instance are caught in the caller's, which goes on with its own memory.
#[test]
fn exceptions_come_from_other_instances() {
    for (way, engine) in engines() {
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        let other = Module::new(
            &engine,
            r#"(module
                (tag $t (export "t") (param i32 i64))
                (memory 1) (data (i32.const 0) "\07")
                (func $throw (param i32) (result i32)
                    (if (i32.and (local.get 0) (i32.const 1))
                        (then (throw $t (i32.load8_u (i32.const 0)) (i64.extend_i32_u (local.get 0)))))
                    (local.get 0))
                (func (export "f") (param i32) (result i32) (call $throw (local.get 0)))
                (func (export "g") (param i32) (result i32) (return_call $throw (local.get 0))))"#,
        )
        .unwrap();
        let other = linker.instantiate(&mut store, &other).unwrap();
        linker.instance(&mut store, "other", other).unwrap();
        for name in ["f", "g"] {
            let text = r#"(module
                (import "other" "t" (tag $t (param i32 i64)))
                (import "other" "NAME" (func $f (param i32) (result i32)))
                (memory 1) (data (i32.const 0) "\63")
                (func (export "run") (param i32) (result i64)
                    (local $n i64)
                    (block $caught (result i32 i64)
                        (try_table (result i32) (catch $t $caught) (call $f (local.get 0)))
                        (return (i64.extend_i32_u)))
                    (local.set $n)
                    (i64.extend_i32_u)
                    (i64.add (i64.mul (local.get $n) (i64.const 1000)))
                    (i64.add (i64.load8_u (i32.const 0)))))"#;
            let module = Module::new(&engine, text.replace("NAME", name)).unwrap();
            let instance = linker.instantiate(&mut store, &module).unwrap();
            let run = instance.get_typed_func::<i32, i64>(&mut store, "run").unwrap();
            for n in 0..20_i32 {
                let expected = if n % 2 == 0 { n.into() } else { 7 + 1000 * i64::from(n) + 0x63 };
                assert_eq!(run.call(&mut store, n).unwrap(), expected, "{way} {name}");
            }
        }
    }
}
