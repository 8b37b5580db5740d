//! `--batch`: calls on the standard input, a line each, in one instance.
//!
//! A line is the name of an export and its arguments, in the forms of `--invoke`. For each call that returns a line of
//! results is printed, at once, so that another process can wait for it.

use std::io::BufRead;

use anyhow::{Context, Error, Result, bail};
use upshift::{Instance, Module, Store, Trap};
use upshift_wasi::Exit;

use crate::flags::Options;
use crate::program::Host;
use crate::{invoke, limits, patient, report};

/// Makes the calls; tells of each that fails why, and goes on.
///
/// # Errors
/// If a call failed; at once if the guest ended itself or its time is over.
pub(crate) fn batch(
    store: &mut Store<Host>,
    instance: Instance,
    module: &Module,
    options: &Options,
) -> Result<()> {
    let (mut calls, mut failed) = (0, 0);
    for (number, line) in (1..).zip(patient::stdin().split(b'\n')) {
        let line = line.with_context(|| format!("cannot read line {number} of the standard input"))?;
        // What is not UTF-8 names nothing, and is told as such.
        let line = String::from_utf8_lossy(&line);
        let mut words = line.split_whitespace();
        let Some(name) = words.next().filter(|name| !name.starts_with('#')) else { continue };
        calls += 1;
        let args: Vec<&str> = words.collect();
        match invoke::call(&mut *store, instance, module, name, &args) {
            Ok(results) => report::print(&format!("{}\n", results.join(" ")))?,
            Err(error) if ends_all(&error) => return Err(error),
            Err(error) => {
                failed += 1;
                let error = limits::explain(error, &options.limits);
                report::tell("error", &error.context(format!("line {number}: `{}`", line.trim())));
            }
        }
    }
    if failed > 0 {
        bail!("{failed} of {calls} calls failed");
    }
    Ok(())
}

/// Whether there can be no further calls.
fn ends_all(error: &Error) -> bool {
    error.is::<Exit>() || error.downcast_ref() == Some(&Trap::Interrupt)
}
