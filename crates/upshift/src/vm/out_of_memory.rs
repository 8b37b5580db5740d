//! What is said when the operating system gives no memory or address space.

use std::{fmt, io};

/// The operating system has not given the memory or address space that something needs.
///
/// It stands behind the errors of whatever makes a memory, table, heap of objects, stack or instance. A limit of the host or of
/// a type that is reached is another error.
///
/// ```
/// use upshift::{Engine, Memory, MemoryType, OutOfMemory, Store};
///
/// let mut store = Store::new(&Engine::default(), ());
/// // 2^60 bytes: no machine has them.
/// let ty = MemoryType::new64(1 << 44, None);
/// let error = Memory::new(&mut store, ty).unwrap_err();
/// let refused = error.downcast_ref::<OutOfMemory>().unwrap();
/// assert_eq!(refused.bytes(), 1 << 60);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OutOfMemory {
    what: &'static str,
    bytes: u64,
    os_error: Option<i32>,
}

impl OutOfMemory {
    /// `what` was to be made of so many bytes.
    pub(crate) fn new(what: &'static str, bytes: u64) -> OutOfMemory {
        OutOfMemory { what, bytes, os_error: None }
    }

    /// As [`new`](Self::new), for an error of the system.
    pub(crate) fn of(what: &'static str, bytes: usize) -> impl Fn(io::Error) -> OutOfMemory {
        move |error| OutOfMemory { what, bytes: bytes as u64, os_error: error.raw_os_error() }
    }

    /// How many bytes were asked for.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the system does not give {} bytes for {}", self.bytes, self.what)?;
        match self.os_error {
            Some(code) => write!(f, ": {}", io::Error::from_raw_os_error(code)),
            None => Ok(()),
        }
    }
}

impl std::error::Error for OutOfMemory {}
