//! Which instruction of the interpreter native code was doing where it trapped, for texts of traps: kept, as finding it takes as long as
//! translating a function.
//!
//! ```text
//! function, address, trap ─▶ known ─▶ instruction
//!                               └ not known ─ found by whoever asks ─▶ kept, with as many others as there is room for
//! ```

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use upshift_core::Trap;
use upshift_core::index::FuncIndex;
use upshift_ir::decode::Instr;

/// How many places are kept. Programs that trap for a purpose do so at few; of those that trap everywhere nothing is worth keeping.
const MOST: usize = 64;

/// A function, an address in its code, and the trap.
type Site = (FuncIndex, usize, Trap);

/// The instructions of places where native code has trapped.
#[derive(Debug, Default)]
pub(crate) struct TrapSites {
    known: Mutex<HashMap<Site, Option<Instr>>>,
}

impl TrapSites {
    /// The instruction at an address, if there is one that may trap so; `find` finds it if it is not known.
    pub(crate) fn at(
        &self,
        func: FuncIndex,
        pc: usize,
        trap: Trap,
        find: impl FnOnce() -> Option<Instr>,
    ) -> Option<Instr> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let site = (func, pc, trap);
        if let Some(instr) = known().get(&site) {
            return instr.clone();
        }
        let instr = find();
        let mut known = known();
        if known.len() == MOST {
            known.clear();
        }
        known.insert(site, instr.clone());
        instr
    }
}

#[cfg(test)]
mod tests {
    use upshift_core::Trap;
    use upshift_core::index::FuncIndex;

    use super::{MOST, TrapSites};

    #[test]
    fn what_is_known_is_not_looked_for_again() {
        let (sites, mut searches) = (TrapSites::default(), 0);
        let mut ask = |position: usize, trap: Trap| {
            let found = sites.at(FuncIndex(3), position, trap, || {
                searches += 1;
                None
            });
            assert_eq!(found, None);
            searches
        };
        assert_eq!(ask(7, Trap::MemoryOutOfBounds), 1);
        for _ in 0..1000 {
            assert_eq!(ask(7, Trap::MemoryOutOfBounds), 1);
        }
        assert_eq!((ask(7, Trap::HeapMisaligned), ask(8, Trap::MemoryOutOfBounds)), (2, 3));
        // There is a bound, however many places there are.
        (0..10_000).for_each(|position| assert!(ask(position, Trap::CastFailure) > 0));
        assert!(sites.known.lock().unwrap().len() <= MOST);
    }
}
