//! From SSA to machine instructions with virtual registers.
//!
//! ```text
//! Func ─ what is known of all values (uses, references) ─ x64: instructions, from the last to the first ─▶ MFunc
//! ```
//! What does not depend on the machine lies here: who uses what, where references are needed, by what to multiply instead of
//! dividing, which addresses loops keep with the memory's base.

mod magic;
mod non_null;
mod pinned;
mod references;
mod uses;
pub mod x64;
