//! Whether a typed program is what [`crate::check::program`] says: run on each program in debug builds.

use crate::builtins::Builtin;
use crate::check::program::{
    BinaryOp, Callee, Captured, ExprId, ExprKind, Function, FunctionId, Pattern, Place, Program, Variable,
};
use crate::environment::SymbolKind;
use crate::types::{Type, TypeId, Types};

/// Checks the types of all nodes, that numbers are in range, and that `break` and `continue` stand in loops.
///
/// # Errors
///
/// What is wrong first.
pub fn verify(program: &Program, types: &Types) -> Result<(), String> {
    if program.body.0 as usize >= program.functions.len() {
        return Err("the body is no function".into());
    }
    for (number, function) in program.functions.iter().enumerate() {
        let mut verify = Verify { program, types, function, loops: 0 };
        verify.function(FunctionId(number as u32)).map_err(|error| format!("function {number}: {error}"))?;
    }
    Ok(())
}

struct Verify<'a> {
    program: &'a Program,
    types: &'a Types,
    function: &'a Function,
    loops: u32,
}

type Verified = Result<(), String>;

impl Verify<'_> {
    fn show(&self, ty: TypeId) -> String {
        self.types.display(ty).to_string()
    }

    fn ty(&self, id: ExprId) -> Result<TypeId, String> {
        self.program
            .exprs
            .get(id.0 as usize)
            .map(|expr| expr.ty)
            .ok_or_else(|| format!("no expression {}", id.0))
    }

    fn function(&mut self, id: FunctionId) -> Verified {
        let function = self.function;
        if function.params as usize > function.locals.len() {
            return Err("a parameter is no variable".into());
        }
        for local in &function.locals {
            if local.ty == TypeId::NEVER {
                return Err(format!("the variable `{}` has no values", local.name));
            }
        }
        let outer = id == self.program.body || function.top_level;
        if outer && !function.captures.is_empty() {
            return Err("a function at the top level captures something".into());
        }
        self.value(function.body, function.result)
    }

    /// An expression of the type, or one that does not return.
    fn value(&mut self, id: ExprId, wanted: TypeId) -> Verified {
        let found = self.expr(id)?;
        if found == wanted || found == TypeId::NEVER {
            return Ok(());
        }
        let span = self.program.exprs[id.0 as usize].span;
        Err(format!(
            "expression {} at {}..{} is {}, not {}",
            id.0,
            span.start,
            span.end,
            self.show(found),
            self.show(wanted)
        ))
    }

    fn variable(&self, variable: Variable) -> Result<TypeId, String> {
        let found = match variable {
            Variable::Local(id) => self.function.locals.get(id.0 as usize).map(|local| local.ty),
            Variable::Capture(id) => self.function.captures.get(id.0 as usize).map(|capture| capture.ty),
            Variable::Global(id) => self.program.globals.get(id.0 as usize).map(|global| global.ty),
            Variable::Import(id) => match self.program.imports.get(id.0 as usize).map(|import| import.kind) {
                Some(SymbolKind::Value { ty, .. }) => Some(ty),
                _ => None,
            },
        };
        found.ok_or_else(|| format!("there is no {variable:?}"))
    }

    fn function_type(&self, ty: TypeId) -> Result<(Vec<TypeId>, TypeId), String> {
        match self.types.get(ty) {
            Type::Function(params, result) => Ok((params.to_vec(), *result)),
            _ => Err(format!("{} is no function", self.show(ty))),
        }
    }

    fn signature(&self, id: FunctionId) -> Result<(Vec<TypeId>, TypeId), String> {
        let function =
            self.program.functions.get(id.0 as usize).ok_or_else(|| format!("no function {}", id.0))?;
        let params = function.locals.iter().take(function.params as usize).map(|local| local.ty).collect();
        Ok((params, function.result))
    }

    fn call(&mut self, (params, result): (Vec<TypeId>, TypeId), args: &[ExprId]) -> Result<TypeId, String> {
        if params.len() != args.len() {
            return Err(format!("{} arguments for {} parameters", args.len(), params.len()));
        }
        for (&arg, &param) in args.iter().zip(&params) {
            self.value(arg, param)?;
        }
        Ok(result)
    }

    /// The type of an expression whose parts are right.
    fn expr(&mut self, id: ExprId) -> Result<TypeId, String> {
        let ty = self.ty(id)?;
        let derived = self.derived(id, ty)?;
        if derived == ty || ty == TypeId::NEVER {
            return Ok(ty);
        }
        Err(format!("expression {} says {}, but is {}", id.0, self.show(ty), self.show(derived)))
    }

    fn derived(&mut self, id: ExprId, ty: TypeId) -> Result<TypeId, String> {
        let program = self.program;
        let expr = &program.exprs[id.0 as usize];
        Ok(match &expr.kind {
            ExprKind::Unit => TypeId::UNIT,
            ExprKind::Int(_) => TypeId::INT,
            ExprKind::Float(_) => TypeId::FLOAT,
            ExprKind::Bool(_) => TypeId::BOOL,
            ExprKind::String(_) => TypeId::STRING,
            ExprKind::Interpolate(parts) => {
                self.each(parts)?;
                TypeId::STRING
            }
            &ExprKind::Variable(variable) => self.variable(variable)?,
            &ExprKind::FunctionValue(id) => {
                if !program.functions.get(id.0 as usize).is_some_and(|function| function.top_level) {
                    return Err(format!("function {} is not at the top level", id.0));
                }
                self.matching(ty, self.signature(id)?)?
            }
            ExprKind::ImportValue(id) => match program.imports.get(id.0 as usize).map(|import| import.kind) {
                Some(SymbolKind::Function(ty)) => ty,
                _ => return Err(format!("import {} is no function", id.0)),
            },
            &ExprKind::Lambda(id) => self.lambda(id, ty)?,
            &ExprKind::Negate(operand) => {
                self.value(operand, ty)?;
                if !matches!(ty, TypeId::INT | TypeId::FLOAT | TypeId::NEVER) {
                    return Err("`-` of no number".into());
                }
                ty
            }
            &ExprKind::Not(operand) => {
                self.value(operand, TypeId::BOOL)?;
                TypeId::BOOL
            }
            &ExprKind::Binary(op, left, right) => self.binary(op, left, right)?,
            ExprKind::Call(callee, args) => {
                let signature = match *callee {
                    Callee::Function(id) => self.signature(id)?,
                    Callee::Import(id) => {
                        match program.imports.get(id.0 as usize).map(|import| import.kind) {
                            Some(SymbolKind::Function(ty)) => self.function_type(ty)?,
                            _ => return Err(format!("import {} is no function", id.0)),
                        }
                    }
                    Callee::Value(value) => {
                        let ty = self.expr(value)?;
                        self.function_type(ty)?
                    }
                };
                self.call(signature, args)?
            }
            ExprKind::Builtin(builtin, args) => {
                self.each(args)?;
                self.builtin(*builtin, args)?;
                ty
            }
            ExprKind::Array(elements) => {
                let element = self.element(ty)?;
                for &id in elements {
                    self.value(id, element)?;
                }
                ty
            }
            &ExprKind::Repeat(value, count) => {
                let element = self.element(ty)?;
                self.value(value, element)?;
                self.value(count, TypeId::INT)?;
                ty
            }
            ExprKind::Tuple(elements) => {
                let Type::Tuple(tys) = self.types.get(ty) else {
                    return Err("a tuple of no tuple type".into());
                };
                self.call((tys.to_vec(), ty), elements)?
            }
            ExprKind::Struct(fields) => {
                let &Type::Struct(id) = self.types.get(ty) else {
                    return Err("a struct of no struct type".into());
                };
                let definition = self.types.struct_type(id);
                if fields.len() != definition.fields.len() {
                    return Err("a struct without all its fields".into());
                }
                for (i, &(field, value)) in fields.iter().enumerate() {
                    if fields[..i].iter().any(|&(other, _)| other == field) {
                        return Err("a field is given twice".into());
                    }
                    let wanted = definition.fields.get(field as usize).ok_or("no such field")?.ty;
                    self.value(value, wanted)?;
                }
                ty
            }
            &ExprKind::TupleField(tuple, index) => {
                let tuple = self.expr(tuple)?;
                match self.types.get(tuple) {
                    Type::Tuple(tys) => *tys.get(index as usize).ok_or("no such field")?,
                    _ => return Err(format!("{} is no tuple", self.show(tuple))),
                }
            }
            &ExprKind::Field(object, index) => self.field(object, index)?,
            &ExprKind::Index(array, index) => {
                self.value(index, TypeId::INT)?;
                let array = self.expr(array)?;
                self.element(array)?
            }
            ExprKind::Assign(place, value) => {
                let wanted = self.place(place)?;
                self.value(*value, wanted)?;
                TypeId::UNIT
            }
            ExprKind::AssignOp(place, _, value) => {
                let wanted = self.place(place)?;
                self.value(*value, wanted)?;
                TypeId::UNIT
            }
            ExprKind::Let(pattern, value) => {
                let value = self.expr(*value)?;
                self.pattern(pattern, value)?;
                TypeId::UNIT
            }
            &ExprKind::Declare(local) => {
                self.variable(Variable::Local(local))?;
                if !self.function.locals[local.0 as usize].boxed {
                    return Err("a variable without a box is declared".into());
                }
                TypeId::UNIT
            }
            ExprKind::Block(list, value) => {
                self.each(list)?;
                match value {
                    Some(value) => self.expr(*value)?,
                    None => TypeId::UNIT,
                }
            }
            &ExprKind::If(condition, then, otherwise) => {
                self.value(condition, TypeId::BOOL)?;
                self.value(then, if otherwise.is_some() { ty } else { TypeId::UNIT })?;
                match otherwise {
                    Some(otherwise) => self.value(otherwise, ty)?,
                    None if ty != TypeId::UNIT => return Err("`if` without `else` has a value".into()),
                    None => {}
                }
                ty
            }
            ExprKind::Match(value, arms) => {
                let value = self.expr(*value)?;
                for arm in arms {
                    self.pattern(&arm.pattern, value)?;
                    if let Some(guard) = arm.guard {
                        self.value(guard, TypeId::BOOL)?;
                    }
                    self.value(arm.body, ty)?;
                }
                ty
            }
            &ExprKind::While(condition, body) => {
                self.value(condition, TypeId::BOOL)?;
                self.in_loop(body)?
            }
            &ExprKind::Loop(body) => self.in_loop(body)?,
            ExprKind::ForRange { pattern, start, end, inclusive: _, body } => {
                self.value(*start, TypeId::INT)?;
                self.value(*end, TypeId::INT)?;
                self.pattern(pattern, TypeId::INT)?;
                self.in_loop(*body)?
            }
            ExprKind::ForEach { pattern, over, body } => {
                let over = self.expr(*over)?;
                let element = match over {
                    TypeId::STRING => TypeId::STRING,
                    TypeId::NEVER => TypeId::NEVER,
                    array => self.element(array)?,
                };
                self.pattern(pattern, element)?;
                self.in_loop(*body)?
            }
            ExprKind::Break | ExprKind::Continue if self.loops == 0 => {
                return Err("`break` or `continue` outside of loops".into());
            }
            ExprKind::Break | ExprKind::Continue => TypeId::NEVER,
            &ExprKind::Return(value) => {
                match value {
                    Some(value) => self.value(value, self.function.result)?,
                    None if self.function.result != TypeId::UNIT => {
                        return Err("`return` without a value".into());
                    }
                    None => {}
                }
                TypeId::NEVER
            }
        })
    }

    fn each(&mut self, list: &[ExprId]) -> Verified {
        for &id in list {
            self.expr(id)?;
        }
        Ok(())
    }

    fn in_loop(&mut self, body: ExprId) -> Result<TypeId, String> {
        self.loops += 1;
        self.value(body, TypeId::UNIT)?;
        self.loops -= 1;
        Ok(TypeId::UNIT)
    }

    fn matching(&self, ty: TypeId, (params, result): (Vec<TypeId>, TypeId)) -> Result<TypeId, String> {
        let (own_params, own_result) = self.function_type(ty)?;
        if own_params == params && own_result == result {
            Ok(ty)
        } else {
            Err("a function of another type".into())
        }
    }

    fn lambda(&self, id: FunctionId, ty: TypeId) -> Result<TypeId, String> {
        let signature = self.signature(id)?;
        let function = &self.program.functions[id.0 as usize];
        if function.top_level {
            return Err(format!("function {} is no closure", id.0));
        }
        for capture in &function.captures {
            let (found, boxed) = match capture.from {
                Captured::Local(local) => {
                    let local = self.function.locals.get(local.0 as usize).ok_or("no such variable")?;
                    (local.ty, local.boxed)
                }
                Captured::Capture(outer) => {
                    let outer = self.function.captures.get(outer.0 as usize).ok_or("no such capture")?;
                    (outer.ty, outer.boxed)
                }
            };
            if (found, boxed) != (capture.ty, capture.boxed) {
                return Err("what is captured is something else".into());
            }
        }
        self.matching(ty, signature)
    }

    fn binary(&mut self, op: BinaryOp, left: ExprId, right: ExprId) -> Result<TypeId, String> {
        use BinaryOp::{Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual};
        let (l, r) = (self.expr(left)?, self.expr(right)?);
        if l != r && l != TypeId::NEVER && r != TypeId::NEVER {
            return Err(format!("operands {} and {}", self.show(l), self.show(r)));
        }
        Ok(match op {
            Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual => TypeId::BOOL,
            BinaryOp::And | BinaryOp::Or => TypeId::BOOL,
            _ if l == TypeId::NEVER => r,
            _ => l,
        })
    }

    /// The number of arguments; their types are the signature's, which the checker has gone by.
    fn builtin(&self, builtin: Builtin, args: &[ExprId]) -> Verified {
        let signature = crate::check::signature::Signature::of(builtin);
        let count = signature.params.len() + usize::from(signature.receiver.is_some());
        if args.len() == count || signature.variadic {
            Ok(())
        } else {
            Err(format!("arguments of {builtin:?}"))
        }
    }

    fn element(&self, ty: TypeId) -> Result<TypeId, String> {
        match self.types.get(ty) {
            &Type::Array(element) => Ok(element),
            _ => Err(format!("{} is no array", self.show(ty))),
        }
    }

    fn field(&mut self, object: ExprId, index: u32) -> Result<TypeId, String> {
        let object = self.expr(object)?;
        match self.types.get(object) {
            &Type::Struct(id) => {
                let field = self.types.struct_type(id).fields.get(index as usize);
                field.map(|field| field.ty).ok_or_else(|| "no such field".into())
            }
            _ => Err(format!("{} is no struct", self.show(object))),
        }
    }

    fn place(&mut self, place: &Place) -> Result<TypeId, String> {
        match *place {
            Place::Variable(variable) => self.variable(variable),
            Place::Field(object, field) => self.field(object, field),
            Place::Index(array, index) => {
                self.value(index, TypeId::INT)?;
                match self.expr(array)? {
                    TypeId::NEVER => Ok(TypeId::NEVER),
                    array => self.element(array),
                }
            }
        }
    }

    /// A pattern for values of the type; those of what does not return fit anything.
    fn pattern(&self, pattern: &Pattern, ty: TypeId) -> Verified {
        let own = match pattern {
            Pattern::Wildcard => ty,
            &Pattern::Bind(variable) => self.variable(variable)?,
            Pattern::Int(_) | Pattern::Range(..) => TypeId::INT,
            Pattern::Float(_) => TypeId::FLOAT,
            Pattern::Bool(_) => TypeId::BOOL,
            Pattern::String(_) => TypeId::STRING,
            Pattern::Tuple(own, elements) => {
                let tys: &[TypeId] = match self.types.get(*own) {
                    Type::Tuple(tys) => tys,
                    _ => &[],
                };
                if tys.len() != elements.len() {
                    return Err("a pattern for a tuple of another length".into());
                }
                for (element, &ty) in elements.iter().zip(tys) {
                    self.pattern(element, ty)?;
                }
                *own
            }
            Pattern::Struct(own, fields) => {
                let &Type::Struct(id) = self.types.get(*own) else {
                    return Err("a pattern for no struct".into());
                };
                for (field, pattern) in fields {
                    let field =
                        self.types.struct_type(id).fields.get(*field as usize).ok_or("no such field")?;
                    self.pattern(pattern, field.ty)?;
                }
                *own
            }
            Pattern::Or(options) => {
                for option in options {
                    self.pattern(option, ty)?;
                }
                ty
            }
        };
        if own == ty || ty == TypeId::NEVER {
            return Ok(());
        }
        Err(format!("a pattern for {}, the value is {}", self.show(own), self.show(ty)))
    }
}
