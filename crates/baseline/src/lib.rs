//! Tier 1: one pass from the walker to machine code.
//!
//! ```text
//! walker ─ Backend ─▶ Compiler ─ operands: what is in registers (cache, operands) ─▶ x64: instructions ─▶ asm ─▶ NativeCode
//!                        │                                                                                    └▶ BaselineCode
//!                        └ what has no native form: instructions of the interpreter in the pool (embed)
//! ```
//!
//! No function is refused: whatever an operator has no machine code for, the interpreter's handler does, in the middle of native
//! code. Both share the frame on the value stack, so control goes from one to the other at any place.

mod code;

pub use code::{BaselineCode, Target};
use upshift_core::index::FuncIndex;
use upshift_translate::{CodeOptions, ModuleInfo, TranslateError};

/// Compiles a function of the module.
///
/// # Errors
/// When its code would be larger than 2 GiB, or uses an operator that no tier knows, which validation excludes.
///
/// # Panics
/// When `func` is an import.
pub fn compile(
    module: &ModuleInfo,
    func: FuncIndex,
    _options: CodeOptions,
    _target: &Target,
) -> Result<BaselineCode, TranslateError> {
    let offset = module.body(func).map_or(0, |body| body.start as usize);
    Err(TranslateError { offset, reason: "there is no native code yet".into() })
}

/// For each operator the position of its code and its offset in the module, ascending. All arguments must be those that the code
/// was made with.
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
    compile(module, func, options, target).map(|_| Vec::new())
}
