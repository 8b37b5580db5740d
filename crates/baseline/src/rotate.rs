//! Loops that begin with a test end with it, too: a jump back to the head does the comparison again and branches into the body, so
//! that an iteration has one branch instead of two.
//!
//! What is done again are the very bytes of the head: nothing but the comparison lies between the head and its branch, with the loads
//! and stores of slots that its operands need, and registers have the same at both ends of the loop. In code that is metered, the look at
//! the epoch and the fuel of the head come with it.

use upshift_asm::Label as Place;
use upshift_asm::x64::Cond;
use upshift_translate::backend::Label;

use crate::compiler::Compiler;
use crate::tables::ColdPath;
use crate::x64::Test;

/// How long a comparison is at most that is done again.
const LONGEST: usize = 24;

/// What meters a loop, at its head: where instructions begin and end whose result is in the flags.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Meter {
    /// The look at the epoch.
    pub(crate) check: (u32, u32),
    /// What takes the fuel.
    pub(crate) charge: (u32, u32),
}

/// The test at the head of a loop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeadTest {
    /// What comes before.
    meter: Meter,
    /// Where the comparison begins and ends.
    compared: (u32, u32),
    /// When the head's branch is taken, and where it leads.
    test: Test,
    target: Place,
    /// Behind the branch.
    body: Place,
}

impl HeadTest {
    /// Behind the head's branch.
    pub(crate) fn body(&self) -> Place {
        self.body
    }
}

impl Compiler<'_> {
    /// A branch on the flags was written whose target needs no more than the jump: if it is all that its loop's head has, jumps back
    /// can do it again. `end` is where it begins.
    pub(crate) fn note_head_test(&mut self, end: u32, test: Test, target: Place) {
        let Some((label, head)) = self.control.last_head else { return };
        if self.compared == (head, end) && matches!(test, Test::Is(_)) && end - head <= LONGEST as u32 {
            let (meter, body) = (self.control.last_meter, self.asm.here());
            self.control.set_head_test(label, HeadTest { meter, compared: (head, end), test, target, body });
        }
    }

    /// Instructions that begin at an offset meter the loop whose head ends there, if one does; the flags have their result.
    pub(crate) fn note_meter(&mut self, start: u32, field: impl FnOnce(&mut Meter) -> &mut (u32, u32)) {
        let end = self.asm.offset();
        if self.is_head(start) && end - start <= LONGEST as u32 {
            *field(&mut self.control.last_meter) = (start, end);
        }
    }

    /// The branch is written that looks at their result.
    pub(crate) fn note_metered(&mut self, start: u32) {
        let Meter { check, charge } = self.control.last_meter;
        if self.is_head(start)
            && (check.0 == start || charge.0 == start)
            && let Some((_, end)) = &mut self.control.last_head
        {
            *end = self.asm.offset();
        }
    }

    /// Whether the head of a loop ends at an offset.
    fn is_head(&self, offset: u32) -> bool {
        self.control.last_head.is_some_and(|(_, end)| end == offset)
    }

    /// Jumps to the head of a loop, which lies at a place and whose test is done here.
    pub(crate) fn jump_to_test(&mut self, head: HeadTest, place: Place) {
        let Meter { check, charge } = head.meter;
        if self.repeat(check) {
            // The head looks again, and interrupts the program.
            self.asm.jcc(Cond::Ae, place);
        }
        if self.repeat(charge) {
            let out = self.cold_at(charge.0, ColdPath::OutOfFuel);
            self.asm.jcc(Cond::B, out);
        }
        self.repeat(head.compared);
        self.jump_if(head.test.inverted(), head.body);
        self.asm.jmp(head.target);
    }

    /// Writes bytes of the code again. Returns whether there were any.
    fn repeat(&mut self, (start, end): (u32, u32)) -> bool {
        let (start, end) = (start as usize, end as usize);
        let mut bytes = [0; LONGEST];
        let bytes = &mut bytes[..end - start];
        bytes.copy_from_slice(&self.asm.written()[start..end]);
        self.asm.put_bytes(bytes);
        start < end
    }

    /// The test of a loop's head, if that is all the head has.
    pub(crate) fn head_test(&self, label: Label) -> Option<HeadTest> {
        self.control.labels[label.0 as usize].head_test
    }
}
