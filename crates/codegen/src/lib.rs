//! What the compilers of native code have in common, below both.
//!
//! ```text
//!                    ┌─▶ baseline (tier 1) ─┐   Target: for what code is made
//! Target, tables ────┤                      ├─▶ Fault, owners: what lies beside code
//!                    └─▶ opt (tier 2) ──────┘   text: how code is shown
//! ```
//! A [`Target`] goes in beside the module. Tables of operators ([`x64`]) say which instructions compute one and what the processor needs
//! for that, so that tiers cannot differ in it. [`Fault`]s and [`owner`] are how the runtime asks what lies beside code, whoever made it.
//! Nothing here emits code.

mod fault;
mod target;
pub mod text;
pub mod x64;

pub use fault::Fault;
pub use target::Target;

/// The position that an offset behind the code belongs to: that of the last owner at or before it; 0 if there is none.
///
/// Owners are pairs of an offset, from which on a position counts, and that position, in ascending order.
///
/// ```
/// use upshift_codegen::owner;
///
/// assert_eq!(owner(&[(64, 5), (80, 23)], 72), 5);
/// ```
#[must_use]
pub fn owner(owners: &[(u32, u32)], offset: u32) -> u32 {
    let behind = owners.partition_point(|&(start, _)| start <= offset);
    behind.checked_sub(1).map_or(0, |at| owners[at].1)
}
