//! What is done to SSA between building and lowering: a pass a file, each with its contract at its top.

pub mod blocks;
pub mod dce;
pub mod facts;
pub mod fold;
pub mod gvn;
pub mod ints;
pub mod params;
mod table;
