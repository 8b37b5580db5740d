//! Patterns: their types, and the variables that they bind.

use std::rc::Rc;

use crate::check::checker::Checker;
use crate::check::infer::{Clash, Node, Ty};
use crate::check::items::repeated;
use crate::check::names::LocalKind;
use crate::check::program::Variable;
use crate::check::suggest;
use crate::source::Span;
use crate::syntax::ast::{self, Name, PatternKind};
use crate::types::StructId;

/// A pattern whose types may still be unknown; [`crate::check::program::Pattern`] is what it becomes.
#[derive(Clone, Debug)]
pub(crate) enum Pat {
    Wildcard,
    Bind(Variable),
    Int(i64),
    Float(f64),
    Bool(bool),
    String(Rc<str>),
    /// Both included.
    Range(i64, i64),
    Tuple(Ty, Vec<Pat>),
    Struct(StructId, Vec<(u32, Pat)>),
    Or(Vec<Pat>),
}

/// What the names of a pattern become.
pub(crate) enum Binder<'a> {
    /// Variables of the function.
    Local(LocalKind),
    /// Globals, which have been declared; the number of the next one.
    Global(&'a mut u32),
}

/// The names that a pattern binds, in order, and whether they are `mut`.
pub(crate) fn bindings(pattern: &ast::Pattern) -> Vec<(&Name, bool)> {
    let mut names = Vec::new();
    let mut rest = vec![pattern];
    while let Some(pattern) = rest.pop() {
        match &pattern.kind {
            PatternKind::Bind { name, mutable } => names.push((name, *mutable)),
            PatternKind::Tuple(elements) | PatternKind::Or(elements) => rest.extend(elements.iter().rev()),
            PatternKind::Struct { fields, .. } => {
                rest.extend(fields.iter().rev().map(|(_, pattern)| pattern))
            }
            _ => {}
        }
    }
    names
}

impl<'a> Checker<'a> {
    /// Checks a pattern for values of type `ty`, and binds its names.
    pub(crate) fn pattern(&mut self, pattern: &'a ast::Pattern, ty: Ty, binder: &mut Binder<'_>) -> Pat {
        let names: Vec<&Name> = bindings(pattern).into_iter().map(|(name, _)| name).collect();
        for (name, first) in repeated(&names) {
            let message = format!("the pattern binds `{}` twice", name.text);
            self.complain_of_two(name.span, &message, first.span, "the first one is here");
        }
        self.pattern_at(pattern, ty, binder, 0)
    }

    fn pattern_at(&mut self, pattern: &'a ast::Pattern, ty: Ty, binder: &mut Binder<'_>, depth: u32) -> Pat {
        let span = pattern.span;
        if depth > 100 {
            self.error(span, "this pattern is nested too deeply");
            return Pat::Wildcard;
        }
        match &pattern.kind {
            PatternKind::Wildcard => Pat::Wildcard,
            PatternKind::Bind { name, mutable } => match binder {
                Binder::Global(next) => {
                    let number = **next;
                    **next += 1;
                    Pat::Bind(self.bind_global(number, ty))
                }
                Binder::Local(kind) => {
                    let local = self.new_local(name.text.clone(), ty, name.span, *mutable, *kind);
                    self.enter(name.text.clone(), local);
                    Pat::Bind(Variable::Local(local))
                }
            },
            &PatternKind::Int(value) => {
                self.pattern_type(span, Ty::INT, ty);
                Pat::Int(value)
            }
            &PatternKind::Float(value) => {
                self.pattern_type(span, Ty::FLOAT, ty);
                Pat::Float(value)
            }
            &PatternKind::Bool(value) => {
                self.pattern_type(span, Ty::BOOL, ty);
                Pat::Bool(value)
            }
            PatternKind::String(text) => {
                self.pattern_type(span, Ty::STRING, ty);
                Pat::String(text.clone())
            }
            &PatternKind::Range { start, end, inclusive } => {
                self.pattern_type(span, Ty::INT, ty);
                let last = if inclusive { Some(end) } else { end.checked_sub(1) };
                match last {
                    Some(last) if start <= last => Pat::Range(start, last),
                    _ => {
                        self.complain(span, "this range is empty", "it begins behind its end", "");
                        Pat::Wildcard
                    }
                }
            }
            PatternKind::Tuple(elements) => self.tuple_pattern(span, elements, ty, binder, depth),
            PatternKind::Struct { name, fields, rest } => {
                self.struct_pattern(span, name, fields, *rest, ty, binder, depth)
            }
            PatternKind::Or(options) => {
                if let Some((name, _)) = bindings(pattern).first() {
                    let message = format!("`{}` is bound in only one of several patterns", name.text);
                    self.complain(name.span, &message, "", "write one arm for each, or `_` in its place");
                }
                Pat::Or(options.iter().map(|option| self.pattern_at(option, ty, binder, depth + 1)).collect())
            }
        }
    }

    /// Has a pattern of type `own` be for values of type `ty`.
    fn pattern_type(&mut self, span: Span, own: Ty, ty: Ty) {
        if let Err(clash) = self.unify(own, ty) {
            let (own, ty) = (self.show(own), self.show(ty));
            let message = format!("this pattern is for {own}, the value is {ty}");
            let label = if clash == Clash::Infinite { "the type would hold itself" } else { "" };
            let suggestion =
                (own == "Int" && ty == "Float").then(|| format!("write `{}.0`", self.text(span)));
            self.complain_with(span, &message, label, suggestion);
        }
    }

    fn tuple_pattern(
        &mut self,
        span: Span,
        elements: &'a [ast::Pattern],
        ty: Ty,
        binder: &mut Binder<'_>,
        depth: u32,
    ) -> Pat {
        let known = match self.infer.node(ty) {
            Node::Tuple(tys) if tys.len() == elements.len() => Some(tys.clone()),
            _ => None,
        };
        let tys = match known {
            Some(tys) => tys.to_vec(),
            None => {
                let tys: Vec<Ty> = elements.iter().map(|_| self.infer.unknown()).collect();
                let tuple = self.infer.tuple(tys.clone());
                if let Err(clash) = self.unify(tuple, ty) {
                    let found = self.show(ty);
                    let message = match (clash, self.infer.node(ty)) {
                        (Clash::Mismatch, Node::Tuple(other)) => {
                            format!(
                                "this pattern has {} elements, the value {found} has {}",
                                elements.len(),
                                other.len()
                            )
                        }
                        _ => format!("this pattern is for a tuple, the value is {found}"),
                    };
                    self.error(span, &message);
                    tys.iter().for_each(|&ty| self.infer.give_up(ty, 0));
                }
                tys
            }
        };
        let pats = elements
            .iter()
            .zip(&tys)
            .map(|(pattern, &ty)| self.pattern_at(pattern, ty, binder, depth + 1))
            .collect();
        Pat::Tuple(ty, pats)
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one form")]
    fn struct_pattern(
        &mut self,
        span: Span,
        name: &'a Name,
        fields: &'a [(Name, ast::Pattern)],
        rest: bool,
        ty: Ty,
        binder: &mut Binder<'_>,
        depth: u32,
    ) -> Pat {
        let Some(id) = self.expect_struct(name) else {
            for (_, pattern) in fields {
                self.pattern_at(pattern, Ty::ERROR, binder, depth + 1);
            }
            return Pat::Wildcard;
        };
        let own = self.infer.structure(id, self.types);
        self.pattern_type(span, own, ty);
        let mut pats: Vec<(u32, Pat)> = Vec::with_capacity(fields.len());
        for (field, pattern) in fields {
            let definition = self.types.struct_type(id);
            let index = definition.fields.iter().position(|other| *other.name == *field.text);
            let Some(index) = index else {
                let diagnostic = suggest::unknown_field(definition, field);
                self.report(diagnostic);
                self.pattern_at(pattern, Ty::ERROR, binder, depth + 1);
                continue;
            };
            let ty = self.field_type(id, index);
            let pat = self.pattern_at(pattern, ty, binder, depth + 1);
            if pats.iter().any(|&(other, _)| other as usize == index) {
                self.error(field.span, &format!("the field `{}` is named twice", field.text));
            } else {
                pats.push((index as u32, pat));
            }
        }
        let definition = self.types.struct_type(id);
        let missing: Vec<String> = (0..definition.fields.len())
            .filter(|&i| !pats.iter().any(|&(field, _)| field as usize == i))
            .map(|i| format!("`{}`", definition.fields[i].name))
            .collect();
        if !missing.is_empty() && !rest {
            let message = format!("the pattern does not name {}", missing.join(", "));
            self.complain(span, &message, "", "write `..` for all other fields");
        }
        Pat::Struct(id, pats)
    }
}
