//! Code that belongs to no function: where returns to the host and to other instances lead, and what stands for functions
//! without code of their own.

use upshift_core::vm::Preamble;
use upshift_ir::Op;

#[cfg(tail_calls)]
use crate::dispatch::tail;

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

static TRANSLATE: Stub = Stub::new(Op::Translate);
static HOST_CALL: Stub = Stub::new(Op::HostCall);
static EXIT: Instr = Instr::new(Op::Exit);
static RESTORE: Instr = Instr::new(Op::Restore);

/// The code of a wasm function that is not translated yet: asks the runtime to do so, then runs it.
#[must_use]
pub fn translate() -> *const u64 {
    &raw const TRANSLATE as *const u64
}

/// The code of every host function: asks the runtime to run it.
#[must_use]
pub fn host_call() -> *const u64 {
    &raw const HOST_CALL as *const u64
}

/// The return address of a frame that the host entered.
#[must_use]
pub fn exit() -> *const u64 {
    &raw const EXIT as *const u64
}

/// The return address of a frame that another instance entered.
#[inline(always)]
#[must_use]
pub fn restore() -> *const u64 {
    &raw const RESTORE as *const u64
}
