//! Types that are not known yet, and what is learnt about them.
//!
//! A [`Ty`] is a node of a graph: an unknown, a known type, or a type made of other nodes. [`Infer::unify`] has two nodes be the same
//! type, which binds unknowns; an unknown may come with demands (a number, something with an order), which are checked when it is bound.
//! All recursion is bounded: types that are too deep or too large are errors.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::source::Span;
use crate::types::{StructId, Type, TypeId, Types};

/// How deep a type may be.
pub(crate) const MAX_DEPTH: u32 = 64;
/// How many nodes a type may have as a tree.
pub(crate) const MAX_SIZE: u32 = 1000;
/// How many nodes one unification may look at.
const MAX_STEPS: u32 = 20_000;

/// A type that may hold unknowns.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Ty(u32);

impl Ty {
    pub(crate) const UNIT: Self = Self(0);
    pub(crate) const INT: Self = Self(1);
    pub(crate) const FLOAT: Self = Self(2);
    pub(crate) const BOOL: Self = Self(3);
    pub(crate) const STRING: Self = Self(4);
    pub(crate) const NEVER: Self = Self(5);
    /// Of an expression with an error: it fits everywhere and asks for nothing.
    pub(crate) const ERROR: Self = Self(6);
}

/// What a [`Ty`] is.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// Nothing is known; the number of an [`Unknown`].
    Unknown(u32),
    /// The same as another one.
    Link(Ty),
    /// `()`, a number, `Bool`, `String` or `Never`.
    Simple(TypeId),
    Struct(StructId),
    Array(Ty),
    Tuple(Rc<[Ty]>),
    Function(Rc<[Ty]>, Ty),
    Error,
}

/// A demand on a type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Class {
    /// Has `+`: numbers, texts, arrays.
    Add,
    /// `Int` or `Float`.
    Number,
    /// Has `<`.
    Order,
    /// Has `==`.
    Equal,
}

/// Who makes a demand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Origin {
    /// Where.
    pub(crate) span: Span,
    /// The operator or method.
    pub(crate) what: &'static str,
}

/// What is known of an unknown.
#[derive(Debug, Default)]
struct Unknown {
    demands: Vec<(Class, Origin)>,
    /// It is the result of something that may never come: `()` if nobody says anything else.
    unit: bool,
    /// Something waits for it to be known.
    watched: bool,
}

/// A demand that a type does not meet.
#[derive(Debug)]
pub(crate) struct Unmet {
    pub(crate) class: Class,
    pub(crate) origin: Origin,
    pub(crate) ty: Ty,
}

/// Why two types cannot be the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Clash {
    /// They differ.
    Mismatch,
    /// One would hold itself.
    Infinite,
    /// They are too large to be looked at.
    TooLarge,
}

/// The graph.
pub(crate) struct Infer {
    nodes: Vec<Node>,
    unknowns: Vec<Unknown>,
    known: FxHashMap<TypeId, Ty>,
    /// Demands that were not met, which the checker reports.
    pub(crate) unmet: Vec<Unmet>,
    /// An unknown that something waited for has become known.
    pub(crate) progress: bool,
    steps: u32,
}

impl Infer {
    pub(crate) fn new() -> Self {
        let simple = [TypeId::UNIT, TypeId::INT, TypeId::FLOAT, TypeId::BOOL, TypeId::STRING, TypeId::NEVER];
        let mut nodes: Vec<Node> = simple.iter().map(|&id| Node::Simple(id)).collect();
        nodes.push(Node::Error);
        let known = simple.iter().enumerate().map(|(i, &id)| (id, Ty(i as u32))).collect();
        Self { nodes, unknowns: Vec::new(), known, unmet: Vec::new(), progress: false, steps: 0 }
    }

    fn add(&mut self, node: Node) -> Ty {
        self.nodes.push(node);
        Ty(self.nodes.len() as u32 - 1)
    }

    /// A type of which nothing is known.
    pub(crate) fn unknown(&mut self) -> Ty {
        self.unknowns.push(Unknown::default());
        self.add(Node::Unknown(self.unknowns.len() as u32 - 1))
    }

    /// A type that is `()` if nothing else becomes known.
    pub(crate) fn unknown_or_unit(&mut self) -> Ty {
        let ty = self.unknown();
        if let Some(unknown) = self.unknowns.last_mut() {
            unknown.unit = true;
        }
        ty
    }

    pub(crate) fn array(&mut self, element: Ty) -> Ty {
        self.add(Node::Array(element))
    }

    /// The tuple of `elements`; that of none is `()`, and that of one is it.
    pub(crate) fn tuple(&mut self, elements: Vec<Ty>) -> Ty {
        match elements[..] {
            [] => Ty::UNIT,
            [one] => one,
            _ => self.add(Node::Tuple(elements.into())),
        }
    }

    pub(crate) fn function(&mut self, params: Vec<Ty>, result: Ty) -> Ty {
        self.add(Node::Function(params.into(), result))
    }

    pub(crate) fn structure(&mut self, id: StructId, types: &mut Types) -> Ty {
        let ty = types.structure(id);
        self.known(ty, types)
    }

    /// A type of another cell or of a struct's field.
    pub(crate) fn known(&mut self, id: TypeId, types: &Types) -> Ty {
        if let Some(&ty) = self.known.get(&id) {
            return ty;
        }
        let node = match types.get(id) {
            &Type::Array(element) => Node::Array(self.known(element, types)),
            Type::Tuple(elements) => Node::Tuple(elements.iter().map(|&id| self.known(id, types)).collect()),
            Type::Function(params, result) => {
                let params = params.iter().map(|&id| self.known(id, types)).collect();
                Node::Function(params, self.known(*result, types))
            }
            &Type::Struct(id) => Node::Struct(id),
            _ => Node::Simple(id),
        };
        let ty = self.add(node);
        self.known.insert(id, ty);
        ty
    }

    /// The node that stands for `ty`, which is no link.
    pub(crate) fn root(&self, mut ty: Ty) -> Ty {
        while let Node::Link(to) = self.nodes[ty.0 as usize] {
            ty = to;
        }
        ty
    }

    /// What is known of `ty`.
    pub(crate) fn node(&self, ty: Ty) -> &Node {
        &self.nodes[self.root(ty).0 as usize]
    }

    pub(crate) fn is_unknown(&self, ty: Ty) -> bool {
        matches!(self.node(ty), Node::Unknown(_))
    }

    pub(crate) fn is(&self, ty: Ty, simple: Ty) -> bool {
        self.root(ty) == simple
    }

    /// Has `progress` become true when `ty` becomes known.
    pub(crate) fn watch(&mut self, ty: Ty) {
        if let &Node::Unknown(number) = self.node(ty) {
            self.unknowns[number as usize].watched = true;
        }
    }

    /// Has `a` and `b` be the same type from now on.
    pub(crate) fn unify(&mut self, a: Ty, b: Ty, types: &Types) -> Result<(), Clash> {
        self.steps = 0;
        self.unify_at(a, b, types, 0)
    }

    fn step(&mut self, depth: u32) -> Result<(), Clash> {
        self.steps += 1;
        if self.steps > MAX_STEPS || depth > MAX_DEPTH { Err(Clash::TooLarge) } else { Ok(()) }
    }

    fn unify_at(&mut self, a: Ty, b: Ty, types: &Types, depth: u32) -> Result<(), Clash> {
        self.step(depth)?;
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return Ok(());
        }
        match (self.nodes[a.0 as usize].clone(), self.nodes[b.0 as usize].clone()) {
            (_, Node::Unknown(_)) => self.bind(b, a, types, depth),
            (Node::Unknown(_), _) => self.bind(a, b, types, depth),
            (Node::Error, _) | (_, Node::Error) => Ok(()),
            (Node::Simple(a), Node::Simple(b)) if a == b => Ok(()),
            (Node::Struct(a), Node::Struct(b)) if a == b => Ok(()),
            (Node::Array(a), Node::Array(b)) => self.unify_at(a, b, types, depth + 1),
            (Node::Tuple(a), Node::Tuple(b)) if a.len() == b.len() => self.unify_all(&a, &b, types, depth),
            (Node::Function(a, ra), Node::Function(b, rb)) if a.len() == b.len() => {
                self.unify_all(&a, &b, types, depth)?;
                self.unify_at(ra, rb, types, depth + 1)
            }
            _ => Err(Clash::Mismatch),
        }
    }

    fn unify_all(&mut self, a: &[Ty], b: &[Ty], types: &Types, depth: u32) -> Result<(), Clash> {
        for (&a, &b) in a.iter().zip(b) {
            self.unify_at(a, b, types, depth + 1)?;
        }
        Ok(())
    }

    /// Has the unknown `from` be `to`.
    fn bind(&mut self, from: Ty, to: Ty, types: &Types, depth: u32) -> Result<(), Clash> {
        if self.holds(to, from, depth)? {
            return Err(Clash::Infinite);
        }
        let Node::Unknown(number) = self.nodes[from.0 as usize] else { return Ok(()) };
        let Unknown { demands, unit, watched } = std::mem::take(&mut self.unknowns[number as usize]);
        self.nodes[from.0 as usize] = Node::Link(to);
        if let Node::Unknown(other) = self.nodes[to.0 as usize] {
            let other = &mut self.unknowns[other as usize];
            other.unit &= unit;
            other.watched |= watched;
        } else {
            self.progress |= watched;
        }
        for (class, origin) in demands {
            self.demand_at(to, class, origin, types, depth);
        }
        Ok(())
    }

    /// Whether `unknown` is somewhere in `ty`.
    fn holds(&mut self, ty: Ty, unknown: Ty, depth: u32) -> Result<bool, Clash> {
        self.step(depth)?;
        let ty = self.root(ty);
        match self.nodes[ty.0 as usize].clone() {
            Node::Unknown(_) => Ok(ty == unknown),
            Node::Array(element) => self.holds(element, unknown, depth + 1),
            Node::Tuple(elements) => self.any_holds(&elements, unknown, depth),
            Node::Function(params, result) => {
                Ok(self.any_holds(&params, unknown, depth)? || self.holds(result, unknown, depth + 1)?)
            }
            _ => Ok(false),
        }
    }

    fn any_holds(&mut self, tys: &[Ty], unknown: Ty, depth: u32) -> Result<bool, Clash> {
        for &ty in tys {
            if self.holds(ty, unknown, depth + 1)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Demands something of `ty`, now or when it becomes known. What is not met comes to `unmet`.
    pub(crate) fn demand(&mut self, ty: Ty, class: Class, origin: Origin, types: &Types) {
        self.steps = 0;
        self.demand_at(ty, class, origin, types, 0);
    }

    fn demand_at(&mut self, ty: Ty, class: Class, origin: Origin, types: &Types, depth: u32) {
        if self.step(depth).is_err() {
            return;
        }
        let met = match self.node(ty).clone() {
            Node::Unknown(number) => {
                let demands = &mut self.unknowns[number as usize].demands;
                if !demands.iter().any(|&(other, _)| other == class) {
                    demands.push((class, origin));
                }
                true
            }
            Node::Error | Node::Link(_) | Node::Simple(TypeId::NEVER) => true,
            Node::Simple(TypeId::INT | TypeId::FLOAT) => true,
            Node::Simple(TypeId::STRING) => class != Class::Number,
            Node::Simple(TypeId::BOOL) => matches!(class, Class::Order | Class::Equal),
            Node::Simple(_) => class == Class::Equal,
            Node::Array(_) if class == Class::Add => true,
            Node::Array(element) if class != Class::Number => {
                self.demand_at(element, class, origin, types, depth + 1);
                true
            }
            Node::Tuple(elements) if matches!(class, Class::Order | Class::Equal) => {
                for &element in elements.iter() {
                    self.demand_at(element, class, origin, types, depth + 1);
                }
                true
            }
            Node::Struct(id) => class == Class::Equal && !holds_function(types, id),
            _ => false,
        };
        if !met {
            self.unmet.push(Unmet { class, origin, ty });
        }
    }

    /// Has unknowns that are added, ordered and the like be `Int`. Returns whether there was one.
    pub(crate) fn default_numbers(&mut self) -> bool {
        self.default(Ty::INT, |unknown| unknown.demands.iter().any(|&(class, _)| class != Class::Equal))
    }

    /// Has results that never come be `()`.
    pub(crate) fn default_units(&mut self) -> bool {
        self.default(Ty::UNIT, |unknown| unknown.unit)
    }

    fn default(&mut self, to: Ty, which: impl Fn(&Unknown) -> bool) -> bool {
        let mut changed = false;
        for node in &mut self.nodes {
            let &mut Node::Unknown(number) = node else { continue };
            let unknown = &self.unknowns[number as usize];
            if which(unknown) {
                *node = Node::Link(to);
                self.progress |= unknown.watched;
                changed = true;
            }
        }
        changed
    }

    /// Has all unknowns in `ty` be errors, about which nothing more is said.
    pub(crate) fn give_up(&mut self, ty: Ty, depth: u32) {
        if depth > MAX_DEPTH {
            return;
        }
        let ty = self.root(ty);
        match self.nodes[ty.0 as usize].clone() {
            Node::Unknown(_) => self.nodes[ty.0 as usize] = Node::Link(Ty::ERROR),
            Node::Array(element) => self.give_up(element, depth + 1),
            Node::Tuple(elements) => elements.iter().for_each(|&ty| self.give_up(ty, depth + 1)),
            Node::Function(params, result) => {
                params.iter().for_each(|&ty| self.give_up(ty, depth + 1));
                self.give_up(result, depth + 1);
            }
            _ => {}
        }
    }

    /// Whether `ty` has an error or something unknown in it, as far as one can look.
    pub(crate) fn state(&self, ty: Ty) -> State {
        let mut budget = MAX_SIZE;
        self.state_at(ty, 0, &mut budget)
    }

    fn state_at(&self, ty: Ty, depth: u32, budget: &mut u32) -> State {
        if *budget == 0 || depth > MAX_DEPTH {
            return State::Known;
        }
        *budget -= 1;
        match self.node(ty) {
            Node::Unknown(_) => State::Unknown,
            Node::Error => State::Error,
            &Node::Array(element) => self.state_at(element, depth + 1, budget),
            Node::Tuple(elements) => {
                elements.iter().map(|&ty| self.state_at(ty, depth + 1, budget)).max().unwrap_or(State::Known)
            }
            Node::Function(params, result) => params
                .iter()
                .chain([result])
                .map(|&ty| self.state_at(ty, depth + 1, budget))
                .max()
                .unwrap_or(State::Known),
            _ => State::Known,
        }
    }

    /// Text for people, with `unknown` for what is not known.
    pub(crate) fn show(&self, ty: Ty, unknown: &str, types: &Types) -> String {
        let mut text = String::new();
        self.show_at(ty, unknown, types, &mut text, 0);
        text
    }

    fn show_at(&self, ty: Ty, unknown: &str, types: &Types, out: &mut String, depth: u32) {
        if depth > 20 || out.len() > 200 {
            out.push('…');
            return;
        }
        let list = |tys: &[Ty], out: &mut String| {
            out.push('(');
            for (i, &ty) in tys.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                self.show_at(ty, unknown, types, out, depth + 1);
            }
            out.push(')');
        };
        match self.node(ty) {
            Node::Unknown(_) | Node::Error | Node::Link(_) => out.push_str(unknown),
            &Node::Simple(id) => out.push_str(&types.display(id).to_string()),
            &Node::Struct(id) => out.push_str(&types.struct_type(id).name),
            &Node::Array(element) => {
                out.push('[');
                self.show_at(element, unknown, types, out, depth + 1);
                out.push(']');
            }
            Node::Tuple(elements) => list(elements, out),
            Node::Function(params, result) => {
                out.push_str("fun");
                list(params, out);
                if !self.is(*result, Ty::UNIT) {
                    out.push_str(" -> ");
                    self.show_at(*result, unknown, types, out, depth + 1);
                }
            }
        }
    }
}

/// What is known of a type, the worst last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum State {
    Known,
    Unknown,
    Error,
}

/// Whether a value of the struct holds a function, at any depth, so that it cannot be compared.
fn holds_function(types: &Types, id: StructId) -> bool {
    let mut seen = FxHashSet::default();
    let mut rest: Vec<TypeId> = types.struct_type(id).fields.iter().map(|field| field.ty).collect();
    while let Some(ty) = rest.pop() {
        if !seen.insert(ty) {
            continue;
        }
        match types.get(ty) {
            Type::Function(..) => return true,
            &Type::Array(element) => rest.push(element),
            Type::Tuple(elements) => rest.extend(elements.iter()),
            &Type::Struct(id) => rest.extend(types.struct_type(id).fields.iter().map(|field| field.ty)),
            _ => {}
        }
    }
    false
}

/// Types of the graph made types of the session.
#[derive(Default)]
pub(crate) struct Resolver {
    /// By the number of the type: what it has become, and its size.
    done: Vec<Option<(TypeId, u32)>>,
}

impl Resolver {
    /// The type that `ty` has become; nothing if it is too large, or still unknown.
    pub(crate) fn resolve(&mut self, ty: Ty, infer: &Infer, types: &mut Types) -> Option<TypeId> {
        let (id, size) = self.resolve_at(ty, infer, types, 0)?;
        (size <= MAX_SIZE).then_some(id)
    }

    fn resolve_at(&mut self, ty: Ty, infer: &Infer, types: &mut Types, depth: u32) -> Option<(TypeId, u32)> {
        if depth > MAX_DEPTH {
            return None;
        }
        let ty = infer.root(ty);
        let index = ty.0 as usize;
        if let Some(&Some(done)) = self.done.get(index) {
            return Some(done);
        }
        let mut size = 1u32;
        let mut list = |this: &mut Self, types: &mut Types, tys: &[Ty]| -> Option<Vec<TypeId>> {
            let mut ids = Vec::with_capacity(tys.len());
            for &ty in tys {
                let (id, part) = this.resolve_at(ty, infer, types, depth + 1)?;
                size = size.saturating_add(part);
                ids.push(id);
            }
            Some(ids)
        };
        let id = match infer.node(ty) {
            Node::Unknown(_) | Node::Error | Node::Link(_) => return None,
            &Node::Simple(id) => id,
            &Node::Struct(id) => types.structure(id),
            &Node::Array(element) => {
                let ids = list(self, types, &[element])?;
                types.array(ids[0])
            }
            Node::Tuple(elements) => {
                let ids = list(self, types, elements)?;
                types.tuple(&ids)
            }
            Node::Function(params, result) => {
                let ids = list(self, types, params)?;
                let result = list(self, types, &[*result])?;
                types.function(&ids, result[0])
            }
        };
        if size > MAX_SIZE {
            return None;
        }
        if self.done.len() <= index {
            self.done.resize(index + 1, None);
        }
        self.done[index] = Some((id, size));
        Some((id, size))
    }
}
