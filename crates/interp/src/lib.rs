//! Tier 0: runs register IR.
//!
//! ```text
//! link ─▶ code ready to run
//! enter ─▶ dispatch::{tail, loop} ─▶ handlers, one per row of the instruction table ─▶ Status
//! ```
//!
//! In: a [`FuncRec`](upshift_core::vm::FuncRec) and its arguments on the value stack. Out: the results in the same place, or a
//! trap. The registers of the abstract machine ([`Regs`]) are the arguments of each handler; a handler reads its fields, updates
//! the registers and returns how to continue ([`Flow`]). The two dispatch backends differ only in what they do with that:
//!
//! * `dispatch::tail`: every handler is a function that ends in a jump to the next one, so that the registers stay in
//!   the machine's registers;
//! * `dispatch::looping`: one loop around one `match`, which works everywhere; builds that have the other may leave it out.
//!
//! Native code runs beside the handlers of the first one; `native` has what leads from one to the other.
//!
//! All code here relies on what the verifier of `upshift-ir` guarantees and on the contexts of `upshift_core::vm`.

pub mod dispatch;
pub mod enter;
pub mod frame;
mod handlers;
mod link;
pub mod native;
mod regs;
pub mod stubs;

pub use dispatch::{Dispatch, NoDispatch};
pub use enter::enter;
pub use link::link;
pub use regs::{Flow, Regs};
