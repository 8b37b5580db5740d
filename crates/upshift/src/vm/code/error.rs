//! Why there is no native code: for a whole process, or for one function more.

use std::{fmt, io};

use crate::vm::refusal::CodeRefusal;

/// Why functions run in the interpreter although native code would be quicker, see
/// [`Engine::no_native_code`](crate::Engine::no_native_code).
#[derive(Debug)]
#[non_exhaustive]
pub enum NoNativeCode {
    /// There is none in this build, see [`Tier::is_available`](crate::Tier::is_available).
    Unsupported,
    /// The interpreter goes from one instruction to the next by a loop, which native code cannot be reached from.
    Dispatch,
    /// The system gives no address space for it.
    AddressSpace(io::Error),
    /// The system gives no memory that may be executed: what it said to each way of asking.
    Memory(Box<[(&'static str, io::Error)]>),
    /// The system has no memory for more of it.
    NoMore(io::Error),
    /// The system does not tell of faults.
    Faults(io::Error),
    /// A function is not compiled, and why.
    Refused(CodeRefusal),
    /// The range of native code has no room for it.
    Full,
}

impl NoNativeCode {
    /// Whether the system or the settings give no native code to anybody, so that nobody need ask again.
    pub(crate) fn is_final(&self) -> bool {
        match self {
            NoNativeCode::Unsupported
            | NoNativeCode::Dispatch
            | NoNativeCode::AddressSpace(_)
            | NoNativeCode::Memory(_)
            | NoNativeCode::Faults(_) => true,
            NoNativeCode::NoMore(_) | NoNativeCode::Refused(_) | NoNativeCode::Full => false,
        }
    }
}

impl fmt::Display for NoNativeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoNativeCode::Unsupported => f.write_str(
                "this build has no native code: that takes the feature `jit` and an optimised build for Linux on x86-64",
            ),
            NoNativeCode::Dispatch => {
                f.write_str("native code is reached from the tail-call dispatch of the interpreter, and the loop was asked for")
            }
            NoNativeCode::AddressSpace(error) => write!(f, "the system gives no address space for native code: {error}"),
            NoNativeCode::Memory(ways) => {
                f.write_str("the system gives no memory that may be executed")?;
                ways.iter().enumerate().try_for_each(|(number, (way, error))| {
                    write!(f, "{} {way}: {error}", if number == 0 { ":" } else { "," })
                })
            }
            NoNativeCode::NoMore(error) => write!(f, "the system gives no memory for more native code: {error}"),
            NoNativeCode::Faults(error) => write!(f, "the system does not tell of faults in native code: {error}"),
            NoNativeCode::Refused(refusal) => write!(f, "a function stays in the interpreter: {refusal}"),
            NoNativeCode::Full => f.write_str("the address space that is set aside for native code is full"),
        }
    }
}

impl std::error::Error for NoNativeCode {}
