//! What people write who come from other languages, and what is missing most often: messages that say what to write instead. Where
//! it is clear what was meant the parser goes on with that, so that one slip is one error.

mod expressions;
mod statements;

use super::Parser;
use crate::syntax::token::TokenKind as T;

/// How the parser goes on behind a statement that nothing ended.
pub(super) enum Ended {
    /// With another statement.
    Here,
    /// It is lost.
    Lost,
}

impl Parser<'_> {
    /// What is wrong with the next token wherever it stands, and what to write: it belongs to another language.
    pub(super) fn foreign(&self) -> Option<(String, &'static str)> {
        if self.new_line() {
            return None;
        }
        let next = self.ahead(1).kind;
        let before = self.at.checked_sub(1).map(|before| self.text(self.tokens[before].span));
        if before == Some("lambda") && matches!(self.kind(), T::Ident | T::Colon) {
            return Some(("there is no keyword `lambda`".into(), "a closure is written `|x| x + 1`"));
        }
        Some(match self.kind() {
            T::Question => ("there is no operator `?`".into(), "a choice is written `if a { b } else { c }`"),
            T::FatArrow => (
                "`=>` stands only in the arms of `match`".into(),
                "a closure is written `|x| x + 1`, a comparison `>=`",
            ),
            T::Arrow => {
                ("`->` stands only before the type of a result".into(), "a closure is written `|x| x + 1`")
            }
            T::ColonColon => ("there is no `::`".into(), "fields and methods stand behind `.`"),
            T::Colon if next == T::Eq && self.touches() => ("there is no `:=`".into(), "write `let x = 1`"),
            T::Ident => match self.text(self.token().span) {
                "as" => (
                    "types are not converted by `as`".into(),
                    "write `x.to_float()`, `x.to_int()` or `x.to_string()`",
                ),
                word @ ("then" | "do") => (
                    format!("expected `{{`, found `{word}`"),
                    "bodies stand in braces: `if a { b } else { c }`",
                ),
                _ => return None,
            },
            _ => return None,
        })
    }
}
