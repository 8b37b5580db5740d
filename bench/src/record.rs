//! What a run was made of, and its rows, as an entry of the history.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::SystemTime;

use crate::history::{self, Entry, Machine, Times};
use crate::marks::FailureKind;
use crate::measure::{self, Measure, Row};
use crate::peers::Runtime;

/// Makes an entry of rows.
pub(crate) fn entry(
    root: &Path,
    id: &str,
    reason: &str,
    rows: &[Row],
    runtimes: &[Runtime],
    runs: u32,
) -> Entry {
    let mut cases = indexmap::IndexMap::new();
    for row in rows {
        let says = |cell: &measure::Cell| {
            cell.failure.as_ref().is_none_or(|failure| failure.kind != FailureKind::Nothing)
        };
        let cells = runtimes.iter().zip(&row.cells).filter(|(_, cell)| says(cell));
        let cells = cells.map(|(runtime, cell)| (runtime.name.clone(), self::cell(cell)));
        cases.insert(row.program.name.to_string(), cells.collect());
    }
    Entry {
        id: id.to_string(),
        date: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        commit: commit(root),
        reason: reason.to_string(),
        machine: machine(),
        runs,
        versions: runtimes.iter().map(|runtime| (runtime.name.clone(), runtime.version.clone())).collect(),
        cases,
    }
}

fn cell(cell: &measure::Cell) -> history::Cell {
    let times = |measure| {
        cell.own_summary(measure).map(|summary| Times { min: summary.min(), median: summary.median() })
    };
    history::Cell {
        cold: times(Measure::Cold),
        warm: times(Measure::Warm),
        steady: times(Measure::Steady),
        rss_mb: cell.peak.map(|peak| peak as f64 / 1e6),
        mark: cell.mark(),
    }
}

/// The short hash of what is checked out, with a `+` when the files differ from it; the history itself may.
fn commit(root: &Path) -> String {
    let git = |args: &[&str]| {
        let output = Command::new("git").arg("-C").arg(root).args(args).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_string())
    };
    let Some(hash) = git(&["rev-parse", "--short", "HEAD"]) else { return "unknown".into() };
    let changed = git(&["status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench/history.yaml"])
        .is_some_and(|list| !list.is_empty());
    if changed { hash + "+" } else { hash }
}

/// This machine; the processor as Linux names it.
pub(crate) fn machine() -> Machine {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    Machine {
        cpu: model.map_or("unknown", |(_, name)| name).to_string(),
        cores: thread::available_parallelism().map_or(1, usize::from),
        os: std::env::consts::OS.to_string(),
        arch: std::env::consts::ARCH.to_string(),
    }
}
