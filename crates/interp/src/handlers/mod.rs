//! The semantics of each instruction, once for all forms and both dispatch backends.
//!
//! A row of the instruction table names a type like `Binary<op::I32Add, SlotB, ImmC>`; its [`Exec`] implementation is the
//! handler. Operand places are types too ([`operand`]), so one function per class of instructions covers all forms.
//!
//! Handlers must leave nothing on the native stack when they return [`Flow::Next`], and the quick ones must not call
//! functions that are not inlined: the tail-call backend turns them into frameless code, which a test checks.

mod address;
pub(crate) mod atomic;
pub(crate) mod call;
pub(crate) mod control;
pub(crate) mod counter;
pub(crate) mod data;
pub(crate) mod gc;
pub(crate) mod memory;
pub(crate) mod operand;
pub(crate) mod pure;

use crate::regs::{Flow, Regs};

/// A handler.
pub(crate) trait Exec {
    /// Executes the instruction at `r.ip`.
    ///
    /// # Safety
    /// I-REGS: `r` is the state of verified code: `ip` at an instruction of this kind, `fp` at a frame of its function, `ctx` at the
    /// function's live instance, `mem` and `len` the base of its memory 0 and at most its length.
    unsafe fn exec(r: &mut Regs) -> Flow;
}

/// Implements [`Exec`] for an instruction without operand forms.
macro_rules! exec {
    ($(#[$doc:meta] $name:ident |$r:ident| $body:block)*) => {$(
        #[$doc]
        pub(crate) struct $name;

        impl Exec for $name {
            #[inline(always)]
            unsafe fn exec($r: &mut Regs) -> Flow {
                // SAFETY: I-REGS: the state is that of verified code at an instruction of this kind.
                unsafe {
                    $body
                }
            }
        }
    )*};
}

pub(crate) use exec;
