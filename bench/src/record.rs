//! Appends the figures of a run to `bench/history.yaml`, a list with an entry for each recorded run.

use std::fmt::{self, Write as _};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use crate::measure::Row;
use crate::programs::Group;
use crate::runtimes::Runtime;
use crate::table::mean_ratio;

const HEADER: &str = "\
# Recorded runs of `upshift-bench --record`, the newest last. Times are milliseconds of whole processes; a mean is the
# geometric mean of upshift's shortest time divided by the other's. Only figures of one entry can be compared.
";

/// Where and when a run was.
struct Place {
    date: String,
    commit: String,
    cpu: String,
}

pub(crate) fn append(root: &Path, rows: &[Row], runtimes: &[Runtime], runs: u32) -> Result<()> {
    let path = root.join("bench/history.yaml");
    let place = Place { date: date(SystemTime::now())?, commit: commit(root), cpu: cpu() };
    let mut text = String::new();
    // An empty file gets it too.
    if fs::metadata(&path).map_or(0, |file| file.len()) == 0 {
        text.push_str(HEADER);
    }
    entry(&mut text, &place, rows, runtimes, runs)?;
    let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
    // One write, so that what is in the file is always whole entries.
    file.write_all(text.as_bytes()).with_context(|| format!("writing {}", path.display()))?;
    println!("recorded in {}", path.display());
    Ok(())
}

fn entry(out: &mut String, place: &Place, rows: &[Row], runtimes: &[Runtime], runs: u32) -> fmt::Result {
    writeln!(out, "- date: {}", quoted(&place.date))?;
    writeln!(out, "  commit: {}", quoted(&place.commit))?;
    writeln!(out, "  cpu: {}", quoted(&place.cpu))?;
    writeln!(out, "  runs: {runs}")?;
    writeln!(out, "  programs:")?;
    for row in rows {
        writeln!(out, "    {}:", row.program.name)?;
        for (runtime, figures) in runtimes.iter().zip(&row.figures) {
            let Some(figures) = figures else { continue };
            write!(out, "      {}: ", quoted(&runtime.name))?;
            write!(out, "{{min: {:.3}, median: {:.3}", figures.min(), figures.median())?;
            if let Some(peak) = figures.peak {
                write!(out, ", rss_mb: {:.1}", peak as f64 / 1e6)?;
            }
            writeln!(out, "}}")?;
        }
    }
    writeln!(out, "  means:")?;
    for group in Group::ALL {
        if !rows.iter().any(|row| row.program.group == group) {
            continue;
        }
        let means = runtimes.iter().enumerate().skip(1).filter_map(|(at, runtime)| {
            mean_ratio(rows, group, at).map(|mean| format!("{}: {mean:.3}", quoted(&runtime.name)))
        });
        writeln!(out, "    {}: {{{}}}", group.name(), means.collect::<Vec<_>>().join(", "))?;
    }
    Ok(())
}

/// A YAML scalar in double quotes, in which everything that is printable stands for itself but two characters.
fn quoted(text: &str) -> String {
    let printable: String = text.chars().filter(|c| !c.is_control()).collect();
    format!("\"{}\"", printable.replace('\\', "\\\\").replace('"', "\\\""))
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

/// The model of the processor as Linux names it; elsewhere, or where it has no name, the architecture.
fn cpu() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    model.map_or_else(|| std::env::consts::ARCH.to_string(), |(_, name)| name.to_string())
}

/// The time in UTC, like `2001-02-03T04:05:06Z`.
fn date(now: SystemTime) -> Result<String> {
    let seconds = now.duration_since(UNIX_EPOCH)?.as_secs();
    let (mut day, time) = (seconds / 86_400, seconds % 86_400);
    let leap = |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let mut year = 1970;
    while day >= if leap(year) { 366 } else { 365 } {
        day -= if leap(year) { 366 } else { 365 };
        year += 1;
    }
    let february = if leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    Ok(format!("{year}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", day + 1))
}

#[cfg(test)]
mod tests {
    use super::{date, quoted};
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn dates_know_leap_years() {
        let at = |seconds| date(UNIX_EPOCH + Duration::from_secs(seconds)).expect("after 1970");
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(at(951_868_799), "2000-02-29T23:59:59Z");
        assert_eq!(at(978_307_199), "2000-12-31T23:59:59Z");
        assert_eq!(at(4_107_542_400), "2100-03-01T00:00:00Z");
    }

    #[test]
    fn quotes_are_escaped() {
        assert_eq!(quoted("a \"b\" \\ c\n"), r#""a \"b\" \\ c""#);
    }
}
