//! From a file on the command line to a module.
//!
//! Files are read, not mapped: another process may cut a mapped file off under us. They need not be files, and may have no
//! end: so the beginning is looked at first, and there is a most of all.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, Read};

use anyhow::{Context, Error, Result, anyhow, bail};
use upshift::{
    Engine, Module, ModuleBytes, ModuleLimit, ModuleLimitExceeded, ModuleLimits, PrecompiledError,
};
#[cfg(feature = "wat")]
use upshift_core::shown::excerpt;
use upshift_translate::features::Feature;
use upshift_translate::{Features, ParseError, TypeRegistry, needed_features};

use crate::flags::Verb;
use crate::limits;
use crate::nearest::nearest;
use crate::{patient, report};

/// The most bytes that are read of a file that is no module.
const MOST_BYTES: u64 = 1 << 30;

/// What modules begin with.
const MAGIC: &[u8] = b"\0asm";

/// As many bytes tell whether something can be a module.
const HEAD_BYTES: u64 = 4096;

/// Reads, parses and validates a module.
///
/// # Errors
/// If the file cannot be read or is no valid module; the message names it.
pub(crate) fn module(engine: &Engine, file: &OsStr) -> Result<Module> {
    let cannot_load = || format!("cannot load `{}`", file.display());
    let bytes = contents(engine, file)?;
    if Engine::detect_precompiled(&bytes).is_some() {
        let text = "it has machine code, which is not executed without `--allow-precompiled`";
        report::note(&format!("`{}`: {text}", file.display()));
    }
    parsed(engine, file, bytes).with_context(cannot_load)
}

/// The same, with its machine code if the file has some that is for this program, this processor and these settings.
///
/// # Errors
/// As [`module`].
pub(crate) fn precompiled(engine: &Engine, file: &OsStr) -> Result<Module> {
    let cannot_load = || format!("cannot load `{}`", file.display());
    let bytes = contents(engine, file)?;
    if Engine::detect_precompiled(&bytes).is_some() {
        // SAFETY: the user says that the file can be trusted.
        match unsafe { Module::deserialize(engine, &bytes) } {
            Ok(module) => return Ok(module),
            Err(error) => match error.downcast_ref() {
                Some(PrecompiledError::OtherVersion | PrecompiledError::OtherSettings) => {
                    report::note(&format!("`{}`: {error:#}", file.display()));
                }
                _ => return Err(error).with_context(cannot_load),
            },
        }
    }
    parsed(engine, file, bytes).with_context(cannot_load)
}

/// The bytes of a file, as far as the beginning is that of a module.
fn contents(engine: &Engine, file: &OsStr) -> Result<Vec<u8>> {
    let cannot_load = || format!("cannot load `{}`", file.display());
    let look = |head: &[u8]| match head.trim_ascii().is_empty() {
        true => Ok(()),
        false => check_form(head).with_context(cannot_load),
    };
    let most = engine.config().limits_of_modules().get(ModuleLimit::ModuleSize);
    read_after(file, most.min(MOST_BYTES), look)
}

/// The module that a file has the bytes of.
fn parsed(engine: &Engine, file: &OsStr, bytes: Vec<u8>) -> Result<Module> {
    let bytes = match Module::source_of_precompiled(&bytes) {
        Some(module) => module.to_vec(),
        None => bytes,
    };
    check_form(&bytes).and_then(|()| check_text(engine, &bytes)).and_then(|()| binary(file, bytes)).and_then(
        |bytes| {
            Module::from_binary(engine, &bytes).map_err(|error| match error.downcast_ref() {
                Some(exceeded) => anyhow!("{exceeded}{}", more(exceeded)),
                None => match turned_off(engine, &bytes) {
                    // The library's own context is for hosts.
                    Some(flags) => match error.downcast::<ParseError>() {
                        Ok(reason) => Error::new(reason).context(flags),
                        Err(error) => error.context(flags),
                    },
                    None => error,
                },
            })
        },
    )
}

/// Makes sure that text is not too long: reading it takes much more memory than it has bytes.
fn check_text(engine: &Engine, bytes: &[u8]) -> Result<()> {
    if bytes.starts_with(MAGIC) {
        return Ok(());
    }
    let limits = engine.config().limits_of_modules();
    let checked = limits.check(ModuleLimit::TextSize, bytes.len() as u64, 0);
    checked.map_err(|exceeded| anyhow!("{exceeded}{}", more(&exceeded)))
}

/// What allows more, if anything does.
fn more(exceeded: &ModuleLimitExceeded) -> String {
    let (limit, allowed) = (exceeded.limit, exceeded.allowed);
    if limit.is_fixed() && allowed >= ModuleLimits::default().get(limit) {
        return String::new();
    }
    format!("; `--module-limit {}=N` allows more", limit.name())
}

/// What to turn on for a module that is valid but for features that are off.
fn turned_off(engine: &Engine, bytes: &ModuleBytes) -> Option<String> {
    let allowed = engine.config().features();
    if *allowed == Features::all() {
        return None;
    }
    let limits = engine.config().limits_of_modules();
    let registry = TypeRegistry::default();
    let module = upshift_translate::parse_within(limits, bytes.clone(), &Features::all(), &registry).ok()?;
    let mut missing = needed_features(&module);
    missing.retain(|&feature| !allowed.has(feature));
    if missing.is_empty() {
        return None;
    }
    let list = |form: fn(&Feature) -> String| missing.iter().map(form).collect::<Vec<_>>();
    let (names, flags) = (list(|name| format!("`{name}`")), list(|name| format!("-W {name}")));
    let many = if missing.len() > 1 { "s" } else { "" };
    Some(format!(
        "the module needs the feature{many} {}, turned off here: `{}` turns on what it needs",
        names.join(", "),
        flags.join(" ")
    ))
}

/// The whole contents of a file; `-` is the standard input.
///
/// # Errors
/// If it cannot be read, has too many bytes or there is no memory for it; the message names it.
pub(crate) fn read(file: &OsStr) -> Result<Vec<u8>> {
    read_after(file, MOST_BYTES, |_| Ok(()))
}

/// The whole contents of a file of at most so many bytes, if `look` has nothing against the beginning.
fn read_after(file: &OsStr, most: u64, look: impl FnOnce(&[u8]) -> Result<()>) -> Result<Vec<u8>> {
    let cannot_read = || format!("cannot read `{}`{}", file.display(), verb_hint(file));
    let mut bytes = Vec::new();
    if file == "-" {
        let mut input = patient::stdin();
        (&mut input).take(HEAD_BYTES).read_to_end(&mut bytes).with_context(cannot_read)?;
        look(&bytes)?;
        let rest = (most + 1).saturating_sub(bytes.len() as u64);
        input.take(rest).read_to_end(&mut bytes).with_context(cannot_read)?;
        bytes.shrink_to_fit();
    } else {
        let opened = File::open(file).and_then(|opened| Ok((opened.metadata()?, opened)));
        let (metadata, mut opened) = opened.with_context(cannot_read)?;
        let size = if metadata.is_file() { metadata.len() } else { 0 };
        check_size(size, most).with_context(cannot_read)?;
        (&mut opened).take(HEAD_BYTES).read_to_end(&mut bytes).with_context(cannot_read)?;
        look(&bytes)?;
        upshift::read_rest(&mut opened, &mut bytes, size, most)
            .map_err(|error| match error.kind() {
                ErrorKind::OutOfMemory => anyhow!("there is no memory for its {size} bytes"),
                _ => error.into(),
            })
            .with_context(cannot_read)?;
    }
    check_size(bytes.len() as u64, most).with_context(cannot_read)?;
    Ok(bytes)
}

/// Makes sure that a file has not more than `most` bytes.
fn check_size(size: u64, most: u64) -> Result<()> {
    let allows_more = match most < MOST_BYTES {
        true => "; `--module-limit module-size=N` allows more",
        false => "",
    };
    match size > most {
        true => Err(anyhow!("it has more than {}{allows_more}", limits::bytes(most as usize))),
        false => Ok(()),
    }
}

/// What to say of a file that is none because its name should have been a verb.
fn verb_hint(file: &OsStr) -> String {
    let name = file.to_str().filter(|name| !name.contains(['.', '/']));
    let near = name.and_then(|name| nearest(name, Verb::ALL.iter().map(|verb| verb.name())));
    near.map_or_else(String::new, |near| format!("; {near}"))
}

/// The binary form of a module that may be text, of which nothing is kept. Errors in text name the file and show the line.
#[cfg(feature = "wat")]
fn binary(file: &OsStr, bytes: Vec<u8>) -> Result<ModuleBytes> {
    if bytes.starts_with(MAGIC) {
        return Ok(bytes.into());
    }
    // The error shows a line of the text, which may be all of it.
    let parsed = wat::Parser::new().parse_bytes(Some(file.as_ref()), &bytes);
    parsed.map(ModuleBytes::from).map_err(|error| anyhow!("{}", excerpt(&error)))
}

/// The binary form of a module.
#[cfg(not(feature = "wat"))]
#[expect(clippy::unnecessary_wraps, reason = "the form with text can fail")]
fn binary(_: &OsStr, bytes: Vec<u8>) -> Result<ModuleBytes> {
    Ok(bytes.into())
}

/// Says of what is certainly no module what it is instead.
fn check_form(bytes: &[u8]) -> Result<()> {
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
    if Engine::detect_precompiled(bytes).is_some() {
        return Ok(());
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
