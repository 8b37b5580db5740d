//! The functions of a program: parameters, body, result.

use wasm_encoder::{BlockType, ValType};

use crate::check::program::{Callee, Expr, ExprId, ExprKind, FunctionId, LocalId, Place, Variable};
use crate::emit::code::Code;
use crate::emit::emitter::{Emitter, Frame, Names, Place as At};
use crate::emit::expr::children;
use crate::emit::layout::{ANY_STRUCT, is_abstract, reference};
use crate::emit::module::Module;
use crate::emit::runtime::Runtime;
use crate::types::TypeId;

/// Writes the code of a function of the program: the cell itself, a function at its top level, or a closure.
pub(crate) fn function(m: &mut Module<'_>, names: &Names, id: FunctionId) {
    let program = m.program;
    let function = &program.functions[id.0 as usize];
    let is_cell = id == program.body;
    let is_closure = !is_cell && !function.top_level;
    let mut params = if is_closure { vec![ANY_STRUCT] } else { Vec::new() };
    let mut homes = Vec::new();
    for local in &function.locals[..function.params as usize] {
        let value = if is_closure { m.layout.passed(m.types, local.ty) } else { m.value(local.ty) };
        homes.push(value.map(|_| params.len() as u32));
        params.extend(value);
    }
    let result = match is_cell {
        true => None,
        false if is_closure => m.layout.passed(m.types, function.result),
        false => m.value(function.result),
    };
    let results: Vec<ValType> = result.into_iter().collect();
    if params.len() > 1000 {
        m.refuse(function.span, "a function can have at most 1000 parameters");
    }
    let frame = Frame {
        function: Some(function),
        locals: vec![None; function.locals.len()],
        assigned: assigned(m, function.body, function.locals.len()),
        once: is_cell,
        itself: Some(id).filter(|_| function.top_level),
        ..Frame::default()
    };
    let place = At::At(function.span.start);
    let mut e = Emitter { m, names, c: Code::new(params.len() as u32), place, frame };
    e.at(function.span);
    if is_closure {
        let captures: Vec<(TypeId, bool)> =
            function.captures.iter().map(|capture| (capture.ty, capture.boxed)).collect();
        if !captures.is_empty() {
            let types: Vec<TypeId> =
                function.locals[..function.params as usize].iter().map(|local| local.ty).collect();
            e.open_closure(&types, function.result, &captures);
        }
    }
    for (k, home) in homes.into_iter().enumerate() {
        if let Some(home) = home {
            e.open_param(LocalId(k as u32), home, is_closure);
        }
    }
    if is_cell {
        e.cell(function.body, function.result);
    } else if e.has_tail_call(function.body) {
        e.tail(function.body);
    } else {
        e.expr(function.body);
        if function.result == TypeId::UNIT || function.result == TypeId::NEVER {
            e.drop(e.type_of(function.body));
        }
        e.unreachable_if_never(function.result);
    }
    e.define(id.0, &params, &results);
}

impl<'a> Emitter<'_, 'a> {
    /// The cell: evaluates it and shows its value.
    fn cell(&mut self, body: ExprId, result: TypeId) {
        // A function of another cell may write texts as well.
        let writes = |expr: &Expr| {
            matches!(expr.kind, ExprKind::Interpolate(_) | ExprKind::Builtin(..) | ExprKind::Call(..))
        };
        let nothing = matches!(&self.get_expr(body).kind, ExprKind::Block(list, None) if list.is_empty());
        if result != TypeId::UNIT || !nothing && self.m.program.exprs.iter().any(writes) {
            self.runtime(Runtime::Forget);
        }
        self.expr(body);
        if result == TypeId::UNIT || result == TypeId::NEVER {
            self.drop(self.type_of(body));
        } else if self.type_of(body) != TypeId::NEVER {
            self.show(result);
        }
    }

    /// Has the variable of a parameter in the parameter itself, in a local of its own type, or in a box.
    fn open_param(&mut self, id: LocalId, home: u32, is_closure: bool) {
        let Some(function) = self.frame.function else { return };
        let local = &function.locals[id.0 as usize];
        let ty = local.ty;
        let cast = is_closure && is_abstract(self.m.types, ty);
        if local.boxed {
            let object = self.m.layout.boxed(self.m.types, ty);
            let place = self.c.local(reference(object));
            self.c.i().i32_const(0).local_get(home).struct_new(object).local_set(place);
            self.frame.locals[id.0 as usize] = Some(place);
        } else if cast {
            let object = self.m.layout.object(self.m.types, ty);
            let place = self.c.local(reference(object));
            self.c.get(home);
            self.c.cast(object);
            self.c.set(place);
            self.frame.locals[id.0 as usize] = Some(place);
        } else {
            self.frame.locals[id.0 as usize] = Some(home);
        }
    }

    /// Casts the closure, parameter 0, to its own type, once.
    fn open_closure(&mut self, params: &[TypeId], result: TypeId, captures: &[(TypeId, bool)]) {
        let object = self.m.layout.closure_by_parts(self.m.types, params, result, captures);
        let local = self.c.local(reference(object));
        self.c.get(0);
        self.c.cast(object);
        self.c.set(local);
        self.frame.closure = Some((local, object));
    }

    /// `return`.
    pub(crate) fn return_(&mut self, value: Option<ExprId>) {
        let Some(function) = self.frame.function else { return };
        match value {
            // The arguments of a call in a text may still leave only a loop within the text, so the text stays till they are there.
            Some(value) if !self.frame.once && self.frame.texts.is_empty() && self.has_tail_call(value) => {
                self.tail(value);
            }
            Some(value) => {
                self.expr(value);
                if self.frame.once || function.result == TypeId::UNIT {
                    self.drop(self.type_of(value));
                }
                self.leave_texts(0);
                self.c.i().return_();
            }
            None => {
                self.leave_texts(0);
                self.c.i().return_();
            }
        }
    }

    /// Whether the value of an expression, as that of the function, may come from the function calling itself: such calls need no frame
    /// of their own, however many there are. Calls of other functions keep theirs, for backtraces.
    fn has_tail_call(&self, id: ExprId) -> bool {
        let expr = self.get_expr(id);
        match &expr.kind {
            ExprKind::Call(Callee::Function(function), args) => {
                Some(*function) == self.frame.itself
                    && args.iter().all(|&arg| self.type_of(arg) != TypeId::NEVER)
            }
            ExprKind::Block(_, Some(value)) => self.has_tail_call(*value),
            ExprKind::If(condition, then, Some(otherwise)) => {
                self.type_of(*condition) != TypeId::NEVER
                    && (self.has_tail_call(*then) || self.has_tail_call(*otherwise))
            }
            _ => false,
        }
    }

    /// Returns the value of an expression.
    fn tail(&mut self, id: ExprId) {
        let expr = self.get_expr(id);
        if !self.has_tail_call(id) {
            return self.return_(Some(id));
        }
        match &expr.kind {
            ExprKind::Call(callee, args) => self.call(*callee, args, expr, true),
            ExprKind::Block(statements, Some(value)) => {
                for &statement in statements {
                    self.statement(statement);
                }
                self.tail(*value);
            }
            &ExprKind::If(condition, then, Some(otherwise)) => {
                self.condition(condition, false);
                self.c.if_(BlockType::Empty);
                self.tail(then);
                self.c.else_();
                self.tail(otherwise);
                self.c.end();
                self.c.i().unreachable();
            }
            _ => {}
        }
    }
}

/// Which variables of a function are assigned after they are bound.
fn assigned(m: &Module<'_>, body: ExprId, count: usize) -> Vec<bool> {
    let mut result = vec![false; count];
    let mut open = vec![body];
    while let Some(id) = open.pop() {
        let expr = &m.program.exprs[id.0 as usize];
        if let ExprKind::Assign(place, _) | ExprKind::AssignOp(place, ..) = &expr.kind
            && let Place::Variable(Variable::Local(LocalId(local))) = place
        {
            result[*local as usize] = true;
        }
        children(expr, &mut |child| open.push(child));
    }
    result
}
