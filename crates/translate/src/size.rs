//! The size of a function's body: how many parameters, locals and operators it has.

use upshift_core::index::FuncIndex;
use wasmparser::{BinaryReader, FunctionBody};

use crate::module::ModuleInfo;
use crate::walker::TranslateError;

/// What a function's body consists of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BodySize {
    /// Parameters.
    pub params: usize,
    /// Locals that are not parameters.
    pub locals: u64,
    /// Operators, each `end` among them.
    pub operators: usize,
}

/// Counts what a function's body consists of.
///
/// # Errors
/// When the body is malformed, which validation excludes.
///
/// # Panics
/// When `func` is an import.
pub fn body_size(module: &ModuleInfo, func: FuncIndex) -> Result<BodySize, TranslateError> {
    let body = module.body(func).expect("only own functions have a body");
    let body = FunctionBody::new(BinaryReader::new(module.slice(&body), u64::from(body.start)));
    let mut locals = 0;
    for group in body.get_locals_reader()? {
        locals += u64::from(group?.0);
    }
    let mut operators = 0;
    let mut reader = body.get_operators_reader()?;
    while !reader.eof() {
        reader.read()?;
        operators += 1;
    }
    let params = module.func_type(func).func().params().len();
    Ok(BodySize { params, locals, operators })
}
