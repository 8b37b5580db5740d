//! What the tests of the host have in common.

#![allow(dead_code, reason = "each test uses some of it")]

use upshift_cells_host::{Failure, Host, Options, Outcome};

pub(crate) fn host() -> Host {
    Host::new(Options::default()).expect("there is memory for a host")
}

/// Runs a cell that succeeds.
pub(crate) fn run(host: &mut Host, cell: &str, source: &str) -> Outcome {
    let outcome = host.execute(cell, source);
    if let Some(failure) = &outcome.error {
        panic!("cell {cell} failed:\n{}", failure.rendered);
    }
    outcome
}

/// Runs a cell that succeeds and has a value; returns it.
#[track_caller]
pub(crate) fn value(host: &mut Host, cell: &str, source: &str) -> String {
    run(host, cell, source).value.unwrap_or_else(|| panic!("cell {cell} has no value"))
}

/// Runs a cell that fails.
#[track_caller]
pub(crate) fn failure(host: &mut Host, cell: &str, source: &str) -> Failure {
    host.execute(cell, source).error.unwrap_or_else(|| panic!("cell {cell} did not fail"))
}
