//! Rows as tables: one for each measure, with the ratio of upshift's times to the other's, one of memory, and what to know of
//! single cells.

use std::fmt::{self, Write};
use std::fs;

use crate::marks::{Failure, FailureKind};
use crate::measure::{Cell, Measure, Row};
use crate::peers::Runtime;
use crate::ratio;
use crate::suite::Layer;

/// A time or a part of one, with the digits that are shown and kept.
pub(crate) fn milliseconds(value: f64) -> String {
    format!("{value:.3}")
}

/// Rows to print, and how.
pub(crate) struct Tables<'a> {
    pub(crate) rows: &'a [Row],
    pub(crate) runtimes: &'a [Runtime],
    pub(crate) measures: &'a [Measure],
    /// Whether there is a table of memory.
    pub(crate) memory: bool,
}

impl fmt::Display for Tables<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &measure in self.measures {
            self.write_measure(out, measure)?;
            writeln!(out)?;
        }
        if self.memory {
            self.write_memory(out)?;
            writeln!(out)?;
        }
        self.write_marks(out)
    }
}

impl Tables<'_> {
    fn write_measure(&self, out: &mut dyn Write, measure: Measure) -> fmt::Result {
        write!(out, "{:<20}", format!("{}, ms", measure.name()))?;
        for (at, runtime) in self.runtimes.iter().enumerate() {
            let width = self.width(at);
            match at {
                0 => write!(out, " | {:>width$} {:>9} {:>19}", runtime.name, "median", "interval")?,
                _ => write!(out, " | {:>width$} ratio", runtime.name)?,
            }
        }
        writeln!(out)?;
        for row in self.rows {
            let is_there =
                |cell: &Cell| cell.summary(measure).is_some() || cell.failure_of(measure).is_some();
            // Programs that are there for their start only have nothing to say in steady.
            if row.cells.iter().any(is_there) && (measure != Measure::Steady || row.program.repeats()) {
                self.write_row(out, row, measure)?;
            }
        }
        for layer in Layer::ALL {
            let has_times = |row: &&Row| row.cells[0].summary(measure).is_some();
            if self.rows.iter().filter(has_times).any(|row| row.program.layer == layer) {
                self.write_means(out, &format!("mean: {}", layer.name()), measure, Some(layer))?;
            }
        }
        self.write_means(out, "mean: all", measure, None)
    }

    fn write_row(&self, out: &mut dyn Write, row: &Row, measure: Measure) -> fmt::Result {
        write!(out, "{:<20}", row.program.name)?;
        for (at, cell) in row.cells.iter().enumerate() {
            let width = self.width(at);
            match cell.summary(measure) {
                Some(summary) => {
                    // A `*` says that there is something to know about it.
                    let sign = if cell.notes.is_empty() { "" } else { "*" };
                    write!(out, " | {:>width$}", format!("{sign}{:.2}", summary.min()))?;
                    if at == 0 {
                        let interval = summary.interval();
                        let interval = format!("{:.2} - {:.2}", interval.low, interval.high);
                        write!(out, " {:>9.2} {interval:>19}", summary.median())?;
                    } else {
                        write_ratio(out, self.ratio(row, measure, at))?;
                    }
                }
                None => {
                    let word = cell.failure_of(measure).map_or("-".into(), |failure| failure.kind.text());
                    let width = width + if at == 0 { 30 } else { 6 };
                    write!(out, " | {word:>width$}")?;
                }
            }
        }
        writeln!(out)
    }

    /// The time of upshift divided by that of the runtime `at`, by the shortest runs: below 1, upshift is ahead.
    fn ratio(&self, row: &Row, measure: Measure, at: usize) -> Option<f64> {
        let time = |at: usize| row.cells.get(at)?.summary(measure).map(|summary| summary.min());
        let is_comparable = row.cells[0].is_comparable() && row.cells.get(at)?.is_comparable();
        is_comparable.then(|| ratio::ratio(time(0)?, time(at)?)).flatten()
    }

    fn write_means(
        &self,
        out: &mut dyn Write,
        title: &str,
        measure: Measure,
        layer: Option<Layer>,
    ) -> fmt::Result {
        write!(out, "{title:<20}")?;
        for at in 0..self.runtimes.len() {
            let width = self.width(at);
            if at == 0 {
                write!(out, " | {:width$}", "", width = width + 30)?;
                continue;
            }
            let rows = self.rows.iter().filter(|row| layer.is_none_or(|layer| row.program.layer == layer));
            let mean = ratio::mean(rows.filter_map(|row| self.ratio(row, measure, at)));
            write!(out, " | {:width$}", "")?;
            write_ratio(out, mean.map(|mean| mean.ratio))?;
        }
        writeln!(out)
    }

    fn write_memory(&self, out: &mut dyn Write) -> fmt::Result {
        write!(out, "{:<20}", "peak memory, MB")?;
        for (at, runtime) in self.runtimes.iter().enumerate() {
            write!(out, " | {:>width$}", runtime.name, width = self.width(at))?;
        }
        writeln!(out)?;
        for row in self.rows {
            write!(out, "{:<20}", row.program.name)?;
            for (at, cell) in row.cells.iter().enumerate() {
                let peak = cell.peak.map_or("-".to_string(), |peak| format!("{:.1}", peak as f64 / 1e6));
                write!(out, " | {peak:>width$}", width = self.width(at))?;
            }
            writeln!(out)?;
        }
        if let Some(own) = own_peak() {
            writeln!(out, "no process shows less than this program's own peak, {own:.1} MB")?;
        }
        Ok(())
    }

    /// What a short word or a `*` in the tables stands for, and single runs that are far from the others.
    fn write_marks(&self, out: &mut dyn Write) -> fmt::Result {
        for row in self.rows {
            // A module that is not there is so for everybody.
            let absent = row.cells.iter().find_map(|cell| match &cell.failure {
                Some(Failure { kind: FailureKind::Absent, detail }) => Some(detail),
                _ => None,
            });
            if let Some(detail) = absent {
                writeln!(out, "{}: {detail}", row.program.name)?;
                continue;
            }
            for (runtime, cell) in self.runtimes.iter().zip(&row.cells) {
                if let Some(mark) = cell.mark() {
                    writeln!(out, "{} in {}: {mark}", row.program.name, runtime.name)?;
                }
                for &measure in self.measures {
                    let Some(summary) = cell.own_summary(measure) else { continue };
                    for at in summary.outliers() {
                        writeln!(
                            out,
                            "{} in {}, {}: run {} is an outlier, {:.2} ms with a median of {:.2}",
                            row.program.name,
                            runtime.name,
                            measure.name(),
                            at + 1,
                            summary.samples()[at],
                            summary.median()
                        )?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The places of a time in the column of the runtime `at`.
    fn width(&self, at: usize) -> usize {
        self.runtimes[at].name.chars().count().max(9)
    }
}

fn write_ratio(out: &mut dyn Write, ratio: Option<f64>) -> fmt::Result {
    match ratio {
        Some(ratio) => write!(out, " {ratio:>5.2}"),
        None => write!(out, " {:>5}", "-"),
    }
}

/// The most memory this process had, in 10^6 bytes. Linux counts it for each of its children too, until they run a program.
fn own_peak() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB"))?;
    Some(kilobytes.trim().parse::<f64>().ok()? * 1024.0 / 1e6)
}
