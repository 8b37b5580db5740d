//! From a file on the command line to a module.
//!
//! Files are read, not mapped: another process may cut a mapped file off under us.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::io::Read;

use anyhow::{Context, Result, bail};
use upshift::{Engine, Module};

use crate::flags::Verb;
use crate::nearest::nearest;
use crate::patient;

/// Reads, parses and validates a module.
///
/// # Errors
/// If the file cannot be read or is no valid module; the message names it.
pub(crate) fn module(engine: &Engine, file: &OsStr) -> Result<Module> {
    let bytes = read(file)?;
    check_form(&bytes)
        .and_then(|()| binary(file, &bytes))
        .and_then(|bytes| Module::from_binary(engine, &bytes))
        .with_context(|| format!("cannot load `{}`", file.display()))
}

/// The whole contents of a file; `-` is the standard input.
///
/// # Errors
/// If it cannot be read; the message names it.
pub(crate) fn read(file: &OsStr) -> Result<Vec<u8>> {
    let bytes = if file == "-" {
        let mut bytes = Vec::new();
        patient::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(file)
    };
    bytes.with_context(|| format!("cannot read `{}`{}", file.display(), verb_hint(file)))
}

/// What to say of a file that is none because its name should have been a verb.
fn verb_hint(file: &OsStr) -> String {
    let name = file.to_str().filter(|name| !name.contains(['.', '/']));
    let near = name.and_then(|name| nearest(name, Verb::ALL.iter().map(|verb| verb.name())));
    near.map_or_else(String::new, |near| format!("; {near}"))
}

/// The binary form of a module that may be text. Errors in text name the file and show the line.
#[cfg(feature = "wat")]
fn binary<'a>(file: &OsStr, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>> {
    Ok(wat::Parser::new().parse_bytes(Some(file.as_ref()), bytes)?)
}

/// The binary form of a module.
#[cfg(not(feature = "wat"))]
#[expect(clippy::unnecessary_wraps, reason = "the form with text can fail")]
fn binary<'a>(_: &OsStr, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>> {
    Ok(Cow::Borrowed(bytes))
}

/// Says of what is certainly no module what it is instead.
fn check_form(bytes: &[u8]) -> Result<()> {
    const MAGIC: &[u8] = b"\0asm";
    const COMPONENT: &[u8] = b"\x0d\0\x01\0";
    const IS_COMPONENT: &str = "this is a component: only core modules are supported; compilers make those for targets like \
                                `wasm32-wasip1`";
    if let Some(rest) = bytes.strip_prefix(MAGIC) {
        if rest.starts_with(COMPONENT) {
            bail!(IS_COMPONENT);
        }
        return Ok(());
    }
    if bytes.is_empty() {
        bail!("not a WebAssembly module: the file is empty");
    }
    if !cfg!(feature = "wat") {
        bail!("not a WebAssembly module: expected `\\0asm` (this build does not read text)");
    }
    let text = bytes.trim_ascii_start();
    if text.strip_prefix(b"(").is_some_and(|text| text.trim_ascii_start().starts_with(b"component")) {
        bail!(IS_COMPONENT);
    }
    // Text begins with a parenthesis, or with a comment.
    match text.first() {
        Some(b'(' | b';') => Ok(()),
        _ => bail!("not a WebAssembly module: expected `\\0asm` or text"),
    }
}
