//! What calls that find their function at run time have called, as lower tiers noted it.
//!
//! ```text
//! cells of an instance ─ note, when a function leaves the tier that fills them ─▶ Targets ─ of ─▶ inliner
//! ```
//!
//! There is one for all instances that share code. A site at which they called different functions is one with many, so what is
//! expected here is what all of them did, so far. Whatever comes later, code tests for what it expects.

use std::sync::atomic::{AtomicU32, Ordering};

use upshift_core::index::FuncIndex;
use upshift_core::vm::CallTarget;

/// What the call sites of a module have called.
///
/// ```
/// use upshift_core::index::FuncIndex;
/// use upshift_core::vm::CallTarget;
/// use upshift_opt::Targets;
///
/// let targets = Targets::new(2);
/// targets.note(1, CallTarget::UNSEEN);
/// assert_eq!(targets.of(1), None);
/// targets.note(1, CallTarget::own(4));
/// targets.note(1, CallTarget::own(4));
/// assert_eq!((targets.of(0), targets.of(1)), (None, Some(FuncIndex(4))));
/// targets.note(1, CallTarget::own(5));
/// assert!(targets.of(1).is_none() && targets.are_many(1) && !targets.are_many(0));
/// ```
#[derive(Debug)]
pub struct Targets(Box<[AtomicU32]>);

/// Nothing was noted.
const UNSEEN: u32 = 0;
/// More than one function, or one that does not belong to the instance. Others stand for their index, and one more.
const MANY: u32 = u32::MAX;

impl Targets {
    /// Nothing is known of so many sites.
    #[must_use]
    pub fn new(sites: u32) -> Targets {
        Targets((0..sites).map(|_| AtomicU32::new(UNSEEN)).collect())
    }

    /// Notes what was called at a site.
    pub fn note(&self, site: u32, target: CallTarget) {
        let (Some(cell), true) = (self.0.get(site as usize), target != CallTarget::UNSEEN) else { return };
        let number = target.only().map_or(MANY, |func| func + 1);
        // Each cell stands for itself, so no order is needed.
        let known = cell.compare_exchange(UNSEEN, number, Ordering::Relaxed, Ordering::Relaxed);
        if known.is_err_and(|known| known != number) {
            cell.store(MANY, Ordering::Relaxed);
        }
    }

    /// The only function that was called at a site, if there is one.
    #[must_use]
    pub fn of(&self, site: u32) -> Option<FuncIndex> {
        match self.0.get(site as usize)?.load(Ordering::Relaxed) {
            UNSEEN | MANY => None,
            number => Some(FuncIndex(number - 1)),
        }
    }

    /// Whether several functions were called at a site, or one that does not belong to the instance.
    #[must_use]
    pub fn are_many(&self, site: u32) -> bool {
        self.0.get(site as usize).is_some_and(|cell| cell.load(Ordering::Relaxed) == MANY)
    }
}
