//! Compares Upshift with Wasmtime on random modules; `README.md` says how to run it.
//!
//! ```text
//! options ─▶ seed, numbers ─ smith, structured ─▶ modules ─ compare ─▶ counts, or seed + module + call that differ
//!                                                   Upshift, three ways ─┴─ Wasmtime
//!
//! options ─▶ seed, numbers ─ generate ─▶ programs ─ tiers ─▶ counts, or programs that tiers do not do the same with
//! ```
//!
//! What makes modules, runs them and compares is shared with the tests of `crates/upshift`, which have wasmi beside them.

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../crates/upshift/tests/agreement/case.rs"]
mod case;
#[path = "../../crates/upshift/tests/differential/compare.rs"]
mod compare;
#[path = "../../crates/upshift/tests/differential/engines.rs"]
mod engines;
#[path = "../../crates/upshift/tests/agreement/generate/mod.rs"]
mod generate;
#[cfg(unix)]
#[path = "../../crates/upshift/tests/agreement/isolate.rs"]
mod isolate;
#[path = "../../crates/upshift/tests/agreement/observe.rs"]
mod observe;
#[allow(dead_code, reason = "the modules of other tests use more of it")]
#[path = "../../crates/upshift/tests/differential/structured/ops.rs"]
mod ops;
mod options;
#[path = "../../crates/upshift/tests/agreement/program.rs"]
mod program;
#[path = "../../crates/upshift/tests/agreement/reduce.rs"]
mod reduce;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../crates/upshift/tests/common/rng.rs"]
mod rng;
#[path = "../../crates/upshift/tests/differential/run.rs"]
mod run;
#[path = "../../crates/upshift/tests/differential/smith.rs"]
mod smith;
#[path = "../../crates/upshift/tests/differential/structured/mod.rs"]
mod structured;
#[path = "../../crates/upshift/tests/agreement/run.rs"]
mod tiers;
#[path = "../../crates/upshift/tests/differential/value.rs"]
mod value;
mod wasmtime;

use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use wasm_smith::{InstructionKind, InstructionKinds};

use crate::compare::{Modules, Other, Plan};
use crate::options::{Command, Differential, Kind, USAGE};
use crate::rng::Rng;
use crate::run::Job;
use crate::wasmtime::Wasmtime;

const WASMTIME: Other = Other {
    name: "wasmtime",
    sources: &["/wasmtime-", "/cranelift-", "/regalloc2-"],
    make: || Box::new(Wasmtime::new()),
};

fn main() -> ExitCode {
    let command = match options::parse(std::env::args_os().skip(1)) {
        Ok(command) => command,
        Err(error) => {
            eprintln!("error: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let result = match command {
        Command::Help => {
            println!("{USAGE}");
            Ok(())
        }
        Command::Differential(options) => differential(&options),
        Command::Tiers(options) => tiers(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs programs in all tiers, each in a process of its own, prints what was done, and fails when there were differences.
fn tiers(options: &Differential) -> Result<()> {
    std::fs::create_dir_all(&options.failures)
        .with_context(|| format!("cannot make the directory {}", options.failures.display()))?;
    let job = tiers::Job {
        seed: options.seed,
        first: options.first,
        cases: options.cases,
        isolate: true,
        failures: &options.failures,
        until: options.time.map(|time| Instant::now() + time),
    };
    let (report, failures) = job.run();
    println!("tiers, seed {}: {report}", options.seed);
    ensure!(failures.is_empty(), "{} differences\n\n{}", failures.len(), failures.join("\n\n"));
    Ok(())
}

/// Runs the modules, prints what was done, and fails when there were differences.
fn differential(options: &Differential) -> Result<()> {
    std::fs::create_dir_all(&options.failures)
        .with_context(|| format!("cannot make the directory {}", options.failures.display()))?;
    let job = Job {
        name: options.kind.name(),
        seed: options.seed,
        first: options.first,
        modules: options.cases,
        trace: options.trace,
        failures: &options.failures,
        until: options.time.map(|time| Instant::now() + time),
    };
    let make = |rng: &mut Rng, index| modules(options, rng, index);
    let (counters, failures) = job.run(WASMTIME, &make, plan(options.kind));
    println!("{}, seed {}: {}", job.name, job.seed, counters.report());
    let compared = counters.modules.load(Ordering::Relaxed);
    ensure!(
        compared > 0 || options.kind != Kind::Binaryen,
        "there is no pair in {} whose number is asked for; binaryen.sh makes them",
        options.pairs.display()
    );
    ensure!(failures.is_empty(), "{} differences\n\n{}", failures.len(), failures.join("\n\n"));
    Ok(())
}

/// How modules of a kind are run.
fn plan(kind: Kind) -> Plan {
    match kind {
        Kind::Default | Kind::Exceptions | Kind::Gc | Kind::Threads | Kind::Everything => {
            Plan { calls: 4, any_nan: false, fuel: None, renewals: 8 }
        }
        Kind::Binaryen => Plan { calls: 4, any_nan: true, fuel: None, renewals: 8 },
        Kind::Structured => Plan { calls: 4, any_nan: true, fuel: Some(("fuel", 100)), renewals: 0 },
    }
}

/// The modules of a kind for a generator state and a number.
fn modules(options: &Differential, rng: &mut Rng, index: u64) -> Option<Modules> {
    match options.kind {
        Kind::Default => smith::modules(rng, index),
        Kind::Exceptions => exceptions(rng),
        Kind::Gc => gc(rng),
        Kind::Threads => threads(rng),
        Kind::Everything => everything(rng),
        Kind::Binaryen => {
            let read = |form: &str| std::fs::read(options.pairs.join(format!("{index}.{form}.wasm"))).ok();
            Some(Modules { upshift: vec![read("legacy")?], other: vec![read("exnref")?] })
        }
        Kind::Structured => Some(Modules::both(structured::modules(rng, index)?.upshift)),
    }
}

/// Exceptions, among calls in tail position, vectors and memories of 64 bits.
fn exceptions(rng: &mut Rng) -> Option<Modules> {
    let mut config = smith::base(rng);
    config.exceptions_enabled = true;
    config.min_tags = 1;
    config.max_tags = 4;
    config.tail_call_enabled = rng.chance(50);
    config.simd_enabled = rng.chance(30);
    config.memory64_enabled = rng.chance(30);
    config.extended_const_enabled = rng.chance(50);
    config.max_memories = *rng.pick(&[1, 1, 2]);
    config.disallow_traps = rng.chance(50);
    if rng.chance(50) {
        // So that more of the instructions throw and catch.
        let kinds = [InstructionKind::Control, InstructionKind::Parametric, InstructionKind::Reference];
        config.allowed_instructions = InstructionKinds::new(&kinds);
    }
    smith::module(rng, config)
}

/// Structs, arrays, casts and references to functions of a type, among calls in tail position and exceptions.
fn gc(rng: &mut Rng) -> Option<Modules> {
    let mut config = smith::base(rng);
    config.gc_enabled = true;
    config.max_types = *rng.pick(&[10, 30, 60]);
    // The host has no values of most types.
    config.max_imports = 0;
    config.exceptions_enabled = rng.chance(40);
    config.tail_call_enabled = rng.chance(50);
    config.simd_enabled = rng.chance(20);
    config.extended_const_enabled = rng.chance(50);
    config.disallow_traps = rng.chance(60);
    if rng.chance(60) {
        // So that more of the instructions are about data that is collected.
        let kinds = [
            InstructionKind::Aggregate,
            InstructionKind::Control,
            InstructionKind::NumericInt,
            InstructionKind::Parametric,
            InstructionKind::Reference,
            InstructionKind::Variable,
        ];
        config.allowed_instructions = InstructionKinds::new(&kinds);
    }
    smith::module(rng, config)
}

/// Atomic accesses, to memories that are shared and others.
fn threads(rng: &mut Rng) -> Option<Modules> {
    let mut config = smith::base(rng);
    config.threads_enabled = true;
    config.min_memories = 1;
    config.max_memories = *rng.pick(&[1, 2]);
    // The host makes no shared memories.
    config.max_imports = 0;
    config.memory64_enabled = rng.chance(30);
    config.disallow_traps = rng.chance(50);
    if rng.chance(50) {
        let kinds = [InstructionKind::Control, InstructionKind::MemoryInt, InstructionKind::NumericInt];
        config.allowed_instructions = InstructionKinds::new(&kinds);
    }
    smith::module(rng, config).filter(ends)
}

/// All that both engines have, together.
fn everything(rng: &mut Rng) -> Option<Modules> {
    let mut config = smith::base(rng);
    config.max_imports = 0;
    config.max_types = 30;
    config.exceptions_enabled = true;
    config.gc_enabled = true;
    config.threads_enabled = rng.chance(50);
    config.wide_arithmetic_enabled = true;
    config.memory64_enabled = true;
    config.custom_page_sizes_enabled = true;
    config.max_memories = 3;
    config.relaxed_simd_enabled = true;
    config.simd_enabled = true;
    config.tail_call_enabled = true;
    config.extended_const_enabled = true;
    config.disallow_traps = rng.chance(60);
    smith::module(rng, config).filter(ends)
}

/// Whether no thread of the module waits: there is none that would wake it.
fn ends(modules: &Modules) -> bool {
    let waits = |bytes: &Vec<u8>| bytes.windows(2).any(|pair| matches!(pair, [0xfe, 1 | 2]));
    !modules.upshift.iter().any(waits)
}
