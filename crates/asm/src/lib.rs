//! Machine code, from calls of methods to bytes that a compiler hands over for publishing.
//!
//! ```text
//!  compiler ── add(S32, rax, rcx), jcc(cond, label), … ──▶ x64::Assembler ── encoded bytes, fixups ──▶ CodeBuffer
//!                                                                                                    │ finish
//!                                      code memory ◀── NativeCode: bytes, pool, relocations ◀────────┘
//! ```
//!
//! [`CodeBuffer`] and [`NativeCode`] know no instruction set: what differs is how a distance is written into an instruction, which
//! is a [`Fixup`]. Each instruction set has a folder with an assembler of its own. Nothing here allocates per instruction, and
//! nothing needs executable memory: all addresses are relative until whoever publishes the code applies the relocations.

mod buffer;
mod object;
mod pool;
pub mod x64;

pub use buffer::{AsmError, CodeBuffer, Fixup, Label};
pub use object::{NativeCode, Reloc, RelocKind, Stub};
pub use pool::{Const, Word};
