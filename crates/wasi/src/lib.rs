//! WASI preview 1: the system interface that most WebAssembly programs are compiled for.
//!
//! ```
//! use upshift::{Engine, Linker, Module, Store};
//! use upshift_wasi::{Access, Exit, Input, MemoryOutput, WasiCtx, WasiCtxBuilder, add_to_linker};
//!
//! # fn main() -> anyhow::Result<()> {
//! let engine = Engine::default();
//! let module = Module::new(
//!     &engine,
//!     r#"(module
//!         (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
//!         (memory (export "memory") 1)
//!         (func (export "_start") (call $proc_exit (i32.const 3))))"#,
//! )?;
//! let mut linker: Linker<WasiCtx> = Linker::new(&engine);
//! add_to_linker(&mut linker, |ctx| ctx)?;
//!
//! let stdout = MemoryOutput::new(1 << 20);
//! let ctx = WasiCtxBuilder::new()
//!     .args(&["guest.wasm", "--verbose"])
//!     .stdin(Input::memory("some text"))
//!     .stdout(stdout.clone())
//!     .preopened_dir_with(".", "/input", Access::ReadOnly)?
//!     .build();
//! let mut store = Store::new(&engine, ctx);
//! let instance = linker.instantiate(&mut store, &module)?;
//! let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
//! let error = start.call(&mut store, ()).unwrap_err();
//! assert_eq!(error.downcast_ref::<Exit>(), Some(&Exit(3)));
//! # Ok(())
//! # }
//! ```
//!
//! All 46 functions of the interface are there. What a host may want to know of them:
//!
//! - **Descriptors** 0 to 2 are the standard streams; preopened directories follow, then preopened sockets. Of the numbers
//!   that were closed the highest is given first, but none of 0 to 2: a guest puts something there by `fd_renumber`.
//! - **Paths** are UTF-8 and never lead out of their directory, whatever links, `..` or another process do meanwhile; the
//!   guest gets `perm` then. A listing shows names that are not UTF-8, but they cannot be used.
//! - **Streams and files** are not buffered: the guest's buffers go to the host in one vectored call, and what was written
//!   is out when the call returns. From and to a memory that is shared they are copied, up to 1 MiB in one call.
//!   A file of the host behind a standard stream can be read or written on; its size, its times and what it held before are
//!   not the guest's to change. A standard stream that the host has set not to wait is waited for, unless the guest sets
//!   `nonblock` itself.
//! - **Sockets** can be accepted from, read, written and shut down; a guest makes none itself.
//! - **Limits**: a guest has up to 65 536 descriptors, or [as many as its host says](WasiCtxBuilder::max_descriptors).
//!   The listings of directories that it has begun to read may take 64 MiB together; one more is `nomem`.
//!   One call of `random_get` gives up to 64 MiB; a longer buffer is `inval` and stays as it is.
//! - **Signals** do not exist: a call that one interrupts is made again. Only the clocks for wall time and monotonic time can
//!   be waited for.
//! - A guest that waits, for input or a clock, keeps its thread.
//! - **Threads** of a guest are started by [`WasiThreads`], or by the host itself, with a clone of the context for each.
//!
//! ```text
//! WasiCtxBuilder ──build──▶ WasiCtx                 what one guest may see
//!                              │
//! linker    import "wasi_snapshot_preview1" ──▶ one function per line of `wasi_functions!`
//!    │                         │
//!    ├─ threads                                     more stores, for a guest that starts threads
//!    ├─ trace                                       tells what is called, if the host wants to know
//!    ├─ process  clock  random  poll  sock          arguments, time, …
//!    ├─ io  fs  dir                                 on an open descriptor
//!    └─ path                                        on a path below a directory
//!               │                    │
//!            table, stdio         memory            what a descriptor is; the guest's bytes
//!               │
//!             host                                   system calls that no signal interrupts
//! ```
//!
//! A function gets the context, the guest's memory and the raw arguments; nothing here knows how the guest runs, save
//! `linker`. Whatever a guest passes, a function returns an error number or stops the guest; it does not panic and
//! reaches nothing that the host did not give.

mod abi;
mod clock;
mod ctx;
mod dir;
mod error;
mod fs;
mod functions;
mod host;
mod io;
mod linker;
mod memory;
mod meter;
mod path;
mod poll;
mod process;
mod random;
mod sock;
mod stdio;
mod table;
mod threads;
mod trace;

pub use ctx::{WasiCtx, WasiCtxBuilder};
pub use error::{Exit, GuestFault};
pub use linker::{add_imports_to_linker, add_to_linker};
pub use stdio::{Input, MemoryOutput, Output};
pub use table::Access;
pub use threads::{WasiThreads, WasiThreadsBuilder};

#[cfg(test)]
mod tests;
