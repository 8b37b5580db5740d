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

mod compare;
mod engines;
#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "../common/rng.rs"]
mod rng;
mod smith;
mod structured;
mod value;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, Once};

use crate::compare::{Counters, Engines, Modules, Plan, count, watch_panics};
use crate::rng::Rng;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("the setting is a number"))
}

/// Compares `modules` modules of a generator on all threads; fails with all differences that were found.
fn run(name: &str, modules: u64, make: fn(&mut Rng, u64) -> Option<Modules>, plan: Plan) -> Counters {
    let seed = setting("UPSHIFT_FUZZ_SEED", 1);
    let first = setting("UPSHIFT_FUZZ_FIRST", 0);
    let modules = setting("UPSHIFT_FUZZ_MODULES", modules);
    let trace = setting("UPSHIFT_FUZZ_TRACE", 0) != 0;
    let next = AtomicU64::new(first);
    let counters = Counters::default();
    let failures = Mutex::new(Vec::new());
    let work = || {
        let mut engines = Engines::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= first + modules || failures.lock().unwrap().len() >= 5 {
                return;
            }
            let mut rng = Rng::of_item(seed, index);
            let Some(modules) = make(&mut rng, index) else {
                count(&counters.skipped, 1);
                continue;
            };
            let path = format!("{}/{name}-{seed}-{index}.wasm", env!("CARGO_TARGET_TMPDIR"));
            let save = || {
                for (i, bytes) in modules.upshift.iter().enumerate() {
                    let path = if i == 0 { path.clone() } else { format!("{path}.{i}") };
                    std::fs::write(path, bytes).expect("the directory for temporary files is there");
                }
            };
            if trace {
                // A crash leaves no message: this tells which module it was.
                eprintln!("{name}: module {index}");
                save();
                std::fs::write(format!("{path}.calls"), engines.history.join("\n")).expect("as above");
            }
            if let Err(what) = engines.compare(&modules, plan, &mut rng, &counters) {
                save();
                std::fs::write(format!("{path}.calls"), engines.history.join("\n")).expect("as above");
                failures.lock().unwrap().push(format!("seed {seed}, module {index}, {path}\n{what}"));
            }
        }
    };
    static WATCH: Once = Once::new();
    WATCH.call_once(watch_panics);
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            // Deep recursion takes native stack in neither engine, but translation of deep nesting might.
            std::thread::Builder::new().stack_size(16 << 20).spawn_scoped(scope, work).expect("a thread");
        }
    });
    println!("{name}, seed {seed}: {}", counters.report());
    let failures = failures.into_inner().unwrap();
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
    let counters = run("smith", 3000, smith::modules, plan);
    assert_enough(&counters, 2500, 1000, 10_000);
}

#[test]
fn structured_modules() {
    let plan = Plan { calls: 4, any_nan: true, fuel: Some(("fuel", 100)), renewals: 0 };
    let counters = run("structured", 3000, structured::modules, plan);
    assert_enough(&counters, 2500, 2000, 20_000);
}
