//! The registers of both classes under one numbering, sets of them, and what each is used for.

use upshift_asm::x64::{Gpr, Xmm};
use upshift_codegen::x64::args::{ARGS, FLOATS};
use upshift_core::vm::registers::ArgPlace;

/// The frame pointer: the end of the frame's header.
pub(crate) const FP: Gpr = Gpr::RBX;
/// The instance's context.
pub(crate) const CTX: Gpr = Gpr::R14;
/// The base of memory 0 where that never moves.
pub(crate) const MEM: Gpr = Gpr::R15;
/// Where a call leaves an integer or a reference.
pub(crate) const RESULT: Gpr = Gpr::RAX;
/// Where a call leaves a float.
pub(crate) const FLOAT_RESULT: Xmm = Xmm::XMM0;

/// What leads to a function that is called, and then the word that it returns through.
pub(crate) const LEADS: Gpr = Gpr::R11;
/// A register that a call may use besides: no argument is there, and nothing else over a call.
pub(crate) const FREE: Gpr = Gpr::RBP;

/// The registers that bring the first integers and references among the arguments.
pub(crate) static INT_ARG_REGS: [Reg; ARGS.len()] = {
    let mut regs = [Reg(0); ARGS.len()];
    let mut at = 0;
    while at < regs.len() {
        regs[at] = Reg(ARGS[at].number());
        at += 1;
    }
    regs
};

/// The register that brings an argument.
#[inline]
pub(crate) fn arg_reg(place: ArgPlace) -> Option<Reg> {
    match place {
        ArgPlace::Int(number) => Some(ARGS[usize::from(number)].into()),
        ArgPlace::Float(number) => Some(FLOATS[usize::from(number)].into()),
        ArgPlace::Slot => None,
    }
}

/// What a register can hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Class {
    /// Integers and references.
    Int,
    /// Floats and vectors.
    Float,
}

/// A register of either class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Reg(u8);

/// How many there are.
pub(crate) const REGS: usize = 32;

impl Reg {
    /// The register with a number below [`REGS`].
    pub(crate) const fn new(number: u8) -> Reg {
        Reg(number)
    }

    /// Its number, below [`REGS`].
    #[inline(always)]
    pub(crate) const fn index(self) -> usize {
        self.0 as usize % REGS
    }

    /// What it can hold.
    #[inline(always)]
    pub(crate) const fn class(self) -> Class {
        if self.0 < 16 { Class::Int } else { Class::Float }
    }

    /// As an integer register.
    #[inline(always)]
    pub(crate) const fn gpr(self) -> Gpr {
        Gpr::new(self.0 & 15)
    }

    /// As a float register.
    #[inline(always)]
    pub(crate) const fn xmm(self) -> Xmm {
        Xmm::new(self.0 & 15)
    }
}

impl From<Gpr> for Reg {
    #[inline(always)]
    fn from(gpr: Gpr) -> Reg {
        Reg(gpr.number())
    }
}

impl From<Xmm> for Reg {
    #[inline(always)]
    fn from(xmm: Xmm) -> Reg {
        Reg(xmm.number() + 16)
    }
}

/// A set of registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct RegSet(u32);

impl RegSet {
    /// No register.
    pub(crate) const EMPTY: RegSet = RegSet(0);
    /// All registers.
    pub(crate) const ALL: RegSet = RegSet(u32::MAX);
    /// All registers of integers.
    pub(crate) const INTS: RegSet = RegSet(0xffff);

    /// One register.
    pub(crate) const fn of(reg: Reg) -> RegSet {
        RegSet(1 << reg.0)
    }

    /// One register if a condition holds, else none.
    #[inline(always)]
    pub(crate) const fn of_if(reg: Reg, holds: bool) -> RegSet {
        RegSet((holds as u32) << reg.0)
    }

    /// Integer registers.
    pub(crate) const fn of_gprs(gprs: &[Gpr]) -> RegSet {
        let (mut set, mut i) = (0, 0);
        while i < gprs.len() {
            set |= 1 << gprs[i].number();
            i += 1;
        }
        RegSet(set)
    }

    #[inline(always)]
    pub(crate) fn contains(self, reg: Reg) -> bool {
        self.0 & RegSet::of(reg).0 != 0
    }

    #[inline(always)]
    pub(crate) fn insert(&mut self, reg: Reg) {
        self.0 |= RegSet::of(reg).0;
    }

    #[inline(always)]
    pub(crate) fn remove(&mut self, reg: Reg) {
        self.0 &= !RegSet::of(reg).0;
    }

    #[inline(always)]
    pub(crate) const fn without(self, other: RegSet) -> RegSet {
        RegSet(self.0 & !other.0)
    }

    #[inline(always)]
    pub(crate) const fn and(self, other: RegSet) -> RegSet {
        RegSet(self.0 & other.0)
    }

    #[inline(always)]
    pub(crate) const fn or(self, other: RegSet) -> RegSet {
        RegSet(self.0 | other.0)
    }

    /// How many there are.
    #[inline(always)]
    pub(crate) const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// The one with the lowest number.
    #[inline(always)]
    pub(crate) fn lowest(self) -> Option<Reg> {
        (self.0 != 0).then(|| Reg(self.0.trailing_zeros() as u8))
    }

    /// The one with the highest number.
    #[inline(always)]
    pub(crate) fn highest(self) -> Option<Reg> {
        (self.0 != 0).then(|| Reg(31 - self.0.leading_zeros() as u8))
    }

    /// The next one behind a register, whether that is one of them or not; the lowest one comes behind the highest.
    #[inline]
    pub(crate) fn next_after(self, reg: Reg) -> Option<Reg> {
        let first = u32::from(reg.0) + 1;
        let turned = self.0.rotate_right(first);
        (turned != 0).then(|| Reg(((turned.trailing_zeros() + first) % REGS as u32) as u8))
    }

    /// All of them.
    #[inline(always)]
    pub(crate) fn iter(self) -> impl Iterator<Item = Reg> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let reg = (rest != 0).then(|| Reg(rest.trailing_zeros() as u8));
            rest &= rest.wrapping_sub(1);
            reg
        })
    }
}

/// The integer registers that values may be in, those that operations need for themselves last.
const INT_ORDER: [Gpr; 12] = [
    Gpr::RSI,
    Gpr::RDI,
    Gpr::RAX,
    Gpr::R8,
    Gpr::R9,
    Gpr::R10,
    Gpr::R11,
    Gpr::RDX,
    Gpr::RCX,
    Gpr::RBP,
    Gpr::R12,
    Gpr::R13,
];

/// The registers that are after a handler what they were before, unless that called wasm.
pub(crate) const KEPT_BY_HANDLERS: RegSet = RegSet::of_gprs(&[Gpr::RBP, Gpr::R12, Gpr::R13]);

/// The registers of a class that values may be in.
pub(crate) const fn allocatable(class: Class) -> RegSet {
    match class {
        Class::Int => RegSet::of_gprs(&INT_ORDER),
        Class::Float => RegSet(0xffff_0000),
    }
}

/// By the lower and the upper half of a set of integer registers the place in that order of the first one that is in it, or how many
/// there are.
static INT_FIRSTS: [[u8; 256]; 2] = {
    let mut firsts = [[INT_ORDER.len() as u8; 256]; 2];
    let mut set = 0;
    while set < 256 {
        let mut at = INT_ORDER.len();
        while at > 0 {
            at -= 1;
            let number = INT_ORDER[at].number();
            if set >> (number % 8) & 1 != 0 {
                firsts[number as usize / 8][set] = at as u8;
            }
        }
        set += 1;
    }
    firsts
};

/// The register to take first of a set of one class.
#[inline]
pub(crate) fn first(class: Class, set: RegSet) -> Option<Reg> {
    match class {
        // Without branches, for nobody foresees which it is.
        Class::Int => {
            let [low, high, ..] = set.0.to_le_bytes();
            let at = INT_FIRSTS[0][usize::from(low)].min(INT_FIRSTS[1][usize::from(high)]);
            INT_ORDER.get(usize::from(at)).map(|&gpr| gpr.into())
        }
        Class::Float => set.lowest(),
    }
}

/// The registers for values that stay, in parts, the best first: no operation needs them for itself. In each part the one with the
/// highest number comes first.
const LASTING_INT: [RegSet; 5] = [
    RegSet::of_gprs(&[Gpr::RBP]),
    RegSet::of_gprs(&[Gpr::R12]),
    RegSet::of_gprs(&[Gpr::R13]),
    RegSet::of_gprs(&[Gpr::R8, Gpr::R9, Gpr::R10, Gpr::R11]),
    RegSet::of_gprs(&[Gpr::RDI]),
];

/// The same for floats, from `xmm6` on.
const LASTING_FLOAT: [RegSet; 1] = [RegSet(0xffc0_0000)];

/// The registers of a class for values that stay.
pub(crate) fn lasting(class: Class) -> RegSet {
    const INT: RegSet = union(&LASTING_INT);
    match class {
        Class::Int => INT,
        Class::Float => union(&LASTING_FLOAT),
    }
}

/// The register of a set that is best for a value that stays.
pub(crate) fn best_lasting(class: Class, set: RegSet) -> Option<Reg> {
    let parts: &[RegSet] = match class {
        Class::Int => &LASTING_INT,
        Class::Float => &LASTING_FLOAT,
    };
    parts.iter().find_map(|&part| part.and(set).highest())
}

const fn union(sets: &[RegSet]) -> RegSet {
    let (mut all, mut i) = (RegSet::EMPTY, 0);
    while i < sets.len() {
        all = all.or(sets[i]);
        i += 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{Class, INT_ORDER, Reg, RegSet, first};

    #[test]
    fn registers_are_taken_in_their_order() {
        let mut left = RegSet::of_gprs(&INT_ORDER);
        for gpr in INT_ORDER {
            let taken = first(Class::Int, left);
            assert_eq!(taken, Some(Reg::from(gpr)));
            left.remove(Reg::from(gpr));
        }
        assert_eq!(first(Class::Int, left), None);
    }
}
