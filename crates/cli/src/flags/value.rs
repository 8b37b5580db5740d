//! What the values of flags mean: sizes, times, numbers, words.
//!
//! Each reader says in its error what it expected; who gave the value is known to the caller.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use crate::flags::Given;

impl Given {
    /// The value as it was written.
    pub(crate) fn os(&self) -> &OsStr {
        self.value.as_deref().unwrap_or_default()
    }

    pub(crate) fn text(&self) -> Result<&str, String> {
        self.os().to_str().ok_or_else(|| "expected UTF-8".into())
    }

    /// Whether a flag without a value is on. Groups and files may say so in a word.
    pub(crate) fn switch(&self) -> Result<bool, String> {
        match self.value.as_deref().map(OsStr::as_bytes) {
            None | Some(b"y" | b"yes" | b"true") => Ok(true),
            Some(b"n" | b"no" | b"false") => Ok(false),
            Some(_) => Err("expected `y` or `n`".into()),
        }
    }

    /// A number; underscores may part its digits.
    pub(crate) fn count(&self) -> Result<u64, String> {
        digits(self.text()?).ok_or_else(|| "expected a number, as in `1000` or `1_000_000`".into())
    }

    /// A number of bytes or elements in this process.
    pub(crate) fn length(&self) -> Result<usize, String> {
        usize::try_from(self.count()?).map_err(|_| "the number is too large for this machine".into())
    }

    /// A number of bytes.
    pub(crate) fn size(&self) -> Result<usize, String> {
        let size = size(self.text()?).ok_or("expected a size, as in `65536`, `64KiB`, `1MB` or `2GiB`")?;
        usize::try_from(size).map_err(|_| "the size is too large for this machine".into())
    }

    pub(crate) fn duration(&self) -> Result<Duration, String> {
        duration(self.text()?).ok_or_else(|| "expected a time, as in `100ms`, `2s` or `1m`".into())
    }

    /// What a word stands for.
    pub(crate) fn choose<T: Copy>(&self, choices: &[(&str, T)]) -> Result<T, String> {
        choose(self.os(), choices)
    }

    /// The parts before and behind the first `separator`.
    pub(crate) fn split(&self, separator: &[u8]) -> Option<(&OsStr, &OsStr)> {
        split(self.os(), separator)
    }
}

/// What a word stands for.
pub(crate) fn choose<T: Copy>(word: &OsStr, choices: &[(&str, T)]) -> Result<T, String> {
    if let Some((_, choice)) = choices.iter().find(|(name, _)| *name == word) {
        return Ok(*choice);
    }
    let names: Vec<_> = choices.iter().map(|(name, _)| format!("`{name}`")).collect();
    Err(match names.split_last() {
        Some((last, [])) => format!("expected {last}"),
        Some((last, others)) => format!("expected {} or {last}", others.join(", ")),
        None => "there is nothing to choose from".into(),
    })
}

/// The parts before and behind the first `separator`.
pub(crate) fn split<'a>(value: &'a OsStr, separator: &[u8]) -> Option<(&'a OsStr, &'a OsStr)> {
    let bytes = value.as_bytes();
    let at = bytes.windows(separator.len()).position(|window| window == separator)?;
    Some((OsStr::from_bytes(&bytes[..at]), OsStr::from_bytes(&bytes[at + separator.len()..])))
}

fn digits(text: &str) -> Option<u64> {
    let plain = text.starts_with(|c: char| c.is_ascii_digit());
    plain.then(|| text.replace('_', "").parse().ok()).flatten()
}

/// A number and the unit behind it.
fn number_and_unit(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '_' && c != '.').unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}

fn size(text: &str) -> Option<u64> {
    let (number, unit) = number_and_unit(text);
    let unit: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        _ => return None,
    };
    digits(number)?.checked_mul(unit)
}

fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = number_and_unit(text);
    let seconds = match unit {
        "ns" => 1e-9,
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        // As `wasmtime` reads a number alone.
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    let number: f64 = number.replace('_', "").parse().ok()?;
    Duration::try_from_secs_f64(number * seconds).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{digits, duration, size};

    #[test]
    fn sizes_have_binary_and_decimal_units() {
        assert_eq!(size("0"), Some(0));
        assert_eq!(size("65536"), Some(65536));
        assert_eq!(size("64KiB"), Some(65536));
        assert_eq!(size("64 kib"), Some(65536));
        assert_eq!(size("1MB"), Some(1_000_000));
        assert_eq!(size("2GiB"), Some(2 << 30));
        assert_eq!(size("1_000b"), Some(1000));
        for bad in ["", "KiB", "1.5MiB", "-1", "1k", "1 MiB x", "99999999999TiB", "_1", "0x10"] {
            assert_eq!(size(bad), None, "{bad}");
        }
    }

    #[test]
    fn times_have_units() {
        assert_eq!(duration("100ms"), Some(Duration::from_millis(100)));
        assert_eq!(duration("2s"), Some(Duration::from_secs(2)));
        assert_eq!(duration("2"), Some(Duration::from_secs(2)));
        assert_eq!(duration("1.5m"), Some(Duration::from_secs(90)));
        assert_eq!(duration("250us"), Some(Duration::from_micros(250)));
        for bad in ["", "s", "-1s", "1y", "1e3s", "1..2s", "nan", "99999999999999999999h"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn numbers_are_decimal() {
        assert_eq!(digits("1_000"), Some(1000));
        assert_eq!(digits("18446744073709551615"), Some(u64::MAX));
        for bad in ["", "+1", "-1", "1.0", "18446744073709551616", "_"] {
            assert_eq!(digits(bad), None, "{bad}");
        }
    }
}
