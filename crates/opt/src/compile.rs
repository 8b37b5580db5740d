//! The way of a function through the compiler, one step after the other.

use upshift_baseline::Target;
use upshift_core::index::FuncIndex;
use upshift_translate::{CodeOptions, ModuleInfo};

use crate::mach::code::OptCode;
use crate::request::{Reason, Refusal, Request};

/// Compiles a function of the module, or what follows from one of its loops on.
///
/// # Errors
/// When this tier leaves the function to the one below, and why.
///
/// # Panics
/// When `func` is an import.
pub fn compile(
    module: &ModuleInfo,
    func: FuncIndex,
    options: CodeOptions,
    target: &Target,
    request: Request<'_>,
) -> Result<OptCode, Refusal> {
    let _ = (options, target, request);
    let offset = module.body(func).map_or(0, |body| body.start as u32);
    Err(Refusal { reason: Reason::Operator, offset, detail: Box::default() })
}
