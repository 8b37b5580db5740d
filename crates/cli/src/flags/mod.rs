//! The command line and the settings file, from one definition of each flag.
//!
//! ```text
//!                      ┌─▶ parse       command line ─┐
//!                      ├─▶ settings    file ─────────┴─▶ Options
//! FLAGS (table) ───────┼─▶ help        one screen a verb
//!                      ├─▶ complete    bash, zsh, fish
//!                      └─▶ manual      roff
//! ```

use std::ffi::OsString;
use std::fmt;

pub(crate) use options::{Dump, GuestDir, Listing, Options, Stats, UnknownImports};
pub(crate) use parse::parse;

pub(crate) mod complete;
mod group;
pub(crate) mod help;
pub(crate) mod manual;
mod options;
mod parse;
mod settings;
mod table;
mod value;

/// What to do.
#[derive(Debug)]
pub(crate) enum Command {
    Do(Verb, Box<Options>),
    /// The help of a verb, or of all.
    Help(Option<Verb>),
    Version,
    /// What the program of cells does, with the words behind the verb.
    Forward(Verb, Vec<OsString>),
}

macro_rules! verbs {
    ($($verb:ident $name:literal $operands:literal $about:literal;)*) => {
        /// The first word of a command line.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum Verb {
            $($verb,)*
        }

        impl Verb {
            pub(crate) const ALL: &'static [Verb] = &[$(Verb::$verb,)*];

            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Verb::$verb => $name,)*
                }
            }

            /// What follows the flags, as help shows it.
            pub(crate) fn operands(self) -> &'static str {
                match self {
                    $(Verb::$verb => $operands,)*
                }
            }

            pub(crate) fn about(self) -> &'static str {
                match self {
                    $(Verb::$verb => $about,)*
                }
            }
        }
    };
}

verbs! {
    Run "run" "FILE [ARGS...]" "Run a program; ARGS are its own";
    Bench "bench" "FILE [ARGS...]" "Run a program again and again, and say how long it takes";
    Compare "compare" "A B [ARGS...]" "Run two builds of a program in turns, and say which is faster";
    Analyze "analyze" "FILE [ARGS...]" "Show how large functions are and where the time goes";
    Inspect "inspect" "FILE" "Show what a module consists of and what it needs";
    Validate "validate" "FILE..." "Check modules";
    Wast "wast" "FILE..." "Run scripts of the specification's tests";
    Cells "cells" "FILE" "Run a notebook of cells";
    Repl "repl" "" "Run cells as they are typed";
    Notebook "notebook" "[FILE]" "Write and run a notebook in a browser";
    Compile "compile" "FILE" "Compile a module ahead of time, for `run --allow-precompiled`";
    Cache "cache" "stats|clear" "Say how much optimized code is kept for later runs, or throw it away";
    Features "features" "" "List the parts of WebAssembly and which are there";
    Completions "completions" "bash|zsh|fish" "Print what a shell needs to complete command lines";
    Man "man" "" "Print the manual page, for `man -l -`";
    Help "help" "[VERB]" "Print the help of a verb, or this one";
}

impl Verb {
    /// What follows the verb, as help shows it.
    fn form(self) -> String {
        let has_flags = self.is_forwarded() || Flag::all_of(self).next().is_some();
        let flags = if has_flags { "[FLAGS] " } else { "" };
        format!("{flags}{}", self.operands())
    }

    fn from_name(name: &str) -> Option<Verb> {
        Verb::ALL.iter().copied().find(|verb| verb.name() == name)
    }

    /// What a user of the verb has to know besides its flags: lines of help.
    pub(crate) fn notes(self) -> &'static [&'static str] {
        match self {
            Verb::Bench => &[
                "With `--invoke` the call is made again and again in one instance. Without, each iteration makes",
                "a fresh instance and runs its `_start`, and both count. What the guest prints is discarded.",
                "Flags may follow FILE too; ARGS begin with the first word that is no flag of ours, or behind `--`.",
            ],
            Verb::Compare => &[
                "Both run in one process, in turns; the verdict is the median of the ratios of A to B, pair by pair.",
                "Their results, or without `--invoke` what they print the first time, have to be the same.",
            ],
            Verb::Analyze => &[
                "The program is run once. Each millisecond a sample is taken at the next loop head or call: it",
                "counts for the function that is there, which for calls of the host is the one that comes next.",
                "Looking for samples slows short loops down. Sizes are those of ordinary code.",
            ],
            Verb::Cells | Verb::Repl | Verb::Notebook => &[
                "This is the work of `upshift-cells`, a program of its own, which is called with the same words. It",
                "has flags and help of its own, and is looked for beside this program and then on PATH.",
                "`cargo install --path crates/cells-cli` installs it.",
            ],
            _ => &[],
        }
    }

    /// Whether another program does it.
    pub(crate) fn is_forwarded(self) -> bool {
        matches!(self, Verb::Cells | Verb::Repl | Verb::Notebook)
    }

    /// How many files or words follow the flags, at least and at most.
    fn files(self) -> (usize, usize) {
        match self {
            Verb::Features | Verb::Man => (0, 0),
            Verb::Help => (0, 1),
            Verb::Cells | Verb::Repl | Verb::Notebook => (0, usize::MAX),
            Verb::Wast | Verb::Validate => (1, usize::MAX),
            Verb::Compare => (2, 2),
            Verb::Run
            | Verb::Bench
            | Verb::Analyze
            | Verb::Inspect
            | Verb::Compile
            | Verb::Completions
            | Verb::Cache => (1, 1),
        }
    }

    /// Whether it runs a guest again and again, or to see where the time goes.
    fn measures(self) -> bool {
        matches!(self, Verb::Bench | Verb::Compare | Verb::Analyze)
    }

    /// Whether what follows the files belongs to the guest.
    fn has_guest(self) -> bool {
        self == Verb::Run || self.measures()
    }

    /// Whether it loads modules, so that switches of features mean something.
    fn loads(self) -> bool {
        self.has_guest() || matches!(self, Verb::Inspect | Verb::Validate | Verb::Compile | Verb::Wast)
    }
}

/// Where a flag stands in help.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Section {
    Guest,
    Limits,
    Look,
    How,
    /// Only in the manual: what few need, mostly under the names that `wasmtime` gives it.
    Rare,
}

impl Section {
    pub(crate) const ALL: &'static [Section] =
        &[Section::Guest, Section::Limits, Section::Look, Section::How, Section::Rare];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Section::Guest => "What to call and what it may see",
            Section::Limits => "Limits",
            Section::Look => "Looking inside",
            Section::How => "How to execute",
            Section::Rare => "Rarely needed",
        }
    }
}

/// Whether a flag has a value. One that has none may be followed by `=true`, `=false` or the like all the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Takes {
    Nothing,
    Value(&'static str),
    /// Only with `=`.
    Perhaps(&'static str),
}

/// What a flag can do to safety, and so what a settings file may do with it that was found where others may write.
pub(crate) enum Effect {
    /// It gives the guest something, or says what is run: refused.
    Grants,
    /// It limits the guest: it may become tighter.
    Limits(IsTighter),
    /// It says how to execute or what to show: free.
    Neutral,
}

/// Whether the first options, in which one limit is set, allow no more of it than the second ones.
pub(crate) type IsTighter = fn(&Options, &Options) -> bool;

/// A flag, and a key of the settings file.
pub(crate) struct Flag {
    pub(crate) name: &'static str,
    pub(crate) takes: Takes,
    /// One line.
    pub(crate) help: &'static str,
    /// What only the manual says.
    pub(crate) more: &'static str,
    pub(crate) section: Section,
    pub(crate) verbs: &'static [Verb],
    /// Letter and name of the option group under which `wasmtime` has it too.
    pub(crate) wasmtime: Option<(char, &'static str)>,
    pub(crate) effect: Effect,
    /// The reason, if the value is not one.
    pub(crate) set: fn(&mut Options, &Given) -> Result<(), String>,
}

impl Flag {
    /// The words that can be its value, if they are few.
    pub(crate) fn choices(&self) -> impl Iterator<Item = &'static str> {
        let (Takes::Value(value) | Takes::Perhaps(value)) = self.takes else {
            return "".split_terminator('|');
        };
        // What the user is to replace is written in capitals.
        let words = if value.contains(|c: char| c.is_ascii_uppercase()) { "" } else { value };
        words.split_terminator('|')
    }

    /// Whether one of its words may stand behind it, without `=`.
    pub(crate) fn takes_word(&self) -> bool {
        matches!(self.takes, Takes::Value(_))
    }

    /// The flag as it is written, with its value.
    pub(crate) fn spelling(&self) -> String {
        match self.takes {
            Takes::Nothing => format!("--{}", self.name),
            Takes::Value(value) => format!("--{} {value}", self.name),
            Takes::Perhaps(value) => format!("--{}[={value}]", self.name),
        }
    }

    /// The flag of a name in files, and of the verbs that have no other one.
    fn find(name: &str) -> Option<&'static Flag> {
        table::FLAGS.iter().find(|flag| flag.name == name)
    }

    /// The flag of a name on the command line of a verb.
    fn find_of(name: &str, verb: Verb) -> Option<&'static Flag> {
        table::FLAGS.iter().rfind(|flag| flag.name == name && flag.verbs.contains(&verb))
    }

    /// Whether it is a flag of the command line of a verb.
    fn is_of(&self, verb: Verb) -> bool {
        self.verbs.contains(&verb)
            && Flag::find_of(self.name, verb).is_some_and(|flag| std::ptr::eq(flag, self))
    }

    /// The flags of a verb in one section of its help.
    pub(crate) fn of(verb: Verb, section: Section) -> impl Iterator<Item = &'static Flag> {
        table::FLAGS.iter().filter(move |flag| flag.is_of(verb) && flag.section == section)
    }

    /// All flags of a verb.
    pub(crate) fn all_of(verb: Verb) -> impl Iterator<Item = &'static Flag> {
        table::FLAGS.iter().filter(move |flag| flag.is_of(verb))
    }
}

/// What was written behind a flag.
#[derive(Debug)]
pub(crate) struct Given {
    /// Nothing if the flag stands alone.
    pub(crate) value: Option<OsString>,
    /// Whether it was written as an option of a group, as `wasmtime` has them.
    pub(crate) grouped: bool,
}

/// A command line, or a settings file, that makes no sense.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

#[cfg(test)]
mod tests {
    use super::table::FLAGS;
    use super::{Effect, Section, Verb};

    #[test]
    fn names_are_unique_and_flags_have_verbs() {
        for (i, flag) in FLAGS.iter().enumerate() {
            // `analyze` shows what others set.
            let is_new = FLAGS[..i].iter().all(|other| other.name != flag.name);
            assert!(is_new || flag.verbs == [Verb::Analyze], "{}", flag.name);
            assert!(
                FLAGS[..i].iter().all(|other| other.wasmtime.is_none() || other.wasmtime != flag.wasmtime)
            );
            assert!(!flag.verbs.is_empty() && !flag.help.is_empty());
            assert!(!flag.help.ends_with('.') && !flag.help.contains('\n'), "{}", flag.name);
            assert!(Section::ALL.contains(&flag.section));
        }
    }

    /// What help calls a limit is one, and what the guest may see is a grant.
    #[test]
    fn effects_fit_sections() {
        for flag in FLAGS {
            match flag.section {
                Section::Guest => assert!(matches!(flag.effect, Effect::Grants), "{}", flag.name),
                Section::Limits => assert!(matches!(flag.effect, Effect::Limits(_)), "{}", flag.name),
                Section::Look | Section::How | Section::Rare => {}
            }
        }
    }

    #[test]
    fn verbs_are_found_by_name() {
        for &verb in Verb::ALL {
            assert_eq!(Verb::from_name(verb.name()), Some(verb));
        }
    }
}
