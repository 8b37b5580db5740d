//! `upshift validate`: are these modules?

use anyhow::{Result, bail};
use upshift::Engine;

use crate::flags::Options;
use crate::{load, report};

/// Checks all files; says of each that is no valid module what is wrong with it.
///
/// # Errors
/// If there is one.
pub(crate) fn validate(options: &Options) -> Result<()> {
    let engine = Engine::new(&options.config())?;
    let mut invalid = 0;
    for file in &options.files {
        if let Err(error) = load::module(&engine, file) {
            report::tell("error", &error);
            invalid += 1;
        }
    }
    if invalid > 0 {
        bail!("{invalid} of {} files are not valid", options.files.len());
    }
    Ok(())
}
