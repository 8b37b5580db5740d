//! What instructions do besides making their result, and what may be moved past what.
//!
//! * Instructions whose class is not [`Pure`](Effect::Pure) are executed as often as the program says, in its order, but for
//!   what [`commute`] allows: loads move past what does not change what they load.
//! * Nothing that may trap moves above an earlier store, call or charge, or above something else that may trap.
//! * Something that may trap vanishes only if an equal one is certain to have been executed before.

use upshift_core::index::{GlobalIndex, MemoryIndex, TableIndex};
use upshift_core::vm::BuiltinOp;

use super::Op;

/// A part of the state that loads read and stores change. Different parts have no byte in common.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Alias {
    /// The bytes of a memory.
    Memory(MemoryIndex),
    /// The length of a memory: it never falls.
    MemorySize(MemoryIndex),
    /// A global.
    Global(GlobalIndex),
    /// The fields at this offset of all structs: fields at other offsets are others.
    Field(u32),
    /// The elements of all arrays whose elements have this many bytes.
    Element(u8),
    /// Never changes: lengths of arrays, types of objects.
    Constant,
    /// Elements and length of a table.
    Table(TableIndex),
}

/// The class of an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Only computes.
    Pure,
    /// Computes or traps.
    MayTrap,
    /// Reads something, and may trap or not.
    Load(Alias, bool),
    /// Changes something, and may trap or not.
    Store(Alias, bool),
    /// Makes an object, for which others may move; the fields of those that there are do not change. It may trap.
    Allocate,
    /// May do anything: read and change all of the state, trap, throw.
    Call,
    /// Takes fuel or traps.
    Charge,
}

impl Effect {
    /// Whether it may trap.
    #[must_use]
    pub fn may_trap(self) -> bool {
        match self {
            Effect::Pure => false,
            Effect::Load(_, traps) | Effect::Store(_, traps) => traps,
            Effect::MayTrap | Effect::Allocate | Effect::Call | Effect::Charge => true,
        }
    }

    /// Whether the instruction may go when nothing uses its result.
    #[must_use]
    pub fn is_removable(self) -> bool {
        matches!(self, Effect::Pure | Effect::Load(_, false))
    }

    /// Whether it changes something that the program could see later.
    #[must_use]
    pub fn writes(self) -> bool {
        matches!(self, Effect::Store(..) | Effect::Allocate | Effect::Call | Effect::Charge)
    }

    /// Whether it may change what loads of `alias` read.
    #[must_use]
    pub fn clobbers(self, alias: Alias) -> bool {
        match self {
            Effect::Store(stored, _) => stored == alias,
            Effect::Call => alias != Alias::Constant,
            _ => false,
        }
    }
}

/// Whether two instructions that follow each other may be swapped, if neither uses the other's result. Both are executed
/// in any case.
///
/// ```
/// use upshift_core::index::MemoryIndex;
/// use upshift_opt::ssa::effects::{Alias, Effect, commute};
///
/// let memory = Alias::Memory(MemoryIndex(0));
/// let (load, store) = (Effect::Load(memory, true), Effect::Store(memory, true));
/// assert!(commute(load, Effect::Pure) && !commute(load, store));
/// // Either may trap, and which one does is visible.
/// assert!(!commute(load, load));
/// ```
#[must_use]
pub fn commute(a: Effect, b: Effect) -> bool {
    // Which of two traps comes first is seen, and so is what was changed before a trap.
    if a.may_trap() && (b.may_trap() || b.writes()) || b.may_trap() && a.writes() {
        return false;
    }
    match (a, b) {
        (Effect::Load(alias, _), other) | (other, Effect::Load(alias, _)) => !other.clobbers(alias),
        (Effect::Store(x, _), Effect::Store(y, _)) => x != y,
        _ => true,
    }
}

impl Op {
    /// What the instruction does besides making its result.
    #[must_use]
    pub fn effect(self) -> Effect {
        match self {
            Op::None
            | Op::Param(_)
            | Op::Arg(_)
            | Op::SlotLoad(_)
            | Op::Const(_)
            | Op::ConstV128(_)
            | Op::Ternary(_)
            | Op::Wide(_)
            | Op::ExtractLane(..)
            | Op::ReplaceLane(..)
            | Op::Shuffle(_)
            | Op::Select
            | Op::RefFunc(_)
            | Op::RefEq
            | Op::RefIsNull
            | Op::RefTest(_)
            | Op::Result(_)
            | Op::Caught(_)
            | Op::CaughtRef => Effect::Pure,
            Op::Unary(op) if op.may_trap() => Effect::MayTrap,
            Op::Binary(op) if op.may_trap() => Effect::MayTrap,
            Op::Unary(_) | Op::Binary(_) => Effect::Pure,
            Op::RefAsNonNull | Op::RefCast(_) => Effect::MayTrap,
            Op::Load { memory, .. } | Op::LoadLane { memory, .. } => {
                Effect::Load(Alias::Memory(memory), true)
            }
            Op::Store { memory, .. } | Op::StoreLane { memory, .. } => {
                Effect::Store(Alias::Memory(memory), true)
            }
            // They order all accesses around them, those of other memories too.
            Op::Atomic { .. } | Op::Fence => Effect::Call,
            Op::MemorySize(memory) => Effect::Load(Alias::MemorySize(memory), false),
            Op::GlobalGet(global) => Effect::Load(Alias::Global(global), false),
            Op::GlobalSet(global) => Effect::Store(Alias::Global(global), false),
            Op::FieldLoad { offset, .. } => Effect::Load(Alias::Field(offset), true),
            Op::FieldStore { offset, .. } => Effect::Store(Alias::Field(offset), true),
            Op::ElementLoad(op) => Effect::Load(Alias::Element(op.bytes() as u8), true),
            Op::ElementStore(op) => Effect::Store(Alias::Element(op.bytes() as u8), true),
            Op::ArrayLen => Effect::Load(Alias::Constant, true),
            Op::StructNew { .. } => Effect::Allocate,
            Op::Service { op, x, .. } => service(op, x),
            Op::Call(_) | Op::Interrupt => Effect::Call,
            Op::Charge(_) => Effect::Charge,
        }
    }

    /// Whether the collector may run within the instruction: references that are live after it have to be where it finds
    /// them.
    #[must_use]
    pub fn is_safepoint(self) -> bool {
        match self {
            Op::Call(_) | Op::Interrupt | Op::StructNew { .. } => true,
            // Where the epoch is looked at, the host may do anything.
            Op::Service { op, .. } => op.effects().collects || op.effects().lasts,
            _ => false,
        }
    }
}

/// The class of a service.
fn service(op: BuiltinOp, x: u32) -> Effect {
    match op {
        BuiltinOp::TableSize => Effect::Load(Alias::Table(TableIndex(x)), false),
        BuiltinOp::TableGet => Effect::Load(Alias::Table(TableIndex(x)), true),
        BuiltinOp::TableSet => Effect::Store(Alias::Table(TableIndex(x)), true),
        _ => {
            let effects = op.effects();
            let changes = effects.writes_memory
                || effects.changes_memory
                || effects.writes_table
                || effects.writes_heap
                || effects.lasts;
            match (changes, effects.collects, effects.traps) {
                (false, true, _) => Effect::Allocate,
                // What else is read may be anything.
                _ => Effect::Call,
            }
        }
    }
}
