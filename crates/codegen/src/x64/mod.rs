//! x86-64: which instructions compute an operator, where one operator has several ways, and which registers bring arguments.

pub mod args;
pub mod atomic;
pub mod vector;
