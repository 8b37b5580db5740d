//! `--batch`: calls on the standard input, a line each, in one instance.
//!
//! A line is the name of an export and its arguments, in the forms of `--invoke`. For each call that returns a line of
//! results is printed, at once, so that another process can wait for it.

use std::io::{BufRead, Read};

use anyhow::{Context, Error, Result, bail, ensure};
use upshift::{Instance, Module, RootScope, Store, Trap};
use upshift_core::shown::Shown;
use upshift_wasi::Exit;

use crate::flags::{Options, Usage};
use crate::program::Host;
use crate::{invoke, limits, report};

/// The most bytes of a line: what comes in may have no end.
const MOST_BYTES: usize = 1 << 20;

/// For so many unknown names it is said what could be meant: who reads more of them knows.
const HINTS: u32 = 10;

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
    let (mut calls, mut failed, mut unknown) = (0, 0, 0);
    let mut input = std::io::stdin().lock();
    for number in 1.. {
        let line = read_line(&mut input);
        let line = line.with_context(|| format!("cannot read line {number} of the standard input"))?;
        let Some(line) = line else { break };
        // What is not UTF-8 names nothing, and is told as such.
        let line = String::from_utf8_lossy(&line);
        let mut words = line.split_whitespace();
        let Some(name) = words.next().filter(|name| !name.starts_with('#')) else { continue };
        calls += 1;
        let args: Vec<&str> = words.collect();
        // What a call returns, or throws, lives until it is told.
        let mut scope = RootScope::new(&mut *store);
        let is_unknown = instance.get_func(&mut scope, name).is_none();
        unknown += u32::from(is_unknown);
        let outcome = if is_unknown && unknown > HINTS {
            Err(Usage(invoke::unknown(name)).into())
        } else {
            invoke::call(&mut scope, instance, module, name, &args)
        };
        match outcome {
            Ok(results) => report::print(&format!("{}\n", results.join(" ")))?,
            Err(error) if ends_all(&error) => return Err(error),
            Err(error) => {
                failed += 1;
                let error = limits::explain(error, &options.limits);
                report::tell(
                    "error",
                    &error.context(format!("line {number}: `{}`", Shown::new(line.trim()))),
                );
            }
        }
    }
    if failed > 0 {
        bail!("{failed} of {calls} calls failed");
    }
    Ok(())
}

/// The next line, if there is one.
fn read_line(input: &mut impl BufRead) -> Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    input.take(MOST_BYTES as u64 + 1).read_until(b'\n', &mut line)?;
    ensure!(line.len() <= MOST_BYTES, "it has more than {}", limits::bytes(MOST_BYTES));
    Ok((!line.is_empty()).then_some(line))
}

/// Whether there can be no further calls.
fn ends_all(error: &Error) -> bool {
    error.is::<Exit>() || error.downcast_ref() == Some(&Trap::Interrupt)
}
