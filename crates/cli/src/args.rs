//! The command line.
//!
//! Every flag is one entry of [`FLAGS`]; parser and help are made of that table. Flags come before FILE: whatever stands
//! behind it belongs to the guest.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use lexopt::{Arg, Parser};
use upshift::{Config, Dispatch};

/// What to do.
#[derive(Debug)]
pub(crate) enum Command {
    Run(Options),
    Wast(Options),
    Validate(Options),
    Help,
    Version,
}

/// Everything that flags and files say.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// At least one; `run` has one.
    pub(crate) files: Vec<OsString>,
    /// The guest's arguments, without its name.
    pub(crate) args: Vec<OsString>,
    pub(crate) invoke: Option<String>,
    /// Directory of the host, and the guest's name for it.
    pub(crate) dirs: Vec<(PathBuf, String)>,
    pub(crate) env: Vec<(OsString, OsString)>,
    /// Name under which others import from it, and file.
    pub(crate) preloads: Vec<(String, OsString)>,
    pub(crate) dispatch: Option<Dispatch>,
    pub(crate) dump: Vec<Dump>,
    pub(crate) func: Option<String>,
}

/// A form of a function that can be shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Dump {
    /// The code of the interpreter.
    Ir,
}

impl Options {
    /// The settings of the engine.
    pub(crate) fn config(&self) -> Config {
        let mut config = Config::new();
        if let Some(dispatch) = self.dispatch {
            config.dispatch(dispatch);
        }
        config
    }
}

/// A command line that makes no sense.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

impl From<lexopt::Error> for Usage {
    fn from(err: lexopt::Error) -> Usage {
        Usage(format!("{err} (`upshift --help` lists what there is)"))
    }
}

/// A flag. All take a value.
struct Flag {
    name: &'static str,
    value: &'static str,
    help: &'static str,
    /// Which commands have it.
    verbs: &'static [Verb],
    set: fn(&mut Options, OsString) -> Result<(), Usage>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Verb {
    Run,
    Wast,
    Validate,
}

const FLAGS: &[Flag] = &[
    Flag {
        name: "invoke",
        value: "NAME",
        help: "Call this export; ARGS are its arguments, its results are printed",
        verbs: &[Verb::Run],
        set: |options, value| {
            options.invoke = Some(text(value)?);
            Ok(())
        },
    },
    Flag {
        name: "dir",
        value: "HOST[::GUEST]",
        help: "Give the guest a directory, under the name GUEST; may be repeated",
        verbs: &[Verb::Run],
        set: |options, value| {
            let (host, guest) = split(&value, b"::").unwrap_or((&value, &value));
            options.dirs.push((host.into(), text(guest.to_owned())?));
            Ok(())
        },
    },
    Flag {
        name: "env",
        value: "NAME[=VAL]",
        help: "Give the guest a variable, without VAL that of this process; may be repeated",
        verbs: &[Verb::Run],
        set: |options, value| {
            let (name, value) = match split(&value, b"=") {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (value.clone(), std::env::var_os(&value)),
            };
            // What this process does not have, the guest does not get.
            options.env.extend(value.map(|value| (name, value)));
            Ok(())
        },
    },
    Flag {
        name: "preload",
        value: "NAME=FILE",
        help: "Instantiate FILE first; others import from it under NAME; may be repeated",
        verbs: &[Verb::Run],
        set: |options, value| {
            let Some((name, file)) = split(&value, b"=") else {
                return Err(Usage(format!("`--preload {}`: expected NAME=FILE", value.display())));
            };
            options.preloads.push((text(name.to_owned())?, file.into()));
            Ok(())
        },
    },
    Flag {
        name: "tier",
        value: "TIER",
        help: "What executes: `0`, the interpreter, or `auto` (default)",
        verbs: &[Verb::Run, Verb::Wast],
        set: |_, value| choose("tier", &value, &[("0", ()), ("auto", ())]),
    },
    Flag {
        name: "dispatch",
        value: "HOW",
        help: "How the interpreter goes to the next operator: `loop` or `tail`",
        verbs: &[Verb::Run, Verb::Wast],
        set: |options, value| {
            let ways = [("loop", Dispatch::Loop), ("tail", Dispatch::Tail)];
            options.dispatch = Some(choose("dispatch", &value, &ways)?);
            Ok(())
        },
    },
    Flag {
        name: "dump",
        value: "WHAT[,WHAT]",
        help: "Print functions instead of running anything: `ir`, the code of the interpreter",
        verbs: &[Verb::Run],
        set: |options, value| {
            for what in value.as_bytes().split(|&byte| byte == b',') {
                options.dump.push(choose("dump", OsStr::from_bytes(what), &[("ir", Dump::Ir)])?);
            }
            Ok(())
        },
    },
    Flag {
        name: "func",
        value: "NAME|NUMBER",
        help: "Of all functions, print only this one",
        verbs: &[Verb::Run],
        set: |options, value| {
            options.func = Some(text(value)?);
            Ok(())
        },
    },
];

/// Understands a command line, given without the program's own name.
///
/// # Errors
/// If a flag or value is unknown, or something is missing.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, Usage> {
    let mut args = args.into_iter().peekable();
    let verb = args.peek().and_then(|first| verb(first));
    if verb.is_some() {
        args.next();
    }
    let verb = verb.unwrap_or(Verb::Run);
    let mut parser = Parser::from_args(args);
    let mut options = Options::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help),
            Arg::Long("version") | Arg::Short('V') => return Ok(Command::Version),
            Arg::Long(name) => {
                let flag = FLAGS.iter().find(|flag| flag.name == name && flag.verbs.contains(&verb));
                let Some(flag) = flag else { return Err(arg.unexpected().into()) };
                (flag.set)(&mut options, parser.value()?)?;
            }
            Arg::Short(_) => return Err(arg.unexpected().into()),
            Arg::Value(file) => {
                options.files.push(file);
                if verb == Verb::Run {
                    options.args.extend(parser.raw_args()?);
                }
            }
        }
    }
    if options.files.is_empty() {
        return Err(Usage("no FILE given (`upshift --help` tells how to call)".into()));
    }
    if options.func.is_some() && options.dump.is_empty() {
        return Err(Usage("`--func` chooses what `--dump` prints: give both".into()));
    }
    Ok(match verb {
        Verb::Run => Command::Run(options),
        Verb::Wast => Command::Wast(options),
        Verb::Validate => Command::Validate(options),
    })
}

/// What `--help` prints.
pub(crate) fn help() -> String {
    let mut text = String::from(
        "Runs WebAssembly modules.

Usage: upshift [run] [FLAGS] FILE [ARGS...]   run a program; ARGS are its own
       upshift wast [FLAGS] FILE...           run scripts of the specification's tests
       upshift validate FILE...               check modules

A FILE is a module, binary or text; `-` is the standard input. A guest sees only what flags give it.

Flags:
",
    );
    let mut line = |flag: &str, help: &str| text.push_str(&format!("  {flag:<26} {help}\n"));
    for flag in FLAGS {
        line(&format!("--{} <{}>", flag.name, flag.value), flag.help);
    }
    line("-h, --help", "Print this");
    line("-V, --version", "Print the version");
    text.push_str(
        "
Exit codes: that of the guest; 1 if a module cannot be loaded or linked or a check fails; 2 if the command line is
wrong; 134 after a trap.
",
    );
    text
}

fn verb(word: &OsStr) -> Option<Verb> {
    match word.to_str()? {
        "run" => Some(Verb::Run),
        "wast" => Some(Verb::Wast),
        "validate" => Some(Verb::Validate),
        _ => None,
    }
}

fn text(value: OsString) -> Result<String, Usage> {
    value.into_string().map_err(|value| Usage(format!("`{}` is not UTF-8", value.display())))
}

/// The parts before and behind the first `separator`.
fn split<'a>(value: &'a OsStr, separator: &[u8]) -> Option<(&'a OsStr, &'a OsStr)> {
    let bytes = value.as_bytes();
    let at = bytes.windows(separator.len()).position(|window| window == separator)?;
    Some((OsStr::from_bytes(&bytes[..at]), OsStr::from_bytes(&bytes[at + separator.len()..])))
}

/// What a word stands for.
fn choose<T: Copy>(flag: &str, word: &OsStr, choices: &[(&str, T)]) -> Result<T, Usage> {
    if let Some((_, choice)) = choices.iter().find(|(name, _)| *name == word) {
        return Ok(*choice);
    }
    let names: Vec<_> = choices.iter().map(|(name, _)| format!("`{name}`")).collect();
    Err(Usage(format!("`--{flag} {}`: expected {}", word.display(), names.join(" or "))))
}
