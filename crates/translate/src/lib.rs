//! From bytes to operators: everything that knows the binary format.
//!
//! ```text
//! bytes ─ parse ─▶ ModuleInfo ─ walker, one function at a time ─▶ a tier's `Backend`
//!            └ validates everything, function bodies in parallel when the module is big
//! ```
//!
//! This is the only crate that sees `wasmparser`. [`module`] is the model that all later stages read, [`parse()`] fills
//! it, the [type registry](registry) gives equal types of different modules one id.

pub mod backend;
mod bytes;
pub mod checking;
mod convert;
mod effort;
pub mod error;
pub mod features;
mod findings;
pub mod fixed;
pub mod hints;
pub mod limits;
mod listing;
pub mod module;
pub mod names;
mod needs;
pub mod null;
pub mod operators;
mod parse;
pub mod registry;
pub mod sites;
mod size;
mod survey;
mod validate;
pub mod walker;

pub use backend::{Backend, CodeOptions};
pub use bytes::ModuleBytes;
pub use error::{ParseError, ParseErrorKind};
pub use features::Features;
pub use findings::Findings;
pub use limits::{ModuleLimit, ModuleLimitExceeded, ModuleLimits};
pub use listing::listing;
pub use module::ModuleInfo;
pub use needs::needed_features;
pub use parse::{parse, parse_valid, parse_within, validate_within};
pub use registry::TypeRegistry;
pub use size::{BodySize, body_size};
pub use walker::{TranslateError, WalkBuffers, walk, walk_with};
