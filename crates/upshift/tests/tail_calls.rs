//! Tail calls take no stack: ten million of them in a row, within an instance and across two, with parameters that grow and
//! shrink, on a value stack that would hold a few thousand frames.

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "common/ways.rs"]
mod ways;

use upshift::{Config, Engine, Instance, Linker, Module, Optimization, Result, Store};

use crate::ways::Way;

const CALLS: i64 = 10_000_000;

fn engines() -> Result<Vec<Engine>> {
    Way::all()
        .into_iter()
        .map(|way| {
            let mut config = Config::new();
            way.set(&mut config);
            config.max_wasm_stack(256 * 1024);
            Engine::new(&config)
        })
        .collect()
}

#[test]
fn within_an_instance() -> Result<()> {
    for engine in engines()? {
        // `odd` has more parameters than `even`, so the header of the shared frame moves at each call.
        let module = Module::new(
            &engine,
            r#"(module
                (func $even (export "even") (param $n i64) (result i32)
                    (if (i64.eqz (local.get $n)) (then (return (i32.const 1))))
                    (return_call $odd (i64.sub (local.get $n) (i64.const 1)) (i32.const 7) (f64.const 1)))
                (func $odd (param $n i64) (param i32 f64) (result i32)
                    (if (i64.eqz (local.get $n)) (then (return (i32.const 0))))
                    (return_call $even (i64.sub (local.get $n) (i64.const 1)))))"#,
        )?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[])?;
        let even = instance.get_typed_func::<i64, i32>(&mut store, "even")?;
        assert_eq!(even.call(&mut store, CALLS)?, 1);
        assert_eq!(even.call(&mut store, CALLS + 1)?, 0);
    }
    Ok(())
}

#[test]
fn across_instances() -> Result<()> {
    for engine in engines()? {
        let first = Module::new(
            &engine,
            r#"(module
                (type $even (func (param i64) (result i32)))
                (type $odd (func (param i64 i64 v128) (result i32)))
                (table (export "table") 2 funcref)
                (elem (i32.const 0) $even)
                (func $even (export "even") (type $even)
                    (if (i64.eqz (local.get 0)) (then (return (i32.const 1))))
                    (return_call_indirect (type $odd)
                        (i64.sub (local.get 0) (i64.const 1)) (i64.const 5) (v128.const i64x2 1 2) (i32.const 1))))"#,
        )?;
        let second = Module::new(
            &engine,
            r#"(module
                (type $even (func (param i64) (result i32)))
                (type $odd (func (param i64 i64 v128) (result i32)))
                (import "first" "table" (table 2 funcref))
                (elem (i32.const 1) $odd)
                (func $odd (type $odd)
                    (if (i64.eqz (local.get 0)) (then (return (i32.const 0))))
                    (return_call_indirect (type $even) (i64.sub (local.get 0) (i64.const 1)) (i32.const 0))))"#,
        )?;
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        let instance = linker.instantiate(&mut store, &first)?;
        linker.instance(&mut store, "first", instance)?;
        linker.instantiate(&mut store, &second)?;
        let even = instance.get_typed_func::<i64, i32>(&mut store, "even")?;
        assert_eq!(even.call(&mut store, CALLS)?, 1);
        assert_eq!(even.call(&mut store, CALLS + 1)?, 0);
    }
    Ok(())
}

/// A ring of functions of two instances, each of which finds the next one in another way, while functions change their tier.
#[test]
fn between_tiers() -> Result<()> {
    let first = r#"(module
        (type $f (func (param i64 i64) (result i64)))
        (type $wide (func (param i64 i64 v128 i64) (result i64)))
        (table (export "table") 4 funcref)
        (elem (i32.const 0) $b $c)
        (func $a (export "run") (type $f)
            (if (i64.eqz (local.get 0)) (then (return (local.get 1))))
            (return_call $b (i64.sub (local.get 0) (i64.const 1)) (i64.add (local.get 1) (i64.const 1))
                (v128.const i64x2 3 4) (i64.const 5)))
        (func $b (type $wide)
            (if (i64.eqz (local.get 0)) (then (return (local.get 1))))
            (return_call_ref $f (i64.sub (local.get 0) (i64.const 1))
                (i64.add (local.get 1) (i64x2.extract_lane 1 (local.get 2)))
                (ref.cast (ref $f) (table.get (i32.const 1)))))
        (func $c (type $f)
            (if (i64.eqz (local.get 0)) (then (return (local.get 1))))
            (return_call_indirect (type $f) (i64.sub (local.get 0) (i64.const 1)) (local.get 1) (i32.const 2))))"#;
    let second = r#"(module
        (type $f (func (param i64 i64) (result i64)))
        (import "first" "table" (table 4 funcref))
        (import "first" "run" (func $a (type $f)))
        (elem (i32.const 2) $d)
        (func $d (type $f)
            (if (i64.eqz (local.get 0)) (then (return (local.get 1))))
            (return_call $a (i64.sub (local.get 0) (i64.const 1)) (local.get 1))))"#;
    for seed in 0..4 {
        let mut config = Config::new();
        if Way::all().contains(&Way::Random) {
            config.random_tiers(seed).jump_returns(seed % 2 == 1);
            config.optimization(Optimization::AtOnce);
        }
        let engine = Engine::new(config.max_wasm_stack(64 * 1024))?;
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        let instance = linker.instantiate(&mut store, &Module::new(&engine, first)?)?;
        linker.instance(&mut store, "first", instance)?;
        linker.instantiate(&mut store, &Module::new(&engine, second)?)?;
        let run = instance.get_typed_func::<(i64, i64), i64>(&mut store, "run")?;
        // Of four steps, one adds 1 and one adds 4.
        for calls in [4, 40, CALLS / 4] {
            assert_eq!(run.call(&mut store, (calls, 0))?, calls / 4 * 5, "{seed}");
        }
    }
    Ok(())
}

/// A callee may have any frame that a call could have: here the last of five takes most of what is left of the stack.
#[test]
fn large_frames() -> Result<()> {
    let wat = |call: &str| {
        let locals = "(local v128)".repeat(1500);
        format!(
            r#"(module
                (func $large (param i32) (result i32) {locals} (i32.add (local.get 0) (i32.const 1)))
                (func $below (param i32) (result i32) {locals} ({call} $large (local.get 0)))
                (func (export "run") (param i32) (result i32) (call $below (local.get 0))))"#
        )
    };
    for way in Way::all() {
        let mut config = Config::new();
        let engine = Engine::new(way.set(&mut config).max_wasm_stack(64 * 1024))?;
        for call in ["call", "return_call"] {
            let module = Module::new(&engine, wat(call))?;
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[])?;
            let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
            assert_eq!(run.call(&mut store, 41)?, 42, "{call}");
        }
    }
    Ok(())
}
