//! Writes rows as the JSON that `hyperfine --export-json` writes, for the tools that read it.
//!
//! Times are seconds there. A result is a program, a runtime and a measure, which `command` names and `parameters` tell
//! apart; programs that failed have a result without times and the reason in it.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use crate::history::replace;
use crate::marks::FailureKind;
use crate::measure::{Measure, Row};
use crate::peers::Runtime;

/// Replaces a file by the results.
///
/// # Errors
/// If writing fails; an old file is still there then.
pub(crate) fn write(path: &Path, rows: &[Row], runtimes: &[Runtime]) -> Result<()> {
    let mut results = Vec::new();
    for row in rows {
        for (runtime, cell) in runtimes.iter().zip(&row.cells) {
            let measured =
                Measure::ALL.map(|measure| cell.own_summary(measure).map(|summary| (measure, summary)));
            for (measure, summary) in measured.into_iter().flatten() {
                let times: Vec<f64> = summary.samples().iter().map(|time| time / 1000.0).collect();
                let interval = summary.interval();
                results.push(json!({
                    "command": format!("{} {} {}", runtime.name, row.program.name, measure.name()),
                    "mean": summary.mean() / 1000.0,
                    "stddev": (times.len() > 1).then(|| summary.standard_deviation() / 1000.0),
                    "median": summary.median() / 1000.0,
                    "min": summary.min() / 1000.0,
                    "max": summary.max() / 1000.0,
                    "times": times,
                    "exit_codes": vec![0; times.len()],
                    "interval": {
                        "low": interval.low / 1000.0,
                        "high": interval.high / 1000.0,
                        "coverage": interval.coverage,
                    },
                    "outliers": summary.outliers(),
                    "peak_memory_byte": cell.peak,
                    "mark": cell.mark(),
                    "parameters": parameters(row, runtime, Some(measure)),
                }));
            }
            if let Some(failure) = &cell.failure
                && failure.kind != FailureKind::Nothing
            {
                results.push(json!({
                    "command": format!("{} {}", runtime.name, row.program.name),
                    "mark": cell.mark(),
                    "failure": failure.kind.text(),
                    "times": [],
                    "parameters": parameters(row, runtime, None),
                }));
            }
        }
    }
    let text = format!("{:#}\n", json!({ "results": results }));
    replace(path, text.as_bytes())
}

fn parameters(row: &Row, runtime: &Runtime, measure: Option<Measure>) -> Value {
    json!({
        "program": row.program.name,
        "layer": row.program.layer.name(),
        "runtime": runtime.name,
        "version": runtime.version,
        "measure": measure.map(Measure::name),
    })
}
