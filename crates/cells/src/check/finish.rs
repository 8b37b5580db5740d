//! The end of checking: open types are settled or reported, and the program is put together.

use crate::check::checker::Checker;
use crate::check::infer::{Resolver, State, Ty};
use crate::check::names::{FunctionState, LocalKind};
use crate::check::pattern::Pat;
use crate::check::program::{
    Capture, Captured, Definition, DefinitionPlace, ExprKind, Function, FunctionId, Global, Local, Pattern,
    Program,
};
use crate::diagnostic::Diagnostic;
use crate::environment::SymbolKind;
use crate::source::Span;
use crate::syntax::ast::Statement;
use crate::types::TypeId;

impl Checker<'_> {
    /// Settles what is open, and reports what cannot be settled.
    pub(crate) fn settle(&mut self) {
        self.guess();
        // What is not known is often so because of an error elsewhere.
        if !self.failed {
            self.report_open();
        }
    }

    /// Reports names and expressions whose types nobody knows.
    fn report_open(&mut self) {
        let mut names: Vec<(Span, LocalKind, Ty)> = Vec::new();
        for function in &self.functions {
            for local in &function.locals {
                names.push((local.span, local.kind, local.ty));
            }
        }
        names.sort_unstable_by_key(|(span, ..)| span.start);
        names.extend(self.globals.iter().map(|global| (global.span, LocalKind::Let, global.ty)));
        let named = self
            .functions
            .iter()
            .filter(|function| function.name.is_some() && function.name_span != function.span);
        names.extend(named.map(|function| (function.name_span, LocalKind::Function, function.result)));
        for (span, kind, ty) in names {
            if self.infer.state(ty) != State::Unknown {
                continue;
            }
            let name = self.text(span);
            let guess = self.infer.show(ty, "Int", self.types);
            let (message, suggestion) = match kind {
                LocalKind::Function => (
                    format!("the type of the result of `{name}` is not known"),
                    format!("write `-> {guess}` behind its parameters"),
                ),
                LocalKind::Let => (
                    format!("the type of `{name}` is not known"),
                    format!("write `let {name}: {guess} = …`, if that is what it is"),
                ),
                LocalKind::Param | LocalKind::Pattern => (
                    format!("the type of `{name}` is not known"),
                    format!("write `{name}: {guess}`, if that is what it is"),
                ),
            };
            self.complain(span, &message, "", &suggestion);
            self.infer.give_up(ty, 0);
        }
        for i in 0..self.exprs.len() {
            let ty = self.tys[i];
            if self.infer.state(ty) == State::Unknown {
                let guess = self.infer.show(ty, "Int", self.types);
                let span = self.exprs[i].span;
                self.complain(
                    span,
                    "the type of this is not known",
                    "",
                    &format!("give it a name with a type: `let x: {guess} = …`"),
                );
                self.infer.give_up(ty, 0);
            }
        }
    }

    /// Puts the program together; nothing if there is an error.
    pub(crate) fn into_program(mut self) -> (Option<Program>, Vec<Diagnostic>) {
        self.settle();
        if self.failed {
            return (None, self.diagnostics);
        }
        let program = self.program();
        (program, self.diagnostics)
    }

    fn program(&mut self) -> Option<Program> {
        let mut resolver = Resolver::default();
        for i in 0..self.exprs.len() {
            self.exprs[i].ty = self.resolve(&mut resolver, self.tys[i], self.exprs[i].span)?;
        }
        for (id, arm, pat) in std::mem::take(&mut self.patterns) {
            let span = self.exprs[id.0 as usize].span;
            let typed = self.typed_pattern(&mut resolver, pat, span)?;
            match &mut self.exprs[id.0 as usize].kind {
                ExprKind::Let(pattern, _)
                | ExprKind::ForRange { pattern, .. }
                | ExprKind::ForEach { pattern, .. } => *pattern = typed,
                ExprKind::Match(_, arms) => arms[arm].pattern = typed,
                _ => {}
            }
        }
        let mut globals = Vec::with_capacity(self.globals.len());
        for i in 0..self.globals.len() {
            let (ty, span) = (self.globals[i].ty, self.globals[i].span);
            let ty = self.resolve(&mut resolver, ty, span)?;
            let global = &self.globals[i];
            globals.push(Global { name: global.name.clone(), ty, mutable: global.mutable, span });
        }
        let mut functions: Vec<Function> = Vec::with_capacity(self.functions.len());
        let states = std::mem::take(&mut self.functions);
        for state in &states {
            let function = self.finished(&mut resolver, state, &functions)?;
            functions.push(function);
        }
        let definitions = self.definitions(&mut resolver, &globals, &states)?;
        Some(Program {
            exprs: std::mem::take(&mut self.exprs),
            imports: std::mem::take(&mut self.imports),
            globals,
            functions,
            body: FunctionId(0),
            definitions,
            uses: std::mem::take(&mut self.uses),
        })
    }

    /// The type that `ty` has become. It is an error if it is none, or too large.
    fn resolve(&mut self, resolver: &mut Resolver, ty: Ty, span: Span) -> Option<TypeId> {
        let id = resolver.resolve(ty, &self.infer, self.types);
        // What could not be parsed has the state `Error`; the parser has said why.
        if id.is_none() && self.infer.state(ty) != State::Error {
            self.error(span, "the type of this is too large");
        }
        id
    }

    fn typed_pattern(&mut self, resolver: &mut Resolver, pat: Pat, span: Span) -> Option<Pattern> {
        Some(match pat {
            Pat::Wildcard => Pattern::Wildcard,
            Pat::Bind(variable) => Pattern::Bind(variable),
            Pat::Int(value) => Pattern::Int(value),
            Pat::Float(value) => Pattern::Float(value),
            Pat::Bool(value) => Pattern::Bool(value),
            Pat::String(text) => Pattern::String(text),
            Pat::Range(first, last) => Pattern::Range(first, last),
            Pat::Tuple(ty, elements) => {
                let ty = self.resolve(resolver, ty, span)?;
                let elements = elements
                    .into_iter()
                    .map(|pat| self.typed_pattern(resolver, pat, span))
                    .collect::<Option<_>>()?;
                Pattern::Tuple(ty, elements)
            }
            Pat::Struct(id, fields) => {
                let mut typed = Vec::with_capacity(fields.len());
                for (field, pat) in fields {
                    typed.push((field, self.typed_pattern(resolver, pat, span)?));
                }
                Pattern::Struct(self.types.structure(id), typed)
            }
            Pat::Or(options) => Pattern::Or(
                options
                    .into_iter()
                    .map(|pat| self.typed_pattern(resolver, pat, span))
                    .collect::<Option<_>>()?,
            ),
        })
    }

    /// A function of the program; those around it are in `before`.
    fn finished(
        &mut self,
        resolver: &mut Resolver,
        state: &FunctionState,
        before: &[Function],
    ) -> Option<Function> {
        let mut locals = Vec::with_capacity(state.locals.len());
        for local in &state.locals {
            let ty = self.resolve(resolver, local.ty, local.span)?;
            let boxed = local.early || (local.captured && local.assigned);
            locals.push(Local { name: local.name.clone(), ty, boxed });
        }
        let parent = state.parent.and_then(|parent| before.get(parent.0 as usize));
        let mut captures = Vec::with_capacity(state.captures.len());
        for &(from, ty) in &state.captures {
            let ty = self.resolve(resolver, ty, state.span)?;
            let boxed = match (from, parent) {
                (Captured::Local(local), Some(parent)) => parent.locals[local.0 as usize].boxed,
                (Captured::Capture(capture), Some(parent)) => parent.captures[capture.0 as usize].boxed,
                (_, None) => false,
            };
            captures.push(Capture { from, ty, boxed });
        }
        Some(Function {
            name: state.name.clone(),
            params: state.params,
            captures,
            locals,
            result: self.resolve(resolver, state.result, state.span)?,
            body: state.body?,
            span: state.span,
            top_level: state.top_level,
        })
    }

    fn definitions(
        &mut self,
        resolver: &mut Resolver,
        globals: &[Global],
        functions: &[FunctionState],
    ) -> Option<Vec<Definition>> {
        let mut definitions = Vec::new();
        let mut next = 0;
        let ast = self.ast;
        for statement in &ast.block.statements {
            match statement {
                Statement::Let(item) => {
                    for _ in crate::check::pattern::bindings(&item.pattern) {
                        let Global { name, ty, mutable, span } = &globals[next];
                        let place = crate::check::program::GlobalId(next as u32);
                        next += 1;
                        // Of several with one name, the last one is what other cells see.
                        if self.bound_globals.get(name) == Some(&place) {
                            definitions.push(Definition {
                                name: name.clone(),
                                kind: SymbolKind::Value { ty: *ty, mutable: *mutable },
                                place: Some(DefinitionPlace::Global(place)),
                                span: *span,
                            });
                        }
                    }
                }
                Statement::Function(item) => {
                    let Some(&id) = self.top_level.get(&item.name.text) else { continue };
                    let ty = self.resolve(resolver, functions[id.0 as usize].ty, item.span)?;
                    definitions.push(Definition {
                        name: item.name.text.clone(),
                        kind: SymbolKind::Function(ty),
                        place: Some(DefinitionPlace::Function(id)),
                        span: item.name.span,
                    });
                }
                Statement::Struct(item) => {
                    let Some(id) = self.own_struct(&item.name.text) else { continue };
                    definitions.push(Definition {
                        name: item.name.text.clone(),
                        kind: SymbolKind::Struct(id),
                        place: None,
                        span: item.name.span,
                    });
                }
                Statement::Expr(_) => {}
            }
        }
        Some(definitions)
    }
}
