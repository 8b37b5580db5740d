//! Code that only traps goes out of the way: what a branch leads around, if it is nothing but `unreachable`, moves behind the main
//! line, where the opposite branch leads. Programs check with that again and again, and all goes well.
//!
//! ```text
//! jge over           jl trap ─▶ behind the main line
//! trap          ─▶
//! over:              over:
//! ```

use upshift_core::Trap;
use upshift_translate::backend::Label;

use crate::compiler::Compiler;
use crate::x64::Test;

/// A branch on the flags, and what it may lead around.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Detour {
    /// Where the branch begins and ends.
    branch: (u32, u32),
    test: Test,
    target: Label,
    /// The trap that follows, and where its code ends.
    trap: Option<(Trap, u32)>,
}

impl Compiler<'_> {
    /// A branch on the flags was written, from an offset on.
    pub(crate) fn note_branch(&mut self, start: u32, test: Test, target: Label) {
        let branch = (start, self.asm.offset());
        self.detour = matches!(test, Test::Is(_)).then_some(Detour { branch, test, target, trap: None });
    }

    /// A trap was written, from an offset on.
    pub(crate) fn note_trap(&mut self, start: u32, trap: Trap) {
        let end = self.asm.offset();
        self.detour = self.detour.filter(|detour| detour.branch.1 == start);
        if let Some(detour) = &mut self.detour {
            detour.trap = Some((trap, end));
        }
    }

    /// A label is about to be bound: if the branch that leads to it leads around nothing but a trap, that moves away.
    pub(crate) fn straighten(&mut self, label: Label) {
        let Some(Detour { branch: (start, end), test, target, trap: Some((trap, trapped)) }) =
            self.detour.take()
        else {
            return;
        };
        // The test of a loop that is done again at its end leads behind the branch.
        let repeated = self.control.last_head.and_then(|(head, _)| self.head_test(head));
        if target != label
            || trapped != self.asm.offset()
            || repeated.is_some_and(|head| self.asm.place(head.body()) == Some(end))
        {
            return;
        }
        self.asm.truncate(start);
        let out = self.trap(trap);
        self.jump_if(test.inverted(), out);
        self.tables.move_positions(start, end, trapped, self.asm.offset());
    }
}
