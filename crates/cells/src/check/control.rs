//! `if`, `match`, loops, and what leaves them.

use crate::check::checker::{Checker, Expect, Why};
use crate::check::exhaustive::{Tried, is_vague};
use crate::check::infer::Ty;
use crate::check::names::LocalKind;
use crate::check::pattern::{Binder, Pat};
use crate::check::pending::Wanted;
use crate::check::program::{Arm, ExprId, ExprKind, Pattern};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast;

/// The type of something with several branches.
struct Join {
    expect: Expect,
    /// The type of the first branch that has a value, if the place does not say which it is.
    first: Option<(Ty, Span)>,
    /// Whether some branch goes on.
    goes_on: bool,
}

impl Join {
    fn new(expect: Expect) -> Self {
        Self { expect, first: None, goes_on: false }
    }

    fn ty(&self) -> Ty {
        match self.expect {
            _ if !self.goes_on => Ty::NEVER,
            Expect::Nothing => Ty::UNIT,
            Expect::Type(ty, _) => ty,
            Expect::Value => self.first.map_or(Ty::NEVER, |(ty, _)| ty),
        }
    }
}

impl<'a> Checker<'a> {
    /// Checks a branch; all branches are of one type.
    fn join(&mut self, join: &mut Join, id: ast::ExprId) -> ExprId {
        let checked = match (join.expect, join.first) {
            (Expect::Value, Some((ty, span))) => self.value_of(id, ty, Why::First(span, "all branches")),
            // An arm for which there is nothing to do may have any value.
            (Expect::Nothing, _) if !matches!(self.tree(id).kind, ast::ExprKind::Block(_)) => {
                let checked = self.expr(id, Expect::Nothing);
                self.without_value(checked)
            }
            (expect, _) => self.fit(id, expect),
        };
        if !self.is_never(checked) {
            join.goes_on = true;
            if join.first.is_none() {
                join.first = Some((self.ty(checked), self.exprs[checked.0 as usize].span));
            }
        }
        checked
    }

    fn condition(&mut self, id: ast::ExprId) -> ExprId {
        if let ast::ExprKind::Assign(place, None, _) = self.tree(id).kind {
            let place = self.short(self.span(place));
            let span = self.span(id);
            self.complain(
                span,
                "a condition is true or false, this is an assignment",
                "",
                &format!("write `{place} == …`"),
            );
            self.expr(id, Expect::Nothing);
            return self.wrong(span);
        }
        self.value_of(id, Ty::BOOL, Why::Condition)
    }

    /// `if`.
    pub(crate) fn branch(
        &mut self,
        condition: ast::ExprId,
        then: ast::ExprId,
        otherwise: Option<ast::ExprId>,
        expect: Expect,
        span: Span,
    ) -> ExprId {
        let condition = self.condition(condition);
        if let Some(otherwise) = otherwise {
            let mut join = Join::new(expect);
            let then = self.join(&mut join, then);
            let otherwise = self.join(&mut join, otherwise);
            return self.add(ExprKind::If(condition, then, Some(otherwise)), join.ty(), span);
        }
        let then = match expect {
            Expect::Nothing => self.fit(then, Expect::Nothing),
            Expect::Type(ty, _) if self.wants_value(ty) => {
                self.value(then);
                let wanted = self.show(ty);
                self.complain(
                    span,
                    "`if` without `else` has no value",
                    &format!("expected {wanted}"),
                    "add `else { … }`",
                );
                return self.wrong(span);
            }
            _ => self.value_of(then, Ty::UNIT, Why::NoElse),
        };
        self.add(ExprKind::If(condition, then, None), Ty::UNIT, span)
    }

    fn wants_value(&self, ty: Ty) -> bool {
        !self.infer.is_unknown(ty) && !self.infer.is(ty, Ty::UNIT) && !self.infer.is(ty, Ty::ERROR)
    }

    /// `match`.
    pub(crate) fn match_(
        &mut self,
        value: ast::ExprId,
        arms: &'a [ast::Arm],
        expect: Expect,
        span: Span,
    ) -> ExprId {
        let value_span = self.span(value);
        let value = self.value(value);
        let ty = if self.is_never(value) { self.infer.unknown_or_unit() } else { self.ty(value) };
        let mut join = Join::new(expect);
        let mut checked = Vec::with_capacity(arms.len());
        let mut pats: Vec<(Pat, bool)> = Vec::with_capacity(arms.len());
        for arm in arms {
            let scope = self.scope();
            let pat = self.pattern(&arm.pattern, ty, &mut Binder::Local(LocalKind::Pattern));
            let guard = arm.guard.map(|guard| self.condition(guard));
            let body = self.join(&mut join, arm.body);
            self.leave(scope, arm.pattern.span.to(self.span(arm.body)));
            pats.push((pat, guard.is_some()));
            checked.push(Arm { pattern: Pattern::Wildcard, guard, body });
        }
        self.check_arms(arms, &pats, value_span);
        let ty = if self.is_never(value) { Ty::NEVER } else { join.ty() };
        let id = self.add(ExprKind::Match(value, checked), ty, span);
        self.patterns.extend(pats.into_iter().enumerate().map(|(i, (pat, _))| (id, i, pat)));
        id
    }

    /// Reports values that no arm fits, and arms that are never reached.
    fn check_arms(&mut self, arms: &'a [ast::Arm], pats: &[(Pat, bool)], value: Span) {
        let mut tried = Tried::new();
        for (arm, (pat, guarded)) in arms.iter().zip(pats) {
            if !tried.leaves(pat, self.types) {
                self.report(
                    Diagnostic::warning(arm.pattern.span, "this arm is never reached")
                        .label("the arms above fit all that it fits"),
                );
            }
            if !guarded {
                tried.add(pat);
            }
        }
        if let Some(missing) = tried.missing(self.types) {
            let (message, missing) = match is_vague(&missing) {
                true => ("`match` does not fit every value".to_owned(), "_".to_owned()),
                false => (format!("`match` does not fit `{missing}`"), missing),
            };
            self.complain(value, &message, "", &format!("add an arm `{missing} => …`"));
        }
    }

    fn body(&mut self, body: ast::ExprId) -> (ExprId, bool) {
        self.frame().breaks.push(false);
        let body = self.fit(body, Expect::Nothing);
        let breaks = self.frame().breaks.pop().unwrap_or(false);
        (body, breaks)
    }

    /// `while`.
    pub(crate) fn while_(&mut self, condition: ast::ExprId, body: ast::ExprId, span: Span) -> ExprId {
        let condition = self.condition(condition);
        let (body, _) = self.body(body);
        self.add(ExprKind::While(condition, body), Ty::UNIT, span)
    }

    /// `loop`.
    pub(crate) fn loop_(&mut self, body: ast::ExprId, span: Span) -> ExprId {
        let (body, breaks) = self.body(body);
        self.add(ExprKind::Loop(body), if breaks { Ty::UNIT } else { Ty::NEVER }, span)
    }

    /// `for`.
    pub(crate) fn for_(
        &mut self,
        pattern: &'a ast::Pattern,
        over: ast::ExprId,
        body: ast::ExprId,
        span: Span,
    ) -> ExprId {
        let over_tree = self.tree(over);
        if let ast::ExprKind::Range(start, end, inclusive) = over_tree.kind {
            let start = self.value_of(start, Ty::INT, Why::Plain);
            let end = self.value_of(end, Ty::INT, Why::Plain);
            let (pat, body) = self.for_body(pattern, Ty::INT, body, span);
            let kind = ExprKind::ForRange { pattern: Pattern::Wildcard, start, end, inclusive, body };
            let id = self.add(kind, Ty::UNIT, span);
            self.patterns.push((id, 0, pat));
            return id;
        }
        let over = self.value(over);
        let mut ty = self.ty(over);
        if self.infer.is_unknown(ty) {
            self.solve();
            ty = self.infer.root(ty);
        }
        let element = if self.is_never(over) {
            self.infer.unknown_or_unit()
        } else if self.infer.is_unknown(ty) {
            let element = self.infer.unknown();
            let pending = self.waiting(over, Wanted::Each, element, over_tree.span);
            self.pending.push(pending);
            element
        } else {
            self.each(ty, over_tree.span)
        };
        let (pat, body) = self.for_body(pattern, element, body, span);
        let ty = if self.is_never(over) { Ty::NEVER } else { Ty::UNIT };
        let id = self.add(ExprKind::ForEach { pattern: Pattern::Wildcard, over, body }, ty, span);
        self.patterns.push((id, 0, pat));
        id
    }

    fn for_body(
        &mut self,
        pattern: &'a ast::Pattern,
        ty: Ty,
        body: ast::ExprId,
        span: Span,
    ) -> (Pat, ExprId) {
        let scope = self.scope();
        let pat = self.pattern(pattern, ty, &mut Binder::Local(LocalKind::Pattern));
        self.check_irrefutable(&pat, pattern.span);
        let (body, _) = self.body(body);
        self.leave(scope, span);
        (pat, body)
    }

    /// `break`, `continue`.
    pub(crate) fn leave_loop(&mut self, kind: ExprKind, span: Span) -> ExprId {
        let is_break = matches!(kind, ExprKind::Break);
        match self.frame().breaks.last_mut() {
            Some(breaks) => {
                *breaks |= is_break;
                self.add(kind, Ty::NEVER, span)
            }
            None => {
                let word = if is_break { "break" } else { "continue" };
                self.error(span, &format!("`{word}` can only stand in a loop"));
                self.wrong(span)
            }
        }
    }

    /// `return`.
    pub(crate) fn return_(&mut self, value: Option<ast::ExprId>, span: Span) -> ExprId {
        let Some((result, at)) = self.frame().result else {
            self.complain(
                span,
                "`return` can only stand in a function",
                "",
                "the value of a cell is that of its last expression",
            );
            if let Some(value) = value {
                self.value(value);
            }
            return self.wrong(span);
        };
        let why = at.map_or(Why::Plain, Why::Result);
        let value = match value {
            Some(value) => {
                let value_span = self.span(value);
                let value = self.value_of(value, result, why);
                let frame = self.frame();
                frame.result = Some((result, Some(at.unwrap_or(value_span))));
                let function = frame.function;
                self.function(function).returns = true;
                Some(value)
            }
            None => {
                let unit = self.add(ExprKind::Unit, Ty::UNIT, span);
                self.coerce(unit, result, why);
                None
            }
        };
        self.add(ExprKind::Return(value), Ty::NEVER, span)
    }
}
