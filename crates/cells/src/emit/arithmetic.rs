//! Operators. Those of `Int` that can overflow check it beside the operation, and fail out of line.

use wasm_encoder::{BlockType, ValType};

use crate::check::program::{BinaryOp, ExprId, ExprKind, Variable};
use crate::emit::emitter::Emitter;
use crate::emit::runtime::Runtime;
use crate::host::{Failure, Math};
use crate::source::Span;
use crate::types::{Type, TypeId};

/// Where an operand is. Operators on `Int` look at theirs more than once.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Operand {
    /// A number that is known.
    Const(i64),
    /// In a local, which is only for this if `owned`.
    In {
        /// The local.
        local: u32,
        /// Whether it was taken for the operand.
        owned: bool,
    },
}

/// An operand that is in a local.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    pub local: u32,
    pub owned: bool,
}

impl From<Held> for Operand {
    fn from(held: Held) -> Self {
        Self::In { local: held.local, owned: held.owned }
    }
}

/// How deep an expression is looked at to find that it changes no variable.
const SIMPLE_DEPTH: u32 = 4;

impl Emitter<'_, '_> {
    pub(crate) fn binary(&mut self, op: BinaryOp, a: ExprId, b: ExprId, span: Span) {
        match op {
            BinaryOp::And => {
                self.condition(a, false);
                self.c.if_(BlockType::Result(ValType::I32));
                self.condition(b, false);
                self.c.else_();
                self.c.i().i32_const(0);
                self.c.end();
                return;
            }
            BinaryOp::Or => {
                self.condition(a, false);
                self.c.if_(BlockType::Result(ValType::I32));
                self.c.i().i32_const(1);
                self.c.else_();
                self.condition(b, false);
                self.c.end();
                return;
            }
            _ => {}
        }
        let ty = self.type_of(a);
        if ty == TypeId::INT && needs_operands(op) {
            let a = self.int_operand(a, &[b]);
            let b = self.int_operand(b, &[]);
            if let Some(value) = fold(op, a, b) {
                self.c.i().i64_const(value);
                return;
            }
            self.at(span);
            self.int(op, a, b);
            self.release_operand(a);
            self.release_operand(b);
        } else {
            self.expr(a);
            self.expr(b);
            self.at(span);
            self.operator(op, ty);
        }
    }

    /// An operator on two values of `ty` that are on the stack.
    pub(crate) fn operator(&mut self, op: BinaryOp, ty: TypeId) {
        match (self.ty(ty), op) {
            (_, BinaryOp::Equal) => self.equal(ty),
            (Type::Int, BinaryOp::NotEqual) => {
                self.c.i().i64_ne();
            }
            (Type::Float, BinaryOp::NotEqual) => {
                self.c.i().f64_ne();
            }
            (_, BinaryOp::NotEqual) => {
                self.equal(ty);
                self.c.i().i32_eqz();
            }
            (_, BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual) => {
                self.ordered(op, ty)
            }
            (Type::Int, _) if needs_operands(op) => {
                let b = self.c.temp(ValType::I64);
                let a = self.c.temp(ValType::I64);
                self.c.set(b).set(a);
                self.int(op, Operand::In { local: a, owned: true }, Operand::In { local: b, owned: true });
                self.c.release(a);
                self.c.release(b);
            }
            (Type::Float, BinaryOp::Remainder) => {
                let b = self.c.temp(ValType::F64);
                let a = self.c.temp(ValType::F64);
                self.c.set(b).set(a);
                self.c.i().i32_const(Math::Remainder as i32).local_get(a).local_get(b);
                self.runtime(Runtime::Math);
                self.c.release(a);
                self.c.release(b);
            }
            (Type::String, _) => self.runtime(Runtime::Concat),
            (Type::Array(_), _) => self.concat_lists(ty),
            (Type::Bool, _) => {
                let mut i = self.c.i();
                match op {
                    BinaryOp::BitAnd | BinaryOp::And => i.i32_and(),
                    BinaryOp::BitOr | BinaryOp::Or => i.i32_or(),
                    _ => i.i32_xor(),
                };
            }
            (Type::Float, _) => {
                let mut i = self.c.i();
                match op {
                    BinaryOp::Add => i.f64_add(),
                    BinaryOp::Subtract => i.f64_sub(),
                    BinaryOp::Multiply => i.f64_mul(),
                    _ => i.f64_div(),
                };
            }
            _ => {
                let mut i = self.c.i();
                match op {
                    BinaryOp::BitAnd => i.i64_and(),
                    BinaryOp::BitOr => i.i64_or(),
                    BinaryOp::BitXor => i.i64_xor(),
                    // The count is taken modulo 64 there as well.
                    BinaryOp::ShiftLeft => i.i64_shl(),
                    _ => i.i64_shr_s(),
                };
            }
        }
    }

    /// Evaluates an operand. A variable stays where it is, if `later`, which is evaluated before it is looked at, cannot change it.
    pub(crate) fn int_operand(&mut self, id: ExprId, later: &[ExprId]) -> Operand {
        match self.constant(id, SIMPLE_DEPTH) {
            Some(value) => Operand::Const(value),
            None => self.held(id, ValType::I64, later).into(),
        }
    }

    /// The number that an expression of numbers is, unless it fails.
    fn constant(&self, id: ExprId, depth: u32) -> Option<i64> {
        let expr = self.get_expr(id);
        if depth == 0 || expr.ty != TypeId::INT {
            return None;
        }
        match expr.kind {
            ExprKind::Int(value) => Some(value),
            ExprKind::Negate(a) => self.constant(a, depth - 1)?.checked_neg(),
            ExprKind::Binary(op, a, b) => fold(
                op,
                Operand::Const(self.constant(a, depth - 1)?),
                Operand::Const(self.constant(b, depth - 1)?),
            ),
            _ => None,
        }
    }

    /// Evaluates an operand into a local, or says which it is in.
    pub(crate) fn held(&mut self, id: ExprId, value: ValType, later: &[ExprId]) -> Held {
        if let ExprKind::Variable(Variable::Local(local)) = self.get_expr(id).kind
            && let Some(local) = self.plain_local(local)
            && later.iter().all(|&id| self.is_simple(id, SIMPLE_DEPTH))
        {
            return Held { local, owned: false };
        }
        self.expr(id);
        let local = self.c.temp(value);
        self.c.set(local);
        Held { local, owned: true }
    }

    /// The value of an `Int` variable while `later` is evaluated.
    pub(crate) fn held_variable(&mut self, variable: Variable, later: ExprId) -> Held {
        if let Variable::Local(id) = variable
            && let Some(local) = self.plain_local(id)
            && self.is_simple(later, SIMPLE_DEPTH)
        {
            return Held { local, owned: false };
        }
        self.get_variable(variable, TypeId::INT);
        let local = self.c.temp(ValType::I64);
        self.c.set(local);
        Held { local, owned: true }
    }

    pub(crate) fn release_operand(&mut self, operand: impl Into<Operand>) {
        if let Operand::In { local, owned: true } = operand.into() {
            self.c.release(local);
        }
    }

    /// Whether evaluating an expression assigns no local variable for certain.
    fn is_simple(&self, id: ExprId, depth: u32) -> bool {
        if depth == 0 {
            return false;
        }
        match &self.get_expr(id).kind {
            ExprKind::Unit
            | ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Bool(_)
            | ExprKind::String(_)
            | ExprKind::Variable(_) => true,
            &ExprKind::Negate(a)
            | &ExprKind::Not(a)
            | &ExprKind::Field(a, _)
            | &ExprKind::TupleField(a, _) => self.is_simple(a, depth - 1),
            &ExprKind::Binary(_, a, b) | &ExprKind::Index(a, b) => {
                self.is_simple(a, depth - 1) && self.is_simple(b, depth - 1)
            }
            // A function cannot assign another's locals, unless they are in boxes.
            ExprKind::Call(_, args) | ExprKind::Builtin(_, args) => {
                args.iter().all(|&arg| self.is_simple(arg, depth - 1))
            }
            _ => false,
        }
    }

    pub(crate) fn push_int(&mut self, operand: impl Into<Operand>) {
        match operand.into() {
            Operand::Const(value) => self.c.i().i64_const(value),
            Operand::In { local, .. } => self.c.i().local_get(local),
        };
    }

    pub(crate) fn negate(&mut self, operand: ExprId, span: Span) {
        if self.type_of(operand) == TypeId::FLOAT {
            self.expr(operand);
            self.c.i().f64_neg();
            return;
        }
        match self.int_operand(operand, &[]) {
            Operand::Const(value) if value != i64::MIN => {
                self.c.i().i64_const(-value);
            }
            operand => {
                self.at(span);
                self.int(BinaryOp::Subtract, Operand::Const(0), operand);
                self.release_operand(operand);
            }
        }
    }

    /// An operator on `Int` that may fail.
    pub(crate) fn int(&mut self, op: BinaryOp, a: impl Into<Operand>, b: impl Into<Operand>) {
        let (a, b) = (a.into(), b.into());
        match op {
            BinaryOp::Add => self.add(a, b),
            BinaryOp::Subtract => self.subtract(a, b),
            BinaryOp::Multiply => self.multiply(a, b),
            BinaryOp::Divide => self.divide(a, b),
            _ => self.remainder(a, b),
        }
    }

    fn add(&mut self, a: Operand, b: Operand) {
        let (a, b) = if matches!(a, Operand::Const(_)) { (b, a) } else { (a, b) };
        let r = self.c.temp(ValType::I64);
        self.push_int(a);
        self.push_int(b);
        self.c.i().i64_add().local_tee(r);
        if let Operand::Const(value) = b {
            self.push_int(a);
            if value >= 0 {
                self.c.i().i64_lt_s();
            } else {
                self.c.i().i64_gt_s();
            }
        } else {
            // The sign of the sum differs from those of both operands.
            self.push_int(a);
            self.c.i().i64_xor().local_get(r);
            self.push_int(b);
            self.c.i().i64_xor().i64_and().i64_const(0).i64_lt_s();
        }
        self.fail_if(Failure::Overflow);
        self.c.get(r);
        self.c.release(r);
    }

    fn subtract(&mut self, a: Operand, b: Operand) {
        let r = self.c.temp(ValType::I64);
        self.push_int(a);
        self.push_int(b);
        self.c.i().i64_sub().local_tee(r);
        match (a, b) {
            (_, Operand::Const(value)) => {
                self.push_int(a);
                if value >= 0 {
                    self.c.i().i64_gt_s();
                } else {
                    self.c.i().i64_lt_s();
                }
            }
            (Operand::Const(0), _) => {
                // Only the least number has no opposite: it is its own.
                self.push_int(b);
                self.c.i().i64_and().i64_const(0).i64_lt_s();
            }
            _ => {
                // The operands differ in sign, and the difference has not that of the first.
                self.push_int(a);
                self.c.i().i64_xor();
                self.push_int(a);
                self.push_int(b);
                self.c.i().i64_xor().i64_and().i64_const(0).i64_lt_s();
            }
        }
        self.fail_if(Failure::Overflow);
        self.c.get(r);
        self.c.release(r);
    }

    fn multiply(&mut self, a: Operand, b: Operand) {
        let (a, b) = if matches!(a, Operand::Const(_)) { (b, a) } else { (a, b) };
        match b {
            Operand::Const(value) if value > 0 => {
                // Of the numbers that may be multiplied by it, the least and how far the greatest is from it.
                let (least, greatest) = (i64::MIN / value, i64::MAX / value);
                if value > 1 {
                    self.push_int(a);
                    self.c.i().i64_const(least).i64_sub().i64_const(greatest.wrapping_sub(least)).i64_gt_u();
                    self.fail_if(Failure::Overflow);
                }
                self.push_int(a);
                self.c.i().i64_const(value).i64_mul();
            }
            _ => {
                // Operands of 32 bits cannot overflow.
                const HALF: i64 = 1 << 31;
                self.push_int(a);
                self.c.i().i64_const(HALF).i64_add();
                if a != b {
                    self.push_int(b);
                    self.c.i().i64_const(HALF).i64_add().i64_or();
                }
                self.c.i().i64_const(32).i64_shr_u().i64_eqz();
                self.c.if_(BlockType::Result(ValType::I64));
                self.push_int(a);
                self.push_int(b);
                self.c.i().i64_mul();
                self.c.else_();
                self.push_int(a);
                self.push_int(b);
                self.runtime(Runtime::Multiply);
                self.c.end();
            }
        }
    }

    fn divide(&mut self, a: Operand, b: Operand) {
        self.check_divisor(b);
        match b {
            Operand::Const(value) if value != -1 => {}
            _ => {
                self.push_int(a);
                self.c.i().i64_const(i64::MIN).i64_eq();
                self.push_int(b);
                self.c.i().i64_const(-1).i64_eq().i32_and();
                self.fail_if(Failure::Overflow);
            }
        }
        self.push_int(a);
        self.push_int(b);
        self.c.i().i64_div_s();
    }

    fn remainder(&mut self, a: Operand, b: Operand) {
        self.check_divisor(b);
        self.push_int(a);
        self.push_int(b);
        self.c.i().i64_rem_s();
    }

    fn check_divisor(&mut self, b: Operand) {
        if !matches!(b, Operand::Const(value) if value != 0) {
            self.push_int(b);
            self.c.i().i64_eqz();
            self.fail_if(Failure::DivisionByZero);
        }
    }
}

/// What an operator makes of two numbers that are known, unless it fails.
fn fold(op: BinaryOp, a: Operand, b: Operand) -> Option<i64> {
    let (Operand::Const(a), Operand::Const(b)) = (a, b) else { return None };
    match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Subtract => a.checked_sub(b),
        BinaryOp::Multiply => a.checked_mul(b),
        _ => None,
    }
}

/// Whether the operator looks at its operands more than once.
pub(crate) fn needs_operands(op: BinaryOp) -> bool {
    matches!(
        op,
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Remainder
    )
}
