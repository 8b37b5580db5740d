//! Tests of the encodings: each line of each table is run with operands of all classes, and decoded by `iced-x86`.

mod cases;
mod cranelift;
mod decode;
mod fixups;
mod operands;
mod single;

pub(super) use cases::{Case, Shape};
