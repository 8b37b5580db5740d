//! Machine instructions of x86-64: [`Inst`], the [`Builder`](super::Builder)'s methods that make them, registers.

mod build;
pub mod emit;
mod inst;
mod regs;
mod vector;

pub use build::{Address, Call, Callee, Embed};
pub use inst::{Addr, Base, Detail, Fault, Inst, LoadOp, Memory, StoreOp, Test, Unary};
pub use regs::{ARGS, CTX, FLOAT_ARGS, FP, MEM, SCRATCH, environment, name};
pub use vector::{Shape, VectorOp};
