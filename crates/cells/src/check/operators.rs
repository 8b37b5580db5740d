//! Infix operators and assignments.

use crate::check::checker::{Checker, Why};
use crate::check::infer::{Class, Node, Ty};
use crate::check::names::{Found, LocalKind};
use crate::check::pending::{Pending, Wanted};
use crate::check::program::{BinaryOp, ExprId, ExprKind, Place, Variable};
use crate::check::suggest;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast;
use crate::types::TypeId;

/// What an operator wants of its operands.
enum Operands {
    Are(Ty),
    Have(Class),
}

fn operands(op: BinaryOp) -> (Operands, &'static str) {
    use BinaryOp::{
        Add, And, BitAnd, BitOr, BitXor, Divide, Equal, Greater, GreaterEqual, Less, LessEqual, Multiply,
        NotEqual, Or, Remainder, ShiftLeft, ShiftRight, Subtract,
    };
    match op {
        Add => (Operands::Have(Class::Add), "+"),
        Subtract => (Operands::Have(Class::Number), "-"),
        Multiply => (Operands::Have(Class::Number), "*"),
        Divide => (Operands::Have(Class::Number), "/"),
        Remainder => (Operands::Have(Class::Number), "%"),
        Equal => (Operands::Have(Class::Equal), "=="),
        NotEqual => (Operands::Have(Class::Equal), "!="),
        Less => (Operands::Have(Class::Order), "<"),
        LessEqual => (Operands::Have(Class::Order), "<="),
        Greater => (Operands::Have(Class::Order), ">"),
        GreaterEqual => (Operands::Have(Class::Order), ">="),
        And => (Operands::Are(Ty::BOOL), "&&"),
        Or => (Operands::Are(Ty::BOOL), "||"),
        BitAnd => (Operands::Are(Ty::INT), "&"),
        BitOr => (Operands::Are(Ty::INT), "|"),
        BitXor => (Operands::Are(Ty::INT), "^"),
        ShiftLeft => (Operands::Are(Ty::INT), "<<"),
        ShiftRight => (Operands::Are(Ty::INT), ">>"),
    }
}

/// The operator as it is written.
pub(crate) fn operator(op: BinaryOp) -> &'static str {
    operands(op).1
}

fn compares(op: BinaryOp) -> bool {
    use BinaryOp::{Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual};
    matches!(op, Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual)
}

impl<'a> Checker<'a> {
    pub(crate) fn binary(
        &mut self,
        op: BinaryOp,
        at: Span,
        left: ast::ExprId,
        right: ast::ExprId,
        span: Span,
    ) -> ExprId {
        let class = match operands(op).0 {
            Operands::Are(ty) => {
                let errors = self.diagnostics.len();
                let left = self.operand(op, at, left, ty);
                let right = match self.diagnostics.len() == errors {
                    true => self.operand(op, at, right, ty),
                    false => self.value(right),
                };
                return self.add(ExprKind::Binary(op, left, right), ty, span);
            }
            Operands::Have(class) => class,
        };
        let left_tree = left;
        let left = self.value(left);
        let ty = self.ty(left);
        let right = if self.is_never(left) {
            self.value(right)
        } else {
            // An array or a closure on the right is helped by what is known of the left.
            let expect = crate::check::checker::Expect::Type(ty, Why::Operator(at));
            let right_tree = right;
            let right = self.expr(right, expect);
            if !self.same_operands(op, at, (left_tree, left), (right_tree, right)) {
                return self.wrong(span);
            }
            right
        };
        let ty = if self.is_never(left) { self.ty(right) } else { ty };
        self.demand(ty, class, at, operator(op));
        let result = if compares(op) { Ty::BOOL } else { ty };
        self.add(ExprKind::Binary(op, left, right), result, span)
    }

    /// An operand of an operator for one type only.
    fn operand(&mut self, op: BinaryOp, at: Span, id: ast::ExprId, ty: Ty) -> ExprId {
        let checked = self.value(id);
        let found = self.ty(checked);
        if matches!(op, BinaryOp::BitAnd | BinaryOp::BitOr) && self.infer.is(found, Ty::BOOL) {
            let (operator, other) = if op == BinaryOp::BitAnd { ("&", "&&") } else { ("|", "||") };
            self.complain(
                at,
                &format!("`{operator}` needs Int, found Bool"),
                "",
                &format!("write `{other}`"),
            );
            return self.wrong(self.span(id));
        }
        self.coerce(checked, ty, Why::Operator(at));
        checked
    }

    /// Has both operands be of one type.
    fn same_operands(
        &mut self,
        op: BinaryOp,
        at: Span,
        (left_tree, left): (ast::ExprId, ExprId),
        (right_tree, right): (ast::ExprId, ExprId),
    ) -> bool {
        if self.is_never(right) {
            return true;
        }
        let (l, r) = (self.ty(left), self.ty(right));
        if self.unify(l, r).is_ok() {
            return true;
        }
        let (shown_l, shown_r) = (self.show(l), self.show(r));
        let operator = operator(op);
        let message = if compares(op) {
            format!("{shown_l} and {shown_r} cannot be compared")
        } else {
            format!("`{operator}` needs two values of one type, found {shown_l} and {shown_r}")
        };
        // A number in a text is better made one.
        let is_number =
            self.text(self.span(left_tree)).trim_start_matches('"').starts_with(|c: char| c.is_ascii_digit());
        let repeats = op == BinaryOp::Multiply
            && self.infer.is(l, Ty::STRING)
            && self.infer.is(r, Ty::INT)
            && !is_number;
        let suggestion = if repeats {
            let [left, right] = [left_tree, right_tree].map(|tree| self.short(self.span(tree)));
            Some(format!("write `{}.repeat({right})`", suggest::operand(left)))
        } else if op == BinaryOp::Add && (self.infer.is(l, Ty::STRING) || self.infer.is(r, Ty::STRING)) {
            Some(suggest::interpolation(self, left_tree, right_tree))
        } else if (self.infer.is(l, Ty::INT) && self.infer.is(r, Ty::FLOAT))
            || (self.infer.is(l, Ty::STRING) && !compares(op))
        {
            suggest::conversion(self, left, l, r)
        } else if let (Node::Array(element), true) = (self.infer.node(l), op == BinaryOp::Add)
            && self.infer.root(*element) == self.infer.root(r)
        {
            let right = self.short(self.span(right_tree));
            Some(format!("write `[{right}]` for an array of it, or `.push({right})`"))
        } else {
            suggest::conversion(self, right, r, l)
        };
        self.complain_with(at, &message, "", suggestion);
        false
    }

    /// `place = value`, `place += value`.
    pub(crate) fn assign(
        &mut self,
        place: ast::ExprId,
        op: Option<(BinaryOp, Span)>,
        value: ast::ExprId,
        span: Span,
    ) -> ExprId {
        let Some((place, ty, field)) = self.place(place) else {
            self.value(value);
            return self.wrong(span);
        };
        let (kind, never) = match op {
            None => {
                let value = self.value_of(value, ty, Why::Assigned);
                (ExprKind::Assign(place, value), self.is_never(value))
            }
            Some((op, at)) => {
                let (value, result) = match operands(op).0 {
                    Operands::Are(wanted) => {
                        let value = self.operand(op, at, value, wanted);
                        (value, wanted)
                    }
                    Operands::Have(class) => {
                        let value = self.assigned_operand(op, at, ty, value);
                        self.demand(ty, class, at, operator(op));
                        (value, ty)
                    }
                };
                if self.unify(ty, result).is_err() {
                    let (ty, result) = (self.show(ty), self.show(result));
                    self.error(at, &format!("`{}` needs {result}, found {ty}", operator(op)));
                }
                (ExprKind::AssignOp(place, op, value), self.is_never(value))
            }
        };
        let id = self.add(kind, if never { Ty::NEVER } else { Ty::UNIT }, span);
        if let Some(mut pending) = field {
            pending.expr = id;
            self.pending.push(pending);
        }
        id
    }

    fn assigned_operand(&mut self, op: BinaryOp, at: Span, ty: Ty, value: ast::ExprId) -> ExprId {
        let tree = value;
        let value = self.expr(value, crate::check::checker::Expect::Type(ty, Why::Operator(at)));
        if !self.is_never(value) && self.unify(ty, self.ty(value)).is_err() {
            let found = self.ty(value);
            let (wanted, shown) = (self.show(ty), self.show(found));
            let message = format!("`{}=` needs {wanted} here, found {shown}", operator(op));
            let suggestion = if self.infer.is(ty, Ty::STRING) {
                Some(format!("write `\"{{{}}}\"`", self.short(self.span(tree))))
            } else {
                suggest::conversion(self, value, found, ty)
            };
            self.complain_with(self.span(tree), &message, "", suggestion);
            self.tys[value.0 as usize] = Ty::ERROR;
        }
        value
    }

    /// What is assigned, its type, and what is to be found out about it later.
    fn place(&mut self, id: ast::ExprId) -> Option<(Place, Ty, Option<Pending>)> {
        let span = self.span(id);
        match &self.tree(id).kind {
            ast::ExprKind::Name(name) => match self.look_up(name) {
                Found::Variable(variable, ty, mutable) => {
                    if !mutable {
                        self.report_immutable(name, variable, span);
                    }
                    self.mark_assigned(variable);
                    Some((Place::Variable(variable), ty, None))
                }
                Found::Nothing => {
                    let suggestion = suggest::value_name(self, name)
                        .unwrap_or_else(|| format!("write `let mut {name} = …` to make a new name"));
                    self.complain(span, &format!("there is nothing named `{name}`"), "", &suggestion);
                    None
                }
                _ => {
                    let message = format!("`{name}` cannot be assigned");
                    self.complain(span, &message, "it is not a variable", "");
                    None
                }
            },
            ast::ExprKind::Field(object, name) => {
                let object = self.value(*object);
                if self.infer.is_unknown(self.ty(object)) {
                    let ty = self.infer.unknown();
                    let pending =
                        self.waiting(object, Wanted::Field { name: name.clone(), place: true }, ty, span);
                    return Some((Place::Field(object, 0), ty, Some(pending)));
                }
                let (index, ty) = self.find_field(object, name)?;
                Some((Place::Field(object, index), ty, None))
            }
            ast::ExprKind::Index(array, index) => {
                let array = self.value(*array);
                let element = self.infer.unknown();
                let wanted = self.infer.array(element);
                let found = self.ty(array);
                if let ast::ExprKind::Range(..) = self.tree(*index).kind {
                    self.complain(
                        span,
                        "a range of elements cannot be assigned",
                        "",
                        "assign one element at a time",
                    );
                    return None;
                }
                let index = self.value_of(*index, Ty::INT, Why::Plain);
                if self.is_never(array) {
                    return Some((Place::Index(array, index), element, None));
                }
                if self.unify(found, wanted).is_err() {
                    let message = match self.infer.node(found) {
                        Node::Simple(TypeId::STRING) => "a text never changes".to_owned(),
                        _ => format!("{} has no elements that can be assigned", self.show(found)),
                    };
                    let suggestion = match self.infer.is(found, Ty::STRING) {
                        true => "make a new one, for example with `.chars()` and `.join(\"\")`",
                        false => "",
                    };
                    self.complain(span, &message, "", suggestion);
                    return None;
                }
                Some((Place::Index(array, index), element, None))
            }
            ast::ExprKind::Error => None,
            _ => {
                self.complain(
                    span,
                    "this cannot be assigned",
                    "only names, fields of structs and elements of arrays can",
                    "",
                );
                None
            }
        }
    }

    fn report_immutable(&mut self, name: &str, variable: Variable, span: Span) {
        let message = format!("`{name}` cannot be assigned again");
        let mut diagnostic = Diagnostic::error(span, message).label("it is not `mut`");
        let kind_and_place = match variable {
            Variable::Local(local) => {
                let function = self.frame().function;
                let local = &self.function(function).locals[local.0 as usize];
                Some((local.kind, local.span))
            }
            Variable::Capture(_) => self.captured_local(name),
            Variable::Global(global) => Some((LocalKind::Let, self.globals[global.0 as usize].span)),
            Variable::Import(_) => None,
        };
        diagnostic = match kind_and_place {
            Some((LocalKind::Function, at)) => {
                diagnostic.label("it is a function").relate(at, "it is defined here")
            }
            Some((LocalKind::Let, at)) => {
                diagnostic.suggest(format!("write `let mut {name}`")).relate(at, "it is defined here")
            }
            Some((_, at)) => {
                diagnostic.suggest(format!("write `mut {name}`")).relate(at, "it is defined here")
            }
            None => {
                diagnostic.suggest(format!("write `let mut {name} = …` where it is defined, in another cell"))
            }
        };
        self.report(diagnostic);
    }

    /// How a variable of a function around came about.
    fn captured_local(&self, name: &str) -> Option<(LocalKind, Span)> {
        self.frames.iter().rev().find_map(|frame| {
            let (_, local) = frame.names.iter().rev().find(|(other, _)| **other == *name)?;
            let local = &self.functions[frame.function.0 as usize].locals[local.0 as usize];
            Some((local.kind, local.span))
        })
    }
}
