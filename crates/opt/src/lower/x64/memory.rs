//! Accesses to memories and globals: how an address becomes an operand in each mode, and the instruction of each access.
//!
//! Where everything that a 32-bit address and offset reach is set aside, an access out of bounds faults and nothing is checked.
//! Otherwise the end of the access is compared with the length of the memory, both taken from its record each time.

use std::mem::offset_of;

use regalloc2::VReg;
use upshift_asm::x64::{Alu, Cond, Scale, Shift, Size};
use upshift_core::Trap;
use upshift_core::index::{GlobalIndex, MemoryIndex};
use upshift_core::ops::Binary;
use upshift_core::ops::memory::{Load, Store};
use upshift_core::types::IndexType;
use upshift_core::vm::{MemRecord, MemoryMode};

use super::Lowering;
use super::integer::{IntOp, int_op};
use super::operands::Place;
use crate::mach::x64::{Address, Detail, Fault, LoadOp, StoreOp, Test};
use crate::ssa::{Op, Pos, Ty, Value};

/// What is accessed, besides the address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Access {
    pub(super) memory: MemoryIndex,
    pub(super) offset: u64,
    pub(super) bytes: u32,
}

/// The instruction of a load, if there is one.
pub(super) fn load_op(op: Load) -> Option<LoadOp> {
    Some(match op {
        Load::Load8U => LoadOp::Zx8,
        Load::Load8S32 => LoadOp::Sx8To32,
        Load::Load8S64 => LoadOp::Sx8To64,
        Load::Load16U => LoadOp::Zx16,
        Load::Load16S32 => LoadOp::Sx16To32,
        Load::Load16S64 => LoadOp::Sx16To64,
        Load::Load32U => LoadOp::W32,
        Load::Load32S64 => LoadOp::Sx32To64,
        Load::Load64 => LoadOp::W64,
        Load::LoadF32 => LoadOp::F32,
        Load::LoadF64 => LoadOp::F64,
        Load::V128Load => LoadOp::V128,
        _ => return None,
    })
}

/// How all of a value of a type is loaded from its slot.
pub(super) fn slot_load(ty: Ty) -> LoadOp {
    match ty {
        Ty::I32 => LoadOp::W32,
        Ty::I64 | Ty::Ref => LoadOp::W64,
        Ty::F32 => LoadOp::F32,
        Ty::F64 => LoadOp::F64,
        Ty::V128 => LoadOp::V128,
    }
}

/// The displacement of an offset, with room for the parts of an access.
fn displacement(offset: u64) -> Option<i32> {
    i32::try_from(offset).ok().filter(|&offset| offset < i32::MAX - 16)
}

impl Lowering<'_> {
    /// Whether there are instructions for an access: one whose end is behind all addresses always traps.
    pub(super) fn can_access(&self, access: Access, address: Value) -> bool {
        let Some(behind) = access.offset.checked_add(access.bytes.into()) else { return false };
        self.constant(address).is_none_or(|address| address.checked_add(behind).is_some())
    }

    fn is_wide(&self, memory: MemoryIndex) -> bool {
        self.module.memories[memory.index()].index == IndexType::I64
    }

    /// Whether accesses to a memory with any address and offset of 32 bits fault if they are out of bounds.
    pub(super) fn is_guarded(&self, memory: MemoryIndex) -> bool {
        self.target.memories.get(memory.index()) == Some(&MemoryMode::Guard)
            && memory.0 < upshift_codegen::Fault::MEMORIES
            && !self.is_wide(memory)
    }

    /// The place of an access, which there are instructions for, after what has to be checked.
    pub(super) fn access(&mut self, access: Access, address: Value) -> Place {
        match displacement(access.offset) {
            Some(disp) if self.is_guarded(access.memory) => self.unchecked(access, disp, address),
            _ => self.checked(access, address),
        }
    }

    fn unchecked(&mut self, access: Access, disp: i32, address: Value) -> Place {
        let memory = access.memory;
        let base = |this: &mut Self, disp: i32| match memory.0 {
            0 => Address::memory(disp),
            _ => {
                let base = this.record_field(memory, offset_of!(MemRecord, base));
                Address::register(base, disp)
            }
        };
        if let Some(at) = self.constant(address).and_then(|bits| self.always_inside(access, bits)) {
            return Place::sound(base(self, at));
        }
        if memory.0 == 0 && self.pinned.contains(self.resolve(address), self.block) {
            let address = Address::register(self.pin(address), disp);
            return Place { address, fault: Fault::memory(0), position: None };
        }
        // A trap's text tells the address, so it is in a register of its own.
        let address = self.reg(address);
        let address = base(self, disp).index(address, Scale::X1);
        Place { address, fault: Fault::memory(memory.0), position: None }
    }

    /// The register that has an address with the base of memory 0 added.
    fn pin(&mut self, address: Value) -> VReg {
        let address = self.resolve(address);
        if let Some(pin) = self.pins[address.index()] {
            return pin;
        }
        // What is added to must be there, though nothing else may use it.
        self.reg(address);
        let pin = self.out.placeholder(Ty::I64);
        self.pins[address.index()] = Some(pin);
        pin
    }

    /// Adds the base behind what makes an address, if something wants that.
    pub(super) fn lower_pin(&mut self, address: Value, pos: Pos) {
        if let Some(pin) = self.pins.get_mut(address.index()).and_then(Option::take) {
            self.begin_group(pos, self.epoch);
            let index = self.reg(address);
            let made = self.out.lea(Size::S64, Address::memory(0).index(index, Scale::X1));
            self.out.name(pin, made);
        }
    }

    /// The displacement of an access at a known address that is inside the memory from the start: memories never shrink.
    fn always_inside(&self, access: Access, address: u64) -> Option<i32> {
        let memory = &self.module.memories[access.memory.index()];
        let at = address + access.offset;
        let inside = at + u64::from(access.bytes) <= memory.minimum << memory.page_size_log2;
        displacement(at).filter(|_| inside)
    }

    fn checked(&mut self, access: Access, address: Value) -> Place {
        let Access { memory, offset, bytes } = access;
        let behind = offset + u64::from(bytes);
        let wide = self.is_wide(memory);
        let from = self.reg(address);
        let end = match (self.constant(address), i32::try_from(behind)) {
            (Some(bits), _) => self.out.imm(bits + behind),
            (None, Ok(disp)) if !wide => self.out.lea(Size::S64, Address::register(from, disp)),
            (None, _) => {
                let behind = self.out.imm(behind);
                let end = self.out.alu(Alu::Add, Size::S64, behind, from);
                if wide {
                    self.out.trap_if(Test::If(Cond::B), Trap::MemoryOutOfBounds, Detail::Value, &[from]);
                }
                end
            }
        };
        let record = self.record(memory);
        let len = Address::register(record, offset_of!(MemRecord, len) as i32);
        self.out.cmp_load(Size::S64, end, len, Fault::NONE);
        self.out.trap_if(Test::If(Cond::A), Trap::MemoryOutOfBounds, Detail::Value, &[from]);
        let base = Address::register(record, offset_of!(MemRecord, base) as i32);
        let base = self.out.load(LoadOp::W64, base, Fault::NONE);
        Place::sound(Address::register(base, -(bytes as i32)).index(end, Scale::X1))
    }

    /// A register with the address of the record of a memory.
    fn record(&mut self, memory: MemoryIndex) -> VReg {
        self.load_context(self.layout.memory(memory.0))
    }

    /// A register with a field of the record of a memory.
    fn record_field(&mut self, memory: MemoryIndex, field: usize) -> VReg {
        let record = self.record(memory);
        self.out.load(LoadOp::W64, Address::register(record, field as i32), Fault::NONE)
    }

    /// A register with 64 bits of the context.
    pub(super) fn load_context(&mut self, offset: usize) -> VReg {
        self.out.load(LoadOp::W64, Address::context(offset as i32), Fault::NONE)
    }

    /// The place of a load, whatever it loads from.
    pub(super) fn place_of_load(&mut self, load: Value) -> Place {
        match self.func.op(load) {
            Op::Load { op, memory, offset } => {
                let access = Access { memory, offset, bytes: op.bytes() };
                self.access(access, self.arg(load, 0))
            }
            Op::GlobalGet(global) => Place::sound(self.global(global)),
            Op::FieldLoad { offset, .. } => self.field(load, offset),
            Op::ElementLoad(op) => self.element(load, op.bytes()),
            op => unreachable!("{op:?} is no load"),
        }
    }

    /// A load from a memory.
    pub(super) fn lower_load_of(&mut self, inst: Value, op: Load, memory: MemoryIndex, offset: u64) {
        let access = Access { memory, offset, bytes: op.bytes() };
        if self.can_access(access, self.arg(inst, 0)) {
            self.lower_load(inst, op);
        } else {
            self.embed(inst);
        }
    }

    /// A load of which there are instructions, whatever it loads from.
    pub(super) fn lower_load(&mut self, inst: Value, op: Load) {
        let Some(load) = load_op(op) else { return self.lower_vector_load(inst, op) };
        let place = self.place_of_load(inst);
        let made = self.at(place, |this, address, fault| this.out.load(load, address, fault));
        self.bind(inst, made);
    }

    /// A store to a memory.
    pub(super) fn lower_store(&mut self, inst: Value, op: Store, memory: MemoryIndex, offset: u64) {
        let (address, value) = (self.arg(inst, 0), self.arg(inst, 1));
        let access = Access { memory, offset, bytes: op.bytes() };
        if !self.can_access(access, address) {
            return self.embed(inst);
        }
        if self.lower_change(access, op, address, value) {
            return;
        }
        let value = self.stored(op, value);
        let place = self.access(access, address);
        self.store_at(place, value);
    }

    /// What is to be stored: an immediate or a register.
    pub(super) fn stored(&mut self, op: Store, value: Value) -> Stored {
        let size = match op {
            Store::Store8 => Size::S8,
            Store::Store16 => Size::S16,
            Store::Store32 => Size::S32,
            Store::Store64 => Size::S64,
            Store::V128Store => return Stored::Reg(StoreOp::V128, self.reg(value)),
        };
        let value = self.narrow_of(value, size);
        if let Some(bits) = self.constant(value) {
            let imm = match size {
                Size::S8 => Some(i32::from(bits as i8)),
                Size::S16 => Some(i32::from(bits as i16)),
                Size::S32 => Some(bits as i32),
                Size::S64 => i32::try_from(bits as i64).ok(),
            };
            if let Some(imm) = imm {
                return Stored::Imm(size, imm);
            }
        }
        let store = match (size, self.func.ty(value)) {
            (_, Ty::F32) => StoreOp::F32,
            (_, Ty::F64) => StoreOp::F64,
            (Size::S8, _) => StoreOp::W8,
            (Size::S16, _) => StoreOp::W16,
            (Size::S32, _) => StoreOp::W32,
            (Size::S64, _) => StoreOp::W64,
        };
        Stored::Reg(store, self.reg(value))
    }

    /// The value whose lowest bits of a size are those of another one.
    fn narrow_of(&self, value: Value, size: Size) -> Value {
        if size == Size::S64 {
            return self.resolve(value);
        }
        let mut value = self.low_of(value);
        let bits = u64::from(size.bytes() * 8);
        while let Op::Binary(Binary::I32And | Binary::I64And) = self.func.op(value) {
            let mask = self.constant(self.arg(value, 1));
            if bits >= 32 || mask.is_none_or(|mask| mask.trailing_ones() < bits as u32) {
                break;
            }
            value = self.low_of(self.arg(value, 0));
        }
        value
    }

    /// Stores to a place.
    pub(super) fn store_at(&mut self, place: Place, value: Stored) {
        self.at(place, |this, address, fault| match value {
            Stored::Imm(size, imm) => this.out.store_imm(size, address, fault, imm),
            Stored::Reg(store, value) => this.out.store(store, address, fault, value),
        });
    }

    /// A store of what is computed from the bytes that it overwrites, as one instruction. Returns whether it is one.
    fn lower_change(&mut self, access: Access, store: Store, address: Value, value: Value) -> bool {
        let (size, wanted) = match store {
            Store::Store8 => (Size::S8, [Load::Load8U, Load::Load8S32, Load::Load8S64]),
            Store::Store16 => (Size::S16, [Load::Load16U, Load::Load16S32, Load::Load16S64]),
            Store::Store32 => (Size::S32, [Load::Load32U, Load::Load32S64, Load::Load32U]),
            Store::Store64 => (Size::S64, [Load::Load64; 3]),
            Store::V128Store => return false,
        };
        if matches!(self.func.ty(value), Ty::F32 | Ty::F64) {
            return false;
        }
        let value = if size == Size::S64 { value } else { self.low_of(value) };
        let Some((op, lhs, rhs)) = self.sole_binary(value) else { return false };
        let Some(IntOp::Alu(alu)) = int_op(op) else { return false };
        let same = |this: &Self, load: Value| {
            let load = this.resolve(load);
            let Op::Load { op, memory, offset } = this.func.op(load) else { return false };
            wanted.contains(&op)
                && (memory, offset) == (access.memory, access.offset)
                && this.resolve(this.arg(load, 0)) == this.resolve(address)
                && this.sinkable(load).is_some()
        };
        let (load, other) = if same(self, lhs) {
            (lhs, rhs)
        } else if alu != Alu::Sub && same(self, rhs) {
            (rhs, lhs)
        } else {
            return false;
        };
        let imm = self.constant(other).and_then(|bits| match size {
            Size::S8 => Some(i32::from(bits as i8)),
            Size::S16 => Some(i32::from(bits as i16)),
            Size::S32 => Some(bits as i32),
            Size::S64 => i32::try_from(bits as i64).ok(),
        });
        if let Some(imm) = imm {
            let place = self.sink_any(load);
            self.at(place, |this, address, fault| this.out.alu_store_imm(alu, size, address, fault, imm));
        } else {
            let other = self.reg_for(other, if size == Size::S64 { Size::S64 } else { Size::S32 });
            let place = self.sink_any(load);
            self.at(place, |this, address, fault| this.out.alu_store(alu, size, address, fault, other));
        }
        true
    }

    /// The size of a memory in pages.
    pub(super) fn lower_memory_size(&mut self, inst: Value, memory: MemoryIndex) {
        let len = self.record_field(memory, offset_of!(MemRecord, len));
        let made = match self.module.memories[memory.index()].page_size_log2 {
            0 => len,
            log2 => self.out.shift_imm(Shift::Shr, Size::S64, len, log2),
        };
        self.bind(inst, made);
    }

    /// The place of a global.
    fn global(&mut self, global: GlobalIndex) -> Address {
        match global.0.checked_sub(self.module.imported_globals) {
            Some(own) => Address::context(self.layout.global(own) as i32),
            None => {
                let cell = self.load_context(self.layout.imported_global(global.0));
                Address::register(cell, 0)
            }
        }
    }

    /// The value of a global.
    pub(super) fn lower_global_get(&mut self, inst: Value, global: GlobalIndex) {
        let address = self.global(global);
        let made = self.out.load(slot_load(self.func.ty(inst)), address, Fault::NONE);
        self.bind(inst, made);
    }

    /// Sets a global.
    pub(super) fn lower_global_set(&mut self, inst: Value, global: GlobalIndex) {
        let value = self.arg(inst, 0);
        // All of the slot is written: what has 32 bits has zeroes above.
        let store = match self.func.ty(value) {
            Ty::F32 | Ty::F64 => StoreOp::F64,
            Ty::V128 => StoreOp::V128,
            _ => StoreOp::W64,
        };
        let imm = self.constant(value).and_then(|bits| i32::try_from(bits as i64).ok());
        let value = match imm {
            Some(imm) => Stored::Imm(Size::S64, imm),
            None => Stored::Reg(store, self.reg(value)),
        };
        let address = self.global(global);
        self.store_at(Place::sound(address), value);
    }
}

/// What a store writes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stored {
    Imm(Size, i32),
    Reg(StoreOp, VReg),
}
