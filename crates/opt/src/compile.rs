//! The way of a function through the compiler, one step after the other.
