//! Option groups as `wasmtime` has them: `-W name=value,…` for WebAssembly, `-S name=value,…` for WASI, and those that tune its
//! compiler and its memories, `-C`, `-O` and `-D`.
//!
//! Many names are those of flags (`Flag::wasmtime`), many are switches of WebAssembly's features. The others are what is the
//! same here whatever a user wants: what is so in any case, what is not there at all, and what changes no result.

use std::ffi::OsStr;

use upshift::Config;
use upshift_core::shown::Shown;
use upshift_translate::features::{Availability, Feature};

use crate::flags::options::SetFeature;
use crate::flags::table::FLAGS;
use crate::flags::{Flag, Given, Verb, value};
use crate::nearest::nearest;

/// The letters of the groups, and their long names.
pub(crate) const GROUPS: [(char, &str); 5] =
    [('W', "wasm"), ('S', "wasi"), ('C', "codegen"), ('O', "optimize"), ('D', "debug")];

/// The letters of the groups.
pub(crate) const LETTERS: [char; GROUPS.len()] = {
    let mut letters = ['\0'; GROUPS.len()];
    let mut i = 0;
    while i < GROUPS.len() {
        letters[i] = GROUPS[i].0;
        i += 1;
    }
    letters
};

/// The letter of the group with that long name.
pub(crate) fn letter(name: &str) -> Option<char> {
    GROUPS.iter().find(|(_, long)| *long == name).map(|&(letter, _)| letter)
}

/// What an option of a group stands for.
#[derive(Clone, Copy)]
pub(crate) enum Meaning {
    Flag(&'static Flag),
    Feature(SetFeature),
    /// All features at once.
    AllFeatures,
    /// So it is, and nothing else can be had.
    Always,
    /// It is not there, and can only be switched off.
    Never,
    /// It changes no result.
    Ignored(Value),
}

/// What can be the value of an option that is ignored: it is looked at all the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value {
    Switch,
    Number,
    Text,
    /// Anything, or nothing.
    Any,
    /// One of these words.
    Words(&'static [&'static str]),
    /// One of these words, or a switch.
    SwitchOr(&'static [&'static str]),
}

impl Value {
    fn check(self, given: &Given) -> Result<(), String> {
        let is_one = |words: &[&str]| words.iter().any(|word| given.os() == *word);
        match self {
            Value::Switch => given.switch().map(drop),
            Value::Number => given.count().map(drop),
            Value::Any => Ok(()),
            Value::Text if given.value.is_some() => Ok(()),
            Value::Text => Err("expected a value".into()),
            Value::Words(words) => {
                value::choose(given.os(), &words.iter().map(|word| (*word, ())).collect::<Vec<_>>())
            }
            Value::SwitchOr(words) if is_one(words) => Ok(()),
            Value::SwitchOr(_) => given.switch().map(drop),
        }
    }
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

/// What is neither a flag nor a switch of a feature that is there.
const OTHERS: &[(char, &str, Meaning)] = {
    use Meaning::{AllFeatures, Always, Ignored, Never};
    use Value::{Number, Switch, SwitchOr, Text, Words};
    &[
        ('W', "all-proposals", AllFeatures),
        ('W', "async-stack-size", Ignored(Number)),
        ('W', "async-stack-zeroing", Ignored(Switch)),
        ('W', "branch-hinting", Ignored(Switch)),
        ('W', "compact-imports", Always),
        ('W', "component-model", Never),
        ('W', "component-model-async", Never),
        ('W', "concurrency-support", Ignored(Switch)),
        ('W', "epoch-interruption", Ignored(Switch)),
        ('W', "gc-support", Always),
        ('W', "relaxed-simd-deterministic", Always),
        ('W', "shared-everything-threads", Never),
        ('W', "shared-memory", Always),
        ('W', "unknown-exports-allow", Always),
        ('W', "wmemcheck", Never),
        ('S', "allow-ip-name-lookup", Never),
        ('S', "cli", Always),
        ('S', "common", Always),
        ('S', "config", Never),
        ('S', "http", Never),
        ('S', "inherit-network", Never),
        ('S', "inherit-stderr", Always),
        ('S', "inherit-stdin", Always),
        ('S', "inherit-stdout", Always),
        ('S', "keyvalue", Never),
        ('S', "nn", Never),
        ('S', "p3", Never),
        ('S', "preview0", Never),
        ('S', "preview2", Ignored(Switch)),
        ('S', "tcp", Ignored(Switch)),
        ('S', "tls", Never),
        ('S', "udp", Ignored(Switch)),
        ('C', "cache", Ignored(Switch)),
        ('C', "cache-config", Ignored(Text)),
        ('C', "collector", Ignored(Words(&["drc", "null", "copying", "auto"]))),
        ('C', "compiler", Ignored(Words(&["cranelift", "winch"]))),
        ('C', "cranelift-debug-verifier", Ignored(Switch)),
        ('C', "inlining", Ignored(SwitchOr(&["gc", "inter-module", "intrinsics"]))),
        ('C', "metadata-for-gc-heap-corruption", Ignored(Switch)),
        ('C', "metadata-for-internal-asserts", Ignored(Switch)),
        ('C', "native-unwind-info", Ignored(Switch)),
        ('C', "parallel-compilation", Ignored(Switch)),
        ('D', "address-map", Ignored(Switch)),
        ('D', "guest-debug", Ignored(Switch)),
        ('D', "log-to-files", Ignored(Switch)),
        ('D', "logging", Ignored(Switch)),
        ('D', "max-backtrace", Ignored(Number)),
        ('D', "symbols", Ignored(Switch)),
        ('O', "dynamic-memory-guard-size", Ignored(Number)),
        ('O', "dynamic-memory-reserved-for-growth", Ignored(Number)),
        ('O', "gc-heap-guard-size", Ignored(Number)),
        ('O', "gc-heap-initial-size", Ignored(Number)),
        ('O', "gc-heap-may-move", Ignored(Switch)),
        ('O', "gc-heap-reservation", Ignored(Number)),
        ('O', "gc-heap-reservation-for-growth", Ignored(Number)),
        ('O', "guard-before-linear-memory", Ignored(Switch)),
        ('O', "memory-guaranteed-dense-image-size", Ignored(Number)),
        ('O', "memory-guard-size", Ignored(Number)),
        ('O', "memory-init-cow", Ignored(Switch)),
        ('O', "memory-may-move", Ignored(Switch)),
        ('O', "memory-reservation", Ignored(Number)),
        ('O', "memory-reservation-for-growth", Ignored(Number)),
        ('O', "opt-level", Ignored(Words(&["0", "1", "2", "s"]))),
        ('O', "regalloc-algorithm", Ignored(Words(&["backtracking", "single-pass"]))),
        ('O', "signals-based-traps", Ignored(Switch)),
        ('O', "static-memory-forced", Ignored(Switch)),
        ('O', "static-memory-guard-size", Ignored(Number)),
        ('O', "static-memory-maximum-size", Ignored(Number)),
        ('O', "table-lazy-init", Ignored(Switch)),
    ]
};

/// Settings of `wasmtime`'s compiler, `-C cranelift-KEY=…`: which there are is its own matter.
const OF_COMPILER: &str = "cranelift-";

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

/// The names of a group that mean something, and those that are only taken, each in its order.
pub(crate) fn listed(letter: char) -> [Vec<&'static str>; 2] {
    let ignored = |meaning: &Meaning| matches!(meaning, Meaning::Ignored(_));
    let there = names(letter).filter(|(_, meaning)| !matches!(meaning, Meaning::Never));
    let (taken, meant): (Vec<_>, Vec<_>) = there.partition(|(_, meaning)| ignored(meaning));
    [meant, taken].map(|list| list.into_iter().map(|(name, _)| name).collect())
}

/// All features that have a switch and are there, allowed or forbidden.
pub(crate) fn all_features(allowed: bool) -> impl Iterator<Item = (SetFeature, bool)> {
    FEATURES.iter().filter(|(name, _)| is_there(name)).map(move |&(_, set)| (set, allowed))
}

/// Whether the feature of that name can be had.
fn is_there(name: &str) -> bool {
    Feature::from_name(name).is_some_and(|feature| feature.availability() != Availability::Unsupported)
}

/// The options of one value of a group: how each is written, what it stands for and its value.
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
    let found = names(letter).find(|(known, _)| *known == name).map(|(_, meaning)| meaning);
    let of_compiler = || letter == 'C' && name.strip_prefix(OF_COMPILER).is_some_and(|key| !key.is_empty());
    let found = found.or_else(|| of_compiler().then_some(Meaning::Ignored(Value::Any)));
    let Some(meaning) = found else {
        let near = nearest(name, names(letter).map(|(name, _)| name));
        let hint = near.unwrap_or_else(|| "`upshift man` lists what there is".into());
        return Err(format!("unknown option `-{letter} {}`: {hint}", Shown::new(name)));
    };
    let given = Given { value, grouped: true };
    let fits = match meaning {
        Meaning::Flag(flag) if !flag.verbs.contains(&verb) => {
            Err(format!("`upshift {}` does not have it", verb.name()))
        }
        Meaning::Flag(_) => Ok(()),
        Meaning::AllFeatures => given.switch().map(drop),
        Meaning::Ignored(value) => value.check(&given),
        Meaning::Always => {
            given.switch().and_then(|on| if on { Ok(()) } else { Err("it cannot be switched off".into()) })
        }
        Meaning::Never => only_off(&given),
        Meaning::Feature(_) if !is_there(name) => only_off(&given),
        Meaning::Feature(_) => given.switch().map(drop),
    };
    fits.map_err(|reason| format!("`{written}`: {reason}"))?;
    Ok((written, meaning, given))
}

/// Takes a switch of something that is not there.
fn only_off(given: &Given) -> Result<(), String> {
    given.switch().and_then(|on| if on { Err("it is not supported".into()) } else { Ok(()) })
}

#[cfg(test)]
mod tests {
    use upshift_translate::features::Feature;

    use super::{FEATURES, LETTERS, names};

    #[test]
    fn names_of_a_group_are_unique() {
        for letter in LETTERS {
            let all: Vec<_> = names(letter).map(|(name, _)| name).collect();
            assert!(!all.is_empty());
            for (i, name) in all.iter().enumerate() {
                assert!(!all[..i].contains(name), "-{letter} {name}");
            }
        }
    }

    #[test]
    fn names_of_features_are_those_of_the_decoder() {
        assert!(FEATURES.is_sorted_by_key(|(name, _)| name));
        for (name, _) in FEATURES {
            assert!(Feature::from_name(name).is_some(), "{name}");
        }
    }
}
