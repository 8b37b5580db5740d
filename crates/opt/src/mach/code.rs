//! What comes out of the compiler: [`OptCode`].

use upshift_asm::NativeCode;
use upshift_ir::handlers::Handlers;
use upshift_ir::references::ReferenceMaps;

use crate::request::PassSet;

/// The code of one function, or of its part from the head of a loop on, and what lies beside it.
///
/// A *position* is an offset in the code. All of the code is in the order of its offsets; only words of the pool belong to positions
/// elsewhere.
#[derive(Clone, Debug)]
pub struct OptCode {
    /// The machine code and its pool, which may lie at any address.
    pub code: NativeCode,
    /// Slots from `fp` to the end of the frame.
    pub frame_slots: u32,
    /// The ways in.
    pub entries: Entries,
    /// What catches exceptions, by positions; the targets of clauses are offsets of words through which to come in.
    pub handlers: Handlers,
    /// Which slots are references, by positions.
    pub references: ReferenceMaps,
    /// Offsets of the instructions that access memories without a check, ascending, and the
    /// [bits](upshift_baseline::Unchecked::bits) of what each of them accesses.
    pub faults: Box<[(u32, u32)]>,
    /// Which position words of the pool belong to: an offset from which on a position counts, ascending.
    pub owners: Box<[(u32, u32)]>,
    /// For calls, traps and accesses the position and the offset of the operator in the module, ascending: it counts up to the
    /// next one.
    pub positions: Box<[(u32, u32)]>,
    /// What the compiler did.
    pub stats: Stats,
}

/// The ways into code, as offsets of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entries {
    /// Of a function.
    Function {
        /// The preamble word, behind which the word with the address for handlers lies.
        entry: u32,
        /// The code for native callers with arguments in slots.
        native: u32,
        /// The code for native callers with arguments in registers.
        registers: u32,
    },
    /// Of the code from the head of a loop on: the word through which other tiers come in.
    Loop(u32),
}

/// What the compiler did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    /// Machine instructions before allocation.
    pub insts: u32,
    /// Slots for values that have no register.
    pub spills: u32,
    /// Moves that the allocator put in.
    pub moves: u32,
    /// Instructions of the interpreter that it runs.
    pub embedded: u32,
    /// Whether the function was so large that the quick algorithm allocated registers.
    pub quick: bool,
    /// The passes that were left out because the function is so large.
    pub passes_off: PassSet,
}

impl OptCode {
    /// The position that an offset in the code or its pool belongs to.
    #[must_use]
    pub fn position(&self, offset: u32) -> u32 {
        if offset < self.code.pool {
            return offset;
        }
        let behind = self.owners.partition_point(|&(start, _)| start <= offset);
        behind.checked_sub(1).map_or(0, |at| self.owners[at].1)
    }

    /// The offset in the module of the operator that a position belongs to, if it is one of a call, trap or access.
    #[must_use]
    pub fn operator(&self, position: u32) -> Option<u32> {
        let behind = self.positions.partition_point(|&(start, _)| start <= position);
        behind.checked_sub(1).map(|at| self.positions[at].1)
    }
}
