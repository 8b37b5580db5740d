//! Prints rows as tables: one for each measure, with the ratio of upshift's times to the other's, one of memory, and what
//! to know of single cells.

use std::fs;

use crate::measure::{Cell, Failure, FailureKind, Measure, Row};
use crate::peers::Runtime;
use crate::ratio;
use crate::suite::Layer;

/// A time or a part of one, with the digits that are shown and kept.
pub(crate) fn milliseconds(value: f64) -> String {
    format!("{value:.3}")
}

/// The time of upshift divided by that of the runtime `at`, by the shortest runs: below 1, upshift is ahead.
pub(crate) fn ratio(row: &Row, measure: Measure, at: usize) -> Option<f64> {
    let time = |at: usize| row.cells.get(at)?.summary(measure).map(|summary| summary.min());
    ratio::ratio(time(0)?, time(at)?)
}

/// The geometric mean of the ratios to the runtime `at`, over the programs of a layer that both ran.
fn mean_ratio(rows: &[Row], measure: Measure, layer: Option<Layer>, at: usize) -> Option<f64> {
    let rows = rows.iter().filter(|row| layer.is_none_or(|layer| row.program.layer == layer));
    ratio::mean(rows.filter_map(|row| ratio(row, measure, at))).map(|mean| mean.ratio)
}

/// Prints everything.
pub(crate) fn print(rows: &[Row], runtimes: &[Runtime], measures: &[Measure], memory: bool) {
    for &measure in measures {
        print_measure(rows, runtimes, measure);
        println!();
    }
    if memory {
        print_memory(rows, runtimes);
        println!();
    }
    print_marks(rows, runtimes, measures);
}

fn print_measure(rows: &[Row], runtimes: &[Runtime], measure: Measure) {
    print!("{:<20}", format!("{}, ms", measure.name()));
    for (at, runtime) in runtimes.iter().enumerate() {
        match at {
            0 => print!(" | {:>9} {:>9} {:>19}", runtime.name, "median", "interval"),
            _ => print!(" | {:>9} ratio", short(&runtime.name)),
        }
    }
    println!();
    for row in rows {
        if row.cells.iter().all(|cell| cell.summary(measure).is_none() && cell.failure.is_none()) {
            continue;
        }
        print!("{:<20}", row.program.name);
        for (at, cell) in row.cells.iter().enumerate() {
            match (cell.summary(measure), at) {
                (Some(summary), 0) => {
                    let interval = summary.interval();
                    let interval = format!("{:.2} - {:.2}", interval.low, interval.high);
                    print!(" | {} {:>9.2} {interval:>19}", with_sign(summary.min(), cell), summary.median());
                }
                (Some(summary), _) => {
                    print!(" | {}", with_sign(summary.min(), cell));
                    print_ratio(ratio(row, measure, at));
                }
                (None, 0) => print!(" | {:>9} {:>29}", kind(cell), ""),
                (None, _) => print!(" | {:>15}", kind(cell)),
            }
        }
        println!();
    }
    for layer in Layer::ALL {
        if rows.iter().any(|row| row.program.layer == layer && row.cells[0].summary(measure).is_some()) {
            print_means(&format!("mean: {}", layer.name()), rows, runtimes, measure, Some(layer));
        }
    }
    print_means("mean: all", rows, runtimes, measure, None);
}

fn print_means(title: &str, rows: &[Row], runtimes: &[Runtime], measure: Measure, layer: Option<Layer>) {
    print!("{title:<20}");
    for at in 0..runtimes.len() {
        match at {
            0 => print!(" | {:39}", ""),
            _ => {
                print!(" | {:9}", "");
                print_ratio(mean_ratio(rows, measure, layer, at));
            }
        }
    }
    println!();
}

/// A time in nine places, with a `*` when there is something to know about it.
fn with_sign(time: f64, cell: &Cell) -> String {
    let sign = if cell.notes.is_empty() { "" } else { "*" };
    format!("{:>9}", format!("{sign}{time:.2}"))
}

fn kind(cell: &Cell) -> String {
    cell.failure.as_ref().map_or("-".into(), |failure| failure.kind.text())
}

/// The titles of columns that are too long for them.
fn short(name: &str) -> &str {
    match name {
        "wasmtime-nocache" => "wt-nocach",
        "wasmtime-aot" => "wt-aot",
        "native-vec" => "nat-vec",
        _ => name,
    }
}

fn print_ratio(ratio: Option<f64>) {
    match ratio {
        Some(ratio) => print!(" {ratio:>5.2}"),
        None => print!(" {:>5}", "-"),
    }
}

fn print_memory(rows: &[Row], runtimes: &[Runtime]) {
    print!("{:<20}", "peak memory, MB");
    for runtime in runtimes {
        print!(" | {:>9}", short(&runtime.name));
    }
    println!();
    for row in rows {
        print!("{:<20}", row.program.name);
        for cell in &row.cells {
            let peak = cell.peak.map_or("-".to_string(), |peak| format!("{:.1}", peak as f64 / 1e6));
            print!(" | {peak:>9}");
        }
        println!();
    }
    if let Some(own) = own_peak() {
        println!("no process shows less than this program's own peak, {own:.1} MB");
    }
}

/// The most memory this process had, in 10^6 bytes. Linux counts it for each of its children too, until they run a program.
fn own_peak() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB"))?;
    Some(kilobytes.trim().parse::<f64>().ok()? * 1024.0 / 1e6)
}

/// What a short word or a `*` in the tables stands for, and single runs that are far from the others.
fn print_marks(rows: &[Row], runtimes: &[Runtime], measures: &[Measure]) {
    for row in rows {
        if let [first, rest @ ..] = row.cells.as_slice()
            && let Some(Failure { kind: FailureKind::Absent, detail }) = &first.failure
            && rest.iter().all(|cell| cell.failure.is_some())
        {
            println!("{}: {detail}", row.program.name);
            continue;
        }
        for (runtime, cell) in runtimes.iter().zip(&row.cells) {
            if let Some(mark) = cell.mark().filter(|mark| mark != "-") {
                println!("{} in {}: {mark}", row.program.name, runtime.name);
            }
            for &measure in measures {
                let Some(summary) = cell.own_summary(measure) else { continue };
                for at in summary.outliers() {
                    println!(
                        "{} in {}, {}: run {} is an outlier, {:.2} ms with a median of {:.2}",
                        row.program.name,
                        runtime.name,
                        measure.name(),
                        at + 1,
                        summary.samples()[at],
                        summary.median()
                    );
                }
            }
        }
    }
}
