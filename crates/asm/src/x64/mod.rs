//! x86-64: registers, operands and an [`Assembler`] with a method per mnemonic.
//!
//! A method's name is the mnemonic; integer instructions take a [`Size`] first. Then come the operands, destination first, as Intel
//! writes them. Where an encoding takes a register or memory, so does the method ([`Rm`]): `add(S32, RAX, RCX)` and
//! `add(S32, RAX, Mem::base(RBX, 8))`. Forms that the types would not tell apart have an ending: `_mr` stores to memory from a
//! register, `_imm` takes an immediate, `_cl` shifts by `cl`.
//!
//! Methods never look at the processor: whether it has an instruction is asked of [`CpuFeatures`] by who chooses it.

mod assembler;
mod bits;
mod control;
mod encoding;
mod features;
mod floats;
mod forms;
mod integer;
mod mem;
mod moves;
mod regs;
mod simd;
mod tables;
#[cfg(test)]
mod tests;
mod vector;

pub use assembler::{Assembler, Distance};
pub use encoding::Enc;
pub use features::{CpuFeature, CpuFeatures};
pub use integer::{Alu, Shift};
pub use mem::{Mem, RegMem, Rm, Scale};
pub use moves::IntLoad;
pub use regs::{Cond, Gpr, Size, Xmm};
pub use vector::{XmmBinary, XmmUnary};
