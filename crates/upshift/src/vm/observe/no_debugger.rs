//! No debugger is told where there is no native code.

/// What nobody makes use of.
#[derive(Debug)]
pub(crate) struct Registration;

impl Registration {
    pub(super) fn new(_name: &str, _address: usize, _len: usize) -> Registration {
        Registration
    }
}
