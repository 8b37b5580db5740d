//! What each cell has looked up and defined, and which are stale.
//!
//! Only cells that use a name which has changed are looked at, so a run costs the same after ten thousand others. A cell that has found
//! what another run has since replaced stays stale until it is run again, for numbers of instances never come back; it is not looked
//! at any more. Only a name for which there was nothing, and a struct, may be again what they were.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::Step;
use super::graph::Graph;
use super::ordered::Ordered;
use crate::environment::{Environment, InstanceId, Symbol, SymbolKind};

/// The names that a run has looked up, and what they stood for.
pub(super) type Uses = Rc<[(Rc<str>, Option<Symbol>)]>;

/// How many cells are remembered for which no name stands any more. Beyond that the ones run first are forgotten, and so not reported as
/// stale.
const MAX_IDLE: usize = 2000;

/// A cell and its last run that has succeeded.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    /// Its id.
    pub(super) id: Rc<str>,
    /// The run.
    pub(super) instance: InstanceId,
    /// What it has looked up.
    pub(super) uses: Uses,
    /// What it has defined.
    pub(super) names: Rc<[Rc<str>]>,
}

/// How what a cell has found relates to what is there now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Standing {
    /// It would find the same.
    Fresh,
    /// It would not.
    Stale,
    /// It would not, and never will.
    StaleForGood,
}

/// Which cells use a name: their orders and runs, some of them long replaced.
#[derive(Default)]
struct Users {
    list: Vec<(u32, InstanceId)>,
    /// The length at which the list is cleaned next.
    clean_at: usize,
}

/// All cells that are remembered.
#[derive(Default)]
pub(super) struct Cells {
    /// In the order in which they were first run.
    cells: Ordered<Cell>,
    orders: FxHashMap<Rc<str>, u32>,
    users: FxHashMap<Rc<str>, Users>,
    stale: Ordered<()>,
    /// Cells for which no name stands.
    idle: Ordered<()>,
    next: u32,
}

impl Cells {
    /// All of them, in the order in which they were first run.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Cell> {
        self.cells.iter().map(|(_, cell)| cell)
    }

    /// Whether a cell is stale.
    pub(super) fn is_stale(&self, cell: &str) -> bool {
        self.orders.get(cell).is_some_and(|order| self.stale.contains(*order))
    }

    /// The stale ones, in the order in which they were first run.
    pub(super) fn stale(&self) -> Vec<Rc<str>> {
        self.stale.iter().filter_map(|(order, ())| Some(Rc::clone(&self.cells.get(order)?.id))).collect()
    }

    /// The names that a cell's last run has defined and that still stand for it.
    pub(super) fn defined_by(&self, cell: &str, environment: &Environment) -> Vec<Rc<str>> {
        let Some(cell) = self.orders.get(cell).and_then(|&order| self.cells.get(order)) else {
            return Vec::new();
        };
        let own =
            |name: &&Rc<str>| environment.get(name).is_some_and(|symbol| symbol.instance == cell.instance);
        cell.names.iter().filter(own).map(Rc::clone).collect()
    }

    /// A cell was run and has succeeded.
    pub(super) fn ran(&mut self, step: &Step, graph: &Graph) {
        let names = step.artifact.definitions.iter().map(|definition| Rc::clone(&definition.name)).collect();
        let cell =
            Cell { id: Rc::clone(&step.cell), instance: step.instance, uses: Rc::clone(&step.uses), names };
        self.insert(cell, graph);
    }

    /// Puts a cell in the place of the one with its id, or at the end. It is taken as fresh.
    pub(super) fn insert(&mut self, cell: Cell, graph: &Graph) {
        let order = *self.orders.entry(Rc::clone(&cell.id)).or_insert_with(|| {
            self.next += 1;
            self.next - 1
        });
        for (name, _) in cell.uses.iter() {
            let users = self.users.entry(Rc::clone(name)).or_default();
            users.list.push((order, cell.instance));
            if users.list.len() > users.clean_at {
                let cells = &self.cells;
                users.list.retain(|&(user, instance)| {
                    user == order && instance == cell.instance
                        || user != order && cells.get(user).is_some_and(|cell| cell.instance == instance)
                });
                users.clean_at = 2 * users.list.len() + 32;
            }
        }
        self.stale.remove(order);
        if graph.get(cell.instance).is_some_and(|node| node.is_named()) {
            self.idle.remove(order);
        } else {
            self.idle.insert(order, ());
        }
        self.cells.insert(order, cell);
        if self.idle.len() > MAX_IDLE
            && let Some((oldest, ())) = self.idle.pop_first()
        {
            self.forget(oldest);
        }
    }

    /// No name stands for this run of a cell any more.
    pub(super) fn idle(&mut self, cell: &str, instance: InstanceId) {
        if let Some(&order) = self.orders.get(cell)
            && self.cells.get(order).is_some_and(|cell| cell.instance == instance)
        {
            self.idle.insert(order, ());
        }
    }

    /// Forgets a cell.
    pub(super) fn remove(&mut self, cell: &str) {
        if let Some(&order) = self.orders.get(cell) {
            self.idle.remove(order);
            self.forget(order);
        }
    }

    fn forget(&mut self, order: u32) {
        if let Some(cell) = self.cells.remove(order) {
            self.orders.remove(&cell.id);
            self.stale.remove(order);
        }
    }

    /// These names stand for something else now: finds the cells that have become stale or fresh by that.
    pub(super) fn names_changed(&mut self, names: &[Rc<str>], environment: &Environment) {
        for name in names {
            let Some(users) = self.users.get_mut(name) else { continue };
            let (cells, stale) = (&self.cells, &mut self.stale);
            users.list.retain(|(order, instance)| {
                let Some(cell) = cells.get(*order).filter(|cell| cell.instance == *instance) else {
                    return false;
                };
                let standing = standing(cell, environment);
                if standing == Standing::Fresh {
                    stale.remove(*order);
                } else {
                    stale.insert(*order, ());
                }
                standing != Standing::StaleForGood
            });
            users.clean_at = 2 * users.list.len() + 32;
            if users.list.is_empty() {
                self.users.remove(name);
            }
        }
    }

    /// Looks at all cells, after they were restored.
    pub(super) fn all_changed(&mut self, environment: &Environment) {
        for (order, cell) in self.cells.iter() {
            if standing(cell, environment) == Standing::Fresh {
                self.stale.remove(order);
            } else {
                self.stale.insert(order, ());
            }
        }
    }
}

fn standing(cell: &Cell, environment: &Environment) -> Standing {
    let mut worst = Standing::Fresh;
    for (name, found) in cell.uses.iter() {
        let now = environment.get(name);
        match (found, now) {
            (None, None) => {}
            (_, Some(now)) if now.instance == cell.instance => {}
            (Some(found), Some(now)) if found.instance == now.instance => {}
            (Some(Symbol { kind: SymbolKind::Struct(found), .. }), now) => {
                if !now.is_some_and(|now| now.kind == SymbolKind::Struct(*found)) {
                    worst = Standing::Stale;
                }
            }
            (Some(_), _) => return Standing::StaleForGood,
            (None, Some(_)) => worst = Standing::Stale,
        }
    }
    worst
}
