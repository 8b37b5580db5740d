//! Integers as sums: what is exactly equal, written in one way.
//!
//! A [`Sum`] is an integer, not a number of 64 bits: a constant and multiples of *atoms*. An atom is half of a value, a product of two
//! halves, or how often 2³² is in another sum, rounded down, which is written `⌊n⌋` here. Equal sums are equal integers whatever the
//! values are. These rules bring them into one form:
//!
//! ```text
//! ⌊2³²·m + n⌋ = m + ⌊n⌋        so factors within ⌊ ⌋ are between -256 and 2³² - 256
//!      ⌊n⌋    = -1 - ⌊-1 - n⌋  so the first of them is not negative
//!      ⌊n⌋    = c              if that holds for the smallest and the largest n that there may be
//! ```

use std::collections::HashMap;

use crate::ssa::Value;

/// The most terms of a sum; one with more is not looked at.
const MOST_TERMS: usize = 12;

/// The most atoms of a function: the others are not looked at.
const MOST_ATOMS: usize = 1 << 18;

/// Factors are below this, and so is what stands alone.
const MOST: i128 = 1 << 100;

/// Half of the bits of a value.
pub(super) const HALF: i128 = 1 << 32;

/// An atom, by its number in the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Atom(u32);

/// What an atom is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Kind {
    /// The lower 32 bits of a value.
    Low(Value),
    /// The upper 32 bits of a value.
    High(Value),
    /// The product of two halves.
    Product(Atom, Atom),
    /// How often 2³² is in a sum.
    Floor(Sum),
}

/// An integer: a constant and multiples of atoms, by ascending number, no factor zero.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Sum {
    pub(super) terms: Vec<(Atom, i128)>,
    pub(super) constant: i128,
}

impl Sum {
    /// A constant.
    pub(super) fn constant(constant: i128) -> Sum {
        Sum { terms: Vec::new(), constant }
    }

    /// A multiple of an atom.
    pub(super) fn atom(atom: Atom, factor: i128) -> Sum {
        Sum { terms: vec![(atom, factor)], constant: 0 }
    }

    /// How often an atom is in it.
    pub(super) fn factor_of(&self, atom: Atom) -> i128 {
        self.terms.iter().find(|&&(other, _)| other == atom).map_or(0, |&(_, factor)| factor)
    }

    /// `self + factor · other`, unless that is too long or too large.
    pub(super) fn plus(&self, factor: i128, other: &Sum) -> Option<Sum> {
        let mut sum = Sum::constant(self.constant.checked_add(other.constant.checked_mul(factor)?)?);
        let (mut left, mut right) = (self.terms.iter().peekable(), other.terms.iter().peekable());
        loop {
            let is_left = match (left.peek(), right.peek()) {
                (None, None) => break,
                (Some((a, _)), Some((b, _))) => a <= b,
                (a, _) => a.is_some(),
            };
            let (atom, number) = match if is_left { left.next() } else { right.next() } {
                Some(&(atom, number)) if is_left => (atom, number),
                Some(&(atom, number)) => (atom, number.checked_mul(factor)?),
                None => break,
            };
            match sum.terms.last_mut() {
                Some((last, total)) if *last == atom => *total = total.checked_add(number)?,
                _ => {
                    sum.terms.pop_if(|&mut (_, total)| total == 0);
                    sum.terms.push((atom, number));
                }
            }
        }
        sum.terms.pop_if(|&mut (_, total)| total == 0);
        let is_small = |number: i128| number.unsigned_abs() < MOST.unsigned_abs();
        let fits = sum.terms.len() <= MOST_TERMS && is_small(sum.constant);
        (fits && sum.terms.iter().all(|&(_, factor)| is_small(factor))).then_some(sum)
    }

    /// A multiple.
    pub(super) fn times(&self, factor: i128) -> Option<Sum> {
        Sum::default().plus(factor, self)
    }

    /// The same sum but for multiples of 2⁶⁴.
    pub(super) fn wrapped(&self) -> Sum {
        let wrap = |number: i128| i128::from(number as i64);
        let terms = self.terms.iter().map(|&(atom, factor)| (atom, wrap(factor)));
        Sum { terms: terms.filter(|&(_, factor)| factor != 0).collect(), constant: wrap(self.constant) }
    }
}

/// The smallest and the largest integer that something may be.
type Range = (i128, i128);

/// The atoms of a function.
#[derive(Default)]
pub(super) struct Atoms {
    kinds: Vec<(Kind, Range)>,
    numbers: HashMap<Kind, Atom>,
}

impl Atoms {
    /// What an atom is.
    pub(super) fn kind(&self, atom: Atom) -> &Kind {
        &self.kinds[atom.0 as usize].0
    }

    /// The largest integer that an atom may be.
    pub(super) fn largest(&self, atom: Atom) -> i128 {
        self.kinds[atom.0 as usize].1.1
    }

    fn atom(&mut self, kind: Kind, range: Range) -> Option<Atom> {
        if let Some(&known) = self.numbers.get(&kind) {
            return Some(known);
        }
        let atom = Atom(self.kinds.len() as u32);
        if self.kinds.len() == MOST_ATOMS {
            return None;
        }
        self.kinds.push((kind.clone(), range));
        self.numbers.insert(kind, atom);
        Some(atom)
    }

    /// The lower half of a value that is at most `largest`.
    pub(super) fn low(&mut self, value: Value, largest: u64) -> Option<Atom> {
        self.atom(Kind::Low(value), (0, i128::from(largest).min(HALF - 1)))
    }

    /// The upper half of a value that is at most `largest`.
    pub(super) fn high(&mut self, value: Value, largest: u64) -> Option<Atom> {
        self.atom(Kind::High(value), (0, i128::from(largest) >> 32))
    }

    /// The product of two halves, which is below 2⁶⁴.
    pub(super) fn product(&mut self, a: Atom, b: Atom) -> Option<Atom> {
        let most = self.largest(a) * self.largest(b);
        self.atom(Kind::Product(a.min(b), a.max(b)), (0, most))
    }

    /// How often 2³² is in a sum, rounded down.
    pub(super) fn floor(&mut self, sum: &Sum) -> Option<Sum> {
        let (whole, rest) = split(sum);
        if rest.terms.first().is_none_or(|&(_, factor)| factor > 0) {
            return whole.plus(1, &self.floor_of_rest(rest)?);
        }
        let (opposite, rest) = split(&Sum::constant(-1).plus(-1, &rest)?);
        let floor = opposite.plus(1, &self.floor_of_rest(rest)?)?;
        whole.plus(-1, &floor)?.plus(-1, &Sum::constant(1))
    }

    fn floor_of_rest(&mut self, rest: Sum) -> Option<Sum> {
        let (least, most) = self.range(&rest)?;
        let floors = (least.div_euclid(HALF), most.div_euclid(HALF));
        if floors.0 == floors.1 {
            return Some(Sum::constant(floors.0));
        }
        Some(Sum::atom(self.atom(Kind::Floor(rest), floors)?, 1))
    }

    /// How often 2⁶⁴ is in a sum, rounded down.
    pub(super) fn carry(&mut self, sum: &Sum) -> Option<Sum> {
        let floor = self.floor(sum)?;
        self.floor(&floor)
    }

    fn range(&self, sum: &Sum) -> Option<Range> {
        let mut range = (sum.constant, sum.constant);
        for &(atom, factor) in &sum.terms {
            let (least, most) = self.kinds[atom.0 as usize].1;
            let ends = (least.checked_mul(factor)?, most.checked_mul(factor)?);
            range.0 = range.0.checked_add(ends.0.min(ends.1))?;
            range.1 = range.1.checked_add(ends.0.max(ends.1))?;
        }
        Some(range)
    }
}

/// A sum as 2³² times the first one and the second one, whose factors are small.
fn split(sum: &Sum) -> (Sum, Sum) {
    /// Factors that are a little below a multiple of 2³² are negative.
    const NEGATIVE: i128 = 256;
    let (mut whole, mut rest) = (Sum::default(), Sum::default());
    for &(atom, factor) in &sum.terms {
        let times = (factor + NEGATIVE).div_euclid(HALF);
        if times != 0 {
            whole.terms.push((atom, times));
        }
        if factor != times * HALF {
            rest.terms.push((atom, factor - times * HALF));
        }
    }
    whole.constant = sum.constant.div_euclid(HALF);
    rest.constant = sum.constant.rem_euclid(HALF);
    (whole, rest)
}

#[cfg(test)]
mod tests {
    use super::{Atom, Atoms, HALF, Kind, Sum};
    use crate::passes::testing::Random;
    use crate::ssa::Value;

    /// What an atom is where the values are these.
    fn evaluate(atoms: &Atoms, values: &[u64], sum: &Sum) -> Option<i128> {
        fn of(atoms: &Atoms, values: &[u64], atom: Atom) -> Option<i128> {
            Some(match atoms.kind(atom) {
                Kind::Low(value) => i128::from(values[value.index()] as u32),
                Kind::High(value) => i128::from(values[value.index()] >> 32),
                &Kind::Product(a, b) => of(atoms, values, a)? * of(atoms, values, b)?,
                Kind::Floor(sum) => evaluate(atoms, values, sum)?.div_euclid(HALF),
            })
        }
        sum.terms.iter().try_fold(sum.constant, |total, &(atom, factor)| {
            total.checked_add(factor.checked_mul(of(atoms, values, atom)?)?)
        })
    }

    /// Rounding down, however the sum looks, is what it says: sums of halves, products and other such.
    #[test]
    fn floors_are_those_of_the_integers() {
        let mut random = Random(3);
        let mut made = 0;
        for _ in 0..2_000 {
            let mut atoms = Atoms::default();
            let limits = [u64::MAX, u64::MAX, 0xffff_ffff, 7];
            let mut known: Vec<Sum> = Vec::new();
            let mut halves = Vec::new();
            for (number, &limit) in limits.iter().enumerate() {
                halves.extend(atoms.low(Value(number as u32), limit));
                halves.extend(atoms.high(Value(number as u32), limit));
            }
            for _ in 0..8 {
                let atom = halves[random.below(halves.len())];
                let other = halves[random.below(halves.len())];
                known.push(match random.below(3) {
                    0 => Sum::atom(atom, 1),
                    _ => Sum::atom(atoms.product(atom, other).expect("a product"), 1),
                });
            }
            let values: Vec<Vec<u64>> =
                (0..8).map(|_| limits.map(|limit| random.number() & limit).to_vec()).collect();
            for _ in 0..6 {
                let mut sum = Sum::constant(i128::from(random.number()) - (1 << 62));
                for _ in 0..1 + random.below(4) {
                    let factor = match random.below(4) {
                        0 => 1,
                        1 => -1 - random.below(3) as i128,
                        2 => HALF * (random.below(5) as i128 - 2),
                        _ => i128::from(random.number() as i64),
                    };
                    let Some(more) = sum.plus(factor, &known[random.below(known.len())]) else { continue };
                    sum = more;
                }
                let Some(floor) = atoms.floor(&sum) else { continue };
                for values in &values {
                    // Sums of large products of large factors have more bits than there are here.
                    let Some(integer) = evaluate(&atoms, values, &sum) else { continue };
                    let expected = Some(integer.div_euclid(HALF));
                    assert_eq!(evaluate(&atoms, values, &floor), expected, "{sum:?} {floor:?}");
                    made += 1;
                }
                known.push(floor);
            }
        }
        assert!(made > 50_000, "{made}");
    }

    #[test]
    fn opposite_sums_have_one_form() {
        let mut atoms = Atoms::default();
        let a = atoms.low(Value(0), u64::MAX).expect("an atom");
        let b = atoms.high(Value(0), u64::MAX).expect("an atom");
        let sum = Sum::atom(a, 3).plus(1, &Sum::atom(b, 5)).expect("a sum");
        let opposite = Sum::constant(-1).plus(-1, &sum).expect("a sum");
        let (floor, other) = (atoms.floor(&sum).expect("a floor"), atoms.floor(&opposite).expect("a floor"));
        assert_eq!(Sum::constant(-1).plus(-1, &floor), Some(other));
    }
}
