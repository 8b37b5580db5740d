//! Cases of the history over time, as text.

use std::fmt::{self, Write};

use anyhow::{Result, ensure};

use crate::history::Entry;
use crate::measure::Measure;
use crate::ratio::ratio;

/// A table for each case with a line for each entry that has it; without a case, the entries themselves.
///
/// # Errors
/// If no entry has a case.
pub(crate) fn text(entries: &[Entry], cases: &[String], measure: Measure) -> Result<String> {
    let mut out = String::new();
    if cases.is_empty() {
        for entry in entries {
            let Entry { id, date, commit, reason, machine, .. } = entry;
            writeln!(
                out,
                "{id:<20} {date} {commit:<10} {:>3} cases, {}: {reason}",
                entry.cases.len(),
                machine.cpu
            )?;
        }
    }
    for case in cases {
        let with_case: Vec<_> = entries.iter().filter(|entry| entry.cases.contains_key(case)).collect();
        ensure!(!with_case.is_empty(), "no entry has a case {case:?}");
        write_case(&mut out, &with_case, case, measure)?;
    }
    Ok(out)
}

fn write_case(out: &mut String, entries: &[&Entry], case: &str, measure: Measure) -> fmt::Result {
    let mut runtimes: Vec<&str> = Vec::new();
    for runtime in entries.iter().flat_map(|entry| entry.cases[case].keys()) {
        if !runtimes.contains(&runtime.as_str()) {
            runtimes.push(runtime);
        }
    }
    write!(out, "{:<31}", format!("{case}, {}, ms", measure.name()))?;
    for runtime in &runtimes {
        write!(out, " | {runtime:>10} ratio")?;
    }
    writeln!(out)?;
    for entry in entries {
        write!(out, "{:<20} {:<10}", entry.id, entry.commit)?;
        let cells = &entry.cases[case];
        let times = |runtime: &str| cells.get(runtime).and_then(|cell| cell.times(measure));
        let own = entry.runtimes().first().and_then(|own| times(own));
        for runtime in &runtimes {
            match times(runtime) {
                Some(times) => match own.and_then(|own| ratio(own.min, times.min)) {
                    Some(ratio) => write!(out, " | {:>10.2} {ratio:>5.2}", times.min)?,
                    None => write!(out, " | {:>10.2} {:>5}", times.min, "-")?,
                },
                None => write!(out, " | {:>10} {:>5}", "-", "-")?,
            }
        }
        writeln!(out)?;
    }
    Ok(())
}
