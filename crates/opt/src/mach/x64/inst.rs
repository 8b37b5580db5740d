//! The instructions of x86-64 that functions of tier 2 consist of.
//!
//! Behind each variant stand its operands, in the order in which the allocator sees them: `u` a use in a register, `any` a use that is
//! folded into the instruction if it was spilled, `m` the registers of an address (base, then index, as far as it has them), `d` a
//! definition, `d=0` one in the register of operand 0, a name in brackets a fixed register, `t` a register that is overwritten.

use std::fmt;

use regalloc2::PRegSet;
use upshift_asm::Stub;
use upshift_asm::x64::{Alu, Cond, CpuFeatures, Scale, Shift, Size, XmmBinary, XmmUnary};
use upshift_core::Trap;

use super::regs::{allocatable, overwritten_by_c};
use super::vector::VectorOp;
use crate::mach::MachInst;

/// What an address is relative to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Base {
    /// A register, which is an operand.
    Reg,
    /// Nothing: only index and displacement.
    None,
    /// Memory 0, in guard mode.
    Memory,
    /// The context.
    Context,
    /// The frame pointer.
    Frame,
    /// The area at the end of the frame for arguments and results of calls.
    Out,
    /// The constant with the number in place of the displacement.
    Const,
}

/// The shape of an address. Its registers are operands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Addr {
    /// What it is relative to.
    pub base: Base,
    /// How an index is scaled, if there is one.
    pub index: Option<Scale>,
    /// The displacement in bytes.
    pub disp: i32,
}

impl fmt::Debug for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = match self.base {
            Base::Reg => "base",
            Base::None => "",
            Base::Memory => "memory",
            Base::Context => "context",
            Base::Frame => "frame",
            Base::Out => "out",
            Base::Const => return write!(f, "[constant {}]", self.disp),
        };
        let index = match self.index {
            None => "",
            Some(Scale::X1) => " + index",
            Some(Scale::X2) => " + index*2",
            Some(Scale::X4) => " + index*4",
            Some(Scale::X8) => " + index*8",
        };
        write!(f, "[{base}{index}{:+}]", self.disp)
    }
}

/// Whether an access may fault, which is then a trap: the number of its memory. The index of its address is then the address as the
/// program has it, not scaled; if there is none, but a base in a register, that is the sum of this address and the base of memory 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault(u32);

impl Fault {
    /// It does not.
    pub const NONE: Fault = Fault(0);

    /// It may, in a memory.
    #[must_use]
    pub const fn memory(number: u32) -> Fault {
        Fault(number + 1)
    }

    /// The memory in which it may.
    #[must_use]
    pub const fn in_memory(self) -> Option<u32> {
        self.0.checked_sub(1)
    }
}

/// An operand in memory.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Where.
    pub addr: Addr,
    /// Whether it may fault.
    pub fault: Fault,
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.addr.fmt(f)?;
        self.fault.in_memory().map_or(Ok(()), |memory| write!(f, " of memory {memory}"))
    }
}

/// What flags say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Test {
    /// A condition holds.
    If(Cond),
    /// Floats are equal, after a comparison of floats.
    Equal,
    /// Floats are not equal, or one is not a number.
    NotEqual,
}

impl Test {
    /// What holds if this does not.
    #[must_use]
    pub const fn not(self) -> Test {
        match self {
            Test::If(cond) => Test::If(cond.inverted()),
            Test::Equal => Test::NotEqual,
            Test::NotEqual => Test::Equal,
        }
    }
}

/// Operations on one integer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "they are mnemonics")]
pub enum Unary {
    Popcnt,
    Tzcnt,
    Lzcnt,
    Bsf,
    Bsr,
    /// Zero-extends 8 bits.
    Zx8,
    /// Zero-extends 16 bits.
    Zx16,
    /// Zero-extends 32 bits, whatever the size.
    Zx32,
    /// Sign-extends 8 bits to the size.
    Sx8,
    /// Sign-extends 16 bits to the size.
    Sx16,
    /// Sign-extends 32 bits to 64, whatever the size.
    Sx32,
    /// Copies 64 bits.
    Copy,
}

/// What is loaded, and to what it is extended: `Zx` and `W` leave no upper bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub enum LoadOp {
    Zx8,
    Zx16,
    W32,
    W64,
    Sx8To32,
    Sx8To64,
    Sx16To32,
    Sx16To64,
    Sx32To64,
    F32,
    F64,
    V128,
}

/// What is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub enum StoreOp {
    W8,
    W16,
    W32,
    W64,
    F32,
    F64,
    V128,
}

/// What a trap tells besides its kind, from operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Detail {
    /// Nothing.
    None,
    /// `any`: an address, an index, or a reference.
    Value,
    /// `any any`: an index, and the address of the array, whose length is told.
    Element,
    /// All fuel that is left is taken.
    OutOfFuel,
}

/// An instruction.
#[derive(Clone, Copy, PartialEq, Debug)]
#[expect(missing_docs, reason = "the first of those that are alike tells what they do")]
pub enum Inst {
    /// `d`: a constant. Leaves flags alone.
    Imm(u64),
    /// `d`: the float or vector without any bit.
    Zero,
    /// `any d`
    Unary(Unary, Size),
    /// `u any d=0`; `u d=0` with an immediate, `u m d=0` with memory. Not for comparisons.
    Alu(Alu, Size),
    AluImm(Alu, Size, i32),
    AluLoad(Alu, Size, Memory),
    /// `u m`: memory is changed. `m` with an immediate.
    AluStore(Alu, Size, Memory),
    AluStoreImm(Alu, Size, Memory, i32),
    /// `u any`: sets flags. `any` with an immediate; `u m`, `m` with memory.
    Cmp(Size),
    CmpImm(Size, i32),
    CmpLoad(Size, Memory),
    CmpLoadImm(Size, Memory, i32),
    /// `u u`: sets flags by the conjunction. `any` with an immediate; `m` with memory.
    Test(Size),
    TestImm(Size, i32),
    TestLoadImm(Size, Memory, i32),
    /// `u d=0`
    Not(Size),
    Neg(Size),
    Bswap(Size),
    /// `m d`: an address.
    Lea(Size, Addr),
    /// `u any d=0`, `any d`, `u m d=0`
    Imul(Size),
    ImulImm(Size, i32),
    ImulLoad(Size, Memory),
    /// `u[rax] any d[rax] d[rdx]`: the lower and the upper half of a product.
    MulWide {
        signed: bool,
        size: Size,
    },
    /// `u[rax] u d[rax] d[rdx]`: quotient and remainder. The divisor is not 0, and the quotient fits.
    Div {
        signed: bool,
        size: Size,
    },
    /// `u u[rcx] d=0`
    Shift(Shift, Size),
    /// `u d=0`
    ShiftImm(Shift, Size, u8),
    /// `any u d`: shifts by a register (BMI2): left, right, right with sign.
    Shlx(Size),
    Shrx(Size),
    Sarx(Size),
    /// `any d`: rotates right (BMI2).
    Rorx(Size, u8),
    /// `u any d`: the second without the bits of the first (BMI1).
    Andn(Size),
    /// `d`: 1 if the flags say so, else 0. `d t` for [`Test::Equal`] and [`Test::NotEqual`].
    Set(Test),
    /// `u any d=0`: the second operand if the flags say so, else the first. Never [`Test::Equal`].
    Select(Test, Size),
    /// `u u d=0`: the same of floats and vectors. Never [`Test::Equal`].
    SelectXmm(Test),
    /// `m d`
    Load(LoadOp, Memory),
    /// `u m`
    Store(StoreOp, Memory),
    /// `m`: stores an immediate, sign-extended.
    StoreImm(Size, Memory, i32),
    /// `any`: all of a value to a slot of the area for arguments, from its start. Vectors take two.
    StoreOut {
        slot: u32,
        vector: bool,
    },
    /// `u any d` with VEX, `u any d=0` without; `m` instead of the second with memory. Of vectors in memory only with VEX: without it
    /// they are in registers.
    Xmm {
        op: XmmBinary,
        vex: bool,
    },
    XmmLoad {
        op: XmmBinary,
        vex: bool,
        memory: Memory,
    },
    /// `any d`, `m d`. `fresh` if the instruction leaves parts of its target as they were: it is cleared before.
    XmmUnary {
        op: XmmUnary,
        vex: bool,
        fresh: bool,
    },
    XmmUnaryLoad {
        op: XmmUnary,
        vex: bool,
        fresh: bool,
        memory: Memory,
    },
    /// `any d`: a scalar operation on one operand, whose instruction has two: the other one is zero.
    Scalar {
        op: XmmBinary,
        vex: bool,
    },
    /// An operation of vectors, with operands by its [shape](VectorOp::shape), and an immediate if it has one.
    Vector {
        op: VectorOp,
        imm: u8,
    },
    /// The same with its last source in memory, which is 16 bytes only with AVX.
    VectorLoad {
        op: VectorOp,
        imm: u8,
        memory: Memory,
    },
    /// `u m`: stores a lane or a half.
    VectorStore {
        op: VectorOp,
        imm: u8,
        memory: Memory,
    },
    /// `u`: sets flags by whether a vector is zero.
    TestXmm {
        vex: bool,
    },
    /// `u any`, `u m`: compares floats and sets flags.
    Ucomi {
        double: bool,
    },
    UcomiLoad {
        double: bool,
        memory: Memory,
    },
    /// `any d`: a signed integer of that size to a float.
    FromInt {
        double: bool,
        size: Size,
    },
    /// `any d`: a float to a signed integer of that size, truncated.
    ToInt {
        double: bool,
        size: Size,
    },
    /// `any d`: bits of an integer as a float or the lowest lane of a vector, upper bits zero, and back.
    IntToXmm(Size),
    XmmToInt(Size),
    /// `u m d=0`: exchanges, adds; for all processors as one. What was in memory is not extended.
    Xchg(Size, Memory),
    Xadd(Size, Memory),
    /// `u[rax] u m d[rax]`: stores the second operand if memory has the first; returns what was there, not extended.
    Cmpxchg(Size, Memory),
    /// `u m t d[rax]`: and, or, xor for all processors as one; returns what was there, not extended. The uses are late.
    AtomicLoop(Alu, Size, Memory),
    /// `u[rdi] u[rsi] u[rdx]`: a function in the convention of C that copies or fills bytes, all of which are there.
    Bulk(Stub),
    /// Waits until all accesses are visible.
    Fence,
    /// Goes on if the flags do not say so, else stops with a trap. Operands by [`Detail`].
    TrapIf(Test, Trap, Detail),

    /// `d…`: the entry of a function: parameters that are in registers.
    Entry,
    /// `u…[args] late-any…[live references] d?[rax or xmm0]`: a call, by its number. All registers are clobbered.
    Call(u32),
    /// The same as the end of a block; without result.
    Invoke(u32),
    /// `late-any…`: instructions of the interpreter, by their number. All registers are clobbered.
    Embed(u32),
    /// The same as the end of a block, without a successor.
    EmbedLast(u32),
    /// The same as the end of a block that only landings follow.
    EmbedInvoke(u32),
    /// `late-any…`: instructions of the interpreter, by their number, that leave all registers alone but for references. It ends a
    /// block and has one successor.
    Safepoint(u32),

    /// Ends of blocks. To the only successor.
    Jump,
    /// To the first successor if the flags say so, else to the second.
    Branch(Test),
    /// `u t t`: to the successor that the table of that number has for the index.
    Table(u32),
    /// `u`, or nothing: returns, see [`Builder::ret`](crate::mach::Builder::ret), by the number of the return's description. Its
    /// operand is the only value, if there is just one.
    Return {
        number: u32,
        value: bool,
    },
    /// `u…[args] u?[r11]`: replaces the function, by the number of the call. The last operand leads to the callee, if it has to be found.
    TailCall(u32),
    /// Stops with a trap. Operands by [`Detail`].
    Trap(Trap, Detail),
}

impl MachInst for Inst {
    type Machine = CpuFeatures;

    fn is_return(&self) -> bool {
        matches!(self, Inst::Return { .. } | Inst::TailCall(_) | Inst::EmbedLast(_) | Inst::Trap(..))
    }

    fn is_branch(&self) -> bool {
        matches!(
            self,
            Inst::Jump
                | Inst::Branch(_)
                | Inst::Table(_)
                | Inst::Invoke(_)
                | Inst::EmbedInvoke(_)
                | Inst::Safepoint(_)
        )
    }

    fn is_entry(&self) -> bool {
        matches!(self, Inst::Entry)
    }

    fn is_value_return(&self) -> bool {
        matches!(self, Inst::Return { value: true, .. })
    }

    fn is_trap(&self) -> bool {
        matches!(self, Inst::Trap(..) | Inst::EmbedLast(_))
    }

    fn check(&self) -> Option<Trap> {
        match *self {
            Inst::TrapIf(_, trap, _) => Some(trap),
            _ => None,
        }
    }

    fn is_call(&self) -> bool {
        matches!(self, Inst::Call(_) | Inst::Invoke(_) | Inst::TailCall(_))
    }

    fn is_embedded(&self) -> bool {
        matches!(self, Inst::Embed(_) | Inst::EmbedLast(_) | Inst::EmbedInvoke(_) | Inst::Safepoint(_))
    }

    fn clobbers(&self) -> PRegSet {
        match self {
            Inst::Call(_) | Inst::Invoke(_) | Inst::Embed(_) | Inst::EmbedInvoke(_) => {
                const { allocatable() }
            }
            Inst::Bulk(_) => const { overwritten_by_c() },
            _ => PRegSet::empty(),
        }
    }

    fn jump() -> Inst {
        Inst::Jump
    }
}
