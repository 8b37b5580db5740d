//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};

pub(crate) const USAGE: &str = "\
usage: upshift-fuzz differential [OPTIONS]
       upshift-fuzz tiers [--seed N] [--cases N] [--seconds N] [--first N] [--failures DIR]

  --config NAME      what is in the modules: default (all that both engines have, in mixes), exceptions, gc,
                     threads, everything, structured (few locals, values that meet control flow), binaryen (those of --pairs); default
  --seed N           which modules to make; 1
  --cases N          how many; 1000
  --seconds N        begin no further module after so long
  --first N          the number of the first module; with --cases 1, just this one runs
  --pairs DIR        the modules that binaryen.sh has made; pairs
  --failures DIR     where modules that differ are written, with the calls that were made; failures
  --trace            write each module before it runs, and its number to standard error, for failures that end the
                     process";

/// What to do.
pub(crate) enum Command {
    Help,
    Differential(Differential),
    /// What is compared are the tiers; there is one kind of programs, so that only some of the options matter.
    Tiers(Differential),
}

/// Which modules to compare.
pub(crate) struct Differential {
    pub(crate) kind: Kind,
    pub(crate) seed: u64,
    pub(crate) cases: u64,
    pub(crate) time: Option<Duration>,
    pub(crate) first: u64,
    pub(crate) pairs: PathBuf,
    pub(crate) failures: PathBuf,
    pub(crate) trace: bool,
}

/// What is in the modules.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Default,
    Exceptions,
    Gc,
    Threads,
    Everything,
    Binaryen,
    Structured,
}

impl Kind {
    const ALL: [Kind; 7] = [
        Kind::Default,
        Kind::Exceptions,
        Kind::Gc,
        Kind::Threads,
        Kind::Everything,
        Kind::Binaryen,
        Kind::Structured,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Default => "default",
            Kind::Exceptions => "exceptions",
            Kind::Gc => "gc",
            Kind::Threads => "threads",
            Kind::Everything => "everything",
            Kind::Binaryen => "binaryen",
            Kind::Structured => "structured",
        }
    }

    fn parse(name: &str) -> Result<Kind, String> {
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
        kind.ok_or_else(|| format!("one of {}", Kind::ALL.map(Kind::name).join(", ")))
    }
}

/// Reads the arguments behind the program's name.
///
/// # Errors
/// When they are not as [`USAGE`] says.
pub(crate) fn parse(args: impl Iterator<Item = OsString>) -> Result<Command, lexopt::Error> {
    let mut parser = Parser::from_args(args);
    let mut command = None;
    let mut options = Differential {
        kind: Kind::Default,
        seed: 1,
        cases: 1000,
        time: None,
        first: 0,
        pairs: "pairs".into(),
        failures: "failures".into(),
        trace: false,
    };
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help),
            Arg::Long("config") => options.kind = parser.value()?.parse_with(Kind::parse)?,
            Arg::Long("seed") => options.seed = parser.value()?.parse()?,
            Arg::Long("cases") => options.cases = parser.value()?.parse()?,
            Arg::Long("seconds") => options.time = Some(Duration::from_secs(parser.value()?.parse()?)),
            Arg::Long("first") => options.first = parser.value()?.parse()?,
            Arg::Long("pairs") => options.pairs = parser.value()?.into(),
            Arg::Long("failures") => options.failures = parser.value()?.into(),
            Arg::Long("trace") => options.trace = true,
            Arg::Value(word) if command.is_none() => command = Some(word),
            other => return Err(other.unexpected()),
        }
    }
    match command {
        Some(word) if word == "differential" => Ok(Command::Differential(options)),
        Some(word) if word == "tiers" => Ok(Command::Tiers(options)),
        Some(word) => Err(format!("there is no command {}", word.display()).into()),
        None => Err("the command is missing".into()),
    }
}
