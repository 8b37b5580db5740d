//! The values of numbers and texts as they are written.

use super::ReadFloat;

/// Why a number is none, for messages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct BadNumber {
    /// What is wrong.
    pub(crate) message: String,
    /// What to do.
    pub(crate) suggestion: Option<&'static str>,
}

fn bad(message: &str, suggestion: Option<&'static str>) -> BadNumber {
    BadNumber { message: message.into(), suggestion }
}

/// The value of a number without decimals: digits in base 10, or in base 16, 8 or 2 behind `0x`, `0o`, `0b`, with `_` between them.
pub(crate) fn integer(text: &str) -> Result<u64, BadNumber> {
    let (base, digits) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &text[2..]),
        [b'0', b'o' | b'O', ..] => (8, &text[2..]),
        [b'0', b'b' | b'B', ..] => (2, &text[2..]),
        _ => (10, text),
    };
    let mut value: Option<u64> = Some(0);
    let mut any = false;
    for (at, c) in digits.char_indices() {
        if c == '_' {
            continue;
        }
        let Some(digit) = c.to_digit(base) else {
            if c.is_ascii_digit() {
                return Err(bad(&format!("`{c}` is no digit of a number in base {base}"), None));
            }
            let help = if base == 10 { suffix(&digits[at..]) } else { None };
            return Err(bad(&format!("unexpected `{}` behind a number", &digits[at..]), help));
        };
        any = true;
        value = value.and_then(|value| value.checked_mul(base.into())?.checked_add(digit.into()));
    }
    if !any {
        return Err(bad(&format!("digits are missing behind `{text}`"), None));
    }
    value.filter(|&value| value <= 1 << 63).ok_or_else(too_large)
}

/// The message for a number that does not fit into `Int`.
pub(crate) fn too_large() -> BadNumber {
    bad(
        "this number is too large for Int, whose greatest is 9223372036854775807",
        Some("a Float, written with `.0`, may be larger"),
    )
}

/// What to do about the letters behind a number.
fn suffix(letters: &str) -> Option<&'static str> {
    match letters {
        "f" | "f32" | "f64" | "F" | "d" => Some("a Float is written with decimals: `2.0`"),
        "i" | "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" | "isize" | "L" | "l"
        | "n" | "u" => Some("leave it out: there is one type of whole numbers, `Int`"),
        "j" => None,
        _ => Some("a product is written with `*`, and a name does not begin with a digit"),
    }
}

/// The value of a number with decimals or an exponent, which `read` finds.
pub(crate) fn float(text: &str, read: ReadFloat) -> Result<f64, BadNumber> {
    let end = text
        .char_indices()
        .find(|&(at, c)| {
            let before = text[..at].chars().next_back();
            !(c.is_ascii_digit()
                || matches!(c, '.' | '_')
                || (matches!(c, 'e' | 'E') && !text[..at].contains(['e', 'E']))
                || (matches!(c, '+' | '-') && matches!(before, Some('e' | 'E'))))
        })
        .map_or(text.len(), |(at, _)| at);
    let digits: String = text[..end].chars().filter(|&c| c != '_').collect();
    if end < text.len() {
        return Err(bad(&format!("unexpected `{}` behind a number", &text[end..]), suffix(&text[end..])));
    }
    if digits.ends_with(['e', 'E', '+', '-']) {
        return Err(bad("digits are missing in the exponent", Some("write it like `1e9` or `1e-9`")));
    }
    let value = read(&digits);
    if value.is_finite() {
        Ok(value)
    } else {
        Err(bad("this number is too large for Float", Some("`infinity` is the number above all others")))
    }
}

/// The text that `piece` stands for; `error` is told of each escape that is none: its range in `piece`, and what is wrong with it.
pub(crate) fn unescape(piece: &str, mut error: impl FnMut(usize, usize, &str)) -> String {
    let mut text = String::with_capacity(piece.len());
    let mut rest = piece.char_indices();
    while let Some((at, c)) = rest.next() {
        if c == '\r' && piece[at + 1..].starts_with('\n') {
            continue;
        }
        if c != '\\' {
            text.push(c);
            continue;
        }
        let Some((_, escape)) = rest.next() else { break };
        match escape {
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            '0' => text.push('\0'),
            '"' | '\\' | '{' | '}' | '\'' => text.push(escape),
            'u' => match unicode(&piece[at..]) {
                Ok((c, length)) => {
                    text.push(c);
                    while rest.clone().next().is_some_and(|(next, _)| next < at + length) {
                        rest.next();
                    }
                }
                Err(message) => error(at, at + 2, message),
            },
            _ => {
                error(at, at + 1 + escape.len_utf8(), "unknown escape");
                text.push(escape);
            }
        }
    }
    text
}

/// The character of `\u{1F600}` at the beginning of `text`, and how many bytes that takes.
fn unicode(text: &str) -> Result<(char, usize), &'static str> {
    const FORM: &str = "a character by its number is written `\\u{1F600}`";
    let digits = text.strip_prefix("\\u{").ok_or(FORM)?;
    let (digits, _) = digits.split_once('}').ok_or(FORM)?;
    if digits.is_empty() || digits.len() > 6 {
        return Err(FORM);
    }
    let number = u32::from_str_radix(digits, 16).map_err(|_| FORM)?;
    let c = char::from_u32(number).ok_or("no character has this number")?;
    Ok((c, digits.len() + 4))
}
