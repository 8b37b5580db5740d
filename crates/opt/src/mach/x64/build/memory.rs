//! Loads, stores, atomic accesses and what copies bytes.

use regalloc2::{Operand, OperandKind, OperandPos, RegClass, VReg};
use upshift_asm::Stub;
use upshift_asm::x64::{Alu, Gpr, Size};

use super::calls::slot_load;
use super::{Address, fixed};
use crate::mach::Builder;
use crate::mach::x64::inst::{Addr, Fault, Inst, LoadOp, Memory, StoreOp};
use crate::mach::x64::regs::int;
use crate::ssa::Ty;

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

    /// Loads all of a slot of that type from the frame: this many slots from the frame pointer.
    pub fn load_slot(&mut self, slot: i32, ty: Ty) -> VReg {
        self.load(slot_load(ty), Address::frame(slot), Fault::NONE)
    }

    /// Exchanges memory with the value.
    pub fn xchg(&mut self, size: Size, address: Address, fault: Fault, value: VReg) -> VReg {
        self.u(value);
        let memory = self.memory(address, fault);
        self.int_reuse(Inst::Xchg(size, memory))
    }

    /// Adds the value to memory; returns what was there.
    pub fn xadd(&mut self, size: Size, address: Address, fault: Fault, value: VReg) -> VReg {
        self.u(value);
        let memory = self.memory(address, fault);
        self.int_reuse(Inst::Xadd(size, memory))
    }

    /// Stores `new` if memory has `expected`; returns what was there.
    pub fn cmpxchg(&mut self, size: Size, address: Address, fault: Fault, expected: VReg, new: VReg) -> VReg {
        self.operand(Operand::reg_fixed_use(expected, int(Gpr::RAX)));
        self.u(new);
        let memory = self.memory(address, fault);
        let old = self.d_fixed(Gpr::RAX);
        self.push(Inst::Cmpxchg(size, memory));
        old
    }

    /// Memory `op=` the value; returns what was there.
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
