//! Settings files: TOML whose keys are the names of flags.
//!
//! ```toml
//! timeout = "2s"
//! dir = ["data::/data", "cache"]
//! deterministic = true
//! ```
//!
//! A flag that may be repeated has a list. What belongs to another verb is checked for its name and otherwise ignored, so
//! one file serves all. Without `--config` there are two: the user's own, `upshift/config.toml` of the configuration
//! directory, and then `upshift.toml` of the working directory. The second one is only *found*: whoever wrote it (a guest, a
//! repository) may not be who runs the program. So it grants nothing and loosens nothing; see [`Effect`].

use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata, OpenOptions};
use std::io::{Error, ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use crate::flags::table::FLAGS;
use crate::flags::{Effect, Flag, Given, Options, Takes, Usage, Verb};
use crate::nearest::nearest;

/// The most bytes that a settings file may have.
const MOST_BYTES: usize = 64 << 10;

/// The name of the file that is found in the working directory.
const FOUND_FILE: &str = "upshift.toml";

/// A settings file that is there.
pub(crate) struct File {
    path: PathBuf,
    text: String,
    origin: Origin,
}

/// Why a file is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Origin {
    /// The command line names it.
    Named,
    /// It is the user's own.
    User,
    /// It should be the user's own, but another user has written it, or could.
    Foreign,
    /// It lies in the working directory.
    Found,
}

/// The files to be applied, in order: the one that is named, or else those that are there.
///
/// # Errors
/// If one cannot be read or is too large; the message names it.
pub(crate) fn files(named: Option<&OsStr>) -> Result<Vec<File>, Usage> {
    let places = match named {
        Some(named) => vec![(named.into(), Origin::Named)],
        None => {
            let of_user = of_user().map(|path| (path, Origin::User));
            of_user.into_iter().chain([(FOUND_FILE.into(), Origin::Found)]).collect()
        }
    };
    let mut files = Vec::new();
    for (path, origin) in places {
        match File::read(path.clone(), origin) {
            Ok(file) => files.push(file),
            Err(error) if named.is_none() && is_absent(error.kind()) => {}
            Err(error) => {
                return Err(Usage(format!("cannot read the settings `{}`: {error}", path.display())));
            }
        }
    }
    Ok(files)
}

fn is_absent(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Where the user's own settings would be. A path that is not absolute would depend on the working directory: it is none.
fn of_user() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value: &OsString| Path::new(value).is_absolute());
    set("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| set("HOME").map(|home| Path::new(&home).join(".config")))
        .map(|directory| directory.join("upshift/config.toml"))
}

/// Whether only the user, or the system's administrator, can have written a file.
fn is_own(file: &Metadata) -> bool {
    const WRITABLE_BY_ALL: u32 = 0o002;
    let user = rustix::process::geteuid();
    (file.uid() == user.as_raw() || file.uid() == 0) && file.mode() & WRITABLE_BY_ALL == 0
}

impl File {
    /// Reads a file. One that was not named has to be a regular one: another may never end, or do something when it is
    /// opened.
    fn read(path: PathBuf, origin: Origin) -> Result<File, Error> {
        let mut options = OpenOptions::new();
        options.read(true);
        let is_named = origin == Origin::Named;
        if !is_named {
            check_regular(&fs::metadata(&path)?)?;
            // It may have become another one since.
            options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
        }
        let file = options.open(&path)?;
        let metadata = file.metadata()?;
        if !is_named {
            check_regular(&metadata)?;
        }
        let origin = if origin == Origin::User && !is_own(&metadata) { Origin::Foreign } else { origin };
        let mut bytes = Vec::new();
        file.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes)?;
        if bytes.len() > MOST_BYTES {
            return Err(Error::other("it has more than 64 KiB, which is the most for settings"));
        }
        let text = String::from_utf8(bytes).map_err(|_| Error::other("it is not UTF-8"))?;
        Ok(File { path, text, origin })
    }

    /// Whether what it says is the will of who runs the program.
    pub(crate) fn is_trusted(&self) -> bool {
        matches!(self.origin, Origin::Named | Origin::User)
    }

    /// Applies all that it says.
    ///
    /// # Errors
    /// If it says something that cannot be; the message names file and line.
    pub(crate) fn apply(&self, options: &mut Options, verb: Verb) -> Result<(), Usage> {
        self.each(|flag, given| if flag.verbs.contains(&verb) { (flag.set)(options, given) } else { Ok(()) })
    }

    /// Applies what a file may say that is not trusted. `trusted` is what there is without it; what the command line gives
    /// too counts for nothing.
    ///
    /// # Errors
    /// If it says something that cannot be, grants something or loosens a limit; the message names file and line.
    pub(crate) fn tighten(
        &self,
        options: &mut Options,
        verb: Verb,
        trusted: &Options,
        is_given: &dyn Fn(&str) -> bool,
    ) -> Result<(), Usage> {
        self.each(|flag, given| {
            if !flag.verbs.contains(&verb) {
                return Ok(());
            }
            match flag.effect {
                Effect::Grants => {
                    return Err(self.refusal(flag, "must not say what is run and what a guest may see"));
                }
                Effect::Limits(is_tighter) => {
                    let mut alone = Options::default();
                    (flag.set)(&mut alone, given)?;
                    if is_given(flag.name) {
                        return Ok(());
                    }
                    if !is_tighter(&alone, trusted) {
                        return Err(
                            self.refusal(flag, "may tighten limits, but not loosen them as this would")
                        );
                    }
                }
                Effect::Neutral => {}
            }
            (flag.set)(options, given)
        })
    }

    /// What to say of a setting that is not applied.
    fn refusal(&self, flag: &Flag, rule: &str) -> String {
        let what = match self.origin {
            Origin::Foreign => "a settings file that others can write, or that belongs to another user,",
            _ => "a settings file that was found in the working directory",
        };
        let own = match of_user() {
            Some(path) if self.origin == Origin::Found => {
                format!(", or move the line to your own settings, `{}`", path.display())
            }
            _ => String::new(),
        };
        let (flag, file) = (flag.name, self.path.display());
        format!("{what} {rule}. Give `--{flag}` yourself{own}, or, if you trust the file, `--config {file}`")
    }

    /// Does something with each setting, in order. An error gets file and line.
    fn each(&self, act: impl FnMut(&'static Flag, &Given) -> Result<(), String>) -> Result<(), Usage> {
        each(&self.text, act)
            .map_err(|(line, reason)| Usage(format!("`{}`, line {line}: {reason}", self.path.display())))
    }
}

fn check_regular(file: &Metadata) -> Result<(), Error> {
    if file.is_file() {
        return Ok(());
    }
    Err(Error::other("it is not a regular file, which settings have to be unless `--config` names them"))
}

/// Does something with each setting of a text. An error is a line and what is wrong there.
fn each(
    text: &str,
    mut act: impl FnMut(&'static Flag, &Given) -> Result<(), String>,
) -> Result<(), (usize, String)> {
    let line_of = |offset: usize| 1 + text.as_bytes()[..offset].iter().filter(|&&byte| byte == b'\n').count();
    let table = DeTable::parse(text)
        .map_err(|error| (line_of(error.span().map_or(0, |span| span.start)), error.message().to_owned()))?;
    for (key, value) in table.get_ref() {
        let name: &str = key.get_ref();
        let at_key = |reason| (line_of(key.span().start), reason);
        let flag = find(name).map_err(at_key)?;
        let values = match value.get_ref() {
            DeValue::Array(values) => values.iter().collect(),
            _ => vec![value],
        };
        for value in values {
            let at_value = |reason: String| (line_of(value.span().start), format!("`{name}`: {reason}"));
            given(flag, value.get_ref()).and_then(|given| act(flag, &given)).map_err(at_value)?;
        }
    }
    Ok(())
}

fn find(name: &str) -> Result<&'static Flag, String> {
    match Flag::find(name) {
        Some(flag) if flag.name == "config" => Err("a settings file cannot name another one".into()),
        Some(flag) => Ok(flag),
        None => {
            let near = nearest(name, FLAGS.iter().map(|flag| flag.name));
            let near = near.unwrap_or_else(|| "keys are the names of flags, without `--`".into());
            Err(format!("there is no setting `{}`: {near}", name.escape_debug()))
        }
    }
}

/// The value as it would stand on the command line.
fn given(flag: &Flag, value: &DeValue<'_>) -> Result<Given, String> {
    let text = match (flag.takes, value) {
        (Takes::Nothing | Takes::Perhaps(_), DeValue::Boolean(on)) => on.to_string(),
        (Takes::Value(_), DeValue::Integer(number)) => {
            match i128::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => number.to_string(),
                Err(_) => return Err("the number is too large".into()),
            }
        }
        (Takes::Value(_), DeValue::Float(number)) => number.to_string(),
        (Takes::Value(_) | Takes::Perhaps(_), DeValue::String(text)) => text.clone().into_owned(),
        (Takes::Nothing, _) => return Err("expected `true` or `false`".into()),
        (Takes::Perhaps(word), _) => return Err(format!("expected `true`, `false` or `\"{word}\"`")),
        (Takes::Value(form), _) => return Err(format!("expected a text or a number: {form}")),
    };
    Ok(Given { value: Some(text.into()), grouped: false })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{File, Origin, of_user};
    use crate::flags::{Effect, Flag, Options, Stats, Takes, Usage, Verb, table::FLAGS};

    fn file(text: &str, origin: Origin) -> File {
        File { path: "file".into(), text: text.into(), origin }
    }

    fn read(text: &str) -> Result<Options, Usage> {
        let mut options = Options::default();
        file(text, Origin::Named).apply(&mut options, Verb::Run).map(|()| options)
    }

    /// What a file that was found makes of `trusted`.
    fn found(text: &str, trusted: &Options) -> Result<Options, Usage> {
        let mut options = Options::default();
        let file = file(text, Origin::Found);
        assert!(!file.is_trusted());
        file.tighten(&mut options, Verb::Run, trusted, &|name| name == "max-instances").map(|()| options)
    }

    #[test]
    fn keys_are_flags() {
        let options = read(
            "# a comment
             fuel = 1_000
             timeout = '2s'
             env = [\"A=1\", \"B=2\"]
             sandbox = true
             deterministic = false
             stats = \"count\"",
        )
        .unwrap();
        assert_eq!(options.limits.fuel, Some(1000));
        assert_eq!(options.limits.timeout, Some(Duration::from_secs(2)));
        assert_eq!(options.env, [("A".into(), "1".into()), ("B".into(), "2".into())]);
        assert!(options.sandbox && !options.deterministic);
        assert_eq!(options.stats, Some(Stats::Count));
        let options = read("tiering = ['start=7', 'optimize=8,looks=1']").unwrap();
        assert_eq!(options.thresholds, "start=7,optimize=8,looks=1".parse().unwrap());
        let options = read("fuel = 0x10\ntimeout = 1.5").unwrap();
        assert_eq!(options.limits.fuel, Some(16));
        assert_eq!(options.limits.timeout, Some(Duration::from_millis(1500)));
    }

    #[test]
    fn errors_name_the_line() {
        for (text, line, part) in [
            ("\nfuel = 1\nfule = 2", 3, "did you mean `fuel`?"),
            ("fuel = 'much'", 1, "expected a number"),
            ("fuel = -1", 1, "expected a number"),
            ("fuel = 99999999999999999999", 1, "expected a number"),
            ("fuel = [1,\n2,\ntrue]", 3, "expected a text or a number"),
            ("sandbox = 1", 1, "`true` or `false`"),
            ("stats = 1", 1, "`\"count\"`"),
            ("\n\nfuel = ", 3, ""),
            ("config = 'x'", 1, "cannot name another"),
            ("\ntiering = 'never=1'", 2, "`busy`"),
            ("json = 1", 1, "`true` or `false`"),
            ("fuel = 1\nfuel = 2", 2, "duplicate"),
            ("\"a\\nerror: b\" = 1", 1, "`a\\nerror: b`"),
        ] {
            let Usage(reason) = read(text).unwrap_err();
            assert!(reason.starts_with(&format!("`file`, line {line}: ")), "{text}: {reason}");
            assert!(reason.contains(part), "{text}: {reason}");
        }
        // Nested deeper than any reader could follow.
        assert!(read(&format!("fuel = {}", "[".repeat(60_000))).is_err());
    }

    #[test]
    fn what_is_for_other_verbs_is_ignored() {
        assert!(!read("json = true").unwrap().json);
        assert!(!found("json = true\ninput = '/etc/passwd'", &Options::default()).unwrap().json);
    }

    /// A value for a flag, as a file has it.
    fn value(flag: &Flag) -> &'static str {
        match (flag.name, flag.takes) {
            (_, Takes::Nothing) | ("stats", _) => "true",
            ("dir", _) => "'/::/host'",
            ("preload", _) => "'a=b'",
            ("tcplisten", _) => "'127.0.0.1:0'",
            ("dump", _) => "'ir'",
            ("profile", _) => "'perfmap'",
            ("trace-tiers", _) => "'x.json'",
            ("tier", _) => "'auto'",
            ("jit", _) => "'off'",
            ("tiering", _) => "'start=1000'",
            ("dispatch", _) => "'loop'",
            ("returns", _) => "'jump'",
            ("timeout" | "time", _) => "'1s'",
            ("max-threads", _) => "1",
            ("module-limit", _) => "'types=1'",
            ("invoke" | "argv0" | "env" | "input" | "func" | "config", _) => "'x'",
            _ => "8192",
        }
    }

    #[test]
    fn what_was_found_grants_nothing() {
        for flag in FLAGS.iter().filter(|flag| flag.verbs.contains(&Verb::Run) && flag.name != "config") {
            let text = format!("\n{} = {}", flag.name, value(flag));
            read(&text).unwrap();
            let outcome = found(&text, &Options::default());
            match flag.effect {
                Effect::Grants => {
                    let Usage(reason) = outcome.unwrap_err();
                    for part in [
                        "`file`, line 2",
                        &format!("Give `--{}`", flag.name),
                        "if you trust",
                        "`--config file`",
                    ] {
                        assert!(reason.contains(part), "{reason}");
                    }
                }
                Effect::Limits(_) | Effect::Neutral => drop(outcome.unwrap()),
            }
        }
    }

    #[test]
    fn what_was_found_tightens() {
        let mut trusted = read("fuel = 100\nmax-memory = 1000\nmax-threads = 10\nmax-stack = 8192").unwrap();
        for (tighter, looser) in [
            ("fuel = 100", "fuel = 101"),
            ("timeout = '1h'", "max-stack = '64KiB'"),
            ("max-memory = 1000", "max-memory = 1001"),
            // The heap of objects is limited like a memory.
            ("max-gc-heap = 1000", "max-gc-heap = 1001"),
            ("max-table-elements = 1", "max-threads = 11"),
            ("module-limit = ['types=5', 'types=4']", "module-limit = ['types=4', 'types=10_000_000']"),
            ("trap-on-grow-failure = true", "trap-on-grow-failure = false"),
            // The command line says how many, so this counts for nothing.
            ("max-instances = 1_000_000", "fuel = [1, 101]"),
        ] {
            found(tighter, &trusted).unwrap();
            let Usage(reason) = found(looser, &trusted).unwrap_err();
            assert!(reason.contains("not loosen"), "{reason}");
        }
        assert_eq!(found("max-instances = 1", &trusted).unwrap().limits.instances, None);
        // What nobody has set has limits too.
        found("max-stack = '9MiB'", &Options::default()).unwrap_err();
        found("max-threads = 1001", &Options::default()).unwrap_err();
        found("max-table-elements = 10_000_001", &Options::default()).unwrap_err();
        found("sandbox = false", &trusted).unwrap();
        trusted.sandbox = true;
        found("sandbox = false", &trusted).unwrap_err();
        trusted.limits.total_memory = None;
        trusted.limits.fill_for_sandbox(false);
        let most = trusted.limits.total_memory.expect("a sandbox limits memory");
        found(&format!("max-memory = {most}"), &trusted).unwrap();
        found(&format!("max-memory = {}", most + 1), &trusted).unwrap_err();
    }

    #[test]
    fn the_user_has_a_place_of_their_own() {
        if let Some(path) = of_user() {
            assert!(path.is_absolute());
        }
    }
}
