//! Names: the variables of functions, what closures capture, globals, and what other cells have defined.

use std::rc::Rc;

use crate::builtins::Builtin;
use crate::check::checker::Checker;
use crate::check::infer::Ty;
use crate::check::program::{CaptureId, Captured, FunctionId, GlobalId, Import, ImportId, LocalId, Variable};
use crate::check::signature;
use crate::environment::SymbolKind;
use crate::source::Span;
use crate::syntax::ast::Name;
use crate::types::{StructId, TypeId};

/// A function that is being made.
pub(crate) struct FunctionState {
    pub(crate) name: Option<Rc<str>>,
    pub(crate) params: u32,
    pub(crate) captures: Vec<(Captured, Ty)>,
    pub(crate) locals: Vec<LocalState>,
    pub(crate) result: Ty,
    pub(crate) body: Option<crate::check::program::ExprId>,
    pub(crate) span: Span,
    pub(crate) top_level: bool,
    /// The function around it; the cell's body has none.
    pub(crate) parent: Option<FunctionId>,
    /// The type of the function itself.
    pub(crate) ty: Ty,
    /// Where its name is written, or its beginning.
    pub(crate) name_span: Span,
    /// Something returns a value from it before its end.
    pub(crate) returns: bool,
    /// Something has named it.
    pub(crate) named: bool,
}

/// A variable of a function.
pub(crate) struct LocalState {
    pub(crate) name: Rc<str>,
    pub(crate) ty: Ty,
    pub(crate) span: Span,
    pub(crate) mutable: bool,
    /// A closure has it.
    pub(crate) captured: bool,
    /// It is assigned somewhere.
    pub(crate) assigned: bool,
    /// Its `let` has been passed.
    pub(crate) bound: bool,
    /// It is a function of a block which is named before it is made.
    pub(crate) early: bool,
    /// How the variable comes about, for the suggestion that makes it mutable.
    pub(crate) kind: LocalKind,
}

/// How a variable comes about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LocalKind {
    Let,
    Param,
    Pattern,
    Function,
}

/// A variable at the top level.
pub(crate) struct GlobalState {
    pub(crate) name: Rc<str>,
    pub(crate) ty: Ty,
    pub(crate) mutable: bool,
    pub(crate) span: Span,
    pub(crate) bound: bool,
}

/// A function whose body is being checked.
pub(crate) struct Frame {
    pub(crate) function: FunctionId,
    /// Its variables in scope, the innermost last.
    pub(crate) names: Vec<(Rc<str>, LocalId)>,
    /// How many loops are around.
    /// For each loop around, whether it has a `break`.
    pub(crate) breaks: Vec<bool>,
    /// What `return` returns; none in the body of a cell.
    pub(crate) result: Option<(Ty, Option<Span>)>,
}

/// A name and where it is visible.
pub(crate) struct Recorded {
    pub(crate) name: Rc<str>,
    pub(crate) ty: Ty,
    pub(crate) span: Span,
    pub(crate) from: u32,
    pub(crate) to: u32,
}

/// What a name means.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found {
    /// A variable: its type, and whether it may be assigned.
    Variable(Variable, Ty, bool),
    /// A function at the top level of the cell.
    Function(FunctionId),
    /// A function of another cell.
    Imported(ImportId, Ty),
    Struct,
    Builtin(Builtin),
    Nothing,
}

impl Checker<'_> {
    pub(crate) fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("something is being checked")
    }

    pub(crate) fn function(&mut self, id: FunctionId) -> &mut FunctionState {
        &mut self.functions[id.0 as usize]
    }

    /// A new variable of the function that is being checked, not visible yet.
    pub(crate) fn new_local(
        &mut self,
        name: Rc<str>,
        ty: Ty,
        span: Span,
        mutable: bool,
        kind: LocalKind,
    ) -> LocalId {
        let function = self.frame().function;
        let locals = &mut self.function(function).locals;
        locals.push(LocalState {
            name,
            ty,
            span,
            mutable,
            captured: false,
            assigned: false,
            bound: kind != LocalKind::Function,
            early: false,
            kind,
        });
        LocalId(locals.len() as u32 - 1)
    }

    /// Has a variable be visible until the scope ends.
    pub(crate) fn enter(&mut self, name: Rc<str>, local: LocalId) {
        self.frame().names.push((name, local));
    }

    /// The beginning of a scope.
    pub(crate) fn scope(&mut self) -> usize {
        self.frame().names.len()
    }

    /// The end of a scope, which `span` is.
    pub(crate) fn leave(&mut self, scope: usize, span_of_scope: Span) {
        let frame = self.frames.last_mut().expect("something is being checked");
        let locals = &self.functions[frame.function.0 as usize].locals;
        for (name, local) in frame.names.drain(scope..) {
            let LocalState { ty, span, kind, .. } = locals[local.0 as usize];
            let from = if kind == LocalKind::Function { span_of_scope.start } else { span.end };
            self.recorded.push(Recorded { name, ty, span, from, to: span_of_scope.end });
        }
    }

    /// What `name` means here.
    pub(crate) fn look_up(&mut self, name: &Rc<str>) -> Found {
        for level in (0..self.frames.len()).rev() {
            let found = self.frames[level].names.iter().rev().find(|(other, _)| other == name);
            if let Some(&(_, local)) = found {
                return self.found_local(level, local);
            }
        }
        if let Some(global) = self.find_global(name) {
            let GlobalState { ty, mutable, .. } = self.globals[global.0 as usize];
            return Found::Variable(Variable::Global(global), ty, mutable);
        }
        if let Some(&function) = self.top_level.get(name) {
            self.function(function).named = true;
            return Found::Function(function);
        }
        if self.structs.contains_key(name) {
            return Found::Struct;
        }
        match self.look_outside(name) {
            Some(SymbolKind::Value { ty, mutable }) => {
                let import = self.import(name, SymbolKind::Value { ty, mutable });
                Found::Variable(Variable::Import(import), self.infer.known(ty, self.types), mutable)
            }
            Some(SymbolKind::Function(ty)) => {
                let import = self.import(name, SymbolKind::Function(ty));
                Found::Imported(import, self.infer.known(ty, self.types))
            }
            Some(SymbolKind::Struct(_)) => Found::Struct,
            None => signature::function(name).map_or(Found::Nothing, Found::Builtin),
        }
    }

    /// The global that `name` is here: the last one bound before, or, in a function, the first one that comes later.
    fn find_global(&self, name: &Rc<str>) -> Option<GlobalId> {
        if let Some(&global) = self.bound_globals.get(name) {
            return Some(global);
        }
        let in_function = self.frames.first().is_some_and(|frame| frame.function.0 != 0);
        if !in_function {
            return None;
        }
        let later = self.globals.iter().position(|global| !global.bound && global.name == *name)?;
        Some(GlobalId(later as u32))
    }

    /// A variable of the function at `level` of `frames`, captured by those above.
    fn found_local(&mut self, level: usize, local: LocalId) -> Found {
        let function = self.frames[level].function;
        let top = level + 1 == self.frames.len();
        let state = &mut self.function(function).locals[local.0 as usize];
        state.captured |= !top;
        state.early |= !state.bound;
        let (ty, mutable) = (state.ty, state.mutable);
        if top {
            return Found::Variable(Variable::Local(local), ty, mutable);
        }
        let mut from = Captured::Local(local);
        let mut capture = CaptureId(0);
        for level in level + 1..self.frames.len() {
            capture = self.capture(level, from, ty);
            from = Captured::Capture(capture);
        }
        Found::Variable(Variable::Capture(capture), ty, mutable)
    }

    fn capture(&mut self, level: usize, from: Captured, ty: Ty) -> CaptureId {
        let function = self.frames[level].function;
        let captures = &mut self.functions[function.0 as usize].captures;
        let known = captures.iter().position(|&(other, _)| other == from);
        let number = known.unwrap_or_else(|| {
            captures.push((from, ty));
            captures.len() - 1
        });
        CaptureId(number as u32)
    }

    /// Says that a variable is assigned after its `let`.
    pub(crate) fn mark_assigned(&mut self, variable: Variable) {
        let mut function = self.frame().function;
        let mut place = match variable {
            Variable::Local(local) => Captured::Local(local),
            Variable::Capture(capture) => Captured::Capture(capture),
            Variable::Global(_) | Variable::Import(_) => return,
        };
        while let Captured::Capture(capture) = place {
            let state = &self.functions[function.0 as usize];
            place = state.captures[capture.0 as usize].0;
            let Some(parent) = state.parent else { return };
            function = parent;
        }
        if let Captured::Local(local) = place {
            self.function(function).locals[local.0 as usize].assigned = true;
        }
    }

    /// Looks a name up in what other cells have defined, and notes that it did.
    pub(crate) fn look_outside(&mut self, name: &Rc<str>) -> Option<SymbolKind> {
        if let Some(&number) = self.use_numbers.get(name) {
            return self.uses[number].1;
        }
        let kind = self.environment.get(name).map(|symbol| symbol.kind);
        self.use_numbers.insert(name.clone(), self.uses.len());
        self.uses.push((name.clone(), kind));
        kind
    }

    fn import(&mut self, name: &Rc<str>, kind: SymbolKind) -> ImportId {
        if let Some(&import) = self.import_numbers.get(name) {
            return import;
        }
        self.imports.push(Import { name: name.clone(), kind });
        let import = ImportId(self.imports.len() as u32 - 1);
        self.import_numbers.insert(name.clone(), import);
        import
    }

    /// The struct with this name.
    pub(crate) fn find_struct(&mut self, name: &Rc<str>) -> Option<StructId> {
        if let Some(&id) = self.structs.get(name) {
            return Some(id);
        }
        match self.look_outside(name) {
            Some(SymbolKind::Struct(id)) => Some(id),
            _ => None,
        }
    }

    /// The struct with this name; it is an error if there is none.
    pub(crate) fn expect_struct(&mut self, name: &Name) -> Option<StructId> {
        let found = self.find_struct(&name.text);
        if found.is_none() {
            self.report_unknown_type(&name.text, name.span);
        }
        found
    }

    /// The types of a struct's fields.
    pub(crate) fn field_type(&mut self, id: StructId, field: usize) -> Ty {
        let ty = self.types.struct_type(id).fields.get(field).map_or(TypeId::UNIT, |field| field.ty);
        self.infer.known(ty, self.types)
    }
}
