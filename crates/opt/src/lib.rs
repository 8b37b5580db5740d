//! Tier 2: an optimizing compiler.
//!
//! ```text
//! walker ─ Backend ─▶ ssa::build ─▶ Func ─ passes ─▶ Func ─ lower ─▶ MFunc ─ regalloc2, emission (mach) ─▶ machine code
//! ```
//!
//! What embedders of the compiler need is at the top: [`compile`](fn@compile) with its [`Request`], [`OptCode`] and [`Refusal`], and
//! [`adaptor`] and [`text`]. The modules below are the inside of it, public so that tests and tools can look at each step.
//!
//! [`compile`](mod@compile) has the steps in their order. Between two of them stands SSA, which prints, parses and verifies
//! itself ([`ssa`]). [`adaptor`] makes what calls with arguments in registers need where the callee wants them in slots.

pub mod adaptor;
mod code;
pub mod compile;
pub mod lower;
pub mod mach;
pub mod passes;
mod report;
pub mod ssa;
pub mod stored;
mod targets;
pub mod text;

pub use code::{Dump, Inlined, OptCode, PassSet, Reason, Refusal, Request, Spot, Stage, Stats};
pub use compile::compile;
pub use passes::inline::{Callees, Verdict};
pub use report::{CallReport, Figures, LoopReport, Report};
pub use targets::Targets;
