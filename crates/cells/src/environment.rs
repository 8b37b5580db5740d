//! What earlier cells have defined.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::types::{StructId, TypeId};

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SymbolKind {
    /// `let`.
    Value {
        /// Its type.
        ty: TypeId,
        /// Whether it may be assigned again.
        mutable: bool,
    },
    /// `fun`, with the type of the function.
    Function(TypeId),
    /// `struct`.
    Struct(StructId),
}

/// The number of a cell that has been run: each run has a new one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct InstanceId(pub u32);

/// A name that a cell has defined.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Symbol {
    /// What it is.
    pub kind: SymbolKind,
    /// Whose it is: the host finds it among the exports of that instance, by its name.
    pub instance: InstanceId,
}

/// The names that a new cell sees, but for those of the language ([`crate::builtins`]), which these hide.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    names: FxHashMap<Rc<str>, Symbol>,
}

impl Environment {
    /// What `name` stands for.
    pub fn get(&self, name: &str) -> Option<&Symbol> {
        self.names.get(name)
    }

    /// Has `name` stand for `symbol` from now on; returns what it stood for.
    pub fn define(&mut self, name: Rc<str>, symbol: Symbol) -> Option<Symbol> {
        self.names.insert(name, symbol)
    }

    /// Forgets `name`.
    pub fn remove(&mut self, name: &str) -> Option<Symbol> {
        self.names.remove(name)
    }

    /// All names, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&Rc<str>, &Symbol)> {
        self.names.iter()
    }
}
