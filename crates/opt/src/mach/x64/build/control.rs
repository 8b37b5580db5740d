//! Ends of blocks, and traps.

use regalloc2::{RegClass, VReg};
use upshift_core::Trap;

use crate::mach::x64::inst::{Detail, Inst, Test};
use crate::mach::{Builder, MBlock};

/// # Control
impl Builder<Inst> {
    /// Goes on there.
    pub fn jump(&mut self, to: MBlock, args: &[VReg]) {
        self.terminate(Inst::Jump, &[(to, args)]);
    }

    /// Goes to the first if the flags say so, else to the second.
    pub fn branch(&mut self, test: Test, then: (MBlock, &[VReg]), otherwise: (MBlock, &[VReg])) {
        self.terminate(Inst::Branch(test), &[then, otherwise]);
    }

    /// Goes to the target whose number `cases` has for the index; the last case counts for all other indices.
    pub fn table(&mut self, index: VReg, cases: &[u32], targets: &[(MBlock, &[VReg])]) {
        self.u(index);
        self.temp(RegClass::Int);
        self.temp(RegClass::Int);
        let number = self.func.tables.len() as u32;
        self.func.tables.push(cases.into());
        self.terminate(Inst::Table(number), targets);
    }

    /// Stops with a trap if the flags say so.
    pub fn trap_if(&mut self, test: Test, trap: Trap, detail: Detail, operands: &[VReg]) {
        for &operand in operands {
            self.any(operand);
        }
        self.push(Inst::TrapIf(test, trap, detail));
    }

    /// Stops with a trap.
    pub fn trap(&mut self, trap: Trap, detail: Detail, operands: &[VReg]) {
        for &operand in operands {
            self.any(operand);
        }
        self.terminate(Inst::Trap(trap, detail), &[]);
    }
}
