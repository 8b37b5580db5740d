//! Cells are compiled and really run: what each form of the language and each of its functions yields, with expectations from the
//! definition of the language.

mod basics;
mod builtins;
mod checkpoints;
mod harness;
