//! The frames of wasm functions on the value stack, innermost first.
//!
//! ```text
//! point where code was left ─▶ frame ─ header ─▶ frame ─ … ─▶ entry ─ chain of entries ─▶ frame below the host's ─ …
//! ```
//!
//! A frame's function is found by its instruction pointer among the code of its instance's module, the frame below by
//! the header that lies behind the function's parameters. Two return addresses are special: that of the *exit stub*
//! stands at the bottom of an activation, that of the *restore stub* where the caller belongs to another instance.

use upshift_core::index::FuncIndex;
use upshift_core::vm::{EntryFrame, ExitPoint, VmCtx};
use upshift_interp::frame::caller_of;
use upshift_interp::stubs;

use crate::instance::InstanceData;
use crate::module::Module;
use crate::work::{Work, count};

/// A frame of a wasm function.
pub(crate) struct Frame<'a> {
    pub(crate) module: &'a Module,
    pub(crate) func: FuncIndex,
    /// A word of the instruction that is being executed.
    pub(crate) word: usize,
    /// Slot 0.
    pub(crate) fp: *mut u64,
}

/// What is known of a place where frames stand.
#[derive(Clone, Copy)]
pub(crate) struct Site {
    pc: usize,
    ctx: *mut VmCtx,
    pub(crate) func: FuncIndex,
    /// A word of the instruction.
    pub(crate) word: usize,
    /// Slots of the function's parameters.
    pub(crate) params: u32,
    /// What the owner of the walk notes about the place.
    pub(crate) note: u64,
}

impl Site {
    /// The place of a word of a function's code, at an address in an instance of the module.
    pub(crate) fn new(
        module: &Module,
        (pc, ctx): (usize, *mut VmCtx),
        (func, word): (FuncIndex, usize),
        note: u64,
    ) -> Site {
        Site { pc, ctx, func, word, params: module.info().func_type(func).func().param_slots(), note }
    }
}

/// The places that a walk has come by: deep stacks consist of few, which are looked up once.
#[derive(Default)]
pub(crate) struct Sites {
    /// Empty while the walk is short.
    known: Vec<Option<Site>>,
    lookups: u32,
}

impl Sites {
    /// How many places are kept, each where its address leads.
    const KEPT: usize = 256;
    /// After how many lookups it is worth keeping any.
    const FIRST: u32 = 16;

    /// Which one a place would replace.
    fn index(pc: usize) -> usize {
        // Fibonacci hashing: instructions are words, so the lowest bits are all the same.
        ((pc as u64 >> 3).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize % Self::KEPT
    }

    /// The place with this address in an instance.
    #[inline]
    pub(crate) fn find(&self, pc: usize, ctx: *mut VmCtx) -> Option<Site> {
        let site = *self.known.get(Self::index(pc))?;
        site.filter(|site| site.pc == pc && site.ctx == ctx)
    }

    /// Keeps a place that was looked up.
    pub(crate) fn keep(&mut self, site: Site) {
        self.lookups += 1;
        if self.known.is_empty() {
            if self.lookups < Self::FIRST {
                return;
            }
            self.known = vec![None; Self::KEPT];
        }
        self.known[Self::index(site.pc)] = Some(site);
    }
}

/// Walks over the frames.
pub(crate) struct Frames<'a> {
    /// The frame that comes next, if there is one in this activation.
    point: ExitPoint,
    /// The activation that `point` is in.
    entry: *const EntryFrame,
    sites: Sites,
    modules: std::marker::PhantomData<&'a Module>,
}

impl<'a> Frames<'a> {
    /// The frames from `exit` down.
    ///
    /// # Safety
    /// The frames that start at `exit`, with those of all entries of the chain, must be on the value stack for as long
    /// as the iterator is used, and the store must be alive for `'a`.
    pub(crate) unsafe fn new(exit: ExitPoint, entry: *const EntryFrame) -> Frames<'a> {
        Frames { point: exit, entry, sites: Sites::default(), modules: std::marker::PhantomData }
    }

    /// What is known of the place of an address.
    fn site(&mut self, module: &Module, pc: usize, ctx: *mut VmCtx) -> Option<Site> {
        if let Some(site) = self.sites.find(pc, ctx) {
            return Some(site);
        }
        let site = Site::new(module, (pc, ctx), module.func_at(pc)?, 0);
        self.sites.keep(site);
        Some(site)
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        loop {
            if self.point.is_none() {
                if self.entry.is_null() {
                    return None;
                }
                // SAFETY: entries are alive while their activations are.
                let entry = unsafe { &*self.entry };
                (self.point, self.entry) = (entry.outer, entry.prev);
                continue;
            }
            let point = std::mem::replace(&mut self.point, ExitPoint::NONE);
            // SAFETY: a frame's context is that of a live instance of wasm, which lives as long as its store.
            let module: &'a Module = unsafe { &(*(*point.ctx).instance.cast::<InstanceData>()).module };
            let Some(Site { func, word, params, .. }) = self.site(module, point.inside(), point.ctx) else {
                if point.pc == stubs::translate().wrapping_add(1).addr() {
                    // The function had no code yet; the point is at its header.
                    // SAFETY: as promised to `new`.
                    self.point = unsafe { caller_of(point.fp, point.ctx) };
                }
                continue;
            };
            // SAFETY: a function's header lies behind its parameters.
            self.point = unsafe { caller_of(point.fp.add(params as usize), point.ctx) };
            count(Work::Frames, 1);
            return Some(Frame { module, func, word, fp: point.fp });
        }
    }
}
