//! The text of a typed program, for tests and people.
//!
//! ```text
//! global $0 total: Int mut
//! fun 1 add(%0 a: Int, %1 b: Int) -> Int
//!   (+:Int %0 %1)
//! cell -> Int
//!   (call:Int fun1 1 2)
//! ```
//!
//! `%` is a variable of the function, `^` one that it has captured, `$` a global, `@` something of another cell; a star marks a
//! variable in a box.

use std::fmt::{self, Write};

use crate::check::operators::operator;
use crate::check::program::{
    Callee, Captured, ExprId, ExprKind, Function, FunctionId, Pattern, Place, Program, Variable,
};
use crate::environment::SymbolKind;
use crate::types::{TypeId, Types};

/// The text of `program`.
pub fn dump(program: &Program, types: &Types) -> String {
    let mut dump = Dump { program, types, out: String::new() };
    // Writing to a text does not fail.
    let _ = dump.program();
    dump.out
}

struct Dump<'a> {
    program: &'a Program,
    types: &'a Types,
    out: String,
}

impl Dump<'_> {
    fn ty(&self, ty: TypeId) -> String {
        self.types.display(ty).to_string()
    }

    fn symbol(&self, kind: SymbolKind) -> String {
        match kind {
            SymbolKind::Value { ty, mutable } => {
                format!("{}{}", self.ty(ty), if mutable { " mut" } else { "" })
            }
            SymbolKind::Function(ty) => self.ty(ty),
            SymbolKind::Struct(id) => {
                let definition = self.types.struct_type(id);
                let fields: Vec<String> = definition
                    .fields
                    .iter()
                    .map(|field| format!("{}: {}", field.name, self.ty(field.ty)))
                    .collect();
                let recursive = if definition.recursive { " recursive" } else { "" };
                format!("struct {{ {} }}{recursive}", fields.join(", "))
            }
        }
    }

    fn program(&mut self) -> fmt::Result {
        let program = self.program;
        for (i, import) in program.imports.iter().enumerate() {
            let symbol = self.symbol(import.kind);
            writeln!(self.out, "import @{i} {}: {symbol}", import.name)?;
        }
        for (i, global) in program.globals.iter().enumerate() {
            let symbol = self.symbol(SymbolKind::Value { ty: global.ty, mutable: global.mutable });
            writeln!(self.out, "global ${i} {}: {symbol}", global.name)?;
        }
        for definition in &program.definitions {
            if let SymbolKind::Struct(_) = definition.kind {
                let symbol = self.symbol(definition.kind);
                writeln!(self.out, "{} = {symbol}", definition.name)?;
            }
        }
        for (i, function) in program.functions.iter().enumerate() {
            if program.body != FunctionId(i as u32) {
                self.function(i, function)?;
            }
        }
        let body = &program.functions[program.body.0 as usize];
        let result = self.ty(body.result);
        writeln!(self.out, "cell -> {result}")?;
        self.locals(body)?;
        self.line(body.body, 1)
    }

    fn function(&mut self, number: usize, function: &Function) -> fmt::Result {
        let name = function.name.as_deref().unwrap_or("_");
        let word = if function.top_level { "fun" } else { "closure" };
        let params: Vec<String> = (0..function.params as usize).map(|i| self.local(function, i)).collect();
        let result = self.ty(function.result);
        writeln!(self.out, "{word} {number} {name}({}) -> {result}", params.join(", "))?;
        for (i, capture) in function.captures.iter().enumerate() {
            let from = match capture.from {
                Captured::Local(local) => format!("%{}", local.0),
                Captured::Capture(capture) => format!("^{}", capture.0),
            };
            let ty = self.ty(capture.ty);
            writeln!(self.out, "  ^{i}{} = {from}: {ty}", if capture.boxed { "*" } else { "" })?;
        }
        self.locals(function)?;
        self.line(function.body, 1)
    }

    fn local(&self, function: &Function, number: usize) -> String {
        let local = &function.locals[number];
        format!("%{number}{} {}: {}", if local.boxed { "*" } else { "" }, local.name, self.ty(local.ty))
    }

    fn locals(&mut self, function: &Function) -> fmt::Result {
        for i in function.params as usize..function.locals.len() {
            let local = self.local(function, i);
            writeln!(self.out, "  let {local}")?;
        }
        Ok(())
    }

    /// An expression on lines of its own.
    fn line(&mut self, id: ExprId, indent: usize) -> fmt::Result {
        write!(self.out, "{:1$}", "", indent * 2)?;
        self.expr(id, indent)?;
        self.out.push('\n');
        Ok(())
    }

    fn list(&mut self, head: &str, ty: TypeId, parts: &[ExprId], indent: usize) -> fmt::Result {
        self.out.push('(');
        self.parts(head, ty, parts, indent)
    }

    fn parts(&mut self, head: &str, ty: TypeId, parts: &[ExprId], indent: usize) -> fmt::Result {
        let ty = self.ty(ty);
        write!(self.out, "{head}:{ty}")?;
        for &part in parts {
            self.out.push(' ');
            self.expr(part, indent)?;
        }
        self.out.push(')');
        Ok(())
    }

    fn expr(&mut self, id: ExprId, indent: usize) -> fmt::Result {
        let program = self.program;
        let expr = &program.exprs[id.0 as usize];
        let ty = expr.ty;
        match &expr.kind {
            ExprKind::Unit => self.out.write_str("()"),
            ExprKind::Int(value) => write!(self.out, "{value}"),
            ExprKind::Float(value) => write!(self.out, "{value:?}"),
            ExprKind::Bool(value) => write!(self.out, "{value}"),
            ExprKind::String(text) => write!(self.out, "{text:?}"),
            ExprKind::Interpolate(parts) => self.list("text", ty, parts, indent),
            &ExprKind::Variable(variable) => self.variable(variable),
            ExprKind::FunctionValue(id) => write!(self.out, "fun{}", id.0),
            ExprKind::ImportValue(id) => write!(self.out, "@{}", id.0),
            ExprKind::Lambda(id) => write!(self.out, "closure{}", id.0),
            &ExprKind::Negate(operand) => self.list("negate", ty, &[operand], indent),
            &ExprKind::Not(operand) => self.list("not", ty, &[operand], indent),
            &ExprKind::Binary(op, left, right) => self.list(operator(op), ty, &[left, right], indent),
            ExprKind::Call(callee, args) => {
                let (head, parts) = match *callee {
                    Callee::Function(id) => (format!("call fun{}", id.0), args.clone()),
                    Callee::Import(id) => (format!("call @{}", id.0), args.clone()),
                    Callee::Value(value) => ("call".into(), [&[value], &args[..]].concat()),
                };
                self.list(&head, ty, &parts, indent)
            }
            ExprKind::Builtin(builtin, args) => self.list(&format!("{builtin:?}"), ty, args, indent),
            ExprKind::Array(elements) => self.list("array", ty, elements, indent),
            &ExprKind::Repeat(value, count) => self.list("repeat", ty, &[value, count], indent),
            ExprKind::Tuple(elements) => self.list("tuple", ty, elements, indent),
            ExprKind::Struct(fields) => {
                let ty = self.ty(ty);
                write!(self.out, "(struct:{ty}")?;
                for &(field, value) in fields {
                    write!(self.out, " .{field}=")?;
                    self.expr(value, indent)?;
                }
                self.out.write_str(")")
            }
            &ExprKind::TupleField(tuple, index) | &ExprKind::Field(tuple, index) => {
                self.list(&format!(".{index}"), ty, &[tuple], indent)
            }
            &ExprKind::Index(array, index) => self.list("index", ty, &[array, index], indent),
            ExprKind::Assign(place, value) => self.assign("=", place, *value, indent),
            ExprKind::AssignOp(place, op, value) => {
                self.assign(&format!("{}=", operator(*op)), place, *value, indent)
            }
            ExprKind::Let(pattern, value) => {
                self.out.push_str("let ");
                self.pattern(pattern)?;
                self.out.push_str(" = ");
                self.expr(*value, indent)
            }
            ExprKind::Declare(local) => write!(self.out, "declare %{}", local.0),
            ExprKind::Block(list, value) => {
                let shown = self.ty(ty);
                writeln!(self.out, "{{:{shown}")?;
                for &id in list {
                    self.line(id, indent + 1)?;
                }
                write!(self.out, "{:1$}}}", "", indent * 2)?;
                if let Some(value) = value {
                    self.out.push_str(" -> ");
                    self.expr(*value, indent)?;
                }
                Ok(())
            }
            &ExprKind::If(condition, then, otherwise) => {
                let parts: Vec<ExprId> = [condition, then].into_iter().chain(otherwise).collect();
                self.list("if", ty, &parts, indent)
            }
            ExprKind::Match(value, arms) => {
                let shown = self.ty(ty);
                write!(self.out, "(match:{shown} ")?;
                self.expr(*value, indent)?;
                for arm in arms {
                    write!(self.out, "\n{:1$}", "", indent * 2 + 2)?;
                    self.pattern(&arm.pattern)?;
                    if let Some(guard) = arm.guard {
                        self.out.push_str(" if ");
                        self.expr(guard, indent + 1)?;
                    }
                    self.out.push_str(" => ");
                    self.expr(arm.body, indent + 1)?;
                }
                self.out.write_str(")")
            }
            &ExprKind::While(condition, body) => self.list("while", ty, &[condition, body], indent),
            &ExprKind::Loop(body) => self.list("loop", ty, &[body], indent),
            ExprKind::ForRange { pattern, start, end, inclusive, body } => {
                self.out.push_str("(for ");
                self.pattern(pattern)?;
                let word = if *inclusive { "..=" } else { ".." };
                self.parts(&format!(" in {word}"), ty, &[*start, *end, *body], indent)
            }
            ExprKind::ForEach { pattern, over, body } => {
                self.out.push_str("(for ");
                self.pattern(pattern)?;
                self.parts(" in each", ty, &[*over, *body], indent)
            }
            ExprKind::Break => self.out.write_str("break"),
            ExprKind::Continue => self.out.write_str("continue"),
            ExprKind::Return(None) => self.out.write_str("return"),
            ExprKind::Return(Some(value)) => {
                self.out.push_str("return ");
                self.expr(*value, indent)
            }
        }
    }

    fn variable(&mut self, variable: Variable) -> fmt::Result {
        match variable {
            Variable::Local(id) => write!(self.out, "%{}", id.0),
            Variable::Capture(id) => write!(self.out, "^{}", id.0),
            Variable::Global(id) => write!(self.out, "${}", id.0),
            Variable::Import(id) => write!(self.out, "@{}", id.0),
        }
    }

    fn assign(&mut self, operator: &str, place: &Place, value: ExprId, indent: usize) -> fmt::Result {
        match *place {
            Place::Variable(variable) => self.variable(variable)?,
            Place::Field(object, field) => {
                self.expr(object, indent)?;
                write!(self.out, ".{field}")?;
            }
            Place::Index(array, index) => {
                self.expr(array, indent)?;
                self.out.push('[');
                self.expr(index, indent)?;
                self.out.push(']');
            }
        }
        write!(self.out, " {operator} ")?;
        self.expr(value, indent)
    }

    fn pattern(&mut self, pattern: &Pattern) -> fmt::Result {
        match pattern {
            Pattern::Wildcard => self.out.write_str("_"),
            &Pattern::Bind(variable) => self.variable(variable),
            Pattern::Int(value) => write!(self.out, "{value}"),
            Pattern::Float(value) => write!(self.out, "{value:?}"),
            Pattern::Bool(value) => write!(self.out, "{value}"),
            Pattern::String(text) => write!(self.out, "{text:?}"),
            Pattern::Range(first, last) => write!(self.out, "{first}..={last}"),
            Pattern::Tuple(_, elements) => {
                self.out.push('(');
                for (i, element) in elements.iter().enumerate() {
                    self.out.push_str(if i == 0 { "" } else { ", " });
                    self.pattern(element)?;
                }
                self.out.write_str(")")
            }
            Pattern::Struct(ty, fields) => {
                let ty = self.ty(*ty);
                write!(self.out, "{ty} {{")?;
                for (field, pattern) in fields {
                    write!(self.out, " .{field}=")?;
                    self.pattern(pattern)?;
                }
                self.out.write_str(" }")
            }
            Pattern::Or(options) => {
                for (i, option) in options.iter().enumerate() {
                    self.out.push_str(if i == 0 { "" } else { " | " });
                    self.pattern(option)?;
                }
                Ok(())
            }
        }
    }
}
