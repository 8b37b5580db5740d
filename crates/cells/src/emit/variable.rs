//! Variables and what can be assigned.

use wasm_encoder::{BlockType, ValType};

use crate::check::program::{BinaryOp, ExprId, ExprKind, LocalId, Pattern, Place, Variable};
use crate::emit::arithmetic::{Held, Operand, needs_operands};
use crate::emit::code::Symbol;
use crate::emit::emitter::Emitter;
use crate::emit::layout::{FIRST_FIELD, closure, list, reference};
use crate::environment::SymbolKind;
use crate::host::Failure;
use crate::source::Span;
use crate::types::{Type, TypeId};

/// Where a variable is.
#[derive(Clone, Copy)]
enum Home {
    Local(u32),
    /// A box in a local.
    Box(u32),
    /// A field of the closure, which holds the value or a box.
    Capture {
        field: u32,
        boxed: bool,
    },
    Global(Symbol),
    /// It has no value: `()`.
    Nowhere,
}

impl Emitter<'_, '_> {
    /// The local of a variable that is neither boxed nor without a value.
    pub(crate) fn plain_local(&mut self, id: LocalId) -> Option<u32> {
        match self.home(Variable::Local(id)) {
            Home::Local(local) => Some(local),
            _ => None,
        }
    }

    fn home(&mut self, variable: Variable) -> Home {
        let Some(function) = self.frame.function else { return Home::Nowhere };
        match variable {
            Variable::Local(id) => {
                let variable = &function.locals[id.0 as usize];
                let (boxed, ty) = (variable.boxed, variable.ty);
                let local = match self.frame.locals[id.0 as usize] {
                    Some(local) => local,
                    None => {
                        let types = self.m.types;
                        let value = if boxed {
                            Some(reference(self.m.layout.boxed(types, ty)))
                        } else {
                            self.value(ty)
                        };
                        let Some(value) = value else { return Home::Nowhere };
                        let local = self.c.local(value);
                        self.frame.locals[id.0 as usize] = Some(local);
                        local
                    }
                };
                if boxed { Home::Box(local) } else { Home::Local(local) }
            }
            Variable::Capture(id) => {
                let capture = function.captures[id.0 as usize];
                Home::Capture { field: closure::CAPTURES + id.0, boxed: capture.boxed }
            }
            Variable::Global(id) => Home::Global(self.global_symbol(id)),
            Variable::Import(id) => Home::Global(self.import_symbol(id)),
        }
    }

    /// Puts the value of a variable onto the stack.
    pub(crate) fn get_variable(&mut self, variable: Variable, ty: TypeId) {
        match self.home(variable) {
            Home::Nowhere => {}
            Home::Local(local) => {
                self.c.get(local);
            }
            Home::Box(local) => {
                self.c.get(local);
                self.get_boxed(ty);
            }
            Home::Capture { field, boxed } => {
                let Some((local, object)) = self.frame.closure else { return };
                self.c.get(local);
                if boxed {
                    self.c.i().struct_get(object, field);
                    self.get_boxed(ty);
                } else {
                    self.get_field(object, field, ty);
                }
            }
            Home::Global(symbol) => {
                let Some(value) = self.value(ty) else { return };
                self.c.global_get(symbol);
                // A function of the cell may run before the `let`; other cells have run to their end.
                if matches!(variable, Variable::Global(_)) && !self.frame.once {
                    self.check_defined(value);
                }
            }
        }
    }

    /// Fails if the reference on the stack is null.
    fn check_defined(&mut self, value: ValType) {
        if !matches!(value, ValType::Ref(_)) {
            return;
        }
        let local = self.c.temp(value);
        self.c.i().local_tee(local).ref_is_null();
        self.fail_if(Failure::Uninitialized);
        self.c.get(local);
        self.c.release(local);
    }

    /// From a box on the stack to its value.
    fn get_boxed(&mut self, ty: TypeId) {
        let object = self.m.layout.boxed(self.m.types, ty);
        self.get_field(object, FIRST_FIELD, ty);
        // Functions of blocks are in boxes before they are there.
        if matches!(self.ty(ty), Type::Function(..))
            && let Some(value) = self.value(ty)
        {
            self.check_defined(value);
        }
    }

    /// Puts the box of a variable, or its value if it has none, onto the stack, for a closure that captures it.
    pub(crate) fn get_captured(&mut self, variable: Variable, ty: TypeId) {
        match self.home(variable) {
            Home::Box(local) => {
                self.c.get(local);
            }
            Home::Capture { field, boxed: true } => {
                let Some((local, object)) = self.frame.closure else { return };
                self.c.get(local).i().struct_get(object, field);
            }
            _ => {
                self.get_variable(variable, ty);
                self.as_stored(ty);
            }
        }
    }

    /// Makes an empty box for a variable.
    pub(crate) fn declare(&mut self, id: LocalId) {
        let Some(function) = self.frame.function else { return };
        let ty = function.locals[id.0 as usize].ty;
        if let Home::Box(local) = self.home(Variable::Local(id)) {
            let object = self.m.layout.boxed(self.m.types, ty);
            self.c.i().struct_new_default(object).local_set(local);
        }
    }

    /// Binds a variable to what `value` leaves on the stack: in a new box, if it has one.
    pub(crate) fn bind(&mut self, variable: Variable, ty: TypeId, value: impl FnOnce(&mut Self)) {
        match self.home(variable) {
            Home::Nowhere => value(self),
            Home::Local(local) => {
                value(self);
                self.c.set(local);
            }
            Home::Box(local) => {
                let object = self.m.layout.boxed(self.m.types, ty);
                self.c.i().i32_const(0);
                value(self);
                self.as_stored(ty);
                self.c.i().struct_new(object).local_set(local);
            }
            Home::Global(symbol) => {
                value(self);
                if self.value(ty).is_some() {
                    self.c.global_set(symbol);
                }
            }
            // Patterns do not bind what is captured.
            Home::Capture { .. } => {
                value(self);
                self.drop(ty);
            }
        }
    }

    /// Assigns a variable what `value` leaves on the stack.
    fn set_variable(&mut self, variable: Variable, ty: TypeId, value: impl FnOnce(&mut Self)) {
        match self.home(variable) {
            Home::Box(local) => {
                let object = self.m.layout.boxed(self.m.types, ty);
                self.c.get(local);
                value(self);
                self.set_field(object, FIRST_FIELD, ty);
            }
            Home::Capture { field, boxed: true } => {
                let Some((local, closure)) = self.frame.closure else { return };
                let object = self.m.layout.boxed(self.m.types, ty);
                self.c.get(local).i().struct_get(closure, field);
                value(self);
                self.set_field(object, FIRST_FIELD, ty);
            }
            _ => self.bind(variable, ty, value),
        }
    }

    /// The type of a variable.
    fn variable_type(&self, variable: Variable) -> TypeId {
        let function = self.frame.function;
        match variable {
            Variable::Local(id) => {
                function.map_or(TypeId::UNIT, |function| function.locals[id.0 as usize].ty)
            }
            Variable::Capture(id) => {
                function.map_or(TypeId::UNIT, |function| function.captures[id.0 as usize].ty)
            }
            Variable::Global(id) => self.m.program.globals[id.0 as usize].ty,
            Variable::Import(id) => match self.m.program.imports[id.0 as usize].kind {
                SymbolKind::Value { ty, .. } | SymbolKind::Function(ty) => ty,
                SymbolKind::Struct(_) => TypeId::UNIT,
            },
        }
    }

    pub(crate) fn let_(&mut self, pattern: &Pattern, value: ExprId) {
        let ty = self.type_of(value);
        match pattern {
            &Pattern::Bind(variable) => self.bind(variable, ty, |e| e.expr(value)),
            Pattern::Wildcard => self.statement(value),
            _ => {
                let subject = self.expr_to_temp(value);
                self.bind_pattern(pattern, subject, ty);
                self.release(subject);
            }
        }
    }

    pub(crate) fn assign(&mut self, place: &Place, value: ExprId, span: Span) {
        let ty = self.type_of(value);
        match *place {
            Place::Variable(variable) => self.set_variable(variable, ty, |e| e.expr(value)),
            Place::Field(object, field) => {
                let index = self.m.layout.object(self.m.types, self.type_of(object));
                self.expr(object);
                self.expr(value);
                self.at(span);
                self.set_field(index, FIRST_FIELD + field, ty);
            }
            Place::Index(array, index) => {
                let types = self.m.layout.list(self.m.types, self.type_of(array));
                let array = self.held(array, reference(types.object), &[index, value]);
                let index = self.int_operand(index, &[value]);
                let held = if self.is_constant(value) { None } else { self.expr_to_temp(value) };
                self.at(span);
                self.check_index(array, index, types.object);
                self.c.get(array.local).i().struct_get(types.object, list::DATA);
                self.push_int(index);
                self.c.i().i32_wrap_i64();
                match held {
                    Some(held) => {
                        self.c.get(held);
                    }
                    None if self.is_constant(value) => self.expr(value),
                    None => {}
                }
                self.set_element(types.data, types.element);
                self.release(held);
                self.release_operand(array);
                self.release_operand(index);
            }
        }
    }

    pub(crate) fn assign_op(&mut self, place: &Place, op: BinaryOp, value: ExprId, span: Span) {
        match *place {
            Place::Variable(variable) => {
                let ty = self.variable_type(variable);
                if ty == TypeId::INT && needs_operands(op) {
                    return self.set_variable(variable, ty, |e| {
                        let old = e.held_variable(variable, value);
                        let new = e.int_operand(value, &[]);
                        e.at(span);
                        e.int(op, old, new);
                        e.release_operand(old);
                        e.release_operand(new);
                    });
                }
                self.set_variable(variable, ty, |e| {
                    e.get_variable(variable, ty);
                    e.expr(value);
                    e.at(span);
                    e.operator(op, ty);
                });
            }
            Place::Field(object, field) => {
                let object_type = self.type_of(object);
                let index = self.m.layout.object(self.m.types, object_type);
                let Type::Struct(id) = *self.ty(object_type) else { return };
                let ty = self.m.types.struct_type(id).fields[field as usize].ty;
                let Some(local) = self.expr_to_temp(object) else { return };
                self.c.get(local).get(local);
                self.at(span);
                self.get_field(index, FIRST_FIELD + field, ty);
                self.expr(value);
                self.at(span);
                self.operator(op, ty);
                self.set_field(index, FIRST_FIELD + field, ty);
                self.c.release(local);
            }
            Place::Index(array, index) => {
                let types = self.m.layout.list(self.m.types, self.type_of(array));
                // The value is evaluated between reading and writing, and may change the array.
                let array = self.held(array, reference(types.object), &[index, value]);
                let index = self.int_operand(index, &[value]);
                self.at(span);
                self.check_index(array, index, types.object);
                self.c.get(array.local).i().struct_get(types.object, list::DATA);
                self.push_int(index);
                self.c.i().i32_wrap_i64();
                self.get_element(types.data, types.element);
                self.expr(value);
                self.at(span);
                self.operator(op, types.element);
                let result = self.spill(types.element);
                if !self.is_constant(value) {
                    self.check_index(array, index, types.object);
                }
                self.c.get(array.local).i().struct_get(types.object, list::DATA);
                self.push_int(index);
                self.c.i().i32_wrap_i64();
                self.unspill(result);
                self.set_element(types.data, types.element);
                self.release(result);
                self.release_operand(array);
                self.release_operand(index);
            }
        }
    }

    /// Evaluates an array and an index, and fails unless there is such an element.
    pub(crate) fn array_and_index(&mut self, array: ExprId, index: ExprId, span: Span) -> (Held, Operand) {
        let types = self.m.layout.list(self.m.types, self.type_of(array));
        let array = self.held(array, reference(types.object), &[index]);
        let index = self.int_operand(index, &[]);
        self.at(span);
        self.check_index(array, index, types.object);
        (array, index)
    }

    pub(crate) fn check_index(&mut self, array: Held, index: Operand, object: u32) {
        self.push_int(index);
        self.c.get(array.local).i().struct_get(object, list::LEN).i64_extend_i32_u().i64_ge_u();
        self.c.if_(BlockType::Empty);
        self.fail_about(
            Failure::Index,
            |e| e.push_int(index),
            |e| {
                e.c.get(array.local).i().struct_get(object, list::LEN).i64_extend_i32_u();
            },
        );
        self.c.end();
    }

    fn is_constant(&self, id: ExprId) -> bool {
        matches!(self.get_expr(id).kind, ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Bool(_))
    }
}
