//! The methods of [`Builder`] that make instructions: one for each kind, with virtual registers in and out.
//!
//! Second operands and other sources may be wherever the allocator puts them (`Any`): emission folds those that were spilled.

use regalloc2::{Operand, OperandConstraint, OperandKind, OperandPos, PReg, RegClass, VReg};
use upshift_asm::Stub;
use upshift_asm::x64::{Alu, CpuFeature, Gpr, Scale, Shift, Size, Xmm, XmmBinary, XmmUnary};
use upshift_core::Trap;

use super::inst::{Addr, Base, Detail, Fault, Inst, LoadOp, Memory, StoreOp, Test, Unary};
use super::regs::{ARGS, FLOAT_ARGS, float, int};
use super::vector::{Shape, VectorOp};
use crate::mach::sites::{CallSite, Elements, EmbedSite, Found, Landing, Words};
use crate::mach::{Builder, Constant, MBlock};
use crate::ssa::Ty;

/// An address with its registers: `base + index * scale + disp`.
#[derive(Clone, Copy, Debug)]
pub struct Address {
    base: Base,
    register: Option<VReg>,
    index: Option<(VReg, Scale)>,
    disp: i32,
}

impl Address {
    /// `[register + disp]`
    #[must_use]
    pub fn register(register: VReg, disp: i32) -> Address {
        Address { base: Base::Reg, register: Some(register), index: None, disp }
    }

    /// `[disp]` of memory 0 in guard mode.
    #[must_use]
    pub fn memory(disp: i32) -> Address {
        Address { base: Base::Memory, register: None, index: None, disp }
    }

    /// `[disp]` of the context.
    #[must_use]
    pub fn context(disp: i32) -> Address {
        Address { base: Base::Context, register: None, index: None, disp }
    }

    /// So many slots from the frame pointer.
    #[must_use]
    pub fn frame(slot: i32) -> Address {
        Address { base: Base::Frame, register: None, index: None, disp: slot.saturating_mul(8) }
    }

    /// A slot of the area for arguments and results.
    #[must_use]
    pub fn out(slot: u32) -> Address {
        Address { base: Base::Out, register: None, index: None, disp: (slot as i32).saturating_mul(8) }
    }

    /// Only index and displacement.
    #[must_use]
    pub fn scaled(index: VReg, scale: Scale, disp: i32) -> Address {
        Address { base: Base::None, register: None, index: Some((index, scale)), disp }
    }

    /// With an index: once.
    #[must_use]
    pub fn index(self, index: VReg, scale: Scale) -> Address {
        debug_assert!(self.index.is_none() && self.base != Base::Const, "there is room for one index");
        Address { index: Some((index, scale)), ..self }
    }
}

/// A call, as lowering knows it.
#[derive(Debug)]
pub struct Call<'a> {
    /// What is called.
    pub callee: Callee,
    /// The types of the arguments.
    pub params: &'a [Ty],
    /// The arguments.
    pub args: &'a [VReg],
    /// The types of the results.
    pub results: &'a [Ty],
    /// References that are wanted behind it.
    pub live: &'a [VReg],
    /// Whether the callee, if it is one of this instance, never replaces itself by a tail call.
    pub keeps_header: bool,
    /// How the interpreter calls; only own functions need none. The arguments begin at the slot, and what leads to the callee is in
    /// the slot behind them.
    pub words: Option<Words>,
}

/// What is called.
#[derive(Clone, Copy, Debug)]
pub enum Callee {
    /// A function of the module, by the offset of its record.
    Own(i32),
    /// The running function.
    Itself(i32),
    /// An import.
    Import,
    /// An element of a table, as in [`Found::Element`], with its index, which is zero-extended.
    Element {
        /// The offset at which the context has the address of the table's record.
        table: i32,
        /// The number of the expected type in the engine.
        ty: u32,
        /// The index.
        index: VReg,
        /// What is certain of the table.
        known: Elements,
    },
    /// A reference.
    Reference(VReg),
}

/// Instructions of the interpreter, as lowering knows them.
#[derive(Debug)]
pub struct Embed<'a> {
    /// What comes to the slots from the first one on, in order.
    pub args: &'a [(VReg, Ty)],
    /// The types of what they leave in the slots from the first one on.
    pub results: &'a [Ty],
    /// References that are wanted behind them.
    pub live: &'a [VReg],
    /// Whether they access memory 0 or call.
    pub memory: bool,
    /// The instructions.
    pub words: Words,
}

fn fixed(vreg: VReg, preg: PReg, kind: OperandKind, pos: OperandPos) -> Operand {
    Operand::new(vreg, OperandConstraint::FixedReg(preg), kind, pos)
}

/// # Operands
impl Builder<Inst> {
    #[inline]
    fn u(&mut self, vreg: VReg) {
        self.operand(Operand::reg_use(vreg));
    }

    #[inline]
    fn any(&mut self, vreg: VReg) {
        self.operand(Operand::any_use(vreg));
    }

    #[inline]
    fn late_any(&mut self, vreg: VReg) {
        self.operand(Operand::new(vreg, OperandConstraint::Any, OperandKind::Use, OperandPos::Late));
    }

    #[inline]
    fn d(&mut self, class: RegClass) -> VReg {
        let vreg = self.vreg_of(class);
        self.operand(Operand::reg_def(vreg));
        vreg
    }

    #[inline]
    fn d_reuse(&mut self, class: RegClass) -> VReg {
        let vreg = self.vreg_of(class);
        self.operand(Operand::reg_reuse_def(vreg, 0));
        vreg
    }

    #[inline]
    fn d_fixed(&mut self, gpr: Gpr) -> VReg {
        let vreg = self.vreg_of(RegClass::Int);
        self.operand(Operand::reg_fixed_def(vreg, int(gpr)));
        vreg
    }

    #[inline]
    fn temp(&mut self, class: RegClass) {
        let vreg = self.vreg_of(class);
        self.operand(Operand::reg_temp(vreg));
    }

    fn address(&mut self, address: Address) -> Addr {
        if let Some(register) = address.register {
            self.u(register);
        }
        if let Some((index, _)) = address.index {
            self.u(index);
        }
        Addr { base: address.base, index: address.index.map(|(_, scale)| scale), disp: address.disp }
    }

    fn memory(&mut self, address: Address, fault: Fault) -> Memory {
        Memory { addr: self.address(address), fault }
    }

    /// Adds the instruction and answers its result, an integer.
    #[inline]
    fn int(&mut self, inst: Inst) -> VReg {
        let result = self.d(RegClass::Int);
        self.push(inst);
        result
    }

    /// The same, with the result in the register of the first operand.
    #[inline]
    fn int_reuse(&mut self, inst: Inst) -> VReg {
        let result = self.d_reuse(RegClass::Int);
        self.push(inst);
        result
    }

    #[inline]
    fn xmm_result(&mut self, inst: Inst, reuse: bool) -> VReg {
        let result = if reuse { self.d_reuse(RegClass::Float) } else { self.d(RegClass::Float) };
        self.push(inst);
        result
    }
}

/// # Constants
impl Builder<Inst> {
    /// A constant integer, all 64 bits.
    pub fn imm(&mut self, value: u64) -> VReg {
        self.int(Inst::Imm(value))
    }

    /// The float or vector without any bit.
    pub fn zero(&mut self) -> VReg {
        self.xmm_result(Inst::Zero, false)
    }

    /// 8 bytes in the pool: to be read as 32 or 64 bits.
    pub fn const64(&mut self, bits: u64) -> Address {
        self.constant(Constant::Word(bits))
    }

    /// 16 bytes in the pool at a multiple of 16.
    pub fn const128(&mut self, bits: u128) -> Address {
        self.constant(Constant::Wide(bits))
    }

    fn constant(&mut self, constant: Constant) -> Address {
        self.func.constants.push(constant);
        let number = self.func.constants.len() as i32 - 1;
        Address { base: Base::Const, register: None, index: None, disp: number }
    }
}

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

/// # Memory
impl Builder<Inst> {
    /// Loads.
    pub fn load(&mut self, op: LoadOp, address: Address, fault: Fault) -> VReg {
        let memory = self.memory(address, fault);
        let result = match op {
            LoadOp::F32 | LoadOp::F64 => self.d(RegClass::Float),
            LoadOp::V128 => {
                self.func.has_vectors = true;
                self.d(RegClass::Float)
            }
            _ => self.d(RegClass::Int),
        };
        self.push(Inst::Load(op, memory));
        result
    }

    /// Stores.
    pub fn store(&mut self, op: StoreOp, address: Address, fault: Fault, value: VReg) {
        self.u(value);
        let memory = self.memory(address, fault);
        self.push(Inst::Store(op, memory));
    }

    /// Stores an immediate, sign-extended.
    pub fn store_imm(&mut self, size: Size, address: Address, fault: Fault, imm: i32) {
        let memory = self.memory(address, fault);
        self.push(Inst::StoreImm(size, memory, imm));
    }

    /// Loads all of a slot of that type from the frame: so many slots from the frame pointer.
    pub fn load_slot(&mut self, slot: i32, ty: Ty) -> VReg {
        self.load(slot_load(ty), Address::frame(slot), Fault::NONE)
    }

    /// Exchanges memory with the value.
    pub fn xchg(&mut self, size: Size, address: Address, fault: Fault, value: VReg) -> VReg {
        self.u(value);
        let memory = self.memory(address, fault);
        self.int_reuse(Inst::Xchg(size, memory))
    }

    /// Adds the value to memory; what was there comes out.
    pub fn xadd(&mut self, size: Size, address: Address, fault: Fault, value: VReg) -> VReg {
        self.u(value);
        let memory = self.memory(address, fault);
        self.int_reuse(Inst::Xadd(size, memory))
    }

    /// Stores `new` if memory has `expected`; what was there comes out.
    pub fn cmpxchg(&mut self, size: Size, address: Address, fault: Fault, expected: VReg, new: VReg) -> VReg {
        self.operand(Operand::reg_fixed_use(expected, int(Gpr::RAX)));
        self.u(new);
        let memory = self.memory(address, fault);
        let old = self.d_fixed(Gpr::RAX);
        self.push(Inst::Cmpxchg(size, memory));
        old
    }

    /// Memory `op=` the value; what was there comes out.
    pub fn atomic(&mut self, op: Alu, size: Size, address: Address, fault: Fault, value: VReg) -> VReg {
        self.operand(Operand::reg_use_at_end(value));
        if let Some(register) = address.register {
            self.operand(Operand::reg_use_at_end(register));
        }
        if let Some((index, _)) = address.index {
            self.operand(Operand::reg_use_at_end(index));
        }
        let index = address.index.map(|(_, scale)| scale);
        let addr = Addr { base: address.base, index, disp: address.disp };
        self.temp(RegClass::Int);
        let old = self.vreg_of(RegClass::Int);
        self.operand(fixed(old, int(Gpr::RAX), OperandKind::Def, OperandPos::Early));
        self.push(Inst::AtomicLoop(op, size, Memory { addr, fault }));
        old
    }

    /// Copies or fills bytes that are all there, by a function of the runtime: to where, from where or with what, how many.
    pub fn bulk(&mut self, function: Stub, [to, from, len]: [VReg; 3]) {
        for (operand, gpr) in [(to, Gpr::RDI), (from, Gpr::RSI), (len, Gpr::RDX)] {
            self.operand(Operand::reg_fixed_use(operand, int(gpr)));
        }
        self.push(Inst::Bulk(function));
    }

    /// Waits until all accesses are visible.
    pub fn fence(&mut self) {
        self.push(Inst::Fence);
    }
}

/// # Floats and vectors
impl Builder<Inst> {
    /// Operands of vectors in memory have to be aligned without VEX, and spilled ones are not.
    fn any_xmm(&mut self, ty: Ty, value: VReg) {
        if ty == Ty::V128 && !self.machine.has(CpuFeature::Avx) { self.u(value) } else { self.any(value) }
    }

    /// `lhs op rhs`, of scalars or vectors.
    pub fn xmm(&mut self, op: XmmBinary, ty: Ty, lhs: VReg, rhs: VReg) -> VReg {
        self.func.has_vectors |= ty == Ty::V128;
        let vex = self.machine.has(CpuFeature::Avx);
        self.u(lhs);
        // Operations of whole registers are used on scalars, too.
        if vex || op.is_scalar() {
            self.any(rhs)
        } else {
            self.u(rhs)
        }
        self.xmm_result(Inst::Xmm { op, vex }, !vex)
    }

    /// The same with an operand in memory: 16 bytes have to be a constant of the pool, or the processor has AVX.
    pub fn xmm_load(&mut self, op: XmmBinary, ty: Ty, lhs: VReg, address: Address, fault: Fault) -> VReg {
        self.func.has_vectors |= ty == Ty::V128;
        let vex = self.machine.has(CpuFeature::Avx);
        self.u(lhs);
        let memory = self.memory(address, fault);
        self.xmm_result(Inst::XmmLoad { op, vex, memory }, !vex)
    }

    /// An operation on one operand. `fresh` if it leaves the upper part of its target as it was, as roots and conversions of scalars
    /// do.
    pub fn xmm_unary(&mut self, op: XmmUnary, ty: Ty, fresh: bool, value: VReg) -> VReg {
        self.func.has_vectors |= ty == Ty::V128;
        let vex = self.machine.has(CpuFeature::Avx);
        if vex || op == XmmUnary::MOVQ {
            self.any(value)
        } else {
            self.u(value)
        }
        self.xmm_result(Inst::XmmUnary { op, vex, fresh }, false)
    }

    /// The same with an operand in memory.
    pub fn xmm_unary_load(
        &mut self,
        op: XmmUnary,
        ty: Ty,
        fresh: bool,
        address: Address,
        fault: Fault,
    ) -> VReg {
        self.func.has_vectors |= ty == Ty::V128;
        let vex = self.machine.has(CpuFeature::Avx);
        let memory = self.memory(address, fault);
        self.xmm_result(Inst::XmmUnaryLoad { op, vex, fresh, memory }, false)
    }

    /// A scalar operation on one operand whose instruction has two, as roots and conversions have. Upper bits become zero.
    pub fn scalar(&mut self, op: XmmBinary, value: VReg) -> VReg {
        let vex = self.machine.has(CpuFeature::Avx);
        self.any(value);
        self.xmm_result(Inst::Scalar { op, vex }, false)
    }

    /// An operation of vectors: its sources in order, without the last one if that is in memory.
    ///
    /// The shape tells which they are; the result is an integer for [`Shape::ToInt`].
    pub fn vector(&mut self, op: VectorOp, imm: u8, sources: &[VReg]) -> VReg {
        self.func.has_vectors = true;
        let vex = self.machine.has(CpuFeature::Avx);
        let class = if op.shape() == Shape::ToInt { RegClass::Int } else { RegClass::Float };
        match (op.shape(), sources) {
            (Shape::Unary | Shape::Broadcast, &[value]) => {
                let scalar = matches!(
                    op,
                    VectorOp::Roundss
                        | VectorOp::Roundsd
                        | VectorOp::Pbroadcastb
                        | VectorOp::Pbroadcastw
                        | VectorOp::Pbroadcastd
                        | VectorOp::Pbroadcastq
                );
                self.any_xmm(if scalar { Ty::F64 } else { Ty::V128 }, value);
            }
            (Shape::Binary, &[first, second]) => {
                self.u(first);
                // In memory, the instruction would take a lane that is somewhere else.
                if op == VectorOp::Insertps { self.u(second) } else { self.any_xmm(Ty::V128, second) }
            }
            (Shape::FromInt, &[first, second]) => {
                self.u(first);
                self.any(second);
            }
            (Shape::Blend, &[first, second, signs]) => {
                self.u(first);
                self.any_xmm(Ty::V128, second);
                if vex {
                    self.u(signs);
                } else {
                    self.operand(Operand::reg_fixed_use(signs, float(Xmm::XMM0)));
                }
            }
            (Shape::Fused, &[sum, first, second]) => {
                self.u(sum);
                self.u(first);
                self.any(second);
            }
            _ => sources.iter().for_each(|&source| self.u(source)),
        }
        let reuse = match op.shape() {
            Shape::Unary | Shape::Broadcast | Shape::ToInt => false,
            Shape::Fused => true,
            _ => !vex,
        };
        let result = if reuse { self.d_reuse(class) } else { self.d(class) };
        self.push(Inst::Vector { op, imm });
        result
    }

    /// The same with the last source in memory. `first` is the source in front, if the shape has one.
    pub fn vector_load(
        &mut self,
        op: VectorOp,
        imm: u8,
        first: Option<VReg>,
        address: Address,
        fault: Fault,
    ) -> VReg {
        self.func.has_vectors = true;
        debug_assert_eq!(first.is_some(), op.loads_behind(), "{}", op.name());
        let reuse = first.is_some() && !self.machine.has(CpuFeature::Avx);
        if let Some(first) = first {
            self.u(first);
        }
        let memory = self.memory(address, fault);
        self.xmm_result(Inst::VectorLoad { op, imm, memory }, reuse)
    }

    /// Stores a lane or a half.
    pub fn vector_store(&mut self, op: VectorOp, imm: u8, address: Address, fault: Fault, value: VReg) {
        self.func.has_vectors = true;
        self.u(value);
        let memory = self.memory(address, fault);
        self.push(Inst::VectorStore { op, imm, memory });
    }

    /// Compares floats.
    pub fn ucomi(&mut self, double: bool, lhs: VReg, rhs: VReg) {
        self.u(lhs);
        self.any(rhs);
        self.push(Inst::Ucomi { double });
    }

    /// Compares a float with memory.
    pub fn ucomi_load(&mut self, double: bool, lhs: VReg, address: Address, fault: Fault) {
        self.u(lhs);
        let memory = self.memory(address, fault);
        self.push(Inst::UcomiLoad { double, memory });
    }

    /// A signed integer of that size as a float.
    pub fn from_int(&mut self, double: bool, size: Size, value: VReg) -> VReg {
        self.any(value);
        self.xmm_result(Inst::FromInt { double, size }, false)
    }

    /// A float as a signed integer of that size, truncated.
    pub fn to_int(&mut self, double: bool, size: Size, value: VReg) -> VReg {
        self.any(value);
        self.int(Inst::ToInt { double, size })
    }

    /// Bits of an integer in the lowest lane, all others zero.
    pub fn int_to_xmm(&mut self, size: Size, value: VReg) -> VReg {
        self.any(value);
        self.xmm_result(Inst::IntToXmm(size), false)
    }

    /// The bits of the lowest lane.
    pub fn xmm_to_int(&mut self, size: Size, value: VReg) -> VReg {
        self.any(value);
        self.int(Inst::XmmToInt(size))
    }
}

/// # Control
impl Builder<Inst> {
    /// Goes on there.
    pub fn jump(&mut self, to: MBlock, args: &[VReg]) {
        self.terminate(Inst::Jump, &[(to, args)]);
    }

    /// Goes to the first if the flags say so, else to the second.
    pub fn branch(&mut self, test: Test, then: (MBlock, &[VReg]), otherwise: (MBlock, &[VReg])) {
        self.terminate(Inst::Branch(test), &[then, otherwise]);
    }

    /// Goes to the target whose number `cases` has for the index; the last case counts for all other indices.
    pub fn table(&mut self, index: VReg, cases: &[u32], targets: &[(MBlock, &[VReg])]) {
        self.u(index);
        self.temp(RegClass::Int);
        self.temp(RegClass::Int);
        let number = self.func.tables.len() as u32;
        self.func.tables.push(cases.into());
        self.terminate(Inst::Table(number), targets);
    }

    /// Stops with a trap if the flags say so.
    pub fn trap_if(&mut self, test: Test, trap: Trap, detail: Detail, operands: &[VReg]) {
        for &operand in operands {
            self.any(operand);
        }
        self.push(Inst::TrapIf(test, trap, detail));
    }

    /// Stops with a trap.
    pub fn trap(&mut self, trap: Trap, detail: Detail, operands: &[VReg]) {
        for &operand in operands {
            self.any(operand);
        }
        self.terminate(Inst::Trap(trap, detail), &[]);
    }
}

/// # Functions
impl Builder<Inst> {
    /// The parameters of the function: in the entry block, before all else. Unused ones cost nothing.
    pub fn entry(&mut self, params: &[Ty]) -> Vec<VReg> {
        let places = places(params);
        let vregs: Vec<VReg> = params.iter().map(|&ty| self.vreg(ty)).collect();
        for (&vreg, place) in vregs.iter().zip(&places) {
            if let Place::Register(preg) = *place {
                self.operand(Operand::reg_fixed_def(vreg, preg));
            }
        }
        self.push(Inst::Entry);
        let fp = slots(params) as i32 + 3;
        for ((&vreg, &place), &ty) in vregs.iter().zip(&places).zip(params) {
            if let Place::Slot(slot) = place {
                self.operand_load(vreg, slot_load(ty), Address::frame(slot as i32 - fp));
            }
        }
        vregs
    }

    fn operand_load(&mut self, vreg: VReg, op: LoadOp, address: Address) {
        let memory = self.memory(address, Fault::NONE);
        self.operand(Operand::reg_def(vreg));
        self.push(Inst::Load(op, memory));
    }

    /// Calls; the results.
    pub fn call(&mut self, call: Call<'_>) -> Vec<VReg> {
        let results: Vec<Ty> = call.results.to_vec();
        let (number, first) = self.call_site(call, Vec::new(), true);
        self.push(Inst::Call(number));
        self.results(&results, first)
    }

    /// Calls; what it throws leads to the landings. Ends the block. [`load_results`](Self::load_results) is what comes first at
    /// `normal`.
    pub fn invoke(&mut self, call: Call<'_>, normal: MBlock, landings: Vec<Landing>) {
        let mut edges: Vec<(MBlock, &[VReg])> = vec![(normal, &[])];
        edges.extend(landings.iter().map(|landing| (landing.block, &[][..])));
        let (number, _) = self.call_site(call, landings, false);
        self.terminate(Inst::Invoke(number), &edges);
    }

    /// The results of the call that led here, which was the end of its block.
    pub fn load_results(&mut self, results: &[Ty]) -> Vec<VReg> {
        self.results(results, None)
    }

    fn results(&mut self, results: &[Ty], first: Option<VReg>) -> Vec<VReg> {
        let mut slot = 0;
        let mut vregs = Vec::with_capacity(results.len());
        for &ty in results {
            vregs.push(match first {
                Some(first) if slot == 0 => first,
                _ => self.load(slot_load(ty), Address::out(slot), Fault::NONE),
            });
            slot += ty.slots();
        }
        self.func.out_slots = self.func.out_slots.max(slot);
        vregs
    }

    /// All of a value to a slot of the area for arguments.
    pub fn store_out(&mut self, slot: u32, value: VReg, ty: Ty) {
        self.any(value);
        self.func.out_slots = self.func.out_slots.max(slot + ty.slots());
        self.push(Inst::StoreOut { slot, vector: ty == Ty::V128 });
    }

    /// Stores and adds operands. Answers the number of the call, and its first result if it has one in a register.
    fn call_site(&mut self, call: Call<'_>, landings: Vec<Landing>, result: bool) -> (u32, Option<VReg>) {
        let Call { callee, params, args, results, live, keeps_header, words } = call;
        let native = !matches!(callee, Callee::Import);
        let places = if native { places(params) } else { in_slots(params) };
        for ((&arg, &ty), &place) in args.iter().zip(params).zip(&places) {
            if let Place::Slot(slot) = place {
                self.store_out(slot, arg, ty);
            }
        }
        for (&arg, &place) in args.iter().zip(&places) {
            if let Place::Register(preg) = place {
                self.operand(Operand::reg_fixed_use(arg, preg));
            }
        }
        let found = self.callee_operand(callee);
        for &reference in live {
            self.late_any(reference);
        }
        let first = match results {
            [ty] if result && *ty != Ty::V128 => {
                let vreg = self.vreg(*ty);
                let preg = if ty.is_float() { float(Xmm::XMM0) } else { int(Gpr::RAX) };
                self.operand(Operand::reg_fixed_def(vreg, preg));
                Some(vreg)
            }
            _ => None,
        };
        // The callee's header and what leads to it lie behind the arguments.
        let needed = (slots(params) + 3).max(slots(results));
        self.func.out_slots = self.func.out_slots.max(needed);
        self.func.calls.push(CallSite {
            found,
            params: params.into(),
            results: results.into(),
            keeps_header,
            words,
            landings,
            live: live.len() as u32,
        });
        (self.func.calls.len() as u32 - 1, first)
    }

    fn callee_operand(&mut self, callee: Callee) -> Found {
        match callee {
            Callee::Own(record) => Found::Own(record),
            Callee::Itself(record) => Found::Itself(record),
            Callee::Import => Found::Elsewhere,
            Callee::Element { table, ty, index, known } => {
                self.operand(Operand::reg_fixed_use(index, int(Gpr::R11)));
                Found::Element { table, ty, known }
            }
            Callee::Reference(reference) => {
                self.operand(Operand::reg_fixed_use(reference, int(Gpr::R11)));
                Found::Reference
            }
        }
    }

    /// Calls instead of the running function. Ends the block.
    pub fn tail_call(&mut self, call: Call<'_>) {
        let Call { callee, params, args, results, words, .. } = call;
        let mut slot = 0;
        for (&arg, &ty) in args.iter().zip(params) {
            self.store_out(slot, arg, ty);
            slot += ty.slots();
        }
        let found = self.callee_operand(callee);
        self.func.out_slots = self.func.out_slots.max(slot + 3);
        self.func.calls.push(CallSite {
            found,
            params: params.into(),
            results: results.into(),
            keeps_header: false,
            words,
            landings: Vec::new(),
            live: 0,
        });
        let number = self.func.calls.len() as u32 - 1;
        self.terminate(Inst::TailCall(number), &[]);
    }

    /// Returns values.
    pub fn ret(&mut self, values: &[(VReg, Ty)]) {
        let types: Vec<Ty> = values.iter().map(|&(_, ty)| ty).collect();
        match *values {
            [] => {}
            [(value, Ty::V128)] => self.u(value),
            [(value, ty)] => {
                let preg = if ty.is_float() { float(Xmm::XMM0) } else { int(Gpr::RAX) };
                self.operand(Operand::reg_fixed_use(value, preg));
            }
            _ => {
                // Where they go may be where others are: all are brought out of the way.
                let mut slot = 0;
                for &(value, ty) in values {
                    self.store_out(slot, value, ty);
                    slot += ty.slots();
                }
            }
        }
        self.func.returns.push(types);
        let number = self.func.returns.len() as u32 - 1;
        self.terminate(Inst::Return { number, value: values.len() == 1 }, &[]);
    }
}

/// # Instructions of the interpreter
impl Builder<Inst> {
    /// Runs them; what they leave.
    pub fn embed(&mut self, embed: Embed<'_>) -> Vec<VReg> {
        let results = embed.results.to_vec();
        let number = self.embed_site(embed, Vec::new());
        self.push(Inst::Embed(number));
        self.results(&results, None)
    }

    /// Runs them. Control does not go on behind them, but what they throw may lead to landings. Ends the block.
    pub fn embed_last(&mut self, embed: Embed<'_>, landings: Vec<Landing>) {
        let edges: Vec<(MBlock, &[VReg])> = landings.iter().map(|landing| (landing.block, &[][..])).collect();
        let number = self.embed_site(embed, landings);
        let inst = if edges.is_empty() { Inst::EmbedLast(number) } else { Inst::EmbedInvoke(number) };
        self.terminate(inst, &edges);
    }

    /// Runs them where that is seldom needed: in a cold block, which it ends. All registers stay, but for references, which the
    /// collector may change; another cold block is being filled behind it.
    pub fn safepoint(&mut self, embed: Embed<'_>) -> Vec<VReg> {
        let results = embed.results.to_vec();
        let number = self.embed_site(embed, Vec::new());
        self.func.has_safepoints = true;
        let next = self.cold_block();
        self.terminate(Inst::Safepoint(number), &[(next, &[])]);
        self.switch_to(next);
        self.results(&results, None)
    }

    fn embed_site(&mut self, embed: Embed<'_>, landings: Vec<Landing>) -> u32 {
        let Embed { args, live, memory, words, .. } = embed;
        let mut references = Vec::new();
        let mut slot = 0;
        for &(value, ty) in args {
            self.store_out(slot, value, ty);
            if ty == Ty::Ref {
                references.push(slot);
            }
            slot += ty.slots();
        }
        for &reference in live {
            self.late_any(reference);
        }
        self.func.embeds.push(EmbedSite { words, memory, references, landings });
        self.func.embeds.len() as u32 - 1
    }
}

/// Where an argument is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// In a register.
    Register(PReg),
    /// In its slot, from the first one of all arguments.
    Slot(u32),
}

/// Where arguments of these types are.
pub(crate) fn places(params: &[Ty]) -> Vec<Place> {
    let (mut ints, mut floats) = (ARGS.iter(), FLOAT_ARGS.iter());
    let mut slot = 0;
    let place = |&ty: &Ty| {
        let register = if ty.is_float() {
            floats.next().map(|&register| float(register))
        } else {
            ints.next().map(|&register| int(register))
        };
        let place = register.map_or(Place::Slot(slot), Place::Register);
        slot += ty.slots();
        place
    };
    params.iter().map(place).collect()
}

fn in_slots(params: &[Ty]) -> Vec<Place> {
    let mut slot = 0;
    let place = |ty: &Ty| {
        let place = Place::Slot(slot);
        slot += ty.slots();
        place
    };
    params.iter().map(place).collect()
}

/// How many slots values of these types take.
pub(crate) fn slots(types: &[Ty]) -> u32 {
    types.iter().map(|ty| ty.slots()).sum()
}

/// How all of a slot is loaded.
fn slot_load(ty: Ty) -> LoadOp {
    match ty {
        Ty::I32 => LoadOp::W32,
        Ty::I64 | Ty::Ref => LoadOp::W64,
        Ty::F32 => LoadOp::F32,
        Ty::F64 => LoadOp::F64,
        Ty::V128 => LoadOp::V128,
    }
}
