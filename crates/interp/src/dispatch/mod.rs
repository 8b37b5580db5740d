//! How the interpreter goes from one instruction to the next.
//!
//! ```text
//! Dispatch of the settings ─ effective ─▶ Dispatch that runs here, or why there is none ─▶ tail::run, looping::run
//! ```
//!
//! `build.rs` decides which backends a build has: the tail-call backend where the compiler turns the calls at the ends of
//! handlers into jumps, the loop where it does not or where the feature `loop-dispatch` asks for it. A build that has only the
//! tail-call backend still tests it before the first run (`check.rs`), and refuses to run if the test fails.

use std::fmt;

#[cfg(tail_calls)]
mod check;
#[cfg(loop_dispatch)]
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

    /// Whether this build has the loop: all builds with the feature `loop-dispatch` do, and those without the tail-call
    /// backend.
    pub const LOOP_AVAILABLE: bool = cfg!(loop_dispatch);

    /// What runs if this backend is asked for: the loop, where the tail-call backend is missing or would pile up frames on the
    /// native stack. The latter is measured when this is asked for the first time, in some microseconds: the compiler may have
    /// been told things that leave calls where jumps have to be, such as an instrumentation.
    ///
    /// # Errors
    /// If this build has no backend that is safe, or was asked for the loop and has none.
    ///
    /// ```
    /// use upshift_interp::Dispatch;
    ///
    /// assert_eq!(Dispatch::Loop.effective().is_ok(), Dispatch::LOOP_AVAILABLE);
    /// assert_eq!(Dispatch::Tail.effective() == Ok(Dispatch::Tail), Dispatch::TAIL_AVAILABLE);
    /// ```
    pub fn effective(self) -> Result<Dispatch, NoDispatch> {
        #[cfg(tail_calls)]
        let jump = self == Dispatch::Tail && check::handlers_jump();
        #[cfg(not(tail_calls))]
        let jump = false;
        self.choose(jump, Self::LOOP_AVAILABLE)
    }

    /// What runs in a build where handlers jump or do not, and the loop is there or is not.
    fn choose(self, jump: bool, has_loop: bool) -> Result<Dispatch, NoDispatch> {
        match self {
            Dispatch::Tail if jump => Ok(Dispatch::Tail),
            _ if has_loop => Ok(Dispatch::Loop),
            Dispatch::Tail => Err(NoDispatch::Unsafe),
            Dispatch::Loop => Err(NoDispatch::Missing),
        }
    }
}

impl Default for Dispatch {
    /// The quicker one of those that this build has.
    fn default() -> Self {
        if Self::TAIL_AVAILABLE { Dispatch::Tail } else { Dispatch::Loop }
    }
}

/// Why a build cannot run any code as it was asked to, see [`Dispatch::effective`].
///
/// ```
/// use upshift_interp::NoDispatch;
///
/// assert!(NoDispatch::Missing.to_string().contains("`loop-dispatch`"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoDispatch {
    /// The loop was asked for, and this build has only the tail-call backend.
    Missing,
    /// Handlers keep something on the native stack, which a guest that loops would overflow, and there is no loop.
    Unsafe,
}

impl fmt::Display for NoDispatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoDispatch::Missing => {
                "this build has no loop dispatch: the feature `loop-dispatch` of the crate `upshift` adds it"
            }
            NoDispatch::Unsafe => {
                "this build cannot run code safely: its compiler left calls where the handlers of the interpreter have to \
                 jump, as an instrumentation does. The feature `loop-dispatch` of the crate `upshift` adds a dispatch that \
                 is safe in all builds"
            }
        })
    }
}

impl std::error::Error for NoDispatch {}

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
            SlotA, SlotB, SlotC, SlotLast, SlotNext, WideSlotNext, Zero,
        };
        use crate::handlers::pure::{
            AddBranch, AddShl, Binary, BranchIf, LaneExtract, LaneReplace, MulAdd, Ternary, Unary,
            WideProduct, WideSum,
        };

        upshift_ir::for_each_instr!($m);
    };
}

pub(crate) use with_handlers;

#[cfg(test)]
mod tests {
    use super::{Dispatch, NoDispatch};

    #[test]
    fn what_is_not_safe_never_runs() {
        for asked in [Dispatch::Loop, Dispatch::Tail] {
            assert_eq!(asked.choose(false, true), Ok(Dispatch::Loop));
        }
        assert_eq!(Dispatch::Tail.choose(true, true), Ok(Dispatch::Tail));
        assert_eq!(Dispatch::Tail.choose(true, false), Ok(Dispatch::Tail));
        assert_eq!(Dispatch::Tail.choose(false, false), Err(NoDispatch::Unsafe));
        assert_eq!(Dispatch::Loop.choose(true, true), Ok(Dispatch::Loop));
        assert_eq!(Dispatch::Loop.choose(true, false), Err(NoDispatch::Missing));
    }

    /// Tests and builds for debugging run what releases run: the profiles in the workspace's `Cargo.toml` see to it.
    #[test]
    fn optimised_builds_have_the_backend_of_releases() {
        let arch = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));
        assert_eq!(Dispatch::TAIL_AVAILABLE, arch && cfg!(optimised), "{:?}", Dispatch::default());
        const { assert!(Dispatch::TAIL_AVAILABLE || Dispatch::LOOP_AVAILABLE) };
        assert!(Dispatch::default().effective().is_ok());
    }
}
