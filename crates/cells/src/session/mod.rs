//! What a host does with cells, step by step: names, dependencies, stale cells, the cache, checkpoints. Nothing here executes
//! anything, so the native host and a browser share it.
//!
//! ```text
//! source ─ prepare ─▶ Step: module + imports ── the host instantiates and calls `run` ──▶ commit ─▶ names, stale cells
//!                                                                                    └▶ abandon (it failed), discard (it was not run)
//! checkpoint ─▶ Checkpoint: module + imports ── the host calls `save` ─▶ data ─ saved ─▶ dead instances; header; pack ─▶ bytes
//! bytes ─ unpack ─▶ header, data; header ─ restore ─▶ Restoration: cells that live on, and a module whose `load` fills their values
//! compaction ─▶ a Restoration for a fresh store of the same session, without compiling
//! ```
//!
//! # Names
//!
//! Each run of a cell is an instance with a number of its own. A run that succeeds defines names; what the run before of the same cell
//! has defined and this one does not vanishes. A run that fails defines nothing, and what the run before has defined stays.
//!
//! # Stale cells
//!
//! A run remembers the names that it looked up and what they stood for. The cell is stale as long as one of these names stands for
//! something else: for what another run has defined (a struct with the same name and fields is the same, whoever defines it), for
//! nothing any more, or for something where there was nothing. A name that now stands for what the cell itself has defined does not
//! count. So what depends on a stale cell is stale only once that cell has been run again, because only then does it define anew.
//!
//! # Which instances live
//!
//! What a cell's functions and closures may still use: see [`graph`](self) in the source. Instances that nothing can reach are
//! reported as dropped, some of them only when a checkpoint shows it.

mod cache;
mod cells;
mod checkpoint;
mod compile;
mod complete;
mod failure;
mod file;
mod graph;
mod header;
mod names;
mod ordered;

use std::rc::Rc;

use crate::artifact::Artifact;
use crate::diagnostic::Diagnostic;
use crate::environment::{Environment, InstanceId, Symbol, SymbolKind};
use crate::syntax::ReadFloat;
use crate::types::{TypeId, Types};
use cache::Cache;
use cells::{Cells, Uses};
use compile::compile;
use graph::{Graph, Node};

pub use checkpoint::{Checkpoint, Restoration};
pub use complete::{Completion, CompletionKind, Completions, Inspection};
pub use failure::{Cause, CodePlace, Explained, FailureKind, TraceFrame};
pub use file::{pack, unpack};
pub use names::{Name, NameKind};

/// A cell that is ready to be run.
#[derive(Clone, Debug)]
pub struct Step {
    /// The number of the instance that the host makes.
    pub instance: InstanceId,
    /// The cell's id.
    pub cell: Rc<str>,
    /// What it was compiled from.
    pub source: Rc<str>,
    /// The cell.
    pub artifact: Rc<Artifact>,
    /// For each import of the artifact, in its order: the instance that exports it (under the import's name with `$` before it).
    pub imports: Vec<InstanceId>,
    /// Whether the artifact came from the cache.
    pub cached: bool,
    /// How long the phases took, in nanoseconds, by the clock that the session was given.
    pub timings: Timings,
    /// The names that it looked up, and what they stood for.
    uses: Uses,
}

/// How long the phases of the compiler took, in nanoseconds. What came from the cache took none.
#[derive(Clone, Copy, Default, Debug)]
pub struct Timings {
    /// Lexer and parser.
    pub parse: u64,
    /// Checker.
    pub check: u64,
    /// Emission.
    pub emit: u64,
}

/// Why a cell cannot be run.
#[derive(Clone, Debug)]
pub struct Rejected {
    /// What is wrong with it: at least one error.
    pub diagnostics: Vec<Diagnostic>,
    /// How long that took.
    pub timings: Timings,
}

/// What running a cell has changed.
#[derive(Clone, Debug, Default)]
pub struct Committed {
    /// Names that the cell has defined, with their types as text; for a struct its fields.
    pub defined: Vec<(Rc<str>, String)>,
    /// Cells that use something which has been replaced since they were run, in the order in which they were first run. All that are
    /// stale now, not only the new ones.
    pub stale: Vec<Rc<str>>,
    /// Instances that nothing needs any more; the host may forget them.
    pub dropped: Vec<InstanceId>,
}

/// What is wrong with a source that nobody wants to run yet.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// Errors and warnings.
    pub diagnostics: Vec<Diagnostic>,
    /// The type of the value that the cell would have.
    pub value_type: Option<String>,
}

/// What a session needs of its host.
#[derive(Clone, Copy, Debug)]
pub struct Tools {
    /// Nanoseconds since any moment.
    pub clock: fn() -> u64,
    /// What reads numbers with decimals: that of the standard library, or in a browser the browser's.
    pub read_float: ReadFloat,
}

/// All that is known of the cells of a notebook.
pub struct Session {
    tools: Tools,
    types: Types,
    environment: Environment,
    cells: Cells,
    graph: Graph,
    cache: Cache,
    next: u32,
}

impl Session {
    /// Bytes of compiled cells that the cache keeps, unless [`Session::with_cache`] says something else.
    pub const CACHE_BYTES: usize = 4 << 20;

    /// A session without cells.
    pub fn new(tools: Tools) -> Self {
        Self::with_cache(tools, Self::CACHE_BYTES)
    }

    /// The same with a cache of another size, in bytes of compiled cells; with 0 every cell is compiled each time.
    pub fn with_cache(tools: Tools, bytes: usize) -> Self {
        Self {
            tools,
            types: Types::new(),
            environment: Environment::default(),
            cells: Cells::default(),
            graph: Graph::default(),
            cache: Cache::new(bytes),
            next: 0,
        }
    }

    /// Forgets all cells, but not what was compiled. Numbers of instances go on, so those of before and after are never mixed up.
    pub fn clear(&mut self) {
        self.environment = Environment::default();
        self.cells = Cells::default();
        self.graph = Graph::default();
    }

    /// Forgets what was compiled, and if there are no cells all types as well.
    pub fn clear_cache(&mut self) {
        self.cache.clear();
        if self.graph.len() == 0 && self.cells.iter().next().is_none() {
            self.types = Types::new();
        }
    }

    /// All types of the session.
    pub fn types(&self) -> &Types {
        &self.types
    }

    /// What the names stand for.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// How many instances live for certain: not those of which only a closure may lie somewhere. It looks at all instances.
    pub fn certain_instances(&self) -> usize {
        self.graph.certain()
    }

    /// How many instances may live, as far as the session can tell.
    pub fn live_instances(&self) -> usize {
        self.graph.len()
    }

    /// Compiles a cell, or takes it from the cache: there it is if a cell with the same source was compiled where the names that it uses had
    /// the same types. The host has to [`commit`](Self::commit), [`abandon`](Self::abandon) or [`discard`](Self::discard) the step before it
    /// prepares another.
    ///
    /// # Errors
    ///
    /// If the source is wrong, or there are no numbers left for instances. Nothing has changed then.
    pub fn prepare(&mut self, cell: &str, source: &str) -> Result<Step, Rejected> {
        let cached = self.cache.get(source, &self.environment);
        let was_cached = cached.is_some();
        let (source, artifact, timings) = match cached {
            Some((source, artifact)) => (source, artifact, Timings::default()),
            None => {
                let source: Rc<str> = source.into();
                let mark = self.types.mark();
                let (result, timings) = compile(&source, &self.environment, &mut self.types, self.tools);
                let artifact = Rc::new(result.map_err(|diagnostics| {
                    self.types.truncate(mark);
                    Rejected { diagnostics, timings }
                })?);
                self.cache.put(&source, &artifact);
                (source, artifact, timings)
            }
        };
        let rejected = |message: &str| {
            let diagnostics = vec![Diagnostic::error(crate::source::Span::default(), message)];
            Rejected { diagnostics, timings }
        };
        let Some((uses, imports)) = resolve(&artifact, &self.environment) else {
            return Err(rejected("the compiler has imported a name that it did not look up"));
        };
        // The greatest number marks the end in the data of checkpoints.
        let Some(next) = self.next.checked_add(1) else {
            return Err(rejected("there are no numbers left for runs of cells in this session"));
        };
        let instance = InstanceId(self.next);
        self.next = next;
        Ok(Step { instance, cell: cell.into(), source, artifact, imports, cached: was_cached, timings, uses })
    }

    /// The step was run and has succeeded: its definitions replace those of the cell's run before.
    pub fn commit(&mut self, step: &Step) -> Committed {
        let mut dropped = Vec::new();
        let mut changed = Vec::new();
        let mut defined = Vec::new();
        self.graph.add(Node::of_step(step));
        // The new names first, so that an instance that both runs need is not dropped in between.
        for definition in &step.artifact.definitions {
            let symbol = Symbol { kind: definition.kind, instance: step.instance };
            defined.push((Rc::clone(&definition.name), self.describe(definition.kind)));
            self.define(&definition.name, Some(symbol), &mut dropped);
            changed.push(Rc::clone(&definition.name));
        }
        changed.extend(self.undefine(&step.cell, &mut dropped));
        self.graph.settle(step.instance, &mut dropped);
        self.cells.ran(step, &self.graph);
        self.cells.names_changed(&changed, &self.environment);
        Committed { defined, stale: self.cells.stale(), dropped }
    }

    /// The step is not run: nothing has changed, and if the host has an instance of it, it may forget it.
    pub fn discard(&mut self, step: Step) {
        drop(step);
    }

    /// The step was run and has failed. What it changed in other cells' objects stays changed, so a closure of it may
    /// live in one of them. Gives the instance back if the host may forget it.
    pub fn abandon(&mut self, step: &Step) -> Vec<InstanceId> {
        let mut dropped = Vec::new();
        self.graph.add(Node::of_step(step));
        self.graph.settle(step.instance, &mut dropped);
        dropped
    }

    /// Forgets a cell: its names vanish, and what used them is stale.
    pub fn remove(&mut self, cell: &str) -> Committed {
        let mut dropped = Vec::new();
        let changed = self.undefine(cell, &mut dropped);
        self.cells.remove(cell);
        self.cells.names_changed(&changed, &self.environment);
        Committed { defined: Vec::new(), stale: self.cells.stale(), dropped }
    }

    /// The cells that are stale, in the order in which they were first run.
    pub fn stale(&self) -> Vec<Rc<str>> {
        self.cells.stale()
    }

    /// Has a name stand for something else, or for nothing.
    fn define(&mut self, name: &Rc<str>, symbol: Option<Symbol>, dropped: &mut Vec<InstanceId>) {
        if let Some(symbol) = symbol {
            self.graph.named(symbol.instance);
        }
        let before = match symbol {
            Some(symbol) => self.environment.define(Rc::clone(name), symbol),
            None => self.environment.remove(name),
        };
        if let Some(before) = before
            && let Some(cell) = self.graph.unnamed(before.instance, dropped)
        {
            self.cells.idle(&cell, before.instance);
        }
    }

    /// Removes all names that stand for what the last run of a cell has defined; returns them.
    fn undefine(&mut self, cell: &str, dropped: &mut Vec<InstanceId>) -> Vec<Rc<str>> {
        let names = self.cells.defined_by(cell, &self.environment);
        for name in &names {
            self.define(name, None, dropped);
        }
        names
    }

    /// The type of what a name stands for, as text.
    fn describe(&self, kind: SymbolKind) -> String {
        match kind {
            SymbolKind::Value { ty, .. } | SymbolKind::Function(ty) => self.types.display(ty).to_string(),
            SymbolKind::Struct(id) => {
                let fields = &self.types.struct_type(id).fields;
                let fields =
                    fields.iter().map(|field| format!("{}: {}", field.name, self.types.display(field.ty)));
                let fields: Vec<_> = fields.collect();
                if fields.is_empty() { "{}".into() } else { format!("{{ {} }}", fields.join(", ")) }
            }
        }
    }

    /// The type of a cell's value as text, if one is shown.
    fn shown(&self, ty: TypeId) -> Option<String> {
        (ty != TypeId::UNIT && ty != TypeId::NEVER).then(|| self.types.display(ty).to_string())
    }
}

/// What the names that an artifact uses stand for, and whose its imports are; `None` if it imports what it does not use.
fn resolve(artifact: &Artifact, environment: &Environment) -> Option<(Uses, Vec<InstanceId>)> {
    let uses =
        artifact.uses.iter().map(|(name, _)| (Rc::clone(name), environment.get(name).copied())).collect();
    let imports = artifact.imports.iter().map(|import| Some(environment.get(&import.name)?.instance));
    Some((uses, imports.collect::<Option<_>>()?))
}
