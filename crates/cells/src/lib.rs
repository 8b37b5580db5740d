//! The compiler of cells: a small typed language for notebooks, whose cells become WebAssembly modules.
//!
//! ```text
//! source ─ lexer ─▶ tokens ─ parser ─▶ Ast ─ check ─▶ Program (typed) ─ emit ─▶ Artifact: a module, what it imports and defines
//!                                       │     ▲                                    │
//!                                  Diagnostics│                                    ▼
//!                                             └── Environment ◀── names ── Session ──▶ Step: what a host instantiates and runs
//! ```
//!
//! A cell is one module. It imports the values and functions of the cells that it uses and exports what it defines; its function
//! `run` evaluates it. Objects (strings, arrays, tuples, structs, closures) are those of WebAssembly's garbage collection, so there is
//! no allocator here. Nothing here executes anything: hosts do, the native one in `crates/cells-host` and a browser by
//! `crates/cells-web`; what they have to provide is in [`host`].

pub mod artifact;
pub mod builtins;
pub mod check;
pub mod diagnostic;
pub mod emit;
pub mod environment;
pub mod host;
pub mod session;
pub mod source;
pub mod syntax;
pub mod types;
