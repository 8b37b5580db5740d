//! Tier 1: one pass from the walker to machine code.
//!
//! ```text
//! walker ─ Backend ─▶ Compiler ─ operands: what is in registers (cache, merge) ─▶ x64: instructions ─▶ asm ─▶ BaselineCode
//!                        └ what has no native form: instructions of the interpreter in the pool (embed)
//! ```
//!
//! No function is refused: whatever an operator has no machine code for, the interpreter's handler does, in the middle of native
//! code. Both share the frame on the value stack, so control goes from one to the other at any place.

mod arguments;
mod cache;
mod calls;
mod cells;
mod code;
mod compiler;
mod control;
mod counts;
mod detour;
mod embed;
mod float;
mod integer;
mod masks;
mod memory;
mod merge;
mod objects;
mod operands;
mod pins;
mod results;
mod rotate;
mod services;
mod tables;
pub mod text;
mod twins;
mod x64;

use std::cell::RefCell;

pub use calls::START;
pub use code::BaselineCode;
use upshift_codegen::Target;
use upshift_core::index::FuncIndex;
#[cfg(debug_assertions)]
use upshift_translate::checking::CheckingBackend;
use upshift_translate::{CodeOptions, ModuleInfo, TranslateError, WalkBuffers, walk_with};

use crate::compiler::{Compiler, Room};

/// Compiles a function of the module.
///
/// # Errors
/// When its code would be larger than 2 GiB, or it uses an operator that no tier knows, which validation excludes.
///
/// # Panics
/// When `func` is an import.
pub fn compile(
    module: &ModuleInfo,
    func: FuncIndex,
    options: CodeOptions,
    target: &Target,
) -> Result<BaselineCode, TranslateError> {
    let compile = |compiler: &mut Compiler<'_>| {
        compiler.finish().map_err(|error| TranslateError {
            offset: module.body(func).map_or(0, |body| body.start as usize),
            reason: error.to_string(),
        })
    };
    walk(module, func, options, target, false, compile)?
}

/// For each operator that has code the position where it begins and the operator's offset in the module, ascending. All arguments
/// must be those that the code was made with.
///
/// # Errors
/// As [`compile`].
///
/// # Panics
/// When `func` is an import.
pub fn positions(
    module: &ModuleInfo,
    func: FuncIndex,
    options: CodeOptions,
    target: &Target,
) -> Result<Vec<(u32, u32)>, TranslateError> {
    walk(module, func, options, target, true, |compiler| compiler.tables.take_positions())
}

thread_local! {
    /// What walks and compilers on this thread use again and again.
    static ROOM: RefCell<(WalkBuffers, Room)> = RefCell::default();
}

/// Walks over a function; returns what `finish` makes of the compiler then.
fn walk<T>(
    module: &ModuleInfo,
    func: FuncIndex,
    options: CodeOptions,
    target: &Target,
    positions: bool,
    finish: impl FnOnce(&mut Compiler<'_>) -> T,
) -> Result<T, TranslateError> {
    ROOM.with_borrow_mut(|(buffers, room)| {
        let body_bytes = module.body(func).map_or(0, |body| body.len());
        let mut compiler = Compiler::new(module, func, target, body_bytes, options, positions, room);
        #[cfg(debug_assertions)]
        let backend = &mut CheckingBackend::new(module, &mut compiler);
        #[cfg(not(debug_assertions))]
        let backend = &mut compiler;
        walk_with(buffers, module, func, options, backend)?;
        let made = finish(&mut compiler);
        room.trim();
        Ok(made)
    })
}
