//! What all tiers of Upshift share, and nothing else.
//!
//! ```text
//! types   types of values, functions, memories, tables             (wasm spec, "Types")
//! value   how a value lies in 8-byte slots
//! ops     every pure operator: name, operand types, semantics       (wasm spec, "Numerics")
//! trap    every reason for a trap, declared once
//! vm      the structures that generated code and runtime share: VmCtx, StoreCtx, FuncRec, …
//! cast    tests of a reference's type at run time                  (wasm spec, "Reference Instructions")
//! index   typed indices
//! shown   text from a guest, made safe to print: bounded, on one line
//! ```
//!
//! The crate depends on nothing but `serde`, and all others depend on it. It holds plain data and pure functions:
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
