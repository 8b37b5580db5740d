//! A module compiled ahead of time: its own bytes, and behind them an [entry](super::entry) with code of all of its functions.
//!
//! ```text
//! magic ─ preface: build, settings, how long the module is ─ module ─ entry
//! ```
//!
//! The preface tells why an artifact does not fit, where an entry is only not found.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::key::BUILD;

/// What artifacts begin with. The last byte is the version of the form.
const MAGIC: [u8; 16] = *b"\x7fupshift wasm\0\0\x01";

/// What it was made for, and of what.
#[derive(Serialize, Deserialize)]
struct Preface {
    build: String,
    settings: String,
    module: u64,
}

/// Where the parts of an artifact are in its bytes, and what it was made for.
#[derive(Debug)]
pub(crate) struct Artifact {
    pub(crate) settings: String,
    pub(crate) is_of_this_build: bool,
    pub(crate) module: Range<usize>,
    pub(crate) entry: Range<usize>,
}

/// Whether bytes are those of an artifact, perhaps of another build.
pub(crate) fn is_artifact(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC[..MAGIC.len() - 1])
}

/// The bytes of an artifact; `entry` are the parts of the entry.
pub(crate) fn write(settings: &str, module: &[u8], entry: &[&[u8]]) -> Vec<u8> {
    let preface =
        Preface { build: BUILD.to_owned(), settings: settings.to_owned(), module: module.len() as u64 };
    let preface = postcard::to_allocvec(&preface).expect("all of its lengths are known");
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&(preface.len() as u64).to_le_bytes());
    [&preface[..], module].iter().chain(entry).for_each(|part| bytes.extend_from_slice(part));
    bytes
}

/// Finds the parts of an artifact, if it is one and has them.
pub(crate) fn read(bytes: &[u8]) -> Option<Artifact> {
    let (len, rest) = bytes.strip_prefix(&MAGIC)?.split_first_chunk()?;
    let (preface, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*len)).ok()?)?;
    let Preface { build, settings, module } = postcard::from_bytes(preface).ok()?;
    let (start, module) = (bytes.len() - rest.len(), usize::try_from(module).ok()?);
    let end = start.checked_add(module).filter(|&end| end <= bytes.len())?;
    Some(Artifact { settings, is_of_this_build: build == BUILD, module: start..end, entry: end..bytes.len() })
}

#[cfg(test)]
mod tests {
    use super::{is_artifact, read, write};

    #[test]
    fn the_parts_are_found_again() {
        let bytes = write("settings", b"module", &[b"en", b"try"]);
        let artifact = read(&bytes).unwrap();
        assert!(is_artifact(&bytes) && artifact.is_of_this_build && artifact.settings == "settings");
        assert_eq!((&bytes[artifact.module], &bytes[artifact.entry]), (&b"module"[..], &b"entry"[..]));
        // What is cut off has less of the entry, or nothing at all.
        for len in 0..bytes.len() {
            assert!(read(&bytes[..len]).is_none_or(|artifact| artifact.entry.end == len), "{len}");
        }
        assert!(!is_artifact(b"\0asm\x01\0\0\0") && read(&[0xff; 64]).is_none());
    }
}
