//! From a command line to a [`Command`].
//!
//! ```text
//! words ─ lexopt ─▶ settings, in order ─▶ those of files first ─▶ Options ─▶ checks
//! ```
//!
//! Flags come before FILE: whatever stands behind it belongs to the guest. Only of the verbs that measure flags may
//! follow it too, up to the first word that is none.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use lexopt::{Arg, Parser};

use crate::flags::group::{self, Meaning};
use crate::flags::{Command, Dump, Flag, Given, Options, Stats, Takes, Usage, Verb, settings};
use crate::nearest::nearest;

/// A flag of the command line with its value, as it was written.
struct Setting {
    written: String,
    meaning: Meaning,
    given: Given,
}

/// Understands a command line, given without the program's own name.
///
/// # Errors
/// If a flag or value is unknown, or something is missing.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, Usage> {
    let mut args = args.into_iter().peekable();
    let named = args.peek().and_then(|first| first.to_str()).and_then(Verb::from_name);
    if named.is_some() {
        args.next();
    }
    let verb = named.unwrap_or(Verb::Run);
    if verb.is_forwarded() {
        return Ok(Command::Forward(verb, args.collect()));
    }
    let mut parser = Parser::from_args(args);
    let (mut files, mut args, mut settings) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        let error = |error: lexopt::Error| usage(verb, &error.to_string());
        if verb.has_guest() && files.len() == verb.files().1 && !is_flag_next(&mut parser, verb) {
            args.extend(parser.raw_args().map_err(error)?);
            break;
        }
        let Some(arg) = parser.next().map_err(error)? else { break };
        match arg {
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help(named)),
            Arg::Long("version") | Arg::Short('V') => return Ok(Command::Version),
            Arg::Short(letter) if group::LETTERS.contains(&letter) => {
                read_group(letter, &mut parser, verb, &mut settings)?;
            }
            Arg::Long(name) if let Some(letter) = group::letter(name) => {
                read_group(letter, &mut parser, verb, &mut settings)?;
            }
            Arg::Short('o') if verb == Verb::Compile => {
                settings.push(read(find("output", verb)?, &mut parser)?)
            }
            Arg::Long(name) => {
                let flag = find(name, verb)?;
                settings.push(read(flag, &mut parser)?);
            }
            Arg::Short(letter) => return Err(usage(verb, &format!("unknown flag `-{letter}`"))),
            Arg::Value(operand) => files.push(operand),
        }
    }
    if named.is_none()
        && let Some(late) = files.first().and_then(|word: &OsString| word.to_str()).and_then(Verb::from_name)
        && !Path::new(late.name()).exists()
    {
        return Err(Usage(format!(
            "the verb comes before its flags, as in `upshift {} {}`",
            late.name(),
            late.form()
        )));
    }
    let options = Options { files, args, ..layered(&settings, verb)? };
    check(&options, verb)?;
    Ok(Command::Do(verb, Box::new(options)))
}

/// The settings of files, then those of the command line. What a file that was only found says is held against what there
/// is without it.
fn layered(settings: &[Setting], verb: Verb) -> Result<Options, Usage> {
    let last = |name: &str| {
        settings
            .iter()
            .rev()
            .find(|setting| matches!(setting.meaning, Meaning::Flag(flag) if flag.name == name))
    };
    let named = last("config").map(|setting| setting.given.os());
    // The value was looked at when it was read.
    let is_sandbox = last("sandbox").is_some_and(|setting| setting.given.switch() != Ok(false));
    let reads = named.is_some() || !is_sandbox;
    let files = match reads && Flag::all_of(verb).any(|flag| flag.name == "config") {
        true => settings::files(named)?,
        false => Vec::new(),
    };
    let (found, trusted): (Vec<_>, Vec<_>) = files.iter().partition(|file| !file.is_trusted());
    let trusted = |options: &mut Options| trusted.iter().try_for_each(|file| file.apply(options, verb));
    if found.is_empty() {
        return finished(settings, trusted);
    }
    let is_given = |name: &str| last(name).is_some();
    // What holds without each file: one must not loosen what another has tightened either.
    let mut without = vec![finished(settings, trusted)?];
    for count in 1..=found.len() {
        let options = finished(settings, |options| {
            trusted(options)?;
            let mut files = found[..count].iter().zip(&without);
            files.try_for_each(|(file, without)| file.tighten(options, verb, without, &is_given))
        })?;
        without.push(options);
    }
    Ok(without.pop().expect("there is at least what holds without any file"))
}

/// Options that `begin` and then the command line have filled.
fn finished(
    settings: &[Setting],
    begin: impl FnOnce(&mut Options) -> Result<(), Usage>,
) -> Result<Options, Usage> {
    let mut options = Options::default();
    begin(&mut options)?;
    for Setting { written, meaning, given } in settings {
        match meaning {
            Meaning::Flag(flag) => (flag.set)(&mut options, given),
            Meaning::Feature(set) => given.switch().map(|allowed| options.features.push((*set, allowed))),
            // Switches of single features count for more, wherever they stand.
            Meaning::AllFeatures => given.switch().map(|allowed| {
                options.features.splice(0..0, group::all_features(allowed));
            }),
            Meaning::Always | Meaning::Never | Meaning::Ignored(_) => Ok(()),
        }
        .map_err(|reason| Usage(format!("`{written}`: {reason}")))?;
    }
    if options.sandbox {
        options.limits.fill_for_sandbox(options.deterministic);
    }
    Ok(options)
}

/// Whether there is everything that the verb needs, and nothing that contradicts itself.
fn check(options: &Options, verb: Verb) -> Result<(), Usage> {
    let operands = verb.operands();
    let (least, most) = verb.files();
    let least = if options.shows_tiering { 0 } else { least };
    if options.files.len() < least {
        let what = match verb {
            Verb::Cache => "nothing to do given",
            Verb::Completions => "no shell given",
            Verb::Compare => "two files are compared",
            _ => "no FILE given",
        };
        return Err(usage(verb, &format!("{what}, as in `upshift {} {operands}`", verb.name())));
    }
    if let Some(surplus) = options.files.get(most) {
        return Err(usage(verb, &format!("`{}` is one argument too many", surplus.display())));
    }
    let reason = if verb == Verb::Run && options.func.is_some() && options.dump.is_empty() {
        "`--func` chooses what `--dump` prints: give both"
    } else if options.dump.contains(&Dump::AsmBytes) && (options.func.is_none() || options.dump.len() > 1) {
        "`--dump asm-bytes` writes the code of one function and nothing else: name it with `--func`, and no other form"
    } else if options.batch && options.invoke.is_some() {
        "`--batch` reads what to call, `--invoke` names it: give one of them"
    } else if options.batch && options.files[0] == "-" {
        "`--batch` reads calls from the standard input, so the module cannot come from there too"
    } else if options.standard_inputs() > 1 {
        "the standard input can be read only once: give one `-`"
    } else if options.threads && options.deterministic {
        "`--deterministic` makes every run the same, and threads make each different: `--threads` cannot be had with it"
    } else if options.threads && (options.limits.fuel.is_some() || options.stats == Some(Stats::Count)) {
        "operators are counted in one thread only: use `--timeout` instead of `--fuel`, and not `--stats=count`, with \
         `--threads`"
    } else if options.threads && options.unknown_imports.is_some() {
        "with `--threads` all imports have to be there: give no `--unknown-imports-trap` or `-default` with it"
    } else if options.threads && !options.preloads.is_empty() {
        "each thread has instances of its own, which those of `--preload` cannot be: give no `--threads` with it"
    } else if options.shows_tiering && options.func.is_some() {
        "`--func` shows what tier 2 makes of a function, `--tiering` when it moves up: give one of them"
    } else if options.iterations == Some(0) {
        "`--iterations 0`: there is nothing to measure"
    } else {
        return Ok(());
    };
    Err(Usage(reason.into()))
}

/// Whether the word after the files is a flag of ours; a `--` ends them.
fn is_flag_next(parser: &mut Parser, verb: Verb) -> bool {
    let Some(mut words) = parser.try_raw_args().filter(|_| verb.measures()) else { return false };
    let Some(word) = words.peek().and_then(OsStr::to_str) else { return false };
    if word == "--" {
        words.next();
        return false;
    }
    if let Some(rest) = word.strip_prefix('-').filter(|rest| !rest.starts_with('-')) {
        return rest.starts_with(group::LETTERS);
    }
    let name = word.strip_prefix("--").map(|flag| flag.split_once('=').map_or(flag, |(name, _)| name));
    name.is_some_and(|name| group::letter(name).is_some() || Flag::find_of(name, verb).is_some())
}

/// The flag of that name, if the verb has it.
fn find(name: &str, verb: Verb) -> Result<&'static Flag, Usage> {
    match Flag::find_of(name, verb).or_else(|| Flag::find(name)) {
        Some(flag) if flag.verbs.contains(&verb) => Ok(flag),
        Some(flag) => {
            let others: Vec<_> = flag.verbs.iter().map(|verb| format!("`upshift {}`", verb.name())).collect();
            let owners = match others.split_last() {
                Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
                _ => others.concat(),
            };
            Err(Usage(format!("`--{name}` is a flag of {owners}, not of `upshift {}`", verb.name())))
        }
        None => {
            let text = format!("unknown flag `--{name}`");
            Err(match nearest_flag(name, verb) {
                Some(near) => Usage(format!("{text}: {near}")),
                None => usage(verb, &text),
            })
        }
    }
}

fn nearest_flag(name: &str, verb: Verb) -> Option<String> {
    let names: Vec<String> = Flag::all_of(verb).map(|flag| format!("--{}", flag.name)).collect();
    nearest(&format!("--{name}"), names.iter().map(String::as_str))
}

/// Reads the value of a flag, if it has one.
fn read(flag: &'static Flag, parser: &mut Parser) -> Result<Setting, Usage> {
    let missing = |_| Usage(format!("`--{}` wants a value: `{}`", flag.name, flag.spelling()));
    let value = match flag.takes {
        Takes::Nothing | Takes::Perhaps(_) => parser.optional_value(),
        Takes::Value(_) => Some(parser.value().map_err(missing)?),
    };
    let written = match (&value, flag.takes) {
        (Some(value), Takes::Value(_)) => format!("--{} {}", flag.name, value.display()),
        (Some(value), _) => format!("--{}={}", flag.name, value.display()),
        (None, _) => format!("--{}", flag.name),
    };
    Ok(Setting { written, meaning: Meaning::Flag(flag), given: Given { value, grouped: false } })
}

fn read_group(
    letter: char,
    parser: &mut Parser,
    verb: Verb,
    settings: &mut Vec<Setting>,
) -> Result<(), Usage> {
    let missing = |_| Usage(format!("`-{letter}` wants options: `-{letter} NAME[=VALUE],...`"));
    let list: OsString = parser.value().map_err(missing)?;
    for (written, meaning, given) in group::options(letter, OsStr::new(&list), verb).map_err(Usage)? {
        settings.push(Setting { written, meaning, given });
    }
    Ok(())
}

fn usage(verb: Verb, reason: &str) -> Usage {
    Usage(format!("{reason} (`upshift {} --help` lists what there is)", verb.name()))
}
