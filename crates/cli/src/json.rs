//! JSON, written only (RFC 8259). The program reads none, so a crate for it would be the larger part unused.

use std::fmt::{self, Write};

use upshift_core::shown::is_printable;

/// A value.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(u64),
    /// Written as `null` if it is not finite: the standard has no such numbers.
    Float(f64),
    Text(String),
    List(Vec<Json>),
    /// In the order in which they are to be written.
    Object(Vec<(&'static str, Json)>),
}

impl Json {
    pub(crate) fn list(values: impl IntoIterator<Item = impl Into<Json>>) -> Json {
        Json::List(values.into_iter().map(Into::into).collect())
    }

    /// The value on one line.
    pub(crate) fn line(&self) -> String {
        struct Line<'a>(&'a Json);

        impl fmt::Display for Line<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.write(f, None)
            }
        }
        Line(self).to_string()
    }

    /// Writes the value; the lines it consists of begin at so many levels, or there is only one.
    fn write(&self, f: &mut fmt::Formatter<'_>, level: Option<usize>) -> fmt::Result {
        let inner = level.map(|level| level + 1);
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(value) => write!(f, "{value}"),
            Json::Number(value) => write!(f, "{value}"),
            Json::Float(value) if value.is_finite() => write!(f, "{value}"),
            Json::Float(_) => f.write_str("null"),
            Json::Text(value) => text(f, value),
            Json::List(values) => block(f, level, ['[', ']'], values, |f, value| value.write(f, inner)),
            Json::Object(members) => block(f, level, ['{', '}'], members, |f, (name, value)| {
                text(f, name)?;
                f.write_str(if level.is_some() { ": " } else { ":" })?;
                value.write(f, inner)
            }),
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, Some(0))
    }
}

fn block<T>(
    f: &mut fmt::Formatter<'_>,
    level: Option<usize>,
    [open, close]: [char; 2],
    items: &[T],
    mut item: impl FnMut(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    f.write_char(open)?;
    for (i, each) in items.iter().enumerate() {
        let comma = if i == 0 { "" } else { "," };
        f.write_str(comma)?;
        if let Some(level) = level {
            write!(f, "\n{:1$}", "", 2 * (level + 1))?;
        }
        item(f, each)?;
    }
    if let Some(level) = level.filter(|_| !items.is_empty()) {
        write!(f, "\n{:1$}", "", 2 * level)?;
    }
    f.write_char(close)
}

fn text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            // Exact all the same: a terminal that shows the text is not to be played with.
            c if !is_printable(c) => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    write!(f, "\\u{unit:04x}")?;
                }
            }
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}

impl From<bool> for Json {
    fn from(value: bool) -> Json {
        Json::Bool(value)
    }
}

impl From<u32> for Json {
    fn from(value: u32) -> Json {
        Json::Number(value.into())
    }
}

impl From<u64> for Json {
    fn from(value: u64) -> Json {
        Json::Number(value)
    }
}

impl From<usize> for Json {
    fn from(value: usize) -> Json {
        Json::Number(value as u64)
    }
}

impl From<f64> for Json {
    fn from(value: f64) -> Json {
        Json::Float(value)
    }
}

impl From<&str> for Json {
    fn from(value: &str) -> Json {
        Json::Text(value.to_owned())
    }
}

impl From<String> for Json {
    fn from(value: String) -> Json {
        Json::Text(value)
    }
}

impl<T: Into<Json>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Json {
        value.map_or(Json::Null, Into::into)
    }
}

impl<const N: usize> From<[(&'static str, Json); N]> for Json {
    fn from(members: [(&'static str, Json); N]) -> Json {
        Json::Object(members.into())
    }
}

#[cfg(test)]
mod tests {
    use super::Json;

    #[test]
    fn values_are_written_as_the_standard_says() {
        let value = Json::from([
            ("name", "a \"quote\", a \\, a\nline and \u{7f}\u{2028}\u{e0041}ü".into()),
            ("none", None::<u64>.into()),
            ("floats", Json::list([0.5, -1e300, f64::NAN])),
            ("list", Json::list([1u32, 2])),
            ("empty", Json::List(Vec::new())),
        ]);
        let expected = r#"{
  "name": "a \"quote\", a \\, a\u000aline and \u007f\u2028\udb40\udc41ü",
  "none": null,
  "floats": [
    0.5,
    -1HUGE,
    null
  ],
  "list": [
    1,
    2
  ],
  "empty": []
}"#;
        assert_eq!(value.to_string(), expected.replace("HUGE", &"0".repeat(300)));
        let line =
            Json::from([("a b", Json::list([1u32, 2])), ("c", Json::from([("d", true.into())]))]).line();
        assert_eq!(line, r#"{"a b":[1,2],"c":{"d":true}}"#);
    }
}
