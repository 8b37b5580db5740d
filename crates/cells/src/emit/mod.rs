//! From typed program to module.
//!
//! ```text
//! Program ─ function, for each ─▶ Code ─┐
//!              │ asks for helpers       ├─ Module::finish ─▶ bytes + positions ─▶ Artifact
//!              └─▶ pending ─ helpers ───┘
//! ```
//!
//! `layout` says how values lie in WebAssembly, `module` and `code` what a module is made of while it grows, `emitter` what
//! all emission has in common. The rest is one file for each concept: expressions, operators, variables, patterns, loops, functions,
//! closures, text forms, equality, order, arrays, functions of the language, checkpoints. `runtime/*.wat` is what all cells share.
//!
//! Operands are evaluated from left to right. Functions at the top level are WebAssembly functions with plain parameters; `()` is no
//! value. Globals are mutable with a default, so that they can be exported before the cell has run.

mod arithmetic;
mod array;
mod array_functions;
mod builtin;
pub mod checkpoint;
mod closure;
mod code;
mod control;
mod emitter;
mod equal;
mod expr;
mod fail;
mod function;
mod layout;
mod module;
mod order;
mod pattern;
mod runtime;
mod sort;
mod text;
mod variable;

use std::rc::Rc;

use wasm_encoder::ValType;

use crate::artifact::{Artifact, FunctionName};
use crate::check::program::{
    Callee, DefinitionPlace, ExprKind, FunctionId, GlobalId, Place, Program, Variable,
};
use crate::diagnostic::Diagnostic;
use crate::emit::code::Symbol;
use crate::emit::emitter::{Names, finish_helpers};
use crate::emit::expr::children;
use crate::emit::module::Module;
use crate::environment::SymbolKind;
use crate::types::{Type, TypeId, Types};

/// Makes a module of a checked program.
///
/// # Errors
///
/// If the cell exceeds a limit of WebAssembly engines: the size of a function, or how many variables or parameters it has.
pub fn emit(program: &Program, types: &Types) -> Result<Artifact, Diagnostic> {
    let mut m = Module::new(types, program);
    let mut names = Names::default();
    for import in &program.imports {
        let symbol = match import.kind {
            SymbolKind::Function(ty) => {
                let ty = function_type(&mut m, ty);
                m.import_function(&import.name, ty)
            }
            SymbolKind::Value { ty, .. } => {
                let ty = global_type(&mut m, ty);
                m.import_global(&import.name, ty)
            }
            SymbolKind::Struct(_) => m.import_global(&import.name, ValType::I32),
        };
        names.imports.push(symbol);
    }
    for global in &program.globals {
        let ty = global_type(&mut m, global.ty);
        names.globals.push(m.global(ty));
    }
    for _ in &program.functions {
        m.declare();
    }
    m.export("run".into(), Symbol::Function(program.body.0));
    for definition in &program.definitions {
        match definition.place {
            Some(DefinitionPlace::Global(id)) => {
                m.export(format!("${}", definition.name), names.globals[id.0 as usize])
            }
            Some(DefinitionPlace::Function(id)) => {
                m.export(format!("${}", definition.name), Symbol::Function(id.0))
            }
            None => {}
        }
    }
    let used = used_later(program);
    let mut hidden = Vec::new();
    for (id, global) in (0..).zip(&program.globals) {
        let place = Some(DefinitionPlace::Global(GlobalId(id)));
        if used.globals[id as usize] && program.definitions.iter().all(|definition| definition.place != place)
        {
            let name: Rc<str> = format!("{}'{id}", global.name).into();
            m.export(format!("${name}"), names.globals[id as usize]);
            hidden.push((name, global.ty));
        }
    }
    for id in 0..program.functions.len() as u32 {
        function::function(&mut m, &names, FunctionId(id));
    }
    finish_helpers(&mut m, &names);
    if let Some(error) = m.error {
        return Err(error);
    }
    let lambdas = std::mem::take(&mut m.lambdas);
    let finished = m.finish();
    let functions =
        (finished.first_function..).zip(&program.functions).enumerate().map(|(id, (index, function))| {
            FunctionName {
                index,
                name: function.name.clone(),
                is_cell: FunctionId(id as u32) == program.body,
                span: function.span,
            }
        });
    let value = match program.functions[program.body.0 as usize].result {
        TypeId::NEVER => TypeId::UNIT,
        ty => ty,
    };
    Ok(Artifact {
        wasm: finished.wasm,
        imports: program.imports.clone(),
        later: used.imports,
        definitions: program.definitions.clone(),
        hidden,
        uses: program.uses.clone(),
        value,
        value_type: (value != TypeId::UNIT).then(|| types.display(value).to_string()),
        lambdas,
        functions: functions.collect(),
        positions: finished.positions,
        warnings: Vec::new(),
    })
}

/// The type of a function at the top level, by the type of the function as a value.
fn function_type(m: &mut Module<'_>, ty: TypeId) -> u32 {
    let Type::Function(params, result) = m.types.get(ty) else { return m.layout.function_type(&[], &[]) };
    let params: Vec<ValType> = params.iter().filter_map(|&param| m.value(param)).collect();
    let result = m.value(*result);
    m.layout.function_type(&params, result.as_slice())
}

/// The type of a global that a value lies in; `()` has one too, of no meaning.
fn global_type(m: &mut Module<'_>, ty: TypeId) -> ValType {
    m.value(ty).unwrap_or(ValType::I32)
}

/// What functions and closures use, which the cell's own code is not: it may be used after the cell has run.
struct Later {
    imports: Vec<bool>,
    globals: Vec<bool>,
}

fn used_later(program: &Program) -> Later {
    let mut later =
        Later { imports: vec![false; program.imports.len()], globals: vec![false; program.globals.len()] };
    let body = program.body.0 as usize;
    for (id, function) in program.functions.iter().enumerate() {
        let mut open = vec![function.body];
        while let Some(id_of) = open.pop() {
            let expr = &program.exprs[id_of.0 as usize];
            match &expr.kind {
                // A value made of an imported function is a closure of this cell, wherever it is made.
                ExprKind::ImportValue(import) => later.imports[import.0 as usize] = true,
                _ if id == body => {}
                ExprKind::Call(Callee::Import(import), _) => later.imports[import.0 as usize] = true,
                ExprKind::Variable(variable) => later.variable(*variable),
                ExprKind::Assign(Place::Variable(variable), _)
                | ExprKind::AssignOp(Place::Variable(variable), ..) => later.variable(*variable),
                _ => {}
            }
            children(expr, &mut |child| open.push(child));
        }
    }
    later
}

impl Later {
    fn variable(&mut self, variable: Variable) {
        match variable {
            Variable::Global(id) => self.globals[id.0 as usize] = true,
            Variable::Import(id) => self.imports[id.0 as usize] = true,
            Variable::Local(_) | Variable::Capture(_) => {}
        }
    }
}
