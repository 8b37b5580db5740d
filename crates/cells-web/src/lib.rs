//! The compiler of cells for browsers: a session ([`upshift_cells::session`]) behind functions that JavaScript can call. Built for
//! `wasm32-unknown-unknown` by `web/tools/build.sh`; `web/src/compiler.js` is the other side.
//!
//! ```text
//! cells_input(bytes) ─▶ where texts are put, one after the other
//! cells_prepare(lengths) and others ─▶ the length of an answer (JSON) at cells_answer(); modules and files are at cells_blob()
//! ```
//!
//! What is at these places holds until the next call. One instance of the module has one session. Nothing here executes cells.

mod browser;
mod describe;
mod exports;
mod json;
mod state;
#[cfg(test)]
mod tests;
