//! Loops. `break` goes behind the loop, `continue` to where the next turn is decided.

use wasm_encoder::{BlockType, ValType};

use crate::check::program::{ExprId, ExprKind, Pattern, Variable};
use crate::emit::arithmetic::Operand;
use crate::emit::code::Label;
use crate::emit::emitter::Emitter;
use crate::emit::layout::{list, reference};
use crate::emit::runtime::Runtime;
use crate::types::{Type, TypeId};

impl<'a> Emitter<'_, 'a> {
    pub(crate) fn while_(&mut self, condition: ExprId, body: ExprId) {
        let done = self.c.block(BlockType::Empty);
        let next = self.c.repeat();
        if !matches!(self.get_expr(condition).kind, ExprKind::Bool(true)) {
            // The condition is evaluated in each turn, so it is in the loop as well.
            self.frame.loops.push((done, next));
            self.condition(condition, true);
            self.frame.loops.pop();
            self.c.br_if(done);
        }
        self.frame.loops.push((done, next));
        self.statement(body);
        self.frame.loops.pop();
        self.c.br(next);
        self.c.end();
        self.c.end();
    }

    pub(crate) fn loop_(&mut self, body: ExprId, ty: TypeId) {
        let done = self.c.block(BlockType::Empty);
        let next = self.c.repeat();
        self.frame.loops.push((done, next));
        self.statement(body);
        self.frame.loops.pop();
        self.c.br(next);
        self.c.end();
        self.c.end();
        self.unreachable_if_never(ty);
    }

    /// The count is kept apart from the variable if that is assigned or boxed. Without overflow at the end: one more is added only if
    /// there is one more turn.
    pub(crate) fn for_range(
        &mut self,
        pattern: &'a Pattern,
        start: ExprId,
        end: ExprId,
        inclusive: bool,
        body: ExprId,
    ) {
        let start_value = self.int_operand(start, &[end]);
        let end_value = match self.loop_end(end) {
            Some(operand) => operand,
            None => {
                self.expr(end);
                let local = self.c.temp(ValType::I64);
                self.c.set(local);
                Operand::In { local, owned: true }
            }
        };
        let own = match *pattern {
            Pattern::Bind(Variable::Local(id)) if !self.frame.assigned[id.0 as usize] => self.plain_local(id),
            _ => None,
        };
        let count = own.unwrap_or_else(|| self.c.temp(ValType::I64));
        self.push_int(start_value);
        self.c.set(count);
        self.release_operand(start_value);
        let done = self.c.block(BlockType::Empty);
        self.c.get(count);
        self.push_int(end_value);
        if inclusive {
            self.c.i().i64_gt_s();
        } else {
            self.c.i().i64_ge_s();
        }
        self.c.br_if(done);
        let next = self.c.repeat();
        let turn = self.c.block(BlockType::Empty);
        self.frame.loops.push((done, turn));
        if own.is_none() {
            self.bind_pattern(pattern, Some(count), TypeId::INT);
        }
        self.statement(body);
        self.frame.loops.pop();
        self.c.end();
        if inclusive {
            self.c.get(count);
            self.push_int(end_value);
            self.c.i().i64_eq();
            self.c.br_if(done);
            self.c.get(count).i().i64_const(1).i64_add().local_set(count);
            self.c.br(next);
        } else {
            self.c.get(count).i().i64_const(1).i64_add().local_tee(count);
            self.push_int(end_value);
            self.c.i().i64_lt_s();
            self.c.br_if(next);
        }
        self.c.end();
        self.c.end();
        if own.is_none() {
            self.c.release(count);
        }
        self.release_operand(end_value);
    }

    /// The end of a range, if it stays as it is in all turns: a number, or a variable that is never assigned.
    fn loop_end(&mut self, end: ExprId) -> Option<Operand> {
        match self.get_expr(end).kind {
            ExprKind::Int(value) => Some(Operand::Const(value)),
            ExprKind::Variable(Variable::Local(id)) if !self.frame.assigned[id.0 as usize] => {
                self.plain_local(id).map(|local| Operand::In { local, owned: false })
            }
            _ => None,
        }
    }

    pub(crate) fn for_each(&mut self, pattern: &'a Pattern, over: ExprId, body: ExprId) {
        let ty = self.type_of(over);
        let Some(over) = self.expr_to_temp(over) else { return };
        let at = self.c.temp(ValType::I32);
        self.c.i().i32_const(0).local_set(at);
        let done = self.c.block(BlockType::Empty);
        let next = self.c.repeat();
        match *self.ty(ty) {
            Type::Array(element) => {
                let types = self.m.layout.list_of(self.m.types, element);
                self.c.get(at).get(over).i().struct_get(types.object, list::LEN).i32_ge_u();
                self.c.br_if(done);
                let turn = self.c.block(BlockType::Empty);
                self.c.get(over).i().struct_get(types.object, list::DATA).local_get(at);
                self.get_element(types.data, element);
                self.turn(pattern, element, body, (done, turn));
                self.c.end();
                self.c.get(at).i().i32_const(1).i32_add().local_set(at);
            }
            _ => {
                let string = self.m.layout.string();
                let char = self.c.temp(reference(string));
                self.c.get(at).get(over).i().array_len().i32_ge_u();
                self.c.br_if(done);
                self.c.get(over).get(at);
                self.runtime(Runtime::Char);
                self.c.i().local_tee(char).array_len().local_get(at).i32_add().local_set(at);
                let turn = self.c.block(BlockType::Empty);
                self.c.get(char);
                self.turn(pattern, TypeId::STRING, body, (done, turn));
                self.c.end();
                self.c.release(char);
            }
        }
        self.c.br(next);
        self.c.end();
        self.c.end();
        self.c.release(at);
        self.c.release(over);
    }

    /// One turn, with the element on the stack.
    fn turn(&mut self, pattern: &'a Pattern, ty: TypeId, body: ExprId, labels: (Label, Label)) {
        let element = self.spill(ty);
        self.frame.loops.push(labels);
        self.bind_pattern(pattern, element, ty);
        self.release(element);
        self.statement(body);
        self.frame.loops.pop();
    }
}
