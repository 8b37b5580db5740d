//! Runs cells in the Upshift runtime.
//!
//! ```text
//! source ─ Session::prepare ─▶ Step ─ Module, Instance, `run` ─▶ Session::commit ─▶ Outcome
//!                                          │ it failed
//!                                          └─ backtrace, positions ─▶ Failure with line and traceback
//! ```
//!
//! A [`Host`] belongs to one thread; its [`Canceller`] stops what runs from any other.

pub mod benchmark;
mod checkpoint;
mod faults;
mod host;
mod imports;
mod limits;
mod modules;
mod numbers;
mod outcome;
mod report;
mod views;
mod world;

pub use host::{Error, Host};
pub use limits::{Canceller, Options};
pub use outcome::{Defined, Diagnostic, Failure, FailureKind, Frame, Outcome, Performance};
pub use views::{Checked, Completion, Completions, Inspection, Name};
