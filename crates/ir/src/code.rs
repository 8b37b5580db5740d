//! The way from a module to the code of one function.
//!
//! ```text
//! compile: walk ─▶ (checks of the contract between both, in debug builds) ─▶ Builder ─▶ verify, in debug builds ─▶ FuncCode
//! ```
//!
//! Code carries no source positions: [`positions`] translates the function again when a backtrace needs them.

use std::cell::RefCell;

use upshift_core::index::FuncIndex;
#[cfg(debug_assertions)]
use upshift_translate::checking::CheckingBackend;
use upshift_translate::{CodeOptions, ModuleInfo, TranslateError, WalkBuffers, walk_with};

use crate::build::Builder;
use crate::func_code::FuncCode;

/// Translates a function of the module to register IR.
///
/// # Errors
/// When the function uses an operator that no tier knows; validation excludes that.
///
/// # Panics
/// When `func` is an import. In debug builds, when the verifier finds the result malformed.
///
/// # Examples
/// See [`text`](crate::text) for what comes out.
pub fn compile(
    module: &ModuleInfo,
    func: FuncIndex,
    options: CodeOptions,
) -> Result<FuncCode, TranslateError> {
    Ok(finish(build(module, func, options, false)?, func))
}

/// The same, and the [`positions`] of the code.
///
/// # Errors
/// As [`compile`].
///
/// # Panics
/// As [`compile`].
///
/// # Examples
/// ```
/// use upshift_core::index::FuncIndex;
/// use upshift_ir::code::{compile, compile_with_positions, positions};
/// use upshift_translate::{CodeOptions, Features, TypeRegistry, parse};
///
/// let bytes = wat::parse_str("(module (func (param i32) (result i32) (i32.clz (local.get 0))))")?;
/// let module = parse(bytes.into(), &Features::default(), &TypeRegistry::default())?;
/// let (func, options) = (FuncIndex(0), CodeOptions::default());
/// let (code, places) = compile_with_positions(&module, func, options)?;
/// assert_eq!(code.words(), compile(&module, func, options)?.words());
/// assert_eq!(places, positions(&module, func, options)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn compile_with_positions(
    module: &ModuleInfo,
    func: FuncIndex,
    options: CodeOptions,
) -> Result<(FuncCode, Vec<(u32, u32)>), TranslateError> {
    let mut builder = build(module, func, options, true)?;
    let positions = builder.take_positions();
    Ok((finish(builder, func), positions))
}

/// The finished code.
fn finish(builder: Builder<'_>, func: FuncIndex) -> FuncCode {
    let code = builder.finish();
    if cfg!(debug_assertions)
        && let Err(error) = crate::verify::verify(&code)
    {
        panic!("{func:?} has malformed code: {error}");
    }
    code
}

/// For each instruction its position in words from the preamble and the offset of its operator in the module, ascending.
/// The `options` must be those that the code was made with.
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
) -> Result<Vec<(u32, u32)>, TranslateError> {
    Ok(build(module, func, options, true)?.take_positions())
}

thread_local! {
    /// What walks on this thread use again and again.
    static WALKS: RefCell<WalkBuffers> = RefCell::default();
}

fn build(
    module: &ModuleInfo,
    func: FuncIndex,
    options: CodeOptions,
    positions: bool,
) -> Result<Builder<'_>, TranslateError> {
    let mut builder = Builder::new(module, func, positions);
    WALKS.with_borrow_mut(|buffers| {
        #[cfg(debug_assertions)]
        let backend = &mut CheckingBackend::new(module, &mut builder);
        #[cfg(not(debug_assertions))]
        let backend = &mut builder;
        walk_with(buffers, module, func, options, backend)
    })?;
    match check_size(builder.size()) {
        Ok(()) => Ok(builder),
        Err(reason) => {
            Err(TranslateError { offset: module.body(func).map_or(0, |body| body.start as usize), reason })
        }
    }
}

/// Makes sure that branches reach from one end of so many words to the other; positions have 32 bits too.
fn check_size(words: usize) -> Result<(), String> {
    const MOST: usize = i32::MAX as usize;
    if words > MOST {
        return Err(format!("its code takes {words} words, more than the {MOST} that branches can reach"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_size;

    #[test]
    fn code_is_bounded() {
        assert!(check_size(0x7fff_ffff).is_ok());
        assert!(check_size(0x8000_0000).unwrap_err().contains("2147483648 words"));
    }
}
