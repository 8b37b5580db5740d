//! Random modules run the same in Upshift, with both dispatch backends, and in wasmi.
//!
//! ```text
//! seed, number ─┬─ smith ──────┬─▶ module ─ compare ─▶ counters, or seed + module + call that differ
//!               └─ structured ─┘
//! ```
//!
//! `UPSHIFT_FUZZ_MODULES` says how many modules each generator makes, `UPSHIFT_FUZZ_SEED` which ones, `UPSHIFT_FUZZ_FIRST`
//! the number to begin with: with a number that a failure printed and one module, exactly that module runs.
//! `UPSHIFT_FUZZ_TRACE=1` prints the number of each module and saves it before it runs, for failures that end the process.
//!
//! All but this file and `wasmi` is also in the program in `fuzz`, which compares with Wasmtime.

mod compare;
mod engines;
#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "../common/rng.rs"]
mod rng;
mod run;
mod smith;
mod structured;
mod value;
mod wasmi;

use std::path::Path;
use std::sync::atomic::Ordering;

use crate::compare::{Counters, Other, Plan};
use crate::run::{Job, Make};
use crate::wasmi::Wasmi;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("the setting is a number"))
}

const WASMI: Other =
    Other { name: "wasmi", sources: &["/wasmi-", "/wasmi_"], make: || Box::new(Wasmi::new()) };

/// Compares `modules` modules of a generator on all threads; fails with all differences that were found.
fn run(name: &str, modules: u64, make: Make<'_>, plan: Plan) -> Counters {
    let seed = setting("UPSHIFT_FUZZ_SEED", 1);
    let job = Job {
        name,
        seed,
        first: setting("UPSHIFT_FUZZ_FIRST", 0),
        modules: setting("UPSHIFT_FUZZ_MODULES", modules),
        trace: setting("UPSHIFT_FUZZ_TRACE", 0) != 0,
        failures: Path::new(env!("CARGO_TARGET_TMPDIR")),
        until: None,
    };
    let (counters, failures) = job.run(WASMI, make, plan);
    println!("{name}, seed {seed}: {}", counters.report());
    assert!(failures.is_empty(), "{} differences\n\n{}", failures.len(), failures.join("\n\n"));
    counters
}

/// Fails when a run did too little to say anything; only runs of the usual size are judged.
fn assert_enough(counters: &Counters, modules: u64, instances: u64, calls: u64) {
    if counters.modules.load(Ordering::Relaxed) >= modules {
        assert!(counters.instances.load(Ordering::Relaxed) >= instances, "too few instances");
        assert!(counters.calls.load(Ordering::Relaxed) >= calls, "too few calls");
    }
}

#[test]
fn modules_of_wasm_smith() {
    let plan = Plan { calls: 4, any_nan: false, fuel: None, renewals: 8 };
    let counters = run("smith", 3000, &smith::modules, plan);
    assert_enough(&counters, 2500, 1000, 10_000);
}

#[test]
fn structured_modules() {
    let plan = Plan { calls: 4, any_nan: true, fuel: Some(("fuel", 100)), renewals: 0 };
    let counters = run("structured", 3000, &structured::modules, plan);
    assert_enough(&counters, 2500, 2000, 20_000);
}
