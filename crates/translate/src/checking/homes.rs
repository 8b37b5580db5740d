//! What is known of the operand homes of a frame at one place in the code.

use upshift_core::types::ValType;

/// How many homes are looked after.
pub(super) const TRACKED: usize = 256;

/// A set of homes, by their numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Homes([u64; TRACKED / 64]);

impl Homes {
    pub(super) fn contains(self, home: usize) -> bool {
        self.0[home / 64] >> (home % 64) & 1 == 1
    }

    fn set(&mut self, home: usize, is_member: bool) {
        self.0[home / 64] &= !(1 << (home % 64));
        self.0[home / 64] |= u64::from(is_member) << (home % 64);
    }

    fn intersect(&mut self, other: Homes) {
        for (word, other) in self.0.iter_mut().zip(other.0) {
            *word &= other;
        }
    }

    /// A home of this set that the other lacks.
    pub(super) fn lacking(self, other: Homes) -> Option<usize> {
        (0..TRACKED).find(|&home| self.contains(home) && !other.contains(home))
    }
}

/// Which homes hold a value that is still wanted, and in which of them the last store put a reference that the collector
/// may find there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Stores {
    pub(super) valid: Homes,
    /// A subset of the valid ones.
    pub(super) references: Homes,
}

impl Stores {
    /// A value was stored.
    pub(super) fn store(&mut self, home: usize, reference: bool) {
        self.valid.set(home, true);
        self.references.set(home, reference);
    }

    /// The value is not wanted any more.
    pub(super) fn free(&mut self, home: usize) {
        self.valid.set(home, false);
        self.references.set(home, false);
    }

    /// What holds here and there.
    pub(super) fn intersect(&mut self, other: Stores) {
        self.valid.intersect(other.valid);
        self.references.intersect(other.references);
    }

    /// Leaves only some homes.
    pub(super) fn restrict(&mut self, homes: Homes) {
        self.valid.intersect(homes);
        self.references.intersect(homes);
    }
}

/// Whether the collector may find a value of the type in a slot that a reference map names. An `i31` it leaves alone, but one
/// may be what a slot of a wider type holds.
pub(super) fn is_reference(ty: ValType) -> bool {
    matches!(ty, ValType::Ref(ty) if !ty.is_func())
}
