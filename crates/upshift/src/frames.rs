//! The frames of wasm functions on the value stack, innermost first.
//!
//! ```text
//! point where code was left ─▶ frame ─ header ─▶ frame ─ … ─▶ entry ─ chain of entries ─▶ frame below the host's ─ …
//! ```
//!
//! A frame's function is found by its instruction pointer among the code of its instance's module, the frame below by
//! the header that lies behind the function's parameters. Two return addresses are special: that of the *exit stub*
//! stands at the bottom of an activation, that of the *restore stub* where the caller belongs to another instance.

use std::ops::Range;

use upshift_core::index::FuncIndex;
use upshift_core::vm::{EntryFrame, ExitPoint, VmCtx, frame};
use upshift_interp::stubs;

use crate::instance::InstanceData;
use crate::module::Module;

/// A frame of a wasm function.
pub(crate) struct Frame<'a> {
    pub(crate) module: &'a Module,
    pub(crate) func: FuncIndex,
    /// A word of the instruction that is being executed.
    pub(crate) word: usize,
    /// Slot 0.
    pub(crate) fp: *mut u64,
}

/// Where the code of a function lies that was seen last: most frames are of few functions.
struct Seen {
    ctx: *mut VmCtx,
    code: Range<usize>,
    func: FuncIndex,
    params: u32,
}

/// Walks over the frames.
pub(crate) struct Frames<'a> {
    /// The frame that comes next; none when its `ip` is null.
    point: ExitPoint,
    /// Whether the `ip` is the instruction itself or the one behind it.
    exact: bool,
    /// The activation that `point` is in.
    entry: *const EntryFrame,
    seen: Option<Seen>,
    modules: std::marker::PhantomData<&'a Module>,
}

impl<'a> Frames<'a> {
    /// The frames from `exit` down; `exact` tells whether its `ip` is the instruction itself or the one behind it.
    ///
    /// # Safety
    /// The frames that start at `exit`, with those of all entries of the chain, must be on the value stack for as long
    /// as the iterator is used, and the store must be alive for `'a`.
    pub(crate) unsafe fn new(exit: ExitPoint, exact: bool, entry: *const EntryFrame) -> Frames<'a> {
        Frames { point: exit, exact, entry, seen: None, modules: std::marker::PhantomData }
    }

    /// The function whose code is at an address, a word of its code, and how many slots its parameters take.
    fn function(
        &mut self,
        module: &Module,
        ctx: *mut VmCtx,
        ip: *const u64,
    ) -> Option<(FuncIndex, usize, u32)> {
        let same = |seen: &&Seen| seen.ctx == ctx && seen.code.contains(&ip.addr());
        if let Some(seen) = self.seen.as_ref().filter(same) {
            return Some((seen.func, (ip.addr() - seen.code.start) / size_of::<u64>(), seen.params));
        }
        let (func, word) = module.func_at(ip)?;
        let params = module.info().func_type(func).func().param_slots();
        if let Some(code) = module.translated(func) {
            let range = code.words().as_ptr_range();
            self.seen = Some(Seen { ctx, code: range.start.addr()..range.end.addr(), func, params });
        }
        Some((func, word, params))
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        loop {
            if self.point.ip.is_null() {
                if self.entry.is_null() {
                    return None;
                }
                // SAFETY: entries are alive while their activations are.
                let entry = unsafe { &*self.entry };
                (self.point, self.exact, self.entry) = (entry.outer, false, entry.prev);
                continue;
            }
            let point = std::mem::replace(&mut self.point, ExitPoint::NONE);
            let ip =
                if std::mem::replace(&mut self.exact, false) { point.ip } else { point.ip.wrapping_sub(1) };
            // SAFETY: a frame's context is that of a live instance of wasm, which lives as long as its store.
            let module: &'a Module = unsafe { &(*(*point.ctx).instance.cast::<InstanceData>()).module };
            let Some((func, word, params)) = self.function(module, point.ctx, ip) else {
                if std::ptr::eq(point.ip, stubs::translate().wrapping_add(1)) {
                    // The function had no code yet; the point is at its header.
                    // SAFETY: as promised to `new`.
                    self.point = unsafe { caller_of(point.fp, point.ctx) };
                }
                continue;
            };
            // SAFETY: a function's header lies behind its parameters.
            self.point = unsafe { caller_of(point.fp.add(params as usize), point.ctx) };
            return Some(Frame { module, func, word, fp: point.fp });
        }
    }
}

/// Where the function whose frame has the given header was called; none if that was the host.
///
/// `ctx` is the caller's context if both belong to the same instance.
///
/// # Safety
/// `header` must be the header of a live frame.
pub(crate) unsafe fn caller_of(header: *const u64, ctx: *mut VmCtx) -> ExitPoint {
    let address = |slot: *const u64| -> *mut u64 {
        // SAFETY: the slots of headers and restore records hold addresses.
        std::ptr::with_exposed_provenance_mut(unsafe { *slot } as usize)
    };
    let at = |base: *const u64, slot: u32| base.wrapping_add(slot as usize);
    let mut caller = ExitPoint {
        ip: address(at(header, frame::RETURN_IP)),
        fp: address(at(header, frame::CALLER_FP)),
        ctx,
    };
    if std::ptr::eq(caller.ip, stubs::restore()) {
        let record = caller.fp;
        caller = ExitPoint {
            ip: address(at(record, frame::RESTORE_IP)),
            fp: address(at(record, frame::RESTORE_FP)),
            ctx: address(at(record, frame::RESTORE_CTX)).cast(),
        };
    }
    if std::ptr::eq(caller.ip, stubs::exit()) { ExitPoint::NONE } else { caller }
}
