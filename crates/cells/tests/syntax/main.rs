//! The lexer and the parser, seen from outside.

mod completeness;
mod dump;
mod messages;
mod rendering;
mod soup;
mod trees;
