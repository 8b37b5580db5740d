//! The adaptors' instructions on x86-64.

use std::mem::offset_of;

use upshift_asm::NativeCode;
use upshift_asm::x64::{Assembler, Gpr, Mem, Size, Xmm};
use upshift_core::vm::registers::{ArgPlace, INT_ARGS};
use upshift_core::vm::{FuncRec, frame};

use super::Signature;

/// The registers that bring integers and references, by number; floats and vectors come in the xmm registers of their numbers.
pub(crate) const INT_REGISTERS: [Gpr; INT_ARGS] =
    [Gpr::RDI, Gpr::RSI, Gpr::RDX, Gpr::RCX, Gpr::R8, Gpr::R9, Gpr::R10];

/// In: rbx the function's frame, whose header has its record. Out: the same, and rax the record, at the function's native entry.
pub(super) fn slots_adaptor(signature: &Signature) -> NativeCode {
    let mut asm = Assembler::new();
    let first = -(frame::fp_offset(signature.slots) as i32);
    for &(slot, place, wide) in &signature.registers {
        let to = Mem::base(Gpr::RBX, (first + slot as i32) * size_of::<u64>() as i32);
        match place {
            ArgPlace::Int(number) => asm.mov_mr(Size::S64, to, INT_REGISTERS[usize::from(number)]),
            ArgPlace::Float(number) if wide => asm.movups_mr(to, Xmm::new(number)),
            // The slot of an `f32` ends with zeroes, as the register does.
            ArgPlace::Float(number) => asm.movsd_mr(to, Xmm::new(number)),
            ArgPlace::Slot => {}
        }
    }
    asm.mov(Size::S64, Gpr::RAX, Mem::base(Gpr::RBX, frame::FUNC as i32 * size_of::<u64>() as i32));
    asm.jmp_to(Mem::base(Gpr::RAX, offset_of!(FuncRec, native) as i32));
    asm.finish().expect("an adaptor is small")
}
