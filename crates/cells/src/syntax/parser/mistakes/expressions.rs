//! Slips in expressions.

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, ExprId, ExprKind, Pattern};
use crate::syntax::parser::Parser;
use crate::syntax::token::{Token, TokenKind as T};

impl Parser<'_> {
    /// The next token is neither a comma nor what ends the list that `open` began.
    pub(in crate::syntax::parser) fn missing_comma(&mut self, close: T, open: Token) {
        let token = self.token();
        let far = token.kind == T::End || token.newline || token.kind == T::Semicolon;
        // On the line of the next token, more cannot be expected than what belongs to the list.
        let newline = self.inside && token.newline;
        let behind = Span::new(self.end(), self.end());
        let comprehension = token.kind == T::For;
        let Some(error) = self.expected(&format!("`,` or {}", close.said())) else { return };
        if newline {
            error.span = behind;
            error.message = format!("expected `,` or {} before the next line", close.said());
        }
        if comprehension {
            error.suggestion = Some("write `xs.map(|x| …)` or `xs.filter(|x| …)`".into());
        }
        if far {
            error.related = Some((open.span, format!("this {} is not closed", open.kind.said())));
        }
    }

    /// An infix operator that is a word; it becomes the one that is meant.
    pub(in crate::syntax::parser) fn habit_of_infix(&mut self) -> Option<(BinaryOp, u8)> {
        let token = self.token();
        if token.kind != T::Ident || token.newline {
            return None;
        }
        let next = self.ahead(1);
        if !next.kind.begins_expression() || next.kind == T::BraceOpen {
            return None;
        }
        let (kind, symbol, operator, strength) = match self.text(token.span) {
            "and" => (T::AndAnd, "&&", BinaryOp::And, 2),
            "or" => (T::OrOr, "||", BinaryOp::Or, 1),
            "mod" => (T::Percent, "%", BinaryOp::Remainder, 9),
            "div" => (T::Slash, "/", BinaryOp::Divide, 9),
            "xor" => (T::Caret, "^", BinaryOp::BitXor, 5),
            _ => return None,
        };
        let message = format!("there is no operator `{}`", self.text(token.span));
        self.tell(token.span, &message, &format!("write `{symbol}`"));
        self.tokens[self.at].kind = kind;
        Some((operator, strength))
    }

    /// Behind an infix operator: `x++`, `x ** y`, `===`, `<>`. `true` if there is no second operand.
    pub(in crate::syntax::parser) fn habit_behind_operator(
        &mut self,
        operator: BinaryOp,
        span: Span,
    ) -> bool {
        let token = self.token();
        if token.span.start != span.end || token.newline {
            return false;
        }
        let both = span.to(token.span);
        let (message, help) = match (operator, token.kind) {
            (BinaryOp::Add, T::Plus) | (BinaryOp::Subtract, T::Minus) => {
                let next = self.ahead(1);
                if next.kind.begins_expression() && !next.newline {
                    return false;
                }
                let sign = if token.kind == T::Plus { "+" } else { "-" };
                self.tell(
                    both,
                    &format!("there is no operator `{sign}{sign}`"),
                    &format!("write `{sign}= 1`"),
                );
                self.bump();
                return true;
            }
            (BinaryOp::Multiply, T::Star) => ("there is no operator `**`", "a power is written `x.pow(y)`"),
            (BinaryOp::Equal, T::Eq) => ("there is no operator `===`", "write `==`"),
            (BinaryOp::NotEqual, T::Eq) => ("there is no operator `!==`", "write `!=`"),
            (BinaryOp::Less, T::Greater) => ("there is no operator `<>`", "write `!=`"),
            _ => return false,
        };
        self.tell(both, message, help);
        self.bump();
        false
    }

    /// `2 ^ 10`, which is 8: perhaps a power was meant.
    pub(in crate::syntax::parser) fn habit_of_powers(&mut self, operator: Span, left: ExprId, right: ExprId) {
        if !matches!(self.expr_kind(left), ExprKind::Int(2 | 10))
            || !matches!(self.expr_kind(right), ExprKind::Int(_))
        {
            return;
        }
        let (base, exponent) = (self.text(self.span(left)), self.text(self.span(right)));
        if base.len() <= 2 && exponent.bytes().all(|byte| byte.is_ascii_digit()) {
            let help = format!(
                "a power is written `{base}.pow({exponent})`; for bits write a number as `0b10` or `0xa`"
            );
            self.report(
                Diagnostic::warning(operator, "`^` is no power: it is either or, bit by bit").suggest(help),
            );
        }
    }

    /// A prefix operator of other languages, which is taken.
    pub(in crate::syntax::parser) fn habit_of_prefix(&mut self) {
        let token = self.bump();
        let (message, help) = match token.kind {
            T::Plus => ("there is no prefix `+`", "leave it out; to add 1, write `x += 1`"),
            T::Star => ("nothing is dereferenced", "leave `*` out"),
            _ => ("there are no references", "leave `&` out: arrays and structs are shared anyway"),
        };
        self.tell(token.span, message, help);
        self.eat(T::Mut);
        while token.kind == T::Plus && self.eat(T::Plus) {}
    }

    /// `not x`: takes `not`.
    pub(in crate::syntax::parser) fn habit_of_not(&mut self) -> bool {
        let next = self.ahead(1);
        let operand = matches!(next.kind, T::Ident | T::True | T::False | T::Not)
            || next.kind == T::ParenOpen && !self.touches();
        if !self.word("not") || next.newline || !operand {
            return false;
        }
        let span = self.bump().span;
        self.tell(span, "there is no operator `not`", "write `!`");
        true
    }

    /// `a[i, j]`, `a[1:3]`, `a[i` in brackets.
    pub(in crate::syntax::parser) fn habit_of_index(&mut self, open: Span) {
        let span = self.token().span;
        match self.kind() {
            T::Comma => {
                self.tell_lost(
                    span,
                    "an index is one number",
                    "an element of an array of arrays is `a[i][j]`",
                );
            }
            T::Colon => {
                self.tell_lost(span, "expected `]`, found `:`", "a part is written `a[1..3]`");
            }
            _ => self.unclosed(T::BracketClose, open),
        }
    }

    /// `print!(…)`: takes `!`.
    pub(in crate::syntax::parser) fn habit_of_postfix(&mut self, callee: ExprId) -> bool {
        let token = self.token();
        let call = token.kind == T::Not && self.touches() && self.ahead(1).kind == T::ParenOpen;
        if !call || token.span.start != self.end() || !matches!(self.expr_kind(callee), ExprKind::Name(_)) {
            return false;
        }
        let name = self.text(self.span(callee)).to_string();
        let help = match name.as_str() {
            "println" | "eprintln" => "write `print(…)`, with expressions in the text: `\"{x}\"`".into(),
            "format" => "write the text alone: `\"{x}\"`".into(),
            "vec" => "an array is written `[1, 2]`".into(),
            _ => format!("write `{name}(…)`"),
        };
        self.tell(token.span, "there are no macros", &help);
        self.bump();
        true
    }

    /// `f"text"`, at `f`, which is taken.
    pub(in crate::syntax::parser) fn habit_of_text(&mut self) -> bool {
        let token = self.token();
        if self.ahead(1).kind != T::TextStart || !self.touches() {
            return false;
        }
        let message = format!("unexpected `{}` before a text", self.text(token.span));
        self.tell(token.span, &message, "leave it out: `{x}` works in all texts");
        self.bump();
        true
    }

    /// `1.`, behind the point. `true` if that has been told.
    pub(in crate::syntax::parser) fn habit_behind_dot(&mut self, receiver: ExprId) -> bool {
        if self.kind() == T::Ident || !matches!(self.expr_kind(receiver), ExprKind::Int(_)) {
            return false;
        }
        let number = self.text(self.span(receiver)).to_string();
        let span = Span::new(self.end() - 1, self.end());
        self.tell(span, "digits are missing behind the point", &format!("write `{number}.0`"));
        true
    }

    /// `break x`, behind `break`.
    pub(in crate::syntax::parser) fn habit_behind_break(&mut self) {
        let token = self.token();
        if token.newline || !token.kind.begins_expression() {
            return;
        }
        self.tell(
            token.span,
            "a loop has no value, so `break` takes none",
            "assign the value to a variable before",
        );
        self.operand();
    }

    /// `fun(x) { … }` without a name.
    pub(in crate::syntax::parser) fn habit_of_lambda(&mut self) -> ExprId {
        let span = self.bump().span;
        self.tell(span, "a function without a name is written with `|`", "write `|x| x + 1`");
        let function = self.signature_and_body();
        let span = self.since(span.start);
        self.add(ExprKind::Lambda(Box::new(function)), span)
    }

    /// No expression begins here.
    pub(in crate::syntax::parser) fn habit_of_primary(&mut self) {
        let token = self.token();
        match token.kind {
            T::Underscore => {
                self.bump();
                self.tell(
                    token.span,
                    "`_` has no value: it stands only in patterns",
                    "to ignore a value, write `let _ = …`",
                );
            }
            T::DotDot | T::DotDotEq => {
                self.bump();
                self.tell(token.span, "a range has both ends", "write `0..n`");
                if self.kind().begins_expression() && !self.token().newline {
                    self.operand();
                }
            }
            T::Else => {
                self.tell_lost(token.span, "there is no `if` to which this `else` belongs", "");
            }
            T::Let => {
                self.tell_lost(
                    token.span,
                    "`let` is a statement and has no value",
                    "to look into a value, use `match`",
                );
            }
            T::Comma if self.at > 0 && self.tokens[self.at - 1].kind == T::Comma => {
                self.tell_lost(token.span, "expected an expression, found another `,`", "");
            }
            T::Less | T::LessEq | T::Greater | T::GreaterEq | T::EqEq | T::NotEq => {
                self.expected_help("an expression", "a comparison has two sides: `x > 1 && x < 3`");
            }
            _ => {
                self.expected("an expression");
            }
        }
    }

    /// `if x = 1 {`, behind the condition, which begins at `start`.
    pub(in crate::syntax::parser) fn habit_of_condition(&mut self, start: u32, condition: ExprId) -> ExprId {
        if self.lost || self.kind() != T::Eq {
            return condition;
        }
        let span = self.bump().span;
        self.tell(span, "expected a condition, found an assignment", "to compare, write `==`");
        let right = self.within(self.inside, true, Self::operand);
        self.add(ExprKind::Binary(BinaryOp::Equal, span, condition, right), self.since(start))
    }

    /// `elif`: `true` at it, which stands for `if`.
    pub(in crate::syntax::parser) fn habit_of_elif(&mut self) -> bool {
        let token = self.token();
        let words = ["elif", "elsif", "elseif", "elsef"];
        if token.kind != T::Ident
            || !words.contains(&self.text(token.span))
            || !self.ahead(1).kind.begins_expression()
        {
            return false;
        }
        let message = format!("there is no keyword `{}`", self.text(token.span));
        self.tell(token.span, &message, "write `else if`");
        true
    }

    /// `case 1 =>`, `else =>`, `default:`, at the word.
    pub(in crate::syntax::parser) fn habit_of_case(&mut self) {
        let token = self.token();
        let next = self.ahead(1).kind;
        let arrow = matches!(next, T::FatArrow | T::Arrow | T::Colon);
        if token.kind == T::Else && arrow || self.word("default") && next == T::Colon {
            self.tell(token.span, "the pattern that fits everything is `_`", "write `_ => …`");
            self.tokens[self.at].kind = T::Underscore;
        } else if self.word("case") && !arrow && !matches!(next, T::If | T::Or | T::BraceOpen) {
            self.tell(token.span, "an arm begins with its pattern", "leave `case` out");
            self.bump();
        }
    }

    /// Takes the arrow of an arm.
    pub(in crate::syntax::parser) fn fat_arrow(&mut self) -> bool {
        if self.lost {
            return false;
        }
        let token = self.token();
        if matches!(token.kind, T::Arrow | T::Colon | T::Eq) {
            let message = format!("expected `=>`, found {}", token.kind.said());
            self.tell(token.span, &message, "an arm is written `1 => value`");
            self.bump();
            return true;
        }
        self.expect(T::FatArrow)
    }

    /// `for (…) {`, `for let i …`, behind `for`.
    pub(in crate::syntax::parser) fn habit_of_for(&mut self) {
        let token = self.token();
        if token.kind == T::ParenOpen {
            let end = self.partners[self.at] as usize;
            let heads = &self.tokens[self.at..end.max(self.at)];
            if heads.iter().any(|token| matches!(token.kind, T::Semicolon | T::In)) {
                self.tell_lost(
                    token.span,
                    "a loop has no parentheses",
                    "write `for i in 0..10 { … }` or `for x in xs { … }`",
                );
            }
        } else if token.kind == T::Let
            || (self.ahead(1).kind == T::Ident && (self.word("var") || self.word("const")))
        {
            self.tell(token.span, "the variable of a loop needs no `let`", "write `for i in 0..10 { … }`");
            self.bump();
        }
    }

    /// The pattern of `for`.
    pub(in crate::syntax::parser) fn for_pattern(&mut self) -> Pattern {
        let pattern = self.single_pattern();
        if self.kind() == T::Comma && !self.lost {
            let span = self.token().span;
            let (first, second) = (self.text(pattern.span), self.text(self.ahead(1).span));
            let help = format!("write `for ({first}, {second}) in …`; with the index, `in xs.enumerate()`");
            self.tell_lost(span, "expected `in`, found `,`", &help);
        }
        pattern
    }

    /// `{x:.2}` in a text, behind `x`.
    pub(in crate::syntax::parser) fn habit_of_hole(&mut self, id: ExprId, open: Span) {
        let token = self.token();
        if token.kind == T::Colon {
            let name = self.text(self.span(id)).to_string();
            let help = format!("use methods: `{{{name}.fixed(2)}}`, `{{{name}.to_string().pad_left(8)}}`");
            self.tell_lost(token.span, "expected `}`, found `:`", &help);
        } else if let Some(error) = self.expected("`}`") {
            error.related = Some((open, "an expression in the text begins here".into()));
            error.suggestion = Some("for a brace in a text write `\\{`".into());
        }
    }
}
