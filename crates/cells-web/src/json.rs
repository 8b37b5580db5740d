//! A writer of JSON: what goes out of this module is objects and arrays of texts, whole numbers and truth values.
//!
//! ```text
//! object(out, |o| { o.text("name", "x"); o.list("cells", cells, |out, cell| text(out, cell)); })
//! ```
//!
//! It is written out here because crates for it bring the formatting of floating-point numbers along, which is not needed and is large
//! in a module that browsers load.

/// Writes `value` with its quotes.
pub(crate) fn text(out: &mut String, value: &str) {
    out.push('"');
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\0'..='\x1f' => {
                const DIGITS: [char; 16] =
                    ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
                out.push_str("\\u00");
                out.push(DIGITS[c as usize >> 4]);
                out.push(DIGITS[c as usize & 15]);
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

/// Writes a whole number. Those of more than 53 bits lose precision where they are read.
pub(crate) fn number(out: &mut String, mut value: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend(digits[at..].iter().map(|&digit| digit as char));
}

/// Writes an array with what `item` writes for each of `items`.
pub(crate) fn list<T>(
    out: &mut String,
    items: impl IntoIterator<Item = T>,
    mut item: impl FnMut(&mut String, T),
) {
    out.push('[');
    for (i, value) in items.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        item(out, value);
    }
    out.push(']');
}

/// Writes an object with the fields that `fields` adds.
pub(crate) fn object(out: &mut String, fields: impl FnOnce(&mut Object<'_>)) {
    out.push('{');
    fields(&mut Object { out, first: true });
    out.push('}');
}

/// An object that is being written.
pub(crate) struct Object<'a> {
    out: &'a mut String,
    first: bool,
}

impl Object<'_> {
    /// Writes the name of a field; what is then written to the text is its value.
    pub(crate) fn field(&mut self, name: &str) -> &mut String {
        if !self.first {
            self.out.push(',');
        }
        self.first = false;
        text(self.out, name);
        self.out.push(':');
        self.out
    }

    /// A text.
    pub(crate) fn text(&mut self, name: &str, value: &str) {
        text(self.field(name), value);
    }

    /// A text, or `null`.
    pub(crate) fn optional(&mut self, name: &str, value: Option<&str>) {
        let out = self.field(name);
        match value {
            Some(value) => text(out, value),
            None => out.push_str("null"),
        }
    }

    /// A number.
    pub(crate) fn number(&mut self, name: &str, value: u64) {
        number(self.field(name), value);
    }

    /// A truth value.
    pub(crate) fn bool(&mut self, name: &str, value: bool) {
        self.field(name).push_str(if value { "true" } else { "false" });
    }

    /// An array.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        item: impl FnMut(&mut String, T),
    ) {
        list(self.field(name), items, item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_back() {
        for value in
            ["", "plain", "\"quoted\" \\ and\nlines\r\t", "\0\u{1}\u{1f}\u{7f}", "Grüße, 世界 🙂 \u{2028}"]
        {
            let mut out = String::new();
            text(&mut out, value);
            assert_eq!(serde_json::from_str::<String>(&out).unwrap(), value);
        }
    }

    #[test]
    fn numbers_are_read_back() {
        for value in [0, 7, 10, 1 << 53, u64::MAX] {
            let mut out = String::new();
            number(&mut out, value);
            assert_eq!(out, value.to_string());
        }
    }

    #[test]
    fn objects_and_arrays_nest() {
        let mut out = String::new();
        object(&mut out, |o| {
            o.text("a", "x");
            o.optional("b", None);
            o.number("c", 3);
            o.bool("d", true);
            o.list("e", [1, 2], |out, n| object(out, |o| o.number("n", n)));
            o.list("f", [], number);
        });
        let expected =
            serde_json::json!({"a": "x", "b": null, "c": 3, "d": true, "e": [{"n": 1}, {"n": 2}], "f": []});
        assert_eq!(serde_json::from_str::<serde_json::Value>(&out).unwrap(), expected);
    }
}
