//! Whether what was typed is a whole cell.

use upshift_cells::syntax::{Completeness, completeness};

/// Whether nothing more has to be typed. What is wrong is complete too: more of it would not help.
pub(super) fn is_complete(text: &str) -> bool {
    text.trim_start().starts_with(':') || !matches!(completeness(text), Completeness::Incomplete { .. })
}

#[cfg(test)]
mod tests {
    use super::is_complete;

    #[test]
    fn what_is_open_goes_on_and_what_is_wrong_does_not() {
        for whole in ["let x = 1", "fun f() {\n 1\n}", ":type [1,", "let = 1", ")", "\"a\"", "x // {"] {
            assert!(is_complete(whole), "{whole}");
        }
        for open in ["fun f() {", "[1,", "1 +", "\"a", "/* a", "let x =", "if x { 1 } else"] {
            assert!(!is_complete(open), "{open}");
        }
    }
}
