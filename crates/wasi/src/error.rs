//! How a call ends when it does not succeed.
//!
//! ```text
//! Failure::Errno   the guest gets the number and goes on
//! Failure::Fault   a pointer of the guest is bad: the guest is stopped, as the interface demands
//! Failure::Exit    the guest asked to end: the outermost call returns an `Exit` error
//! Failure::OutOfFuel   the guest cannot pay for the call, of which nothing was done: a trap
//! Failure::Unfinished  a part was done, and the call is to go on when the epoch was looked at
//! ```

use std::fmt;

use crate::abi::Errno;

/// The guest ended itself with `proc_exit`.
///
/// It comes out of the outermost call into the guest as an error, which is no failure if the code is 0:
///
/// ```
/// use upshift::Error;
/// use upshift_wasi::Exit;
///
/// fn exit_code(outcome: Result<(), Error>) -> Result<i32, Error> {
///     match outcome {
///         Ok(()) => Ok(0),
///         Err(error) => match error.downcast_ref::<Exit>() {
///             Some(exit) => Ok(exit.0),
///             None => Err(error),
///         },
///     }
/// }
///
/// assert_eq!(exit_code(Err(Error::new(Exit(3)))).ok(), Some(3));
/// assert!(exit_code(Err(Error::msg("a trap"))).is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exit(
    /// The exit code that the guest gave; 0 means success.
    pub i32,
);

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exited with code {}", self.0)
    }
}

impl std::error::Error for Exit {}

/// A guest passed a pointer that cannot be used, and was stopped.
///
/// ```
/// use upshift::{Engine, Error, Linker, Module, Store};
/// use upshift_wasi::{GuestFault, WasiCtxBuilder, add_to_linker};
///
/// # fn main() -> Result<(), Error> {
/// let engine = Engine::default();
/// let module = Module::new(
///     &engine,
///     r#"(module
///         (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
///         (memory (export "memory") 1)
///         (func (export "run") (drop (call $random_get (i32.const 65535) (i32.const 2)))))"#,
/// )?;
/// let mut linker = Linker::new(&engine);
/// add_to_linker(&mut linker, |ctx| ctx)?;
/// let mut store = Store::new(&engine, WasiCtxBuilder::new().build());
/// let instance = linker.instantiate(&mut store, &module)?;
/// let error = instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ()).unwrap_err();
/// let fault = error.downcast_ref::<GuestFault>();
/// assert_eq!(fault, Some(&GuestFault::OutOfBounds { address: 65535, len: 2 }));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GuestFault {
    /// The bytes are not all inside of the memory.
    OutOfBounds {
        /// The pointer.
        address: u32,
        /// How many bytes there should have been.
        len: u64,
    },
    /// The pointer is not a multiple of what its type needs.
    Misaligned {
        /// The pointer.
        address: u32,
        /// What it should be a multiple of.
        align: u32,
    },
}

impl fmt::Display for GuestFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GuestFault::OutOfBounds { address, len } => {
                write!(f, "guest pointer {address:#x} to {len} bytes is out of bounds")
            }
            GuestFault::Misaligned { address, align } => {
                write!(f, "guest pointer {address:#x} is not aligned to {align} bytes")
            }
        }
    }
}

impl std::error::Error for GuestFault {}

/// Why a call did not succeed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Failure {
    Errno(Errno),
    Fault(GuestFault),
    Exit(Exit),
    OutOfFuel,
    Unfinished,
}

/// What every call of the interface returns.
pub(crate) type WasiResult<T = ()> = Result<T, Failure>;

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Failure {
        Failure::Errno(errno)
    }
}

impl From<GuestFault> for Failure {
    fn from(fault: GuestFault) -> Failure {
        Failure::Fault(fault)
    }
}

impl From<std::io::Error> for Failure {
    fn from(err: std::io::Error) -> Failure {
        Failure::Errno(err.into())
    }
}

impl From<rustix::io::Errno> for Failure {
    fn from(errno: rustix::io::Errno) -> Failure {
        Failure::Errno(errno.into())
    }
}
