//! Code for x86-64. Another processor's folder would have the same files.

mod compare;
mod copy;
mod fill;
mod tuning;
mod vector;

pub(crate) use compare::compare;
pub(crate) use copy::copy;
pub(crate) use fill::fill;
pub use tuning::{Level, restrict};
