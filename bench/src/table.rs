//! Prints the rows: a table of times, with the ratio to upshift's, and one of memory.

use std::fs;

use crate::measure::{Figures, Row};
use crate::programs::Group;
use crate::runtimes::Runtime;

/// The time of upshift divided by that of the runtime `at`, by the shortest runs: below 1, upshift is ahead.
pub(crate) fn ratio(row: &Row, at: usize) -> Option<f64> {
    let time = |at: usize| row.figures.get(at).and_then(Option::as_ref).map(Figures::min);
    Some(time(0)? / time(at)?)
}

/// The geometric mean of the ratios to the runtime `at`, over the programs of a group that both ran.
pub(crate) fn mean_ratio(rows: &[Row], group: Group, at: usize) -> Option<f64> {
    let ratios = rows.iter().filter(|row| row.program.group == group).filter_map(|row| ratio(row, at));
    let (sum, count) = ratios.fold((0.0, 0), |(sum, count), ratio| (sum + ratio.ln(), count + 1));
    (count > 0).then(|| (sum / f64::from(count)).exp())
}

pub(crate) fn print(rows: &[Row], runtimes: &[Runtime], memory: bool) {
    let titles: Vec<String> = runtimes.iter().map(|runtime| format!("{} min/med", runtime.name)).collect();
    // Two numbers of eight places and the blank between them.
    let width = |at: usize| titles[at].chars().count().max(17);

    print!("{:<14}", "ms");
    for (at, title) in titles.iter().enumerate() {
        print!(" | {title:>width$}{}", if at > 0 { " ratio" } else { "" }, width = width(at));
    }
    println!();
    for row in rows {
        print!("{:<14}", row.program.name);
        for (at, figures) in row.figures.iter().enumerate() {
            let times = match figures {
                Some(figures) => format!("{:.2} {:>8.2}", figures.min(), figures.median()),
                None => format!("- {:>8}", "-"),
            };
            print!(" | {times:>width$}", width = width(at));
            print_ratio(at, ratio(row, at));
        }
        println!();
    }
    for group in Group::ALL {
        if !rows.iter().any(|row| row.program.group == group) {
            continue;
        }
        print!("{:<14}", format!("mean: {}", group.name()));
        for at in 0..runtimes.len() {
            print!(" | {:>width$}", "", width = width(at));
            print_ratio(at, mean_ratio(rows, group, at));
        }
        println!();
    }
    if memory {
        print_memory(rows, runtimes);
    }
}

/// The column of upshift itself, the first, has no ratio.
fn print_ratio(at: usize, ratio: Option<f64>) {
    match ratio {
        _ if at == 0 => {}
        Some(ratio) => print!(" {ratio:>5.2}"),
        None => print!(" {:>5}", "-"),
    }
}

fn print_memory(rows: &[Row], runtimes: &[Runtime]) {
    println!();
    print!("{:<14}", "peak MB");
    for runtime in runtimes {
        print!(" | {:>10}", runtime.name);
    }
    println!();
    for row in rows {
        print!("{:<14}", row.program.name);
        for figures in &row.figures {
            let peak = figures.as_ref().and_then(|figures| figures.peak);
            print!(" | {:>10}", peak.map_or("-".to_string(), |peak| format!("{:.1}", peak as f64 / 1e6)));
        }
        println!();
    }
    if let Some(least) = least_peak() {
        println!(
            "no process can show less than {:.1} MB: Linux counts what this program had when it started it",
            least
        );
    }
}

/// The peak of this process in megabytes. A child begins as a copy of it, and Linux keeps that in the child's peak.
fn least_peak() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB"))?;
    Some(kilobytes.trim().parse::<f64>().ok()? * 1024.0 / 1e6)
}
