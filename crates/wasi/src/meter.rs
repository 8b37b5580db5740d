//! What calls cost, where the engine counts fuel.
//!
//! ```text
//! fuel of the store ─▶ Meter ─ charge, before anything is done ─▶ Failure::OutOfFuel
//!                        └ refund of what was not moved ─▶ fuel of the store
//! ```
//!
//! A call pays for the bytes that it moves or makes, for the entries that it lists, and for system calls. What it was to move
//! at most has to be there when it begins; what it did not move comes back.

use std::cell::Cell;

use crate::error::Failure;

/// How many bytes are moved or made for a unit of fuel, as many as by programs.
const BYTES_PER_UNIT: u64 = 64;

/// What every call costs: most make a system call or two.
pub(crate) const CALL: u64 = 8;

/// What the host may have to look up for a path besides its characters.
pub(crate) const PATH: u64 = 8;

/// What waiting for something costs.
pub(crate) const SUBSCRIPTION: u64 = 2;

/// What it costs to begin a thread, with a store and an instance; what it executes is paid for by its own store.
pub(crate) const THREAD: u64 = 1000;

/// How many bytes of a file get their place on the device for a unit of fuel.
pub(crate) const ALLOCATED_PER_UNIT: u64 = 4 << 10;

/// The fuel that a call may take, and how far it has come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter {
    /// What is left; nothing where fuel is not counted.
    fuel: Cell<Option<u64>>,
    /// How many bytes a call has made that is made in several parts.
    pub(crate) done: u32,
}

impl Meter {
    pub(crate) fn new(fuel: Option<u64>) -> Meter {
        Meter { fuel: Cell::new(fuel), done: 0 }
    }

    /// What is left.
    pub(crate) fn fuel(&self) -> Option<u64> {
        self.fuel.get()
    }

    /// Takes fuel; if there is not enough, all that is left.
    pub(crate) fn charge(&self, units: u64) -> Result<(), Failure> {
        let Some(fuel) = self.fuel.get() else { return Ok(()) };
        let left = fuel.checked_sub(units);
        self.fuel.set(Some(left.unwrap_or(0)));
        left.map(|_| ()).ok_or(Failure::OutOfFuel)
    }

    /// Takes fuel for bytes that are moved or made.
    pub(crate) fn charge_bytes(&self, bytes: u64) -> Result<(), Failure> {
        self.charge(bytes / BYTES_PER_UNIT)
    }

    /// Gives back what was paid for `paid` bytes of which only `moved` were moved.
    pub(crate) fn refund(&self, paid: u64, moved: u64) {
        let units = (paid / BYTES_PER_UNIT).saturating_sub(moved / BYTES_PER_UNIT);
        self.fuel.set(self.fuel.get().map(|fuel| fuel.saturating_add(units)));
    }
}

#[cfg(test)]
mod tests {
    use super::Meter;
    use crate::error::Failure;

    #[test]
    fn what_was_not_moved_comes_back() {
        let meter = Meter::new(Some(100));
        meter.charge_bytes(6400).unwrap();
        assert_eq!(meter.fuel(), Some(0));
        meter.refund(6400, 64);
        assert_eq!(meter.fuel(), Some(99));
        assert_eq!(meter.charge(100), Err(Failure::OutOfFuel));
        assert_eq!(meter.fuel(), Some(0));
        // Where fuel is not counted, there is always enough.
        let free = Meter::default();
        free.charge(u64::MAX).unwrap();
        free.refund(64, 0);
        assert_eq!(free.fuel(), None);
    }
}
