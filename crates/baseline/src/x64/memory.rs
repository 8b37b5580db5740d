//! Accesses to memories: how an address becomes an operand in each mode, and the instruction of each access.
//!
//! Where everything that a 32-bit address and offset reach is set aside, an access out of bounds faults and nothing is checked.
//! Otherwise, and for the few accesses that the table of faults has no room for, the address is compared with the length of the memory,
//! less what the access has behind it, or if a memory may be shorter than that, the end of the access with the length.

use std::mem::offset_of;

use upshift_asm::x64::{Cond, Gpr, IntLoad, Mem, Scale, Size};
use upshift_core::index::MemoryIndex;
use upshift_core::ops::memory::{Load, Store};
use upshift_core::types::IndexType;
use upshift_core::vm::{MemRecord, MemoryMode};
use upshift_translate::backend::{MemArg, Operand, Slot};

use super::{CTX, Class, MEM, RESULT, Reg};
use crate::cache::Kind;
use crate::cells::Cell;
use crate::compiler::Compiler;
use crate::tables::ColdPath;
use upshift_codegen::Fault;

/// Where an access goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    mem: Mem,
    /// What a fault of the access is about, if it may fault: the memory, and the register with the address; or an object.
    faults: Option<(u32, Option<Gpr>)>,
}

impl Access {
    /// An access that is known to be within its bounds.
    pub(super) fn checked(mem: Mem) -> Access {
        Access { mem, faults: None }
    }

    /// An access to an object near its start, which faults if the reference is null.
    pub(super) fn of_object(mem: Mem) -> Access {
        Access { mem, faults: Some((Fault::OBJECT, None)) }
    }
}

/// The displacement of an offset, with room for the parts of an access.
fn displacement(offset: u64) -> Option<i32> {
    i32::try_from(offset).ok().filter(|&offset| offset < i32::MAX - 16)
}

impl Compiler<'_> {
    /// The place of an access of so many bytes. None if its end is behind all addresses.
    pub(crate) fn access(&mut self, arg: MemArg, address: Operand, bytes: u32) -> Option<Access> {
        let memory = arg.memory.index();
        if memory == 0 && self.plain_memory && self.may_fault(arg) {
            return Some(self.unchecked(arg, address, bytes));
        }
        let wide = self.module.memories[memory].index == IndexType::I64;
        match self.target.memories.get(memory) {
            Some(MemoryMode::Guard) if !wide && self.may_fault(arg) => {
                Some(self.unchecked(arg, address, bytes))
            }
            _ => self.checked(arg, address, bytes, if wide { Kind::I64 } else { Kind::I32 }),
        }
    }

    /// The displacement of an access to memory 0 at an address that is in a register and need not be checked, if an instruction can
    /// have it: most accesses are of this kind.
    #[inline]
    pub(crate) fn plain_displacement(&self, arg: MemArg, address: Operand) -> Option<i32> {
        let is_plain = arg.memory.0 == 0 && self.plain_memory && self.has_room_for_fault();
        if is_plain && !matches!(address, Operand::Const(..)) { displacement(arg.offset) } else { None }
    }

    /// Loads an integer from memory 0.
    pub(crate) fn emit_plain_load(
        &mut self,
        (load, kind): (IntLoad, Kind),
        disp: i32,
        dst: Slot,
        address: Operand,
    ) {
        let address = self.use_gpr(address, Kind::I32);
        let result = self.alloc_result(Class::Int).gpr();
        self.note_plain_access(address);
        self.asm.load_indexed(load, result, MEM, address, disp);
        self.define(dst, result, kind);
    }

    /// Stores an operand, which is no vector, to memory 0.
    pub(crate) fn emit_plain_store(&mut self, op: Store, disp: i32, address: Operand, value: Operand) {
        let size = size_of_store(op);
        let address = self.use_gpr(address, Kind::I32);
        match value {
            Operand::Const(bits, _) if size != Size::S64 || i32::try_from(bits as i64).is_ok() => {
                self.note_plain_access(address);
                self.asm.store_imm_indexed(size, MEM, address, disp, bits as i32);
            }
            _ => {
                let value = self.stored_value(value, size);
                self.note_plain_access(address);
                match value.class() {
                    Class::Int => self.asm.store_indexed(size, MEM, address, disp, value.gpr()),
                    Class::Float => self.store_float(size, Mem::index(MEM, address, Scale::X1, disp), value),
                }
            }
        }
        self.done();
    }

    /// Notes that the next instruction accesses memory 0 at an address.
    #[inline]
    fn note_plain_access(&mut self, address: Gpr) {
        self.tables.faults.push(Fault::new(self.asm.offset(), 0, Some(address)));
    }

    /// Whether the table of faults has room for an access that comes next.
    #[inline]
    fn may_fault(&self, arg: MemArg) -> bool {
        arg.memory.0 < Fault::MEMORIES && self.has_room_for_fault()
    }

    /// Whether what comes next may be in the table of faults.
    #[inline]
    pub(super) fn has_room_for_fault(&self) -> bool {
        /// More than what brings operands to registers.
        const ROOM: u32 = 1 << 10;
        self.asm.offset() < Fault::END - ROOM
    }

    #[inline]
    fn unchecked(&mut self, arg: MemArg, address: Operand, bytes: u32) -> Access {
        let memory = arg.memory.0;
        let base = if memory == 0 { MEM } else { self.emit_base(memory) };
        if let Operand::Const(bits, _) = address
            && let Some(disp) = self.always_inside(arg, u64::from(bits as u32), bytes)
        {
            return Access { mem: Mem::base(base, disp), faults: Some((memory, None)) };
        }
        // A trap's text tells the address, so one that may trap is in a register of its own.
        let address = self.use_gpr(address, Kind::I32);
        let mem = match displacement(arg.offset) {
            Some(disp) => Mem::index(base, address, Scale::X1, disp),
            None => {
                let at = self.emit_number(arg.offset);
                self.asm.add(Size::S64, at, address);
                Mem::index(base, at, Scale::X1, 0)
            }
        };
        Access { mem, faults: Some((memory, Some(address))) }
    }

    /// The displacement of an access of so many bytes at a known address that is inside the memory from the start: memories
    /// never shrink.
    fn always_inside(&self, arg: MemArg, address: u64, bytes: u32) -> Option<i32> {
        let at = address.checked_add(arg.offset)?;
        let inside = at.checked_add(bytes.into())? <= self.least_bytes(arg.memory.0);
        displacement(at).filter(|_| inside)
    }

    /// How many bytes a memory has at least.
    pub(super) fn least_bytes(&self, memory: u32) -> u64 {
        let memory = &self.module.memories[memory as usize];
        memory.minimum.checked_mul(1 << memory.page_size_log2).unwrap_or(0)
    }

    fn checked(&mut self, arg: MemArg, address: Operand, bytes: u32, kind: Kind) -> Option<Access> {
        let memory = arg.memory.0;
        let behind = arg.offset.checked_add(bytes.into())?;
        let address = match address {
            Operand::Const(bits, _) => {
                if let Some(disp) = self.always_inside(arg, bits, bytes) {
                    let base = self.emit_base(memory);
                    return Some(Access::checked(Mem::base(base, disp)));
                }
                let end = self.emit_number(bits.checked_add(behind)?);
                return Some(self.checked_end(memory, end, behind, bytes));
            }
            _ => self.use_gpr(address, kind),
        };
        let disp = displacement(behind);
        let room = disp.filter(|_| behind <= self.least_bytes(memory));
        if let Some(disp) = room
            && let Cell::Base(_) = self.base_cell(memory)
            && let Some(len) = Cell::Len(memory).slot()
        {
            let len = self.use_cell(len);
            let out = self.cold(ColdPath::OutOfBounds { end: address, behind: 0 });
            if disp == 1 {
                self.asm.cmp(Size::S64, address, len);
                self.asm.jcc(Cond::Ae, out);
            } else {
                let last = self.alloc_gpr();
                self.asm.lea(Size::S64, last, Mem::base(len, -disp));
                self.asm.cmp(Size::S64, address, last);
                self.asm.jcc(Cond::A, out);
                self.cache.release(last.into());
            }
            let base = self.emit_base(memory);
            return Some(Access::checked(Mem::index(base, address, Scale::X1, arg.offset as i32)));
        }
        let end = match disp {
            Some(disp) if kind == Kind::I32 => {
                let end = self.alloc_gpr();
                self.asm.lea(Size::S64, end, Mem::base(address, disp));
                end
            }
            _ => {
                let end = self.emit_number(behind);
                self.asm.add(Size::S64, end, address);
                if kind == Kind::I64 {
                    let wraps = self.cold(ColdPath::OutOfBounds { end, behind });
                    self.asm.jcc(Cond::B, wraps);
                }
                end
            }
        };
        Some(self.checked_end(memory, end, behind, bytes))
    }

    /// An access of so many bytes that ends where a register says, which is so many bytes behind the address.
    fn checked_end(&mut self, memory: u32, end: Gpr, behind: u64, bytes: u32) -> Access {
        let record = match Cell::Record(memory).slot() {
            Some(slot) => self.use_cell(slot),
            None => self.emit_memory(memory),
        };
        let out = self.cold(ColdPath::OutOfBounds { end, behind });
        self.asm.cmp(Size::S64, end, Mem::base(record, offset_of!(MemRecord, len) as i32));
        self.asm.jcc(Cond::A, out);
        let base = self.emit_base(memory);
        Access::checked(Mem::index(base, end, Scale::X1, -(bytes as i32)))
    }

    /// A register with the base of a memory.
    pub(super) fn emit_base(&mut self, memory: u32) -> Gpr {
        match self.base_cell(memory).slot() {
            Some(slot) => self.use_cell(slot),
            None => self.emit_record(memory, offset_of!(MemRecord, base)),
        }
    }

    /// Leaves the address of an access for the description of the trap.
    pub(crate) fn emit_out_of_bounds(&mut self, end: Gpr, behind: u64) {
        self.leave_for_trap(end);
        match i32::try_from(behind) {
            Ok(0) => {}
            Ok(behind) => self.asm.sub_imm(Size::S64, RESULT, behind),
            Err(_) => {
                self.asm.mov_imm(Gpr::RCX, behind);
                self.asm.sub(Size::S64, RESULT, Gpr::RCX);
            }
        }
    }

    /// A register with a number.
    fn emit_number(&mut self, number: u64) -> Gpr {
        let reg = self.alloc_gpr();
        self.asm.mov_imm(reg, number);
        reg
    }

    /// A register with the address of the record of a memory.
    fn emit_memory(&mut self, memory: u32) -> Gpr {
        let record = self.alloc_gpr();
        self.asm.mov(Size::S64, record, Mem::base(CTX, self.layout.memory(memory) as i32));
        record
    }

    /// A register with a field of the record of a memory.
    fn emit_record(&mut self, memory: u32, field: usize) -> Gpr {
        let record = self.emit_memory(memory);
        self.asm.mov(Size::S64, record, Mem::base(record, field as i32));
        record
    }

    /// A register with the size of a memory in pages.
    pub(crate) fn emit_memory_size(&mut self, memory: MemoryIndex) -> Gpr {
        let size = self.emit_record(memory.0, offset_of!(MemRecord, len));
        match self.module.memories[memory.index()].page_size_log2 {
            0 => {}
            log2 => self.asm.shr_imm(Size::S64, size, log2),
        }
        size
    }

    /// Notes that the next instruction is the access.
    pub(super) fn note_access(&mut self, access: Access) -> Mem {
        if let Some((memory, address)) = access.faults {
            self.tables.faults.push(Fault::new(self.asm.offset(), memory, address));
        }
        access.mem
    }

    /// Loads a value to a register.
    pub(crate) fn emit_memory_load(&mut self, op: Load, access: Access) -> Reg {
        let reg = self.alloc_result(load_kind(op).map_or(Class::Int, Kind::class));
        let mem = self.note_access(access);
        match op {
            Load::Load8U => self.asm.movzx_8(Size::S32, reg.gpr(), mem),
            Load::Load8S32 => self.asm.movsx_8(Size::S32, reg.gpr(), mem),
            Load::Load8S64 => self.asm.movsx_8(Size::S64, reg.gpr(), mem),
            Load::Load16U => self.asm.movzx_16(Size::S32, reg.gpr(), mem),
            Load::Load16S32 => self.asm.movsx_16(Size::S32, reg.gpr(), mem),
            Load::Load16S64 => self.asm.movsx_16(Size::S64, reg.gpr(), mem),
            Load::Load32U => self.asm.mov(Size::S32, reg.gpr(), mem),
            Load::Load32S64 => self.asm.movsxd(reg.gpr(), mem),
            Load::Load64 => self.asm.mov(Size::S64, reg.gpr(), mem),
            Load::LoadF32 => self.asm.movss(reg.xmm(), mem),
            Load::LoadF64 => self.asm.movsd(reg.xmm(), mem),
            Load::V128Load => self.asm.movups(reg.xmm(), mem),
            _ => unreachable!("loads of other kinds are left to the interpreter"),
        }
        reg
    }

    /// Stores an operand.
    pub(crate) fn emit_memory_store(&mut self, op: Store, access: Access, value: Operand) {
        if op == Store::V128Store {
            let value = self.use_xmm(value, Kind::V128);
            let mem = self.note_access(access);
            return self.asm.movups_mr(mem, value);
        }
        let size = size_of_store(op);
        if let Operand::Const(bits, _) = value
            && (size != Size::S64 || i32::try_from(bits as i64).is_ok())
        {
            let mem = self.note_access(access);
            return self.asm.mov_mi(size, mem, bits as i32);
        }
        let value = self.stored_value(value, size);
        let mem = self.note_access(access);
        match value.class() {
            Class::Int => self.asm.mov_mr(size, mem, value.gpr()),
            Class::Float => self.store_float(size, mem, value),
        }
    }

    /// Stores a float.
    fn store_float(&mut self, size: Size, mem: Mem, value: Reg) {
        match size {
            Size::S32 => self.asm.movss_mr(mem, value.xmm()),
            _ => self.asm.movsd_mr(mem, value.xmm()),
        }
    }

    /// A register with a value that is to be stored, whose type is not known: an integer or a float.
    pub(super) fn stored_value(&mut self, value: Operand, size: Size) -> Reg {
        self.consume(value);
        if let Some(reg) = value.slot().and_then(|slot| self.cache.find(slot)) {
            self.cache.lock(reg);
            return reg;
        }
        let reg = self.alloc(Class::Int);
        match value {
            Operand::Const(bits, _) => self.asm.mov_imm(reg.gpr(), bits),
            Operand::Temp(slot) | Operand::Kept(slot) | Operand::Local(_, slot) => {
                let kind = if size == Size::S64 { Kind::I64 } else { Kind::I32 };
                self.emit_load(reg, slot, kind);
            }
        }
        reg
    }
}

/// The size of what is stored but vectors.
#[inline]
fn size_of_store(op: Store) -> Size {
    match op {
        Store::Store8 => Size::S8,
        Store::Store16 => Size::S16,
        Store::Store32 => Size::S32,
        Store::Store64 | Store::V128Store => Size::S64,
    }
}

/// The instruction of a load of an integer, and the kind of what it makes.
#[inline]
pub(crate) fn int_load(op: Load) -> Option<(IntLoad, Kind)> {
    // Looked up, as nobody foresees where a jump by the operator would go.
    INT_LOADS[op as usize]
}

static INT_LOADS: [Option<(IntLoad, Kind)>; Load::ALL.len()] = {
    let mut loads = [None; Load::ALL.len()];
    let mut at = 0;
    while at < loads.len() {
        let op = Load::ALL[at];
        let load = match op {
            Load::Load8U => Some(IntLoad::ZERO_8),
            Load::Load8S32 => Some(IntLoad::SIGN_8_TO_32),
            Load::Load8S64 => Some(IntLoad::SIGN_8_TO_64),
            Load::Load16U => Some(IntLoad::ZERO_16),
            Load::Load16S32 => Some(IntLoad::SIGN_16_TO_32),
            Load::Load16S64 => Some(IntLoad::SIGN_16_TO_64),
            Load::Load32U => Some(IntLoad::WHOLE_32),
            Load::Load32S64 => Some(IntLoad::SIGN_32_TO_64),
            Load::Load64 => Some(IntLoad::WHOLE_64),
            _ => None,
        };
        if let (Some(load), Some(kind)) = (load, load_kind(op)) {
            loads[op as usize] = Some((load, kind));
        }
        at += 1;
    }
    loads
};

/// The kind of what a load makes, if there is an instruction for it.
pub(crate) const fn load_kind(op: Load) -> Option<Kind> {
    Some(match op {
        Load::Load8S32 | Load::Load16S32 => Kind::I32,
        // These have no upper half, whichever integer they are.
        Load::Load8U | Load::Load16U | Load::Load32U => Kind::I64,
        Load::Load8S64 | Load::Load16S64 | Load::Load32S64 | Load::Load64 => Kind::I64,
        Load::LoadF32 => Kind::F32,
        Load::LoadF64 => Kind::F64,
        Load::V128Load => Kind::V128,
        _ => return None,
    })
}
