//! Expressions: one `match` over what there is; what needs more than a few lines is in the files beside.

use wasm_encoder::{BlockType, ValType};

use crate::check::program::{BinaryOp, Callee, Expr, ExprId, ExprKind, Place};
use crate::emit::code::Symbol;
use crate::emit::emitter::{Emitter, block_type};
use crate::emit::layout::{FIRST_FIELD, closure, list, reference};
use crate::emit::module::Helper;
use crate::emit::runtime::Runtime;
use crate::emit::text::Depth;
use crate::host::Failure;
use crate::types::{Type, TypeId};

/// How deep expressions may be nested. Parsing has a limit of its own below this; programs made otherwise do not exhaust the stack.
const DEEPEST: u32 = 2000;

/// The longest array whose elements are put onto the stack of WebAssembly together.
const LONGEST_FIXED: usize = 1000;

impl<'a> Emitter<'_, 'a> {
    /// An expression of the program.
    pub(crate) fn get_expr(&self, id: ExprId) -> &'a Expr {
        &self.m.program.exprs[id.0 as usize]
    }

    /// The type of an expression.
    pub(crate) fn type_of(&self, id: ExprId) -> TypeId {
        self.get_expr(id).ty
    }

    /// Evaluates an expression; its value is on the stack.
    pub(crate) fn expr(&mut self, id: ExprId) {
        let expr = self.get_expr(id);
        if self.frame.depth >= DEEPEST {
            self.m.refuse(expr.span, "this is nested too deeply");
            self.c.i().unreachable();
            return;
        }
        self.frame.depth += 1;
        if !self.stops_in_operand(expr) {
            self.at(expr.span);
            self.kind(expr);
        }
        self.frame.depth -= 1;
    }

    /// Evaluates an expression and drops its value.
    pub(crate) fn statement(&mut self, id: ExprId) {
        self.expr(id);
        self.drop(self.type_of(id));
    }

    /// Evaluates an expression into a local for a while.
    pub(crate) fn expr_to_temp(&mut self, id: ExprId) -> Option<u32> {
        self.expr(id);
        self.spill(self.type_of(id))
    }

    /// If an operand that is always evaluated does not return, nothing behind it has a type to go by: only the operands up to it
    /// are evaluated.
    fn stops_in_operand(&mut self, expr: &Expr) -> bool {
        let mut stops = false;
        always_evaluated(expr, &mut |operand| stops |= self.type_of(operand) == TypeId::NEVER);
        if !stops {
            return false;
        }
        let mut operands = Vec::new();
        always_evaluated(expr, &mut |operand| operands.push(operand));
        let stop =
            operands.iter().position(|&operand| self.type_of(operand) == TypeId::NEVER).unwrap_or_default();
        for &operand in &operands[..stop] {
            self.statement(operand);
        }
        self.expr(operands[stop]);
        true
    }

    fn kind(&mut self, expr: &'a Expr) {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Unit => {}
            &ExprKind::Int(value) => {
                self.c.i().i64_const(value);
            }
            &ExprKind::Float(value) => {
                self.c.i().f64_const(value.into());
            }
            &ExprKind::Bool(value) => {
                self.c.i().i32_const(value.into());
            }
            ExprKind::String(text) => self.text(text.as_bytes()),
            ExprKind::Interpolate(pieces) => self.interpolate(pieces),
            &ExprKind::Variable(variable) => self.get_variable(variable, expr.ty),
            &ExprKind::FunctionValue(function) => self.function_value(function, expr.ty),
            &ExprKind::ImportValue(import) => self.import_value(import, expr.ty),
            &ExprKind::Lambda(function) => self.lambda(function, expr.ty),
            &ExprKind::Negate(operand) => self.negate(operand, span),
            &ExprKind::Not(operand) => self.condition(operand, true),
            &ExprKind::Binary(op, a, b) => self.binary(op, a, b, span),
            ExprKind::Call(callee, args) => self.call(*callee, args, expr, false),
            ExprKind::Builtin(builtin, args) => self.builtin(*builtin, args, expr),
            ExprKind::Array(elements) => self.array(elements, expr),
            &ExprKind::Repeat(value, count) => self.repeat(value, count, expr),
            ExprKind::Tuple(elements) => {
                for &element in elements {
                    self.expr(element);
                    self.as_stored(self.type_of(element));
                }
                let object = self.m.layout.object(self.m.types, expr.ty);
                if !elements.is_empty() {
                    self.c.i().struct_new(object);
                }
            }
            ExprKind::Struct(fields) => self.structure(fields, expr),
            &ExprKind::TupleField(tuple, field) => {
                let object = self.m.layout.object(self.m.types, self.type_of(tuple));
                self.expr(tuple);
                self.get_field(object, field, expr.ty);
            }
            &ExprKind::Field(object, field) => {
                let ty = self.m.layout.object(self.m.types, self.type_of(object));
                self.expr(object);
                self.at(span);
                self.get_field(ty, FIRST_FIELD + field, expr.ty);
            }
            &ExprKind::Index(array, index) => self.index(array, index, expr),
            ExprKind::Assign(place, value) => self.assign(place, *value, span),
            ExprKind::AssignOp(place, op, value) => self.assign_op(place, *op, *value, span),
            ExprKind::Let(pattern, value) => self.let_(pattern, *value),
            &ExprKind::Declare(local) => self.declare(local),
            ExprKind::Block(statements, value) => {
                for &statement in statements {
                    self.statement(statement);
                }
                if let Some(value) = *value {
                    self.expr(value);
                } else if expr.ty == TypeId::NEVER {
                    self.c.i().unreachable();
                }
            }
            &ExprKind::If(condition, then, otherwise) => {
                let value = self.value(expr.ty);
                self.condition(condition, false);
                self.c.if_(block_type(value));
                self.branch(then, expr.ty);
                if let Some(otherwise) = otherwise {
                    self.c.else_();
                    self.branch(otherwise, expr.ty);
                }
                self.c.end();
                self.unreachable_if_never(expr.ty);
            }
            ExprKind::Match(subject, arms) => self.match_(*subject, arms, expr),
            &ExprKind::While(condition, body) => self.while_(condition, body),
            &ExprKind::Loop(body) => self.loop_(body, expr.ty),
            ExprKind::ForRange { pattern, start, end, inclusive, body } => {
                self.for_range(pattern, *start, *end, *inclusive, *body);
            }
            ExprKind::ForEach { pattern, over, body } => self.for_each(pattern, *over, *body),
            ExprKind::Break => {
                if let Some(&(label, _)) = self.frame.loops.last() {
                    self.leave_texts(self.frame.loops.len());
                    self.c.br(label);
                }
            }
            ExprKind::Continue => {
                if let Some(&(_, label)) = self.frame.loops.last() {
                    self.leave_texts(self.frame.loops.len());
                    self.c.br(label);
                }
            }
            &ExprKind::Return(value) => self.return_(value),
        }
    }

    /// A branch of `if` or an arm of `match`, whose own type may say that it does not come to a value.
    pub(crate) fn branch(&mut self, id: ExprId, ty: TypeId) {
        self.expr(id);
        let own = self.type_of(id);
        if ty == TypeId::UNIT || ty == TypeId::NEVER {
            self.drop(own);
        }
    }

    pub(crate) fn unreachable_if_never(&mut self, ty: TypeId) {
        if ty == TypeId::NEVER {
            self.c.i().unreachable();
        }
    }

    /// Whether an expression is true, or with `negate` false.
    pub(crate) fn condition(&mut self, id: ExprId, negate: bool) {
        let expr = self.get_expr(id);
        match expr.kind {
            ExprKind::Not(operand) if self.type_of(operand) != TypeId::NEVER => {
                return self.condition(operand, !negate);
            }
            ExprKind::Binary(op, a, b)
                if negate && self.type_of(a) == TypeId::INT && self.type_of(b) == TypeId::INT =>
            {
                let opposite = match op {
                    BinaryOp::Less => Some(BinaryOp::GreaterEqual),
                    BinaryOp::LessEqual => Some(BinaryOp::Greater),
                    BinaryOp::Greater => Some(BinaryOp::LessEqual),
                    BinaryOp::GreaterEqual => Some(BinaryOp::Less),
                    BinaryOp::Equal => Some(BinaryOp::NotEqual),
                    BinaryOp::NotEqual => Some(BinaryOp::Equal),
                    _ => None,
                };
                if let Some(op) = opposite {
                    return self.binary(op, a, b, expr.span);
                }
            }
            _ => {}
        }
        self.expr(id);
        if negate {
            self.c.i().i32_eqz();
        }
    }

    fn interpolate(&mut self, pieces: &'a [ExprId]) {
        let start = self.begin_text();
        for &piece in pieces {
            if let ExprKind::String(text) = &self.get_expr(piece).kind {
                self.put_constant(text);
                continue;
            }
            self.expr(piece);
            self.put(self.type_of(piece), Depth::Raw);
        }
        self.end_text(start);
    }

    /// Begins to build a text; gives the local that says where it starts.
    pub(crate) fn begin_text(&mut self) -> u32 {
        let start = self.c.temp(ValType::I32);
        self.runtime(Runtime::Begin);
        self.c.set(start);
        self.frame.texts.push((start, self.frame.loops.len()));
        start
    }

    /// Takes the text that has been built.
    pub(crate) fn end_text(&mut self, start: u32) {
        self.frame.texts.pop();
        self.c.get(start);
        self.runtime(Runtime::End);
        self.c.release(start);
    }

    /// Drops the texts being built that a jump leaves: those with at least so many loops around them.
    pub(crate) fn leave_texts(&mut self, loops: usize) {
        if let Some(&(start, _)) = self.frame.texts.iter().find(|text| text.1 >= loops) {
            self.c.get(start);
            self.runtime(Runtime::Drop);
        }
    }

    /// A call; with `tail` the function's own frame goes.
    pub(crate) fn call(&mut self, callee: Callee, args: &'a [ExprId], expr: &'a Expr, tail: bool) {
        let symbol = match callee {
            Callee::Function(function) => Symbol::Function(function.0),
            Callee::Import(import) => self.import_symbol(import),
            Callee::Value(function) => return self.call_value(function, args, expr),
        };
        for &arg in args {
            self.expr(arg);
        }
        self.at(expr.span);
        if tail {
            self.c.return_call(symbol);
        } else {
            self.c.call(symbol);
        }
        self.unreachable_if_never(expr.ty);
    }

    fn call_value(&mut self, function: ExprId, args: &'a [ExprId], expr: &'a Expr) {
        let ty = self.type_of(function);
        let object = self.m.layout.object(self.m.types, ty);
        let Some(local) = self.expr_to_temp(function) else { return };
        self.c.get(local);
        for &arg in args {
            self.expr(arg);
        }
        self.at(expr.span);
        self.c.get(local).i().struct_get(object, closure::CODE);
        self.call_code(ty);
        self.c.release(local);
        self.unreachable_if_never(expr.ty);
    }

    /// Calls the code on the stack; below it are the closure of type `ty` and the arguments.
    pub(crate) fn call_code(&mut self, ty: TypeId) {
        let code = self.m.layout.code_type(self.m.types, ty);
        self.c.i().call_ref(code);
        if let Type::Function(_, result) = self.ty(ty) {
            self.cast(*result);
        }
    }

    fn array(&mut self, elements: &'a [ExprId], expr: &Expr) {
        let types = self.m.layout.list(self.m.types, expr.ty);
        let n = elements.len() as i32;
        self.c.i().i32_const(0).i32_const(n);
        if elements.len() <= LONGEST_FIXED {
            for &element in elements {
                self.expr(element);
                self.as_stored(types.element);
            }
            self.c.i().array_new_fixed(types.data, elements.len() as u32).struct_new(types.object);
            return;
        }
        let data = self.c.temp(reference(types.data));
        self.c.i().i32_const(n).array_new_default(types.data).local_set(data);
        for (k, &element) in (0..).zip(elements) {
            self.c.get(data).i().i32_const(k);
            self.expr(element);
            self.set_element(types.data, types.element);
        }
        self.c.get(data).i().ref_as_non_null().struct_new(types.object);
        self.c.release(data);
    }

    fn repeat(&mut self, value: ExprId, count: ExprId, expr: &Expr) {
        let types = self.m.layout.list(self.m.types, expr.ty);
        let value = self.expr_to_temp(value);
        let Some(count) = self.expr_to_temp(count) else { return };
        self.at(expr.span);
        self.check_length(count);
        self.c.i().i32_const(0).local_get(count).i32_wrap_i64();
        self.unspill(value);
        self.as_stored(types.element);
        self.c.get(count).i().i32_wrap_i64().array_new(types.data).struct_new(types.object);
        self.release(value);
        self.c.release(count);
    }

    /// Fails if the number in the local cannot be a length.
    pub(crate) fn check_length(&mut self, count: u32) {
        self.c.get(count).i().i64_const(1 << 30).i64_gt_u();
        self.c.if_(BlockType::Empty);
        self.c.get(count).i().i64_const(0).i64_lt_s();
        self.c.if_(BlockType::Empty);
        let get = |e: &mut Self| {
            e.c.get(count);
        };
        self.fail_about(Failure::Negative, get, |e| {
            e.c.i().i64_const(0);
        });
        self.c.end();
        self.fail(Failure::TooLong);
        self.c.end();
    }

    /// Fields are evaluated as they are written and stored as they are defined.
    fn structure(&mut self, fields: &'a [(u32, ExprId)], expr: &Expr) {
        let object = self.m.layout.object(self.m.types, expr.ty);
        let in_order = fields.iter().zip(0..).all(|(field, k)| field.0 == k);
        if in_order {
            self.c.i().i32_const(0);
            for &(_, value) in fields {
                self.expr(value);
                self.as_stored(self.type_of(value));
            }
        } else {
            let mut values: Vec<_> = fields
                .iter()
                .map(|&(field, value)| (field, self.type_of(value), self.expr_to_temp(value)))
                .collect();
            values.sort_by_key(|value| value.0);
            self.c.i().i32_const(0);
            for (_, ty, local) in values {
                self.unspill(local);
                self.as_stored(ty);
                self.release(local);
            }
        }
        self.c.i().struct_new(object);
    }

    /// `array[index]`.
    fn index(&mut self, array: ExprId, index: ExprId, expr: &Expr) {
        let types = self.m.layout.list(self.m.types, self.type_of(array));
        let (array, index) = self.array_and_index(array, index, expr.span);
        self.c.get(array.local).i().struct_get(types.object, list::DATA);
        self.push_int(index);
        self.c.i().i32_wrap_i64();
        self.get_element(types.data, types.element);
        self.release_operand(array);
        self.release_operand(index);
    }

    /// From two arrays on the stack to one with the elements of both.
    pub(crate) fn concat_lists(&mut self, ty: TypeId) {
        let element = self.m.layout.list(self.m.types, ty).element;
        self.push_position();
        self.helper(Helper::Concat(element));
    }
}

/// Calls `f` with the operands that are evaluated whatever happens, in order.
fn always_evaluated(expr: &Expr, f: &mut dyn FnMut(ExprId)) {
    let place = |place: &Place, f: &mut dyn FnMut(ExprId)| match *place {
        Place::Variable(_) => {}
        Place::Field(object, _) => f(object),
        Place::Index(array, index) => {
            f(array);
            f(index);
        }
    };
    match &expr.kind {
        ExprKind::Unit
        | ExprKind::Int(_)
        | ExprKind::Float(_)
        | ExprKind::Bool(_)
        | ExprKind::String(_)
        | ExprKind::Variable(_)
        | ExprKind::FunctionValue(_)
        | ExprKind::ImportValue(_)
        | ExprKind::Lambda(_)
        | ExprKind::Declare(_)
        | ExprKind::Block(..)
        | ExprKind::While(..)
        | ExprKind::Loop(_)
        | ExprKind::Break
        | ExprKind::Continue => {}
        ExprKind::Interpolate(operands)
        | ExprKind::Array(operands)
        | ExprKind::Tuple(operands)
        | ExprKind::Builtin(_, operands) => operands.iter().for_each(|&operand| f(operand)),
        ExprKind::Call(callee, operands) => {
            if let Callee::Value(function) = *callee {
                f(function);
            }
            operands.iter().for_each(|&operand| f(operand));
        }
        ExprKind::Negate(a) | ExprKind::Not(a) | ExprKind::TupleField(a, _) | ExprKind::Field(a, _) => f(*a),
        ExprKind::Binary(BinaryOp::And | BinaryOp::Or, a, _) => f(*a),
        ExprKind::Binary(_, a, b) | ExprKind::Repeat(a, b) | ExprKind::Index(a, b) => {
            f(*a);
            f(*b);
        }
        ExprKind::Struct(fields) => fields.iter().for_each(|field| f(field.1)),
        ExprKind::Assign(target, value) | ExprKind::AssignOp(target, _, value) => {
            place(target, f);
            f(*value);
        }
        ExprKind::Let(_, value) => f(*value),
        ExprKind::If(condition, ..) => f(*condition),
        ExprKind::Match(subject, _) => f(*subject),
        ExprKind::ForRange { start, end, .. } => {
            f(*start);
            f(*end);
        }
        ExprKind::ForEach { over, .. } => f(*over),
        ExprKind::Return(value) => value.iter().for_each(|&value| f(value)),
    }
}

/// Calls `f` with all expressions directly in this one.
pub(crate) fn children(expr: &Expr, f: &mut dyn FnMut(ExprId)) {
    always_evaluated(expr, f);
    match &expr.kind {
        ExprKind::Block(statements, value) => {
            statements.iter().for_each(|&statement| f(statement));
            value.iter().for_each(|&value| f(value));
        }
        ExprKind::Binary(BinaryOp::And | BinaryOp::Or, _, b) => f(*b),
        ExprKind::If(_, then, otherwise) => {
            f(*then);
            otherwise.iter().for_each(|&otherwise| f(otherwise));
        }
        ExprKind::Match(_, arms) => {
            for arm in arms {
                arm.guard.iter().for_each(|&guard| f(guard));
                f(arm.body);
            }
        }
        ExprKind::While(condition, body) => {
            f(*condition);
            f(*body);
        }
        ExprKind::Loop(body) | ExprKind::ForRange { body, .. } | ExprKind::ForEach { body, .. } => f(*body),
        _ => {}
    }
}
