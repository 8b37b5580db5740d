//! Tier 2: an optimizing compiler.
//!
//! ```text
//! walker ─ Backend ─▶ ssa::build ─▶ Func ─ passes ─▶ Func ─ lower ─▶ MFunc ─ regalloc2, emission (mach) ─▶ machine code
//! ```
//!
//! [`compile`](mod@compile) has the steps in their order. Between two of them stands SSA, which prints, parses and verifies
//! itself ([`ssa`]).

pub mod compile;
pub mod lower;
pub mod mach;
pub mod passes;
mod refusal;
pub mod ssa;

pub use refusal::Refusal;
