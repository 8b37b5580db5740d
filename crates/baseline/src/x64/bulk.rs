//! Copies and fills of memories: operands go to where functions in C have their arguments, and the code calls such a function
//! once it knows that all bytes are there.

use std::mem::offset_of;

use upshift_asm::x64::{Cond, Gpr, Mem, Scale, Size};
use upshift_asm::{Label, Stub, Word};
use upshift_core::vm::MemRecord;
use upshift_translate::backend::{Backend, Operand, Service, Slot};

use super::CTX;
use crate::cache::Kind;
use crate::compiler::Compiler;

/// Where functions in C have their arguments.
const ARGUMENTS: [Gpr; 3] = [Gpr::RDI, Gpr::RSI, Gpr::RDX];

impl Compiler<'_> {
    /// Calls the function that does the service. Where bytes are missing the interpreter does it, and comes back to `back` with all
    /// registers as they are here; those of the function lose what they have.
    pub(crate) fn emit_bulk(&mut self, service: &Service<'_>, function: Stub, back: Label) {
        for reg in ARGUMENTS {
            self.alloc_fixed(reg);
        }
        for (slot, reg) in (service.base.0..).zip(ARGUMENTS) {
            self.load_reg(reg.into(), Operand::Temp(Slot(slot)), Kind::I32);
        }
        let ([to, from, len], record, end) = (ARGUMENTS, self.alloc_gpr(), self.alloc_gpr());
        let out = self.embed_cold_below(service.base, Some(back), |builder| builder.builtin(service));
        let mut known = None;
        let copies = (function == Stub::CopyBytes).then_some((from, service.y));
        for (place, memory) in copies.into_iter().chain([(to, service.x)]) {
            if known != Some(memory) {
                self.asm.mov(Size::S64, record, Mem::base(CTX, self.layout.memory(memory) as i32));
                known = Some(memory);
            }
            self.asm.lea(Size::S64, end, Mem::index(place, len, Scale::X1, 0));
            self.asm.cmp(Size::S64, end, Mem::base(record, offset_of!(MemRecord, len) as i32));
            self.asm.jcc(Cond::A, out);
            self.asm.add(Size::S64, place, Mem::base(record, offset_of!(MemRecord, base) as i32));
        }
        let function = self.asm.word(Word::Stub(function));
        self.asm.sub_imm(Size::S64, Gpr::RSP, 8);
        self.asm.call_to(Mem::pool(function));
        self.asm.add_imm(Size::S64, Gpr::RSP, 8);
    }
}
