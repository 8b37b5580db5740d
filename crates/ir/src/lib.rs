//! The register IR that the interpreter runs.
//!
//! ```text
//! walker ─ Backend ─▶ build ─▶ words (u64) ─▶ verify (debug builds) ─▶ FuncCode ─▶ interpreter
//!                               ▲    │
//!                        text in└────┘text out
//! ```
//!
//! [`table`] is the instruction set, one line per group of instructions; [`op`] is generated from it.

#[macro_use]
pub mod table;
pub mod build;
pub mod code;
pub mod decode;
pub mod func_code;
pub mod handlers;
pub mod op;
pub mod references;
pub mod text;
pub mod verify;

pub use code::{compile, positions};
pub use func_code::FuncCode;
pub use op::{Field, Op};
#[doc(hidden)]
pub use {pastey, upshift_core};
