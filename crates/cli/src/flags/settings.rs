//! The settings file: TOML whose keys are the names of flags.
//!
//! ```toml
//! timeout = "2s"
//! dir = ["data::/data", "cache"]
//! deterministic = true
//! ```
//!
//! A flag that may be repeated has a list. What belongs to another verb is checked for its name and otherwise ignored, so
//! one file serves all. Without `--config` it is `upshift.toml` of the working directory, or else `upshift/config.toml` of
//! the user's configuration directory.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use crate::flags::table::FLAGS;
use crate::flags::{Flag, Given, Options, Takes, Usage, Verb};
use crate::nearest::nearest;

/// Applies the file that was named, or else the first one that is there, if there is one.
///
/// # Errors
/// If the file cannot be read or says something that cannot be; the message names file and line.
pub(crate) fn apply(options: &mut Options, named: Option<&OsStr>, verb: Verb) -> Result<(), Usage> {
    let files = named.map_or_else(usual, |named| vec![named.into()]);
    for file in files {
        match fs::read_to_string(&file) {
            Ok(text) => {
                return apply_text(options, &text, verb)
                    .map_err(|(line, reason)| Usage(format!("`{}`, line {line}: {reason}", file.display())));
            }
            Err(error) if named.is_none() && is_absent(error.kind()) => {}
            Err(error) => {
                return Err(Usage(format!("cannot read the settings `{}`: {error}", file.display())));
            }
        }
    }
    Ok(())
}

fn is_absent(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Where settings are looked for.
fn usual() -> Vec<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value: &OsString| !value.is_empty());
    let of_user = set("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| set("HOME").map(|home| Path::new(&home).join(".config")))
        .map(|directory| directory.join("upshift/config.toml"));
    [Some(PathBuf::from("upshift.toml")), of_user].into_iter().flatten().collect()
}

/// Applies the text of a file. An error is a line and what is wrong there.
fn apply_text(options: &mut Options, text: &str, verb: Verb) -> Result<(), (usize, String)> {
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
            let given = given(flag, value.get_ref()).map_err(at_value)?;
            if flag.verbs.contains(&verb) {
                (flag.set)(options, &given).map_err(at_value)?;
            }
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
            Err(format!("there is no setting `{name}`: {near}"))
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

    use super::apply_text;
    use crate::flags::{Options, Stats, Verb};

    fn read(text: &str) -> Result<Options, (usize, String)> {
        let mut options = Options::default();
        apply_text(&mut options, text, Verb::Run).map(|()| options)
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
            ("json = 1", 1, "`true` or `false`"),
            ("fuel = 1\nfuel = 2", 2, "duplicate"),
        ] {
            let (at, reason) = read(text).unwrap_err();
            assert_eq!(at, line, "{text}: {reason}");
            assert!(reason.contains(part), "{text}: {reason}");
        }
    }

    #[test]
    fn what_is_for_other_verbs_is_ignored() {
        assert!(!read("json = true").unwrap().json);
    }
}
