//! How blocks end; the entry, fuel and interruption.

use std::mem::offset_of;

use regalloc2::VReg;
use upshift_asm::x64::{Alu, Cond, Size};
use upshift_core::Trap;
use upshift_core::vm::{StoreCtx, VmCtx};
use upshift_translate::backend::Backend;

use super::Lowering;
use crate::mach::MBlock;
use crate::mach::x64::{Address, Detail, Fault, LoadOp, Test};
use crate::ssa::{Block, List, Op, Pos, Target, Terminator, Ty, Value};

/// The most cases of a table that become comparisons.
const FEW: usize = 3;

impl Lowering<'_> {
    /// How a block ends.
    pub(super) fn lower_terminator(&mut self, block: Block) {
        let func = self.func;
        match &func.block(block).term {
            Terminator::None => unreachable!("each block ends"),
            Terminator::Jump(target) => {
                let (to, args) = self.edge(target);
                self.out.jump(to, &args);
            }
            Terminator::Branch { cond, then, otherwise } => self.lower_branch(*cond, then, otherwise),
            Terminator::Table { index, cases, targets } => self.lower_table(*index, cases, targets),
            Terminator::Return(values) => self.lower_return(*values),
            Terminator::TailCall { callee, args } => self.lower_tail_call(*callee, *args),
            Terminator::Invoke { call, normal, landings, steps } => {
                self.lower_invoke(*call, *normal, landings, *steps);
            }
            Terminator::Throw { tag, args, landings, steps } => {
                self.lower_throw((*tag, *args), landings, *steps, func.block(block).pos);
            }
            Terminator::ThrowRef { exception, landings, steps } => {
                self.lower_throw_ref(*exception, landings, *steps, func.block(block).pos);
            }
            Terminator::Trap(trap) => self.out.trap(*trap, Detail::None, &[]),
        }
    }

    /// Where an edge leads, and the registers of what it gives.
    fn edge(&mut self, target: &Target) -> (MBlock, Vec<VReg>) {
        let func = self.func;
        let args = func.list(target.args).iter().map(|&arg| self.reg(arg)).collect();
        (self.blocks[target.block.index()], args)
    }

    /// Whether an edge gives constants, which are made on it, not before the branch.
    fn gives_constants(&self, target: &Target) -> bool {
        self.func
            .list(target.args)
            .iter()
            .any(|&arg| matches!(self.op_of(arg), Op::Const(_) | Op::ConstV128(_)))
    }

    /// An edge out of a branch: where it leads, what it gives, and whether a block of its own is to be made for it.
    fn branch_edge(&mut self, target: &Target) -> (MBlock, Vec<VReg>, bool) {
        if self.gives_constants(target) {
            return (self.out.block(), Vec::new(), true);
        }
        let (to, args) = self.edge(target);
        (to, args, false)
    }

    /// Makes the block of an edge.
    fn fill_edge(&mut self, block: MBlock, target: &Target) {
        self.out.switch_to(block);
        let (to, args) = self.edge(target);
        self.out.jump(to, &args);
    }

    fn lower_branch(&mut self, cond: Value, then: &Target, otherwise: &Target) {
        let edges = [self.branch_edge(then), self.branch_edge(otherwise)];
        let test = self.condition(cond, true);
        let [(to_then, given, _), (to_otherwise, else_given, _)] = &edges;
        self.out.branch(test, (*to_then, given), (*to_otherwise, else_given));
        for ((block, _, own), target) in edges.iter().zip([then, otherwise]) {
            if *own {
                self.fill_edge(*block, target);
            }
        }
    }

    fn lower_table(&mut self, index: Value, cases: &[u32], targets: &[Target]) {
        let index = self.reg(index);
        let edges: Vec<_> = targets.iter().map(|target| self.branch_edge(target)).collect();
        if cases.len() <= FEW + 1 && targets.len() == cases.len() {
            self.compare_cases(index, &edges);
        } else {
            let given: Vec<(MBlock, &[VReg])> = edges.iter().map(|(to, args, _)| (*to, &args[..])).collect();
            self.out.table(index, cases, &given);
        }
        for ((block, _, own), target) in edges.iter().zip(targets) {
            if *own {
                self.fill_edge(*block, target);
            }
        }
    }

    /// A table of few cases, each of which leads elsewhere, as comparisons.
    fn compare_cases(&mut self, index: VReg, edges: &[(MBlock, Vec<VReg>, bool)]) {
        let [cases @ .., (default, given, _)] = edges else { unreachable!("a table has a default") };
        for (at, (to, args, _)) in cases.iter().enumerate() {
            self.out.cmp_imm(Size::S32, index, at as i32);
            if at + 1 == cases.len() {
                self.out.branch(Test::If(Cond::E), (*to, args), (*default, given));
            } else {
                let next = self.out.block();
                self.out.branch(Test::If(Cond::E), (*to, args), (next, &[]));
                self.out.switch_to(next);
            }
        }
        if cases.is_empty() {
            self.out.jump(*default, given);
        }
    }

    fn lower_return(&mut self, values: List) {
        let func = self.func;
        let values: Vec<(VReg, Ty)> =
            func.list(values).iter().map(|&value| (self.reg(value), func.ty(value))).collect();
        self.out.ret(&values);
    }

    /// Where values come from that the entry block begins with, before all else.
    pub(super) fn lower_entry(&mut self) {
        let func = self.func;
        self.begin_group(Pos::NONE, 0);
        if func.osr.is_some() {
            return;
        }
        let params = self.out.entry(&func.params);
        for &inst in &func.block(func.entry).insts {
            if let Op::Arg(number) = func.op(inst) {
                self.bind(inst, params[number as usize]);
            }
        }
    }

    /// A register with the address of the store's context.
    pub(super) fn store_context(&mut self) -> VReg {
        self.load_context(offset_of!(VmCtx, store))
    }

    /// Takes fuel, or traps.
    pub(super) fn lower_charge(&mut self, amount: u32) {
        let store = self.store_context();
        let fuel = Address::register(store, offset_of!(StoreCtx, fuel) as i32);
        match i32::try_from(amount) {
            Ok(imm) => self.out.alu_store_imm(Alu::Sub, Size::S64, fuel, Fault::NONE, imm),
            Err(_) => {
                let amount = self.out.imm(amount.into());
                self.out.alu_store(Alu::Sub, Size::S64, fuel, Fault::NONE, amount);
            }
        }
        self.out.trap_if(Test::If(Cond::B), Trap::OutOfFuel, Detail::OutOfFuel, &[]);
    }

    /// Interrupts the program if its time has come.
    pub(super) fn lower_interrupt(&mut self) {
        let (due, over) = (self.out.cold_block(), self.out.block());
        let epoch = self.load_context(offset_of!(VmCtx, epoch));
        let now = self.out.load(LoadOp::W64, Address::register(epoch, 0), Fault::NONE);
        let store = self.store_context();
        let deadline = Address::register(store, offset_of!(StoreCtx, epoch_deadline) as i32);
        self.out.cmp_load(Size::S64, now, deadline, Fault::NONE);
        self.out.branch(Test::If(Cond::Ae), (due, &[]), (over, &[]));
        self.out.switch_to(due);
        self.safepoint(&[], &[], |builder, base| builder.check_interrupt(base));
        self.out.jump(over, &[]);
        self.out.switch_to(over);
    }
}
