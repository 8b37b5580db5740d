//! The cell as a whole, functions, closures, blocks and `let`.
//!
//! Functions are known in their whole block. At the top level they are functions of the module and see globals. In a block they are
//! closures, made as early as what they capture allows: behind the last `let` of the block whose variables they use. One that is named
//! before it is made lies in a box that is there from the beginning of the block.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::check::checker::{Checker, Expect, Why};
use crate::check::exhaustive;
use crate::check::infer::{Node, Ty};
use crate::check::names::{Frame, FunctionState, GlobalState, LocalKind};
use crate::check::pattern::{Binder, Pat, bindings};
use crate::check::program::{
    Captured, ExprId, ExprKind, FunctionId, GlobalId, LocalId, Pattern, Place, Variable,
};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::{self, BinaryOp, Block, FunctionItem, Let, Name, PatternKind, Statement};

impl<'a> Checker<'a> {
    /// Checks the whole cell.
    pub(crate) fn cell(&mut self) {
        let block = &self.ast.block;
        let span = Span::new(0, self.source.len() as u32);
        let result = self.infer.unknown_or_unit();
        let ty = self.infer.function(Vec::new(), result);
        self.functions.push(FunctionState {
            name: None,
            params: 0,
            captures: Vec::new(),
            locals: Vec::new(),
            result,
            body: None,
            span,
            top_level: false,
            parent: None,
            ty,
            name_span: span,
            named: false,
            returns: false,
        });
        self.define_structs();
        self.declare_definitions();
        self.frames.push(new_frame(FunctionId(0), None));
        let mut next_function = 1;
        let mut next_global = 0;
        let mut list = Vec::new();
        let mut value = None;
        for (i, statement) in block.statements.iter().enumerate() {
            let last = i + 1 == block.statements.len();
            match statement {
                Statement::Let(item) => list.push(self.let_statement(item, Some(&mut next_global))),
                Statement::Function(item) => {
                    let function = FunctionId(next_function);
                    next_function += 1;
                    let frames = std::mem::take(&mut self.frames);
                    self.named_function(function, item);
                    self.frames = frames;
                    let named = self.function(function).named;
                    self.settle_never(function, named);
                }
                Statement::Struct(_) => {}
                Statement::Expr(id) if last && block.has_value => value = Some(self.value(*id)),
                // A semicolon behind the last one says that its value is not to be shown.
                Statement::Expr(id) if last => list.push(self.expr(*id, Expect::Nothing)),
                Statement::Expr(id) => list.push(self.dropped(*id)),
            }
            self.solve();
        }
        self.frames.clear();
        self.warn_unreached(&list, value);
        let body = self.finish_block(list, value, span);
        self.functions[0].body = Some(body);
        self.functions[0].result = if self.is_never(body) { Ty::UNIT } else { self.ty(body) };
    }

    /// Makes functions and globals of the top level known, before anything is checked.
    fn declare_definitions(&mut self) {
        let mut names: FxHashMap<Rc<str>, (Span, &'static str)> = FxHashMap::default();
        let ast = self.ast;
        for statement in &ast.block.statements {
            match statement {
                Statement::Let(item) => {
                    for (name, mutable) in bindings(&item.pattern) {
                        let ty = self.infer.unknown_or_unit();
                        self.globals.push(GlobalState {
                            name: name.text.clone(),
                            ty,
                            mutable,
                            span: name.span,
                            bound: false,
                        });
                        self.define_name(&mut names, name, "let");
                    }
                }
                Statement::Function(item) => {
                    self.define_name(&mut names, &item.name, "fun");
                    let function = self.declare_function(item, true);
                    self.top_level.insert(item.name.text.clone(), function);
                }
                Statement::Struct(item) => self.define_name(&mut names, &item.name, "struct"),
                Statement::Expr(_) => {}
            }
        }
    }

    /// Notes a name of the top level; only `let` may bind one again, which a `let` has bound.
    fn define_name(
        &mut self,
        names: &mut FxHashMap<Rc<str>, (Span, &'static str)>,
        name: &Name,
        kind: &'static str,
    ) {
        if let Some(&(first, other)) = names.get(&name.text)
            && !(kind == "let" && other == "let")
        {
            return self.defined_twice(name, first);
        }
        names.insert(name.text.clone(), (name.span, kind));
    }

    pub(crate) fn defined_twice(&mut self, name: &Name, first: Span) {
        let message = format!("`{}` is defined twice", name.text);
        self.complain_of_two(name.span, &message, first, "the first definition is here");
    }

    /// A named function, whose body is checked later.
    fn declare_function(&mut self, item: &'a FunctionItem, top_level: bool) -> FunctionId {
        let params: Vec<Ty> =
            item.function.params.iter().map(|param| self.written_or_unknown(&param.ty)).collect();
        let result = match &item.function.result {
            Some(written) => self.written_result(written),
            None => self.infer.unknown_or_unit(),
        };
        let ty = self.infer.function(params, result);
        self.functions.push(FunctionState {
            name: Some(item.name.text.clone()),
            params: item.function.params.len() as u32,
            captures: Vec::new(),
            locals: Vec::new(),
            result,
            body: None,
            span: item.span,
            top_level,
            parent: if top_level { None } else { self.frames.last().map(|frame| frame.function) },
            ty,
            name_span: item.name.span,
            named: false,
            returns: false,
        });
        FunctionId(self.functions.len() as u32 - 1)
    }

    /// Checks the body of a function that has been declared.
    fn named_function(&mut self, id: FunctionId, item: &'a FunctionItem) {
        let FunctionState { ty, result, .. } = *self.function(id);
        let Node::Function(params, _) = self.infer.node(ty).clone() else { return };
        self.function_body(id, &item.function, &params, result, false);
    }

    /// Has a function that never returns say so, if nobody has named it before and its result was left open.
    fn settle_never(&mut self, id: FunctionId, named: bool) {
        let FunctionState { result, body, returns, .. } = self.functions[id.0 as usize];
        if !named && !returns && self.infer.is_unknown(result) && body.is_some_and(|body| self.is_never(body))
        {
            // An unknown fits everything.
            let _ = self.unify(result, Ty::NEVER);
        }
    }

    /// Checks parameters and body.
    fn function_body(
        &mut self,
        id: FunctionId,
        function: &'a ast::Function,
        params: &[Ty],
        result: Ty,
        drops_value: bool,
    ) {
        let body_span = self.span(function.body);
        let written = function.result.as_ref().map(|written| written.span);
        self.frames.push(new_frame(id, Some((result, written))));
        let mut patterns = Vec::new();
        for (param, &ty) in function.params.iter().zip(params) {
            let span = param.pattern.span;
            match &param.pattern.kind {
                PatternKind::Bind { name, mutable } => {
                    let local = self.new_local(name.text.clone(), ty, name.span, *mutable, LocalKind::Param);
                    self.enter(name.text.clone(), local);
                }
                kind => {
                    let local = self.new_local("_".into(), ty, span, false, LocalKind::Pattern);
                    if !matches!(kind, PatternKind::Wildcard) {
                        patterns.push((local, &param.pattern, ty));
                    }
                }
            }
        }
        self.check_param_names(function);
        let mut list = Vec::new();
        for (local, pattern, ty) in patterns {
            let value = self.add(ExprKind::Variable(Variable::Local(local)), ty, pattern.span);
            list.push(self.bind_pattern(
                pattern,
                ty,
                value,
                pattern.span,
                &mut Binder::Local(LocalKind::Pattern),
            ));
        }
        let mut body = if drops_value {
            self.fit(function.body, Expect::Nothing)
        } else {
            self.value_of(function.body, result, written.map_or(Why::Body, Why::Written))
        };
        if !list.is_empty() {
            body = self.finish_block(list, Some(body), body_span);
        }
        self.leave(0, body_span);
        self.frames.pop();
        self.function(id).body = Some(body);
    }

    fn check_param_names(&mut self, function: &'a ast::Function) {
        let names: Vec<&Name> =
            function.params.iter().flat_map(|param| bindings(&param.pattern)).map(|(name, _)| name).collect();
        for (name, first) in repeated(&names) {
            let message = format!("two parameters have the name `{}`", name.text);
            self.complain_of_two(name.span, &message, first.span, "the first one is here");
        }
    }

    /// `|a| b`.
    pub(crate) fn lambda(
        &mut self,
        function: &'a ast::Function,
        expect: Expect,
        name: Option<Rc<str>>,
        span: Span,
    ) -> ExprId {
        let mut expected = None;
        if let Expect::Type(ty, _) = expect
            && let Node::Function(params, result) = self.infer.node(ty).clone()
            && params.len() == function.params.len()
        {
            expected = Some((params, result));
        }
        let mut params = Vec::with_capacity(function.params.len());
        for (i, param) in function.params.iter().enumerate() {
            let wanted = expected.as_ref().map(|(params, _)| params[i]);
            params.push(match (&param.ty, wanted) {
                (None, Some(wanted)) => wanted,
                (written, _) => self.written_or_unknown(written),
            });
        }
        let mut drops_value = false;
        let result = match (&function.result, &expected) {
            (Some(written), _) => self.written_result(written),
            (None, Some((_, result))) if !self.infer.is(*result, Ty::NEVER) => {
                drops_value = self.infer.is(*result, Ty::UNIT);
                *result
            }
            (None, _) => self.infer.unknown_or_unit(),
        };
        let ty = self.infer.function(params.clone(), result);
        let parent = self.frames.last().map(|frame| frame.function);
        self.functions.push(FunctionState {
            name,
            params: params.len() as u32,
            captures: Vec::new(),
            locals: Vec::new(),
            result,
            body: None,
            span,
            top_level: false,
            parent,
            ty,
            name_span: span,
            named: false,
            returns: false,
        });
        let id = FunctionId(self.functions.len() as u32 - 1);
        self.function_body(id, function, &params, result, drops_value);
        self.add(ExprKind::Lambda(id), ty, span)
    }

    /// `{ … }`.
    pub(crate) fn block(&mut self, block: &'a Block, expect: Expect, span: Span) -> ExprId {
        let scope = self.scope();
        let mut functions = self.declare_block_functions(block);
        let mut next = 0;
        let mut list = Vec::with_capacity(block.statements.len());
        let mut value = None;
        // Which variables each statement binds, and for each function where among the statements it is made.
        let mut bound: Vec<(u32, u32)> = Vec::new();
        for (i, statement) in block.statements.iter().enumerate() {
            let last = i + 1 == block.statements.len();
            let start = self.local_count();
            match statement {
                Statement::Let(item) => list.push(self.let_statement(item, None)),
                Statement::Function(item) => {
                    let BlockFunction { id, local, .. } = functions[next];
                    self.named_function(id, item);
                    let place = self.place_of_function(id, &bound, &functions);
                    functions[next].place = Some(place);
                    let current = self.frame().function;
                    let state = &mut self.function(current).locals[local.0 as usize];
                    state.bound = true;
                    let named = state.early;
                    self.settle_never(id, named);
                    next += 1;
                    continue;
                }
                Statement::Struct(item) => {
                    let message = "a struct can only be defined at the top level of a cell";
                    self.complain(item.span, message, "", "move it out of the braces");
                    continue;
                }
                Statement::Expr(id) if last && block.has_value => value = Some(self.fit(*id, expect)),
                Statement::Expr(id) => list.push(self.dropped(*id)),
            }
            let end = self.local_count();
            bound.push((start, end));
        }
        self.warn_unreached(&list, value);
        self.leave(scope, span);
        if !functions.is_empty() {
            list = self.place_functions(list, &functions);
        }
        if let (Expect::Nothing, Some(last)) = (expect, value) {
            list.push(last);
            value = None;
        }
        self.finish_block(list, value, span)
    }

    fn local_count(&mut self) -> u32 {
        let function = self.frame().function;
        self.function(function).locals.len() as u32
    }

    /// Makes the functions of a block known in it.
    fn declare_block_functions(&mut self, block: &'a Block) -> Vec<BlockFunction> {
        let mut functions: Vec<BlockFunction> = Vec::new();
        let mut names: Vec<&Name> = Vec::new();
        for statement in &block.statements {
            let Statement::Function(item) = statement else { continue };
            let Name { text, span } = &item.name;
            names.push(&item.name);
            let id = self.declare_function(item, false);
            let ty = self.function(id).ty;
            let local = self.new_local(text.clone(), ty, *span, false, LocalKind::Function);
            self.enter(text.clone(), local);
            functions.push(BlockFunction { id, local, span: item.span, place: None });
        }
        for (name, first) in repeated(&names) {
            self.defined_twice(name, first.span);
        }
        functions
    }

    /// The number of the statement before which a function of the block can be made: all that it captures is bound there.
    fn place_of_function(
        &mut self,
        id: FunctionId,
        bound: &[(u32, u32)],
        functions: &[BlockFunction],
    ) -> usize {
        let mut place = 0;
        for &(from, _) in &self.functions[id.0 as usize].captures {
            let Captured::Local(local) = from else { continue };
            let let_place =
                bound.iter().position(|&(start, end)| (start..end).contains(&local.0)).map(|i| i + 1);
            let function = functions.iter().find(|function| function.local == local);
            let function_place = function.and_then(|function| function.place);
            place = place.max(let_place.or(function_place).unwrap_or(0));
        }
        place
    }

    /// Puts the making of functions among the statements of their block.
    fn place_functions(&mut self, list: Vec<ExprId>, functions: &[BlockFunction]) -> Vec<ExprId> {
        let mut placed = Vec::with_capacity(list.len() + functions.len());
        let current = self.frame().function;
        for function in functions {
            if self.function(current).locals[function.local.0 as usize].early {
                placed.push(self.add(ExprKind::Declare(function.local), Ty::UNIT, function.span));
            }
        }
        for i in 0..=list.len() {
            for function in functions {
                if function.place.unwrap_or(list.len()) == i {
                    placed.push(self.make_function(current, function));
                }
            }
            placed.extend(list.get(i));
        }
        placed
    }

    fn make_function(&mut self, current: FunctionId, function: &BlockFunction) -> ExprId {
        let ty = self.function(function.id).ty;
        let value = self.add(ExprKind::Lambda(function.id), ty, function.span);
        let variable = Variable::Local(function.local);
        if self.function(current).locals[function.local.0 as usize].early {
            return self.add(ExprKind::Assign(Place::Variable(variable), value), Ty::UNIT, function.span);
        }
        let id = self.add(ExprKind::Let(Pattern::Wildcard, value), Ty::UNIT, function.span);
        self.patterns.push((id, 0, Pat::Bind(variable)));
        id
    }

    /// A block of these; what follows on something that does not return is never reached.
    fn finish_block(&mut self, mut list: Vec<ExprId>, mut value: Option<ExprId>, span: Span) -> ExprId {
        let ends = |this: &Self, id: ExprId| this.is_never(id);
        if list.iter().chain(value.iter()).any(|&id| ends(self, id)) {
            list.extend(value);
            return self.add(ExprKind::Block(list, None), Ty::NEVER, span);
        }
        let ty = value.map_or(Ty::UNIT, |id| self.ty(id));
        if list.is_empty()
            && let Some(value) = value.take()
        {
            return value;
        }
        self.add(ExprKind::Block(list, value), ty, span)
    }

    /// An expression whose value is dropped: a warning where making the value is all that it does.
    pub(crate) fn dropped(&mut self, id: ast::ExprId) -> ExprId {
        let tree = self.tree(id);
        let help = match &tree.kind {
            ast::ExprKind::Binary(BinaryOp::Equal, ..) => Some("write `=` to assign"),
            ast::ExprKind::Binary(BinaryOp::And | BinaryOp::Or, ..) => None,
            ast::ExprKind::Binary(..)
            | ast::ExprKind::Unary(..)
            | ast::ExprKind::Int(_)
            | ast::ExprKind::Float(_) => Some(""),
            ast::ExprKind::Method(_, name, _) => match &*name.text {
                "sorted" => Some("write `sort` to sort in place"),
                "reversed" => Some("write `reverse` to change the order in place"),
                "to_upper" | "to_lower" | "trim" | "replace" | "repeat" => {
                    Some("a text never changes: bind the new one to a name")
                }
                _ => None,
            },
            _ => None,
        };
        let before = self.diagnostics.len();
        let checked = self.expr(id, Expect::Nothing);
        if let Some(help) = help
            && self.diagnostics.len() == before
        {
            let warning = Diagnostic::warning(tree.span, "this value is not used");
            self.report(if help.is_empty() { warning } else { warning.suggest(help) });
        }
        checked
    }

    fn warn_unreached(&mut self, list: &[ExprId], value: Option<ExprId>) {
        let all: Vec<ExprId> = list.iter().copied().chain(value).collect();
        let Some(end) = all.iter().position(|&id| self.is_never(id)) else { return };
        if let Some(&next) = all.get(end + 1) {
            let (at, next) = (self.exprs[end_index(all[end])].span, self.exprs[end_index(next)].span);
            self.report(Diagnostic::warning(next, "this is never reached").relate(at, "this does not go on"));
        }
    }

    /// `let`. At the top level `next_global` is the number of the global that comes next.
    fn let_statement(&mut self, item: &'a Let, next_global: Option<&mut u32>) -> ExprId {
        let written = item.ty.as_ref().map(|written| (self.written(written), written.span));
        let expect = written.map_or(Expect::Value, |(ty, span)| Expect::Type(ty, Why::Written(span)));
        let tree = self.tree(item.value);
        let value = match (&tree.kind, &item.pattern.kind) {
            (ast::ExprKind::Lambda(function), PatternKind::Bind { name, .. }) => {
                let lambda = self.lambda(function, expect, Some(name.text.clone()), tree.span);
                if let Expect::Type(ty, why) = expect {
                    self.coerce(lambda, ty, why);
                }
                lambda
            }
            _ => self.fit(item.value, expect),
        };
        let ty = match written {
            Some((ty, _)) => ty,
            None if self.is_never(value) => self.infer.unknown_or_unit(),
            None => self.ty(value),
        };
        let mut binder = match next_global {
            Some(next) => Binder::Global(next),
            None => Binder::Local(LocalKind::Let),
        };
        self.bind_pattern(&item.pattern, ty, value, item.span, &mut binder)
    }

    /// A `Let` of the program.
    fn bind_pattern(
        &mut self,
        pattern: &'a ast::Pattern,
        ty: Ty,
        value: ExprId,
        span: Span,
        binder: &mut Binder<'_>,
    ) -> ExprId {
        let pat = self.pattern(pattern, ty, binder);
        self.check_irrefutable(&pat, pattern.span);
        let ty = if self.is_never(value) { Ty::NEVER } else { Ty::UNIT };
        let id = self.add(ExprKind::Let(Pattern::Wildcard, value), ty, span);
        self.patterns.push((id, 0, pat));
        id
    }

    /// Reports a pattern of `let`, `for` or a parameter that does not fit everything.
    pub(crate) fn check_irrefutable(&mut self, pat: &Pat, span: Span) {
        if let Some(missing) = exhaustive::missing(pat, self.types) {
            let message = match exhaustive::is_vague(&missing) {
                true => "this pattern does not fit every value".to_owned(),
                false => format!("this pattern does not fit every value: `{missing}` is left"),
            };
            self.complain(span, &message, "", "use `match`, which can say what else is to be done");
        }
    }

    /// Has the name of a global mean the one that is bound now.
    pub(crate) fn bind_global(&mut self, number: u32, ty: Ty) -> Variable {
        let global = GlobalId(number);
        let state = &mut self.globals[number as usize];
        state.bound = true;
        let (name, declared, span) = (state.name.clone(), state.ty, state.span);
        if self.unify(declared, ty).is_err() {
            let message = format!(
                "`{name}` is {} here, but a function above uses it as {}",
                self.show(ty),
                self.show(declared)
            );
            self.error(span, &message);
        }
        self.bound_globals.insert(name, global);
        Variable::Global(global)
    }
}

/// Names that stand there a second time, with where they stand first.
pub(crate) fn repeated<'n>(names: &[&'n Name]) -> Vec<(&'n Name, &'n Name)> {
    let mut sorted = names.to_vec();
    sorted.sort_unstable_by(|a, b| (&a.text, a.span.start).cmp(&(&b.text, b.span.start)));
    let mut found = Vec::new();
    let mut first: Option<&Name> = None;
    for name in sorted {
        match first {
            Some(first) if first.text == name.text => found.push((name, first)),
            _ => first = Some(name),
        }
    }
    found
}

/// A function of a block.
#[derive(Clone, Copy)]
struct BlockFunction {
    id: FunctionId,
    local: LocalId,
    span: Span,
    /// Before which statement it is made, once that is known.
    place: Option<usize>,
}

fn end_index(id: ExprId) -> usize {
    id.0 as usize
}

fn new_frame(function: FunctionId, result: Option<(Ty, Option<Span>)>) -> Frame {
    Frame { function, names: Vec::new(), breaks: Vec::new(), result }
}
