//! The methods of [`Builder`] that make instructions: one for each kind, with virtual registers in and out.
//!
//! ```text
//! lowering ─ integers, floats, memory, control, calls ─▶ operands and an instruction at the end of the current block
//! ```
//! Second operands and other sources may be wherever the allocator puts them (`Any`): emission folds those that were spilled. Where an
//! instruction has a form that is better on some processors, it is chosen here.

mod calls;
mod control;
mod floats;
mod integers;
mod memory;

use regalloc2::{Operand, OperandConstraint, OperandKind, OperandPos, PReg, RegClass, VReg};
use upshift_asm::x64::{Gpr, Scale};

use super::inst::{Addr, Base, Fault, Inst, Memory};
use super::regs::int;
use crate::mach::{Builder, Constant};
use crate::ssa::Ty;

pub use self::calls::{Call, Callee, Embed};
pub(crate) use self::calls::{MOST_TAIL_SLOTS, Place, places, slots, tail_places};

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

    /// This many slots from the frame pointer.
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

    /// Adds the instruction and returns its result, an integer.
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
    pub fn zero(&mut self, ty: Ty) -> VReg {
        self.func.has_vectors |= ty == Ty::V128;
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
