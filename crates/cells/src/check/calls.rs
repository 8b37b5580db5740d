//! Calls: of named functions, of values, and of the functions and methods of the language.

use crate::builtins::Builtin;
use crate::check::checker::{Checker, Expect, Why};
use crate::check::infer::{Clash, Class, Node, Ty};
use crate::check::names::Found;
use crate::check::pending::Wanted;
use crate::check::program::{Callee, ExprId, ExprKind};
use crate::check::signature::{self, Signature, SignatureType, Variable};
use crate::check::suggest;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::{self, Name};

/// The types that a call has chosen for the variables of a signature.
pub(crate) type Chosen = [Option<Ty>; 6];

/// The arguments of a call.
pub(crate) enum Args<'a> {
    /// Not looked at yet: what the parameters are helps to check them.
    Trees(&'a [ast::ExprId]),
    /// Already checked.
    Checked(Vec<ExprId>),
}

impl Args<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Trees(trees) => trees.len(),
            Self::Checked(checked) => checked.len(),
        }
    }
}

/// What a method is.
pub(crate) enum Method {
    Builtin(Builtin),
    /// A field that holds a function.
    Field(u32),
}

impl<'a> Checker<'a> {
    /// `callee(args)`.
    pub(crate) fn call(&mut self, callee: ast::ExprId, args: &'a [ast::ExprId], span: Span) -> ExprId {
        let tree = self.tree(callee);
        if let ast::ExprKind::Name(name) = &tree.kind {
            match self.look_up(name) {
                Found::Function(id) => {
                    let (ty, defined) = (self.function(id).ty, self.function(id).name_span);
                    self.note(tree.span, ty, None);
                    return self.call_of(Callee::Function(id), ty, tree.span, Some(defined), args, span);
                }
                Found::Imported(import, ty) => {
                    self.note(tree.span, ty, None);
                    return self.call_of(Callee::Import(import), ty, tree.span, None, args, span);
                }
                Found::Builtin(builtin) if !Signature::of(builtin).constant => {
                    self.note(tree.span, Ty::ERROR, Some(builtin));
                    return self.call_builtin(builtin, args, tree.span, span);
                }
                Found::Nothing => {
                    let checked: Vec<ExprId> = args.iter().map(|&arg| self.value(arg)).collect();
                    self.unknown_function(name, args, &checked, tree.span);
                    return self.wrong(span);
                }
                _ => {}
            }
        }
        let value = self.value(callee);
        if self.is_never(value) {
            return value;
        }
        self.call_of(Callee::Value(value), self.ty(value), tree.span, None, args, span)
    }

    fn unknown_function(&mut self, name: &str, args: &[ast::ExprId], checked: &[ExprId], span: Span) {
        let suggestion = suggest::function_name(self, name, args, checked);
        self.complain_with(span, &format!("there is no function `{name}`"), "", suggestion);
    }

    /// A call of something of type `ty`.
    fn call_of(
        &mut self,
        callee: Callee,
        ty: Ty,
        callee_span: Span,
        defined: Option<Span>,
        args: &'a [ast::ExprId],
        span: Span,
    ) -> ExprId {
        let (params, result) = match self.infer.node(ty).clone() {
            Node::Function(params, result) => (params, result),
            Node::Unknown(_) => {
                let checked: Vec<ExprId> = args.iter().map(|&arg| self.value(arg)).collect();
                let result = self.infer.unknown_or_unit();
                self.call_unknown(ty, callee_span, &checked, result);
                return self.add(ExprKind::Call(callee, checked), result, span);
            }
            node => {
                if !matches!(node, Node::Error) {
                    let found = self.show(ty);
                    self.complain(
                        callee_span,
                        &format!("{found} cannot be called"),
                        "only functions can",
                        "",
                    );
                }
                for &arg in args {
                    self.value(arg);
                }
                return self.wrong(span);
            }
        };
        if args.len() != params.len() {
            let name = self.short(callee_span);
            let counts = suggest::count(params.len(), "argument");
            let mut diagnostic =
                Diagnostic::error(span, format!("`{name}` takes {counts}, found {}", args.len()))
                    .label(format!("it is {}", self.show(ty)));
            if let Some(defined) = defined {
                diagnostic = diagnostic.relate(defined, "it is defined here");
            }
            self.report(diagnostic);
            for (i, &arg) in args.iter().enumerate() {
                match params.get(i) {
                    Some(&param) => self.value_of(arg, param, Why::Argument(callee_span, i + 1)),
                    None => self.value(arg),
                };
            }
            return self.add(
                ExprKind::Unit,
                if self.infer.is(result, Ty::NEVER) { Ty::ERROR } else { result },
                span,
            );
        }
        let checked = args
            .iter()
            .zip(params.iter())
            .enumerate()
            .map(|(i, (&arg, &param))| self.value_of(arg, param, Why::Argument(callee_span, i + 1)))
            .collect();
        self.add(ExprKind::Call(callee, checked), result, span)
    }

    /// Has `ty`, which is called with the arguments, be a function.
    pub(crate) fn call_unknown(&mut self, ty: Ty, callee_span: Span, args: &[ExprId], result: Ty) {
        let mut params = Vec::with_capacity(args.len());
        for &arg in args {
            params.push(if self.is_never(arg) { self.infer.unknown_or_unit() } else { self.ty(arg) });
        }
        let function = self.infer.function(params, result);
        if let Err(clash) = self.unify(ty, function) {
            let (ty, function) = (self.show(ty), self.show(function));
            let name = self.short(callee_span);
            let message = match clash {
                Clash::Mismatch => format!("`{name}` is {ty}, but is called as {function}"),
                Clash::Infinite => format!("the type of `{name}` would hold itself"),
                Clash::TooLarge => format!("the type of `{name}` is too large"),
            };
            self.error(callee_span, &message);
        }
    }

    /// A call of a function of the language.
    fn call_builtin(
        &mut self,
        builtin: Builtin,
        args: &'a [ast::ExprId],
        callee: Span,
        span: Span,
    ) -> ExprId {
        let signature = Signature::of(builtin);
        let mut chosen = Chosen::default();
        let Some(checked) = self.builtin_args(builtin, Args::Trees(args), &mut chosen, callee, span) else {
            let ty = self.instantiate(&signature.result, &mut chosen, callee, signature.name);
            return self.add(ExprKind::Unit, if ty == Ty::NEVER { Ty::ERROR } else { ty }, span);
        };
        let ty = self.instantiate(&signature.result, &mut chosen, callee, signature.name);
        self.add(ExprKind::Builtin(builtin, checked), ty, span)
    }

    /// Checks the arguments; nothing if their number is wrong.
    pub(crate) fn builtin_args(
        &mut self,
        builtin: Builtin,
        args: Args<'a>,
        chosen: &mut Chosen,
        callee: Span,
        span: Span,
    ) -> Option<Vec<ExprId>> {
        let signature = Signature::of(builtin);
        let fits = args.len() == signature.params.len() || signature.variadic;
        if !fits {
            let counts = suggest::count(signature.params.len(), "argument");
            let suggestion = suggest::instead_of(builtin).unwrap_or_default();
            self.complain(
                span,
                &format!("`{}` takes {counts}, found {}", signature.name, args.len()),
                builtin.signature(),
                suggestion,
            );
        }
        let mut checked = Vec::with_capacity(args.len());
        for i in 0..args.len() {
            let param = match signature.params.get(i) {
                Some((_, param)) if fits && !signature.variadic => {
                    Some(self.instantiate(param, chosen, callee, signature.name))
                }
                _ => None,
            };
            let why = Why::Argument(callee, i + 1);
            checked.push(match (&args, param) {
                (Args::Trees(trees), Some(param)) => self.value_of(trees[i], param, why),
                (Args::Trees(trees), None) => self.value(trees[i]),
                (Args::Checked(checked), Some(param)) => {
                    self.coerce(checked[i], param, why);
                    checked[i]
                }
                (Args::Checked(checked), None) => checked[i],
            });
        }
        fits.then_some(checked)
    }

    /// A type of a signature, for one call.
    pub(crate) fn instantiate(
        &mut self,
        ty: &SignatureType,
        chosen: &mut Chosen,
        span: Span,
        name: &'static str,
    ) -> Ty {
        match ty {
            SignatureType::Unit => Ty::UNIT,
            SignatureType::Int => Ty::INT,
            SignatureType::Float => Ty::FLOAT,
            SignatureType::Bool => Ty::BOOL,
            SignatureType::String => Ty::STRING,
            SignatureType::Never => Ty::NEVER,
            &SignatureType::Variable(variable) => {
                if let Some(ty) = chosen[variable as usize] {
                    return ty;
                }
                let ty = self.infer.unknown();
                chosen[variable as usize] = Some(ty);
                let class = match variable {
                    Variable::Num => Class::Number,
                    Variable::Ord => Class::Order,
                    Variable::Eq => Class::Equal,
                    Variable::T | Variable::U | Variable::Any => return ty,
                };
                self.demand(ty, class, span, name);
                ty
            }
            SignatureType::Array(element) => {
                let element = self.instantiate(element, chosen, span, name);
                self.infer.array(element)
            }
            SignatureType::Tuple(elements) => {
                let elements = elements.iter().map(|ty| self.instantiate(ty, chosen, span, name)).collect();
                self.infer.tuple(elements)
            }
            SignatureType::Function(params, result) => {
                let params = params.iter().map(|ty| self.instantiate(ty, chosen, span, name)).collect();
                let result = self.instantiate(result, chosen, span, name);
                self.infer.function(params, result)
            }
        }
    }

    /// `receiver.name(args)`.
    pub(crate) fn method(
        &mut self,
        receiver: ast::ExprId,
        name: &'a Name,
        args: &'a [ast::ExprId],
        span: Span,
    ) -> ExprId {
        let receiver_tree = receiver;
        let receiver = self.value(receiver);
        let mut ty = self.ty(receiver);
        if self.is_never(receiver) {
            return receiver;
        }
        if self.infer.is_unknown(ty) {
            self.solve();
            ty = self.infer.root(ty);
        }
        if self.infer.is_unknown(ty) && certain(&name.text).is_none() {
            let checked: Vec<ExprId> = args.iter().map(|&arg| self.expr(arg, Expect::Value)).collect();
            let result = self.infer.unknown();
            let wanted = Wanted::Method { name: name.clone(), args: checked };
            let mut pending = self.waiting(receiver, wanted, result, span);
            let id = self.add(ExprKind::Unit, result, span);
            pending.expr = id;
            self.pending.push(pending);
            return id;
        }
        let Some(method) = self.choose_method(ty, name) else {
            for &arg in args {
                self.value(arg);
            }
            self.unknown_method(ty, name, self.span(receiver_tree));
            return self.wrong(span);
        };
        let (kind, ty) = self.method_call(method, receiver, name, Args::Trees(args), span);
        self.add(kind, ty, span)
    }

    /// The method of a type with this name.
    pub(crate) fn choose_method(&self, ty: Ty, name: &Name) -> Option<Method> {
        let node = self.infer.node(ty);
        if let &Node::Struct(id) = node {
            let fields = &self.types.struct_type(id).fields;
            if let Some(index) = fields.iter().position(|field| *field.name == *name.text) {
                return Some(Method::Field(index as u32));
            }
        }
        let candidates = signature::methods(&name.text);
        let receiver = |builtin: Builtin| Signature::of(builtin).receiver.as_ref();
        let found = match node {
            Node::Unknown(_) => certain(&name.text),
            _ => candidates
                .iter()
                .copied()
                .find(|&builtin| receiver(builtin).is_some_and(|ty| receives(ty, node))),
        };
        found.map(Method::Builtin)
    }

    /// The call of a method that has been chosen.
    pub(crate) fn method_call(
        &mut self,
        method: Method,
        receiver: ExprId,
        name: &Name,
        args: Args<'a>,
        span: Span,
    ) -> (ExprKind, Ty) {
        match method {
            Method::Field(index) => {
                let ty = match *self.infer.node(self.ty(receiver)) {
                    Node::Struct(id) => self.field_type(id, index as usize),
                    _ => Ty::ERROR,
                };
                let at = self.exprs[receiver.0 as usize].span.to(name.span);
                let function = self.add(ExprKind::Field(receiver, index), ty, at);
                match args {
                    Args::Trees(args) => {
                        let id = self.call_of(Callee::Value(function), ty, at, None, args, span);
                        let ty = self.ty(id);
                        (self.exprs[id.0 as usize].kind.clone(), ty)
                    }
                    Args::Checked(args) => {
                        let result = self.infer.unknown_or_unit();
                        self.call_unknown(ty, at, &args, result);
                        (ExprKind::Call(Callee::Value(function), args), result)
                    }
                }
            }
            Method::Builtin(builtin) => {
                let signature = Signature::of(builtin);
                self.note(name.span, Ty::ERROR, Some(builtin));
                let mut chosen = Chosen::default();
                if let Some(wanted) = &signature.receiver {
                    let found = self.ty(receiver);
                    let wanted = self.instantiate(wanted, &mut chosen, name.span, signature.name);
                    if self.unify(found, wanted).is_err() {
                        self.wrong_receiver(builtin, found, name);
                    }
                }
                let checked = self.builtin_args(builtin, args, &mut chosen, name.span, span);
                let ty = self.instantiate(&signature.result, &mut chosen, name.span, signature.name);
                match checked {
                    Some(mut checked) => {
                        checked.insert(0, receiver);
                        (ExprKind::Builtin(builtin, checked), ty)
                    }
                    None => (ExprKind::Unit, ty),
                }
            }
        }
    }

    fn wrong_receiver(&mut self, builtin: Builtin, found: Ty, name: &Name) {
        let signature = builtin.signature();
        let wanted = signature.split_once('.').map_or(signature, |(receiver, _)| receiver);
        let message = format!("`{}` is a method of {wanted}, found {}", name.text, self.show(found));
        let suggestion = match builtin {
            Builtin::ArrayJoin => "make texts of the elements first: `.map(|x| x.to_string())`",
            _ => "",
        };
        self.complain(name.span, &message, "", suggestion);
    }

    pub(crate) fn unknown_method(&mut self, ty: Ty, name: &Name, receiver: Span) {
        if matches!(self.infer.node(ty), Node::Error) {
            return;
        }
        let message = format!("{} has no method `{}`", self.show(ty), name.text);
        let receiver = self.short(receiver);
        let suggestion = suggest::method_name(self, ty, name, Some(receiver));
        self.complain_with(name.span, &message, "", suggestion);
    }
}

/// The method with this name that takes a receiver of which nothing is known: there is one only, and it asks for no form of type.
fn certain(name: &str) -> Option<Builtin> {
    match signature::methods(name) {
        &[builtin] => {
            matches!(Signature::of(builtin).receiver, Some(SignatureType::Variable(_))).then_some(builtin)
        }
        _ => None,
    }
}

/// Whether a value may be the receiver, as far as the outermost part of its type tells.
pub(crate) fn receives(ty: &SignatureType, node: &Node) -> bool {
    use crate::types::TypeId;
    match (ty, node) {
        (SignatureType::Variable(Variable::Num), Node::Simple(id)) => {
            matches!(*id, TypeId::INT | TypeId::FLOAT)
        }
        (SignatureType::Variable(Variable::Num), _) => false,
        (SignatureType::Variable(Variable::Ord), Node::Struct(_) | Node::Function(..)) => false,
        (SignatureType::Variable(_), _) => true,
        (SignatureType::Int, Node::Simple(id)) => *id == TypeId::INT,
        (SignatureType::Float, Node::Simple(id)) => *id == TypeId::FLOAT,
        (SignatureType::Bool, Node::Simple(id)) => *id == TypeId::BOOL,
        (SignatureType::String, Node::Simple(id)) => *id == TypeId::STRING,
        (SignatureType::Array(_), Node::Array(_)) => true,
        _ => false,
    }
}
