//! Code that belongs to no function: where returns to the host and to other instances lead, and what stands for functions
//! without code of their own.

use upshift_core::vm::Preamble;
use upshift_ir::Op;

/// A preamble and one instruction.
#[repr(C)]
struct Stub([u64; 2]);

impl Stub {
    const fn new(op: Op) -> Stub {
        Stub([Preamble { frame_slots: 0 }.to_word(), op as u64])
    }
}

static TRANSLATE: Stub = Stub::new(Op::Translate);
static HOST_CALL: Stub = Stub::new(Op::HostCall);
static EXIT: [u64; 1] = [Op::Exit as u64];
static RESTORE: [u64; 1] = [Op::Restore as u64];

/// The code of a wasm function that is not translated yet: asks the runtime to do so, then runs it.
#[must_use]
pub fn translate() -> *const u64 {
    TRANSLATE.0.as_ptr()
}

/// The code of every host function: asks the runtime to run it.
#[must_use]
pub fn host_call() -> *const u64 {
    HOST_CALL.0.as_ptr()
}

/// The return address of a frame that the host entered.
#[must_use]
pub fn exit() -> *const u64 {
    EXIT.as_ptr()
}

/// The return address of a frame that another instance entered.
#[inline(always)]
#[must_use]
pub fn restore() -> *const u64 {
    RESTORE.as_ptr()
}
