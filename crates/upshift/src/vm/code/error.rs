//! Why there is no native code: for a whole process, or for one function more.

use std::{fmt, io};

/// Why code could not be published. Tier 0 goes on without it; whoever is told says so in one line.
#[derive(Debug)]
pub(crate) enum NoNativeCode {
    /// There is none on this system or processor.
    Unsupported,
    /// The system gives no address space for it.
    AddressSpace(io::Error),
    /// The system gives no memory that may be executed: what it said to each way of asking.
    Memory(Box<[(&'static str, io::Error)]>),
    /// The system has no memory for more of it.
    NoMore(io::Error),
    /// The system does not tell of faults.
    Faults(io::Error),
    /// The range of native code has no room for it.
    Full,
}

impl fmt::Display for NoNativeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoNativeCode::Unsupported => f.write_str("there is none for this system"),
            NoNativeCode::AddressSpace(error) => {
                write!(f, "the system gives no address space for it: {error}")
            }
            NoNativeCode::Memory(ways) => {
                f.write_str("the system gives no memory that may be executed")?;
                ways.iter().enumerate().try_for_each(|(number, (way, error))| {
                    write!(f, "{} {way}: {error}", if number == 0 { ":" } else { "," })
                })
            }
            NoNativeCode::NoMore(error) => write!(f, "the system gives no memory for more of it: {error}"),
            NoNativeCode::Faults(error) => write!(f, "the system does not tell of faults: {error}"),
            NoNativeCode::Full => f.write_str("the address space that is set aside for it is full"),
        }
    }
}

impl std::error::Error for NoNativeCode {}
