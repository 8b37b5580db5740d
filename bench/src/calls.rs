//! What a call costs that leaves its instance, in each tier: to functions of the host and of other instances.
//!
//! ```text
//! kinds of calls × tiers ─▶ a loop around the call, in this process ─▶ shortest time of some rounds ─▶ a line
//! ```

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use upshift::{
    Caller, Config, Engine, Extern, ExternRef, Func, FuncType, Instance, Module, Store, Tier, Tiers, Val,
    ValType,
};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many rounds are timed of each; the shortest counts
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

/// How often a round calls.
const CALLS: i32 = 200_000;

/// What is called.
#[derive(Clone, Copy)]
enum Callee {
    /// A function of the caller's instance.
    Own,
    /// Of another instance.
    Instance,
    /// A closure with the numbers alone.
    Typed,
    /// One with the store as well, which may fail.
    WithCaller,
    /// One whose types are known when the program runs.
    Values,
    /// One with references.
    References,
}

/// Each row: what is called, and how.
const ROWS: [(&str, Callee, &str); 11] = [
    ("own function", Callee::Own, CALL),
    ("host", Callee::Typed, CALL),
    ("host, with Caller", Callee::WithCaller, CALL),
    ("host, values", Callee::Values, CALL),
    ("host, references", Callee::References, "(call $refs (local.get $sum) (i32.const 1) (ref.null extern))"),
    ("host, by a table", Callee::Typed, INDIRECT),
    ("host, instead of the caller", Callee::Typed, LAST),
    ("own function, by a table", Callee::Own, INDIRECT),
    ("other instance", Callee::Instance, CALL),
    ("other instance, by a table", Callee::Instance, INDIRECT),
    ("other instance, instead of the caller", Callee::Instance, LAST),
];

const CALL: &str = "(call $f (local.get $sum) (i32.const 1))";
const INDIRECT: &str = "(call_indirect (type $t) (local.get $sum) (i32.const 1) (i32.const 1))";
const LAST: &str = "(call $last (local.get $sum) (i32.const 1))";

const ADD: &str = "(module (memory 1) (func (export \"f\") (param i32 i32) (result i32)
    (i32.add (local.get 0) (local.get 1))))";

/// The loop.
fn module(engine: &Engine, callee: Callee, call: &str) -> Result<Module> {
    let (import, own) = match callee {
        Callee::Own => ("", "(func $f (type $t) (i32.add (local.get 0) (local.get 1)))"),
        Callee::References => (
            "(import \"\" \"f\" (func $refs (param i32 i32 externref) (result i32)))",
            "(func $f (type $t) unreachable)",
        ),
        _ => ("(import \"\" \"f\" (func $f (type $t)))", ""),
    };
    let text = format!(
        "(module (type $t (func (param i32 i32) (result i32))) {import} {own} (memory 1)
            (table 2 funcref) (elem (i32.const 1) $f)
            (func $last (type $t) (return_call $f (local.get 0) (local.get 1)))
            (func (export \"run\") (param $times i32) (result i32) (local $sum i32)
                (loop $again
                    (local.set $sum {call})
                    (br_if $again (i32.lt_u (local.get $sum) (local.get $times))))
                (local.get $sum)))"
    );
    Module::new(engine, wat::parse_str(text)?)
}

/// Nanoseconds for a turn of the loop.
fn time(engine: &Engine, rounds: u32, callee: Callee, call: &str) -> Result<f64> {
    let mut store = Store::new(engine, 0_u64);
    let module = module(engine, callee, call)?;
    let import: Option<Extern> = match callee {
        Callee::Own => None,
        Callee::Instance => {
            let other = Instance::new(&mut store, &Module::new(engine, wat::parse_str(ADD)?)?, &[])?;
            other.get_export(&mut store, "f")
        }
        Callee::Typed => Some(Func::wrap(&mut store, i32::wrapping_add).into()),
        Callee::WithCaller => {
            let add = |mut caller: Caller<'_, u64>, a: i32, b: i32| -> Result<i32> {
                *caller.data_mut() += 1;
                a.checked_add(b).context("too large")
            };
            Some(Func::wrap(&mut store, add).into())
        }
        Callee::Values => {
            let ty = FuncType::new(engine, [ValType::I32, ValType::I32], [ValType::I32]);
            let add = Func::new(&mut store, ty, |_, params, results| {
                results[0] = Val::I32(params[0].unwrap_i32() + params[1].unwrap_i32());
                Ok(())
            });
            Some(add.into())
        }
        Callee::References => {
            let add = |a: i32, b: i32, more: Option<ExternRef>| a + b + i32::from(more.is_some());
            Some(Func::wrap(&mut store, add).into())
        }
    };
    let imports: Vec<Extern> = import.into_iter().collect();
    let instance = Instance::new(&mut store, &module, &imports)?;
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
    let mut best = Duration::MAX;
    for _ in 0..rounds {
        let before = Instant::now();
        anyhow::ensure!(run.call(&mut store, CALLS)? == CALLS);
        best = best.min(before.elapsed());
    }
    Ok(best.as_secs_f64() * 1e9 / f64::from(CALLS))
}

/// Measures, and prints a line for each kind of call.
///
/// # Errors
/// If a call gives the wrong result.
pub(crate) fn calls(options: &Options) -> Result<()> {
    let tiers: Vec<Tier> = Tier::ALL.into_iter().filter(|tier| tier.is_available()).collect();
    let engines: Vec<Engine> = tiers
        .iter()
        .map(|&tier| Engine::new(Config::new().tiers(Tiers::Only(tier))))
        .collect::<Result<_, _>>()
        .context("an engine")?;
    print!("{:<40}", "ns a call, with the loop around it");
    tiers.iter().for_each(|tier| print!(" {:>12}", tier.to_string()));
    println!();
    for (name, callee, call) in ROWS {
        print!("{name:<40}");
        for engine in &engines {
            print!(" {:>12.2}", time(engine, options.rounds, callee, call)?);
        }
        println!();
    }
    Ok(())
}
