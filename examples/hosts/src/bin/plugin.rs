//! Runs plug-ins that nobody trusts: with limits on what they may take, a budget of fuel and a deadline.

use std::thread;
use std::time::Duration;

use upshift::{Config, Engine, Instance, Module, Result, Store, StoreLimits, StoreLimitsBuilder};

/// One epoch.
const TICK: Duration = Duration::from_millis(10);
/// How many epochs a plug-in has, from its start on.
const DEADLINE: u64 = 50;

const SUM: &str = r#"
    (module (func (export "run") (result i32)
        (local $i i32) (local $sum i32)
        (loop $again
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (local.set $sum (i32.add (local.get $sum) (local.get $i)))
            (br_if $again (i32.lt_u (local.get $i) (i32.const 100))))
        (local.get $sum)))"#;
const GROW: &str = r#"
    (module (memory 1) (func (export "run") (result i32)
        (memory.grow (i32.const 1000))))"#;
const HOARD: &str = r#"
    (module (memory 1000) (func (export "run") (result i32)
        (i32.const 1)))"#;
const RECUR: &str = r#"
    (module (func $run (export "run") (result i32)
        (i32.add (i32.const 1) (call $run))))"#;
const SPIN: &str = r#"
    (module (func (export "run") (result i32)
        (loop $again (br $again))
        (i32.const 1)))"#;

/// Name, code and fuel of the plug-ins.
const PLUGINS: [(&str, &str, u64); 6] = [
    ("sum", SUM, 10_000),
    ("grow", GROW, 10_000),
    ("hoard", HOARD, 10_000),
    ("recur", RECUR, u64::MAX),
    ("spin with little fuel", SPIN, 10_000),
    ("spin with much fuel", SPIN, u64::MAX),
];

struct Host {
    limits: StoreLimits,
}

fn run(engine: &Engine, code: &str, fuel: u64) -> Result<i32> {
    let module = Module::new(engine, code)?;
    let limits = StoreLimitsBuilder::new()
        .memory_size(1 << 20)
        .memories(1)
        .table_elements(10_000)
        .tables(4)
        .instances(1)
        .build();
    let mut store = Store::new(engine, Host { limits });
    store.limiter(|host| &mut host.limits);
    // Before the instantiation, which may run code too: a new store has no fuel and a deadline that has come.
    store.set_fuel(fuel)?;
    store.set_epoch_deadline(DEADLINE);

    let instance = Instance::new(&mut store, &module, &[])?;
    let run = instance.get_typed_func::<(), i32>(&mut store, "run")?;
    run.call(&mut store, ())
}

fn main() -> Result<()> {
    let mut config = Config::new();
    config.consume_fuel(true).epoch_interruption(true).max_wasm_stack(1 << 20);
    let engine = Engine::new(&config)?;

    // The clock of all plug-ins; it ends with the process.
    let clock = engine.clone();
    thread::spawn(move || {
        loop {
            thread::sleep(TICK);
            clock.increment_epoch();
        }
    });

    for (name, code, fuel) in PLUGINS {
        match run(&engine, code, fuel) {
            Ok(result) => println!("{name} returns {result}"),
            // The outermost error tells where it happened, the root cause why.
            Err(error) => println!("{name} fails: {}", error.root_cause()),
        }
    }
    Ok(())
}
