//! How long cells take, by what they do: the same kinds of cells as in the browser's benchmark.

use std::hint::black_box;
use std::time::Instant;

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::host::{Error, Host};
use crate::limits::Options;
use crate::outcome::Performance;

/// How long cells took.
#[derive(Clone, Debug, Serialize)]
pub struct Benchmark {
    /// By what they do. Each run is a cell that was not compiled before.
    pub categories: Categories,
    /// Cells that were compiled before.
    pub cached: Category,
    /// A cell of 200 functions.
    pub large: Category,
    /// All of [`Benchmark::categories`] together.
    pub summary: Summary,
}

/// Cells by what they do.
#[derive(Clone, Debug, Serialize)]
pub struct Categories {
    /// They define values and assign variables.
    pub assignment: Category,
    /// They compute a value.
    pub expression: Category,
    /// They define functions.
    pub function: Category,
    /// They call functions of other cells.
    pub call: Category,
    /// They have loops and branches.
    pub control: Category,
}

/// How long cells of a kind took, from source to value.
#[derive(Clone, Debug, Serialize)]
pub struct Category {
    /// What they do.
    pub name: &'static str,
    /// How many were run.
    pub runs: usize,
    /// The time of all.
    #[serde(flatten)]
    pub total: Percentiles,
    /// What 95 of 100 should stay below.
    pub target_ms: f64,
    /// Whether they did.
    pub target_met: bool,
    /// The time by phases.
    pub phases: Phases,
}

/// Times in milliseconds of which so many of 100 runs stayed below.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Percentiles {
    /// Half of them.
    pub p50_ms: f64,
    /// 95 of 100.
    pub p95_ms: f64,
    /// 99 of 100.
    pub p99_ms: f64,
}

/// Times by phases.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Phases {
    /// Lexer and parser.
    pub parse: Percentiles,
    /// Checker.
    pub check: Percentiles,
    /// Emission of the module.
    pub emit: Percentiles,
    /// Validation and instantiation of the module.
    pub instantiate: Percentiles,
    /// The run.
    pub run: Percentiles,
}

/// All categories together.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// How many cells were run.
    pub runs: usize,
    /// Their mean time in milliseconds.
    pub overall_avg_ms: f64,
    /// Their times.
    #[serde(flatten)]
    pub total: Percentiles,
    /// The target of each category.
    pub target_ms: f64,
    /// Whether all categories met it.
    pub target_met: bool,
}

/// What cells of a kind look like, by the number of the run.
type Source = fn(usize) -> String;

/// What the cells of the benchmark use.
const PRELUDE: &str = "\
let base = 21
let words = [\"one\", \"two\", \"three\"]
fun scale(n: Int) -> Int { n * 2 + 1 }
fun fib(n: Int) -> Int { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }";

fn assignment(run: usize) -> String {
    format!("let value = {run}\nlet mut total = value * 2 + 1\ntotal += base")
}

fn expression(run: usize) -> String {
    format!("(base + {run}) * 7 - {run} / 2 + words.len() % 5")
}

fn function(run: usize) -> String {
    format!("fun step(n: Int) -> Int {{\n    let doubled = n * 2\n    doubled + {run}\n}}")
}

fn call(run: usize) -> String {
    format!("scale({run}) + scale(base) + fib(10)")
}

fn control(run: usize) -> String {
    format!(
        "let mut sum = {run}
for i in 0..100 {{
    if i % 3 == 0 {{ sum += i }} else if i % 5 == 0 {{ sum -= 1 }}
}}
while sum > 1000 {{ sum /= 2 }}
match sum {{ 0 => \"none\", 1..10 => \"few\", _ => \"many\" }}"
    )
}

fn large(run: usize) -> String {
    let function = |at: usize| {
        format!(
            "fun f{at}(a: Int, b: Int) -> Int {{\n    let c = a * {at} + b\n    if c > {run} {{ c - 1 }} else {{ c + 1 }}\n}}\n"
        )
    };
    (0..200).map(function).collect()
}

/// Runs `runs` cells of each category, at least one, in hosts of their own.
///
/// # Errors
///
/// If there is no host, or if a cell fails.
pub fn benchmark(runs: usize) -> Result<Benchmark, Error> {
    let runs = runs.max(1);
    let target = Performance::TARGET_MS;
    let mut all = Vec::new();
    let mut measure = |name, source: Source| measure(name, target, source, runs, false, &mut all);
    let categories = Categories {
        assignment: measure("assignment", assignment)?,
        expression: measure("expression", expression)?,
        function: measure("function definition", function)?,
        call: measure("call", call)?,
        control: measure("control flow", control)?,
    };
    let cached = self::measure("unchanged cell", 0.1, |_| expression(0), runs, true, &mut Vec::new())?;
    let large = self::measure("200 functions", 10.0, large, runs.div_ceil(10), false, &mut Vec::new())?;
    let of = &categories;
    let target_met = [&of.assignment, &of.expression, &of.function, &of.call, &of.control]
        .iter()
        .all(|category| category.target_met);
    let summary = Summary {
        runs: all.len(),
        overall_avg_ms: all.iter().sum::<f64>() / all.len() as f64,
        total: percentiles(&mut all),
        target_ms: target,
        target_met,
    };
    Ok(Benchmark { categories, cached, large, summary })
}

fn measure(
    name: &'static str,
    target_ms: f64,
    source: Source,
    runs: usize,
    cached: bool,
    all: &mut Vec<f64>,
) -> Result<Category, Error> {
    let mut host = Host::new(Options::default())?;
    run(&mut host, "prelude", PRELUDE)?;
    if cached {
        run(&mut host, "cell", &source(0))?;
    }
    let mut total = Vec::with_capacity(runs);
    let mut phases: [Vec<f64>; 5] = Default::default();
    for at in 0..runs {
        let source = source(at);
        let (ms, performance) = run(&mut host, "cell", &source)?;
        total.push(ms);
        let of = [
            performance.parse_ms,
            performance.check_ms,
            performance.emit_ms,
            performance.instantiate_ms,
            performance.run_ms,
        ];
        phases.iter_mut().zip(of).for_each(|(phase, ms)| phase.push(ms));
    }
    all.extend_from_slice(&total);
    let total = percentiles(&mut total);
    let [parse, check, emit, instantiate, run] = phases.each_mut().map(|phase| percentiles(phase));
    let phases = Phases { parse, check, emit, instantiate, run };
    Ok(Category { name, runs, total, target_ms, target_met: total.p95_ms <= target_ms, phases })
}

/// A thousand cells out of many in a row.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Stretch {
    /// How many cells there were before.
    pub from: usize,
    /// Their times.
    pub total: Percentiles,
    /// The longest time: one with a move to a fresh store, if there was one.
    pub most_ms: f64,
    /// Bytes of objects and memories at the end.
    pub memory_bytes: u64,
    /// Instances in the store at the end.
    pub instances: usize,
}

fn closure(run: usize) -> String {
    format!("let factor = {run}\n[1, 2, 3].map(|n| n * factor).sum()")
}

/// Runs thousands of cells of all categories, and with closures, in one session; no two have an id or a source in common.
///
/// # Errors
///
/// If there is no host, or if a cell fails.
pub fn in_a_row(thousands: usize) -> Result<Vec<Stretch>, Error> {
    let kinds: [Source; 6] = [assignment, expression, function, call, control, closure];
    let mut host = Host::new(Options::default())?;
    run(&mut host, "prelude", PRELUDE)?;
    let mut stretches = Vec::with_capacity(thousands);
    for thousand in 0..thousands {
        let mut times = Vec::with_capacity(1000);
        for cell in 0..1000 {
            let number = thousand * 1000 + cell;
            let source = kinds[number % kinds.len()](number);
            times.push(run(&mut host, &format!("cell {number}"), &source)?.0);
        }
        stretches.push(Stretch {
            from: thousand * 1000,
            total: percentiles(&mut times),
            // They are sorted now.
            most_ms: times.last().copied().unwrap_or(0.0),
            memory_bytes: host.memory_bytes(),
            instances: host.store_instances(),
        });
    }
    Ok(stretches)
}

/// How long a cell of each kind takes, in units of [a fixed work](reference) that is measured beside it: what a machine of any speed,
/// and a busy one, can hold against a number that was written down elsewhere. Of `rounds` rounds the quickest counts, of the cells as of
/// the work.
///
/// # Errors
///
/// If there is no host, or if a cell fails.
pub fn relative(rounds: usize) -> Result<Vec<(&'static str, f64)>, Error> {
    const CELLS: usize = 40;
    let kinds: [(&str, Source, usize); 6] = [
        ("assignment", assignment, CELLS),
        ("expression", expression, CELLS),
        ("function definition", function, CELLS),
        ("call", call, CELLS),
        ("control flow", control, CELLS),
        ("200 functions", large, 1),
    ];
    let mut host = Host::new(Options::default())?;
    run(&mut host, "prelude", PRELUDE)?;
    let mut work = f64::INFINITY;
    let mut best = [f64::INFINITY; 6];
    for round in 0..rounds.max(1) {
        let start = Instant::now();
        black_box(reference(black_box(2000)));
        work = work.min(start.elapsed().as_secs_f64());
        for ((_, source, cells), best) in kinds.iter().zip(&mut best) {
            let sources: Vec<_> = (0..*cells).map(|cell| source(round * cells + cell)).collect();
            let start = Instant::now();
            for source in &sources {
                run(&mut host, "cell", source)?;
            }
            *best = best.min(start.elapsed().as_secs_f64() / *cells as f64);
        }
    }
    Ok(kinds.iter().zip(best).map(|((name, ..), best)| (*name, best / work)).collect())
}

/// Texts that are made, hashed and counted, as in a compiler; less than a millisecond of it.
fn reference(texts: u32) -> u32 {
    let mut counts: FxHashMap<String, u32> = FxHashMap::default();
    for text in 0..texts {
        *counts.entry(format!("name{}", text.wrapping_mul(7919) % 1000)).or_default() += text;
    }
    counts.values().fold(0, |sum, count| sum ^ count)
}

/// Runs a cell; tells how long all of it took, in milliseconds, and what the host says about it.
fn run(host: &mut Host, cell: &str, source: &str) -> Result<(f64, Performance), Error> {
    let start = Instant::now();
    let outcome = host.execute(cell, source);
    let ms = start.elapsed().as_secs_f64() * 1e3;
    match outcome.error {
        None => Ok((ms, outcome.performance)),
        Some(failure) => Err(Error::msg(failure.rendered)),
    }
}

fn percentiles(times: &mut [f64]) -> Percentiles {
    times.sort_unstable_by(f64::total_cmp);
    let at = |percent: usize| times[(times.len() * percent).div_ceil(100).max(1) - 1];
    Percentiles { p50_ms: at(50), p95_ms: at(95), p99_ms: at(99) }
}
