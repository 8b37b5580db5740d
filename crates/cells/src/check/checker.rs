//! What the parts of the checker share: the program that is being made, the types of its expressions, and errors.
//!
//! While a cell is checked, the type of expression `i` of the program is `tys[i]`, which may still be unknown, and what depends on
//! such a type waits in `pending`; [`super::finish`] settles both.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::builtins::Builtin;
use crate::check::infer::{Clash, Class, Infer, Node, Origin, Ty};
use crate::check::names::{Frame, FunctionState, GlobalState, Recorded};
use crate::check::pattern::Pat;
use crate::check::pending::Pending;
use crate::check::program::{Expr, ExprId, ExprKind, FunctionId, GlobalId, Import, ImportId};
use crate::check::suggest;
use crate::diagnostic::{Diagnostic, Severity};
use crate::environment::{Environment, SymbolKind};
use crate::source::Span;
use crate::syntax::MAX_DIAGNOSTICS;
use crate::syntax::ast::{self, Ast};
use crate::types::{StructId, TypeId, Types};

/// A cell that is being checked.
pub(crate) struct Checker<'a> {
    pub(crate) ast: &'a Ast,
    pub(crate) source: &'a str,
    pub(crate) types: &'a mut Types,
    pub(crate) environment: &'a Environment,
    pub(crate) infer: Infer,
    pub(crate) exprs: Vec<Expr>,
    pub(crate) tys: Vec<Ty>,
    /// Patterns of expressions and, for `match`, of which arm.
    pub(crate) patterns: Vec<(ExprId, usize, Pat)>,
    pub(crate) functions: Vec<FunctionState>,
    /// The functions around the place that is being checked, the innermost last.
    pub(crate) frames: Vec<Frame>,
    pub(crate) globals: Vec<GlobalState>,
    /// The globals that have been bound already, by name; the last of each.
    pub(crate) bound_globals: FxHashMap<Rc<str>, GlobalId>,
    /// The functions at the top level.
    pub(crate) top_level: FxHashMap<Rc<str>, FunctionId>,
    pub(crate) structs: FxHashMap<Rc<str>, StructId>,
    pub(crate) imports: Vec<Import>,
    pub(crate) import_numbers: FxHashMap<Rc<str>, ImportId>,
    pub(crate) uses: Vec<(Rc<str>, Option<SymbolKind>)>,
    pub(crate) use_numbers: FxHashMap<Rc<str>, usize>,
    pub(crate) pending: Vec<Pending>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Names and where they are visible, for editors.
    pub(crate) recorded: Vec<Recorded>,
    pub(crate) depth: u32,
    /// Whether there is an error.
    pub(crate) failed: bool,
    /// Names that are no expressions of the program, for editors only: functions and methods that are called.
    pub(crate) notes: Option<Vec<(Span, Ty, Option<Builtin>)>>,
}

/// What the place of an expression wants of it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expect {
    /// A value, of any type.
    Value,
    /// Nothing: its value is dropped.
    Nothing,
    /// A value of a type, and why.
    Type(Ty, Why),
}

/// Why a type is expected, for messages.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Why {
    /// The place says it all.
    Plain,
    /// A type is written here.
    Written(Span),
    /// An argument of what is called here: its number, from 1.
    Argument(Span, usize),
    /// What came first here has that type.
    First(Span, &'static str),
    /// A condition.
    Condition,
    /// The result of the function: where it is written or used first.
    Result(Span),
    /// The value of a function's body, whose result is not written.
    Body,
    /// An operand of the operator here.
    Operator(Span),
    /// A field of the struct.
    Field,
    /// The variable assigned.
    Assigned,
    /// An `if` without `else`, with its first branch here.
    NoElse,
}

/// How deep expressions may be; the parser allows less.
const MAX_NESTING: u32 = 600;

impl<'a> Checker<'a> {
    pub(crate) fn new(
        ast: &'a Ast,
        source: &'a str,
        types: &'a mut Types,
        environment: &'a Environment,
    ) -> Self {
        Self {
            ast,
            source,
            types,
            environment,
            infer: Infer::new(),
            exprs: Vec::with_capacity(ast.exprs.len() + 8),
            tys: Vec::with_capacity(ast.exprs.len() + 8),
            patterns: Vec::new(),
            functions: Vec::new(),
            frames: Vec::new(),
            globals: Vec::new(),
            bound_globals: FxHashMap::default(),
            top_level: FxHashMap::default(),
            structs: FxHashMap::default(),
            imports: Vec::new(),
            import_numbers: FxHashMap::default(),
            uses: Vec::new(),
            use_numbers: FxHashMap::default(),
            pending: Vec::new(),
            diagnostics: Vec::new(),
            recorded: Vec::new(),
            depth: 0,
            failed: false,
            notes: None,
        }
    }

    /// The expression of the tree.
    pub(crate) fn tree(&self, id: ast::ExprId) -> &'a ast::Expr {
        &self.ast.exprs[id.0 as usize]
    }

    pub(crate) fn span(&self, id: ast::ExprId) -> Span {
        self.tree(id).span
    }

    /// A new expression of the program.
    pub(crate) fn add(&mut self, kind: ExprKind, ty: Ty, span: Span) -> ExprId {
        self.exprs.push(Expr { kind, ty: TypeId::NEVER, span });
        self.tys.push(ty);
        ExprId(self.exprs.len() as u32 - 1)
    }

    /// What stands for something wrong, which has been reported.
    pub(crate) fn wrong(&mut self, span: Span) -> ExprId {
        self.add(ExprKind::Unit, Ty::ERROR, span)
    }

    pub(crate) fn ty(&self, id: ExprId) -> Ty {
        self.tys[id.0 as usize]
    }

    pub(crate) fn is_never(&self, id: ExprId) -> bool {
        self.infer.is(self.ty(id), Ty::NEVER)
    }

    /// Notes what a name that is called is.
    pub(crate) fn note(&mut self, span: Span, ty: Ty, builtin: Option<Builtin>) {
        if let Some(notes) = &mut self.notes {
            notes.push((span, ty, builtin));
        }
    }

    /// What is written at `span`.
    pub(crate) fn text(&self, span: Span) -> &'a str {
        self.source.get(span.start as usize..span.end as usize).unwrap_or("…")
    }

    pub(crate) fn show(&self, ty: Ty) -> String {
        self.infer.show(ty, "_", self.types)
    }

    /// Notes what is wrong, or worth a warning. Beyond a number that nobody reads there is only whether there are errors.
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        let is_error = diagnostic.severity == Severity::Error;
        if self.diagnostics.len() >= MAX_DIAGNOSTICS {
            if self.failed || !is_error {
                return;
            }
            self.diagnostics.pop();
        }
        self.failed |= is_error;
        self.diagnostics.push(diagnostic);
    }

    /// Whether there are so many errors that the rest of the cell need not be looked at.
    fn is_hopeless(&self) -> bool {
        self.failed && self.diagnostics.len() >= MAX_DIAGNOSTICS
    }

    /// Reports an error.
    pub(crate) fn error(&mut self, span: Span, message: &str) {
        self.complain(span, message, "", "");
    }

    /// Reports an error, with what stands beside the carets and what to do about it. An empty text is none.
    #[inline(never)]
    pub(crate) fn complain(&mut self, span: Span, message: &str, label: &str, suggestion: &str) {
        let mut diagnostic = Diagnostic::error(span, message);
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        diagnostic.label = some(label);
        diagnostic.suggestion = some(suggestion);
        self.report(diagnostic);
    }

    /// The same with what to do, if that is known.
    pub(crate) fn complain_with(
        &mut self,
        span: Span,
        message: &str,
        label: &str,
        suggestion: Option<String>,
    ) {
        self.complain(span, message, label, suggestion.as_deref().unwrap_or(""));
    }

    /// Reports an error, with another place that explains it.
    #[inline(never)]
    pub(crate) fn complain_of_two(&mut self, span: Span, message: &str, other: Span, what: &str) {
        let mut diagnostic = Diagnostic::error(span, message);
        diagnostic.related = Some((other, what.to_owned()));
        self.report(diagnostic);
    }

    /// Has two types be one.
    pub(crate) fn unify(&mut self, a: Ty, b: Ty) -> Result<(), Clash> {
        let result = self.infer.unify(a, b, self.types);
        self.report_unmet();
        result
    }

    /// Demands something of a type, now or when it becomes known.
    pub(crate) fn demand(&mut self, ty: Ty, class: Class, span: Span, what: &'static str) {
        self.infer.demand(ty, class, Origin { span, what }, self.types);
        self.report_unmet();
    }

    fn report_unmet(&mut self) {
        for unmet in std::mem::take(&mut self.infer.unmet) {
            let found = self.show(unmet.ty);
            let what = unmet.origin.what;
            let needs = match unmet.class {
                Class::Add => "numbers, texts or arrays",
                Class::Number => "numbers",
                Class::Order => "values with an order",
                Class::Equal => "values that can be compared",
            };
            let message = format!("`{what}` needs {needs}, found {found}");
            let (label, suggestion) = match (unmet.class, self.infer.node(unmet.ty)) {
                (Class::Equal, Node::Function(..)) => ("functions are never equal", ""),
                (Class::Equal, Node::Struct(_)) => ("it holds a function", ""),
                (Class::Order, Node::Struct(_)) => ("", "compare a field of it"),
                (Class::Add, Node::Tuple(_)) => ("tuples have fields: `.0`, `.1`", ""),
                (Class::Number, Node::Simple(TypeId::STRING)) => {
                    ("", "make it a number first: `.to_int()` or `.to_float()`")
                }
                _ => ("", ""),
            };
            self.complain(unmet.origin.span, &message, label, suggestion);
        }
    }

    /// Has the expression be of a type; what does not return fits everywhere.
    pub(crate) fn coerce(&mut self, id: ExprId, expected: Ty, why: Why) {
        let actual = self.ty(id);
        if self.infer.is(actual, Ty::NEVER) {
            return;
        }
        if let Err(clash) = self.unify(actual, expected) {
            let span = self.exprs[id.0 as usize].span;
            self.mismatch(id, span, actual, expected, clash, why);
            self.tys[id.0 as usize] = Ty::ERROR;
        }
    }

    /// Reports that an expression has not the type that its place wants.
    fn mismatch(&mut self, id: ExprId, span: Span, actual: Ty, expected: Ty, clash: Clash, why: Why) {
        if let Clash::TooLarge = clash {
            return self.error(span, "the type of this is too large");
        }
        let (found, wanted) = (self.show(actual), self.show(expected));
        if let Clash::Infinite = clash {
            let message = format!("the type of this would hold itself: {wanted} is {found}");
            return self
                .report(Diagnostic::error(span, message).suggest("write the types of the parameters"));
        }
        let mut diagnostic = Diagnostic::error(span, format!("expected {wanted}, found {found}"));
        let why = match (why, self.frames.last()) {
            (Why::Body, Some(frame)) => frame.result.and_then(|(_, at)| at).map_or(Why::Plain, Why::Result),
            (why, _) => why,
        };
        match why {
            Why::Plain | Why::Body => {}
            Why::Written(at) => diagnostic = diagnostic.relate(at, "the type is written here"),
            Why::Argument(callee, number) => {
                diagnostic = diagnostic.label(format!("argument {number} of `{}`", self.short(callee)));
            }
            Why::First(at, what) => {
                diagnostic = diagnostic
                    .label(format!("{what} are of one type"))
                    .relate(at, format!("this is {wanted}"));
            }
            Why::Condition => diagnostic = diagnostic.label("a condition is true or false"),
            Why::Result(at) => diagnostic = diagnostic.relate(at, format!("the result is {wanted}")),
            Why::Operator(at) => {
                let operator = self.text(at);
                diagnostic = diagnostic.label(format!("both sides of `{operator}` are of one type"));
            }
            Why::Field => diagnostic = diagnostic.label("the type of the field"),
            Why::Assigned => diagnostic = diagnostic.label("the type of what is assigned"),
            Why::NoElse => {
                diagnostic = Diagnostic::error(span, "`if` without `else` has no value")
                    .label(format!("this is {found}"))
                    .suggest("add `else { … }`, or `;` behind the value");
            }
        }
        if found == wanted {
            diagnostic = diagnostic.label("two structs have this name: it has been defined again since");
        }
        if let Why::Argument(callee, _) = why
            && self.infer.is(actual, Ty::FLOAT)
            && self.infer.is(expected, Ty::INT)
            && let Some(symbol) = self.environment.get(self.text(callee))
            && matches!(symbol.kind, SymbolKind::Function(_))
        {
            // Often it is Int only because its own cell knew nothing else.
            let name = self.short(callee);
            diagnostic =
                diagnostic.suggest(format!("write Float as the parameter's type where `{name}` is defined"));
        }
        if diagnostic.suggestion.is_none()
            && let Some(suggestion) = suggest::conversion(self, id, actual, expected)
        {
            diagnostic = diagnostic.suggest(suggestion);
        }
        self.report(diagnostic);
    }

    /// What is written at `span`, if it is short.
    pub(crate) fn short(&self, span: Span) -> &'a str {
        let text = self.text(span);
        if text.len() > 40 || text.contains('\n') { "…" } else { text }
    }

    /// Checks an expression whose value is wanted, of the type.
    pub(crate) fn value_of(&mut self, id: ast::ExprId, ty: Ty, why: Why) -> ExprId {
        let checked = self.expr(id, Expect::Type(ty, why));
        self.coerce(checked, ty, why);
        checked
    }

    /// Checks an expression whose value is wanted.
    pub(crate) fn value(&mut self, id: ast::ExprId) -> ExprId {
        self.expr(id, Expect::Value)
    }

    /// Checks as the place wants it: of a type, or so that nothing comes of it.
    pub(crate) fn fit(&mut self, id: ast::ExprId, expect: Expect) -> ExprId {
        match expect {
            Expect::Value => self.value(id),
            Expect::Type(ty, why) => self.value_of(id, ty, why),
            Expect::Nothing => {
                let checked = self.dropped(id);
                self.without_value(checked)
            }
        }
    }

    /// The same, with its value dropped.
    pub(crate) fn without_value(&mut self, id: ExprId) -> ExprId {
        let ty = self.ty(id);
        if self.infer.is(ty, Ty::UNIT) || self.infer.is(ty, Ty::NEVER) {
            return id;
        }
        let span = self.exprs[id.0 as usize].span;
        self.add(ExprKind::Block(vec![id], None), Ty::UNIT, span)
    }

    /// Checks an expression.
    pub(crate) fn expr(&mut self, id: ast::ExprId, expect: Expect) -> ExprId {
        if self.is_hopeless() {
            return self.wrong(self.span(id));
        }
        if self.depth > MAX_NESTING {
            let span = self.span(id);
            self.error(span, "this is nested too deeply");
            return self.wrong(span);
        }
        self.depth += 1;
        let checked = self.expr_inner(id, expect);
        self.depth -= 1;
        checked
    }
}
