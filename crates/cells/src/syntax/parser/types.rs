//! Types as they are written.

use super::Parser;
use crate::syntax::ast::{TypeExpr, TypeExprKind};
use crate::syntax::token::TokenKind as T;

impl Parser<'_> {
    /// A type.
    pub(super) fn ty(&mut self) -> TypeExpr {
        let start = self.token().span.start;
        if !self.enter() {
            return TypeExpr { kind: TypeExprKind::Hole, span: self.since(start) };
        }
        let kind = if self.lost { TypeExprKind::Hole } else { self.type_kind() };
        let mut ty = TypeExpr { kind, span: self.since(start) };
        if !self.lost {
            self.habit_behind_type(&mut ty);
        }
        self.leave();
        ty
    }

    fn type_kind(&mut self) -> TypeExprKind {
        match self.kind() {
            T::Ident => {
                let span = self.bump().span;
                if self.kind() == T::Less && !self.new_line() {
                    return self.habit_of_type_arguments(span);
                }
                TypeExprKind::Name(self.text(span).into())
            }
            T::Underscore => {
                self.bump();
                TypeExprKind::Hole
            }
            T::BracketOpen => {
                let open = self.bump();
                let element = self.within(true, false, |parser| {
                    let element = parser.ty();
                    if parser.kind() == T::Semicolon && !parser.lost {
                        let span = parser.bump().span;
                        let element = parser.text(element.span).to_string();
                        parser.tell(
                            span,
                            "the type of an array does not say its length",
                            &format!("write `[{element}]`"),
                        );
                        parser.operand();
                    }
                    if !parser.lost && parser.kind() != T::BracketClose {
                        parser.unclosed(T::BracketClose, open.span);
                    }
                    element
                });
                self.close(T::BracketClose);
                TypeExprKind::Array(Box::new(element))
            }
            T::ParenOpen => {
                let mut elements = self.list(T::ParenClose, Self::ty);
                if elements.len() == 1
                    && let Some(only) = elements.pop()
                {
                    return only.kind;
                }
                TypeExprKind::Tuple(elements)
            }
            T::Fun => {
                self.bump();
                if self.kind() != T::ParenOpen {
                    self.expected("`(` and the types of the parameters");
                    return TypeExprKind::Hole;
                }
                let params = self.list(T::ParenClose, Self::ty);
                let result = (!self.lost && self.eat(T::Arrow)).then(|| Box::new(self.ty()));
                TypeExprKind::Function(params, result)
            }
            T::And => {
                let span = self.bump().span;
                self.tell(span, "there are no references", "leave `&` out");
                self.eat(T::Mut);
                self.ty().kind
            }
            _ => {
                self.expected("a type");
                TypeExprKind::Hole
            }
        }
    }
}
