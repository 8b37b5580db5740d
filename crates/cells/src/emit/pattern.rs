//! Patterns: what fits is found by tests that branch away, and bound on the way.

use wasm_encoder::BlockType;

use crate::check::program::{Arm, Expr, ExprId, Pattern};
use crate::emit::code::Label;
use crate::emit::emitter::{Emitter, block_type};
use crate::emit::layout::FIRST_FIELD;
use crate::emit::runtime::Runtime;
use crate::host::Failure;
use crate::types::{Type, TypeId};

impl<'a> Emitter<'_, 'a> {
    pub(crate) fn match_(&mut self, subject: ExprId, arms: &'a [Arm], expr: &'a Expr) {
        let ty = self.type_of(subject);
        let value = self.value(expr.ty);
        let subject = self.expr_to_temp(subject);
        let done = self.c.block(block_type(value));
        let mut fits_always = false;
        for arm in arms {
            let sure = arm.guard.is_none() && !is_refutable(&arm.pattern);
            if sure {
                self.pattern(&arm.pattern, subject, ty, None);
                self.branch(arm.body, expr.ty);
                fits_always = true;
                break;
            }
            let next = self.c.block(BlockType::Empty);
            self.pattern(&arm.pattern, subject, ty, Some(next));
            if let Some(guard) = arm.guard {
                self.condition(guard, true);
                self.c.br_if(next);
            }
            self.branch(arm.body, expr.ty);
            self.c.br(done);
            self.c.end();
        }
        if !fits_always {
            self.at(expr.span);
            self.fail(Failure::NoMatch);
        }
        self.c.end();
        self.release(subject);
        self.unreachable_if_never(expr.ty);
    }

    /// Binds a pattern of which the checker says that it fits always.
    pub(crate) fn bind_pattern(&mut self, pattern: &Pattern, subject: Option<u32>, ty: TypeId) {
        if !is_refutable(pattern) {
            return self.pattern(pattern, subject, ty, None);
        }
        let fits = self.c.block(BlockType::Empty);
        let other = self.c.block(BlockType::Empty);
        self.pattern(pattern, subject, ty, Some(other));
        self.c.br(fits);
        self.c.end();
        self.fail(Failure::NoMatch);
        self.c.end();
    }

    /// Branches to `other` unless the pattern fits the value in the local, and binds what it binds. Without `other` it has no tests.
    fn pattern(&mut self, pattern: &Pattern, subject: Option<u32>, ty: TypeId, other: Option<Label>) {
        match pattern {
            Pattern::Wildcard => {}
            &Pattern::Bind(variable) => self.bind(variable, ty, |e| e.unspill(subject)),
            Pattern::Tuple(tuple, elements) => {
                let Some(subject) = subject else { return };
                let Type::Tuple(types) = self.ty(*tuple) else { return };
                let object = self.m.layout.object(self.m.types, *tuple);
                for ((field, pattern), &ty) in (0..).zip(elements).zip(types.iter()) {
                    self.field_pattern(pattern, (subject, object, field), ty, other);
                }
            }
            Pattern::Struct(structure, fields) => {
                let Some(subject) = subject else { return };
                let Type::Struct(id) = *self.ty(*structure) else { return };
                let object = self.m.layout.object(self.m.types, *structure);
                for (field, pattern) in fields {
                    let ty = self.m.types.struct_type(id).fields[*field as usize].ty;
                    self.field_pattern(pattern, (subject, object, FIRST_FIELD + field), ty, other);
                }
            }
            _ => {
                let (Some(subject), Some(other)) = (subject, other) else { return };
                self.test(pattern, subject, ty, other);
            }
        }
    }

    fn field_pattern(&mut self, pattern: &Pattern, at: (u32, u32, u32), ty: TypeId, other: Option<Label>) {
        let (subject, object, field) = at;
        match pattern {
            Pattern::Wildcard => {}
            &Pattern::Bind(variable) => self.bind(variable, ty, |e| {
                e.c.get(subject);
                e.get_field(object, field, ty);
            }),
            _ => {
                self.c.get(subject);
                self.get_field(object, field, ty);
                let value = self.spill(ty);
                self.pattern(pattern, value, ty, other);
                self.release(value);
            }
        }
    }

    fn test(&mut self, pattern: &Pattern, subject: u32, ty: TypeId, other: Label) {
        match pattern {
            &Pattern::Int(value) => {
                self.c.get(subject).i().i64_const(value).i64_ne();
            }
            &Pattern::Float(value) => {
                self.c.get(subject).i().f64_const(value.into()).f64_ne();
            }
            &Pattern::Bool(value) => {
                self.c.get(subject);
                if value {
                    self.c.i().i32_eqz();
                }
            }
            Pattern::String(text) => {
                self.c.get(subject);
                self.text(text.as_bytes());
                self.runtime(Runtime::Equal);
                self.c.i().i32_eqz();
            }
            &Pattern::Range(least, greatest) => {
                if least > greatest {
                    return self.c.br(other);
                }
                // One comparison without signs, with the least number as zero.
                self.c
                    .get(subject)
                    .i()
                    .i64_const(least)
                    .i64_sub()
                    .i64_const(greatest.wrapping_sub(least))
                    .i64_gt_u();
            }
            Pattern::Or(alternatives) => {
                let fits = self.c.block(BlockType::Empty);
                for alternative in alternatives {
                    let next = self.c.block(BlockType::Empty);
                    self.pattern(alternative, Some(subject), ty, Some(next));
                    self.c.br(fits);
                    self.c.end();
                }
                self.c.br(other);
                self.c.end();
                return;
            }
            Pattern::Wildcard | Pattern::Bind(_) | Pattern::Tuple(..) | Pattern::Struct(..) => {
                return self.pattern(pattern, Some(subject), ty, Some(other));
            }
        }
        self.c.br_if(other);
    }
}

/// Whether there may be values that the pattern does not fit.
fn is_refutable(pattern: &Pattern) -> bool {
    match pattern {
        Pattern::Wildcard | Pattern::Bind(_) => false,
        Pattern::Int(_) | Pattern::Float(_) | Pattern::Bool(_) | Pattern::String(_) | Pattern::Range(..) => {
            true
        }
        Pattern::Tuple(_, elements) => elements.iter().any(is_refutable),
        Pattern::Struct(_, fields) => fields.iter().any(|field| is_refutable(&field.1)),
        Pattern::Or(alternatives) => alternatives.iter().all(is_refutable),
    }
}
