//! `--dump`: functions as text, or their machine code as it is, for those who want to know what is executed.

use std::ffi::OsStr;
use std::time::Instant;

use anyhow::{Context, Result};
use upshift::{Engine, Module, Stage, Tier, Tiers};
use upshift_core::shown::Shown;

use crate::flags::{Dump, Options, Usage};
use crate::report::print_bytes;
use crate::{clock, load};

/// Prints the functions of the file of the command line; runs nothing. `begin` is when the process began.
///
/// # Errors
/// If the module cannot be loaded, or there is no such function.
pub(crate) fn dump(options: &Options, begin: Instant) -> Result<()> {
    let (engine, file) = (Engine::new(&options.config())?, &options.files[0]);
    clock::start(&engine, &options.limits, begin, failed_to_show(file))?;
    let module = load::module(&engine, file)?;
    let tier = if options.tiers == Tiers::Only(Tier::Optimizing) { Tier::Optimizing } else { Tier::Baseline };
    let mut text = Vec::new();
    for func in chosen(&module, options.func.as_deref())? {
        for what in &options.dump {
            let shown = match what {
                Dump::Ir => module.dump_ir(func).map(String::into_bytes),
                Dump::Ssa => module.dump_steps(func, Stage::Ssa).map(String::into_bytes),
                Dump::Mach => module.dump_steps(func, Stage::Mach).map(String::into_bytes),
                Dump::Asm => module.dump_asm(func, tier).map(String::into_bytes),
                Dump::AsmBytes => module.machine_code(func, tier),
            };
            text.extend(shown.with_context(|| format!("cannot show function {func}"))?);
        }
        // The text of all functions may be many times the module.
        if text.len() >= AT_ONCE {
            print_bytes(&text)?;
            text.clear();
        }
    }
    print_bytes(&text)
}

fn failed_to_show(file: &OsStr) -> String {
    format!("failed to show `{}`", Shown::new(&file.to_string_lossy()))
}

/// So much text is printed at once.
const AT_ONCE: usize = 64 << 10;

/// The numbers of the functions to be shown: one, or all that have a body.
fn chosen(module: &Module, func: Option<&str>) -> Result<Vec<u32>> {
    match func {
        Some(func) => Ok(vec![numbered(module, func)?]),
        None => Ok(module.func_bodies().collect()),
    }
}

/// The number of a function that has a body, by its name or its number.
///
/// # Errors
/// If there is no such function, or it is imported.
pub(crate) fn numbered(module: &Module, func: &str) -> Result<u32> {
    let bodies = module.func_bodies();
    let by_name = || module.func_index(func);
    let number = func.parse().ok().or_else(by_name);
    let number = number.ok_or_else(|| Usage(format!("the module has no function `{}`", Shown::new(func))))?;
    if number < bodies.start {
        return Err(Usage(format!("function {number} is imported: there is nothing to print")).into());
    }
    if !bodies.contains(&number) {
        return Err(Usage(format!("the module has no function {number}: it has {}", bodies.end)).into());
    }
    Ok(number)
}
