//! What an address of code belongs to: the registry.
//!
//! ```text
//! address ─┬─ in the range of native code ─▶ chunk ─▶ span ─ index ─▶ Native: kind, function, bounds
//!          ├─ the runtime's own stubs ─────▶ Stub
//!          └─ anywhere else ───────────────▶ the interpreter's, if the frame's function says so
//! ```
//!
//! The interpreter's code has no entry here: its frames name their functions, which know their code.
//!
//! A look-up takes no lock and allocates nothing, so that a signal handler can do it; `range` is the address space, `pages` its
//! memory, `set` what belongs to one module, `index` the list of places in it.

mod error;
#[cfg(target_os = "linux")]
mod fork;
mod index;
#[cfg(target_os = "linux")]
mod pages;
#[cfg(not(target_os = "linux"))]
#[path = "no_pages.rs"]
mod pages;
mod range;
mod set;

pub(crate) use upshift_codegen::Fault;
use upshift_interp::stubs;
pub(crate) use upshift_interp::stubs::StubKind as Stub;

pub use error::NoNativeCode;
use index::Place;
pub(crate) use range::prefer_nameless;
pub(crate) use set::CodeSet;

/// How often this thread has asked the system for memory of code.
#[cfg(all(test, target_os = "linux"))]
pub(crate) fn system_calls() -> usize {
    pages::CALLS.get()
}

/// What code is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CodeKind {
    /// One of the runtime's own instructions, see [`stubs`].
    Stub(Stub),
    /// Words of the interpreter: a function's own code, wherever the system gave memory for it.
    Interpreter,
    /// In the range of native code.
    Native(NativeKind),
    /// In the range of native code, where nothing lies.
    Nothing,
}

/// What lies at a place in the range of native code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NativeKind {
    /// Code of the tier that compiles in a single pass.
    Baseline,
    /// Code of the tier that optimises.
    Optimized,
    /// What leads from one convention of calls to another.
    Thunk,
}

impl NativeKind {
    /// All of them, in the order of their numbers.
    const ALL: [NativeKind; 3] = [NativeKind::Baseline, NativeKind::Optimized, NativeKind::Thunk];
}

/// What the code at an address is.
///
/// # Safety
/// If the address is in native code, the set that holds it must not be dropped meanwhile, as it is not while a frame of it
/// stands on a stack.
#[inline]
pub(crate) unsafe fn kind_of(pc: usize) -> CodeKind {
    if let Some(stub) = stubs::find(pc) {
        return CodeKind::Stub(stub);
    }
    match range::known().filter(|range| range.contains(pc)) {
        None => CodeKind::Interpreter,
        // SAFETY: the caller's promise.
        Some(range) => match unsafe { range.find(pc) } {
            Some(Place { kind, .. }) => CodeKind::Native(kind),
            None => CodeKind::Nothing,
        },
    }
}

/// Whether an address is in the range of native code.
#[inline]
pub(crate) fn is_native(pc: usize) -> bool {
    range::known().is_some_and(|range| range.contains(pc))
}

/// The instructions of the native code at an address that may fault.
///
/// # Safety
/// As that of [`kind_of`].
pub(super) unsafe fn faults_from(pc: usize) -> Box<[Fault]> {
    let range = range::known().filter(|range| range.contains(pc));
    // SAFETY: the caller's promise.
    let place = range.and_then(|range| unsafe { range.find(pc) });
    place.map_or_else(Box::default, |place| place.faults.into())
}

/// The memory that the instruction at an address accesses, if it is one of native code that may fault.
///
/// # Safety
/// As that of [`kind_of`].
#[inline]
pub(super) unsafe fn fault_at(pc: usize) -> Option<Fault> {
    let range = range::known().filter(|range| range.contains(pc))?;
    // SAFETY: the caller's promise.
    let Place { bytes, faults, .. } = unsafe { range.find(pc) }?;
    let offset = (pc - range.base()) as u32 - bytes.start;
    Fault::find(faults, offset)
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
