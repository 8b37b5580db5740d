//! Loops that begin with a test end with it, too: a jump back to the head does the comparison again and branches into the body, so
//! that an iteration has one branch instead of two.
//!
//! What is done again are the very bytes of the head: nothing but the comparison lies between the head and its branch, with the loads
//! and stores of slots that its operands need, and registers have the same at both ends of the loop.

use upshift_asm::Label as Place;
use upshift_translate::backend::Label;

use crate::compiler::Compiler;
use crate::x64::Test;

/// How long a comparison is at most that is done again.
const LONGEST: usize = 24;

/// The test at the head of a loop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeadTest {
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
            let body = self.asm.here();
            self.control.set_head_test(label, HeadTest { compared: (head, end), test, target, body });
        }
    }

    /// Jumps to the head of a loop, whose test is done here.
    pub(crate) fn jump_to_test(&mut self, head: HeadTest) {
        let (start, end) = (head.compared.0 as usize, head.compared.1 as usize);
        let mut bytes = [0; LONGEST];
        let bytes = &mut bytes[..end - start];
        bytes.copy_from_slice(&self.asm.written()[start..end]);
        self.asm.put_bytes(bytes);
        self.jump_if(head.test.inverted(), head.body);
        self.asm.jmp(head.target);
    }

    /// The test of a loop's head, if that is all the head has.
    pub(crate) fn head_test(&self, label: Label) -> Option<HeadTest> {
        self.control.labels[label.0 as usize].head_test
    }
}
