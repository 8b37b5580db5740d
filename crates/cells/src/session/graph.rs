//! Instances, what they need of each other, and which of them live.
//!
//! What a cell itself did is over once it has run; what remains is what its functions and closures may still do, and its values. So an
//! instance without functions and closures is no more than its [values](Content::Values): it needs nothing of other cells, and no
//! source. An instance with [code](Content::Code) needs those imports that its functions and closures use ([`Artifact::later`]).
//!
//! An instance lives while
//! - a name stands for something of it,
//! - or the code of a living instance imports from it,
//! - or it has closures, which may lie in any variable or object. Whether they do only a walk over all objects tells: `save` of a
//!   checkpoint makes one, and [`Graph::shown`] is told what it has met.
//!
//! Instances import only from older ones, so there are no circles, and counting is enough.

use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::Step;
use super::cells::Uses;
use super::ordered::Ordered;
use crate::artifact::Artifact;
use crate::environment::{InstanceId, SymbolKind};

/// A run of a cell that something may still need.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// The cell that was run.
    pub(super) cell: Rc<str>,
    /// What there is to be needed.
    pub(super) content: Content,
    /// How many names stand for something of it.
    names: u32,
    /// How many imports of other instances' code refer to it.
    importers: u32,
    /// Whether a closure of it may lie somewhere.
    pinned: bool,
}

/// What remains of a run.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// Values and structs by their names, and no code.
    Values(Vec<(Rc<str>, SymbolKind)>),
    /// Functions or closures, so all of it.
    Code(Code),
}

/// A run with functions or closures.
#[derive(Clone, Debug)]
pub(super) struct Code {
    /// The compiled cell.
    pub(super) artifact: Rc<Artifact>,
    /// What it was compiled from, for messages and for checkpoints.
    pub(super) source: Rc<str>,
    /// What the names stood for that it uses, which compiling it again depends on.
    pub(super) uses: Uses,
    /// Whose the artifact's imports are, in its order.
    pub(super) imports: Vec<InstanceId>,
}

impl Code {
    /// The instances that the functions and closures need; one may come several times.
    fn needs(&self) -> impl Iterator<Item = InstanceId> + '_ {
        let later = self.artifact.later.iter().copied().chain(std::iter::repeat(true));
        self.imports.iter().zip(later).filter(|(_, later)| *later).map(|(&instance, _)| instance)
    }
}

impl Node {
    /// What remains of a step that was run.
    pub(super) fn of_step(step: &Step) -> (InstanceId, Self) {
        let artifact = &step.artifact;
        let is_function = |kind| matches!(kind, SymbolKind::Function(_));
        let content =
            if artifact.lambdas.is_empty() && !artifact.definitions.iter().any(|d| is_function(d.kind)) {
                Content::Values(artifact.definitions.iter().map(|d| (Rc::clone(&d.name), d.kind)).collect())
            } else {
                Content::Code(Code {
                    artifact: Rc::clone(artifact),
                    source: Rc::clone(&step.source),
                    uses: Rc::clone(&step.uses),
                    imports: step.imports.clone(),
                })
            };
        (step.instance, Self::new(Rc::clone(&step.cell), content))
    }

    /// A run that nothing needs yet.
    pub(super) fn new(cell: Rc<str>, content: Content) -> Self {
        let pinned = matches!(&content, Content::Code(code) if !code.artifact.lambdas.is_empty());
        Self { cell, content, names: 0, importers: 0, pinned }
    }

    /// Whether a name stands for something of it.
    pub(super) fn is_named(&self) -> bool {
        self.names > 0
    }

    /// What its functions and closures need; one instance may come several times.
    pub(super) fn needs(&self) -> impl Iterator<Item = InstanceId> + '_ {
        let code = match &self.content {
            Content::Values(_) => None,
            Content::Code(code) => Some(code),
        };
        code.into_iter().flat_map(Code::needs)
    }

    fn is_needed(&self) -> bool {
        self.names > 0 || self.importers > 0 || self.pinned
    }
}

/// All runs that something may still need.
#[derive(Default)]
pub(super) struct Graph {
    nodes: Ordered<Node>,
}

impl Graph {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// How many of them a name stands for, or something that a name stands for needs them. Of the others closures may lie somewhere.
    pub(super) fn certain(&self) -> usize {
        let mut needed: FxHashSet<InstanceId> = FxHashSet::default();
        let mut count = 0;
        // Instances need older ones only.
        for (instance, node) in self.nodes.iter_back() {
            if node.is_named() || needed.contains(&InstanceId(instance)) {
                count += 1;
                needed.extend(node.needs());
            }
        }
        count
    }

    /// A run, if it is still there.
    pub(super) fn get(&self, instance: InstanceId) -> Option<&Node> {
        self.nodes.get(instance.0)
    }

    /// All of them, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (InstanceId, &Node)> {
        self.nodes.iter().map(|(instance, node)| (InstanceId(instance), node))
    }

    /// Adds a run. Whoever adds it says next what needs it, and then calls [`settle`](Self::settle).
    pub(super) fn add(&mut self, (instance, node): (InstanceId, Node)) {
        for needed in node.needs() {
            if let Some(needed) = self.nodes.get_mut(needed.0) {
                needed.importers += 1;
            }
        }
        self.nodes.insert(instance.0, node);
    }

    /// A name stands for something of it from now on.
    pub(super) fn named(&mut self, instance: InstanceId) {
        if let Some(node) = self.nodes.get_mut(instance.0) {
            node.names += 1;
        }
    }

    /// A name does not any more. If that was the last one, returns the cell that was run.
    pub(super) fn unnamed(&mut self, instance: InstanceId, dropped: &mut Vec<InstanceId>) -> Option<Rc<str>> {
        let node = self.nodes.get_mut(instance.0)?;
        node.names = node.names.saturating_sub(1);
        let last = (node.names == 0).then(|| Rc::clone(&node.cell));
        self.settle(instance, dropped);
        last
    }

    /// Drops a run if nothing needs it, and then what only it has needed.
    pub(super) fn settle(&mut self, instance: InstanceId, dropped: &mut Vec<InstanceId>) {
        let mut open = vec![instance];
        while let Some(instance) = open.pop() {
            if self.nodes.get(instance.0).is_none_or(Node::is_needed) {
                continue;
            }
            let Some(node) = self.nodes.remove(instance.0) else { continue };
            dropped.push(instance);
            for needed in node.needs() {
                if let Some(other) = self.nodes.get_mut(needed.0) {
                    other.importers = other.importers.saturating_sub(1);
                    open.push(needed);
                }
            }
        }
    }

    /// A walk over all objects has shown that these instances can be reached and that closures of others lie nowhere.
    pub(super) fn shown(&mut self, reached: &FxHashSet<InstanceId>, dropped: &mut Vec<InstanceId>) {
        let mut dead = Vec::new();
        for (instance, node) in self.nodes.iter_mut() {
            if node.pinned && !reached.contains(&InstanceId(instance)) {
                node.pinned = false;
                dead.push(InstanceId(instance));
            }
        }
        for instance in dead {
            self.settle(instance, dropped);
        }
    }
}
