//! x86-64: which instructions compute an operator, where one operator has several ways.

pub mod atomic;
pub mod vector;
