//! Prints how long cells take, from source to value: `percentiles [RUNS] [--json]`, with 1000 runs of each kind unless told otherwise.
//!
//! `percentiles --row` runs ten thousand cells in a row instead, and prints the times of each thousand.
//!
//! `percentiles --check` holds them against a budget instead, in units of a work that is measured on the same machine in the same run, and
//! fails if a kind of cells takes more.

use std::process::ExitCode;

use upshift_cells_host::benchmark::{Category, Percentiles, benchmark, in_a_row, relative};

/// What a cell of each kind may take in units of the work of [`relative`]: about twice of what it takes on a machine that does nothing else.
const BUDGET: [(&str, f64); 6] = [
    ("assignment", 0.6),
    ("expression", 0.8),
    ("function definition", 0.4),
    ("call", 0.7),
    ("control flow", 1.2),
    ("200 functions", 40.0),
];

fn main() -> ExitCode {
    let mut runs = 1000;
    let mut json = false;
    for argument in std::env::args().skip(1) {
        match (argument.as_str(), argument.parse()) {
            ("--json", _) => json = true,
            ("--row", _) => return row(),
            ("--check", _) => return check(),
            (_, Ok(number)) => runs = number,
            _ => {
                eprintln!("usage: percentiles [RUNS] [--json] | percentiles --row | percentiles --check");
                return ExitCode::from(2);
            }
        }
    }
    let result = match benchmark(runs) {
        Ok(result) => result,
        Err(error) => {
            eprintln!("a cell of the benchmark failed: {error}");
            return ExitCode::FAILURE;
        }
    };
    if json {
        println!("{}", serde_json::to_string_pretty(&result).expect("all fields have a form in JSON"));
        return ExitCode::SUCCESS;
    }
    println!("{:<20} {:>6} {:<12} {:>9} {:>9} {:>9}", "cells", "runs", "phase", "p50 ms", "p95 ms", "p99 ms");
    let categories = &result.categories;
    for category in [
        &categories.assignment,
        &categories.expression,
        &categories.function,
        &categories.call,
        &categories.control,
        &result.cached,
        &result.large,
    ] {
        print(category);
    }
    let summary = &result.summary;
    println!("mean of all {} cells: {:.3} ms", summary.runs, summary.overall_avg_ms);
    ExitCode::SUCCESS
}

fn print(category: &Category) {
    let line = |name: &str, runs: &str, phase: &str, times: &Percentiles, remark: &str| {
        let Percentiles { p50_ms, p95_ms, p99_ms } = times;
        println!("{name:<20} {runs:>6} {phase:<12} {p50_ms:>9.4} {p95_ms:>9.4} {p99_ms:>9.4}{remark}");
    };
    let met = if category.target_met { "met" } else { "missed" };
    let remark = format!("  target {} ms: {met}", category.target_ms);
    line(category.name, &category.runs.to_string(), "all", &category.total, &remark);
    let phases = &category.phases;
    for (phase, times) in [
        ("parse", &phases.parse),
        ("check", &phases.check),
        ("emit", &phases.emit),
        ("instantiate", &phases.instantiate),
        ("run", &phases.run),
    ] {
        line("", "", phase, times, "");
    }
}

fn row() -> ExitCode {
    let stretches = match in_a_row(10) {
        Ok(stretches) => stretches,
        Err(error) => {
            eprintln!("a cell of the benchmark failed: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!(
        "{:>6} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "from", "p50 ms", "p95 ms", "p99 ms", "most ms", "KiB", "instances"
    );
    for stretch in stretches {
        let Percentiles { p50_ms, p95_ms, p99_ms } = stretch.total;
        let (from, most, kib) = (stretch.from, stretch.most_ms, stretch.memory_bytes >> 10);
        println!(
            "{from:>6} {p50_ms:>9.4} {p95_ms:>9.4} {p99_ms:>9.4} {most:>9.4} {kib:>9} {:>9}",
            stretch.instances
        );
    }
    ExitCode::SUCCESS
}

fn check() -> ExitCode {
    let times = match relative(50) {
        Ok(times) => times,
        Err(error) => {
            eprintln!("a cell of the benchmark failed: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut met = true;
    for ((name, time), (_, budget)) in times.iter().zip(BUDGET) {
        let verdict = if *time <= budget { "" } else { "  TOO SLOW" };
        println!("{name:<20} {time:>9.3} of {budget:>6.2}{verdict}");
        met &= *time <= budget;
    }
    if met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
