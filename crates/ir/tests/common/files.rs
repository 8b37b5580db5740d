//! Golden files: a module in the text format and, in comments below it, what becomes of it.
//!
//! ```text
//! golden/*.wat ─ split ─▶ module ─ expectation ─▶ text  ═?═  the comments, or with `UPSHIFT_BLESS=1` their new text
//! ```
//!
//! The compilers of all tiers have such files, so this one is part of the tests of several crates.

use std::fs;
use std::path::Path;

use similar::TextDiff;
use upshift_translate::{Features, ModuleInfo, TypeRegistry, parse};

pub(crate) fn module(wat: &str, features: &Features) -> ModuleInfo {
    let bytes = wat::parse_str(wat).unwrap_or_else(|error| panic!("{error}"));
    parse(bytes.into(), features, &TypeRegistry::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// The words that the first line of a file has behind `;; options:`, if it begins so.
pub(crate) fn options(wat: &str) -> impl Iterator<Item = &str> {
    let line = wat.lines().next().and_then(|line| line.strip_prefix(";; options:"));
    line.unwrap_or_default().split_whitespace()
}

/// Splits a file into the module and the comments at its end.
fn split(file: &str) -> (&str, &str) {
    let mut end = file.len();
    for line in file.split_inclusive('\n').rev() {
        if !line.trim().is_empty() && !line.starts_with(";;") {
            break;
        }
        end -= line.len();
    }
    file.split_at(end)
}

/// Compares the comments of all files with what is expected of their modules.
///
/// # Panics
/// When there are differences, unless they are to be written.
pub(crate) fn compare(directory: &Path, expectation: impl Fn(&str) -> String) {
    let bless = std::env::var_os("UPSHIFT_BLESS").is_some_and(|value| value == "1");
    let mut files: Vec<_> = fs::read_dir(directory)
        .expect("the directory is there")
        .map(|entry| entry.expect("it can be read").path())
        .collect();
    files.sort();
    let mut differences = String::new();
    for path in files {
        let file = fs::read_to_string(&path).expect("the file can be read");
        let (wat, expected) = split(&file);
        let is = expectation(wat);
        if is == expected {
            continue;
        }
        if bless {
            fs::write(&path, format!("{wat}{is}")).expect("the file can be written");
            continue;
        }
        let diff = TextDiff::from_lines(expected, &is);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        differences += &diff.unified_diff().context_radius(4).header(&name, "code now").to_string();
    }
    assert!(differences.is_empty(), "UPSHIFT_BLESS=1 accepts this:\n{differences}");
}
