//! A Jupyter kernel for cells: [`install`] tells Jupyter of it, [`run`] is the kernel that Jupyter then starts.
//!
//! ```text
//!              shell ─ requests in their order ─▶ shell.rs ─ jobs ─▶ worker.rs: a thread with the Engine
//! kernel.rs ── control ─ interrupt, shutdown ───▶ control.rs ─ interrupts it     │ prints
//!              heartbeat, stdin                                                  ▼
//!              iopub ◀─ status, results, errors, output ───────────────────── iopub.rs
//! ```
//!
//! All but the engine is on one thread and never blocks, so a cell that runs for long can be interrupted. The engine compiles and
//! runs cells; the real one is in `native.rs`. Messages that are broken, unknown or wrongly signed are told of on the standard error,
//! which Jupyter keeps in its log, and have no other effect.

mod control;
mod engine;
mod error;
mod install;
mod iopub;
mod kernel;
mod native;
mod render;
mod shell;
mod text;
mod worker;

pub use engine::{Completeness, Completion, Engine, Failure, Inspection, Interrupt, Item, Outcome, Started};
pub use error::Error;
pub use install::{InstallOptions, Place, install, uninstall};
pub use kernel::{read_connection, run_with};
pub use native::run;
