//! What waits for a type to become known: methods, fields and elements of something of which nothing is known yet.
//!
//! When the cell has been read and something still waits, types are guessed: a method that only one kind of type has, numbers that
//! nobody has said more about are `Int`, what is gone through is an array if its elements are no texts. What then waits is an error.

use crate::check::access::Subscript;
use crate::check::calls::Args;
use crate::check::checker::Checker;
use crate::check::infer::{Node, Ty};
use crate::check::program::{ExprId, ExprKind, Place};
use crate::check::signature::{self, Signature, SignatureType, Variable};
use crate::check::suggest;
use crate::environment::SymbolKind;
use crate::source::Span;
use crate::syntax::ast::Name;
use crate::types::TypeId;

/// Something that waits.
#[derive(Debug)]
pub(crate) struct Pending {
    /// The expression that will be completed.
    pub(crate) expr: ExprId,
    /// The expression whose type has to be known.
    pub(crate) object: ExprId,
    pub(crate) wanted: Wanted,
    /// The type of the method's result, the field, the element.
    pub(crate) result: Ty,
    pub(crate) span: Span,
}

/// What is wanted of the object.
#[derive(Debug)]
pub(crate) enum Wanted {
    Method {
        name: Name,
        args: Vec<ExprId>,
    },
    /// `place`: it is assigned.
    Field {
        name: Name,
        place: bool,
    },
    TupleField {
        index: u32,
        at: Span,
    },
    Index(Subscript),
    /// `for` goes through it.
    Each,
}

impl Checker<'_> {
    /// Something that waits for the type of `object`.
    pub(crate) fn waiting(&mut self, object: ExprId, wanted: Wanted, result: Ty, span: Span) -> Pending {
        let ty = self.ty(object);
        self.infer.watch(ty);
        Pending { expr: object, object, wanted, result, span }
    }

    /// An expression that waits for the type of `object`.
    pub(crate) fn wait(&mut self, object: ExprId, wanted: Wanted, span: Span) -> ExprId {
        let result = self.infer.unknown();
        let mut pending = self.waiting(object, wanted, result, span);
        let id = self.add(ExprKind::Unit, result, span);
        pending.expr = id;
        self.pending.push(pending);
        id
    }

    /// Completes what no longer has to wait.
    pub(crate) fn solve(&mut self) {
        while std::mem::take(&mut self.infer.progress) {
            for pending in std::mem::take(&mut self.pending) {
                if self.infer.is_unknown(self.ty(pending.object)) {
                    self.pending.push(pending);
                } else {
                    self.complete(pending);
                }
            }
        }
    }

    fn complete(&mut self, pending: Pending) {
        let Pending { expr, object, wanted, result, span } = pending;
        let object_ty = self.ty(object);
        let (kind, ty) = match wanted {
            Wanted::Method { name, args } => match self.choose_method(object_ty, &name) {
                Some(method) => self.method_call(method, object, &name, Args::Checked(args), span),
                None => {
                    self.unknown_method(object_ty, &name, self.exprs[object.0 as usize].span);
                    (ExprKind::Unit, Ty::ERROR)
                }
            },
            Wanted::Field { name, place } => match self.find_field(object, &name) {
                Some((index, ty)) if place => {
                    if let ExprKind::Assign(place, _) | ExprKind::AssignOp(place, ..) =
                        &mut self.exprs[expr.0 as usize].kind
                    {
                        *place = Place::Field(object, index);
                    }
                    return self.agree(result, ty, span);
                }
                None if place => return self.agree(result, Ty::ERROR, span),
                Some((index, ty)) => (ExprKind::Field(object, index), ty),
                None => (ExprKind::Unit, Ty::ERROR),
            },
            Wanted::TupleField { index, at } => match self.find_tuple_field(object_ty, index, at) {
                Some(ty) => (ExprKind::TupleField(object, index), ty),
                None => (ExprKind::Unit, Ty::ERROR),
            },
            Wanted::Index(subscript) => self.element(object, subscript, span),
            Wanted::Each => {
                let ty = self.each(object_ty, span);
                return self.agree(result, ty, span);
            }
        };
        self.exprs[expr.0 as usize].kind = kind;
        self.agree(result, ty, span);
    }

    /// Has what was expected be what it is.
    fn agree(&mut self, expected: Ty, found: Ty, span: Span) {
        if self.unify(expected, found).is_err() {
            let (expected, found) = (self.show(expected), self.show(found));
            let message = format!("this is {found}, but is used as {expected}");
            self.error(span, &message);
        }
    }

    /// Guesses what has been left open, and reports what cannot be guessed.
    pub(crate) fn guess(&mut self) {
        loop {
            self.infer.progress = true;
            self.solve();
            if self.guess_methods() || self.infer.default_numbers() || self.guess_arrays() {
                continue;
            }
            if self.pending.is_empty() {
                break;
            }
            let pending = self.pending.remove(0);
            self.report_waiting(&pending);
            let ty = self.ty(pending.object);
            self.infer.give_up(ty, 0);
            let _ = self.unify(pending.result, Ty::ERROR);
        }
        self.infer.default_units();
    }

    /// Has receivers be of the only kind of type that has the method.
    fn guess_methods(&mut self) -> bool {
        for i in 0..self.pending.len() {
            let Pending { object, wanted: Wanted::Method { name, .. }, .. } = &self.pending[i] else {
                continue;
            };
            let &[builtin] = signature::methods(&name.text) else { continue };
            let ty = self.ty(*object);
            let guess = match Signature::of(builtin).receiver {
                Some(SignatureType::Int) => Ty::INT,
                Some(SignatureType::Float) => Ty::FLOAT,
                Some(SignatureType::String) => Ty::STRING,
                Some(SignatureType::Array(_)) => {
                    let element = self.infer.unknown();
                    self.infer.array(element)
                }
                _ => continue,
            };
            if self.infer.is_unknown(ty) && self.unify(ty, guess).is_ok() {
                return true;
            }
        }
        false
    }

    /// Has what is gone through or indexed be an array, where the elements are known not to be texts.
    fn guess_arrays(&mut self) -> bool {
        for i in 0..self.pending.len() {
            let Pending { object, wanted, result, .. } = &self.pending[i];
            let element = match wanted {
                Wanted::Index(Subscript::One(_)) | Wanted::Each => *result,
                _ => continue,
            };
            let ty = self.ty(*object);
            match self.infer.node(element) {
                Node::Unknown(_) | Node::Error | Node::Simple(TypeId::STRING | TypeId::NEVER) => continue,
                _ => {}
            }
            let guess = self.infer.array(element);
            if self.infer.is_unknown(ty) && self.unify(ty, guess).is_ok() {
                return true;
            }
        }
        false
    }

    fn report_waiting(&mut self, pending: &Pending) {
        if let Wanted::Method { name, .. } = &pending.wanted
            && signature::methods(&name.text).is_empty()
            && !self.is_field_somewhere(&name.text)
        {
            let suggestion = suggest::any_method_name(&name.text);
            return self.complain_with(
                name.span,
                &format!("there is no method `{}`", name.text),
                "",
                suggestion,
            );
        }
        let object = self.exprs[pending.object.0 as usize].span;
        let text = self.short(object);
        let what = match &pending.wanted {
            Wanted::Method { name, .. } => format!("the method `{}`", name.text),
            Wanted::Field { name, .. } => format!("the field `{}`", name.text),
            Wanted::TupleField { index, .. } => format!("the field `{index}`"),
            Wanted::Index(_) => "an element".to_owned(),
            Wanted::Each => "what `for` goes through".to_owned(),
        };
        let message = format!("the type of `{text}` has to be known for {what}");
        let is_name = text.chars().all(|c| c.is_alphanumeric() || c == '_');
        let suggestion = match is_name {
            true => {
                let example = self.example(&pending.wanted);
                format!("write its type where it is defined: `{text}: {example}`")
            }
            false => "write the types of what it is made of".to_owned(),
        };
        self.complain(object, &message, "", &suggestion);
    }

    fn is_field_somewhere(&self, name: &str) -> bool {
        let outside = self.environment.iter().filter_map(|(_, symbol)| match symbol.kind {
            SymbolKind::Struct(id) => Some(id),
            _ => None,
        });
        let mut all = self.structs.values().copied().chain(outside);
        all.any(|id| self.types.struct_type(id).fields.iter().any(|field| field.name == name))
    }

    /// A type that something like this could have.
    fn example(&self, wanted: &Wanted) -> String {
        match wanted {
            Wanted::Method { name, .. } => {
                let receivers =
                    signature::methods(&name.text).iter().filter_map(|&b| Signature::of(b).receiver.as_ref());
                let mut example = "Int";
                for receiver in receivers {
                    example = match receiver {
                        SignatureType::Array(_) => "[Int]",
                        SignatureType::String => "String",
                        SignatureType::Float | SignatureType::Variable(Variable::Num) => "Float",
                        _ => continue,
                    };
                }
                example.to_owned()
            }
            Wanted::Field { name, .. } => {
                let has = |id: &&crate::types::StructId| {
                    self.types.struct_type(**id).fields.iter().any(|field| *field.name == *name.text)
                };
                let mut names: Vec<&str> =
                    self.structs.values().filter(has).map(|&id| &*self.types.struct_type(id).name).collect();
                names.sort_unstable();
                names.first().map_or("Point".to_owned(), |name| (*name).to_owned())
            }
            Wanted::TupleField { index, .. } => {
                let count = (*index as usize + 1).clamp(2, 8);
                format!("({})", vec!["Int"; count].join(", "))
            }
            Wanted::Index(_) | Wanted::Each => "[Int]".to_owned(),
        }
    }
}
