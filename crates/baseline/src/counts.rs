//! How much an arrival at a function's start or at a loop's head counts: as much as what follows is long.
//!
//! ```text
//! start, head ─ open ─▶ innermost Open ┬▶ count: where its step is to be put
//!                                      └▶ close: own length = code in between - that of loops inside ─▶ steps
//! ```
//!
//! A turn of a loop counts by the machine code of its own, without the loops inside, which count for themselves, as functions do that
//! are called. So what a counter has lost is about the time that the code took, whatever its loops look like.

use upshift_asm::x64::Assembler;

/// Bytes of code that make a step: about as many as a processor takes a nanosecond for.
const BYTES: u32 = 32;

/// The largest step that the instruction has room for.
const MOST: u32 = i8::MAX as u32;

/// The same where a table says where to go on: of what follows only a part is executed each time.
const MOST_WITH_TABLE: u32 = 16;

/// The end of a list.
const NONE: u32 = u32::MAX;

/// A loop whose end has not come, or the function.
#[derive(Clone, Copy, Debug)]
struct Open {
    /// Where its code begins.
    start: u32,
    /// Bytes of the loops inside.
    inside: u32,
    /// Its last step.
    last: u32,
    /// Whether it has a branch by a table.
    table: bool,
}

/// The counts of the function that is compiled.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    open: Vec<Open>,
    /// Where steps are, and which other one of the same loop was noted before.
    steps: Vec<(u32, u32)>,
}

impl Counts {
    /// Forgets the function but keeps the room.
    pub(crate) fn reset(&mut self) {
        let Counts { open, steps } = self;
        open.clear();
        steps.clear();
    }

    /// A loop begins, or the function. Returns how many are around it.
    pub(crate) fn open(&mut self, start: u32) -> u32 {
        self.open.push(Open { start, inside: 0, last: NONE, table: false });
        self.open.len() as u32 - 1
    }

    /// Notes the place of a step of the loop with so many around it, which is open.
    pub(crate) fn note(&mut self, around: u32, at: u32) {
        let open = &mut self.open[around as usize];
        self.steps.push((at, open.last));
        open.last = self.steps.len() as u32 - 1;
    }

    /// There is a branch by a table in what was opened last.
    pub(crate) fn note_table(&mut self) {
        if let Some(open) = self.open.last_mut() {
            open.table = true;
        }
    }

    /// What was opened last ends here: how far its steps go is known.
    pub(crate) fn close(&mut self, asm: &mut Assembler) {
        let Some(Open { start, inside, last, table }) = self.open.pop() else { return };
        let length = asm.offset() - start;
        if let Some(outer) = self.open.last_mut() {
            outer.inside += length;
        }
        let (step, mut next) = (step(length - inside, table), last);
        while let Some(&(at, before)) = self.steps.get(next as usize) {
            asm.patch_u8(at, step);
            next = before;
        }
    }
}

/// How much an arrival counts with so much code behind it, with a branch by a table or without.
fn step(bytes: u32, table: bool) -> u8 {
    (bytes / BYTES + 1).min(if table { MOST_WITH_TABLE } else { MOST }) as u8
}

#[cfg(test)]
mod tests {
    use upshift_asm::x64::Assembler;

    use super::{BYTES, Counts, MOST, MOST_WITH_TABLE, step};

    #[test]
    fn steps_are_in_proportion() {
        let step = |bytes| step(bytes, false);
        assert_eq!((step(0), step(BYTES - 1), step(BYTES), step(100 * BYTES)), (1, 1, 2, 101));
        assert_eq!(step(u32::MAX), MOST as u8);
        assert_eq!((super::step(BYTES, true), super::step(100 * BYTES, true)), (2, MOST_WITH_TABLE as u8));
    }

    #[test]
    fn each_loop_counts_what_is_its_own() {
        let mut asm = Assembler::default();
        let mut counts = Counts::default();
        let put = |asm: &mut Assembler, bytes: u32| asm.put_bytes(&vec![0x90; bytes as usize]);
        counts.open(0);
        counts.note(0, 0);
        put(&mut asm, BYTES);
        let outer = counts.open(asm.offset());
        counts.note(outer, 1);
        put(&mut asm, 2 * BYTES);
        let inner = counts.open(asm.offset());
        counts.note(inner, 2);
        put(&mut asm, 5 * BYTES);
        // A jump back from the inner loop to the outer one's head.
        counts.note(outer, 3);
        counts.close(&mut asm);
        put(&mut asm, BYTES);
        counts.close(&mut asm);
        put(&mut asm, 6 * BYTES);
        counts.close(&mut asm);
        // The function has one and six pieces of its own, the outer loop two and one, the inner one five.
        assert_eq!(asm.written()[..4], [8, 4, 6, 4]);
    }
}
