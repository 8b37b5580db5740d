//! How many bytes of code blocks have at most, so that branches over few of them can be short before these are written.

use regalloc2::{Inst as Number, Output, ProgPoint};

use super::headers::Headers;
use crate::mach::layout::Layout;
use crate::mach::x64::inst::Inst;
use crate::mach::{MBlock, MFunc};

/// More than any short branch reaches over.
const FAR: u16 = 1000;
/// What a move of the allocator takes at most.
const MOVE: u16 = 9;
/// What the words of a header take at most.
const HEADER: u16 = 48;
/// What a short branch reaches.
const REACH: u16 = 127;

/// By block how many bytes its code has at most, without what aligns it.
pub(super) fn bound(
    func: &MFunc<Inst>,
    output: &Output,
    layout: &Layout,
    headers: &Headers,
    bounds: &mut Vec<u16>,
) {
    bounds.clear();
    let mut edits = output.edits.iter().peekable();
    for (number, data) in func.blocks.iter().enumerate() {
        let mut bytes = 0_u16;
        for inst in &func.insts[data.insts.range()] {
            bytes = bytes.saturating_add(most(inst));
        }
        let ahead = headers.at_end(MBlock(number as u32)).count() as u16;
        bytes = bytes.saturating_add(ahead.saturating_mul(HEADER));
        if let Inst::Jump = func.insts[data.insts.end as usize - 1] {
            // A jump to a block that returns, chooses or tests may become a copy of it.
            let to = layout.target(func.edges[data.edges.start as usize].to);
            let falls = layout.behind(MBlock(number as u32)) == Some(to);
            let copied = copied_test(func, layout, MBlock(number as u32), to);
            bytes = bytes.saturating_add(match func.insts[func.blocks[to.0 as usize].insts.start as usize] {
                _ if falls => 0,
                Inst::Return { .. } => FAR,
                _ if is_short_choice(func, to) => FAR,
                _ if copied.is_some() => copied.unwrap_or(FAR),
                _ => 5,
            });
        }
        let end = ProgPoint::before(Number::new(data.insts.end as usize));
        while edits.next_if(|&&(point, _)| point < end).is_some() {
            bytes = bytes.saturating_add(MOVE);
        }
        bounds.push(bytes);
    }
}

/// The bytes at most of the test at the head of a loop, if the block jumps to it from right in front of the rest of the loop and the
/// test is short: a copy of it instead of the jump goes on in the loop without another one.
pub(super) fn copied_test(func: &MFunc<Inst>, layout: &Layout, from: MBlock, head: MBlock) -> Option<u16> {
    const MOST_COPIED: u16 = 60;
    if layout.head_of_loop_behind(from) != Some(head) {
        return None;
    }
    let insts = &func.insts[func.blocks[head.0 as usize].insts.range()];
    if !matches!(insts.last(), Some(Inst::Branch(_))) {
        return None;
    }
    let add = |sum: u16, inst| sum.checked_add(most(inst)).filter(|&sum| sum <= MOST_COPIED);
    insts.iter().try_fold(0, add)
}

/// Whether a block ends with a table of branches and has little else to do.
pub(super) fn is_short_choice(func: &MFunc<Inst>, block: MBlock) -> bool {
    /// The bytes that this usually takes, with the table's own code.
    const MOST_COPIED: u16 = 100;
    let insts = &func.insts[func.blocks[block.0 as usize].insts.range()];
    if !matches!(insts.last(), Some(Inst::Table(_))) {
        return false;
    }
    let add = |sum: u16, inst| sum.checked_add(usual(inst)).filter(|&sum| sum <= MOST_COPIED);
    insts.iter().try_fold(0, add).is_some()
}

/// What an instruction takes most often.
fn usual(inst: &Inst) -> u16 {
    match inst {
        Inst::Alu(..) | Inst::AluImm(..) | Inst::Cmp(_) | Inst::CmpImm(..) => 4,
        Inst::Table(_) => 28,
        _ if most(inst) >= FAR => FAR,
        _ => most(inst).min(6),
    }
}

/// What an instruction takes at most, jumps between blocks aside.
fn most(inst: &Inst) -> u16 {
    match inst {
        Inst::Jump => 0,
        // Two branches, one of them behind a short one, and a jump.
        Inst::Branch(_) => 19,
        Inst::Imm(_) => 10,
        Inst::Alu(..) | Inst::AluImm(..) | Inst::Cmp(_) | Inst::CmpImm(..) | Inst::Lea(..) => 12,
        Inst::ShiftImm(..) | Inst::Neg(_) | Inst::Not(_) | Inst::Zero => 5,
        Inst::Set(_) | Inst::SelectXmm(_) | Inst::Div { .. } => 16,
        Inst::Select(..) => 18,
        Inst::FromInt { .. } | Inst::Scalar { .. } | Inst::XmmUnary { .. } | Inst::XmmUnaryLoad { .. } => 24,
        Inst::Vector { .. } | Inst::VectorLoad { .. } | Inst::VectorStore { .. } => 24,
        Inst::TrapIf(..) => 15,
        Inst::Table(_) => 40,
        Inst::StoreOut { .. } => 20,
        Inst::AtomicLoop(..)
        | Inst::Call(_)
        | Inst::Invoke(_)
        | Inst::Embed(_)
        | Inst::EmbedLast(_)
        | Inst::EmbedInvoke(_)
        | Inst::Safepoint(_)
        | Inst::TailCall(_)
        | Inst::Return { .. }
        | Inst::Trap(..) => FAR,
        _ => 15,
    }
}

/// Whether a short branch at the end of a block reaches another one behind it, with a jump in between. A loop takes so many bytes at most
/// to be aligned.
pub(super) fn reaches(layout: &Layout, bounds: &[u16], aligns: u16, from: MBlock, to: MBlock) -> bool {
    // A branch may be followed by another one and a jump.
    let mut bytes = 13;
    let mut at = from;
    while let Some(next) = layout.behind(at) {
        if layout.begins_inner_loop(next) {
            bytes = aligns.saturating_add(bytes);
        }
        if bytes > REACH {
            return false;
        }
        if next == to {
            return true;
        }
        bytes = bytes.saturating_add(bounds[next.0 as usize]);
        at = next;
    }
    false
}
