//! Expressions that are no infix or prefix operators.

use super::Parser;
use crate::source::Span;
use crate::syntax::ast::{Arm, ExprId, ExprKind, Function, Name, Param, Piece};
use crate::syntax::literals::{self, BadNumber};
use crate::syntax::token::{Token, TokenKind as T};

impl Parser<'_> {
    /// What stands behind an expression: calls, fields, methods, indices.
    pub(super) fn postfix(&mut self, start: u32, mut id: ExprId) -> ExprId {
        while !self.lost {
            id = match self.kind() {
                T::ParenOpen | T::BracketOpen if self.at == self.block_end => break,
                T::Dot => self.dot(start, id),
                T::ParenOpen if !self.new_line() => {
                    let arguments = self.list(T::ParenClose, Self::argument);
                    self.add(ExprKind::Call(id, arguments), self.since(start))
                }
                T::BracketOpen if !self.new_line() => {
                    let open = self.bump();
                    let index = self.within(true, false, Self::operand);
                    if self.kind() != T::BracketClose && !self.lost {
                        self.within(true, false, |parser| parser.habit_of_index(open.span));
                    }
                    self.close(T::BracketClose);
                    self.add(ExprKind::Index(id, index), self.since(start))
                }
                _ if self.habit_of_postfix(id) => continue,
                _ => break,
            };
        }
        id
    }

    /// `.field`, `.method(…)`, `.0`.
    fn dot(&mut self, start: u32, receiver: ExprId) -> ExprId {
        self.bump();
        let token = self.token();
        if token.kind == T::Int {
            self.bump();
            let digits = self.text(token.span);
            let number = digits.parse().ok().filter(|_| digits == "0" || !digits.starts_with('0'));
            let Some(number) = number else {
                self.tell(token.span, "a field of a tuple is a number: 0, 1, 2 …", "");
                return self.add(ExprKind::Error, self.since(start));
            };
            return self.add(ExprKind::TupleField(receiver, number, token.span), self.since(start));
        }
        if self.habit_behind_dot(receiver) {
            return self.add(ExprKind::Error, self.since(start));
        }
        let name = self.name("the name of a field or method");
        if self.kind() == T::ParenOpen && !self.new_line() && !self.lost {
            let arguments = self.list(T::ParenClose, Self::argument);
            return self.add(ExprKind::Method(receiver, name, arguments), self.since(start));
        }
        self.add(ExprKind::Field(receiver, name), self.since(start))
    }

    /// An argument of a call.
    fn argument(&mut self) -> ExprId {
        let argument = self.operand();
        if !self.lost && matches!(self.kind(), T::Eq | T::Colon) {
            let span = self.token().span;
            self.tell(span, "arguments have no names", "write the value alone");
            self.bump();
            return self.operand();
        }
        argument
    }

    /// What needs no operator.
    pub(super) fn primary(&mut self) -> ExprId {
        let begins_statement = self.at == self.block_start;
        let id = self.primary_kind();
        if begins_statement {
            self.block_end = self.at;
        }
        id
    }

    fn primary_kind(&mut self) -> ExprId {
        let token = self.token();
        let start = token.span.start;
        match token.kind {
            T::Int => {
                let kind = match self.int_value() {
                    Some(value) => match i64::try_from(value) {
                        Ok(value) => ExprKind::Int(value),
                        Err(_) => {
                            self.bad_number(token.span, literals::too_large());
                            ExprKind::Error
                        }
                    },
                    None => ExprKind::Error,
                };
                self.add(kind, token.span)
            }
            T::Float => {
                let value = self.float_value();
                self.add(ExprKind::Float(value), token.span)
            }
            T::True | T::False => {
                self.bump();
                self.add(ExprKind::Bool(token.kind == T::True), token.span)
            }
            T::TextStart => self.text_expr(),
            T::OddText | T::OpenText => {
                // What is wrong has been told. Where a text without end should have ended, nobody knows.
                self.lost |= token.kind == T::OpenText;
                self.bump();
                self.add(ExprKind::Error, token.span)
            }
            T::Ident => self.name_or_struct(),
            T::ParenOpen => self.parentheses(),
            T::BracketOpen => self.array(),
            T::BraceOpen => self.braces(),
            T::If => self.if_expr(),
            T::Match => self.match_expr(),
            T::While => {
                self.bump();
                let condition = self.condition();
                let body = self.block("the loop's body");
                self.add(ExprKind::While(condition, body), self.since(start))
            }
            T::Loop => {
                self.bump();
                let body = self.block("the loop's body");
                self.add(ExprKind::Loop(body), self.since(start))
            }
            T::For => self.for_expr(),
            T::Break | T::Continue => {
                self.bump();
                self.habit_behind_break();
                let kind = if token.kind == T::Break { ExprKind::Break } else { ExprKind::Continue };
                self.add(kind, token.span)
            }
            T::Return => {
                self.bump();
                let value = self.kind().begins_expression() && !self.token().newline;
                let value = value.then(|| self.operand());
                self.add(ExprKind::Return(value), self.since(start))
            }
            T::Or | T::OrOr => self.lambda(),
            T::Fun => self.habit_of_lambda(),
            _ => {
                self.habit_of_primary();
                self.error_expr()
            }
        }
    }

    fn name_or_struct(&mut self) -> ExprId {
        if self.habit_of_text() {
            return self.text_expr();
        }
        let token = self.bump();
        let text = self.text(token.span);
        if self.kind() == T::BraceOpen && !self.head && !self.new_line() && self.fields_follow(text) {
            let name = Name { text: text.into(), span: token.span };
            return self.struct_expr(name);
        }
        let kind = ExprKind::Name(text.into());
        self.add(kind, token.span)
    }

    /// Whether the brace behind a name begins fields: structs mostly have upper case, and fields look like fields.
    fn fields_follow(&self, name: &str) -> bool {
        name.starts_with(|c: char| c.is_ascii_uppercase())
            || (self.ahead(1).kind == T::Ident && matches!(self.ahead(2).kind, T::Colon | T::Comma))
    }

    fn struct_expr(&mut self, name: Name) -> ExprId {
        let open = self.bump().span;
        let mut fields = Vec::new();
        self.within(false, false, |parser| {
            while !parser.lost && !matches!(parser.kind(), T::BraceClose | T::End) {
                if parser.kind() == T::DotDot {
                    let span = parser.token().span;
                    parser.tell_lost(span, "fields are not taken from another struct", "write all fields");
                    break;
                }
                let field = parser.name("a field or `}`");
                let value = if parser.eat(T::Colon) {
                    parser.operand()
                } else if parser.kind() == T::Eq && !parser.lost {
                    let span = parser.bump().span;
                    parser.tell(span, "expected `:`, found `=`", "");
                    parser.operand()
                } else {
                    parser.add(ExprKind::Name(field.text.clone()), field.span)
                };
                fields.push((field, value));
                if !parser.lost {
                    parser.end_of_item(open, "field");
                }
            }
        });
        self.close(T::BraceClose);
        let span = self.since(name.span.start);
        self.add(ExprKind::Struct(name, fields), span)
    }

    /// `()`, `(a)`, `(a, b)`.
    fn parentheses(&mut self) -> ExprId {
        let open = self.bump();
        let mut elements = Vec::new();
        let mut comma = false;
        self.within(true, false, |parser| {
            while !parser.lost && parser.kind() != T::ParenClose {
                elements.push(parser.expr());
                if parser.lost || !parser.comma(T::ParenClose, open) {
                    break;
                }
                comma = true;
            }
        });
        self.close(T::ParenClose);
        match elements[..] {
            [only] if !comma => only,
            [only] => {
                let span = self.since(open.span.start);
                self.tell(span, "a tuple has at least two elements", "leave the comma out");
                only
            }
            _ => self.add(ExprKind::Tuple(elements), self.since(open.span.start)),
        }
    }

    /// `[a, b]`, `[value; count]`.
    fn array(&mut self) -> ExprId {
        let open = self.bump();
        let mut elements = Vec::new();
        let mut count = None;
        self.within(true, false, |parser| {
            while !parser.lost && parser.kind() != T::BracketClose {
                elements.push(parser.operand());
                if elements.len() == 1 && !parser.lost && parser.eat(T::Semicolon) {
                    count = Some(parser.operand());
                    if !parser.lost && parser.kind() != T::BracketClose {
                        parser.unclosed(T::BracketClose, open.span);
                    }
                    break;
                }
                if parser.lost || !parser.comma(T::BracketClose, open) {
                    break;
                }
            }
        });
        self.close(T::BracketClose);
        let span = self.since(open.span.start);
        match (count, elements.first()) {
            (Some(count), Some(&value)) => self.add(ExprKind::Repeat(value, count), span),
            _ => self.add(ExprKind::Array(elements), span),
        }
    }

    /// What stands between a keyword and a block.
    fn head_expr(&mut self) -> ExprId {
        self.within(self.inside, true, Self::operand)
    }

    /// The condition of `if` or `while`.
    fn condition(&mut self) -> ExprId {
        let start = self.token().span.start;
        let condition = self.head_expr();
        self.habit_of_condition(start, condition)
    }

    /// `if c { … } else { … }`; the next token stands for `if`, whatever it is.
    pub(super) fn if_expr(&mut self) -> ExprId {
        let start = self.bump().span.start;
        let condition = self.condition();
        let yes = self.block("the body of `if`");
        let no = (!self.lost).then(|| self.else_branch()).flatten();
        self.add(ExprKind::If(condition, yes, no), self.since(start))
    }

    fn else_branch(&mut self) -> Option<ExprId> {
        if self.habit_of_elif() {
            return self.nested_if();
        }
        if !self.eat(T::Else) {
            return None;
        }
        if self.kind() == T::If {
            return self.nested_if();
        }
        Some(self.block("the body of `else`"))
    }

    /// An `if` behind `else`, one level deeper.
    fn nested_if(&mut self) -> Option<ExprId> {
        if !self.enter() {
            return None;
        }
        let id = self.if_expr();
        self.leave();
        Some(id)
    }

    pub(super) fn match_expr(&mut self) -> ExprId {
        let start = self.bump().span.start;
        let value = self.head_expr();
        if self.lost && !self.find_block() {
            return self.error_expr();
        }
        let mut arms = Vec::new();
        if self.kind() != T::BraceOpen {
            self.expected("`{` and the arms of `match`");
            return self.error_expr();
        }
        let open = self.bump().span;
        self.within(false, false, |parser| {
            while !matches!(parser.kind(), T::BraceClose | T::End) {
                let begin = parser.at;
                arms.push(parser.arm());
                if !parser.lost {
                    parser.end_of_arm(open, arms.last());
                }
                if parser.lost {
                    parser.find_arm(begin);
                }
                if parser.at == begin {
                    break;
                }
            }
        });
        if !self.eat(T::BraceClose) {
            self.unclosed(T::BraceClose, open);
        }
        self.add(ExprKind::Match(value, arms), self.since(start))
    }

    fn arm(&mut self) -> Arm {
        self.habit_of_case();
        let pattern = self.pattern();
        let guard = (!self.lost && self.eat(T::If)).then(|| self.operand());
        let body = if self.fat_arrow() { self.expr() } else { self.error_expr() };
        Arm { pattern, guard, body }
    }

    fn end_of_arm(&mut self, open: Span, arm: Option<&Arm>) {
        let braced = arm.is_some_and(|arm| matches!(self.expr_kind(arm.body), ExprKind::Block(_)));
        if !braced || matches!(self.kind(), T::Comma | T::Semicolon) {
            self.end_of_item(open, "arm");
        }
    }

    /// Goes to the next arm, or to the end of the arms.
    fn find_arm(&mut self, begin: usize) {
        while !matches!(self.kind(), T::End | T::BraceClose | T::HoleEnd | T::Comma) {
            if self.at > begin && self.token().newline && self.kind() != T::FatArrow {
                break;
            }
            self.skip();
        }
        self.eat(T::Comma);
        self.lost = false;
    }

    pub(super) fn for_expr(&mut self) -> ExprId {
        let start = self.bump().span.start;
        self.habit_of_for();
        let pattern = if self.lost { self.single_pattern() } else { self.for_pattern() };
        let over = if self.lost {
            self.error_expr()
        } else if self.eat(T::In) {
            self.head_expr()
        } else {
            self.expected_help("`in`", "a loop is written `for i in 0..10 { … }`");
            self.error_expr()
        };
        let body = self.block("the loop's body");
        self.add(ExprKind::For(Box::new(pattern), over, body), self.since(start))
    }

    /// `|a, b| body`, `|a: Int| -> Int { … }`.
    fn lambda(&mut self) -> ExprId {
        let start = self.token().span.start;
        let mut params = Vec::new();
        let open = self.bump();
        if open.kind == T::Or {
            params = self.lambda_params(open);
        }
        let (result, body) = if !self.lost && self.eat(T::Arrow) {
            let result = self.ty();
            (Some(result), self.block("the body of a closure with a result type"))
        } else {
            (None, if self.lost { self.error_expr() } else { self.expr() })
        };
        let function = Function { params, result, body };
        self.add(ExprKind::Lambda(Box::new(function)), self.since(start))
    }

    fn lambda_params(&mut self, open: Token) -> Vec<Param> {
        let mut params = Vec::new();
        self.within(true, false, |parser| {
            while !parser.lost && parser.kind() != T::Or {
                let pattern = parser.param_pattern();
                let ty = (!parser.lost && parser.eat(T::Colon)).then(|| parser.ty());
                params.push(Param { pattern, ty });
                if !parser.lost
                    && parser.kind() != T::Or
                    && !parser.eat(T::Comma)
                    && let Some(error) = parser.expected("`,` or `|`")
                {
                    error.related = Some((open.span, "the parameters of a closure begin here".into()));
                }
            }
        });
        self.expect(T::Or);
        params
    }

    /// A text and what stands in its holes.
    fn text_expr(&mut self) -> ExprId {
        let start = self.bump().span.start;
        let mut pieces = Vec::new();
        loop {
            match self.kind() {
                T::TextPiece => {
                    let span = self.bump().span;
                    pieces.push(Piece::Text(self.piece(span).into()));
                }
                T::HoleStart => pieces.push(Piece::Expr(self.hole())),
                T::TextEnd => {
                    self.bump();
                    break;
                }
                _ => break,
            }
            if self.lost {
                break;
            }
        }
        self.add(ExprKind::String(pieces), self.since(start))
    }

    /// `{expression}` in a text.
    fn hole(&mut self) -> ExprId {
        let open = self.bump().span;
        let id = match self.kind() {
            T::HoleEnd | T::BraceOpen => {
                let message = "expected an expression between the braces of a text";
                let span = open.to(self.token().span);
                let help = "write what is to stand there, `{x}`; for a brace in a text write `\\{` and `\\}`";
                self.tell_lost(span, message, help);
                self.error_expr()
            }
            _ => self.within(true, false, Self::operand),
        };
        if !self.lost && self.kind() != T::HoleEnd {
            self.habit_of_hole(id, open);
        }
        self.close(T::HoleEnd);
        id
    }

    /// The text of a piece, its escapes resolved.
    pub(super) fn piece(&mut self, span: Span) -> String {
        let mut errors = Vec::new();
        let text = literals::unescape(self.text(span), |start, end, message| {
            let span = Span::new(span.start + start as u32, span.start + end as u32);
            errors.push((span, message.to_string()));
        });
        for (span, message) in errors {
            let help =
                "escapes are \\n \\t \\r \\0 \\\" \\\\ \\{ \\} and \\u{1F600}; a backslash is written `\\\\`";
            self.tell(span, &message, help);
        }
        text
    }

    /// The value of the next token, a whole number without sign.
    pub(super) fn int_value(&mut self) -> Option<u64> {
        let span = self.bump().span;
        match literals::integer(self.text(span)) {
            Ok(value) => Some(value),
            Err(bad) => {
                self.bad_number(span, bad);
                None
            }
        }
    }

    /// The value of the next token, a number with decimals; 0 if it is none.
    pub(super) fn float_value(&mut self) -> f64 {
        let span = self.bump().span;
        match literals::float(self.text(span), self.read_float) {
            Ok(value) => value,
            Err(bad) => {
                self.bad_number(span, bad);
                0.0
            }
        }
    }

    pub(super) fn bad_number(&mut self, span: Span, bad: BadNumber) {
        self.tell(span, &bad.message, bad.suggestion.unwrap_or_default());
    }
}
