//! What `--help` prints: one screen for all, one for each verb.

use std::ffi::OsString;
use std::fmt::Write;

use upshift_core::shown::Shown;

use crate::flags::{Flag, Section, Usage, Verb};
use crate::nearest::nearest;

/// Names and meanings of exit codes, for help and manual.
pub(crate) const EXIT_CODES: &[(&str, &str)] = &[
    ("the guest's", "it ended itself, or returned (0)"),
    ("1", "a module cannot be loaded or linked, a check fails, or there is no memory"),
    ("2", "the command line or a settings file is wrong"),
    ("134", "a trap, an exception or a limit stopped the guest"),
    ("141", "nobody reads what is printed any more"),
];

/// The help of a verb, or of all.
pub(crate) fn help(verb: Option<Verb>) -> String {
    match verb {
        Some(verb) => of_verb(verb),
        None => overall(),
    }
}

/// The help of the verb of a name, or of all if there is none.
///
/// # Errors
/// If it is no verb.
pub(crate) fn of_word(word: Option<&OsString>) -> Result<String, Usage> {
    let Some(word) = word else { return Ok(overall()) };
    let word = word.to_string_lossy();
    Verb::from_name(&word).map(of_verb).ok_or_else(|| {
        let near = nearest(&word, Verb::ALL.iter().map(|verb| verb.name()));
        let near = near.unwrap_or_else(|| "`upshift help` lists them".into());
        Usage(format!("there is no verb `{}`: {near}", Shown::new(&word)))
    })
}

fn overall() -> String {
    let mut text = String::from(
        "Runs WebAssembly modules, binary or text.

Usage: upshift [run] [FLAGS] FILE [ARGS...]
       upshift VERB [FLAGS] ...

Verbs:
",
    );
    for verb in Verb::ALL {
        let form = format!("{} {}", verb.name(), verb.operands());
        let _ = writeln!(text, "  {:<28} {}", form.trim_end(), verb.about());
    }
    text.push_str("\nEach verb has its own flags: `upshift run --help`.\n\nExit codes:\n");
    for (code, meaning) in EXIT_CODES {
        let _ = writeln!(text, "  {code:<12} {meaning}");
    }
    text
}

fn of_verb(verb: Verb) -> String {
    let usage = format!("upshift {} {}", verb.name(), verb.form());
    let mut text = format!("{}.\n\nUsage: {}\n", verb.about(), usage.trim_end());
    if Flag::all_of(verb).any(|flag| flag.name == "config") {
        text.push_str(
            "A FILE of `-` is the standard input. `upshift.toml` may tighten limits, as in `fuel = 1000`.\n",
        );
    }
    for line in verb.notes() {
        let _ = writeln!(text, "{line}");
    }
    for &section in Section::ALL {
        let mut flags = Flag::of(verb, section).peekable();
        if section == Section::Rare || flags.peek().is_none() {
            continue;
        }
        let _ = writeln!(text, "\n{}:", section.title());
        for flag in flags {
            let _ = writeln!(text, "  {:<24} {}", flag.spelling(), flag.help);
        }
    }
    if verb.has_guest() {
        // The help of `analyze` would not fit on a screen with another line.
        text.push_str(if verb == Verb::Analyze { "" } else { "\n" });
        text.push_str("`-W NAME[=VALUE],...` and `-S ...` are understood as `wasmtime` does. `upshift man` tells more.\n");
    } else if verb.loads() {
        text.push_str("\n`-W NAME[=n],...` allows or forbids parts of WebAssembly, as `-W simd=n`: see `upshift features`.\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::help;
    use crate::flags::{Flag, Section, Verb};

    #[test]
    fn every_help_fits_on_a_screen() {
        for verb in [None].into_iter().chain(Verb::ALL.iter().copied().map(Some)) {
            let text = help(verb);
            assert!(text.lines().count() <= 44, "{verb:?}: {} lines", text.lines().count());
            for line in text.lines() {
                assert!(line.chars().count() <= 100, "{line}");
            }
        }
    }

    #[test]
    fn the_readme_has_verbs_and_flags() {
        let readme = include_str!("../../../../README.md").replace("\\|", "|");
        for &verb in Verb::ALL {
            let named = |flag: &Flag| readme.contains(&format!("--{}", flag.name));
            assert!(readme.contains(&format!("upshift {}", verb.name())) || verb == Verb::Run);
            for flag in Flag::all_of(verb).filter(|flag| flag.section != Section::Rare) {
                assert!(named(flag), "the README has no `--{}`", flag.name);
            }
        }
    }

    #[test]
    fn help_of_a_verb_has_its_flags_and_no_others() {
        for &verb in Verb::ALL {
            let text = help(Some(verb));
            for flag in Verb::ALL.iter().flat_map(|&verb| Flag::all_of(verb)) {
                let shown = text.lines().any(|line| line.starts_with(&format!("  {} ", flag.spelling())));
                let wanted = flag.is_of(verb) && flag.section != Section::Rare;
                assert_eq!(shown, wanted, "{} of {verb:?}", flag.name);
            }
        }
    }
}
