//! Positions and escapes: Jupyter counts characters, the compiler bytes.

/// The byte at which character number `position` of `text` begins, or its end.
pub(crate) fn byte_offset(text: &str, position: usize) -> usize {
    text.char_indices().nth(position).map_or(text.len(), |(offset, _)| offset)
}

/// How many characters begin before the byte `offset` of `text`.
pub(crate) fn character_position(text: &str, offset: usize) -> usize {
    text.char_indices().take_while(|&(start, _)| start < offset).count()
}

/// `text` as it stands in HTML.
pub(crate) fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters() {
        let text = "é😀x";
        assert_eq!([0, 1, 2, 3, 4, usize::MAX].map(|at| byte_offset(text, at)), [0, 2, 6, 7, 7, 7]);
        assert_eq!([0, 2, 6, 7, 100].map(|at| character_position(text, at)), [0, 1, 2, 3, 3]);
        // Inside of a character: that one has begun.
        assert_eq!(character_position(text, 1), 1);
    }

    #[test]
    fn html_has_no_markup() {
        assert_eq!(html("<a href=\"'&'\">"), "&lt;a href=&quot;&#39;&amp;&#39;&quot;&gt;");
    }
}
