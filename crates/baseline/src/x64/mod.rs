//! What is x86-64 about the compiler: registers and their roles, and how each class of operation becomes instructions.
//!
//! Everything above works with [`Reg`], [`Class`] and the methods of these files; what they emit, nobody above knows.

mod arrays;
mod atomic;
mod bulk;
mod calls;
mod casts;
mod convert;
mod divide;
mod flags;
mod float;
mod integer;
mod memory;
mod metering;
mod moves;
mod objects;
mod regs;
mod vector;
mod wide;

pub(crate) use bulk::{Bulk, SMALL};
pub(crate) use convert::Misfit;
pub(crate) use flags::{Flags, Test};
pub(crate) use float::{FloatOp, Similar, float_op};
pub(crate) use integer::{IntOp, Scaled, int_op};
pub(crate) use memory::{int_load, load_kind};
pub(crate) use regs::{
    CTX, Class, FLOAT_RESULT, FP, FREE, INT_ARG_REGS, KEPT_BY_HANDLERS, LEADS, MEM, REGS, RESULT, Reg,
    RegSet, allocatable, arg_reg, best_lasting, first, lasting,
};
