//! Option groups as `wasmtime` has them: `-W name=value,…` for WebAssembly, `-S name=value,…` for WASI.
//!
//! Most names are those of flags (`Flag::wasmtime`). The others are switches of WebAssembly's features, and what is the
//! same here whatever a user wants.

use std::ffi::OsStr;

use upshift::Config;

use crate::flags::options::SetFeature;
use crate::flags::table::FLAGS;
use crate::flags::{Flag, Given, Verb, value};
use crate::nearest::nearest;

/// What an option of a group stands for.
#[derive(Clone, Copy)]
pub(crate) enum Meaning {
    Flag(&'static Flag),
    Feature(SetFeature),
    /// So it is, and nothing else can be had.
    Always,
    /// It does not matter for modules.
    Either,
}

/// The features that `wasmtime` has switches for.
const FEATURES: &[(&str, SetFeature)] = &[
    ("bulk-memory", Config::wasm_bulk_memory),
    ("custom-page-sizes", Config::wasm_custom_page_sizes),
    ("exceptions", Config::wasm_exceptions),
    ("extended-const", Config::wasm_extended_const),
    ("function-references", Config::wasm_function_references),
    ("gc", Config::wasm_gc),
    ("legacy-exceptions", Config::wasm_legacy_exceptions),
    ("memory64", Config::wasm_memory64),
    ("multi-memory", Config::wasm_multi_memory),
    ("multi-value", Config::wasm_multi_value),
    ("reference-types", Config::wasm_reference_types),
    ("relaxed-simd", Config::wasm_relaxed_simd),
    ("simd", Config::wasm_simd),
    ("stack-switching", Config::wasm_stack_switching),
    ("tail-call", Config::wasm_tail_call),
    ("threads", Config::wasm_threads),
    ("wide-arithmetic", Config::wasm_wide_arithmetic),
];

const OTHERS: &[(char, &str, Meaning)] = &[
    ('W', "relaxed-simd-deterministic", Meaning::Always),
    ('S', "cli", Meaning::Always),
    ('S', "common", Meaning::Always),
    ('S', "preview2", Meaning::Either),
];

/// The names of a group, each with what it stands for.
fn names(letter: char) -> impl Iterator<Item = (&'static str, Meaning)> {
    let flags = FLAGS.iter().filter_map(move |flag| match flag.wasmtime {
        Some((group, name)) if group == letter => Some((name, Meaning::Flag(flag))),
        _ => None,
    });
    let features = FEATURES.iter().filter(move |_| letter == 'W');
    let features = features.map(|&(name, set)| (name, Meaning::Feature(set)));
    let others = OTHERS.iter().filter(move |(group, ..)| *group == letter);
    flags.chain(features).chain(others.map(|&(_, name, meaning)| (name, meaning)))
}

/// The options of one value of `-W` or `-S`: how each is written, what it stands for and its value.
///
/// # Errors
/// If one is unknown, or cannot be had for this verb.
pub(crate) fn options(
    letter: char,
    list: &OsStr,
    verb: Verb,
) -> Result<Vec<(String, Meaning, Given)>, String> {
    let list = list.to_str().ok_or_else(|| format!("`-{letter} {}`: expected UTF-8", list.display()))?;
    list.split(',').map(|option| one(letter, option, verb)).collect()
}

fn one(letter: char, option: &str, verb: Verb) -> Result<(String, Meaning, Given), String> {
    let (name, value) = match value::split(option.as_ref(), b"=") {
        Some((name, value)) => (name.to_str().unwrap_or_default(), Some(value.to_owned())),
        None => (option, None),
    };
    let written = format!("-{letter} {option}");
    let Some((_, meaning)) = names(letter).find(|(known, _)| *known == name) else {
        let near = nearest(name, names(letter).map(|(name, _)| name));
        let all = || match names(letter).count() {
            count if count > 8 => "`upshift man` lists what there is".into(),
            _ => format!(
                "there is {}",
                names(letter).map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            ),
        };
        let hint = near.unwrap_or_else(all);
        return Err(format!("unknown option `-{letter} {name}`: {hint}"));
    };
    let given = Given { value, grouped: true };
    let fits = match meaning {
        Meaning::Flag(flag) if !flag.verbs.contains(&verb) => {
            Err(format!("`upshift {}` does not have it", verb.name()))
        }
        Meaning::Flag(_) | Meaning::Either => Ok(()),
        Meaning::Feature(_) => given.switch().map(drop),
        Meaning::Always => {
            given.switch().and_then(|on| if on { Ok(()) } else { Err("it cannot be switched off".into()) })
        }
    };
    fits.map_err(|reason| format!("`{written}`: {reason}"))?;
    Ok((written, meaning, given))
}

#[cfg(test)]
mod tests {
    use upshift_translate::features::Feature;

    use super::FEATURES;

    #[test]
    fn names_of_features_are_those_of_the_decoder() {
        assert!(FEATURES.is_sorted_by_key(|(name, _)| name));
        for (name, _) in FEATURES {
            assert!(Feature::from_name(name).is_some(), "{name}");
        }
    }
}
