//! What has been defined, for people.

use std::rc::Rc;

use super::Session;
use crate::environment::SymbolKind;

/// A name that a cell has defined.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Name {
    /// The name.
    pub name: Rc<str>,
    /// What it is.
    pub kind: NameKind,
    /// Its type; for a struct its fields, `{ x: Int, y: Int }`.
    pub ty: String,
    /// The cell that has defined it.
    pub cell: Rc<str>,
    /// Whether that cell is stale.
    pub stale: bool,
}

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NameKind {
    /// A value that no one may assign.
    Value,
    /// A value that may be assigned.
    Variable,
    /// A function.
    Function,
    /// A struct.
    Struct,
}

impl NameKind {
    /// `value`, `variable`, `function` or `struct`.
    pub fn text(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Variable => "variable",
            Self::Function => "function",
            Self::Struct => "struct",
        }
    }
}

impl From<SymbolKind> for NameKind {
    fn from(kind: SymbolKind) -> Self {
        match kind {
            SymbolKind::Value { mutable: false, .. } => Self::Value,
            SymbolKind::Value { mutable: true, .. } => Self::Variable,
            SymbolKind::Function(_) => Self::Function,
            SymbolKind::Struct(_) => Self::Struct,
        }
    }
}

impl Session {
    /// All names, in the order of their text.
    pub fn names(&self) -> Vec<Name> {
        let mut symbols: Vec<_> = self.environment.iter().collect();
        symbols.sort_unstable_by_key(|(name, _)| *name);
        let names = symbols.into_iter().filter_map(|(name, symbol)| {
            let node = self.graph.get(symbol.instance)?;
            Some(Name {
                name: Rc::clone(name),
                kind: symbol.kind.into(),
                ty: self.describe(symbol.kind),
                cell: Rc::clone(&node.cell),
                stale: self.cells.is_stale(&node.cell),
            })
        });
        names.collect()
    }
}
