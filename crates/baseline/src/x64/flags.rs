//! Comparisons whose result is in the flags, and what is done with it.

use upshift_asm::Label;
use upshift_asm::x64::{Cond, Gpr, Rm, Size};
use upshift_translate::backend::{Next, Slot};

use super::Class;
use crate::cache::Kind;
use crate::compiler::Compiler;

/// What the flags have to be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Test {
    /// One condition.
    Is(Cond),
    /// Floats are equal, which NaNs are not: equal and ordered.
    FloatEq,
    /// Floats are not equal, or NaN: not equal or unordered.
    FloatNe,
}

impl Test {
    /// The test that holds exactly when this one does not.
    pub(crate) fn inverted(self) -> Test {
        match self {
            Test::Is(cond) => Test::Is(cond.inverted()),
            Test::FloatEq => Test::FloatNe,
            Test::FloatNe => Test::FloatEq,
        }
    }
}

/// A comparison whose result, an `i32` in an operand home, is still in the flags.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Flags {
    /// The home of the result.
    pub(crate) dst: Slot,
    pub(crate) test: Test,
}

impl Compiler<'_> {
    /// Takes a comparison out of the flags, into a register.
    #[inline]
    pub(crate) fn settle(&mut self) {
        if let Some(flags) = self.flags.take() {
            // What is known of the next local is not known of this result, but of the operation that runs.
            let next = self.next.take();
            self.settle_flags(flags);
            self.next = next;
        }
    }

    /// Takes a comparison out of the flags, into the register of the local that gets the result.
    pub(crate) fn settle_for(&mut self, local: Slot) {
        if let Some(flags) = self.flags.take() {
            self.next = Some(Next::Local(local));
            self.settle_flags(flags);
            self.next = None;
        }
    }

    /// A local has what the flags say, which they go on to say until the next instruction.
    pub(crate) fn keep_flags(&mut self, local: Slot, test: Test) {
        if matches!(test, Test::Is(_)) {
            self.kept_flags = Some((Flags { dst: local, test }, self.asm.offset()));
        }
    }

    /// The test of a local whose value the flags still have.
    pub(crate) fn kept_test(&self, local: Slot) -> Option<Test> {
        let (flags, at) = self.kept_flags?;
        (flags.dst == local && at == self.asm.offset()).then_some(flags.test)
    }

    fn settle_flags(&mut self, Flags { dst, test }: Flags) {
        let result = self.alloc_result(Class::Int).gpr();
        match test {
            Test::Is(cond) => self.asm.setcc(cond, result),
            Test::FloatEq | Test::FloatNe => {
                let other = self.alloc_gpr();
                let (first, second) = float_conds(test);
                self.asm.setcc(first, result);
                self.asm.setcc(second, other);
                if test == Test::FloatEq {
                    self.asm.and(Size::S32, result, other);
                } else {
                    self.asm.or(Size::S32, result, other);
                }
            }
        }
        self.asm.movzx_8(Size::S32, result, result);
        self.define(dst, result, Kind::I32);
    }

    /// Jumps if the test holds.
    pub(crate) fn jump_if(&mut self, test: Test, target: Label) {
        match test {
            Test::Is(cond) => self.asm.jcc(cond, target),
            Test::FloatNe => {
                self.asm.jcc(Cond::Ne, target);
                self.asm.jcc(Cond::P, target);
            }
            Test::FloatEq => {
                let unordered = self.asm.label();
                self.asm.jcc_short(Cond::P, unordered);
                self.asm.jcc(Cond::E, target);
                self.asm.bind(unordered);
            }
        }
    }

    /// Copies an integer if the test holds.
    pub(crate) fn move_if(&mut self, test: Test, size: Size, to: Gpr, from: impl Rm<Gpr>) {
        match test {
            Test::Is(cond) => self.asm.cmov(cond, size, to, from),
            Test::FloatNe => {
                self.asm.cmov(Cond::Ne, size, to, from);
                self.asm.cmov(Cond::P, size, to, from);
            }
            Test::FloatEq => {
                let skip = self.asm.label();
                self.asm.jcc_short(Cond::P, skip);
                self.asm.cmov(Cond::E, size, to, from);
                self.asm.bind(skip);
            }
        }
    }
}

/// The two conditions of a comparison of floats: both have to hold for equality, one of them for its opposite.
fn float_conds(test: Test) -> (Cond, Cond) {
    if test == Test::FloatEq { (Cond::E, Cond::Np) } else { (Cond::Ne, Cond::P) }
}
