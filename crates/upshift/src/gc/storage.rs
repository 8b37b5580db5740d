//! Fields and elements: from slots and values to bytes of the heap, and back.

use anyhow::Result;
use upshift_core::types::composite::StorageType;

use crate::store::StoreState;
use crate::val::Val;

/// Writes a value that lies in slots to a field or element of `1 << bytes_log2` bytes.
///
/// # Safety
/// `at` must be a field or element of that size, and `slots` the value's one slot, or two for a vector.
pub(crate) unsafe fn write_slots(at: *mut u8, bytes_log2: u32, slots: *const u64) {
    // SAFETY: the caller's promise; fields are aligned at 8 bytes at most.
    unsafe {
        match bytes_log2 {
            0 => at.write(*slots as u8),
            1 => at.cast::<u16>().write(*slots as u16),
            2 => at.cast::<u32>().write(*slots as u32),
            3 => at.cast::<u64>().write(*slots),
            _ => {
                at.cast::<u64>().write(*slots);
                at.cast::<u64>().add(1).write(*slots.add(1));
            }
        }
    }
}

/// Reads a field or element; packed integers are extended with zeroes.
///
/// # Safety
/// `at` must be a field or element of the type in an object of the store.
pub(super) unsafe fn read(state: &StoreState, storage: StorageType, at: *const u8) -> Val {
    // SAFETY: the caller's promise; a slot holds what the type's bytes hold, extended with zeroes.
    unsafe {
        let slots = match storage.bytes() {
            1 => [u64::from(at.read()), 0],
            2 => [u64::from(at.cast::<u16>().read()), 0],
            4 => [u64::from(at.cast::<u32>().read()), 0],
            8 => [at.cast::<u64>().read(), 0],
            _ => [at.cast::<u64>().read(), at.cast::<u64>().add(1).read()],
        };
        Val::read(state, storage.unpack(), slots.as_ptr())
    }
}

/// Makes sure that a value can be stored.
pub(super) fn check(state: &StoreState, storage: StorageType, value: &Val) -> Result<()> {
    value.check(state, storage.unpack())
}

/// Writes a field or element.
///
/// # Safety
/// `at` must be a field or element of the type in an object of the store, and the value must have been checked.
pub(super) unsafe fn write(state: &StoreState, storage: StorageType, at: *mut u8, value: &Val) {
    let mut slots = [0; 2];
    // SAFETY: a value takes two slots at most; the rest is the caller's promise.
    unsafe {
        value.write(state, slots.as_mut_ptr());
        write_slots(at, storage.bytes().trailing_zeros(), slots.as_ptr());
    }
}
