//! How text from a guest is printed: one rule and one bound for all messages, listings and dumps.
//!
//! ```text
//! name, path, label ─▶ Shown ────▶ one line, no character that plays with a terminal, at most so many of them
//! types, fields ─────▶ list ─────▶ the first ones, and how many there are beside them
//! any text ──────────▶ bounded ──▶ its beginning; what makes it is stopped where the room ends
//! lines that quote ──▶ excerpt ──▶ the same lines, each as a name is shown
//! ```
//!
//! Apply it where text enters a message, not to the finished message: a message has line breaks of its own, and a name must
//! not be able to add any.

use std::cmp::Ordering;
use std::fmt::{self, Display, Write};

/// How many characters of a name are shown.
pub const MAX_CHARS: usize = 256;

/// How many items of a list are shown.
pub const MAX_ITEMS: usize = 20;

/// Stands where something was left out.
const ELLIPSIS: char = '…';

/// Whether a character can be shown to people as it is: it neither moves the cursor nor begins a line, does not turn the
/// direction of writing, and can be seen.
///
/// ```
/// use upshift_core::shown::is_printable;
///
/// assert!("name_1 ä 名 `\\".chars().all(is_printable));
/// assert!(!"\n\t\u{1b}\u{85}\u{2028}\u{202e}\u{feff}".chars().any(is_printable));
/// ```
#[must_use]
pub fn is_printable(c: char) -> bool {
    let turns =
        matches!(c, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let begins_a_line = matches!(c, '\u{2028}'..='\u{2029}');
    // Joiners, marks of byte order, annotations, tags.
    let cannot_be_seen = matches!(
        c,
        '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
    );
    !(c.is_control() || turns || begins_a_line || cannot_be_seen)
}

/// A name of a guest, as it is shown: what is not [printable](is_printable) escaped, and cut behind so many characters.
///
/// ```
/// use upshift_core::shown::Shown;
///
/// assert_eq!(Shown::new("ok\nerror: forged").to_string(), "ok\\nerror: forged");
/// assert_eq!(Shown::up_to("a long name", 6).to_string(), "a long…");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    text: &'a str,
    most: usize,
}

impl<'a> Shown<'a> {
    /// With the bound that names have, [`MAX_CHARS`].
    #[must_use]
    pub fn new(text: &'a str) -> Shown<'a> {
        Shown::up_to(text, MAX_CHARS)
    }

    /// At most `most` characters of the text.
    #[must_use]
    pub fn up_to(text: &'a str, most: usize) -> Shown<'a> {
        Shown { text, most }
    }
}

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, c) in self.text.chars().enumerate() {
            if i == self.most {
                return f.write_char(ELLIPSIS);
            }
            if is_printable(c) {
                f.write_char(c)?;
            } else {
                write!(f, "{}", c.escape_default())?;
            }
        }
        Ok(())
    }
}

/// Writes the first items of a list with commas between them, and how many more there are.
///
/// ```
/// use upshift_core::shown::list;
///
/// let mut text = String::new();
/// list(&mut text, [1, 2, 3])?;
/// assert_eq!(text, "1, 2, 3");
/// text.clear();
/// list(&mut text, 0..1000)?;
/// assert!(text.starts_with("0, 1, 2") && text.ends_with("19, … 980 more"));
/// # Ok::<(), std::fmt::Error>(())
/// ```
///
/// # Errors
/// Those of the writer.
pub fn list<I>(out: &mut dyn Write, items: I) -> fmt::Result
where
    I: IntoIterator<Item: Display, IntoIter: ExactSizeIterator>,
{
    let items = items.into_iter();
    // Nothing is gained by leaving out a single one.
    let all = items.len();
    let most = if all == MAX_ITEMS + 1 { all } else { MAX_ITEMS };
    for (i, item) in items.take(most).enumerate() {
        write!(out, "{}{item}", if i == 0 { "" } else { ", " })?;
    }
    if all > most { write!(out, ", {ELLIPSIS} {} more", all - most) } else { Ok(()) }
}

/// The text of something, cut behind so many bytes, between characters. What writes it is stopped there, so that this takes
/// no longer than the beginning does.
///
/// ```
/// use upshift_core::shown::bounded;
///
/// assert_eq!(bounded(12345, 5), "12345");
/// assert_eq!(bounded(12345, 3), "123…");
/// assert_eq!(bounded("ää", 3), "ä…");
/// ```
#[must_use]
pub fn bounded(text: impl Display, most: usize) -> String {
    let mut out = Bounded { text: String::new(), left: most };
    if write!(out, "{text}").is_err() {
        out.text.push(ELLIPSIS);
    }
    out.text
}

/// A text of several lines that quotes what belongs to a guest, such as a line of a module's source: each line as a name is
/// shown, though with tabs, and not many of them.
///
/// ```
/// use upshift_core::shown::excerpt;
///
/// assert_eq!(excerpt("wrong:\n\t| \u{1b}[2J"), "wrong:\n\t| \\u{1b}[2J");
/// let long = excerpt(format_args!("wrong:\n{}\nhere", " ".repeat(1 << 20)));
/// assert_eq!(long.lines().count(), 3);
/// assert!(long.len() < 300);
/// ```
#[must_use]
pub fn excerpt(text: impl Display) -> String {
    let mut out = Excerpt { text: String::new(), lines: 1, chars: 0 };
    if write!(out, "{text}").is_err() {
        out.text.push(ELLIPSIS);
    }
    out.text
}

/// What [`excerpt`] keeps of the lines that it is given.
struct Excerpt {
    text: String,
    lines: usize,
    /// In the last line.
    chars: usize,
}

impl Write for Excerpt {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        more.chars().try_for_each(|c| self.write_char(c))
    }

    fn write_char(&mut self, c: char) -> fmt::Result {
        if c == '\n' {
            if self.lines == MAX_ITEMS {
                return Err(fmt::Error);
            }
            (self.lines, self.chars) = (self.lines + 1, 0);
            self.text.push(c);
            return Ok(());
        }
        self.chars = self.chars.saturating_add(1);
        match self.chars.cmp(&(MAX_CHARS + 1)) {
            Ordering::Less if is_printable(c) || c == '\t' => self.text.push(c),
            Ordering::Less => self.text.extend(c.escape_default()),
            Ordering::Equal => self.text.push(ELLIPSIS),
            Ordering::Greater => {}
        }
        Ok(())
    }
}

/// A text with an end: refuses what does not fit, after it took as much of it as does.
struct Bounded {
    text: String,
    left: usize,
}

impl Write for Bounded {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        let fits = more.floor_char_boundary(self.left);
        self.text.push_str(&more[..fits]);
        self.left -= fits;
        if fits == more.len() {
            return Ok(());
        }
        self.left = 0;
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_CHARS, MAX_ITEMS, Shown, bounded, is_printable, list};

    #[test]
    fn nothing_that_plays_with_a_terminal_is_printable() {
        // Controls, separators of lines and paragraphs, what turns the direction, what cannot be seen.
        let bad = "\0\n\r\t\u{7}\u{8}\u{1b}\u{7f}\u{85}\u{9b}\u{2028}\u{2029}\u{61c}\u{200e}\u{200f}\u{202a}\u{202e}\u{2066}\u{2069}\
                   \u{feff}\u{200b}\u{ad}\u{2060}\u{e0041}";
        for c in bad.chars() {
            assert!(!is_printable(c), "{c:?}");
            assert!(Shown::new(&c.to_string()).to_string().is_ascii(), "{c:?}");
        }
    }

    #[test]
    fn names_have_one_line_and_an_end() {
        let name = "\n\u{2028}".repeat(1 << 20);
        let shown = Shown::new(&name).to_string();
        assert_eq!(shown.lines().count(), 1);
        assert!(shown.starts_with("\\n\\u{2028}\\n") && shown.ends_with('…'), "{shown}");
        assert!(shown.len() <= 10 * MAX_CHARS + 3);
        let exact = "ä".repeat(MAX_CHARS);
        assert_eq!(Shown::new(&exact).to_string(), exact);
    }

    #[test]
    fn lists_say_how_many_items_they_leave_out() {
        let text = |count: usize| {
            let mut text = String::new();
            list(&mut text, std::iter::repeat_n('x', count)).unwrap();
            text
        };
        assert_eq!(text(0), "");
        assert_eq!(text(1), "x");
        assert_eq!(text(MAX_ITEMS + 1), vec!["x"; MAX_ITEMS + 1].join(", "));
        assert_eq!(text(MAX_ITEMS + 2), format!("{}, … 2 more", vec!["x"; MAX_ITEMS].join(", ")));
    }

    #[test]
    fn what_writes_without_an_end_is_stopped() {
        let endless = std::fmt::from_fn(|f| {
            loop {
                write!(f, "again ")?;
            }
        });
        assert_eq!(bounded(endless, 10), "again agai…");
    }
}
