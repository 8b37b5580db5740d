//! The table of large programs: a line for each, as soon as it is measured.

use std::fmt;
use std::time::Duration;

use upshift_statistics::Summary;

use crate::process::End;
use crate::ratio::ratio;

/// What one runtime made of one program.
pub(super) struct Cell {
    way: &'static str,
    /// Milliseconds.
    times: Vec<f64>,
    /// The most memory a process had, in bytes.
    peak: u64,
    failure: Option<String>,
    /// Whether it is not run again.
    pub(super) is_over: bool,
    /// Whether its outcome is that of another runtime; nothing if there is none.
    pub(super) is_right: Option<bool>,
}

impl Cell {
    pub(super) fn new(way: &'static str) -> Cell {
        Cell { way, times: Vec::new(), peak: 0, failure: None, is_over: false, is_right: None }
    }

    pub(super) fn add(&mut self, time: Duration, peak: u64) {
        self.times.push(time.as_secs_f64() * 1e3);
        self.peak = self.peak.max(peak);
    }

    /// Notes that it ended otherwise than well, and what it said.
    pub(super) fn failed(&mut self, end: &End, said: &str) {
        let how = match end {
            End::Exited(code) => format!("exit {code}"),
            End::Killed(signal) => format!("signal {signal}"),
            End::TimedOut => "timed out".to_owned(),
        };
        self.failure = Some(if said.is_empty() { how } else { format!("{how}: {said}") });
        self.is_over = true;
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// The times, if it always came to a good end.
    fn summary(&self) -> Option<Summary> {
        let summary = Summary::new(&self.times);
        summary.filter(|_| self.failure.is_none())
    }
}

/// What all runtimes made of a program.
pub(super) struct Row {
    pub(super) program: &'static str,
    /// Bytes of the module.
    pub(super) size: u64,
    pub(super) cells: Vec<Cell>,
}

/// The titles; a line says what they mean.
pub(super) fn head(ways: &[&str]) -> String {
    let titles: String = ways.iter().map(|way| format!(" | {way:^26}")).collect();
    let columns: String =
        ways.iter().map(|_| format!(" | {:>9} {:>9} {:>6}", "shortest", "median", "peak")).collect();
    format!(
        "{:<14} {:>6}{titles} | upshift to\n{:<14} {:>6}{columns} | {:>6} {:>6} | outcome\n",
        "ms, MB", "module", "", "", "cold", "warm"
    )
}

const MEGABYTE: f64 = 1e6;

impl Row {
    /// Whether a runtime came to a good end, with the outcome of the others if that is known.
    pub(super) fn agrees(&self, way: &str) -> bool {
        let cells = self.cells.iter().filter(|cell| cell.way == way);
        cells.into_iter().all(|cell| cell.failure.is_none() && cell.is_right != Some(false))
    }

    /// The shortest time of a way of upshift divided by the shortest of any of these.
    fn to_best(&self, own: &str, is_meant: impl Fn(&str) -> bool) -> String {
        let shortest = |cell: &Cell| cell.summary().map(|summary| summary.min());
        let own = self.cells.iter().find(|cell| cell.way == own).and_then(shortest);
        let others = self.cells.iter().filter(|cell| !cell.way.starts_with("upshift") && is_meant(cell.way));
        let best = others.filter_map(shortest).min_by(f64::total_cmp);
        let ratio = own.zip(best).and_then(|(own, best)| ratio(own, best));
        ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}"))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<14} {:>6.1}", self.program, self.size as f64 / MEGABYTE)?;
        for cell in &self.cells {
            match cell.summary() {
                Some(times) => {
                    let peak = cell.peak as f64 / MEGABYTE;
                    write!(f, " | {:>9.1} {:>9.1} {peak:>6.0}", times.min(), times.median())?;
                }
                None => write!(f, " | {:^26}", "-")?,
            }
        }
        let cold = self.to_best("upshift", |way| way != "wasmtime");
        let warm = self.to_best("upshift-warm", |way| way == "wasmtime");
        let differ: Vec<&str> =
            self.cells.iter().filter(|cell| cell.is_right == Some(false)).map(|cell| cell.way).collect();
        let outcome = match () {
            () if !differ.is_empty() => format!("DIFFERS: {}", differ.join(", ")),
            () if self.cells.iter().all(|cell| cell.is_right.is_none()) => "not compared".to_owned(),
            () => "equal".to_owned(),
        };
        writeln!(f, " | {cold:>6} {warm:>6} | {outcome}")?;
        for cell in &self.cells {
            if let Some(failure) = &cell.failure {
                writeln!(f, "    {}: {failure}", cell.way)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(way: &'static str, times: &[u64], is_right: Option<bool>) -> Cell {
        let mut cell = Cell::new(way);
        for &time in times {
            cell.add(Duration::from_millis(time), 150_000_000 + time);
        }
        cell.is_right = is_right;
        cell
    }

    #[test]
    fn a_row_compares_with_the_best_cold_one_and_the_warm_one() {
        let cells = vec![
            cell("upshift", &[300, 200, 250], Some(true)),
            cell("upshift-warm", &[90, 80], Some(true)),
            cell("wasmtime-nocache", &[5000], Some(true)),
            cell("wasmtime", &[100, 150], Some(true)),
            cell("node", &[400], Some(true)),
        ];
        let row = Row { program: "compiler", size: 75_500_000, cells };
        let text = row.to_string();
        assert!(text.contains("compiler         75.5 |     200.0     250.0    150 |"), "{text}");
        assert!(text.ends_with("|   0.50   0.80 | equal\n"), "{text}");
        assert!(row.agrees("upshift"));
    }

    #[test]
    fn failures_and_differences_are_told() {
        let mut failed = cell("wasmtime", &[10], None);
        failed.failed(&End::Exited(3), "no such file");
        let cells = vec![cell("upshift", &[20], Some(false)), failed];
        let row = Row { program: "p", size: 0, cells };
        let text = row.to_string();
        assert!(text.contains("|      -      - | DIFFERS: upshift\n"), "{text}");
        assert!(text.contains("    wasmtime: exit 3: no such file\n"), "{text}");
        assert!(row.cells[1].has_failed() && !row.cells[0].has_failed());
        assert!(!row.agrees("upshift") && !row.agrees("wasmtime") && row.agrees("node"));
    }

    #[test]
    fn nothing_is_said_of_outcomes_that_nobody_can_compare() {
        let row = Row { program: "p", size: 0, cells: vec![cell("upshift", &[20], None)] };
        assert!(row.to_string().ends_with("|      -      - | not compared\n"));
        assert!(row.agrees("upshift"));
    }
}
