//! Results as text, the same at the prompt and for a file.

use std::fmt::Write;

use upshift_cells_host::{Diagnostic, Failure, Outcome, Performance};

/// `42 : Int`, if the cell has a value.
pub(crate) fn value(outcome: &Outcome) -> Option<String> {
    let value = outcome.value.as_ref()?;
    Some(match &outcome.ty {
        Some(ty) => format!("{value} : {ty}"),
        None => value.clone(),
    })
}

/// Why a cell failed, with the lines that it is about. Ends with a newline.
pub(crate) fn failure(error: &Failure) -> String {
    let mut text =
        if error.rendered.is_empty() { format!("error: {}", error.message) } else { error.rendered.clone() };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// One thing that is wrong or worth a warning. Ends with a newline.
pub(crate) fn diagnostic(diagnostic: &Diagnostic) -> String {
    let mut text = format!("{}: {}", diagnostic.severity, diagnostic.message);
    if let Some(suggestion) = &diagnostic.suggestion {
        let _ = write!(text, " ({suggestion})");
    }
    text.push('\n');
    text
}

/// Where the time went.
pub(crate) fn times(performance: &Performance) -> String {
    let Performance { parse_ms, check_ms, emit_ms, instantiate_ms, run_ms, total_ms, wasm_bytes, .. } =
        performance;
    let cached = if performance.cached { ", from the cache" } else { "" };
    format!(
        "{total_ms:.3} ms: parse {parse_ms:.3}, check {check_ms:.3}, emit {emit_ms:.3}, instantiate {instantiate_ms:.3}, run \
         {run_ms:.3}; {wasm_bytes} bytes{cached}\n"
    )
}
