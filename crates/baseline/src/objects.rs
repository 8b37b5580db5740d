//! Tests of references' types: which have instructions.

use upshift_core::cast::Cast;
use upshift_translate::backend::{Backend, Operand, Slot};

use crate::compiler::Compiler;
use crate::tables::ColdPath;

impl Compiler<'_> {
    /// Whether a reference passes a test.
    pub(crate) fn compile_ref_test(&mut self, cast: Cast, dst: Slot, reference: Operand) {
        match self.emit_cast_test(cast, reference) {
            Some((test, _)) => self.define_flags(dst, test),
            None => self.embed(false, |builder| builder.ref_test(cast, dst, reference)),
        }
    }

    /// Traps if a reference does not pass a test.
    pub(crate) fn compile_ref_cast(&mut self, cast: Cast, reference: Operand) {
        match self.emit_cast_test(cast, reference) {
            Some((test, reference)) => {
                let out = self.cold(ColdPath::CastFailure { reference });
                self.jump_if(test.inverted(), out);
                self.done();
            }
            None => self.embed(false, |builder| builder.ref_cast(cast, reference)),
        }
    }
}
