//! Fields, elements and slices.

use crate::builtins::Builtin;
use crate::check::checker::{Checker, Why};
use crate::check::infer::{Node, Ty};
use crate::check::pending::Wanted;
use crate::check::program::{BinaryOp, ExprId, ExprKind};
use crate::check::signature;
use crate::check::suggest;
use crate::source::Span;
use crate::syntax::ast::{self, Name};
use crate::types::TypeId;

/// What stands between `[` and `]`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subscript {
    One(ExprId),
    /// From the first to the second, without it.
    Slice(ExprId, ExprId),
}

impl<'a> Checker<'a> {
    /// `object.name`.
    pub(crate) fn field(&mut self, object: ast::ExprId, name: &'a Name, span: Span) -> ExprId {
        let object = self.value(object);
        if self.is_never(object) {
            return object;
        }
        if self.infer.is_unknown(self.ty(object)) {
            self.solve();
        }
        if self.infer.is_unknown(self.ty(object)) {
            return self.wait(object, Wanted::Field { name: name.clone(), place: false }, span);
        }
        match self.find_field(object, name) {
            Some((index, ty)) => self.add(ExprKind::Field(object, index), ty, span),
            None => self.wrong(span),
        }
    }

    /// Number and type of a field; it is an error if there is none.
    pub(crate) fn find_field(&mut self, object: ExprId, name: &Name) -> Option<(u32, Ty)> {
        let ty = self.ty(object);
        match *self.infer.node(ty) {
            Node::Struct(id) => {
                let definition = self.types.struct_type(id);
                match definition.fields.iter().position(|field| *field.name == *name.text) {
                    Some(index) => Some((index as u32, self.field_type(id, index))),
                    None => {
                        let diagnostic = suggest::unknown_field(definition, name);
                        self.report(diagnostic);
                        None
                    }
                }
            }
            Node::Error => None,
            _ => {
                let message = format!("{} has no field `{}`", self.show(ty), name.text);
                let is_method = !signature::methods(&name.text).is_empty();
                let suggestion = match is_method && self.choose_method(ty, name).is_some() {
                    true => Some(format!("write `.{}()`: it is a method", name.text)),
                    false => suggest::method_name(self, ty, name, None),
                };
                self.complain_with(name.span, &message, "", suggestion);
                None
            }
        }
    }

    /// `tuple.0`.
    pub(crate) fn tuple_field(&mut self, tuple: ast::ExprId, index: u32, at: Span, span: Span) -> ExprId {
        let tuple = self.value(tuple);
        if self.is_never(tuple) {
            return tuple;
        }
        if self.infer.is_unknown(self.ty(tuple)) {
            self.solve();
        }
        if self.infer.is_unknown(self.ty(tuple)) {
            return self.wait(tuple, Wanted::TupleField { index, at }, span);
        }
        match self.find_tuple_field(self.ty(tuple), index, at) {
            Some(ty) => self.add(ExprKind::TupleField(tuple, index), ty, span),
            None => self.wrong(span),
        }
    }

    pub(crate) fn find_tuple_field(&mut self, ty: Ty, index: u32, at: Span) -> Option<Ty> {
        match self.infer.node(ty) {
            Node::Tuple(elements) => {
                if let Some(&element) = elements.get(index as usize) {
                    return Some(element);
                }
                let message = format!("{} has no field `{index}`", self.show(ty));
                self.complain(
                    at,
                    &message,
                    "",
                    &format!("the last one is `.{}`", elements_last(&self.infer.node(ty).clone())),
                );
            }
            Node::Error => {}
            Node::Array(_) => {
                let message = format!("{} has no field `{index}`", self.show(ty));
                self.complain(at, &message, "", &format!("write `[{index}]` for an element of an array"));
            }
            _ => {
                let message = format!("{} is no tuple and has no field `{index}`", self.show(ty));
                self.error(at, &message);
            }
        }
        None
    }

    /// `object[index]`.
    pub(crate) fn index(&mut self, object: ast::ExprId, index: ast::ExprId, span: Span) -> ExprId {
        let object = self.value(object);
        let subscript = match self.tree(index).kind {
            ast::ExprKind::Range(start, end, inclusive) => {
                let start = self.value_of(start, Ty::INT, Why::Plain);
                let mut last = self.value_of(end, Ty::INT, Why::Plain);
                if inclusive {
                    let at = self.span(end);
                    let one = self.add(ExprKind::Int(1), Ty::INT, at);
                    last = self.add(ExprKind::Binary(BinaryOp::Add, last, one), Ty::INT, at);
                }
                Subscript::Slice(start, last)
            }
            _ => {
                let span = self.span(index);
                let index = self.value(index);
                if self.infer.is(self.ty(index), Ty::FLOAT) {
                    let suggestion = suggest::conversion(self, index, Ty::FLOAT, Ty::INT);
                    self.complain_with(span, "an index is an Int, found Float", "", suggestion);
                } else {
                    self.coerce(index, Ty::INT, Why::Plain);
                }
                Subscript::One(index)
            }
        };
        if self.is_never(object) {
            return object;
        }
        if self.infer.is_unknown(self.ty(object)) {
            self.solve();
        }
        if self.infer.is_unknown(self.ty(object)) {
            return self.wait(object, Wanted::Index(subscript), span);
        }
        let (kind, ty) = self.element(object, subscript, span);
        self.add(kind, ty, span)
    }

    /// An element or slice of something whose type is known.
    pub(crate) fn element(&mut self, object: ExprId, subscript: Subscript, span: Span) -> (ExprKind, Ty) {
        let ty = self.ty(object);
        match (self.infer.node(ty), subscript) {
            (&Node::Array(element), Subscript::One(index)) => (ExprKind::Index(object, index), element),
            (Node::Array(_), Subscript::Slice(start, end)) => {
                (ExprKind::Builtin(Builtin::ArraySlice, vec![object, start, end]), ty)
            }
            (Node::Simple(TypeId::STRING), Subscript::One(index)) => {
                (ExprKind::Builtin(Builtin::StringCharAt, vec![object, index]), Ty::STRING)
            }
            (Node::Simple(TypeId::STRING), Subscript::Slice(start, end)) => {
                (ExprKind::Builtin(Builtin::StringSlice, vec![object, start, end]), Ty::STRING)
            }
            (Node::Error, _) => (ExprKind::Unit, Ty::ERROR),
            (node, _) => {
                let tuple = matches!(node, Node::Tuple(_));
                let message = format!("{} has no elements", self.show(ty));
                let suggestion = if tuple { "write `.0` for the first field of a tuple" } else { "" };
                self.complain(span, &message, "only arrays and texts have an index", suggestion);
                (ExprKind::Unit, Ty::ERROR)
            }
        }
    }

    /// What `for` gets from something whose type is known.
    pub(crate) fn each(&mut self, ty: Ty, span: Span) -> Ty {
        match self.infer.node(ty) {
            &Node::Array(element) => element,
            Node::Simple(TypeId::STRING) => Ty::STRING,
            Node::Error => Ty::ERROR,
            node => {
                let is_int = matches!(node, Node::Simple(TypeId::INT));
                let message = format!("`for` cannot go through {}", self.show(ty));
                let suggestion = is_int.then(|| format!("write `0..{}`", self.short(span)));
                self.complain_with(span, &message, "it goes through a range, an array or a text", suggestion);
                Ty::ERROR
            }
        }
    }
}

fn elements_last(node: &Node) -> usize {
    match node {
        Node::Tuple(elements) => elements.len().saturating_sub(1),
        _ => 0,
    }
}
