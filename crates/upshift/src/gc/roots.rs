//! What the host refers to: places that the collector knows and rewrites.
//!
//! ```text
//! slot ─▶ Rooted ─┬─ the bits, if they are an integer
//!                 ├─ the number of a place on the stack ─┐ whose serial tells it from others
//!                 └─ the number of a place with an owner ─┘ that were or will be there
//! ```
//!
//! Most places are a stack. A host function's places go when it returns, those of a scope when the scope ends. Others last as
//! long as their *owner*, a counted pointer, has holders; they are swept now and then. A handle that is left over is *stale*,
//! which its serial tells.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use anyhow::{Result, ensure};

use crate::store::{StoreId, StoreState};

/// Places with an owner are not swept before there are so many.
const LEAST_SWEPT: usize = 64;

/// A place on the stack.
#[derive(Clone, Copy)]
struct Place {
    reference: u32,
    serial: u64,
}

/// A place that lasts as long as its owner.
struct OwnedPlace {
    /// Null if nobody has the place.
    reference: u32,
    serial: u64,
    owner: Weak<()>,
}

impl OwnedPlace {
    fn is_live(&self) -> bool {
        self.owner.strong_count() > 0
    }
}

/// Keeps places as long as it or a clone of it exists.
#[derive(Clone, Default, Debug)]
pub(crate) struct Owner(Arc<()>);

/// The places of a store.
#[derive(Default)]
pub(crate) struct Roots {
    /// The host may make some while it only reads the store.
    places: Mutex<Places>,
}

#[derive(Default)]
struct Places {
    stack: Vec<Place>,
    owned: Vec<OwnedPlace>,
    /// Which of the owned ones nobody has.
    free: Vec<u32>,
    /// How many owned ones there are when they are swept next.
    sweep_at: usize,
    /// That of the newest place. No program lives so long that it begins again: a stale handle would be taken for another.
    serial: u64,
}

impl Places {
    fn push(&mut self, reference: u32) -> Where {
        self.serial += 1;
        self.stack.push(Place { reference, serial: self.serial });
        Where::Place { index: self.stack.len() as u32 - 1, serial: self.serial }
    }

    fn own(&mut self, reference: u32, owner: &Owner) -> Where {
        if self.free.is_empty() && self.owned.len() >= self.sweep_at.max(LEAST_SWEPT) {
            self.sweep();
        }
        self.serial += 1;
        let serial = self.serial;
        let place = OwnedPlace { reference, serial, owner: Arc::downgrade(&owner.0) };
        let index = match self.free.pop() {
            Some(index) => {
                self.owned[index as usize] = place;
                index
            }
            None => {
                self.owned.push(place);
                self.owned.len() as u32 - 1
            }
        };
        Where::Owned { index, serial }
    }

    /// Finds the places whose owners are gone.
    fn sweep(&mut self) {
        for (index, place) in (0..).zip(&mut self.owned) {
            if place.reference != 0 && !place.is_live() {
                (place.reference, place.owner) = (0, Weak::new());
                self.free.push(index);
            }
        }
        self.sweep_at = 2 * (self.owned.len() - self.free.len());
    }

    fn place(&self, index: u32, serial: u64) -> Option<u32> {
        self.stack.get(index as usize).filter(|place| place.serial == serial).map(|place| place.reference)
    }

    fn owned(&self, index: u32, serial: u64) -> Option<&OwnedPlace> {
        self.owned.get(index as usize).filter(|place| place.serial == serial)
    }
}

/// Where the reference is that a handle stands for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Where {
    /// It refers to nothing that could move or go, and is this.
    Here(u32),
    /// In a place on the stack.
    Place { index: u32, serial: u64 },
    /// In a place with an owner.
    Owned { index: u32, serial: u64 },
}

/// A reference that the host holds; never null.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Rooted {
    store: StoreId,
    at: Where,
}

impl Roots {
    fn places(&mut self) -> &mut Places {
        self.places.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many places there are on the stack.
    pub(crate) fn len(&mut self) -> usize {
        self.places().stack.len()
    }

    /// Lets all but the first `len` places of the stack go.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.places().stack.truncate(len);
    }

    /// How many places keep something, those with owners among them.
    pub(crate) fn count(&self) -> usize {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.stack.len() + places.owned.iter().filter(|place| place.is_live()).count()
    }

    /// The references in all places.
    pub(super) fn references_mut(&mut self) -> impl Iterator<Item = &mut u32> {
        let places = self.places();
        places.sweep();
        let stack = places.stack.iter_mut().map(|place| &mut place.reference);
        stack.chain(places.owned.iter_mut().map(|place| &mut place.reference))
    }
}

/// Whether a reference is neither to an object nor to a value of the host, but an integer.
fn is_integer(reference: u32) -> bool {
    reference & 1 != 0
}

impl Rooted {
    /// A handle for a reference of the store; none for null. It lasts as long as what the host is in the midst of.
    pub(crate) fn new(state: &StoreState, reference: u32) -> Option<Rooted> {
        Rooted::make(state, reference, |places| places.push(reference))
    }

    /// A handle that lasts as long as its owner; none for null.
    pub(crate) fn owned(state: &StoreState, reference: u32, owner: &Owner) -> Option<Rooted> {
        Rooted::make(state, reference, |places| places.own(reference, owner))
    }

    fn make(state: &StoreState, reference: u32, place: impl FnOnce(&mut Places) -> Where) -> Option<Rooted> {
        if reference == 0 {
            return None;
        }
        let at = if is_integer(reference) {
            Where::Here(reference)
        } else {
            place(&mut state.gc.roots.places.lock().unwrap_or_else(PoisonError::into_inner))
        };
        Some(Rooted { store: state.id, at })
    }

    /// The reference.
    ///
    /// # Errors
    /// When the handle is stale or belongs to another store.
    pub(crate) fn get(self, state: &StoreState) -> Result<u32> {
        ensure!(
            self.store == state.id,
            "cross-`Store` values are not supported: the reference belongs to another store"
        );
        let places = || state.gc.roots.places.lock().unwrap_or_else(PoisonError::into_inner);
        let reference = match self.at {
            Where::Here(reference) => Some(reference),
            Where::Place { index, serial } => places().place(index, serial),
            Where::Owned { index, serial } => {
                places().owned(index, serial).filter(|place| place.is_live()).map(|place| place.reference)
            }
        };
        reference.ok_or_else(stale)
    }

    /// The reference, as it lies in a slot. The handle was checked since the last collection; its owner may have ended on
    /// another thread meanwhile, but what it refers to is there as long as nothing is swept.
    pub(crate) fn to_slot(self, state: &StoreState) -> u64 {
        let places = || state.gc.roots.places.lock().unwrap_or_else(PoisonError::into_inner);
        let reference = match self.at {
            Where::Here(reference) => Some(reference),
            Where::Place { index, serial } => places().place(index, serial),
            Where::Owned { index, serial } => places().owned(index, serial).map(|place| place.reference),
        };
        u64::from(reference.unwrap_or(0))
    }
}

#[cold]
fn stale() -> anyhow::Error {
    anyhow::anyhow!("stale reference: the host function, scope or owner that kept it has ended")
}
