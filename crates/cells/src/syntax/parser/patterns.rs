//! Patterns.

use super::Parser;
use crate::source::Span;
use crate::syntax::ast::{Name, Pattern, PatternKind};
use crate::syntax::literals;
use crate::syntax::token::TokenKind as T;

impl Parser<'_> {
    /// A pattern of an arm: alternatives with `|` between them.
    pub(super) fn pattern(&mut self) -> Pattern {
        let start = self.token().span.start;
        self.eat(T::Or);
        let first = self.single_pattern();
        if self.lost || self.kind() != T::Or {
            return first;
        }
        let mut alternatives = vec![first];
        while !self.lost && self.eat(T::Or) {
            alternatives.push(self.single_pattern());
        }
        Pattern { kind: PatternKind::Or(alternatives), span: self.since(start) }
    }

    /// A pattern without alternatives.
    pub(super) fn single_pattern(&mut self) -> Pattern {
        let start = self.token().span.start;
        if !self.enter() {
            return Pattern { kind: PatternKind::Wildcard, span: self.since(start) };
        }
        let kind = if self.lost { PatternKind::Wildcard } else { self.pattern_kind() };
        self.leave();
        Pattern { kind, span: self.since(start) }
    }

    /// A pattern of a parameter: what else a pattern may be, the checker refuses.
    pub(super) fn param_pattern(&mut self) -> Pattern {
        let pattern = self.single_pattern();
        if self.kind() == T::Ident && !self.lost && !self.token().newline {
            return self.habit_of_typed_param(pattern);
        }
        pattern
    }

    fn pattern_kind(&mut self) -> PatternKind {
        match self.kind() {
            T::Underscore => {
                self.bump();
                PatternKind::Wildcard
            }
            T::Mut => {
                self.bump();
                if self.kind() == T::ParenOpen {
                    let span = self.token().span;
                    self.tell(span, "`mut` stands before each name", "write `(mut a, mut b)`");
                    return self.pattern_kind();
                }
                PatternKind::Bind { name: self.name("a name behind `mut`"), mutable: true }
            }
            T::Ident => {
                let name = self.name("a name");
                if self.kind() == T::BraceOpen && !self.new_line() {
                    return self.struct_pattern(name);
                }
                PatternKind::Bind { name, mutable: false }
            }
            T::ParenOpen => {
                let mut elements = self.list(T::ParenClose, Self::pattern);
                if elements.len() == 1
                    && let Some(only) = elements.pop()
                {
                    return only.kind;
                }
                PatternKind::Tuple(elements)
            }
            T::True | T::False => PatternKind::Bool(self.bump().kind == T::True),
            T::Minus | T::Int | T::Float => self.number_pattern(),
            T::TextStart => self.text_pattern(),
            T::OddText | T::OpenText => {
                self.lost |= self.bump().kind == T::OpenText;
                PatternKind::Wildcard
            }
            _ => {
                self.habit_of_pattern();
                PatternKind::Wildcard
            }
        }
    }

    fn struct_pattern(&mut self, name: Name) -> PatternKind {
        let mut rest = false;
        let open = self.bump().span;
        let mut fields = Vec::new();
        self.within(false, false, |parser| {
            while !parser.lost && !rest && !matches!(parser.kind(), T::BraceClose | T::End) {
                if parser.eat(T::DotDot) {
                    rest = true;
                    parser.eat(T::Comma);
                    break;
                }
                let mutable = parser.kind() == T::Mut && parser.eat(T::Mut);
                let field = parser.name("a field, `..` or `}`");
                let pattern = if !parser.lost && !mutable && parser.eat(T::Colon) {
                    parser.pattern()
                } else {
                    Pattern { kind: PatternKind::Bind { name: field.clone(), mutable }, span: field.span }
                };
                fields.push((field, pattern));
                if !parser.lost {
                    parser.end_of_item(open, "field");
                }
            }
        });
        self.close(T::BraceClose);
        PatternKind::Struct { name, fields, rest }
    }

    /// A number, or a range of them.
    fn number_pattern(&mut self) -> PatternKind {
        if self.kind() == T::Float || (self.kind() == T::Minus && self.ahead(1).kind == T::Float) {
            let sign = if self.eat(T::Minus) { -1.0 } else { 1.0 };
            return PatternKind::Float(sign * self.float_value());
        }
        let Some(start) = self.whole_pattern() else { return PatternKind::Wildcard };
        let inclusive = self.kind() == T::DotDotEq;
        if !inclusive && self.kind() != T::DotDot {
            return PatternKind::Int(start);
        }
        let operator = self.bump().span;
        if !matches!(self.kind(), T::Int | T::Minus) {
            self.expected_help(
                "the end of the range",
                "a range of a pattern has both ends, whole numbers: `1..=5`",
            );
            return PatternKind::Wildcard;
        }
        let Some(end) = self.whole_pattern() else { return PatternKind::Wildcard };
        if start > end || (start == end && !inclusive) {
            let span = Span::new(operator.start, operator.end);
            self.tell(span, &format!("the range from {start} to {end} is empty"), "");
        }
        PatternKind::Range { start, end, inclusive }
    }

    /// `3`, `-3`.
    fn whole_pattern(&mut self) -> Option<i64> {
        let start = self.token().span.start;
        let negative = self.eat(T::Minus);
        if self.kind() != T::Int {
            self.expected("a whole number");
            return None;
        }
        let value = self.int_value()?;
        let signed = if negative { 0_i64.checked_sub_unsigned(value) } else { i64::try_from(value).ok() };
        if signed.is_none() {
            let span = self.since(start);
            self.bad_number(span, literals::too_large());
        }
        signed
    }

    /// A text without holes.
    fn text_pattern(&mut self) -> PatternKind {
        let start = self.bump().span.start;
        let mut text = String::new();
        loop {
            match self.kind() {
                T::TextPiece => {
                    let span = self.bump().span;
                    text.push_str(&self.piece(span));
                }
                T::HoleStart => {
                    let span = self.token().span;
                    self.tell(
                        span,
                        "a text in a pattern holds no expressions",
                        "for a brace in a text write `\\{`; to compare, use a guard: `text if text == …`",
                    );
                    self.skip();
                }
                T::TextEnd => {
                    self.bump();
                    break;
                }
                _ => {
                    let span = self.since(start);
                    self.tell_lost(span, "this text has no end", "");
                    break;
                }
            }
        }
        PatternKind::String(text.into())
    }
}
