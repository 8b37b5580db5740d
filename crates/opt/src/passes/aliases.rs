//! Which parts of the state are the same, and which never change: what a module says about [`Alias`]es.

use upshift_core::index::{GlobalIndex, MemoryIndex, TableIndex};
use upshift_translate::module::ModuleInfo;

use crate::ssa::effects::Alias;

/// The parts of the state as one module has them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Aliases<'a> {
    module: Option<&'a ModuleInfo>,
}

impl<'a> Aliases<'a> {
    /// As the module has them.
    #[must_use]
    pub fn of(module: &'a ModuleInfo) -> Aliases<'a> {
        Aliases { module: Some(module) }
    }

    /// One name for all parts that may be the same: whoever instantiates the module may give it one thing under several
    /// imports. What never changes is [`Alias::Constant`]; nothing is returned for what other threads may change at any time.
    #[must_use]
    pub fn class(&self, alias: Alias) -> Option<Alias> {
        let Some(module) = self.module else { return Some(alias) };
        let one = |index: u32, imported: u32| if index < imported { 0 } else { index };
        Some(match alias {
            Alias::Memory(memory) | Alias::MemorySize(memory)
                if module.memories[memory.0 as usize].shared =>
            {
                return None;
            }
            Alias::Memory(memory) => Alias::Memory(MemoryIndex(one(memory.0, module.imported_memories))),
            Alias::MemorySize(memory) => {
                Alias::MemorySize(MemoryIndex(one(memory.0, module.imported_memories)))
            }
            Alias::Table(table) => Alias::Table(TableIndex(one(table.0, module.imported_tables))),
            Alias::Global(global) if !module.globals[global.0 as usize].mutable => Alias::Constant,
            Alias::Global(global) => Alias::Global(GlobalIndex(one(global.0, module.imported_globals))),
            other => other,
        })
    }
}
