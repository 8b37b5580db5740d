//! Conversions between integers and floats.
//!
//! `cvtt` results in the smallest integer for whatever does not fit, so a test of its result finds these; what becomes of them is
//! decided behind the main line: the nearest integer, zero for NaN, or a trap. Unsigned integers of 64 bits lack an instruction: what
//! has their highest bit set is converted with 2⁶³ less.

use upshift_asm::Label;
use upshift_asm::x64::{Cond, Gpr, Mem, RegMem, Size, Xmm, XmmBinary};
use upshift_core::Trap;
use upshift_core::ops::Unary;
use upshift_translate::backend::{Operand, Slot};

use super::Class;
use crate::cache::Kind;
use crate::compiler::Compiler;
use crate::tables::ColdPath;

/// A float that may not fit into an integer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Misfit {
    value: Xmm,
    from: Kind,
    result: Gpr,
    to: Integer,
    saturates: bool,
    /// A register for what is to be computed, where the integer is an unsigned one of 64 bits.
    spare: Xmm,
    /// Where to go on.
    back: Label,
}

/// A type of integers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Integer {
    I32,
    U32,
    I64,
    U64,
}

impl Integer {
    fn kind(self) -> Kind {
        if matches!(self, Integer::I32 | Integer::U32) { Kind::I32 } else { Kind::I64 }
    }

    /// The least and the greatest, as registers hold them.
    fn bounds(self) -> (u64, u64) {
        match self {
            Integer::I32 => (1 << 31, (1 << 31) - 1),
            Integer::U32 => (0, u32::MAX.into()),
            Integer::I64 => (1 << 63, (1 << 63) - 1),
            Integer::U64 => (0, u64::MAX),
        }
    }
}

/// The bits of 2⁶³.
fn two_to_63(kind: Kind) -> u64 {
    if kind == Kind::F32 { 0x5f00_0000 } else { 0x43e0_0000_0000_0000 }
}

impl Compiler<'_> {
    /// Conversions. Returns whether it was one.
    pub(super) fn emit_conversion(&mut self, op: Unary, dst: Slot, value: Operand) -> bool {
        use Unary as U;
        let (from, to) = (Kind::from(op.operands()[0]), Kind::from(op.result()));
        match op {
            U::F32ConvertI32S | U::F64ConvertI32S => self.emit_from_int(Size::S32, from, to, dst, value),
            // Zero-extended, it is a number of 64 bits that has no sign.
            U::F32ConvertI32U | U::F64ConvertI32U => self.emit_from_int(Size::S64, from, to, dst, value),
            U::F32ConvertI64S | U::F64ConvertI64S => self.emit_from_int(Size::S64, from, to, dst, value),
            U::F32ConvertI64U | U::F64ConvertI64U => self.emit_from_u64(to, dst, value),
            U::I32TruncF32S | U::I32TruncF64S => self.emit_to_int(from, Integer::I32, false, dst, value),
            U::I32TruncF32U | U::I32TruncF64U => self.emit_to_int(from, Integer::U32, false, dst, value),
            U::I64TruncF32S | U::I64TruncF64S => self.emit_to_int(from, Integer::I64, false, dst, value),
            U::I64TruncF32U | U::I64TruncF64U => self.emit_to_int(from, Integer::U64, false, dst, value),
            U::I32TruncSatF32S | U::I32TruncSatF64S => self.emit_to_int(from, Integer::I32, true, dst, value),
            U::I32TruncSatF32U | U::I32TruncSatF64U => self.emit_to_int(from, Integer::U32, true, dst, value),
            U::I64TruncSatF32S | U::I64TruncSatF64S => self.emit_to_int(from, Integer::I64, true, dst, value),
            U::I64TruncSatF32U | U::I64TruncSatF64U => self.emit_to_int(from, Integer::U64, true, dst, value),
            _ => return false,
        }
        true
    }

    fn emit_from_int(&mut self, size: Size, from: Kind, to: Kind, dst: Slot, value: Operand) {
        let value = self.use_gpr(value, from);
        let result = self.cleared();
        self.cvtsi(size, to, result, value);
        self.define(dst, result, to);
    }

    fn cvtsi(&mut self, size: Size, to: Kind, result: Xmm, value: Gpr) {
        match to {
            Kind::F32 => self.asm.cvtsi2ss(size, result, value),
            _ => self.asm.cvtsi2sd(size, result, value),
        }
    }

    /// From an unsigned number of 64 bits: one with the highest bit set is halved first, the lowest bit deciding how it is rounded.
    fn emit_from_u64(&mut self, to: Kind, dst: Slot, value: Operand) {
        let value = self.take_gpr(value, Kind::I64);
        let lowest = self.alloc_gpr();
        let result = self.cleared();
        let (large, over) = (self.asm.label(), self.asm.label());
        self.asm.test(Size::S64, value, value);
        self.asm.jcc_short(Cond::S, large);
        self.cvtsi(Size::S64, to, result, value);
        self.asm.jmp_short(over);
        self.asm.bind(large);
        self.asm.mov(Size::S32, lowest, value);
        self.asm.and_imm(Size::S32, lowest, 1);
        self.asm.shr_imm(Size::S64, value, 1);
        self.asm.or(Size::S64, value, lowest);
        self.cvtsi(Size::S64, to, result, value);
        let add = if to == Kind::F32 { XmmBinary::ADDSS } else { XmmBinary::ADDSD };
        self.asm.xmm_binary(add, result, result);
        self.asm.bind(over);
        self.define(dst, result, to);
    }

    fn cvtt(&mut self, size: Size, from: Kind, result: Gpr, value: Xmm) {
        match from {
            Kind::F32 => self.asm.cvttss2si(size, result, value),
            _ => self.asm.cvttsd2si(size, result, value),
        }
    }

    fn emit_to_int(&mut self, from: Kind, to: Integer, saturates: bool, dst: Slot, value: Operand) {
        let value = self.use_xmm(value, from);
        let result = self.alloc_result(Class::Int).gpr();
        let size = if to == Integer::I32 { Size::S32 } else { Size::S64 };
        self.cvtt(size, from, result, value);
        let mut spare = value;
        let misfits = match to {
            Integer::U32 => {
                // By way of 64 bits: what does not fit there does not here.
                let fits = self.alloc_gpr();
                self.asm.mov(Size::S32, fits, result);
                self.asm.cmp(Size::S64, fits, result);
                Cond::Ne
            }
            Integer::I32 | Integer::I64 => {
                // The smallest number may be a number that fits.
                self.asm.cmp_imm(size, result, 1);
                Cond::O
            }
            Integer::U64 => {
                spare = self.alloc_xmm();
                self.asm.test(Size::S64, result, result);
                Cond::S
            }
        };
        let back = self.asm.label();
        let out = self.cold(ColdPath::Misfit(Misfit { value, from, result, to, saturates, spare, back }));
        self.asm.jcc(misfits, out);
        self.asm.bind(back);
        self.define(dst, result, to.kind());
    }

    /// What becomes of a float that does not fit, or only seems not to.
    pub(crate) fn emit_misfit(&mut self, misfit: Misfit) {
        let Misfit { value, from, result, to, spare, back, .. } = misfit;
        let (nan, low, high) = (self.asm.label(), self.asm.label(), self.asm.label());
        match to {
            Integer::I32 | Integer::U32 => {
                if to == Integer::I32 {
                    // The smallest number is right if it is that with 64 bits, too.
                    let other = self.asm.label();
                    self.cvtt(Size::S64, from, result, value);
                    self.asm.cmp_imm(Size::S64, result, i32::MIN);
                    self.asm.jcc_short(Cond::Ne, other);
                    self.asm.mov(Size::S32, result, result);
                    self.asm.jmp(back);
                    self.asm.bind(other);
                }
                self.ucomi(from, value, RegMem::Reg(value));
                self.asm.jcc(Cond::P, nan);
                self.jump_if_negative(misfit, low);
            }
            Integer::I64 => {
                // That of -2⁶³ is right already.
                let least =
                    self.asm.const64(two_to_63(from) | if from == Kind::F32 { 1 << 31 } else { 1 << 63 });
                self.ucomi(from, value, RegMem::Mem(Mem::pool(least)));
                self.asm.jcc(Cond::P, nan);
                self.asm.jcc(Cond::E, back);
                self.jump_if_negative(misfit, low);
            }
            Integer::U64 => {
                let half = Mem::pool(self.asm.const64(two_to_63(from)));
                self.ucomi(from, value, RegMem::Mem(half));
                self.asm.jcc(Cond::P, nan);
                self.asm.jcc(Cond::B, low);
                self.asm.movaps(spare, value);
                let sub = if from == Kind::F32 { XmmBinary::SUBSS } else { XmmBinary::SUBSD };
                self.asm.xmm_binary(sub, spare, half);
                self.cvtt(Size::S64, from, result, spare);
                self.asm.test(Size::S64, result, result);
                self.asm.jcc(Cond::S, high);
                self.asm.btc_imm(Size::S64, result, 63);
                self.asm.jmp(back);
            }
        }
        let (least, greatest) = to.bounds();
        self.asm.bind(high);
        self.settle_misfit(misfit, greatest, Trap::IntegerOverflow);
        self.asm.bind(low);
        self.settle_misfit(misfit, least, Trap::IntegerOverflow);
        self.asm.bind(nan);
        self.settle_misfit(misfit, 0, Trap::BadConversionToInteger);
    }

    fn jump_if_negative(&mut self, Misfit { value, from, result, .. }: Misfit, negative: Label) {
        match from {
            Kind::F32 => self.asm.movmskps(result, value),
            _ => self.asm.movmskpd(result, value),
        }
        self.asm.test_imm(Size::S32, result, 1);
        self.asm.jcc(Cond::Ne, negative);
    }

    fn settle_misfit(&mut self, misfit: Misfit, nearest: u64, trap: Trap) {
        if misfit.saturates {
            self.asm.mov_imm(misfit.result, nearest);
            self.asm.jmp(misfit.back);
        } else {
            self.emit_trap(trap);
        }
    }
}
