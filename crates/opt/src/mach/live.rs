//! How many registers are live between the blocks of a machine function: what register allocation takes time and memory for. Lowering
//! adds blocks, those of cold paths, so there may be many where SSA had few.

use regalloc2::OperandKind;

use super::{MFunc, MachInst};

/// How many virtual registers are live at the ends of all blocks, summed; it stops counting above `most`.
///
/// Goes from each use upwards to where the register is defined: as far as it lives, and no further. Where there are so few registers
/// and blocks that it cannot be more than `most`, nothing is counted and the result is 0.
pub(crate) fn behind_blocks<I: MachInst>(func: &MFunc<I>, most: usize) -> usize {
    let vregs = func.vreg_count as usize;
    if vregs.saturating_mul(func.blocks.len()) <= most {
        return 0;
    }
    let mut homes = vec![u32::MAX; vregs];
    let mut uses = Vec::new();
    for (number, block) in (0_u32..).zip(&func.blocks) {
        for param in &func.vregs[block.params.range()] {
            homes[param.vreg()] = number;
        }
        for inst in block.insts.range() {
            for operand in func.operands(inst) {
                match operand.kind() {
                    OperandKind::Def => homes[operand.vreg().vreg()] = number,
                    OperandKind::Use => uses.push((operand.vreg().vreg() as u32, number)),
                }
            }
        }
        for edge in &func.edges[block.edges.range()] {
            uses.extend(func.vregs[edge.args.range()].iter().map(|vreg| (vreg.vreg() as u32, number)));
        }
    }
    uses.sort_unstable();
    uses.dedup();
    // For which register a block was the last one that was looked at.
    let mut seen = vec![u32::MAX; func.blocks.len()];
    let (mut waiting, mut count) = (Vec::new(), 0);
    for (vreg, block) in uses {
        waiting.push(block);
        while let Some(block) = waiting.pop() {
            if homes[vreg as usize] == block {
                continue;
            }
            for before in &func.preds[func.blocks[block as usize].preds.range()] {
                let before = before.index();
                if seen[before] != vreg {
                    seen[before] = vreg;
                    waiting.push(before as u32);
                    count += 1;
                }
            }
        }
        if count > most {
            break;
        }
    }
    count
}
