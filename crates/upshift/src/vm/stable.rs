//! Owned values with an address that generated code may hold on to.

use std::ptr::NonNull;

/// A heap value that is reached through raw pointers only.
///
/// Unlike a `Box`, moving the owner does not claim that nobody else points to the value.
pub(crate) struct Stable<T>(NonNull<T>);

impl<T> Stable<T> {
    pub(crate) fn new(value: T) -> Stable<T> {
        Stable(NonNull::from(Box::leak(Box::new(value))))
    }

    /// The address, valid until the owner is dropped.
    pub(crate) fn as_ptr(&self) -> *mut T {
        self.0.as_ptr()
    }

    /// The address, valid until the owner is dropped.
    pub(crate) fn as_non_null(&self) -> NonNull<T> {
        self.0
    }
}

impl<T> Drop for Stable<T> {
    fn drop(&mut self) {
        // SAFETY: `new` leaked exactly this box, and the owner is dropped once.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}
