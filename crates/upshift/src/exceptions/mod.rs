//! Exceptions: tags, what is thrown, and the way from a `throw` to whoever catches it.
//!
//! ```text
//! throw, throw_ref ─▶ unwind ─ handlers of the frames ─▶ slots of the frame that catches it
//!                        │ none in this activation
//!                        ▼
//!                   Exception, an error ─▶ host function above ─ returns it ─▶ unwind, the frames below
//!                                     └─▶ the embedder
//! ```
//!
//! Wasm code can refer to an exception, so one that a handler wants a reference to becomes an object of the collector's heap.
//! All others are only values on their way from slots to slots. The host gets copies: an [`Exception`] is an error like any
//! other, which owns the roots of what it refers to.

mod exception;
mod exnref;
mod places;
mod tag;
mod unwind;

pub use exception::Exception;
pub use exnref::ExnRef;
pub use tag::Tag;

pub(crate) use places::Places;
pub(crate) use tag::TagData;
pub(crate) use unwind::{rethrow_from_host, throw, throw_ref};
