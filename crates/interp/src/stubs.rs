//! Code that belongs to no function: the targets of returns to the host and to other instances, and placeholders for functions
//! that have no code of their own.

use std::mem::offset_of;

use upshift_core::vm::Preamble;
use upshift_ir::Op;

#[cfg(tail_calls)]
use crate::dispatch::tail;
#[cfg(native)]
use crate::native;

/// A preamble and one instruction.
#[repr(C)]
struct Stub {
    preamble: u64,
    instr: Instr,
}

/// A linked instruction without operands.
#[repr(C)]
struct Instr {
    #[cfg(tail_calls)]
    handler: tail::Handler,
    #[cfg(not(tail_calls))]
    handler: u64,
    word: u64,
}

impl Instr {
    const fn new(op: Op) -> Instr {
        Instr {
            #[cfg(tail_calls)]
            handler: tail::handler_of(op),
            #[cfg(not(tail_calls))]
            handler: 0,
            word: op as u64,
        }
    }
}

impl Stub {
    const fn new(op: Op) -> Stub {
        Stub { preamble: Preamble { frame_slots: 0 }.to_word(), instr: Instr::new(op) }
    }
}

/// An instruction where returns lead, with the word in front that every return address has, see
/// [`Op::returns_here`].
#[repr(C)]
struct ReturnPoint {
    native: Address,
    instr: Instr,
}

/// An address of code.
#[repr(transparent)]
struct Address(*const ());

// SAFETY: it is only jumped to.
unsafe impl Sync for Address {}

/// Where native code goes on that returns to the host.
const RETURN: *const () = {
    #[cfg(native)]
    {
        native::arch::return_to_interpreter as unsafe extern "C" fn() as *const ()
    }
    #[cfg(not(native))]
    std::ptr::null()
};

/// Where native code goes on that returns to another instance.
const RESTORED: *const () = {
    #[cfg(native)]
    {
        native::arch::restored()
    }
    #[cfg(not(native))]
    std::ptr::null()
};

impl ReturnPoint {
    const fn new(op: Op, native: *const ()) -> ReturnPoint {
        ReturnPoint { native: Address(native), instr: Instr::new(op) }
    }
}

/// All of them, in one place so that an address is told apart by one comparison.
#[repr(C)]
pub(crate) struct Stubs {
    translate: Stub,
    host_call: Stub,
    exit: ReturnPoint,
    restore: ReturnPoint,
}

/// How many bytes they have.
#[cfg(native)]
pub(crate) const SIZE: usize = size_of::<Stubs>();

/// The byte at which [`restore`] lies.
#[cfg(native)]
pub(crate) const RESTORE: usize = offset_of!(Stubs, restore) + offset_of!(ReturnPoint, instr);

pub(crate) static STUBS: Stubs = Stubs {
    translate: Stub::new(Op::Translate),
    host_call: Stub::new(Op::HostCall),
    exit: ReturnPoint::new(Op::Exit, RETURN),
    restore: ReturnPoint::new(Op::Restore, RESTORED),
};

/// Which stub holds an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StubKind {
    /// [`translate`]: a frame whose function has not begun.
    Translate,
    /// [`host_call`]: a frame of a host function.
    HostCall,
    /// [`exit`]: where an activation of the host ends.
    Exit,
    /// [`restore`]: where a call into another instance ends.
    Restore,
}

/// The stub that holds an address, if it is in one.
#[inline]
#[must_use]
pub fn find(address: usize) -> Option<StubKind> {
    let offset = address.wrapping_sub((&raw const STUBS).addr());
    if offset >= size_of::<Stubs>() {
        return None;
    }
    Some(match offset {
        _ if offset < offset_of!(Stubs, host_call) => StubKind::Translate,
        _ if offset < offset_of!(Stubs, exit) => StubKind::HostCall,
        _ if offset < offset_of!(Stubs, restore) => StubKind::Exit,
        _ => StubKind::Restore,
    })
}

/// The code of a wasm function that is not translated yet: asks the runtime to do so, then runs it.
#[must_use]
pub fn translate() -> *const u64 {
    (&raw const STUBS.translate).cast()
}

/// The code of every host function: asks the runtime to run it.
#[must_use]
pub fn host_call() -> *const u64 {
    (&raw const STUBS.host_call).cast()
}

/// The return address of a frame that the host entered.
#[must_use]
pub fn exit() -> *const u64 {
    (&raw const STUBS.exit.instr).cast()
}

/// The return address of a frame that another instance entered.
#[inline(always)]
#[must_use]
pub fn restore() -> *const u64 {
    (&raw const STUBS.restore.instr).cast()
}

#[cfg(test)]
mod tests {
    use super::{StubKind, exit, find, host_call, restore, translate};

    #[test]
    fn each_stub_is_known_by_its_addresses() {
        let stubs = [
            (translate(), 3, StubKind::Translate),
            (host_call(), 3, StubKind::HostCall),
            (exit(), 2, StubKind::Exit),
            (restore(), 2, StubKind::Restore),
        ];
        for (start, words, kind) in stubs {
            let bytes = start.addr()..start.addr() + words * size_of::<u64>();
            assert!(bytes.clone().all(|address| find(address) == Some(kind)), "{kind:?}");
        }
        assert_eq!(find(translate().addr() - 1), None);
        assert_eq!(find(restore().addr() + 16), None);
        assert_eq!(find(0), None);
    }
}
