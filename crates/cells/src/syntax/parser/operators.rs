//! Infix and prefix operators, assignment, and where an expression goes on in the next line.

use super::Parser;
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, ExprId, ExprKind, UnaryOp};
use crate::syntax::token::TokenKind as T;

/// The infix operators and how strongly they bind.
fn infix(kind: T) -> Option<(BinaryOp, u8)> {
    Some(match kind {
        T::OrOr => (BinaryOp::Or, 1),
        T::AndAnd => (BinaryOp::And, 2),
        T::EqEq => (BinaryOp::Equal, COMPARISON),
        T::NotEq => (BinaryOp::NotEqual, COMPARISON),
        T::Less => (BinaryOp::Less, COMPARISON),
        T::LessEq => (BinaryOp::LessEqual, COMPARISON),
        T::Greater => (BinaryOp::Greater, COMPARISON),
        T::GreaterEq => (BinaryOp::GreaterEqual, COMPARISON),
        T::Or => (BinaryOp::BitOr, 4),
        T::Caret => (BinaryOp::BitXor, 5),
        T::And => (BinaryOp::BitAnd, 6),
        T::Shl => (BinaryOp::ShiftLeft, 7),
        T::Shr => (BinaryOp::ShiftRight, 7),
        T::Plus => (BinaryOp::Add, 8),
        T::Minus => (BinaryOp::Subtract, 8),
        T::Star => (BinaryOp::Multiply, 9),
        T::Slash => (BinaryOp::Divide, 9),
        T::Percent => (BinaryOp::Remainder, 9),
        _ => return None,
    })
}

/// How strongly comparisons bind, which do not follow each other.
const COMPARISON: u8 = 3;

/// The operator of `+=` and its like; `Some(None)` for `=`.
fn assignment(kind: T) -> Option<Option<BinaryOp>> {
    Some(match kind {
        T::Eq => None,
        T::PlusEq => Some(BinaryOp::Add),
        T::MinusEq => Some(BinaryOp::Subtract),
        T::StarEq => Some(BinaryOp::Multiply),
        T::SlashEq => Some(BinaryOp::Divide),
        T::PercentEq => Some(BinaryOp::Remainder),
        T::AndEq => Some(BinaryOp::BitAnd),
        T::OrEq => Some(BinaryOp::BitOr),
        T::CaretEq => Some(BinaryOp::BitXor),
        T::ShlEq => Some(BinaryOp::ShiftLeft),
        T::ShrEq => Some(BinaryOp::ShiftRight),
        _ => return None,
    })
}

impl Parser<'_> {
    /// An expression, assignments among them.
    pub(super) fn expr(&mut self) -> ExprId {
        let start = self.token().span.start;
        let target = self.operand();
        if self.lost {
            return target;
        }
        if let Some(operator) = assignment(self.kind()) {
            let operator = operator.map(|operator| (operator, self.token().span));
            return self.assign(start, target, operator);
        }
        target
    }

    /// What is assigned, at the operator.
    fn assign(&mut self, start: u32, target: ExprId, operator: Option<(BinaryOp, Span)>) -> ExprId {
        let target = self.target(target);
        self.bump();
        let value = self.operand();
        if assignment(self.kind()).is_some() && !self.lost {
            let span = self.token().span;
            self.tell_lost(
                span,
                "an assignment has no value that could be assigned",
                "write two assignments, one after the other",
            );
        }
        self.add(ExprKind::Assign(target, operator, value), self.since(start))
    }

    /// Refuses what cannot be assigned.
    fn target(&mut self, target: ExprId) -> ExprId {
        let span = self.span(target);
        let (message, help) = match self.expr_kind(target) {
            ExprKind::Name(_) | ExprKind::Field(..) | ExprKind::Index(..) | ExprKind::Error => return target,
            ExprKind::TupleField(..) => ("tuples never change", "make a new tuple"),
            ExprKind::Tuple(_) => (
                "a tuple cannot be assigned to",
                "write one assignment for each name; `let old = …` keeps what would be lost",
            ),
            ExprKind::Binary(..) | ExprKind::Unary(..) | ExprKind::Call(..) | ExprKind::Method(..) => {
                ("this cannot be assigned to", "to compare, write `==`")
            }
            _ => ("this cannot be assigned to", "only names, fields `p.x` and elements `a[i]` can"),
        };
        self.tell(span, message, help);
        self.add(ExprKind::Error, span)
    }

    /// An expression that is no assignment: a range, or what operators are made of.
    pub(super) fn operand(&mut self) -> ExprId {
        let start = self.token().span.start;
        let first = self.binary(0);
        let inclusive = self.kind() == T::DotDotEq;
        if self.lost || !(inclusive || self.kind() == T::DotDot) {
            return first;
        }
        self.bump();
        if !self.kind().begins_expression() || self.new_line() || (self.head && self.kind() == T::BraceOpen) {
            let begin = self.text(self.span(first)).to_string();
            self.expected_help("the end of the range", &format!("a range has both ends: `{begin}..a.len()`"));
            return self.add(ExprKind::Error, self.since(start));
        }
        let last = self.binary(0);
        self.add(ExprKind::Range(first, last, inclusive), self.since(start))
    }

    /// The infix operator that the next token is, if the expression goes on with it.
    fn infix(&mut self) -> Option<(BinaryOp, u8)> {
        let kind = self.kind();
        if self.at == self.block_end && matches!(kind, T::Minus | T::Star | T::And | T::Or | T::OrOr) {
            // `for … { … } -1` are two statements.
            return None;
        }
        if self.new_line() {
            // On a new line, `-x` is a value of its own, and `|` begins a closure. `||` does if braces follow.
            let next = self.ahead(1).kind;
            match kind {
                T::Minus if self.touches() => return None,
                T::Or => return None,
                T::OrOr if matches!(next, T::BraceOpen | T::Arrow) => return None,
                _ => {}
            }
        }
        infix(kind).or_else(|| self.habit_of_infix())
    }

    /// Operands and the infix operators between them that bind at least as strongly as `least`.
    fn binary(&mut self, least: u8) -> ExprId {
        let start = self.token().span.start;
        let mut left = self.unary();
        let mut compared: Option<Span> = None;
        while !self.lost {
            let Some((operator, strength)) = self.infix() else { break };
            if strength < least {
                break;
            }
            let span = self.bump().span;
            if self.habit_behind_operator(operator, span) {
                break;
            }
            if strength == COMPARISON
                && let Some(middle) = compared
            {
                return self.chain(start, middle, operator, span);
            }
            let right_start = self.token().span.start;
            let right = self.binary(strength + 1);
            compared = (strength == COMPARISON).then(|| self.since(right_start));
            if operator == BinaryOp::BitXor {
                self.habit_of_powers(span, left, right);
            }
            left = self.add(ExprKind::Binary(operator, span, left, right), self.since(start));
        }
        left
    }

    /// `a < b < c`, at `c`; `b` is at `middle`.
    fn chain(&mut self, start: u32, middle: Span, operator: BinaryOp, span: Span) -> ExprId {
        let first = self.text(Span::new(start, middle.end)).to_string();
        let rest_start = self.token().span.start;
        self.binary(COMPARISON + 1);
        let rest = self.text(self.since(rest_start));
        let symbol = self.text(span);
        let help = if matches!(operator, BinaryOp::Equal | BinaryOp::NotEqual)
            && first.bytes().any(|byte| matches!(byte, b'<' | b'>'))
        {
            format!("write `({first}) {symbol} {rest}`")
        } else {
            format!("write `{first} && {} {symbol} {rest}`", self.text(middle))
        };
        self.tell(span, "comparisons do not follow each other", &help);
        self.add(ExprKind::Error, self.since(start))
    }

    /// Prefix operators and what they stand before.
    fn unary(&mut self) -> ExprId {
        if self.lost || !self.enter() {
            return self.error_expr();
        }
        let start = self.token().span.start;
        let id = match self.kind() {
            T::Minus if self.least_int() => {
                self.bump();
                self.bump();
                let least = self.add(ExprKind::Int(i64::MIN), self.since(start));
                self.postfix(start, least)
            }
            kind @ (T::Minus | T::Not) => {
                self.bump();
                let operand = self.unary();
                let operator = if kind == T::Minus { UnaryOp::Negate } else { UnaryOp::Not };
                self.add(ExprKind::Unary(operator, operand), self.since(start))
            }
            T::Plus | T::And | T::Star | T::AndAnd => {
                self.habit_of_prefix();
                self.unary()
            }
            T::Ident if self.habit_of_not() => {
                let operand = self.unary();
                self.add(ExprKind::Unary(UnaryOp::Not, operand), self.since(start))
            }
            _ => {
                let primary = self.primary();
                self.postfix(start, primary)
            }
        };
        self.leave();
        id
    }

    /// Whether the next tokens are the least Int, whose positive is none.
    fn least_int(&self) -> bool {
        let next = self.ahead(1);
        next.kind == T::Int && crate::syntax::literals::integer(self.text(next.span)) == Ok(1 << 63)
    }
}
