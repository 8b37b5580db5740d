//! Copies and fills of memories and tables. A few bytes, of which the code knows how many, go through registers. Otherwise operands go
//! to where functions in C have their arguments, and the code calls such a function once it knows that all is there and paid for.

use std::mem::offset_of;

use upshift_asm::x64::{Cond, Gpr, Mem, Scale, Size};
use upshift_asm::{Label, Stub};
use upshift_core::fuel::BYTES_PER_LOOK;
use upshift_core::types::IndexType;
use upshift_core::vm::{MemRecord, TableRecord};
use upshift_translate::backend::{Backend, Operand, Service, Slot};

use super::metering::ARGUMENTS;
use super::{CTX, Class, MEM, Reg};
use crate::cache::Kind;
use crate::compiler::Compiler;

/// Bytes of a vector.
const VECTOR: u32 = 16;

/// How many pieces a copy has at most that goes through registers.
const PIECES: u32 = 4;

/// How many bytes such a copy has at most.
pub(crate) const SMALL: u32 = PIECES * VECTOR;

/// What is copied or filled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Bulk {
    CopyBytes,
    FillBytes,
    CopyElements,
    FillElements,
}

impl Bulk {
    /// Whether it is the first of its two tables or memories that is filled from the second one.
    fn copies(self) -> bool {
        matches!(self, Bulk::CopyBytes | Bulk::CopyElements)
    }

    /// Whether it is about tables.
    fn elements(self) -> bool {
        matches!(self, Bulk::CopyElements | Bulk::FillElements)
    }
}

/// Binary logarithm of the bytes of an element.
const ELEMENT_LOG2: u8 = size_of::<u64>().ilog2() as u8;

/// How many bytes all pieces of so many bytes have, a power of two.
fn piece_of(bytes: u32) -> u32 {
    VECTOR.min(1 << bytes.ilog2())
}

/// Where the pieces of so many bytes begin. The last two may overlap.
fn pieces(bytes: u32) -> impl Iterator<Item = u32> {
    let piece = piece_of(bytes);
    (0..bytes).step_by(piece as usize).map(move |at| at.min(bytes - piece))
}

impl Compiler<'_> {
    /// The kind of addresses of a memory, or of indices of a table.
    fn index_kind(&self, bulk: Bulk, number: u32) -> Kind {
        let index = match bulk.elements() {
            true => self.module.tables[number as usize].index,
            false => self.module.memories[number as usize].index,
        };
        if index == IndexType::I64 { Kind::I64 } else { Kind::I32 }
    }

    /// Does the service, for bytes by a function of the runtime. Where anything is missing, there is too little fuel, or it is time to look
    /// whether to go on, the interpreter does it, and comes back to `back` with all registers as they are here; those that functions may
    /// change lose what they have.
    pub(crate) fn emit_bulk(&mut self, service: &Service<'_>, bulk: Bulk, back: Label) {
        for reg in ARGUMENTS {
            self.alloc_fixed(reg);
        }
        let copies = bulk.copies();
        let to_kind = self.index_kind(bulk, service.x);
        let other_kind = match bulk {
            Bulk::FillBytes => Kind::I32,
            Bulk::FillElements => Kind::Ref,
            _ => self.index_kind(bulk, service.y),
        };
        let len_kind = if copies && to_kind == Kind::I64 { other_kind } else { to_kind };
        let kinds = [to_kind, other_kind, len_kind];
        for ((slot, reg), kind) in (service.base.0..).zip(ARGUMENTS).zip(kinds) {
            self.load_reg(reg.into(), Operand::Temp(Slot(slot)), kind);
        }
        let meter = self.meter();
        let ([to, from, len], record, end) = (ARGUMENTS, self.alloc_gpr(), self.alloc_gpr());
        let out = self.embed_cold_below(service.base, Some(back), |builder| builder.builtin(service));
        let mut known = None;
        let source = copies.then_some((from, service.y, other_kind));
        let (record_len, record_base) = match bulk.elements() {
            true => (offset_of!(TableRecord, len), offset_of!(TableRecord, base)),
            false => (offset_of!(MemRecord, len), offset_of!(MemRecord, base)),
        };
        for (place, number, kind) in source.into_iter().chain([(to, service.x, to_kind)]) {
            if known != Some(number) {
                let at = match bulk.elements() {
                    true => self.layout.table(number),
                    false => self.layout.memory(number),
                };
                self.asm.mov(Size::S64, record, Mem::base(CTX, at as i32));
                known = Some(number);
            }
            if kind == Kind::I64 {
                self.asm.mov(Size::S64, end, place);
                self.asm.add(Size::S64, end, len);
                self.asm.jcc(Cond::B, out);
            } else {
                self.asm.lea(Size::S64, end, Mem::index(place, len, Scale::X1, 0));
            }
            self.asm.cmp(Size::S64, end, Mem::base(record, record_len as i32));
            self.asm.jcc(Cond::A, out);
            if bulk.elements() {
                self.asm.shl_imm(Size::S64, place, ELEMENT_LOG2);
            }
            self.asm.add(Size::S64, place, Mem::base(record, record_base as i32));
        }
        if bulk.elements() {
            self.asm.shl_imm(Size::S64, len, ELEMENT_LOG2);
        }
        if meter.epoch.is_some() {
            self.asm.cmp_imm(Size::S64, len, BYTES_PER_LOOK as i32);
            self.asm.jcc(Cond::A, out);
        }
        if meter.store.is_some() {
            self.asm.mov(Size::S64, end, len);
        }
        self.emit_pay(meter, end, out);
        let function = match bulk {
            Bulk::CopyBytes | Bulk::CopyElements => Stub::CopyBytes,
            Bulk::FillBytes => Stub::FillBytes,
            Bulk::FillElements => {
                let (next, over) = (self.asm.label(), self.asm.label());
                self.asm.test(Size::S64, len, len);
                self.asm.jcc_short(Cond::E, over);
                self.asm.bind(next);
                self.asm.mov_mr(Size::S64, Mem::index(to, len, Scale::X1, -8), from);
                self.asm.sub_imm(Size::S64, len, 8);
                self.asm.jcc_short(Cond::Ne, next);
                return self.asm.bind(over);
            }
        };
        self.emit_call_of_function(function);
    }

    /// Copies or fills so many bytes, at most [`SMALL`]. All are read before any is written.
    pub(crate) fn emit_small_bulk(&mut self, service: &Service<'_>, bulk: Bulk, bytes: u32) {
        let copies = bulk.copies();
        let (to_kind, other) = (self.index_kind(bulk, service.x), Operand::Temp(Slot(service.base.0 + 1)));
        let to = self.use_gpr(Operand::Temp(service.base), to_kind);
        let from_kind = if copies { self.index_kind(bulk, service.y) } else { Kind::I32 };
        let from = self.use_gpr(other, from_kind);
        let to_base = self.base_register(service.x);
        let from_base = if copies { self.base_register(service.y) } else { to_base };
        // So few bytes cost no fuel.
        let meter = self.meter_of_time();
        let last = self.alloc_gpr();
        let back = self.asm.label();
        let out = self.embed_cold_below(service.base, Some(back), |builder| builder.builtin(service));
        let source = copies.then_some((from, service.y));
        for (place, memory) in source.into_iter().chain([(to, service.x)]) {
            self.asm.mov(Size::S64, last, Mem::base(CTX, self.layout.memory(memory) as i32));
            self.asm.mov(Size::S64, last, Mem::base(last, offset_of!(MemRecord, len) as i32));
            self.asm.sub_imm(Size::S64, last, bytes as i32);
            if self.least_bytes(memory) < u64::from(bytes) {
                self.asm.jcc(Cond::B, out);
            }
            self.asm.cmp(Size::S64, place, last);
            self.asm.jcc(Cond::A, out);
        }
        self.emit_pay(meter, last, out);
        let place = |base, index, at: u32| Mem::index(base, index, Scale::X1, at as i32);
        let mut values = [None; PIECES as usize];
        if copies {
            for (at, value) in pieces(bytes).zip(&mut values) {
                let mem = place(from_base, from, at);
                *value = Some(self.load_piece(piece_of(bytes), mem));
            }
        } else {
            values = [Some(self.spread_byte(from, bytes)); PIECES as usize];
        }
        for (at, value) in pieces(bytes).zip(values.into_iter().flatten()) {
            let mem = place(to_base, to, at);
            match piece_of(bytes) {
                VECTOR => self.asm.movups_mr(mem, value.xmm()),
                8 => self.asm.mov_mr(Size::S64, mem, value.gpr()),
                4 => self.asm.mov_mr(Size::S32, mem, value.gpr()),
                2 => self.asm.mov_mr(Size::S16, mem, value.gpr()),
                _ => self.asm.mov_mr(Size::S8, mem, value.gpr()),
            }
        }
        self.done();
        self.asm.bind(back);
    }

    /// A register with the base of a memory.
    fn base_register(&mut self, memory: u32) -> Gpr {
        if memory == 0 && self.plain_memory { MEM } else { self.emit_base(memory) }
    }

    /// A register with so many bytes.
    fn load_piece(&mut self, bytes: u32, mem: Mem) -> Reg {
        let reg = self.alloc(if bytes == VECTOR { Class::Float } else { Class::Int });
        match bytes {
            VECTOR => self.asm.movups(reg.xmm(), mem),
            8 => self.asm.mov(Size::S64, reg.gpr(), mem),
            4 => self.asm.mov(Size::S32, reg.gpr(), mem),
            2 => self.asm.movzx_16(Size::S32, reg.gpr(), mem),
            _ => self.asm.movzx_8(Size::S32, reg.gpr(), mem),
        }
        reg
    }

    /// A register all bytes of which are the lowest one of a register, for so many bytes that are filled.
    fn spread_byte(&mut self, byte: Gpr, bytes: u32) -> Reg {
        let (value, factor) = (self.alloc_gpr(), self.alloc_gpr());
        self.asm.movzx_8(Size::S32, value, byte);
        self.asm.mov_imm(factor, 0x0101_0101_0101_0101);
        self.asm.imul(Size::S64, value, factor);
        if bytes < VECTOR {
            return value.into();
        }
        let vector = self.alloc_xmm();
        self.asm.movd(Size::S64, vector, value);
        self.asm.punpcklqdq(vector, vector);
        vector.into()
    }
}

#[cfg(test)]
mod tests {
    use super::{PIECES, SMALL, piece_of, pieces};

    #[test]
    fn pieces_are_all_bytes() {
        for bytes in 1..=SMALL {
            let mut there = vec![false; bytes as usize];
            let pieces: Vec<_> = pieces(bytes).collect();
            assert!(pieces.len() <= PIECES as usize, "{bytes}: {pieces:?}");
            for at in pieces {
                there[at as usize..(at + piece_of(bytes)) as usize].fill(true);
            }
            assert!(there.iter().all(|&there| there), "{bytes}");
        }
    }
}
