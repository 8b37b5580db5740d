//! Atomic accesses. All are sequentially consistent: loads are plain ones, because everything that writes has the prefix `lock` or is
//! an exchange.

use regalloc2::VReg;
use upshift_asm::x64::{Cond, Size};
use upshift_codegen::x64::atomic::{Change, size_of_access};
use upshift_core::Trap;
use upshift_core::index::MemoryIndex;
use upshift_core::ops::atomic::{Atomic, AtomicShape};

use super::Lowering;
use super::memory::Access;
use super::operands::Place;
use crate::mach::x64::{Address, Detail, LoadOp, Test, Unary as Extend};
use crate::ssa::Value;

impl Lowering<'_> {
    /// An atomic access.
    pub(super) fn lower_atomic(&mut self, inst: Value, op: Atomic, memory: MemoryIndex, offset: u64) {
        let (bytes, address) = (op.bytes(), self.arg(inst, 0));
        let access = Access { memory, offset, bytes };
        // A constant address is aligned, or the access always traps.
        let misaligned = |bits: u64| !bits.wrapping_add(offset).is_multiple_of(bytes.into());
        if self.constant(address).is_some_and(misaligned) || !self.can_access(access, address) {
            return self.embed(inst);
        }
        let size = size_of_access(bytes);
        let operands: Vec<VReg> =
            (1..self.func.args(inst).len()).map(|at| self.reg_for(self.arg(inst, at), size)).collect();
        self.check_alignment(access, address);
        let place = self.access(access, address);
        let made = match (op.shape(), &operands[..]) {
            (AtomicShape::Load, _) => self.load_zero_extended(bytes, place),
            (AtomicShape::Store, &[value]) => {
                self.at(place, |this, address, fault| this.out.xchg(size, address, fault, value));
                return;
            }
            (AtomicShape::ReadModifyWrite, &[value]) => {
                let old = match Change::of(op) {
                    Change::Add => {
                        self.at(place, |this, address, fault| this.out.xadd(size, address, fault, value))
                    }
                    Change::Subtract => {
                        let less = self.out.neg(Size::S64, value);
                        self.at(place, |this, address, fault| this.out.xadd(size, address, fault, less))
                    }
                    Change::Exchange => {
                        self.at(place, |this, address, fault| this.out.xchg(size, address, fault, value))
                    }
                    Change::Logic(op) => self
                        .at(place, |this, address, fault| this.out.atomic(op, size, address, fault, value)),
                };
                self.zero_extend(bytes, old)
            }
            (_, &[expected, new]) => {
                let old = self
                    .at(place, |this, address, fault| this.out.cmpxchg(size, address, fault, expected, new));
                self.zero_extend(bytes, old)
            }
            _ => unreachable!("an access has as many operands as its shape says"),
        };
        self.bind(inst, made);
    }

    fn load_zero_extended(&mut self, bytes: u32, place: Place) -> VReg {
        let load = match bytes {
            1 => LoadOp::Zx8,
            2 => LoadOp::Zx16,
            4 => LoadOp::W32,
            _ => LoadOp::W64,
        };
        self.at(place, |this, address, fault| this.out.load(load, address, fault))
    }

    /// Traps unless the address with the offset is a multiple of the size. That comes before the bounds.
    fn check_alignment(&mut self, access: Access, address: Value) {
        if access.bytes == 1 || self.constant(address).is_some() {
            return;
        }
        let address = self.reg(address);
        let sum = match (access.offset % u64::from(access.bytes)) as i32 {
            0 => address,
            more => self.out.lea(Size::S32, Address::register(address, more)),
        };
        self.out.test_imm(Size::S32, sum, access.bytes as i32 - 1);
        self.out.trap_if(Test::If(Cond::Ne), Trap::HeapMisaligned, Detail::Value, &[address]);
    }

    fn zero_extend(&mut self, bytes: u32, old: VReg) -> VReg {
        match bytes {
            1 => self.out.unary(Extend::Zx8, Size::S32, old),
            2 => self.out.unary(Extend::Zx16, Size::S32, old),
            4 => self.out.unary(Extend::Zx32, Size::S32, old),
            _ => old,
        }
    }
}
