//! What every tier of Upshift agrees on, and nothing else.
//!
//! ```text
//! types   what a value, a function, a memory, a table is           (wasm spec, "Types")
//! value   how a value lies in 8-byte slots
//! ops     every pure operator: name, operand types, semantics       (wasm spec, "Numerics")
//! trap    every way a program can stop, declared once
//! vm      the structures that generated code and runtime share: VmCtx, StoreCtx, FuncRec, …
//! cast    tests of a reference's type at run time                  (wasm spec, "Reference Instructions")
//! index   typed indices
//! shown   text of a guest as people are shown it: bounded, on one line
//! ```
//!
//! The crate has no dependencies; all the others stand on it. What it holds is plain data and pure functions:
//! nothing here allocates memory for a guest, reads a module or runs code.

pub mod cast;
pub mod fuel;
pub mod index;
pub mod ops;
pub mod shown;
pub mod trap;
pub mod types;
pub mod value;
pub mod vm;

pub use trap::Trap;
pub use types::{FuncType, GlobalType, HeapType, IndexType, MemoryType, RefType, TableType, TypeId, ValType};
pub use value::{SlotValue, V128};
