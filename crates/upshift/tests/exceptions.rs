//! Exceptions across hosts and instances, what cannot be caught, and how long exceptions live.

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "common/ways.rs"]
mod ways;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use upshift::{
    Caller, Config, Engine, Error, Exception, ExnRef, Extern, ExternRef, Func, FuncType, Global, Instance,
    Linker, Module, Ref, Result, Store, StoreLimitsBuilder, Tag, TagType, Trap, Val, ValType, WasmBacktrace,
};

use crate::ways::Way;

/// Engines for each way to run code, and the same counting.
fn engines() -> Vec<Engine> {
    let mut configs: Vec<Config> = Way::all().iter().map(|way| way.config()).collect();
    let mut counting = configs.clone();
    for config in &mut counting {
        config.consume_fuel(true).epoch_interruption(true);
    }
    configs.append(&mut counting);
    configs.iter().map(|config| Engine::new(config).unwrap()).collect()
}

fn store(engine: &Engine) -> Store<()> {
    let mut store = Store::new(engine, ());
    if store.set_fuel(u64::MAX).is_ok() {
        store.set_epoch_deadline(u64::MAX);
    }
    store
}

fn tag(store: &mut Store<()>, types: &[ValType]) -> Tag {
    let ty = FuncType::new(store.engine(), types.iter().cloned(), []);
    Tag::new(store, &TagType::new(ty)).unwrap()
}

/// A host function that calls the function it is given and passes its errors on.
fn pass_on(store: &mut Store<()>) -> Func {
    Func::wrap(store, |mut caller: Caller<'_, ()>, func: Option<Func>| -> Result<()> {
        func.unwrap().typed::<(), ()>(&caller)?.call(&mut caller, ())
    })
}

/// Throws what it is told to; calls a function of its own through the host; catches an exception by its tag or any.
const RELAY: &str = r#"(module $relay
    (import "" "tag" (tag $t (param i32)))
    (import "" "pass-on" (func $pass-on (param funcref)))
    (tag $other (export "other") (param i32))
    (global $level (mut i32) (i32.const 0))
    (elem declare func $dive $throw)
    (func $throw (export "throw") (throw $t (global.get $level)))
    ;; Goes down through the host `level` times, then throws.
    (func $dive
        (if (i32.eqz (global.get $level)) (then (throw $t (i32.const 77))))
        (global.set $level (i32.sub (global.get $level) (i32.const 1)))
        (call $pass-on (ref.func $dive)))
    (func (export "catch") (param i32) (result i32)
        (global.set $level (local.get 0))
        (block $h (result i32)
            (try_table (catch $other $h) (catch $t $h) (call $dive))
            (i32.const -1)))
    (func (export "catch-all") (param funcref) (result i32)
        (block $h (try_table (catch_all $h) (call $pass-on (local.get 0))) (return (i32.const 0)))
        (i32.const 1))
    (func (export "dive") (param i32) (global.set $level (local.get 0)) (call $dive)))"#;

fn relay(store: &mut Store<()>) -> (Instance, Tag) {
    let tag = tag(store, &[ValType::I32]);
    let pass_on = pass_on(store);
    let module = Module::new(store.engine(), RELAY).unwrap();
    (Instance::new(store, &module, &[tag.into(), pass_on.into()]).unwrap(), tag)
}

#[test]
fn exceptions_go_through_host_functions() {
    for engine in engines() {
        let mut store = store(&engine);
        let (instance, tag) = relay(&mut store);
        let catch = instance.get_typed_func::<i32, i32>(&mut store, "catch").unwrap();
        for level in [0, 1, 2, 30] {
            assert_eq!(catch.call(&mut store, level).unwrap(), 77, "{level}");
        }
        let dive = instance.get_typed_func::<i32, ()>(&mut store, "dive").unwrap();
        let error = dive.call(&mut store, 3).unwrap_err();
        let exception = error.downcast_ref::<Exception>().unwrap();
        assert_eq!((exception.tag(), exception.values()[0].unwrap_i32()), (tag, 77));
        assert_eq!(exception.to_string(), "wasm exception `t` (tag 0): i32 77");
        // All frames were there when it was thrown, those below the host's too.
        let backtrace = error.downcast_ref::<WasmBacktrace>().unwrap();
        let names: Vec<_> = backtrace.frames().iter().filter_map(|frame| frame.func_name()).collect();
        assert_eq!(names, ["dive"; 5]);
        assert_eq!(catch.call(&mut store, 2).unwrap(), 77);
    }
}

#[test]
fn a_host_function_can_throw_and_add_context() {
    for engine in engines() {
        let mut store = store(&engine);
        let (instance, tag) = relay(&mut store);
        let other = instance.get_tag(&mut store, "other").unwrap();
        assert_ne!(other, tag);
        let catch_all = instance.get_typed_func::<Option<Func>, i32>(&mut store, "catch-all").unwrap();
        let throw = Func::wrap(&mut store, move |mut caller: Caller<'_, ()>| -> Result<()> {
            let exception = Exception::new(&mut caller, other, &[Val::I32(5)])?;
            Err(Error::from(exception).context("while testing"))
        });
        assert_eq!(catch_all.call(&mut store, Some(throw)).unwrap(), 1);
        let error = throw.call(&mut store, &[], &mut []).unwrap_err();
        assert_eq!(error.downcast_ref::<Exception>().unwrap().tag(), other);
        let quiet = Func::wrap(&mut store, || {});
        assert_eq!(catch_all.call(&mut store, Some(quiet)).unwrap(), 0);
    }
}

#[test]
fn nothing_but_exceptions_is_caught() {
    let mut config = Config::new();
    config.consume_fuel(true).epoch_interruption(true);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(
        &engine,
        r#"(module
            (import "" "pass-on" (func $pass-on (param funcref)))
            (memory 1)
            (func (export "catch-all") (param $f funcref) (result i32)
                (block $h (try_table (catch_all $h) (call $pass-on (local.get $f))) (return (i32.const 0)))
                (i32.const 1))
            (func (export "unreachable") (unreachable))
            (func (export "bounds") (drop (i32.load (i32.const 65536))))
            (func (export "null") (throw_ref (ref.null exn)))
            (func $deep (export "deep") (call $deep))
            (func (export "forever") (loop $again (br $again))))"#,
    )
    .unwrap();
    let mut store = Store::new(&engine, ());
    store.set_fuel(10_000_000).unwrap();
    store.set_epoch_deadline(1);
    let pass_on = pass_on(&mut store);
    let instance = Instance::new(&mut store, &module, &[pass_on.into()]).unwrap();
    let catch_all = instance.get_typed_func::<Option<Func>, i32>(&mut store, "catch-all").unwrap();
    let traps = [
        ("unreachable", Trap::UnreachableCodeReached),
        ("bounds", Trap::MemoryOutOfBounds),
        ("null", Trap::NullReference),
        ("deep", Trap::StackOverflow),
        ("forever", Trap::OutOfFuel),
    ];
    for (name, trap) in traps {
        let func = instance.get_func(&mut store, name).unwrap();
        let error = catch_all.call(&mut store, Some(func)).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&trap), "{name}: {error:#}");
        store.set_fuel(10_000_000).unwrap();
    }
    engine.increment_epoch();
    let forever = instance.get_func(&mut store, "forever").unwrap();
    let error = catch_all.call(&mut store, Some(forever)).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::Interrupt));
    store.set_epoch_deadline(100);

    #[derive(Debug, PartialEq)]
    struct Own(u32);
    impl std::fmt::Display for Own {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "own error {}", self.0)
        }
    }
    impl std::error::Error for Own {}
    let fail = Func::wrap(&mut store, || -> Result<()> { Err(Own(3).into()) });
    let error = catch_all.call(&mut store, Some(fail)).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Own(3)));

    // An exception of another store means nothing here.
    let mut elsewhere = Store::new(&engine, ());
    let foreign = tag(&mut elsewhere, &[]);
    let foreign =
        Arc::new(std::sync::Mutex::new(Some(Exception::new(&mut elsewhere, foreign, &[]).unwrap())));
    let fail =
        Func::wrap(&mut store, move || -> Result<()> { Err(foreign.lock().unwrap().take().unwrap().into()) });
    let error = catch_all.call(&mut store, Some(fail)).unwrap_err();
    assert!(error.is::<Exception>());
}

#[test]
fn a_panic_goes_through_handlers() {
    for engine in engines() {
        let mut store = store(&engine);
        let (instance, _) = relay(&mut store);
        let catch_all = instance.get_typed_func::<Option<Func>, i32>(&mut store, "catch-all").unwrap();
        let panic = Func::wrap(&mut store, || -> () { std::panic::panic_any(7u8) });
        let call = std::panic::AssertUnwindSafe(|| catch_all.call(&mut store, Some(panic)));
        let payload = std::panic::catch_unwind(call).unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&7u8));
        let throw = instance.get_func(&mut store, "throw").unwrap();
        assert_eq!(catch_all.call(&mut store, Some(throw)).unwrap(), 1);
    }
}

#[test]
fn exceptions_unwind_deep_stacks() {
    let module = r#"(module
        (tag $t (param i64))
        ;; Each level catches, adds one and throws on; or only the outermost catches.
        (func $each (param i32)
            (block $h (result i64)
                (try_table (catch $t $h)
                    (if (i32.eqz (local.get 0)) (then (throw $t (i64.const 0))))
                    (call $each (i32.sub (local.get 0) (i32.const 1))))
                (return))
            (throw $t (i64.add (i64.const 1))))
        (func $none (param i32)
            (if (i32.eqz (local.get 0)) (then (throw $t (i64.const 5))))
            (call $none (i32.sub (local.get 0) (i32.const 1))))
        (func (export "each") (param i32) (result i64)
            (block $h (result i64) (try_table (catch $t $h) (call $each (local.get 0))) (unreachable)))
        (func (export "none") (param i32) (result i64)
            (block $h (result i64) (try_table (catch $t $h) (call $none (local.get 0))) (unreachable))))"#;
    for engine in engines() {
        let mut store = store(&engine);
        let module = Module::new(&engine, module).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        for (name, expected) in [("each", 10_001), ("none", 5)] {
            let func = instance.get_typed_func::<i32, i64>(&mut store, name).unwrap();
            for _ in 0..3 {
                assert_eq!(func.call(&mut store, 10_000).unwrap(), expected);
            }
        }
    }
}

/// A function that throws what only the outermost of many handlers catches.
fn nested_handlers(depth: usize) -> String {
    let mut text = String::from(
        "(module (tag $t (param i32)) (tag $o)\n(func (export \"f\") (param i32) (result i32)\n",
    );
    text += "(block $h (result i32) (try_table (catch $t $h)\n";
    for _ in 0..depth {
        text += "(block (try_table (catch $o 0)\n";
    }
    text += "(throw $t (local.get 0))";
    text += &"))".repeat(depth);
    text + ") (unreachable))))"
}

#[test]
fn looking_for_a_handler_costs_fuel() {
    let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
    let mut store = Store::new(&engine, ());
    let text = nested_handlers(320);
    let instance = Instance::new(&mut store, &Module::new(&engine, text).unwrap(), &[]).unwrap();
    let func = instance.get_typed_func::<i32, i32>(&mut store, "f").unwrap();
    // `local.get` and the throw; 321 handlers with a clause each.
    let cost = 2 + 642 / 64;
    store.set_fuel(cost).unwrap();
    assert_eq!(func.call(&mut store, 9).unwrap(), 9);
    assert_eq!(store.get_fuel().unwrap(), 0);
    store.set_fuel(cost - 1).unwrap();
    let error = func.call(&mut store, 9).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::OutOfFuel));
    assert_eq!(store.get_fuel().unwrap(), 0);
}

#[test]
fn handlers_nest_deeply() {
    let text = nested_handlers(500);
    for engine in engines() {
        let mut store = store(&engine);
        let instance = Instance::new(&mut store, &Module::new(&engine, &text).unwrap(), &[]).unwrap();
        let func = instance.get_typed_func::<i32, i32>(&mut store, "f").unwrap();
        assert_eq!(func.call(&mut store, 9).unwrap(), 9);
    }
}

#[test]
fn instances_catch_what_others_throw() {
    for engine in engines() {
        let mut store = store(&engine);
        let mut linker = Linker::new(&engine);
        let lib = Module::new(
            &engine,
            r#"(module
                (tag $t (export "t") (param i32 i64))
                (memory (export "m") 1)
                (func (export "throw") (param i32) (throw $t (local.get 0) (i64.const 9))))"#,
        )
        .unwrap();
        linker.module(&mut store, "lib", &lib).unwrap();
        let middle = Module::new(
            &engine,
            r#"(module
                (import "lib" "throw" (func $throw (param i32)))
                (tag $same-type (param i32 i64))
                (func (export "through") (param i32)
                    (block $h (result i32 i64)
                        (try_table (catch $same-type $h) (call $throw (local.get 0)))
                        (return))
                    (unreachable))
                (func (export "tail") (param i32) (return_call $throw (local.get 0))))"#,
        )
        .unwrap();
        linker.module(&mut store, "middle", &middle).unwrap();
        let main = Module::new(
            &engine,
            r#"(module
                (import "lib" "t" (tag $t (param i32 i64)))
                (import "middle" "through" (func $through (param i32)))
                (import "middle" "tail" (func $tail (param i32)))
                (memory 1) (data (i32.const 8) "\2a")
                (func $own (result i32) (i32.load8_u (i32.const 8)))
                (func (export "run") (param i32 i32) (result i32 i64 i32)
                    (block $h (result i32 i64)
                        (try_table (catch $t $h)
                            (if (local.get 0) (then (call $tail (local.get 1))) (else (call $through (local.get 1)))))
                        (unreachable))
                    (call $own)))"#,
        )
        .unwrap();
        let instance = linker.instantiate(&mut store, &main).unwrap();
        let run = instance.get_typed_func::<(i32, i32), (i32, i64, i32)>(&mut store, "run").unwrap();
        for tail in [0, 1] {
            assert_eq!(run.call(&mut store, (tail, 3)).unwrap(), (3, 9, 42));
        }
    }
}

#[test]
fn all_kinds_of_values_travel() {
    for engine in engines() {
        let mut store = store(&engine);
        let types = [
            ValType::I32,
            ValType::I64,
            ValType::F32,
            ValType::V128,
            ValType::F64,
            ValType::FUNCREF,
            ValType::EXTERNREF,
            ValType::EXNREF,
        ];
        let tag = tag(&mut store, &types);
        let text = "i32 i64 f32 v128 f64 funcref externref exnref";
        let module = Module::new(
            &engine,
            format!(
                r#"(module
                    (import "" "t" (tag $t (param {text})))
                    (import "" "f" (func $f))
                    (func (export "run") (result {text}) (try_table (catch $t 0) (call $f)) (unreachable))
                    (func (export "ref") (result exnref)
                        (try_table (catch_all_ref 0) (call $f)) (unreachable)))"#
            ),
        )
        .unwrap();
        let outer = Exception::new(&mut store, tag, &[]).unwrap_err();
        assert_eq!(outer.to_string(), "the exception's tag has 8 values, not 0");
        let inner_tag = self::tag(&mut store, &[]);
        let host = ExternRef::new(&mut store, 3u8).unwrap();
        let throw = Func::wrap(&mut store, move |mut caller: Caller<'_, ()>| -> Result<()> {
            let inner = Exception::new(&mut caller, inner_tag, &[])?;
            let inner = ExnRef::new(&mut caller, &inner)?;
            let func = Func::wrap(&mut caller, || 5i32);
            let values = [
                Val::I32(1),
                Val::I64(2),
                Val::from(3.5f32),
                Val::V128(4u128.into()),
                Val::from(5.5f64),
                func.into(),
                host.into(),
                inner.into(),
            ];
            Err(Exception::new(&mut caller, tag, &values)?.into())
        });
        let check = |store: &mut Store<()>, values: &[Val]| {
            assert_eq!((values[0].unwrap_i32(), values[1].unwrap_i64()), (1, 2));
            assert_eq!((values[2].unwrap_f32(), values[4].unwrap_f64()), (3.5, 5.5));
            assert_eq!(values[3].unwrap_v128().as_u128(), 4);
            let func = values[5].unwrap_func_ref().unwrap();
            assert_eq!(func.typed::<(), i32>(&*store).unwrap().call(&mut *store, ()).unwrap(), 5);
            assert!(ExternRef::ref_eq(&*store, &values[6].unwrap_extern_ref().unwrap(), &host).unwrap());
            assert_eq!(values[7].unwrap_exn_ref().unwrap().tag(&*store).unwrap(), inner_tag);
        };
        let instance = Instance::new(&mut store, &module, &[tag.into(), throw.into()]).unwrap();
        let run = instance.get_func(&mut store, "run").unwrap();
        let mut results = [Val::I32(0); 8];
        run.call(&mut store, &[], &mut results).unwrap();
        check(&mut store, &results);
        // The same as what one reference refers to.
        let reference = instance.get_func(&mut store, "ref").unwrap();
        reference.call(&mut store, &[], &mut results[..1]).unwrap();
        let exception = results[0].unwrap_exn_ref().unwrap().exception(&store).unwrap();
        check(&mut store, exception.values());
        // The same as an error that nobody caught; what it refers to has outlived the host function.
        let error = throw.call(&mut store, &[], &mut []).unwrap_err();
        check(&mut store, error.downcast_ref::<Exception>().unwrap().values());
    }
}

#[test]
fn misuse_is_refused() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let with_results = TagType::new(FuncType::new(&engine, [], [ValType::I32]));
    let error = Tag::new(&mut store, &with_results).unwrap_err();
    assert_eq!(error.to_string(), "a tag's type has no results, this one is `() -> (i32)`");
    let foreign = TagType::new(FuncType::new(&Engine::default(), [], []));
    assert_eq!(
        Tag::new(&mut store, &foreign).unwrap_err().to_string(),
        "the tag's type belongs to another engine"
    );
    let tag = tag(&mut store, &[ValType::I32]);
    let error = Exception::new(&mut store, tag, &[Val::I64(1)]).unwrap_err();
    assert_eq!(format!("{error:#}"), "value 0 of the exception: type mismatch: expected i32, found i64");
    let exception = Exception::new(&mut store, tag, &[Val::I32(1)]).unwrap();
    assert_eq!(exception.to_string(), "wasm exception with a tag of the host: i32 1");
    let mut elsewhere = Store::new(&engine, ());
    assert!(ExnRef::new(&mut elsewhere, &exception).is_err());
    let reference = ExnRef::new(&mut store, &exception).unwrap();
    assert!(reference.tag(&elsewhere).is_err());

    let module = Module::new(&engine, r#"(module (import "" "t" (tag (param i64))))"#).unwrap();
    let error = Instance::new(&mut store, &module, &[tag.into()]).unwrap_err();
    let expected =
        "incompatible import type for `::t`: expected tag type `(i64) -> ()`, found tag type `(i32) -> ()`";
    assert_eq!(format!("{error:#}"), expected);
    let func: Extern = Func::wrap(&mut store, || {}).into();
    let error = Instance::new(&mut store, &module, &[func]).unwrap_err();
    assert!(format!("{error:#}").ends_with("expected tag, found function"), "{error:#}");
}

#[test]
fn references_of_a_host_function_become_stale() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let tag = tag(&mut store, &[]);
    let module = Module::new(
        &engine,
        r#"(module
            (import "" "t" (tag $t))
            (import "" "take" (func $take (param exnref)))
            (global $kept (export "kept") (mut exnref) (ref.null exn))
            (func (export "run") (param i32)
                (block $h (result exnref) (try_table (catch_all_ref $h) (throw $t)) (unreachable))
                (if (param exnref) (local.get 0)
                    (then (global.set $kept) (call $take (global.get $kept)))
                    (else (call $take))))
            (func (export "churn") (param i32)
                (loop $again
                    (drop (block $h (result exnref) (try_table (catch_all_ref $h) (throw $t)) (unreachable)))
                    (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"#,
    )
    .unwrap();
    let taken = Arc::new(std::sync::Mutex::new(None));
    let ty = FuncType::new(&engine, [ValType::EXNREF], []);
    let keep = Arc::clone(&taken);
    let take = Func::new(&mut store, ty, move |caller, params, _| {
        let reference = params[0].unwrap_exn_ref().unwrap();
        reference.tag(&caller)?;
        *keep.lock().unwrap() = Some(reference);
        Ok(())
    });
    let instance = Instance::new(&mut store, &module, &[tag.into(), take.into()]).unwrap();
    let run = instance.get_typed_func::<i32, ()>(&mut store, "run").unwrap();
    let churn = instance.get_typed_func::<i32, ()>(&mut store, "churn").unwrap();
    run.call(&mut store, 0).unwrap();
    churn.call(&mut store, 100_000).unwrap();
    let lost: ExnRef = taken.lock().unwrap().take().unwrap();
    let error = lost.exception(&store).unwrap_err();
    assert!(error.to_string().starts_with("stale reference"), "{error}");
    assert!(Val::from(lost).ty(&store).is_err());
    let kept: Global = instance.get_global(&mut store, "kept").unwrap();
    assert!(kept.set(&mut store, lost.into()).is_err());

    run.call(&mut store, 1).unwrap();
    churn.call(&mut store, 100_000).unwrap();
    // Code refers to the exception; the handle ends with its function all the same.
    let held = taken.lock().unwrap().take().unwrap();
    assert!(held.tag(&store).is_err());
    let held = kept.get(&mut store).unwrap_exn_ref().unwrap();
    assert_eq!(held.tag(&store).unwrap(), tag);
    // Outside of host functions a reference stays what it is.
    let held = kept.get(&mut store).unwrap_exn_ref().unwrap();
    kept.set(&mut store, Val::null_exn_ref()).unwrap();
    churn.call(&mut store, 100_000).unwrap();
    assert_eq!(held.tag(&store).unwrap(), tag);
    assert!(Ref::Exn(None).is_null() && Ref::from(held).as_exn() == Some(Some(&held)));
}

#[test]
fn exceptions_that_nobody_refers_to_are_freed() {
    let text = r#"(module
        (tag $t (param i64 i64 exnref))
        (table $t 8 exnref)
        (elem $e exnref (ref.null exn) (ref.null exn))
        (func (export "churn") (param i32) (result i32) (local $e exnref) (local $n i32)
            (loop $again
                (block $h (result i64 i64 exnref exnref)
                    (try_table (catch_ref $t $h)
                        (throw $t (i64.const 1) (i64.const 2) (ref.null exn)))
                    (unreachable))
                (local.set $e) (drop) (drop) (drop)
                (table.set $t (i32.and (local.get 0) (i32.const 7)) (local.get $e))
                (local.set $n (i32.add (local.get $n) (i32.const 1)))
                (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
            (local.get $n))
        ;; Each exception carries the one before.
        (func (export "chain") (param i32) (local $e exnref)
            (loop $again
                (block $h (result i64 i64 exnref exnref)
                    (try_table (catch_ref $t $h)
                        (throw $t (i64.extend_i32_u (local.get 0)) (i64.const 2) (local.get $e)))
                    (unreachable))
                (local.set $e) (drop) (drop) (drop)
                (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
            (table.set $t (i32.const 0) (local.get $e)))
        ;; How long the chain is.
        (func (export "length") (result i32) (local $e exnref) (local $n i32)
            (local.set $e (table.get $t (i32.const 0)))
            (loop $again
                (if (ref.is_null (local.get $e)) (then (return (local.get $n))))
                (block $h (result i64 i64 exnref)
                    (try_table (catch $t $h) (throw_ref (local.get $e)))
                    (unreachable))
                (local.set $e) (drop) (drop)
                (local.set $n (i32.add (local.get $n) (i32.const 1)))
                (br $again))
            (unreachable)))"#;
    for engine in engines() {
        let mut store = store(&engine);
        let instance = Instance::new(&mut store, &Module::new(&engine, text).unwrap(), &[]).unwrap();
        let churn = instance.get_typed_func::<i32, i32>(&mut store, "churn").unwrap();
        let chain = instance.get_typed_func::<i32, ()>(&mut store, "chain").unwrap();
        let length = instance.get_typed_func::<(), i32>(&mut store, "length").unwrap();
        assert_eq!(churn.call(&mut store, 1_000_000).unwrap(), 1_000_000);
        // 40 bytes each; no collection is due before there is a mebibyte.
        assert!(store.usage().gc_bytes <= 1 << 20, "{:?}", store.usage());
        assert!(store.usage().collections >= 30, "{:?}", store.usage());
        chain.call(&mut store, 100_000).unwrap();
        assert_eq!(length.call(&mut store, ()).unwrap(), 100_000);
        assert!(store.usage().gc_bytes >= 4_000_000, "{:?}", store.usage());
        // The chain is lost with the first change of the table, and the heap becomes small again, step by step.
        churn.call(&mut store, 1_000_000).unwrap();
        assert!(store.usage().gc_bytes <= 1 << 20, "{:?}", store.usage());
        assert_eq!(length.call(&mut store, ()).unwrap(), 1);
    }
}

#[test]
fn exceptions_of_hosts_do_not_pile_up() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let tag = tag(&mut store, &[ValType::EXNREF]);
    let calls = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&calls);
    let throw = Func::wrap(&mut store, move |mut caller: Caller<'_, ()>| -> Result<()> {
        counter.fetch_add(1, Ordering::Relaxed);
        let inner = Exception::new(&mut caller, tag, &[Val::null_exn_ref()])?;
        let inner = ExnRef::new(&mut caller, &inner)?;
        Err(Exception::new(&mut caller, tag, &[inner.into()])?.into())
    });
    let module = Module::new(
        &engine,
        r#"(module
            (import "" "t" (tag $t (param exnref)))
            (import "" "throw" (func $throw))
            (func (export "run") (param i32)
                (loop $again
                    (block $h (result exnref exnref) (try_table (catch_ref $t $h) (call $throw)) (unreachable))
                    (drop) (drop)
                    (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"#,
    )
    .unwrap();
    let instance = Instance::new(&mut store, &module, &[tag.into(), throw.into()]).unwrap();
    let run = instance.get_typed_func::<i32, ()>(&mut store, "run").unwrap();
    run.call(&mut store, 100_000).unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 100_000);
    assert!(store.usage().gc_bytes <= 1 << 20, "{:?}", store.usage());
}

#[test]
fn too_many_exceptions_stop_the_program() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, StoreLimitsBuilder::new().gc_heap_size(20 << 20).build());
    store.limiter(|limits| limits);
    let module = Module::new(
        &engine,
        format!(
            r#"(module
                (tag $t (param exnref {}))
                (func (export "run") (local $e exnref)
                    (block $all
                        (try_table (catch_all $all)
                            (loop $again
                                (block $h (result exnref)
                                    (try_table (catch_all_ref $h) (throw $t (local.get $e) {}))
                                    (unreachable))
                                (local.set $e)
                                (br $again))))))"#,
            "v128 ".repeat(900),
            "(v128.const i64x2 1 2)".repeat(900)
        ),
    )
    .unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
    let error = run.call(&mut store, ()).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::GcHeapOutOfMemory));
    assert!(store.usage().gc_bytes > 19 << 20, "{:?}", store.usage());
}

#[test]
fn fuel_is_the_same_whether_handlers_are_there_or_not() {
    let mut config = Config::new();
    config.consume_fuel(true);
    let mut used = Vec::new();
    for way in Way::all() {
        let engine = Engine::new(way.set(&mut config)).unwrap();
        let module = Module::new(
            &engine,
            r#"(module
                (tag $t (param i32))
                (func $leaf (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
                (func $throw (throw $t (i32.const 1)))
                (func (export "with") (result i32)
                    (block $h (result i32)
                        (try_table (result i32) (catch $t $h) (call $leaf (call $leaf (i32.const 1))))))
                (func (export "without") (result i32)
                    (block $h (result i32)
                        (block (result i32) (call $leaf (call $leaf (i32.const 1))))))
                (func (export "throws") (result i32)
                    (block $h (result i32)
                        (try_table (result i32) (catch $t $h)
                            (call $throw) (nop) (i32.const 1) (i32.const 2) (i32.add)))))"#,
        )
        .unwrap();
        let mut store = Store::new(&engine, ());
        store.set_fuel(10_000).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let mut cost = |name| {
            let func = instance.get_typed_func::<(), i32>(&mut store, name).unwrap();
            let before = store.get_fuel().unwrap();
            func.call(&mut store, ()).unwrap();
            before - store.get_fuel().unwrap()
        };
        let costs = ["with", "without", "throws"].map(&mut cost);
        assert_eq!(costs[0], costs[1]);
        // The call, and in what it calls the constant and the throw; nothing behind the call.
        assert_eq!(costs[2], 3);
        used.push(costs);
    }
    assert_eq!(used[0], used[1]);
}

/// A call in a block whose handler has no clauses returns like any other, with what waits for it.
#[test]
fn calls_in_blocks_without_clauses_return() -> Result<()> {
    let wat = r#"(module (tag $t)
        (func $two (param i32) (result i32 i64)
            (if (i32.eqz (local.get 0)) (then (throw $t)))
            (i32.add (local.get 0) (i32.const 1)) (i64.const 1000))
        (func $one (param i32) (result f64)
            (try_table (result f64) (f64.convert_i32_s (call $both (local.get 0)))))
        (func $both (param $n i32) (result i32) (local $wide i64) (local $triple i32)
            (local.set $triple (i32.mul (local.get $n) (i32.const 3)))
            (try_table (result i32) (try_table (result i32 i64) (call $two (local.get $n))) (local.set $wide))
            (i32.add (local.get $triple))
            (i32.add (i32.wrap_i64 (local.get $wide)))
            (i32.add (local.get $n)))
        (func (export "run") (param i32) (result i32)
            (block $h (return (i32.trunc_f64_s (try_table (result f64) (catch_all $h) (call $one (local.get 0))))))
            (i32.const -1)))"#;
    for engine in engines() {
        let mut store = store(&engine);
        let instance = Instance::new(&mut store, &Module::new(&engine, wat)?, &[])?;
        let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
        for n in 1..20 {
            assert_eq!(run.call(&mut store, n)?, (n + 1) + 3 * n + 1000 + n);
            assert_eq!(run.call(&mut store, 0)?, -1);
        }
    }
    Ok(())
}

/// What is thrown and caught in the same function goes to the first clause for its tag, and two imported tags may be the same one.
#[test]
fn throws_find_their_clause_in_the_same_function() -> Result<()> {
    let wat = r#"(module
        (import "" "a" (tag $a (param i32)))
        (import "" "b" (tag $b (param i32)))
        (import "" "n" (tag $n))
        (tag $c (param i32)) (tag $d (param i32))
        (tag $v (param v128 exnref i64))
        ;; Which of several clauses: the number of the first one that fits, and ten times the value.
        (func (export "first") (param $x i32) (result i32)
            (local.set $x (i32.mul (local.get $x) (i32.const 10)))
            (block $all
                (block $2 (result i32)
                    (block $1 (result i32)
                        (block $0 (result i32)
                            (try_table (catch $n $all) (catch $c $0) (catch $b $1) (catch $a $2) (catch_all $all)
                                (throw $a (local.get $x)))
                            (unreachable))
                        (return))
                    (return (i32.add (i32.const 1))))
                (return (i32.add (i32.const 2))))
            (i32.const -1))
        ;; The inner block has the other name.
        (func (export "nested") (param $x i32) (result i32)
            (block $outer (result i32)
                (try_table (catch $b $outer)
                    (block $inner (result i32)
                        (try_table (catch $d $inner) (catch $a $inner) (throw $b (local.get $x)))
                        (unreachable))
                    (return (i32.add (i32.const 100))))
                (unreachable)))
        ;; Own tags are different from all others.
        (func (export "own") (param $x i32) (result i32)
            (block $wrong (result i32)
                (try_table (result i32) (catch $a $wrong) (catch $b $wrong) (catch $d $wrong)
                    (block $right (result i32)
                        (try_table (catch $c $right) (throw $c (local.get $x)))
                        (unreachable))))
            (drop)
            (block $right (result i32)
                (block $wrong (result i32)
                    (try_table (catch $a $wrong) (catch $b $wrong) (catch $d $wrong) (catch $c $right)
                        (throw $c (local.get $x)))
                    (unreachable))
                (drop) (i32.const -1)))
        ;; To the head of a loop, to the end of the function, and with values below that stay.
        (func (export "loop") (param $x i32) (result i32) (local $sum i32)
            (i32.const 1000)
            (local.get $x)
            (loop $again (param i32)
                (local.set $x)
                (local.set $sum (i32.add (local.get $sum) (local.get $x)))
                (try_table (catch $c $again)
                    (br_if 0 (i32.eqz (local.get $x)))
                    (i32.const 77)
                    (throw $c (i32.sub (local.get $x) (i32.const 1)))))
            (i32.add (local.get $sum)))
        (func (export "return") (param $x i32) (result i32)
            (try_table (catch $c 0) (i32.const 5) (i64.const 6) (throw $c (i32.add (local.get $x) (i32.const 3))))
            (unreachable))
        ;; A reference is one to what was thrown, whoever looks at it.
        (func (export "reference") (param $x i32) (result i32) (local $e exnref)
            (block $h (result i32 exnref)
                (try_table (catch_ref $c $h) (throw $c (local.get $x)))
                (unreachable))
            (local.set $e)
            (drop)
            (block $h (result v128 exnref i64)
                (try_table (catch $v $h)
                    (throw $v (i32x4.splat (local.get $x)) (local.get $e) (i64.const 4)))
                (unreachable))
            (drop) (local.set $e) (drop)
            (block $h (result i32)
                (try_table (catch $a $h) (catch $c $h) (throw_ref (local.get $e)))
                (unreachable)))
        (func (export "all") (param $x i32) (result i32)
            (i32.const 40)
            (block $h (try_table (catch_all $h) (local.get $x) (throw $a (i32.const 1))) (unreachable))
            (i32.add (local.get $x))))"#;
    let results = |same: bool| {
        [
            ("first", if same { 71 } else { 72 }),
            ("nested", if same { 107 } else { 7 }),
            ("own", 7),
            ("loop", 1028),
            ("return", 10),
            ("reference", 7),
            ("all", 47),
        ]
    };
    for engine in engines() {
        let mut store = store(&engine);
        let module = Module::new(&engine, wat)?;
        let (a, b, n) =
            (tag(&mut store, &[ValType::I32]), tag(&mut store, &[ValType::I32]), tag(&mut store, &[]));
        // The same code serves both, and places that searches remember must not be taken for each other's.
        let one = Instance::new(&mut store, &module, &[a.into(), a.into(), n.into()])?;
        let two = Instance::new(&mut store, &module, &[a.into(), b.into(), n.into()])?;
        for _ in 0..30 {
            for (instance, same) in [(one, true), (two, false)] {
                for (name, expected) in results(same) {
                    let func = instance.get_typed_func::<i32, i32>(&mut store, name)?;
                    assert_eq!(func.call(&mut store, 7)?, expected, "{name}, {same}");
                }
            }
        }
    }
    Ok(())
}

/// A place answers for one tag and one instance only, however often it was asked.
#[test]
fn places_answer_for_one_tag_and_one_instance() -> Result<()> {
    let wat = r#"(module
        (import "" "a" (tag $a (param i32)))
        (import "" "b" (tag $b (param i32)))
        (import "" "throw" (func $throw (param i32 i32)))
        (func $dive (param $depth i32) (param $which i32) (param $x i32)
            (if (local.get $depth)
                (then (call $dive (i32.sub (local.get $depth) (i32.const 1)) (local.get $which) (local.get $x)))
                (else (call $throw (local.get $which) (local.get $x))))
            (unreachable))
        (func (export "catch") (param $which i32) (param $x i32) (result i32)
            (block $a (result i32)
                (block $b (result i32)
                    (try_table (catch $a $a) (catch $b $b)
                        (call $dive (i32.const 20) (local.get $which) (local.get $x)))
                    (unreachable))
                (i32.add (i32.const 1000)))))"#;
    let thrower = r#"(module
        (import "" "a" (tag $a (param i32)))
        (import "" "b" (tag $b (param i32)))
        (func (export "throw") (param i32 i32)
            (if (local.get 0) (then (throw $a (local.get 1))))
            (throw $b (local.get 1))))"#;
    for engine in engines() {
        let mut store = store(&engine);
        let (a, b) = (tag(&mut store, &[ValType::I32]), tag(&mut store, &[ValType::I32]));
        let throws = Module::new(&engine, thrower)?;
        let throws = Instance::new(&mut store, &throws, &[a.into(), b.into()])?;
        let throw: Extern = throws.get_func(&mut store, "throw").unwrap().into();
        let module = Module::new(&engine, wat)?;
        let plain = Instance::new(&mut store, &module, &[a.into(), b.into(), throw.clone()])?;
        let crossed = Instance::new(&mut store, &module, &[b.into(), a.into(), throw])?;
        for round in 0..40 {
            for (instance, is_a, expected) in
                [(plain, 1, 0), (crossed, 1, 1000), (plain, 0, 1000), (crossed, 0, 0)]
            {
                let catch = instance.get_typed_func::<(i32, i32), i32>(&mut store, "catch")?;
                assert_eq!(catch.call(&mut store, (is_a, round))?, expected + round);
            }
        }
    }
    Ok(())
}
