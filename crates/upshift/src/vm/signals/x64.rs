//! The registers of a thread that a signal has stopped, on x86-64.
//!
//! In: what the system gives to a handler. Out: where the thread stands and its native code's context; and a way to have it go on
//! at a stub, by the convention of `upshift_interp::native::fault`.

use upshift_core::Trap;
use upshift_core::vm::VmCtx;

/// Where the system puts the general registers, by their numbers in instructions.
const REGISTERS: [libc::c_int; 16] = [
    libc::REG_RAX,
    libc::REG_RCX,
    libc::REG_RDX,
    libc::REG_RBX,
    libc::REG_RSP,
    libc::REG_RBP,
    libc::REG_RSI,
    libc::REG_RDI,
    libc::REG_R8,
    libc::REG_R9,
    libc::REG_R10,
    libc::REG_R11,
    libc::REG_R12,
    libc::REG_R13,
    libc::REG_R14,
    libc::REG_R15,
];

/// A thread, while a handler of its signal runs.
pub(super) struct Stopped<'a> {
    registers: &'a mut [libc::greg_t],
}

impl Stopped<'_> {
    /// The thread that a handler was called for.
    ///
    /// # Safety
    /// `context` is the third argument of the handler, which runs as long as this is used.
    pub(super) unsafe fn of<'a>(context: *mut libc::c_void) -> Stopped<'a> {
        // SAFETY: the caller's promise: such an argument is a context of this kind, for the handler to change.
        let context = unsafe { &mut *context.cast::<libc::ucontext_t>() };
        Stopped { registers: &mut context.uc_mcontext.gregs }
    }

    /// The instruction.
    pub(super) fn pc(&self) -> usize {
        self.registers[libc::REG_RIP as usize] as usize
    }

    /// The context of an instance, if the instruction is native code.
    pub(super) fn ctx(&self) -> *const VmCtx {
        std::ptr::with_exposed_provenance(self.registers[libc::REG_R14 as usize] as usize)
    }

    /// What a register has, by its number in instructions.
    pub(super) fn register(&self, number: u8) -> u64 {
        self.registers[REGISTERS[usize::from(number)] as usize] as u64
    }

    /// Has the thread go on at a stub, which it tells of a trap at the instruction, and of what the trap's text shows.
    pub(super) fn trap_at(&mut self, stub: usize, trap: Trap, operand: u64) {
        self.registers[libc::REG_RDI as usize] = self.registers[libc::REG_RIP as usize];
        self.registers[libc::REG_RSI as usize] = trap as libc::greg_t;
        self.registers[libc::REG_RDX as usize] = operand as libc::greg_t;
        self.registers[libc::REG_RIP as usize] = stub as libc::greg_t;
    }
}
