//! Operands: the registers of values, constants, and loads that an instruction takes into itself.

use regalloc2::VReg;
use upshift_asm::x64::Size;
use upshift_core::ops::memory::Load;
use upshift_core::ops::{Binary, Unary};

use super::Lowering;
use super::memory::Access;
use crate::code::Spot;
use crate::lower::uses::resolve;
use crate::mach::x64::{Address, Fault, LoadOp};
use crate::ssa::{Op, Ty, Value};

/// A place in memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) address: Address,
    pub(super) fault: Fault,
    /// Which operator an access that may fault comes from.
    pub(super) position: Option<Spot>,
}

impl Place {
    /// What never faults.
    pub(super) fn sound(address: Address) -> Place {
        Place { address, fault: Fault::NONE, position: None }
    }
}

/// What an integer instruction reads besides registers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    Reg(VReg),
    Imm(i32),
    Mem(Place),
}

/// The size of operations on integers of a type.
pub(super) fn size_of(ty: Ty) -> Size {
    if matches!(ty, Ty::I32 | Ty::Ref) { Size::S32 } else { Size::S64 }
}

impl Lowering<'_> {
    /// The register that uses of a value name, which are made before the value is.
    fn placeholder(&mut self, value: Value) -> VReg {
        if let Some(reg) = self.regs[value.index()] {
            return reg;
        }
        let reg = self.out.placeholder(self.func.ty(value));
        self.regs[value.index()] = Some(reg);
        reg
    }

    /// A value is in this register.
    pub(super) fn bind(&mut self, value: Value, made: VReg) {
        if let Some(reg) = self.regs[value.index()] {
            self.out.name(reg, made);
        }
    }

    /// A parameter of a block has a register of its own.
    pub(super) fn param(&mut self, value: Value) -> VReg {
        self.placeholder(value)
    }

    /// Whether something uses a value.
    pub(super) fn is_used(&self, value: Value) -> bool {
        self.regs[value.index()].is_some()
    }

    /// The operand with a number.
    pub(super) fn arg(&self, inst: Value, at: usize) -> Value {
        self.func.args(inst)[at]
    }

    /// The value itself, where it has other names.
    pub(super) fn resolve(&self, value: Value) -> Value {
        resolve(self.func, value)
    }

    /// What a value is.
    pub(super) fn op_of(&self, value: Value) -> Op {
        self.func.op(self.resolve(value))
    }

    /// The bits of a constant.
    pub(super) fn constant(&self, value: Value) -> Option<u64> {
        self.func.constant(self.resolve(value))
    }

    /// A register with a value.
    pub(super) fn reg(&mut self, value: Value) -> VReg {
        let value = self.resolve(value);
        match self.func.op(value) {
            Op::Const(bits) => self.make_constant(bits, self.func.ty(value)),
            Op::ConstV128(vector) => self.make_vector(self.func.vectors[vector.0 as usize].as_u128()),
            _ => self.placeholder(value),
        }
    }

    /// The value whose lower half is that of another one.
    pub(super) fn low_of(&self, value: Value) -> Value {
        let mut value = self.resolve(value);
        while self.func.op(value) == Op::Unary(Unary::I32WrapI64) {
            value = self.resolve(self.arg(value, 0));
        }
        value
    }

    /// A register for an operation of a size, which reads no more of it: the upper half may be anything in one of 32 bits.
    pub(super) fn reg_for(&mut self, value: Value, size: Size) -> VReg {
        let value = if size == Size::S64 { value } else { self.low_of(value) };
        self.reg(value)
    }

    /// A constant as an immediate of an operation, which extends it to its size.
    pub(super) fn imm(&self, value: Value, size: Size) -> Option<i32> {
        let bits = self.constant(value)?;
        if size == Size::S64 { i32::try_from(bits as i64).ok() } else { Some(bits as u32 as i32) }
    }

    /// A register with a constant.
    pub(super) fn make_constant(&mut self, bits: u64, ty: Ty) -> VReg {
        match ty {
            Ty::I32 | Ty::I64 | Ty::Ref => self.out.imm(bits),
            _ if bits == 0 => self.out.zero(ty),
            _ => {
                let place = self.out.const64(bits);
                let op = if ty == Ty::F32 { LoadOp::F32 } else { LoadOp::F64 };
                self.out.load(op, place, Fault::NONE)
            }
        }
    }

    /// A register with a constant vector.
    pub(super) fn make_vector(&mut self, bits: u128) -> VReg {
        if bits == 0 {
            return self.out.zero(Ty::V128);
        }
        let place = self.out.const128(bits);
        self.out.load(LoadOp::V128, place, Fault::NONE)
    }

    /// What an integer operation of a size reads: an immediate, a load that it can take into itself, or a register.
    pub(super) fn source(&mut self, value: Value, size: Size) -> Source {
        if let Some(imm) = self.imm(value, size) {
            return Source::Imm(imm);
        }
        match self.sink(value, whole(size)) {
            Some(place) => Source::Mem(place),
            None => Source::Reg(self.reg_for(value, size)),
        }
    }

    /// Whether nothing behind the running instruction wants a value: its register is free then.
    pub(super) fn is_last_use(&self, value: Value) -> bool {
        !self.is_used(self.resolve(value))
    }

    /// The operator and operands of a binary operator that only this instruction uses.
    pub(super) fn sole_binary(&self, value: Value) -> Option<(Binary, Value, Value)> {
        let value = self.resolve(value);
        match self.func.op(value) {
            Op::Binary(op) if self.uses.count_of(value) == 1 && self.regs[value.index()].is_none() => {
                Some((op, self.arg(value, 0), self.arg(value, 1)))
            }
            _ => None,
        }
    }

    /// Which load a value is, if the running instruction can take it into itself.
    pub(super) fn sinkable(&self, value: Value) -> Option<Load> {
        let value = self.resolve(value);
        let op = match self.func.op(value) {
            Op::Load { op, memory, offset }
                if self.can_access(Access { memory, offset, bytes: op.bytes() }, self.arg(value, 0)) =>
            {
                op
            }
            Op::GlobalGet(_) => match self.func.ty(value) {
                Ty::I32 | Ty::Ref => Load::Load32U,
                Ty::I64 => Load::Load64,
                Ty::F32 => Load::LoadF32,
                Ty::F64 => Load::LoadF64,
                Ty::V128 => Load::V128Load,
            },
            Op::FieldLoad { op, .. } | Op::ElementLoad(op) => op,
            _ => return None,
        };
        let can = self.may_sink
            && self.uses.count_of(value) == 1
            && self.regs[value.index()].is_none()
            && !self.sunk[value.index()]
            && self.uses.is_last_before(value, self.epoch);
        can.then_some(op)
    }

    /// Takes a load of this kind into the running instruction, if it can be.
    pub(super) fn sink(&mut self, value: Value, wanted: Load) -> Option<Place> {
        self.sinkable(value).filter(|&op| op == wanted)?;
        Some(self.sink_any(value))
    }

    /// Takes a load that is [sinkable](Self::sinkable) into the running instruction.
    pub(super) fn sink_any(&mut self, value: Value) -> Place {
        let value = self.resolve(value);
        self.sunk[value.index()] = true;
        let position = self.spot(self.func.value(value).pos);
        let running = std::mem::replace(&mut self.position, position);
        self.out.set_position(position);
        let place = self.place_of_load(value);
        self.position = running;
        self.out.set_position(running);
        Place { position: Some(position), ..place }
    }

    /// An instruction that accesses a place.
    pub(super) fn at<T>(&mut self, place: Place, put: impl FnOnce(&mut Self, Address, Fault) -> T) -> T {
        let Some(position) = place.position else { return put(self, place.address, place.fault) };
        self.out.set_position(position);
        let result = put(self, place.address, place.fault);
        self.out.set_position(self.position);
        result
    }
}

/// The load of all of an integer of a size.
pub(super) fn whole(size: Size) -> Load {
    if size == Size::S64 { Load::Load64 } else { Load::Load32U }
}
