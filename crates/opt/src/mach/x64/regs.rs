//! Which registers are for what.

use regalloc2::{MachineEnv, PReg, PRegSet, RegClass};
use upshift_asm::x64::{Gpr, Xmm};

/// The frame pointer: the end of the frame's header.
pub const FP: Gpr = Gpr::RBX;
/// The instance's context.
pub const CTX: Gpr = Gpr::R14;
/// The base of memory 0 where that never moves.
pub const MEM: Gpr = Gpr::R15;
/// What emission may always overwrite within an instruction.
pub const SCRATCH: Xmm = Xmm::XMM15;
pub use upshift_codegen::x64::args::{ARGS, FLOATS as FLOAT_ARGS};

/// An integer register as the allocator knows it.
#[must_use]
pub(crate) const fn int(gpr: Gpr) -> PReg {
    PReg::new(gpr.number() as usize, RegClass::Int)
}

/// A float register as the allocator knows it.
#[must_use]
pub(crate) const fn float(xmm: Xmm) -> PReg {
    PReg::new(xmm.number() as usize, RegClass::Float)
}

/// The integer registers that can be allocated.
pub(crate) const INTS: [Gpr; 12] = [
    Gpr::RAX,
    Gpr::RCX,
    Gpr::RDX,
    Gpr::RSI,
    Gpr::RDI,
    Gpr::RBP,
    Gpr::R8,
    Gpr::R9,
    Gpr::R10,
    Gpr::R11,
    Gpr::R12,
    Gpr::R13,
];
/// How many float registers can be allocated, from the first one on.
pub(crate) const FLOATS: u8 = 15;

/// All registers that can be allocated: what calls clobber.
#[must_use]
pub(crate) const fn allocatable() -> PRegSet {
    let mut set = PRegSet::empty();
    let mut n = 0;
    while n < INTS.len() {
        set = set.with(int(INTS[n]));
        n += 1;
    }
    let mut n = 0;
    while n < FLOATS {
        set = set.with(PReg::new(n as usize, RegClass::Float));
        n += 1;
    }
    set
}

/// All registers that can be allocated but those that functions in the convention of C leave as they are.
#[must_use]
pub(crate) const fn overwritten_by_c() -> PRegSet {
    let mut set = PRegSet::empty();
    let mut n = 0;
    while n < INTS.len() {
        if !matches!(INTS[n], Gpr::RBP | Gpr::R12 | Gpr::R13) {
            set = set.with(int(INTS[n]));
        }
        n += 1;
    }
    let mut n = 0;
    while n < FLOATS {
        set = set.with(PReg::new(n as usize, RegClass::Float));
        n += 1;
    }
    set
}

/// The registers as the allocator wants them. No value outlives a call in a register, so none is better than another.
#[must_use]
pub fn environment() -> MachineEnv {
    let mut ints = PRegSet::empty();
    let mut floats = PRegSet::empty();
    for register in allocatable() {
        match register.class() {
            RegClass::Int => ints.add(register),
            _ => floats.add(register),
        }
    }
    MachineEnv {
        preferred_regs_by_class: [ints, floats, PRegSet::empty()],
        non_preferred_regs_by_class: [PRegSet::empty(); 3],
        scratch_by_class: [None, Some(float(SCRATCH)), None],
        fixed_stack_slots: Vec::new(),
    }
}

/// The name of a register.
#[must_use]
pub fn name(register: PReg) -> String {
    const NAMES: [&str; 16] = [
        "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
        "r14", "r15",
    ];
    match register.class() {
        RegClass::Int => NAMES[register.hw_enc() & 15].into(),
        _ => format!("xmm{}", register.hw_enc()),
    }
}
