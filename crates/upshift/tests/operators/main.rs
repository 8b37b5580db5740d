//! Each operator in native code against the interpreter, whose instruction is the operator's definition.
//!
//! ```text
//! operator ─ functions that differ in where its operands are ─▶ module ─▶ results for edge values
//!                                   interpreter = native code with what each level of processors has
//! ```

mod bulk;
mod engines;
mod memory;
mod objects;
mod pure;
mod values;
