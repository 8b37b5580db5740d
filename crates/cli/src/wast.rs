//! `upshift wast`: the scripts of the specification's tests.

use anyhow::Result;

use crate::flags::Options;

/// Runs all scripts; prints what failed, and counts.
///
/// # Errors
/// If a script cannot be read or a directive fails.
#[cfg(feature = "wat")]
pub(crate) fn wast(options: &Options) -> Result<()> {
    use anyhow::{Context, Error, bail};
    use upshift::Engine;

    use crate::load;
    use crate::report::print;

    let engine = Engine::new(&options.config())?;
    let mut failures = 0;
    for file in &options.files {
        let name = file.to_string_lossy();
        let report = String::from_utf8(load::read(file)?)
            .map_err(Error::new)
            .and_then(|source| upshift_wast::run_with_fuel(&engine, &name, &source, options.fuel()))
            .with_context(|| format!("cannot run `{name}`"))?;
        print(&format!("{report}\n"))?;
        failures += report.failures.len();
    }
    if failures > 0 {
        bail!("{failures} directives failed");
    }
    Ok(())
}

/// Says that this build reads no scripts.
///
/// # Errors
/// Always.
#[cfg(not(feature = "wat"))]
pub(crate) fn wast(_: &Options) -> Result<()> {
    anyhow::bail!("this build has no `wast`: it does not read text")
}
