//! How a cell fails: two small functions that add what all failures of the module have in common.

use wasm_encoder::ValType;

use crate::emit::code::Symbol;
use crate::emit::emitter::{Emitter, Names, Place};
use crate::emit::module::Module;
use crate::emit::runtime::Runtime;

/// `(kind, position)`.
pub(crate) fn simple(m: &mut Module<'_>, names: &Names, index: u32) {
    let mut e = Emitter::new(m, names, 2, Place::Local(1));
    e.c.get(0);
    e.c.global_get(Symbol::Instance);
    e.c.get(1).i().i64_const(0).i64_const(0);
    e.c.call(Symbol::Runtime(Runtime::Fail));
    e.define(index, &[ValType::I32, ValType::I32], &[]);
}

/// `(kind, position, a, b)`.
pub(crate) fn about(m: &mut Module<'_>, names: &Names, index: u32) {
    let mut e = Emitter::new(m, names, 4, Place::Local(1));
    e.c.get(0);
    e.c.global_get(Symbol::Instance);
    e.c.get(1).get(2).get(3);
    e.c.call(Symbol::Runtime(Runtime::Fail));
    e.define(index, &[ValType::I32, ValType::I32, ValType::I64, ValType::I64], &[]);
}
