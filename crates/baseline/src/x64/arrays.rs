//! Arrays that instructions make, fill and copy.
//!
//! ```text
//! new ─ size ─ short, and the heap has room ─▶ header ─ loop over words ─▶ reference
//! fill ─ null, bounds ─ few elements ─▶ loop over elements
//! copy ─ null, bounds ─▶ a function in C
//! ```
//! All else is left to the interpreter, which begins anew: long ones take so long that it does not matter, and traps are its own. Where code is
//! metered, bytes are paid for, and the epoch is looked at, as the interpreter does it.

use std::mem::offset_of;

use upshift_asm::x64::{Cond, Gpr, Mem, Scale, Size};
use upshift_asm::{Label, Stub};
use upshift_core::fuel::{BYTES_PER_LOOK, BYTES_PER_UNIT};
use upshift_core::index::TypeIndex;
use upshift_core::types::composite::{CompositeType, StorageType};
use upshift_core::types::layout::{ALIGNMENT, HEADER_BYTES, array_size};
use upshift_core::vm::{FieldPlace, StoreCtx, VmCtx};
use upshift_translate::CodeOptions;
use upshift_translate::backend::{Backend, Operand, Service, Slot};

use super::metering::ARGUMENTS;
use super::objects::{LARGEST, LEN, MOST_FIELDS, size_of_field};
use super::{CTX, Class, Reg};
use crate::cache::Kind;
use crate::cells::{OBJECTS_SLOT, STORE_SLOT};
use crate::compiler::Compiler;
use crate::tables::ColdPath;

/// The most bytes of an array that is made by instructions.
const LONGEST: i32 = 1024;
/// The most elements that are filled by instructions.
const MOST_FILLED: i32 = 64;

/// The elements of the arrays of a type.
#[derive(Clone, Copy)]
struct Elements {
    bytes_log2: u32,
}

impl Elements {
    fn bytes(self) -> i32 {
        1 << self.bytes_log2
    }

    /// Slots that one takes as an operand.
    fn slots(self) -> u32 {
        if self.bytes_log2 == 4 { 2 } else { 1 }
    }

    /// What an index is multiplied by; none for what addresses cannot have.
    fn scale(self) -> Option<Scale> {
        match self.bytes_log2 {
            0 => Some(Scale::X1),
            1 => Some(Scale::X2),
            2 => Some(Scale::X4),
            3 => Some(Scale::X8),
            _ => None,
        }
    }
}

impl Compiler<'_> {
    fn elements(&self, ty: u32) -> Elements {
        let bytes = match self.module.types[ty as usize].ty.definition.composite {
            CompositeType::Array(element) => StorageType::bytes(element.storage),
            _ => unreachable!("validation has checked that this is an array"),
        };
        Elements { bytes_log2: bytes.trailing_zeros() }
    }

    /// Makes an array whose elements are all the same: the value of the first operand, or zero.
    pub(crate) fn emit_array_new(&mut self, service: &Service<'_>, filled: bool) {
        let (base, elements) = (service.base, self.elements(service.x));
        let value = filled.then(|| self.repeated(Slot(base.0), elements));
        let len = if filled { Slot(base.0 + elements.slots()) } else { base };
        let len = self.use_gpr(Operand::Temp(len), Kind::I32);
        let (gc_base, store) = (self.use_cell(OBJECTS_SLOT), self.use_cell(STORE_SLOT));
        let meter = self.meter();
        let [size, reference, object] = [(); 3].map(|()| self.alloc_gpr());
        let made = self.asm.label();
        let full = self.made_elsewhere(service, reference, made);
        // Rounded up, with the header.
        let extra = (HEADER_BYTES + ALIGNMENT - 1) as i32;
        match elements.scale() {
            Some(Scale::X1) => self.asm.lea(Size::S64, size, Mem::base(len, extra)),
            Some(scale) => self.asm.lea(Size::S64, size, Mem::scaled(len, scale, extra)),
            None => {
                self.asm.mov(Size::S32, size, len);
                self.asm.shl_imm(Size::S64, size, elements.bytes_log2 as u8);
                self.asm.add_imm(Size::S64, size, extra);
            }
        }
        self.asm.and_imm(Size::S64, size, -(ALIGNMENT as i32));
        self.asm.cmp_imm(Size::S64, size, LONGEST);
        self.asm.jcc(Cond::A, full);
        let bump = Mem::base(store, offset_of!(StoreCtx, gc_bump) as i32);
        self.asm.mov(Size::S32, reference, bump);
        self.asm.mov(Size::S32, object, Mem::base(store, offset_of!(StoreCtx, gc_limit) as i32));
        self.asm.sub(Size::S32, object, reference);
        self.asm.cmp(Size::S32, object, size);
        self.asm.jcc(Cond::B, full);
        if meter.store.is_some() {
            self.asm.mov(Size::S32, object, size);
        }
        self.emit_pay(meter, object, full);
        self.asm.add_mr(Size::S32, bump, size);
        self.asm.lea(Size::S64, object, Mem::index(gc_base, reference, Scale::X1, 0));
        self.emit_header(object, TypeIndex(service.x));
        self.asm.mov_mr(Size::S32, Mem::base(object, LEN), len);
        self.asm.sub_imm(Size::S64, size, HEADER_BYTES as i32);
        self.asm.jcc_short(Cond::E, made);
        // The last ones first: behind the header, so many bytes are left.
        let again = self.asm.here();
        let step = if elements.bytes_log2 == 4 { 16 } else { ALIGNMENT as i32 };
        let at = Mem::index(object, size, Scale::X1, HEADER_BYTES as i32 - step);
        match value {
            Some(value) if value.class() == Class::Float => self.asm.movups_mr(at, value.xmm()),
            Some(value) => self.asm.mov_mr(Size::S64, at, value.gpr()),
            None if step == 16 => {
                self.asm.mov_mi(Size::S64, at, 0);
                self.asm.mov_mi(Size::S64, at.plus(8).unwrap_or(at), 0);
            }
            None => self.asm.mov_mi(Size::S64, at, 0),
        }
        self.asm.sub_imm(Size::S64, size, step);
        self.asm.jcc_short(Cond::Ne, again);
        self.asm.bind(made);
        self.define(base, reference, Kind::Ref);
    }

    /// A register of the operation's own with the bits of a word full of elements with that value, or a vector.
    fn repeated(&mut self, slot: Slot, elements: Elements) -> Reg {
        let value = self.element_value(slot, elements);
        let wide = match elements.bytes_log2 {
            0 => 0x0101_0101_0101_0101,
            1 => 0x0001_0001_0001_0001,
            2 => 0x0000_0001_0000_0001,
            _ => return value,
        };
        let (word, factor) = (self.alloc_gpr(), self.alloc_gpr());
        match elements.bytes_log2 {
            0 => self.asm.movzx_8(Size::S32, word, value.gpr()),
            1 => self.asm.movzx_16(Size::S32, word, value.gpr()),
            _ => self.asm.mov(Size::S32, word, value.gpr()),
        }
        self.asm.mov_imm(factor, wide);
        self.asm.imul(Size::S64, word, factor);
        self.cache.release(factor.into());
        word.into()
    }

    /// A register with the bits of an operand that elements get: that of integers, but for vectors.
    fn element_value(&mut self, slot: Slot, elements: Elements) -> Reg {
        if elements.bytes_log2 == 4 {
            return self.use_reg(Operand::Temp(slot), Kind::V128);
        }
        let size = if elements.bytes_log2 == 3 { Size::S64 } else { Size::S32 };
        let value = self.stored_value(Operand::Temp(slot), size);
        if value.class() == Class::Int {
            return value;
        }
        let bits = self.alloc_gpr();
        self.asm.movd_rm(size, bits, value.xmm());
        bits.into()
    }

    /// Where the interpreter makes the array and comes back with the reference in a register, and all others as they are here.
    fn made_elsewhere(&mut self, service: &Service<'_>, reference: Gpr, made: Label) -> Label {
        let load = ColdPath::Load { reg: reference.into(), slot: service.base, kind: Kind::Ref, back: made };
        let loaded = self.cold(load);
        self.embed_cold_below(service.base, Some(loaded), |builder| builder.builtin(service))
    }

    /// Makes an array of operands. Returns false if they are too many.
    pub(crate) fn emit_array_new_fixed(&mut self, service: &Service<'_>) -> bool {
        let (elements, len) = (self.elements(service.x), service.y);
        let size = array_size(elements.bytes() as u32, len).filter(|&size| size <= LARGEST);
        let (Some(size), true) = (size, len as usize <= MOST_FIELDS) else { return false };
        let CodeOptions { fuel, interruption, .. } = self.options;
        if interruption || fuel && u64::from(size) >= BYTES_PER_UNIT {
            return false;
        }
        if !self.control.moves.take(len as usize) {
            return false;
        }
        let place = |i: usize| FieldPlace {
            offset: HEADER_BYTES + (i << elements.bytes_log2) as u32,
            bytes_log2: elements.bytes_log2,
        };
        let places: [FieldPlace; MOST_FIELDS] = std::array::from_fn(place);
        let again = |builder: &mut upshift_ir::build::Builder<'_>| builder.builtin(service);
        let new = self.emit_new_object(TypeIndex(service.x), size, service.base, again);
        self.asm.mov_mi(Size::S32, Mem::base(new.object, LEN), len as i32);
        self.emit_fields(&places[..len as usize], service.base, &new);
        self.asm.bind(new.made);
        self.define(service.base, new.reference, Kind::Ref);
        true
    }

    /// Sets few elements to a value.
    pub(crate) fn emit_array_fill(&mut self, service: &Service<'_>) {
        let (base, elements) = (service.base, self.elements(service.x));
        let value = self.element_value(Slot(base.0 + 2), elements);
        let array = self.use_gpr(Operand::Temp(base), Kind::Ref);
        let index = self.use_gpr(Operand::Temp(Slot(base.0 + 1)), Kind::I32);
        let len = self.use_gpr(Operand::Temp(Slot(base.0 + 2 + elements.slots())), Kind::I32);
        let meter = self.meter();
        let [at, end, scratch] = [(); 3].map(|()| self.alloc_gpr());
        let done = self.asm.label();
        let other = self.embed_cold_below(base, Some(done), |builder| builder.builtin(service));
        self.asm.cmp_imm(Size::S32, len, MOST_FILLED);
        self.asm.jcc(Cond::A, other);
        self.asm.mov(Size::S64, at, array);
        self.emit_range(at, index, len, elements, [end, scratch], other);
        if meter.store.is_some() {
            self.asm.mov(Size::S32, end, len);
            self.shift(end, elements);
        }
        self.emit_pay(meter, end, other);
        self.asm.mov(Size::S32, end, len);
        self.asm.test(Size::S32, end, end);
        self.asm.jcc_short(Cond::E, done);
        if elements.scale().is_none() {
            self.asm.shl_imm(Size::S64, end, elements.bytes_log2 as u8);
        }
        let again = self.asm.here();
        let place = Mem::index(at, end, elements.scale().unwrap_or(Scale::X1), -elements.bytes());
        match value.class() {
            Class::Float => self.asm.movups_mr(place, value.xmm()),
            Class::Int => self.asm.mov_mr(size_of_field(elements.bytes_log2), place, value.gpr()),
        }
        self.asm.sub_imm(Size::S64, end, if elements.scale().is_none() { elements.bytes() } else { 1 });
        self.asm.jcc_short(Cond::Ne, again);
        self.asm.bind(done);
        self.done();
    }

    /// Copies elements by a function in C. Where that cannot be, the interpreter does it, and comes back to `back` with all registers
    /// as they are here; those of the function lose what they have.
    pub(crate) fn emit_array_copy(&mut self, service: &Service<'_>, back: Label) {
        let (base, elements) = (service.base, self.elements(service.x));
        let operand = |n: u32| Operand::Temp(Slot(base.0 + n));
        for reg in ARGUMENTS {
            self.alloc_fixed(reg);
        }
        let [to, from, len] = ARGUMENTS;
        for (n, reg, kind) in [(0, to, Kind::Ref), (2, from, Kind::Ref), (4, len, Kind::I32)] {
            self.load_reg(reg.into(), operand(n), kind);
        }
        let to_index = self.use_gpr(operand(1), Kind::I32);
        let from_index = self.use_gpr(operand(3), Kind::I32);
        let meter = self.meter();
        let scratch = [self.alloc_gpr(), self.alloc_gpr()];
        let other = self.embed_cold_below(base, Some(back), |builder| builder.builtin(service));
        self.emit_range(to, to_index, len, elements, scratch, other);
        self.emit_range(from, from_index, len, elements, scratch, other);
        if meter.store.is_some() || meter.epoch.is_some() {
            let [bytes, _] = scratch;
            self.asm.mov(Size::S32, bytes, len);
            self.shift(bytes, elements);
            self.asm.cmp_imm(Size::S64, bytes, BYTES_PER_LOOK as i32);
            self.asm.jcc(Cond::A, other);
            self.emit_pay(meter, bytes, other);
        }
        self.shift(len, elements);
        self.emit_call_of_function(Stub::CopyBytes);
    }

    /// Makes of a number of elements that of their bytes.
    fn shift(&mut self, number: Gpr, elements: Elements) {
        if elements.bytes_log2 > 0 {
            self.asm.shl_imm(Size::S64, number, elements.bytes_log2 as u8);
        }
    }

    /// Makes of a reference the address of the element with an index; to `other` if it is null, or the array has not so many elements from
    /// there on.
    fn emit_range(
        &mut self,
        array: Gpr,
        index: Gpr,
        len: Gpr,
        elements: Elements,
        [end, scratch]: [Gpr; 2],
        other: Label,
    ) {
        self.emit_branch_if_null(array, other);
        self.asm.add(Size::S64, array, Mem::base(CTX, offset_of!(VmCtx, gc_base) as i32));
        self.asm.lea(Size::S64, end, Mem::index(index, len, Scale::X1, 0));
        self.asm.mov(Size::S32, scratch, Mem::base(array, LEN));
        self.asm.cmp(Size::S64, end, scratch);
        self.asm.jcc(Cond::A, other);
        let first = HEADER_BYTES as i32;
        match elements.scale() {
            Some(scale) => self.asm.lea(Size::S64, array, Mem::index(array, index, scale, first)),
            None => {
                self.asm.mov(Size::S32, scratch, index);
                self.asm.shl_imm(Size::S64, scratch, elements.bytes_log2 as u8);
                self.asm.lea(Size::S64, array, Mem::index(array, scratch, Scale::X1, first));
            }
        }
    }
}
