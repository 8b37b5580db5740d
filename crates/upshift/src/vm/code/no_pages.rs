//! Memory for native code on systems on which there is none: nothing comes in, and nothing goes out.

use std::convert::Infallible;
use std::io;
use std::ops::Range;

use super::NoNativeCode;

/// A way to get such memory: none is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {}

impl Way {
    /// In the order in which they are tried.
    pub(super) const ALL: [Way; 0] = [];

    /// In the order for profilers.
    pub(super) const NAMELESS_FIRST: [Way; 0] = [];
}

/// Where code would be written.
#[derive(Debug)]
pub(super) struct View(Infallible);

/// There is no such memory.
///
/// # Errors
/// Always.
///
/// # Safety
/// None is needed.
pub(super) unsafe fn map(_at: *mut u8, _len: usize, _ways: &[Way]) -> Result<View, (NoNativeCode, bool)> {
    Err((NoNativeCode::Unsupported, false))
}

/// Nothing was mapped.
///
/// # Errors
/// Never.
///
/// # Safety
/// None is needed.
pub(super) unsafe fn unmap(_at: *mut u8, _len: usize) -> io::Result<()> {
    Ok(())
}

impl View {
    pub(super) fn is_here(&self) -> bool {
        match self.0 {}
    }

    pub(super) fn provide(&self, _bytes: Range<usize>) -> io::Result<()> {
        match self.0 {}
    }

    pub(super) fn write(&mut self, _at: usize, _bytes: &[u8]) {
        match self.0 {}
    }
}
