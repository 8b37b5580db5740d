//! Machine functions as text, for people.
//!
//! ```text
//! b1(v4 v5): from b0 b1
//!   Load(W32, [memory + index+16] of memory 0) v5 => v6
//!   Alu(Add, S32) v4 any:v6 => v7=0
//!   Branch(If(Ne)) ─▶ b1(v7 v8) b2
//! ```
//! Behind an instruction stand its operands and, behind `=>`, its results. Before allocation they are virtual registers with what
//! is asked of them: `any` place, a register, or that of the operand with a number. Afterwards they are where they are, and moves
//! stand between instructions.

use std::fmt::{Debug, Write};

use regalloc2::{
    Allocation, Edit, Inst, Operand, OperandConstraint, OperandKind, OperandPos, Output, PReg, ProgPoint,
    VReg,
};

use super::{MBlock, MFunc, MachInst};

/// The text of a function, before allocation or with what came out of it. `register` names registers.
#[must_use]
pub fn print<I: MachInst + Debug>(
    func: &MFunc<I>,
    output: Option<&Output>,
    register: impl Fn(PReg) -> String,
) -> String {
    let mut text = Text { func, output, register, out: String::new() };
    for block in 0..func.blocks.len() {
        text.block(MBlock(block as u32));
    }
    text.out
}

struct Text<'f, I, R> {
    func: &'f MFunc<I>,
    output: Option<&'f Output>,
    register: R,
    out: String,
}

impl<I: MachInst + Debug, R: Fn(PReg) -> String> Text<'_, I, R> {
    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        self.out.write_fmt(text).expect("writing to a String does not fail");
    }

    fn block(&mut self, block: MBlock) {
        let data = self.func.blocks[block.0 as usize];
        self.put(format_args!("b{}", block.0));
        self.vregs(data.params.range());
        self.out.push(':');
        if data.cold {
            self.out.push_str(" cold");
        }
        for at in data.preds.range() {
            let pred = self.func.preds[at].index();
            let from = if at == data.preds.range().start { " from" } else { "" };
            self.put(format_args!("{from} b{pred}"));
        }
        self.out.push('\n');
        let mut edits = self.output.map_or(&[][..], |output| {
            let first = ProgPoint::before(Inst::new(data.insts.start as usize));
            &output.edits[output.edits.partition_point(|&(point, _)| point < first)..]
        });
        for inst in data.insts.range() {
            while let Some(((point, Edit::Move { from, to }), rest)) = edits.split_first() {
                if *point > ProgPoint::before(Inst::new(inst)) {
                    break;
                }
                let (from, to) = (self.allocation(*from), self.allocation(*to));
                self.put(format_args!("  move {from} => {to}\n"));
                edits = rest;
            }
            self.inst(inst);
            if inst + 1 == data.insts.range().end {
                self.edges(block);
            }
            self.out.push('\n');
        }
    }

    fn vregs(&mut self, range: std::ops::Range<usize>) {
        if range.is_empty() {
            return;
        }
        for (number, at) in range.enumerate() {
            let before = if number == 0 { '(' } else { ' ' };
            self.put(format_args!("{before}{}", vreg(self.func.vregs[at])));
        }
        self.out.push(')');
    }

    fn edges(&mut self, block: MBlock) {
        let edges = self.func.edges(block);
        for (number, edge) in edges.iter().enumerate() {
            let before = if number == 0 { " ─▶" } else { "" };
            self.put(format_args!("{before} b{}", edge.to.0));
            self.vregs(edge.args.range());
        }
    }

    fn inst(&mut self, inst: usize) {
        self.put(format_args!("  {:?}", self.func.insts[inst]));
        let operands = self.func.operands(inst);
        for kind in [OperandKind::Use, OperandKind::Def] {
            let mut arrow = if kind == OperandKind::Def { " =>" } else { "" };
            for (at, operand) in operands.iter().enumerate().filter(|(_, operand)| operand.kind() == kind) {
                let shown = match self.output {
                    Some(output) => self.allocation(output.inst_allocs(Inst::new(inst))[at]),
                    None => self.operand(*operand),
                };
                self.put(format_args!("{arrow} {shown}"));
                arrow = "";
            }
        }
    }

    fn operand(&self, operand: Operand) -> String {
        let vreg = vreg(operand.vreg());
        let unusual = match (operand.kind(), operand.pos()) {
            (OperandKind::Use, OperandPos::Late) => "late:",
            (OperandKind::Def, OperandPos::Early) => "early:",
            _ => "",
        };
        match operand.constraint() {
            OperandConstraint::Any => format!("{unusual}any:{vreg}"),
            OperandConstraint::FixedReg(preg) => format!("{unusual}{vreg}={}", (self.register)(preg)),
            OperandConstraint::Reuse(number) => format!("{unusual}{vreg}={number}"),
            _ => format!("{unusual}{vreg}"),
        }
    }

    fn allocation(&self, allocation: Allocation) -> String {
        match (allocation.as_reg(), allocation.as_stack()) {
            (Some(preg), _) => (self.register)(preg),
            (None, Some(slot)) => format!("s{}", slot.index()),
            (None, None) => "nowhere".into(),
        }
    }
}

fn vreg(vreg: VReg) -> String {
    format!("v{}", vreg.vreg())
}
