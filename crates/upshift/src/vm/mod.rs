//! The lower half of the crate: what runs wasm but knows no type of the API.
//!
//! ```text
//! API: Engine, Store, Module, Instance, Func, Memory … ─ use ─▶ vm ─ uses ─▶ upshift_core, upshift_ir, upshift_interp, the system
//! ```
//!
//! Layer law: nothing in here names the API. Code in here refers to this crate as `crate::vm` alone, and so can be read, tested and
//! changed without the rest. What it needs from above is passed in. Types that programs of the host see, [`budget::MemoryBudget`]
//! among them, may be defined in here when they are values that know no store; `lib.rs` exports them. Comments may point upwards.
//!
//! - memory of the system: [`mmap`], kept for the next instance by [`pool`], counted by [`budget`], refused as [`out_of_memory`]
//! - what is made of it: [`value_stack`], [`heap`], and [`native_stack`], which the thread has already
//! - what objects are read by and refer to: [`type_records`], [`host_values`]
//! - code: [`code_table`] by functions, [`native`] by modules, [`code`] by addresses, [`code_object`] for what lies beside it, [`adaptors`] for
//!   how its callers pass arguments, [`tier`] for what made it, [`thresholds`] for when, [`refusal`] for why nothing did, [`trap_sites`]
//!   for where it trapped, [`cache`] for what is kept of it on disk, [`signals`] for its faults in what memories have by [`reservation`]
//! - threads: [`parking`], [`racy`], and the one that optimizes functions, [`optimizer`], which keeps out of [`forks`]

pub(crate) mod adaptors;
#[cfg(all(test, target_os = "linux"))]
pub(crate) mod apart;
pub(crate) mod budget;
pub(crate) mod cache;
pub(crate) mod code;
pub(crate) mod code_object;
pub(crate) mod code_table;
pub(crate) mod forks;
pub(crate) mod heap;
pub(crate) mod host_values;
pub(crate) mod limit_exceeded;
pub(crate) mod mmap;
pub(crate) mod native;
pub(crate) mod native_stack;
pub(crate) mod observe;
pub(crate) mod optimizer;
pub(crate) mod out_of_memory;
pub(crate) mod parking;
pub(crate) mod pool;
pub(crate) mod racy;
pub(crate) mod refusal;
pub(crate) mod reservation;
pub(crate) mod signals;
pub(crate) mod stable;
pub(crate) mod thresholds;
pub(crate) mod tier;
pub(crate) mod trap_sites;
pub(crate) mod type_records;
pub(crate) mod value_stack;
pub(crate) mod work;
