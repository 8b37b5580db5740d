//! From bytes to operators: everything that knows the binary format.
//!
//! ```text
//! bytes ─ parse ─▶ ModuleInfo ─ walker, one function at a time ─▶ a tier's `Backend`
//!            └ validates everything, function bodies in parallel when the module is big
//! ```
//!
//! This is the only crate that sees `wasmparser`. [`module`] is the model that all later stages read, the parser fills it,
//! the type registry gives equal types of different modules one id.

pub mod backend;
pub mod module;
pub mod walker;

pub use backend::Backend;
pub use module::ModuleInfo;
pub use walker::{TranslateError, walk};
