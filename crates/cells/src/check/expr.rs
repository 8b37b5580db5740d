//! Expressions: each kind is checked here or by the part that knows it.

use std::rc::Rc;

use crate::builtins::Builtin;
use crate::check::checker::{Checker, Expect, Why};
use crate::check::infer::{Node, Ty};
use crate::check::names::Found;
use crate::check::program::{ExprId, ExprKind};
use crate::check::signature::Signature;
use crate::check::suggest;
use crate::source::Span;
use crate::syntax::ast::{self, Name, Piece, UnaryOp};

impl<'a> Checker<'a> {
    /// Checks an expression; [`Checker::expr`] bounds the depth.
    pub(crate) fn expr_inner(&mut self, id: ast::ExprId, expect: Expect) -> ExprId {
        let tree = self.tree(id);
        let span = tree.span;
        match &tree.kind {
            &ast::ExprKind::Int(value) => self.add(ExprKind::Int(value), Ty::INT, span),
            &ast::ExprKind::Float(value) => self.add(ExprKind::Float(value), Ty::FLOAT, span),
            &ast::ExprKind::Bool(value) => self.add(ExprKind::Bool(value), Ty::BOOL, span),
            ast::ExprKind::String(pieces) => self.string(pieces, span),
            ast::ExprKind::Name(name) => self.name(name, span),
            &ast::ExprKind::Unary(op, operand) => self.unary(op, operand, span),
            &ast::ExprKind::Binary(op, at, left, right) => self.binary(op, at, left, right, span),
            ast::ExprKind::Call(callee, args) => self.call(*callee, args, span),
            ast::ExprKind::Method(receiver, name, args) => self.method(*receiver, name, args, span),
            ast::ExprKind::Field(object, name) => self.field(*object, name, span),
            &ast::ExprKind::TupleField(tuple, index, at) => self.tuple_field(tuple, index, at, span),
            &ast::ExprKind::Index(object, index) => self.index(object, index, span),
            ast::ExprKind::Array(elements) => self.array(elements, expect, span),
            &ast::ExprKind::Repeat(value, count) => {
                let wanted = self.expected_element(expect);
                let value = match wanted {
                    Some((ty, why)) => self.value_of(value, ty, why),
                    None => self.value(value),
                };
                let count = self.value_of(count, Ty::INT, Why::Plain);
                let element =
                    if self.is_never(value) { self.infer.unknown_or_unit() } else { self.ty(value) };
                let ty = self.infer.array(element);
                self.add(ExprKind::Repeat(value, count), ty, span)
            }
            ast::ExprKind::Tuple(elements) => self.tuple(elements, expect, span),
            ast::ExprKind::Struct(name, fields) => self.structure(name, fields, span),
            ast::ExprKind::Lambda(function) => self.lambda(function, expect, None, span),
            ast::ExprKind::Block(block) => self.block(block, expect, span),
            &ast::ExprKind::If(condition, then, otherwise) => {
                self.branch(condition, then, otherwise, expect, span)
            }
            ast::ExprKind::Match(value, arms) => self.match_(*value, arms, expect, span),
            &ast::ExprKind::While(condition, body) => self.while_(condition, body, span),
            &ast::ExprKind::Loop(body) => self.loop_(body, span),
            ast::ExprKind::For(pattern, over, body) => self.for_(pattern, *over, *body, span),
            ast::ExprKind::Range(..) => {
                self.complain(
                    span,
                    "a range can only stand in `for` and between `[` and `]`",
                    "",
                    "write `for i in 0..n { … }`, or `array[1..3]`",
                );
                self.wrong(span)
            }
            ast::ExprKind::Break => self.leave_loop(ExprKind::Break, span),
            ast::ExprKind::Continue => self.leave_loop(ExprKind::Continue, span),
            &ast::ExprKind::Return(value) => self.return_(value, span),
            &ast::ExprKind::Assign(place, op, value) => self.assign(place, op, value, span),
            ast::ExprKind::Error => self.wrong(span),
        }
    }

    fn string(&mut self, pieces: &'a [Piece], span: Span) -> ExprId {
        match pieces {
            [] => self.add(ExprKind::String("".into()), Ty::STRING, span),
            [Piece::Text(text)] => self.add(ExprKind::String(text.clone()), Ty::STRING, span),
            _ => {
                let parts = pieces
                    .iter()
                    .map(|piece| match piece {
                        Piece::Text(text) => self.add(ExprKind::String(text.clone()), Ty::STRING, span),
                        Piece::Expr(id) => self.value(*id),
                    })
                    .collect();
                self.add(ExprKind::Interpolate(parts), Ty::STRING, span)
            }
        }
    }

    fn name(&mut self, name: &Rc<str>, span: Span) -> ExprId {
        match self.look_up(name) {
            Found::Variable(variable, ty, _) => self.add(ExprKind::Variable(variable), ty, span),
            Found::Function(id) => {
                let ty = self.function(id).ty;
                self.add(ExprKind::FunctionValue(id), ty, span)
            }
            Found::Imported(import, ty) => self.add(ExprKind::ImportValue(import), ty, span),
            Found::Struct => {
                let message = format!("`{name}` is a struct, not a value");
                let fields = self.find_struct(name).map_or(String::new(), |id| {
                    let fields = self.types.struct_type(id).fields.iter().take(10);
                    fields.map(|field| format!("{}: …", field.name)).collect::<Vec<_>>().join(", ")
                });
                self.complain(span, &message, "", &format!("write `{name} {{ {fields} }}`"));
                self.wrong(span)
            }
            Found::Builtin(builtin) => self.builtin_value(builtin, span),
            Found::Nothing => {
                self.unknown_name(name, span);
                self.wrong(span)
            }
        }
    }

    /// A constant; functions of the language are no values.
    fn builtin_value(&mut self, builtin: Builtin, span: Span) -> ExprId {
        let signature = Signature::of(builtin);
        if signature.constant {
            let ty = self.instantiate(&signature.result, &mut Default::default(), span, signature.name);
            return self.add(ExprKind::Builtin(builtin, Vec::new()), ty, span);
        }
        let name = signature.name;
        self.complain(
            span,
            &format!("`{name}` is a function of the language, which can only be called"),
            "",
            &format!("write `{name}(…)`, or `|x| {name}(x)` for a function"),
        );
        self.wrong(span)
    }

    pub(crate) fn unknown_name(&mut self, name: &str, span: Span) {
        let suggestion = suggest::value_name(self, name);
        self.complain_with(span, &format!("there is nothing named `{name}`"), "", suggestion);
    }

    fn unary(&mut self, op: UnaryOp, operand: ast::ExprId, span: Span) -> ExprId {
        match op {
            UnaryOp::Not => {
                let operand = self.value_of(operand, Ty::BOOL, Why::Plain);
                self.add(ExprKind::Not(operand), Ty::BOOL, span)
            }
            UnaryOp::Negate => {
                let operand = self.value(operand);
                let ty = self.ty(operand);
                self.demand(ty, crate::check::infer::Class::Number, span, "-");
                self.add(ExprKind::Negate(operand), ty, span)
            }
        }
    }

    /// The type of elements that the place wants.
    fn expected_element(&self, expect: Expect) -> Option<(Ty, Why)> {
        let Expect::Type(ty, why) = expect else { return None };
        match *self.infer.node(ty) {
            Node::Array(element) => Some((element, why)),
            _ => None,
        }
    }

    fn array(&mut self, elements: &'a [ast::ExprId], expect: Expect, span: Span) -> ExprId {
        let mut element = self.expected_element(expect);
        let mut list = Vec::with_capacity(elements.len());
        for &id in elements {
            let checked = match element {
                Some((ty, why)) => self.value_of(id, ty, why),
                None => self.value(id),
            };
            if element.is_none() && !self.is_never(checked) {
                element = Some((self.ty(checked), Why::First(self.span(id), "all elements")));
            }
            list.push(checked);
        }
        let element = match element {
            Some((ty, _)) => ty,
            None => self.infer.unknown(),
        };
        let ty = self.infer.array(element);
        self.add(ExprKind::Array(list), ty, span)
    }

    fn tuple(&mut self, elements: &'a [ast::ExprId], expect: Expect, span: Span) -> ExprId {
        let wanted = match expect {
            Expect::Type(ty, why) => match self.infer.node(ty) {
                Node::Tuple(tys) if tys.len() == elements.len() => Some((tys.clone(), why)),
                _ => None,
            },
            _ => None,
        };
        if elements.is_empty() {
            return self.add(ExprKind::Unit, Ty::UNIT, span);
        }
        let mut list = Vec::with_capacity(elements.len());
        let mut tys = Vec::with_capacity(elements.len());
        for (i, &id) in elements.iter().enumerate() {
            let checked = match &wanted {
                Some((tys, why)) => self.value_of(id, tys[i], *why),
                None => self.value(id),
            };
            tys.push(match &wanted {
                Some((tys, _)) => tys[i],
                None if self.is_never(checked) => self.infer.unknown_or_unit(),
                None => self.ty(checked),
            });
            list.push(checked);
        }
        if let [one] = list[..] {
            return one;
        }
        let ty = self.infer.tuple(tys);
        self.add(ExprKind::Tuple(list), ty, span)
    }

    fn structure(&mut self, name: &'a Name, fields: &'a [(Name, ast::ExprId)], span: Span) -> ExprId {
        let Some(id) = self.expect_struct(name) else {
            for (_, value) in fields {
                self.value(*value);
            }
            return self.wrong(span);
        };
        let ty = self.infer.structure(id, self.types);
        let mut list: Vec<(u32, ExprId)> = Vec::with_capacity(fields.len());
        for (field, value) in fields {
            let definition = self.types.struct_type(id);
            let Some(index) = definition.fields.iter().position(|other| *other.name == *field.text) else {
                let diagnostic = suggest::unknown_field(definition, field);
                self.report(diagnostic);
                self.value(*value);
                continue;
            };
            let wanted = self.field_type(id, index);
            let value = self.value_of(*value, wanted, Why::Field);
            if list.iter().any(|&(other, _)| other as usize == index) {
                self.error(field.span, &format!("the field `{}` is given twice", field.text));
            } else {
                list.push((index as u32, value));
            }
        }
        let definition = self.types.struct_type(id);
        let missing: Vec<String> = (0..definition.fields.len())
            .filter(|&i| !list.iter().any(|&(field, _)| field as usize == i))
            .map(|i| {
                let field = &definition.fields[i];
                format!("`{}: {}`", field.name, self.types.display(field.ty))
            })
            .collect();
        if !missing.is_empty() {
            let message = format!("`{}` needs {}", name.text, missing.join(", "));
            self.complain(span, &message, "all fields have to be given", "");
        }
        self.add(ExprKind::Struct(list), ty, span)
    }
}
