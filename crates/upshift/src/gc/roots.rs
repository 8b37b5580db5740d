//! What the host refers to: places that the collector knows and rewrites.
//!
//! ```text
//! slot ─▶ Rooted ─┬─ the bits, if they are no object: an integer, a value of the host
//!                 └─ the number of a place, whose serial tells it from others that were or will be there
//! ```
//!
//! Places are a stack. A host function's places go when it returns, those of a scope when the scope ends; a handle that is
//! left over is *stale*, which its serial tells.

use std::sync::{Mutex, PoisonError};

use anyhow::{Result, ensure};
use upshift_core::vm::is_object;

use crate::store::{StoreId, StoreState};

/// A place on the stack.
#[derive(Clone, Copy)]
struct Place {
    reference: u32,
    serial: u64,
}

/// The places of a store.
#[derive(Default)]
pub(crate) struct Roots {
    /// The host may make some while it only reads the store.
    places: Mutex<Stack>,
}

#[derive(Default)]
struct Stack {
    places: Vec<Place>,
    /// That of the newest place. No program lives so long that it begins again: a stale handle would be taken for another.
    serial: u64,
}

impl Stack {
    fn push(&mut self, reference: u32) -> Where {
        self.serial += 1;
        self.places.push(Place { reference, serial: self.serial });
        Where::Place { index: self.places.len() as u32 - 1, serial: self.serial }
    }
}

/// Where the reference is that a handle stands for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Where {
    /// It refers to no object, and is this.
    Here(u32),
    /// In a place.
    Place { index: u32, serial: u64 },
}

/// A reference that the host holds; never null.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Rooted {
    store: StoreId,
    at: Where,
}

impl Roots {
    /// How many places there are.
    pub(crate) fn len(&mut self) -> usize {
        self.places.get_mut().unwrap_or_else(PoisonError::into_inner).places.len()
    }

    /// Lets all but the first `len` places go.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.places.get_mut().unwrap_or_else(PoisonError::into_inner).places.truncate(len);
    }

    /// The references in all places.
    pub(super) fn references_mut(&mut self) -> impl Iterator<Item = &mut u32> {
        let stack = self.places.get_mut().unwrap_or_else(PoisonError::into_inner);
        stack.places.iter_mut().map(|place| &mut place.reference)
    }
}

impl Rooted {
    /// A handle for a reference of the store; none for null.
    pub(crate) fn new(state: &StoreState, reference: u32) -> Option<Rooted> {
        if reference == 0 {
            return None;
        }
        let at = if is_object(reference) {
            state.gc.roots.places.lock().unwrap_or_else(PoisonError::into_inner).push(reference)
        } else {
            Where::Here(reference)
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
        match self.at {
            Where::Here(reference) => Ok(reference),
            Where::Place { index, serial } => {
                let stack = state.gc.roots.places.lock().unwrap_or_else(PoisonError::into_inner);
                let place = stack.places.get(index as usize).filter(|place| place.serial == serial);
                place.map(|place| place.reference).ok_or_else(stale)
            }
        }
    }

    /// The reference, as it lies in a slot. The handle was checked.
    pub(crate) fn to_slot(self, state: &StoreState) -> u64 {
        self.get(state).map_or(0, u64::from)
    }
}

#[cold]
fn stale() -> anyhow::Error {
    anyhow::anyhow!("stale reference: the host function or the scope that it was made in has ended")
}
