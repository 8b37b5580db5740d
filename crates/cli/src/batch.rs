//! `--batch`: calls on the standard input, a line each, in one instance.
//!
//! A line is the name of an export and its arguments, in the forms of `--invoke`, with blanks between them. What has blanks in
//! it, or begins with `"` or `#`, stands in double quotes, with escapes as in the text format. For each call that returns a line
//! of results is printed, at once, so that another process can wait for it.

use std::borrow::Cow;
use std::io::{BufRead, Read};
use std::str::Chars;

use anyhow::{Context, Error, Result, bail, ensure};
use upshift::{Instance, Module, RootScope, Store, Trap};
use upshift_core::shown::Shown;
use upshift_wasi::Exit;

use crate::flags::{Options, Usage};
use crate::invoke::{self, Surplus};
use crate::program::Host;
use crate::{limits, patient, report};

/// The most bytes of a line: what comes in may have no end.
const MOST_BYTES: usize = 1 << 20;

/// For so many unknown names it is said what could be meant: who reads more of them knows.
const HINTS: u32 = 10;

/// Makes the calls; tells of each that fails why, and goes on.
///
/// # Errors
/// If a call failed; at once if the guest ended itself or its time is over.
pub(crate) fn batch(
    store: &mut Store<Host>,
    instance: Instance,
    module: &Module,
    options: &Options,
) -> Result<()> {
    let (mut calls, mut failed, mut unknown) = (0, 0, 0);
    let mut input = patient::stdin();
    for number in 1.. {
        let line = read_line(&mut input);
        let line = line.with_context(|| format!("cannot read line {number} of the standard input"))?;
        let Some(line) = line else { break };
        // What is not UTF-8 names nothing, and is told as such.
        let line = String::from_utf8_lossy(&line);
        if line.trim_start().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        calls += 1;
        // What a call returns, or throws, lives until it is told.
        let mut scope = RootScope::new(&mut *store);
        let outcome = words(&line).and_then(|words| {
            let (name, args) = words.split_first().context("it names no export")?;
            let args: Vec<&str> = args.iter().map(|arg| &**arg).collect();
            let is_unknown = instance.get_func(&mut scope, name).is_none();
            unknown += u32::from(is_unknown);
            if is_unknown && unknown > HINTS {
                return Err(Usage(invoke::unknown(name)).into());
            }
            invoke::call(&mut scope, instance, module, name, &args, Surplus::Wrong)
        });
        match outcome {
            Ok(results) => report::print(&format!("{}\n", results.join(" ")))?,
            Err(error) if ends_all(&error) => return Err(error),
            Err(error) => {
                failed += 1;
                let error = limits::explain(error, &options.limits);
                report::tell(
                    "error",
                    &error.context(format!("line {number}: `{}`", Shown::new(line.trim()))),
                );
            }
        }
    }
    if failed > 0 {
        bail!("{failed} of {calls} calls failed");
    }
    Ok(())
}

/// The next line, if there is one.
fn read_line(input: &mut impl BufRead) -> Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    input.take(MOST_BYTES as u64 + 1).read_until(b'\n', &mut line)?;
    ensure!(line.len() <= MOST_BYTES, "it has more than {}", limits::bytes(MOST_BYTES));
    Ok((!line.is_empty()).then_some(line))
}

/// The words of a line.
fn words(line: &str) -> Result<Vec<Cow<'_, str>>> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let (word, after) = unquoted(quoted)?;
                ensure!(
                    after.is_empty() || after.starts_with(char::is_whitespace),
                    "behind a closing quote there has to be a blank, not `{}`",
                    Shown::new(after)
                );
                (Cow::Owned(word), after)
            }
            None => {
                let (word, after) = rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()));
                (Cow::Borrowed(word), after)
            }
        };
        words.push(word);
        rest = after.trim_start();
    }
    Ok(words)
}

/// What stands before the closing quote, and what is left behind it. Escapes are those of strings in the text format, which are
/// also those that messages show names with: `\t`, `\n`, `\r`, `\"`, `\'`, `\\`, `\u{…}` and two hexadecimal digits for a byte.
fn unquoted(text: &str) -> Result<(String, &str)> {
    let mut bytes = Vec::new();
    let mut chars = text.chars();
    loop {
        match chars.next() {
            Some('"') => {
                let word = String::from_utf8(bytes).context("the escapes of a name are not UTF-8")?;
                return Ok((word, chars.as_str()));
            }
            Some('\\') => escaped(&mut chars, &mut bytes)?,
            Some(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            None => bail!("there is no closing quote"),
        }
    }
}

/// Adds what stands behind a backslash.
fn escaped(chars: &mut Chars<'_>, bytes: &mut Vec<u8>) -> Result<()> {
    let rest = chars.as_str();
    let c = chars.next().context("there is no closing quote")?;
    let plain = match c {
        't' => Some('\t'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        '"' | '\'' | '\\' => Some(c),
        'u' => {
            let digits = rest[1..].strip_prefix('{').and_then(|rest| rest.split_once('}'));
            let (digits, after) = digits.context("`\\u` wants a number in braces, as in `\\u{a0}`")?;
            *chars = after.chars();
            let value = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
            Some(value.with_context(|| format!("`\\u{{{}}}` is no character", Shown::new(digits)))?)
        }
        _ => None,
    };
    if let Some(c) = plain {
        bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        return Ok(());
    }
    let digits = rest.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
    let unknown = || format!("there is no escape `\\{}`; a backslash is `\\\\`", c.escape_debug());
    bytes.push(byte.with_context(unknown)?);
    chars.next();
    Ok(())
}

/// Whether there can be no further calls.
fn ends_all(error: &Error) -> bool {
    error.is::<Exit>() || error.downcast_ref() == Some(&Trap::Interrupt)
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_stand_between_blanks_or_in_quotes() {
        for (line, expected) in [
            ("add 1 2", &["add", "1", "2"][..]),
            ("  add\t1  ", &["add", "1"]),
            (r#""a b" 1"#, &["a b", "1"]),
            (r#""" "#, &[""]),
            (r##""#x" "\"" "\\" "\'""##, &["#x", "\"", "\\", "'"]),
            (r#""\t\n\r""#, &["\t\n\r"]),
            (r#""\u{a0}\u{1f600}\c3\a4\00""#, &["\u{a0}\u{1f600}ä\0"]),
            // Outside of quotes nothing but blanks is special.
            (r#"a"b it's a\n"#, &["a\"b", "it's", "a\\n"]),
        ] {
            assert_eq!(words(line).unwrap(), expected, "{line}");
        }
    }

    #[test]
    fn what_is_wrong_with_quotes_is_told() {
        for (line, part) in [
            (r#""a b"#, "no closing quote"),
            (r#""a\"#, "no closing quote"),
            (r#""a"b"#, "has to be a blank, not `b`"),
            (r#""\q""#, "no escape `\\q`"),
            (r#""\+1""#, "no escape"),
            (r#""\u41""#, "a number in braces"),
            (r#""\u{d800}""#, "no character"),
            (r#""\u{110000}""#, "no character"),
            (r#""\ff""#, "not UTF-8"),
        ] {
            let error = words(line).unwrap_err().to_string();
            assert!(error.contains(part), "{line}: {error}");
        }
    }
}
