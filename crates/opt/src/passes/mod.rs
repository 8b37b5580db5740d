//! What is done to SSA between building and lowering: a pass a file, each with its contract at its top.

pub mod aliases;
pub mod blocks;
pub mod dce;
pub mod facts;
pub mod fold;
pub mod gvn;
pub mod ints;
pub mod licm;
pub mod loads;
pub mod params;
pub mod stores;
mod table;
#[cfg(test)]
pub(crate) mod testing;
mod versions;
