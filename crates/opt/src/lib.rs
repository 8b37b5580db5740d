//! Tier 2: an optimizing compiler.
//!
//! ```text
//! walker ─ Backend ─▶ ssa::build ─▶ Func ─ passes ─▶ Func ─ lower ─▶ MFunc ─ regalloc2, emission (mach) ─▶ machine code
//! ```
//!
//! [`compile`](mod@compile) has the steps in their order. Between two of them stands SSA, which prints, parses and verifies
//! itself ([`ssa`]). [`adaptor`] makes what calls with arguments in registers need where the callee wants them in slots.

pub mod adaptor;
pub mod compile;
pub mod lower;
pub mod mach;
pub mod passes;
mod request;
pub mod ssa;
pub mod text;

pub use compile::compile;
pub use mach::code::{Entries, OptCode, Stats};
pub use request::{Dump, PassSet, Reason, Refusal, Request, Stage};
