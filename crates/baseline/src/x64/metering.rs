//! What operations on many bytes pay for them, and the functions in C that do such operations.

use std::mem::offset_of;

use upshift_asm::x64::{Cond, Gpr, Mem, Size};
use upshift_asm::{Label, Stub, Word};
use upshift_core::fuel::BYTES_PER_UNIT;
use upshift_core::vm::StoreCtx;

use crate::cells::{DEADLINE_SLOT, EPOCH_SLOT, STORE_SLOT};
use crate::compiler::Compiler;

/// Where functions in C have their arguments.
pub(super) const ARGUMENTS: [Gpr; 3] = [Gpr::RDI, Gpr::RSI, Gpr::RDX];

/// What metered code needs for paying, in registers.
#[derive(Clone, Copy)]
pub(super) struct Meter {
    /// The store's context, if fuel is taken.
    pub(super) store: Option<Gpr>,
    /// Where the epoch is, and the one in which the program is to be interrupted, if that is looked at.
    pub(super) epoch: Option<[Gpr; 2]>,
}

impl Compiler<'_> {
    /// Gets ready for [`emit_pay`](Self::emit_pay).
    pub(super) fn meter(&mut self) -> Meter {
        let store = self.options.fuel.then(|| self.use_cell(STORE_SLOT));
        Meter { store, ..self.meter_of_time() }
    }

    /// The same for what costs no fuel.
    pub(super) fn meter_of_time(&mut self) -> Meter {
        let epoch =
            self.options.interruption.then(|| [EPOCH_SLOT, DEADLINE_SLOT].map(|slot| self.use_cell(slot)));
        Meter { store: None, epoch }
    }

    /// Pays for so many bytes, of which there are few enough for one look at the epoch. To `other` if that cannot be done, or the program is
    /// to be interrupted; then nothing has changed but the register.
    pub(super) fn emit_pay(&mut self, meter: Meter, bytes: Gpr, other: Label) {
        const { assert!(BYTES_PER_UNIT.is_power_of_two()) };
        if let Some([epoch, deadline]) = meter.epoch {
            self.asm.cmp_mr(Size::S64, Mem::base(epoch, 0), deadline);
            self.asm.jcc(Cond::Ae, other);
        }
        if let Some(store) = meter.store {
            let fuel = Mem::base(store, offset_of!(StoreCtx, fuel) as i32);
            self.asm.shr_imm(Size::S64, bytes, BYTES_PER_UNIT.trailing_zeros() as u8);
            self.asm.cmp_mr(Size::S64, fuel, bytes);
            self.asm.jcc(Cond::B, other);
            self.asm.sub_mr(Size::S64, fuel, bytes);
        }
    }

    /// Calls a function in C, whose arguments are there.
    pub(super) fn emit_call_of_function(&mut self, function: Stub) {
        let function = self.asm.word(Word::Stub(function));
        self.asm.sub_imm(Size::S64, Gpr::RSP, 8);
        self.asm.call_to(Mem::pool(function));
        self.asm.add_imm(Size::S64, Gpr::RSP, 8);
    }
}
