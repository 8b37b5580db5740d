//! Instructions on integers in registers, and selections by flags.

use regalloc2::{Operand, OperandKind, OperandPos, RegClass, VReg};
use upshift_asm::x64::{Alu, CpuFeature, Gpr, Shift, Size};

use super::{Address, fixed};
use crate::mach::Builder;
use crate::mach::x64::inst::{Fault, Inst, Test, Unary};
use crate::mach::x64::regs::int;
use crate::ssa::Ty;

/// # Integers
impl Builder<Inst> {
    /// An operation on one operand.
    pub fn unary(&mut self, op: Unary, size: Size, value: VReg) -> VReg {
        self.any(value);
        self.int(Inst::Unary(op, size))
    }

    /// `lhs op rhs`; not for comparisons.
    pub fn alu(&mut self, op: Alu, size: Size, lhs: VReg, rhs: VReg) -> VReg {
        self.u(lhs);
        self.any(rhs);
        self.int_reuse(Inst::Alu(op, size))
    }

    /// The same with an immediate, sign-extended.
    pub fn alu_imm(&mut self, op: Alu, size: Size, lhs: VReg, imm: i32) -> VReg {
        self.u(lhs);
        self.int_reuse(Inst::AluImm(op, size, imm))
    }

    /// The same with an operand in memory.
    pub fn alu_load(&mut self, op: Alu, size: Size, lhs: VReg, address: Address, fault: Fault) -> VReg {
        self.u(lhs);
        let memory = self.memory(address, fault);
        self.int_reuse(Inst::AluLoad(op, size, memory))
    }

    /// Memory `op=` the value.
    pub fn alu_store(&mut self, op: Alu, size: Size, address: Address, fault: Fault, value: VReg) {
        self.u(value);
        let memory = self.memory(address, fault);
        self.push(Inst::AluStore(op, size, memory));
    }

    /// The same with an immediate.
    pub fn alu_store_imm(&mut self, op: Alu, size: Size, address: Address, fault: Fault, imm: i32) {
        let memory = self.memory(address, fault);
        self.push(Inst::AluStoreImm(op, size, memory, imm));
    }

    /// Compares.
    pub fn cmp(&mut self, size: Size, lhs: VReg, rhs: VReg) {
        self.u(lhs);
        self.any(rhs);
        self.push(Inst::Cmp(size));
    }

    /// Compares with an immediate, sign-extended.
    pub fn cmp_imm(&mut self, size: Size, lhs: VReg, imm: i32) {
        self.any(lhs);
        self.push(Inst::CmpImm(size, imm));
    }

    /// Compares with memory.
    pub fn cmp_load(&mut self, size: Size, lhs: VReg, address: Address, fault: Fault) {
        self.u(lhs);
        let memory = self.memory(address, fault);
        self.push(Inst::CmpLoad(size, memory));
    }

    /// Compares memory with an immediate.
    pub fn cmp_load_imm(&mut self, size: Size, address: Address, fault: Fault, imm: i32) {
        let memory = self.memory(address, fault);
        self.push(Inst::CmpLoadImm(size, memory, imm));
    }

    /// Sets flags by `lhs & rhs`.
    pub fn test(&mut self, size: Size, lhs: VReg, rhs: VReg) {
        self.u(lhs);
        self.u(rhs);
        self.push(Inst::Test(size));
    }

    /// Sets flags by the conjunction with an immediate.
    pub fn test_imm(&mut self, size: Size, lhs: VReg, imm: i32) {
        self.any(lhs);
        self.push(Inst::TestImm(size, imm));
    }

    /// Sets flags by the conjunction of memory with an immediate.
    pub fn test_load_imm(&mut self, size: Size, address: Address, fault: Fault, imm: i32) {
        let memory = self.memory(address, fault);
        self.push(Inst::TestLoadImm(size, memory, imm));
    }

    /// All bits inverted.
    pub fn not(&mut self, size: Size, value: VReg) -> VReg {
        self.u(value);
        self.int_reuse(Inst::Not(size))
    }

    /// The number with the other sign.
    pub fn neg(&mut self, size: Size, value: VReg) -> VReg {
        self.u(value);
        self.int_reuse(Inst::Neg(size))
    }

    /// Bytes in the other order.
    pub fn bswap(&mut self, size: Size, value: VReg) -> VReg {
        self.u(value);
        self.int_reuse(Inst::Bswap(size))
    }

    /// An address as a number.
    pub fn lea(&mut self, size: Size, address: Address) -> VReg {
        let addr = self.address(address);
        self.int(Inst::Lea(size, addr))
    }

    /// A product.
    pub fn imul(&mut self, size: Size, lhs: VReg, rhs: VReg) -> VReg {
        self.u(lhs);
        self.any(rhs);
        self.int_reuse(Inst::Imul(size))
    }

    /// A product with an immediate.
    pub fn imul_imm(&mut self, size: Size, value: VReg, imm: i32) -> VReg {
        self.any(value);
        self.int(Inst::ImulImm(size, imm))
    }

    /// A product with an operand in memory.
    pub fn imul_load(&mut self, size: Size, lhs: VReg, address: Address, fault: Fault) -> VReg {
        self.u(lhs);
        let memory = self.memory(address, fault);
        self.int_reuse(Inst::ImulLoad(size, memory))
    }

    /// Both halves of a product, the lower one first.
    pub fn mul_wide(&mut self, signed: bool, size: Size, lhs: VReg, rhs: VReg) -> (VReg, VReg) {
        self.operand(Operand::reg_fixed_use(lhs, int(Gpr::RAX)));
        self.any(rhs);
        let halves = (self.d_fixed(Gpr::RAX), self.d_fixed(Gpr::RDX));
        self.push(Inst::MulWide { signed, size });
        halves
    }

    /// Quotient and remainder. The divisor must not be 0, and the quotient must fit.
    pub fn div(&mut self, signed: bool, size: Size, value: VReg, divisor: VReg) -> (VReg, VReg) {
        self.operand(Operand::reg_fixed_use(value, int(Gpr::RAX)));
        self.u(divisor);
        let quotient = self.d_fixed(Gpr::RAX);
        let remainder = self.vreg_of(RegClass::Int);
        // It is overwritten before the divisor is read.
        self.operand(fixed(remainder, int(Gpr::RDX), OperandKind::Def, OperandPos::Early));
        self.push(Inst::Div { signed, size });
        (quotient, remainder)
    }

    /// Shifts or rotates by a register.
    pub fn shift(&mut self, op: Shift, size: Size, value: VReg, by: VReg) -> VReg {
        let bmi2 = self.machine.has(CpuFeature::Bmi2);
        match op {
            Shift::Shl | Shift::Shr | Shift::Sar if bmi2 => {
                self.any(value);
                self.u(by);
                self.int(match op {
                    Shift::Shl => Inst::Shlx(size),
                    Shift::Shr => Inst::Shrx(size),
                    _ => Inst::Sarx(size),
                })
            }
            _ => {
                self.u(value);
                self.operand(Operand::reg_fixed_use(by, int(Gpr::RCX)));
                self.int_reuse(Inst::Shift(op, size))
            }
        }
    }

    /// Shifts or rotates by an immediate less than the size.
    pub fn shift_imm(&mut self, op: Shift, size: Size, value: VReg, by: u8) -> VReg {
        let bits = if size == Size::S64 { 64 } else { 32 };
        match op {
            Shift::Rol | Shift::Ror
                if self.machine.has(CpuFeature::Bmi2) && matches!(size, Size::S32 | Size::S64) =>
            {
                let by = if op == Shift::Ror { by } else { (bits - by) % bits };
                self.any(value);
                self.int(Inst::Rorx(size, by))
            }
            _ => {
                self.u(value);
                self.int_reuse(Inst::ShiftImm(op, size, by))
            }
        }
    }

    /// `rhs & !lhs`. Needs BMI1.
    pub fn andn(&mut self, size: Size, lhs: VReg, rhs: VReg) -> VReg {
        self.u(lhs);
        self.any(rhs);
        self.int(Inst::Andn(size))
    }

    /// 1 if the flags say so, else 0.
    pub fn set(&mut self, test: Test) -> VReg {
        let result = self.d(RegClass::Int);
        if !matches!(test, Test::If(_)) {
            self.temp(RegClass::Int);
        }
        self.push(Inst::Set(test));
        result
    }

    /// One of two values, by the flags.
    pub fn select(&mut self, test: Test, ty: Ty, if_true: VReg, if_false: VReg) -> VReg {
        // Two jumps or moves can do "not equal", but not "equal".
        let (test, if_true, if_false) = match test {
            Test::Equal => (Test::NotEqual, if_false, if_true),
            _ => (test, if_true, if_false),
        };
        self.u(if_false);
        if ty.is_float() {
            if ty == Ty::V128 {
                self.func.has_vectors = true;
            }
            self.u(if_true);
            return self.xmm_result(Inst::SelectXmm(test), true);
        }
        self.any(if_true);
        self.int_reuse(Inst::Select(test, if ty == Ty::I64 { Size::S64 } else { Size::S32 }))
    }
}
