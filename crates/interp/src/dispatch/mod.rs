//! How the interpreter goes from one instruction to the next.

#[cfg(tail_calls)]
mod check;
pub(crate) mod looping;
#[cfg(tail_calls)]
pub(crate) mod tail;

/// A dispatch backend.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Dispatch {
    /// One loop around one `match`: works everywhere.
    Loop,
    /// Handlers that jump to each other: quicker. Where the compiler does not make jumps of calls at the end of functions
    /// ([`Dispatch::effective`]), the loop runs instead.
    Tail,
}

impl Dispatch {
    /// Whether this build has the tail-call backend: optimised builds for x86-64 and AArch64 without assertions and sanitizers
    /// do.
    pub const TAIL_AVAILABLE: bool = cfg!(tail_calls);

    /// What runs if this backend is asked for: the loop, where the tail-call backend is missing or would pile up frames on the
    /// native stack. The latter is measured when this is asked for the first time, in some microseconds: the compiler may have
    /// been told things that leave calls where jumps have to be, such as an instrumentation.
    ///
    /// ```
    /// use upshift_interp::Dispatch;
    ///
    /// assert_eq!(Dispatch::Loop.effective(), Dispatch::Loop);
    /// assert_eq!(Dispatch::Tail.effective() == Dispatch::Tail, Dispatch::TAIL_AVAILABLE);
    /// ```
    #[must_use]
    pub fn effective(self) -> Dispatch {
        #[cfg(tail_calls)]
        if self == Dispatch::Tail && check::handlers_jump() {
            return Dispatch::Tail;
        }
        Dispatch::Loop
    }
}

impl Default for Dispatch {
    /// The quicker one of those that this build has.
    fn default() -> Self {
        if Self::TAIL_AVAILABLE { Dispatch::Tail } else { Dispatch::Loop }
    }
}

/// Passes the instruction table to a macro, with the names that its handler types need in scope.
macro_rules! with_handlers {
    ($m:ident) => {
        #[allow(unused_imports, reason = "which names the table needs is the table's business")]
        use upshift_core::ops::atomic::op as atomic;
        #[allow(unused_imports, reason = "which names the table needs is the table's business")]
        use upshift_core::ops::memory::op as mem;
        #[allow(unused_imports, reason = "which names the table needs is the table's business")]
        use upshift_core::ops::op;

        use crate::handlers::atomic::{
            AtomicCompareExchange, AtomicLoad, AtomicRmw, AtomicStore, Fence, LoadShared, StoreShared,
        };
        use crate::handlers::call::{
            Builtin, Call, CallImport, CallIndirect, CallRef, Final, HostCall, Open, ReturnCall,
            ReturnCallImport, ReturnCallIndirect, ReturnCallRef, Throw, ThrowRef, Translate,
        };
        use crate::handlers::control::{
            Br, BrTable, Charge, CheckInterrupt, Exit, Restore, Return, ReturnSpan, ReturnValue, Unreachable,
        };
        use crate::handlers::data::{
            Const32, Const64, ConstV128, Copy, CopySpan, CopyV128, CopyWide, GlobalGet, GlobalGetImport,
            GlobalGetImportV128, GlobalGetV128, GlobalSet, GlobalSetImport, GlobalSetImportV128,
            GlobalSetV128, RefAsNonNull, RefFunc, RefFuncImport, Select, SelectV128, Shuffle, ZeroSpan,
        };
        use crate::handlers::gc::{
            AnyCast, ArrayLen, BrOnCast, ElementGet, ElementSet, ExactCast, FieldGet, FieldSet, ObjectCast,
            RefCast, RefTest, StructNew, StructNew32, StructNewDefault,
        };
        use crate::handlers::memory::{
            Load, LoadAny, LoadLane, LoadSum, MemorySize, Store, StoreAny, StoreLane,
        };
        use crate::handlers::operand::{
            Acc, Back, High, ImmA, ImmB, ImmC, ImmHigh, ImmNext, ImmNextLow, Next, OffsetC, OffsetHigh,
            SlotA, SlotB, SlotC, SlotLast, SlotNext, Zero,
        };
        use crate::handlers::pure::{
            AddBranch, AddShl, Binary, BranchIf, LaneExtract, LaneReplace, MulAdd, Ternary, Unary,
            WideProduct, WideSum,
        };

        upshift_ir::for_each_instr!($m);
    };
}

pub(crate) use with_handlers;
