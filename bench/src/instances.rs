//! What it takes to make a store and an instance in it, perhaps to call a function, and to drop both; beside wasmi, in this
//! process.
//!
//! ```text
//! modules × {no call, a call} ─▶ upshift, wasmi, in turns ─▶ shortest times ─▶ a line with the ratio
//! ```

use std::hint::black_box;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::ratio::{mean, ratio};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many turns are taken; the shortest time counts
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,

    /// How many instances come and go in a turn
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..))]
    instances: u32,
}

/// Modules with a function `run`, by name. wasmi has no objects and no shared memories.
const MODULES: [(&str, &str, bool); 7] = [
    ("no memory", r#"(module (func (export "run")))"#, true),
    ("memory without pages", r#"(module (memory 0) (func (export "run")))"#, true),
    ("memory of 1 page", r#"(module (memory 1) (func (export "run")))"#, true),
    (
        "1 page, written to",
        r#"(module (memory 1) (data (i32.const 0) "something")
            (func (export "run") (i32.store (i32.const 40000) (i32.const 1))))"#,
        true,
    ),
    (
        "17 pages, written to",
        r#"(module (memory 17) (data (i32.const 0x100000) "something")
            (func (export "run") (i32.store (i32.const 0xffff0) (i32.const 1))))"#,
        true,
    ),
    ("shared memory", r#"(module (memory 1 1 shared) (func (export "run")))"#, false),
    (
        "objects",
        r#"(module (type $s (struct (field i32)))
            (func (export "run") (drop (struct.new $s (i32.const 1)))))"#,
        false,
    ),
];

/// What makes an instance, calls its function if that is wanted, and drops it.
type Round = Box<dyn Fn(bool) -> Result<()>>;

fn upshift(bytes: &[u8]) -> Result<Round> {
    let engine = upshift::Engine::default();
    let module = upshift::Module::new(&engine, bytes)?;
    Ok(Box::new(move |call| {
        let mut store = upshift::Store::new(&engine, ());
        let instance = upshift::Instance::new(&mut store, &module, &[])?;
        if call {
            instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())?;
        }
        Ok(())
    }))
}

fn wasmi(bytes: &[u8]) -> Result<Round> {
    let engine = wasmi::Engine::default();
    let module = wasmi::Module::new(&engine, bytes)?;
    let linker = wasmi::Linker::<()>::new(&engine);
    Ok(Box::new(move |call| {
        let mut store = wasmi::Store::new(&engine, ());
        let instance = linker.instantiate_and_start(&mut store, &module)?;
        if call {
            instance.get_typed_func::<(), ()>(&store, "run")?.call(&mut store, ())?;
        }
        Ok(())
    }))
}

/// Measures, and prints a line for each module.
///
/// # Errors
/// If one of them fails.
pub(crate) fn instances(options: &Options) -> Result<()> {
    println!("{:<22} {:>6} {:>10} {:>10} {:>6}", "ns an instance", "call", "upshift", "wasmi", "ratio");
    let mut ratios = Vec::new();
    for (name, text, known) in MODULES {
        let bytes = wat::parse_str(text).context(name)?;
        let mut peers = vec![upshift(&bytes).context(name)?];
        if known {
            peers.push(wasmi(&bytes).context(name)?);
        }
        for call in [false, true] {
            let mut best = [f64::INFINITY; 2];
            for _ in 0..options.runs {
                for (round, best) in peers.iter().zip(&mut best) {
                    *best = best.min(time(round, call, options.instances)?);
                }
            }
            let [own, other] = best;
            let compared = ratio(own, other).filter(|_| known);
            let text = compared.map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
            let other = if known { format!("{other:.0}") } else { "-".to_owned() };
            println!("{name:<22} {:>6} {own:>10.0} {other:>10} {text:>6}", if call { "yes" } else { "no" });
            ratios.extend(compared);
        }
    }
    if let Some(mean) = mean(ratios) {
        println!("{:<22} {:>6} {:>10} {:>10} {:>6.2}", "mean", "", "", "", mean.ratio);
    }
    Ok(())
}

/// Nanoseconds for one instance.
fn time(round: &Round, call: bool, instances: u32) -> Result<f64> {
    let begin = Instant::now();
    for _ in 0..instances {
        black_box(round)(call)?;
    }
    Ok(begin.elapsed().as_nanos() as f64 / f64::from(instances))
}
