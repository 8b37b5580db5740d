//! Checkpoints and moves to a fresh store: which instances are saved, and what brings them back.
//!
//! `save` begins at the instances that names stand for and goes on to what they need; a closure that it meets makes its instance live
//! as well. So its data has exactly what can be reached, and ends with the list of instances that it has met ([`reached`]).
//!
//! In a fresh store an instance without code needs no module of its own: one module stands in for all of them, with a global for each
//! value, and for the imports of others that only the run of a cell has needed, which is over.

use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::graph::{Content, Node};
use super::{Session, Step, Timings};
use crate::emit::checkpoint::{END, Saved, checkpoint, stand_in};
use crate::environment::{InstanceId, SymbolKind};
use crate::types::TypeId;

/// A checkpoint to be saved: the host instantiates the module (imports as in a [`Step`], `imports` in its order) and calls `save`. What
/// that writes ([`crate::host::IMPORTS`], `write`) is the data, which [`Session::saved`] wants to see.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// The module with `save`.
    pub wasm: Vec<u8>,
    /// Its imports from `"cells"`: the instance and the export's name without `$`.
    pub imports: Vec<(InstanceId, Rc<str>)>,
}

/// How a host brings a session back, into a fresh store.
#[derive(Clone, Debug)]
pub struct Restoration {
    /// A module without imports, to be instantiated first.
    pub stand_in: Vec<u8>,
    /// What its exports `$0`, `$1`, … stand for: the instance and the name, without `$`. No step makes one of these instances.
    pub provides: Vec<(InstanceId, Rc<str>)>,
    /// Cells to instantiate, in order, without calling `run`.
    pub steps: Vec<Step>,
    /// The module whose `load` then reads the data.
    pub load: Vec<u8>,
    /// As [`Checkpoint::imports`].
    pub imports: Vec<(InstanceId, Rc<str>)>,
    /// Instances of before that nothing needs any more; the host may forget them.
    pub dropped: Vec<InstanceId>,
}

impl Session {
    /// A module that saves what can be reached.
    pub fn checkpoint(&mut self) -> Checkpoint {
        let (wasm, imports) = self.module(0);
        Checkpoint { wasm, imports }
    }

    /// The host has run `save`: drops what cannot be reached, and returns it.
    ///
    /// # Errors
    ///
    /// If the data does not end as `save` ends it. Nothing has changed then.
    pub fn saved(&mut self, data: &[u8]) -> Result<Vec<InstanceId>, String> {
        let reached = reached(data).ok_or("the data of the checkpoint has no end")?;
        let mut dropped = Vec::new();
        self.graph.shown(&reached, &mut dropped);
        Ok(dropped)
    }

    /// What brings this session into a fresh store, with the data of the checkpoint that was saved last. Nothing may have been run since.
    pub fn compaction(&mut self) -> Restoration {
        self.restoration(0)
    }

    /// What brings the instances from number `first` on into a store, whose numbers are from 0 in the data.
    pub(super) fn restoration(&mut self, first: u32) -> Restoration {
        let (mut provides, mut kinds) = (Vec::new(), Vec::new());
        let mut seen = FxHashSet::default();
        let mut provide = |value: (InstanceId, Rc<str>), kind| {
            if seen.insert(value.clone()) {
                provides.push(value);
                kinds.push(kind);
            }
        };
        let mut steps = Vec::new();
        let values = self.values_in_use();
        for (instance, node) in self.graph.iter().filter(|(instance, _)| instance.0 >= first) {
            match &node.content {
                Content::Values(names) => {
                    for (name, kind) in names {
                        if values.contains(&(instance, Rc::clone(name))) {
                            provide((instance, Rc::clone(name)), *kind);
                        }
                    }
                }
                Content::Code(code) => {
                    for (import, &of) in code.artifact.imports.iter().zip(&code.imports) {
                        let live =
                            self.graph.get(of).is_some_and(|node| matches!(node.content, Content::Code(_)));
                        if !live {
                            provide((of, Rc::clone(&import.name)), import.kind);
                        }
                    }
                    steps.push(Step {
                        instance,
                        cell: Rc::clone(&node.cell),
                        source: Rc::clone(&code.source),
                        artifact: Rc::clone(&code.artifact),
                        imports: code.imports.clone(),
                        cached: true,
                        timings: Timings::default(),
                        uses: Rc::clone(&code.uses),
                    });
                }
            }
        }
        let stand_in = stand_in(&self.types, &kinds);
        let (load, imports) = self.module(first);
        Restoration { stand_in, provides, steps, load, imports, dropped: Vec::new() }
    }

    /// The module with `save` and `load` for the instances from number `first` on, and its imports.
    fn module(&mut self, first: u32) -> (Vec<u8>, Vec<(InstanceId, Rc<str>)>) {
        let used = self.values_in_use();
        let nodes: Vec<_> = self.graph.iter().filter(|(instance, _)| instance.0 >= first).collect();
        let index = |needed: InstanceId| nodes.binary_search_by_key(&needed, |(instance, _)| *instance).ok();
        let list: Vec<_> = nodes
            .iter()
            .map(|&(instance, node)| Saved {
                number: instance.0 - first,
                instance,
                root: node.is_named(),
                values: values(instance, node, &used),
                lambdas: match &node.content {
                    Content::Values(_) => &[],
                    Content::Code(code) => &code.artifact.lambdas,
                },
                needs: node.needs().filter_map(index).map(|at| at as u32).collect(),
            })
            .collect();
        let (wasm, imports) = checkpoint(&self.types, &list);
        (wasm, imports)
    }

    /// Which values of instances without code a name or an import stands for.
    fn values_in_use(&self) -> FxHashSet<(InstanceId, Rc<str>)> {
        let named = self.environment.iter().map(|(name, symbol)| (symbol.instance, Rc::clone(name)));
        let mut used: FxHashSet<_> = named.collect();
        for (_, node) in self.graph.iter() {
            if let Content::Code(code) = &node.content {
                let imports = code.artifact.imports.iter().zip(&code.imports).zip(&code.artifact.later);
                used.extend(
                    imports
                        .filter(|(_, later)| **later)
                        .map(|((import, of), _)| (*of, Rc::clone(&import.name))),
                );
            }
        }
        used
    }
}

/// The values of an instance that a checkpoint has: of one with code all that its functions may use.
fn values(
    instance: InstanceId,
    node: &Node,
    used: &FxHashSet<(InstanceId, Rc<str>)>,
) -> Vec<(Rc<str>, TypeId)> {
    let value = |name: &Rc<str>, kind: SymbolKind| match kind {
        SymbolKind::Value { ty, .. } => Some((Rc::clone(name), ty)),
        SymbolKind::Function(_) | SymbolKind::Struct(_) => None,
    };
    match &node.content {
        Content::Values(names) => {
            let names = names.iter().filter(|(name, _)| used.contains(&(instance, Rc::clone(name))));
            names.filter_map(|(name, kind)| value(name, *kind)).collect()
        }
        Content::Code(code) => {
            let definitions = code.artifact.definitions.iter();
            let definitions = definitions.filter_map(|definition| value(&definition.name, definition.kind));
            definitions.chain(code.artifact.hidden.iter().cloned()).collect()
        }
    }
}

/// The instances that `save` has met: the data ends with [`END`], the number of each, and how many there are.
fn reached(data: &[u8]) -> Option<FxHashSet<InstanceId>> {
    let (rest, count) = data.split_last_chunk()?;
    let bytes = (u32::from_le_bytes(*count) as usize).checked_mul(4)?;
    let (rest, list) = rest.split_at_checked(rest.len().checked_sub(bytes)?)?;
    let (_, end) = rest.split_last_chunk()?;
    let numbers = list
        .chunks_exact(4)
        .map(|bytes| InstanceId(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])));
    (u32::from_le_bytes(*end) == END).then(|| numbers.collect())
}
