//! WASI preview 1: the system interface that most WebAssembly programs are compiled for.
//!
//! ```text
//! WasiCtxBuilder ──build──▶ WasiCtx                 what one guest may see
//!                              │
//! linker    import "wasi_snapshot_preview1" ──▶ one function per line of `wasi_functions!`
//!    │                         │
//!    ├─ trace                                       tells what is called, if the host wants to know
//!    ├─ process  clock  random  poll  sock          arguments, time, …
//!    ├─ io  fs  dir                                 on an open descriptor
//!    └─ path                                        on a path below a directory
//!               │                    │
//!            table, stdio         memory            what a descriptor is; the guest's bytes
//! ```
//!
//! A function gets the context, the guest's memory and the raw arguments; nothing here knows how the guest runs, save
//! `linker`. Whatever a guest passes, a function answers with an error number or stops the guest; it does not panic and
//! reaches nothing that the host did not give.

mod abi;
mod clock;
mod ctx;
mod dir;
mod error;
mod fs;
mod functions;
mod io;
mod linker;
mod memory;
mod path;
mod poll;
mod process;
mod random;
mod sock;
mod stdio;
mod table;
mod trace;

pub use ctx::{WasiCtx, WasiCtxBuilder};
pub use error::{Exit, GuestFault};
pub use linker::{add_imports_to_linker, add_to_linker};
pub use stdio::{Input, MemoryOutput, Output};
pub use table::Access;

#[cfg(test)]
mod tests;
