//! What editors ask about a cell: the type of what is under the cursor, and what can be written there.
//!
//! Cells are asked about while they are being written, so all of this works on trees with errors; what is not known has no type.

use std::rc::Rc;

use crate::builtins::Builtin;
use crate::check::checker::Checker;
use crate::check::infer::{Resolver, Ty};
use crate::check::program::ExprKind;
use crate::check::signature::{Signature, SignatureType, Variable};
use crate::environment::Environment;
use crate::source::Span;
use crate::syntax::ast::{Ast, Statement};
use crate::types::{Type, TypeId, Types};

/// An expression or a name of a cell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// Where it is.
    pub span: Span,
    /// Its type, if that is known as a whole.
    pub ty: Option<TypeId>,
    /// Its type as text, with `_` for what is not known.
    pub text: String,
    /// The name, if it is one.
    pub name: Option<Rc<str>>,
    /// The function or method of the language that it names.
    pub builtin: Option<Builtin>,
}

/// What a name of the cell is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VisibleKind {
    /// A variable of a function or block.
    Local,
    /// A variable at the top level.
    Global,
    /// A function at the top level.
    Function,
    /// A struct.
    Struct,
}

/// A name of the cell that can be written at some place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Visible {
    /// The name.
    pub name: Rc<str>,
    /// Its type as text; of a struct, its fields.
    pub ty: String,
    /// What it is.
    pub kind: VisibleKind,
}

/// What is known of a cell.
#[derive(Clone, Debug)]
pub struct Analysis {
    nodes: Vec<Node>,
    /// Names with the range in which they are visible.
    visible: Vec<(Span, Visible)>,
}

/// Looks through a cell, which may be wrong or unfinished.
///
/// ```
/// use upshift_cells::check::tools::analyze;
/// use upshift_cells::environment::Environment;
/// use upshift_cells::syntax::parse;
/// use upshift_cells::types::Types;
///
/// let source = "let xs = [1, 2]\nxs";
/// let analysis = analyze(&parse(source).ast, source, &mut Types::new(), &Environment::default());
/// assert_eq!(analysis.at(16).unwrap().text, "[Int]");
/// assert_eq!(analysis.at(4).unwrap().name.as_deref(), Some("xs"));
/// ```
pub fn analyze(ast: &Ast, source: &str, types: &mut Types, environment: &Environment) -> Analysis {
    let mut checker = Checker::new(ast, source, types, environment);
    checker.notes = Some(Vec::new());
    checker.cell();
    checker.guess();
    let mut resolver = Resolver::default();
    let mut nodes = Vec::new();
    for i in 0..checker.exprs.len() {
        let (ty, expr) = (checker.tys[i], &checker.exprs[i]);
        let is_name = matches!(
            expr.kind,
            ExprKind::Variable(_) | ExprKind::FunctionValue(_) | ExprKind::ImportValue(_)
        );
        let builtin = match expr.kind {
            ExprKind::Builtin(builtin, ref args) if args.is_empty() => Some(builtin),
            _ => None,
        };
        let (span, name) = (expr.span, is_name.then(|| checker.text(expr.span).into()));
        nodes.push(checker.node(&mut resolver, span, ty, name, builtin));
    }
    for (span, ty, builtin) in checker.notes.take().unwrap_or_default() {
        let name = Some(checker.text(span).into());
        nodes.push(checker.node(&mut resolver, span, ty, name, builtin));
    }
    let mut visible = Vec::new();
    for i in 0..checker.recorded.len() {
        let recorded = &checker.recorded[i];
        let (name, ty, span) = (recorded.name.clone(), recorded.ty, recorded.span);
        let range = Span::new(recorded.from, recorded.to);
        nodes.push(checker.node(&mut resolver, span, ty, Some(name.clone()), None));
        visible.push((range, Visible { name, ty: checker.show(ty), kind: VisibleKind::Local }));
    }
    let whole = Span::new(0, u32::MAX);
    for i in 0..checker.globals.len() {
        let global = &checker.globals[i];
        let (name, ty, span) = (global.name.clone(), global.ty, global.span);
        nodes.push(checker.node(&mut resolver, span, ty, Some(name.clone()), None));
        visible.push((whole, Visible { name, ty: checker.show(ty), kind: VisibleKind::Global }));
    }
    for statement in &ast.block.statements {
        match statement {
            Statement::Function(item) => {
                let Some(&id) = checker.top_level.get(&item.name.text) else { continue };
                let ty = checker.function(id).ty;
                let name = item.name.text.clone();
                nodes.push(checker.node(&mut resolver, item.name.span, ty, Some(name.clone()), None));
                visible.push((whole, Visible { name, ty: checker.show(ty), kind: VisibleKind::Function }));
            }
            Statement::Struct(item) => {
                let Some(id) = checker.own_struct(&item.name.text) else { continue };
                let ty = struct_text(checker.types, id);
                visible
                    .push((whole, Visible { name: item.name.text.clone(), ty, kind: VisibleKind::Struct }));
            }
            Statement::Let(_) | Statement::Expr(_) => {}
        }
    }
    Analysis { nodes, visible }
}

impl Checker<'_> {
    fn node(
        &mut self,
        resolver: &mut Resolver,
        span: Span,
        ty: Ty,
        name: Option<Rc<str>>,
        builtin: Option<Builtin>,
    ) -> Node {
        let text = self.show(ty);
        Node { span, ty: resolver.resolve(ty, &self.infer, self.types), text, name, builtin }
    }
}

impl Analysis {
    /// The smallest expression or name around `offset`; its end counts.
    pub fn at(&self, offset: u32) -> Option<&Node> {
        let around = self.nodes.iter().filter(|node| (node.span.start..=node.span.end).contains(&offset));
        // What begins at the offset is meant rather than what ends there.
        around.min_by_key(|node| {
            (node.span.end - node.span.start, node.span.end == offset, node.name.is_none(), node.ty.is_none())
        })
    }

    /// The largest expression that ends at `offset`: what a point would follow on.
    pub fn ending_at(&self, offset: u32) -> Option<&Node> {
        let ending =
            self.nodes.iter().filter(|node| node.span.end == offset && node.ty != Some(TypeId::UNIT));
        ending.max_by_key(|node| (node.ty.is_some(), node.span.end - node.span.start))
    }

    /// The cell's own names that can be written at `offset`, each once: of those that hide each other the innermost.
    pub fn names(&self, offset: u32) -> Vec<Visible> {
        let mut names: Vec<(Span, &Visible)> = Vec::new();
        for (range, visible) in &self.visible {
            if !(range.start..=range.end).contains(&offset) {
                continue;
            }
            match names.iter_mut().find(|(_, other)| other.name == visible.name) {
                // Inner scopes begin later; of two names in one scope the later one counts.
                Some(other) if other.0.start <= range.start => *other = (*range, visible),
                Some(_) => {}
                None => names.push((*range, visible)),
            }
        }
        names.into_iter().map(|(_, visible)| visible.clone()).collect()
    }
}

/// A field or method of a type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// The type of a field, the signature of a method.
    pub detail: String,
    /// What a method does.
    pub doc: &'static str,
    /// Whether it is a field.
    pub is_field: bool,
}

/// What can stand behind the point after a value of the type: fields in order, and then methods by name.
pub fn members(types: &Types, ty: TypeId) -> Vec<Member> {
    let mut members = Vec::new();
    let mut field = |name: String, ty: TypeId| {
        members.push(Member { name, detail: types.display(ty).to_string(), doc: "", is_field: true });
    };
    match types.get(ty) {
        &Type::Struct(id) => {
            types.struct_type(id).fields.iter().for_each(|each| field(each.name.clone(), each.ty));
        }
        Type::Tuple(elements) => elements.iter().enumerate().for_each(|(i, &ty)| field(i.to_string(), ty)),
        _ => {}
    }
    let fields = members.len();
    for &builtin in Builtin::ALL {
        let signature = Signature::of(builtin);
        if signature.receiver.as_ref().is_some_and(|receiver| fits(types, receiver, ty)) {
            members.push(Member {
                name: signature.name.to_owned(),
                detail: builtin.signature().to_owned(),
                doc: builtin.doc(),
                is_field: false,
            });
        }
    }
    members[fields..].sort_unstable_by(|a, b| a.name.cmp(&b.name));
    members
}

/// Whether a value of the type can stand where the signature says so.
fn fits(types: &Types, wanted: &SignatureType, ty: TypeId) -> bool {
    match (wanted, types.get(ty)) {
        (_, Type::Never) => false,
        (SignatureType::Int, found) => *found == Type::Int,
        (SignatureType::Float, found) => *found == Type::Float,
        (SignatureType::Bool, found) => *found == Type::Bool,
        (SignatureType::String, found) => *found == Type::String,
        (SignatureType::Array(wanted), &Type::Array(element)) => fits(types, wanted, element),
        (SignatureType::Variable(Variable::Num), found) => matches!(found, Type::Int | Type::Float),
        (SignatureType::Variable(Variable::Ord), found) => match found {
            Type::Int | Type::Float | Type::Bool | Type::String => true,
            &Type::Array(element) => fits(types, wanted, element),
            Type::Tuple(elements) => elements.iter().all(|&element| fits(types, wanted, element)),
            _ => false,
        },
        (SignatureType::Variable(Variable::Eq), found) => !matches!(found, Type::Function(..)),
        (SignatureType::Variable(_), _) => true,
        _ => false,
    }
}

/// `struct Point { x: Int, y: Int }`.
pub fn struct_text(types: &Types, id: crate::types::StructId) -> String {
    let definition = types.struct_type(id);
    let fields: Vec<String> = definition
        .fields
        .iter()
        .map(|field| format!("{}: {}", field.name, types.display(field.ty)))
        .collect();
    format!("struct {} {{ {} }}", definition.name, fields.join(", "))
}
