//! What instructions do: [`Op`].
//!
//! An operation is 24 bytes and compares by value, so two instructions with equal operations and equal operands compute the same
//! if [nothing lies between them](super::effects) that matters. What is larger than that lies in tables of the
//! [`Func`](super::Func): vectors and positions.

use upshift_core::cast::Cast;
use upshift_core::index::{FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TypeIndex};
use upshift_core::ops::atomic::Atomic;
use upshift_core::ops::memory::{Load, Store};
use upshift_core::ops::{Binary, ExtractLane, ReplaceLane, Ternary, Unary, Wide};
use upshift_core::vm::BuiltinOp;
use upshift_translate::backend::Slot;

use super::Ty;

/// A constant of 128 bits in the table of its function.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Vector(pub u32);

/// What is called. The arguments of the instruction are the callee, unless that is known, and then those of the function type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Callee {
    /// A function of the module, or one that it imports.
    Direct {
        /// The function.
        func: FuncIndex,
        /// Its type.
        ty: TypeIndex,
    },
    /// The element of a table that the first argument is the index of; it traps if that is not a function of the type.
    Indirect {
        /// The table.
        table: TableIndex,
        /// The expected type.
        ty: TypeIndex,
        /// The number of the call site.
        site: u32,
    },
    /// The function that the first argument refers to; it traps if that is null.
    Ref {
        /// The type.
        ty: TypeIndex,
        /// The number of the call site.
        site: u32,
    },
}

impl Callee {
    /// The type of the function.
    #[must_use]
    pub fn ty(self) -> TypeIndex {
        match self {
            Callee::Direct { ty, .. } | Callee::Indirect { ty, .. } | Callee::Ref { ty, .. } => ty,
        }
    }

    /// Whether the first argument says what is called.
    #[must_use]
    pub fn has_operand(self) -> bool {
        !matches!(self, Callee::Direct { .. })
    }
}

/// What an instruction does, or where a value comes from. Its operands are those of [`Func::args`](super::Func::args), in the
/// order in which they are named here.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Op {
    /// Not an instruction: a number that is not in use.
    None,
    /// The parameter of a block, by its position. It stands in [`BlockData::params`](super::BlockData::params).
    Param(u32),
    /// The parameter of the function, by its position. Only in the entry block of a body that is not for entry at a loop.
    Arg(u32),
    /// What was in a slot of the frame when control came to the loop where the body is entered. Only in its entry block.
    SlotLoad(Slot),
    /// The bits of a slot, of any type but a vector: an `i32` or `f32` in the lower half, the upper one zero.
    Const(u64),
    /// A constant vector.
    ConstV128(Vector),
    /// One operand.
    Unary(Unary),
    /// Two operands.
    Binary(Binary),
    /// Three operands.
    Ternary(Ternary),
    /// Two or four operands; two results, which are [`Op::Result`]s right behind it.
    Wide(Wide),
    /// A vector.
    ExtractLane(ExtractLane, u8),
    /// A vector, the new lane.
    ReplaceLane(ReplaceLane, u8),
    /// Two vectors; the lanes are the bytes of a constant.
    Shuffle(Vector),
    /// A condition, the value if it is not zero, the value if it is.
    Select,
    /// An address.
    Load {
        /// Which bytes, and how they become the value.
        op: Load,
        /// Which memory.
        memory: MemoryIndex,
        /// Added to the address, without wrapping.
        offset: u64,
    },
    /// An address, the value.
    Store {
        /// How the value becomes bytes.
        op: Store,
        /// Which memory.
        memory: MemoryIndex,
        /// Added to the address, without wrapping.
        offset: u64,
    },
    /// An address, the vector whose lane is loaded.
    LoadLane {
        /// How many bytes a lane has.
        bytes: u8,
        /// The number of the lane.
        lane: u8,
        /// Which memory.
        memory: MemoryIndex,
        /// Added to the address, without wrapping.
        offset: u64,
    },
    /// An address, the vector whose lane is stored.
    StoreLane {
        /// How many bytes a lane has.
        bytes: u8,
        /// The number of the lane.
        lane: u8,
        /// Which memory.
        memory: MemoryIndex,
        /// Added to the address, without wrapping.
        offset: u64,
    },
    /// An address, then what the access has besides (see [`AtomicShape`](upshift_core::ops::atomic::AtomicShape)). Stores
    /// have no result.
    Atomic {
        /// The access.
        op: Atomic,
        /// Which memory.
        memory: MemoryIndex,
        /// Added to the address, without wrapping.
        offset: u64,
    },
    /// Orders the accesses before it and behind it.
    Fence,
    /// The size of a memory in pages.
    MemorySize(MemoryIndex),
    /// The value of a global.
    GlobalGet(GlobalIndex),
    /// The new value.
    GlobalSet(GlobalIndex),
    /// A reference to a function.
    RefFunc(FuncIndex),
    /// Two references: whether they are the same.
    RefEq,
    /// A reference: whether it is null.
    RefIsNull,
    /// A reference: traps if it is null. It has no result.
    RefAsNonNull,
    /// An object: traps if it is null.
    FieldLoad {
        /// Which bytes, and how they become the value.
        op: Load,
        /// Offset in the object.
        offset: u32,
    },
    /// An object, the value: traps if the object is null.
    FieldStore {
        /// How the value becomes bytes.
        op: Store,
        /// Offset in the object.
        offset: u32,
    },
    /// An array, an index: traps if there is no such element.
    ElementLoad(Load),
    /// An array, an index, the value: traps if there is no such element.
    ElementStore(Store),
    /// An array: traps if it is null.
    ArrayLen,
    /// A reference: whether it passes the test.
    RefTest(Cast),
    /// A reference: traps if it does not pass the test. It has no result.
    RefCast(Cast),
    /// The values of all fields, or nothing, which makes all of them zero or null.
    StructNew {
        /// The type of the struct.
        ty: TypeIndex,
        /// Whether there are no operands.
        default: bool,
    },
    /// As many operands as the service has. What it does to the rest of the state, [`BuiltinOp::effects`] tells.
    Service {
        /// The service.
        op: BuiltinOp,
        /// The first index.
        x: u32,
        /// The second index, or a number.
        y: u32,
    },
    /// The callee if it is an operand, then the arguments. Its results are [`Op::Result`]s: right behind it, or if it is the call
    /// of an [`Invoke`](super::Terminator::Invoke), first in the block where control goes on.
    Call(Callee),
    /// A call or wide operation: the result with this number.
    Result(u32),
    /// A value of the exception that was caught, by its position. First in a block that exceptions lead to.
    Caught(u32),
    /// A reference to the exception that was caught. First in a block that exceptions lead to, which wants one.
    CaughtRef,
    /// Takes this much fuel, or traps.
    Charge(u32),
    /// Looks at the epoch. The program may end here, and otherwise anything may be done that a call may do.
    Interrupt,
}

/// The type of the operand of a unary operator.
#[must_use]
pub fn unary_operand(op: Unary) -> Ty {
    match op {
        Unary::I31GetS | Unary::I31GetU => Ty::Ref,
        op => Ty::of(op.operands()[0]),
    }
}

/// The type of the result of a unary operator.
#[must_use]
pub fn unary_result(op: Unary) -> Ty {
    match op {
        Unary::RefI31 => Ty::Ref,
        op => Ty::of(op.result()),
    }
}

/// The type that constants have that are stored so. Other values may be of any type that is as large.
#[must_use]
pub fn stored(op: Store) -> Ty {
    match op {
        Store::V128Store => Ty::V128,
        _ => Ty::I64,
    }
}
