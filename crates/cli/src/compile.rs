//! `upshift compile`: a module and machine code of all of its functions in one file.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use upshift::Engine;

use crate::flags::Options;
use crate::{load, report};

/// What the names of such files end with.
const EXTENSION: &str = "upwasm";

/// Compiles the file of the command line.
///
/// # Errors
/// When it cannot be read, is no valid module or cannot be compiled on this system, and when the result cannot be written; then what was
/// there before is as it was.
pub(crate) fn compile(options: &Options) -> Result<()> {
    let file = &options.files[0];
    let output = match &options.output {
        Some(output) => PathBuf::from(output),
        None => {
            ensure!(
                file != "-",
                "a module from the standard input has no name: `-o FILE` says where to write to"
            );
            Path::new(file).with_extension(EXTENSION)
        }
    };
    let engine = Engine::new(&options.config())?;
    let bytes = load::module(&engine, file)?.serialize()?;
    if output.as_os_str() == "-" {
        return report::print_bytes(&bytes);
    }
    write(&output, &bytes).with_context(|| format!("cannot write `{}`", output.display()))
}

/// Writes a file that is there as a whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let unfinished = folder.join(format!(".upshift-{}.new", std::process::id()));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&unfinished)?;
    let written = file.write_all(bytes).and_then(|()| fs::rename(&unfinished, path));
    if written.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    written
}
