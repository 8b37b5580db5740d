//! Finds products of 128 bits that a program computes in pieces, and computes them with one multiplication.
//!
//! ```text
//!   a·b = ah·bh·2⁶⁴ + (ah·bl + al·bh)·2³² + al·bl         v = …                    w = i64.mul_wide_u a, b
//!   upper half = ah·bh + ⌊ah·bl + al·bh + ⌊al·bl⌋⌋   ─▶   (in a dozen     ─▶     low = result w, 0
//!   lower half = al·bl + (ah·bl + al·bh)·2³²  mod 2⁶⁴      instructions)         v = result w, 1
//! ```
//! Here `al` and `ah` are halves of `a`, and ⌊n⌋ is how often 2³² is in n, rounded down.
//!
//! Requires SSA; equal instructions should be one (`gvn`). Preserves SSA and what the program computes.
//!
//! There are many ways to add up the pieces: where carries are kept apart, which of the sums may wrap, comparisons that find out whether
//! one did. No way is known here by its shape. Each value of 64 bits becomes a sum of halves, products of halves and floors
//! (`sums`), with these rules, where `n` is the sum of `x` and `m` that of `y`, and all that the program computes is modulo 2⁶⁴:
//!
//! ```text
//! x + y, x - y, x << k   n + m, n - m, 2ᵏ·n             -1 ^ x          -1 - n
//! x >> 32                ⌊n⌋                            x | y           n + m, if they have no bit in common
//! x mod 2³²              n - 2³²·⌊n⌋                    x < y           -⌊⌊n - m⌋⌋, as 0 or 1
//! half · half            their product                  c ? x : y       m + (n - m)·c, if n - m is a constant
//! ```
//! The lower three lines need `x` and `y` exactly. A sum that wraps is that of the integers modulo 2⁶⁴, so it is exactly
//! `n - 2⁶⁴·⌊⌊n⌋⌋`. A value is an upper half, and perhaps something more (128-bit products of 128-bit numbers add two products), if its
//! sum is that of the upper half and something more: that is the whole proof.

mod rewrite;
mod sums;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use upshift_core::ops::{Binary, Unary};

use self::sums::{Atom, Atoms, HALF, Kind, Sum};
use super::facts;
use super::ints::{Int, Width};
use crate::ssa::dom::Dominators;
use crate::ssa::{Block, Func, Op, Ty, Value};

/// The most terms that all sums of a function have together: the others are not looked at.
const MOST_TERMS: usize = 1 << 20;

/// The most values that may be added to an upper half.
const MOST_ADDED: usize = 4;

/// Replaces products. Returns how many.
pub fn run(func: &mut Func, dominators: &Dominators) -> u32 {
    if !has_pieces(func) {
        return 0;
    }
    let mut search = Search::new(func);
    for &block in dominators.preorder() {
        for &inst in &func.block(block).insts {
            search.block_of[inst.index()] = block;
            search.look_at(func, dominators, inst);
        }
    }
    let found = search.finish(func);
    rewrite::run(func, &found);
    found.uppers.len() as u32
}

/// Whether halves are multiplied at all, which most programs never do.
pub(super) fn has_pieces(func: &Func) -> bool {
    let is_product = |&inst: &Value| {
        func.op(inst) == Op::Binary(Binary::I64Mul)
            && func.args(inst).iter().any(|&arg| half_of(func, arg).is_some())
    };
    let insts = func.layout.iter().flat_map(|&block| &func.block(block).insts);
    insts.copied().filter(is_product).nth(1).is_some()
}

/// What a value is half of, by its own operator.
#[derive(Clone, Copy)]
enum Half {
    Low(Value),
    High(Value),
}

fn half_of(func: &Func, value: Value) -> Option<Half> {
    match func.op(value) {
        Op::Binary(Binary::I64And) if constant(func, value, 1) == Some(0xffff_ffff) => {
            Some(Half::Low(func.args(value)[0]))
        }
        Op::Binary(Binary::I64ShrU) if constant(func, value, 1) == Some(32) => {
            Some(Half::High(func.args(value)[0]))
        }
        Op::Unary(Unary::I64ExtendI32U) => {
            let narrow = func.args(value)[0];
            (func.op(narrow) == Op::Unary(Unary::I32WrapI64)).then(|| Half::Low(func.args(narrow)[0]))
        }
        _ => None,
    }
}

fn constant(func: &Func, value: Value, at: usize) -> Option<u64> {
    func.constant(func.args(value)[at])
}

/// What is multiplied with a value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Factor {
    Value(Value),
    Constant(u64),
}

/// Half of a factor.
#[derive(Clone, Copy)]
enum Piece {
    Atom(Atom),
    Constant(u32),
}

/// A product of 128 bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Product(Value, Factor);

/// What is found.
#[derive(Default)]
struct Found {
    /// Values that are upper halves, each with what is added to it, in an order in which blocks are behind their dominators.
    uppers: Vec<(Value, Product, Vec<Factor>)>,
    /// Values that are lower halves of the same products.
    lowers: Vec<(Value, Product)>,
    /// The block of each value, by number.
    block_of: Vec<Block>,
}

/// What is known of a value.
#[derive(Clone)]
struct Known {
    sum: Sum,
    /// Whether the sum is the value itself, not only modulo 2⁶⁴.
    is_exact: bool,
    /// The value is at most this.
    largest: u64,
}

impl Known {
    fn exact(sum: Sum, largest: u64) -> Option<Known> {
        let wrapped = sum.wrapped();
        Some(Known { is_exact: wrapped == sum, sum: wrapped, largest })
    }

    fn wrapping(sum: &Sum) -> Option<Known> {
        Some(Known { sum: sum.wrapped(), is_exact: false, largest: u64::MAX })
    }
}

struct Search {
    atoms: Atoms,
    /// Sums of values that are more than their halves, by number.
    known: Vec<Option<Box<Known>>>,
    /// How many terms they have together.
    terms: usize,
    block_of: Vec<Block>,
    /// The last multiplication that made a product of halves.
    made: HashMap<Atom, Value>,
    uppers: Vec<(Value, Product, Vec<Factor>)>,
}

impl Search {
    fn new(func: &Func) -> Search {
        Search {
            atoms: Atoms::default(),
            known: vec![None; func.values.len()],
            terms: 0,
            block_of: vec![func.entry; func.values.len()],
            made: HashMap::new(),
            uppers: Vec::new(),
        }
    }

    fn look_at(&mut self, func: &Func, dominators: &Dominators, inst: Value) {
        if func.value(inst).ty != Some(Ty::I64) || self.terms > MOST_TERMS {
            return;
        }
        let Some(known) = self.sum_of(func, inst) else { return };
        if let Some((product, added)) = self.upper_half(func, dominators, inst, &known.sum) {
            // From here on it is a value like any other.
            self.uppers.push((inst, product, added));
            return;
        }
        self.terms += known.sum.terms.len();
        self.known[inst.index()] = Some(Box::new(known));
    }

    fn finish(mut self, func: &Func) -> Found {
        let mut found = Found { block_of: Vec::new(), ..Found::default() };
        let mut wanted = HashMap::new();
        found.uppers = std::mem::take(&mut self.uppers);
        for &(_, product, _) in &found.uppers {
            if let Some(sum) = self.lower_half_of(func, product) {
                wanted.insert(sum, product);
            }
        }
        for (number, known) in self.known.iter().enumerate() {
            if let Some(known) = known
                && let Some(&product) = wanted.get(&known.sum)
            {
                found.lowers.push((Value(number as u32), product));
            }
        }
        found.block_of = self.block_of;
        found
    }

    // Values as sums.

    fn largest(&self, func: &Func, value: Value) -> u64 {
        match (&self.known[value.index()], func.constant(value)) {
            (Some(known), _) => known.largest,
            (None, Some(bits)) => bits,
            _ => u64::MAX.checked_shr(64 - facts::bits(func, value)).unwrap_or(0),
        }
    }

    fn of(&mut self, func: &Func, value: Value) -> Option<Known> {
        if let Some(known) = &self.known[value.index()] {
            return Some(Known::clone(known));
        }
        if let Some(bits) = func.constant(value) {
            return Known::exact(Sum::constant(bits.into()), bits);
        }
        let largest = self.largest(func, value);
        let low = Sum::atom(self.atoms.low(value, largest)?, 1);
        let sum = match largest >> 32 {
            0 => low,
            _ => low.plus(1, &Sum::atom(self.atoms.high(value, largest)?, HALF))?,
        };
        Known::exact(sum, largest)
    }

    /// The sum that is exactly the value.
    fn exactly(&mut self, known: &Known) -> Option<Sum> {
        if known.is_exact {
            return Some(known.sum.clone());
        }
        let carry = self.atoms.carry(&known.sum)?;
        known.sum.plus(-HALF * HALF, &carry)
    }

    fn sum_of(&mut self, func: &Func, inst: Value) -> Option<Known> {
        let args = func.args(inst);
        match func.op(inst) {
            Op::Binary(op) => {
                let (int, Width::Wide) = Int::of(op)? else { return None };
                self.binary(func, inst, int, args[0], args[1])
            }
            Op::Unary(Unary::I64ExtendI32U) => match half_of(func, inst) {
                Some(Half::Low(value)) => self.low_half(func, value),
                _ => Known::exact(self.truth(func, args[0])?, 1),
            },
            Op::Select => {
                let (x, y) = (self.of(func, args[1])?, self.of(func, args[2])?);
                let step = x.sum.plus(-1, &y.sum)?;
                if !step.terms.is_empty() {
                    return None;
                }
                let truth = self.truth(func, args[0])?;
                Known::wrapping(&y.sum.plus(step.constant, &truth)?)
            }
            _ => None,
        }
    }

    fn binary(&mut self, func: &Func, inst: Value, int: Int, lhs: Value, rhs: Value) -> Option<Known> {
        match int {
            Int::Mul => self.multiplication(func, inst, lhs, rhs),
            Int::And if func.constant(rhs) == Some(0xffff_ffff) => self.low_half(func, lhs),
            Int::ShrU if func.constant(rhs) == Some(32) => {
                let x = self.of(func, lhs)?;
                let exact = self.exactly(&x)?;
                Known::exact(self.atoms.floor(&exact)?, x.largest >> 32)
            }
            Int::Shl => {
                let by = u32::try_from(func.constant(rhs)?).ok().filter(|&by| by < 64)?;
                let x = self.of(func, lhs)?;
                let sum = x.sum.times(1 << by)?;
                if x.is_exact && x.largest.leading_zeros() >= by {
                    return Known::exact(sum, x.largest << by);
                }
                Known::wrapping(&sum)
            }
            Int::Xor if func.constant(rhs) == Some(u64::MAX) => {
                let x = self.of(func, lhs)?;
                Known::wrapping(&Sum::constant(-1).plus(-1, &x.sum)?)
            }
            Int::Or => {
                let is_upper = |value: Value, other: u64| {
                    func.op(value) == Op::Binary(Binary::I64Shl)
                        && constant(func, value, 1) == Some(32)
                        && other >> 32 == 0
                };
                let largest = (self.largest(func, lhs), self.largest(func, rhs));
                if !is_upper(lhs, largest.1) && !is_upper(rhs, largest.0) {
                    return None;
                }
                let (x, y) = (self.of(func, lhs)?, self.of(func, rhs)?);
                let sum = x.sum.plus(1, &y.sum)?;
                if x.is_exact && y.is_exact { Known::exact(sum, u64::MAX) } else { Known::wrapping(&sum) }
            }
            Int::Add | Int::Sub => {
                let (x, y) = (self.of(func, lhs)?, self.of(func, rhs)?);
                let sum = x.sum.plus(if int == Int::Add { 1 } else { -1 }, &y.sum)?;
                match x.largest.checked_add(y.largest) {
                    Some(largest) if int == Int::Add && x.is_exact && y.is_exact => {
                        Known::exact(sum, largest)
                    }
                    _ => Known::wrapping(&sum),
                }
            }
            _ => None,
        }
    }

    fn low_half(&mut self, func: &Func, value: Value) -> Option<Known> {
        let x = self.of(func, value)?;
        if x.largest >> 32 == 0 {
            return Some(x);
        }
        let exact = self.exactly(&x)?;
        let floor = self.atoms.floor(&exact)?;
        Known::exact(exact.plus(-HALF, &floor)?, 0xffff_ffff)
    }

    /// A comparison as 0 or 1.
    fn truth(&mut self, func: &Func, cond: Value) -> Option<Sum> {
        let Op::Binary(op) = func.op(cond) else { return None };
        let args = func.args(cond);
        let (lhs, rhs, is_below) = match op {
            Binary::I64LtU => (args[0], args[1], true),
            Binary::I64GtU => (args[1], args[0], true),
            Binary::I64GeU => (args[0], args[1], false),
            Binary::I64LeU => (args[1], args[0], false),
            _ => return None,
        };
        let (x, y) = (self.compared(func, lhs)?, self.compared(func, rhs)?);
        let carry = self.atoms.carry(&x.plus(-1, &y)?)?;
        if is_below { carry.times(-1) } else { Sum::constant(1).plus(1, &carry) }
    }

    /// The sum that is exactly a value that is compared. A multiplication of 64 bits may be what is left of one in pieces.
    fn compared(&mut self, func: &Func, value: Value) -> Option<Sum> {
        let known = match rewrite::multiplication(func, value) {
            Some(product) if self.known[value.index()].is_none() => {
                Known::wrapping(&self.lower_half_of(func, product)?)?
            }
            _ => self.of(func, value)?,
        };
        self.exactly(&known)
    }

    /// The atom of a value that has 32 bits.
    fn half(&mut self, func: &Func, value: Value) -> Option<Atom> {
        match half_of(func, value) {
            Some(Half::Low(of)) => self.atoms.low(of, self.largest(func, of)),
            Some(Half::High(of)) => self.atoms.high(of, self.largest(func, of)),
            None => {
                let largest = self.largest(func, value);
                (largest >> 32 == 0).then(|| self.atoms.low(value, largest)).flatten()
            }
        }
    }

    fn multiplication(&mut self, func: &Func, inst: Value, lhs: Value, rhs: Value) -> Option<Known> {
        let lhs = self.half(func, lhs)?;
        if let Some(bits) = func.constant(rhs) {
            let largest = u64::try_from(self.atoms.largest(lhs)).ok()?.checked_mul(bits)?;
            return Known::exact(Sum::atom(lhs, 1).times(bits.into())?, largest);
        }
        let rhs = self.half(func, rhs)?;
        let product = self.atoms.product(lhs, rhs)?;
        self.made.insert(product, inst);
        Known::exact(Sum::atom(product, 1), u64::try_from(self.atoms.largest(product)).ok()?)
    }

    // Halves of products.

    /// Which upper half a sum has in it, and what is added to it.
    fn upper_half(
        &mut self,
        func: &Func,
        dominators: &Dominators,
        inst: Value,
        sum: &Sum,
    ) -> Option<(Product, Vec<Factor>)> {
        for &(floor, factor) in &sum.terms {
            if factor == 1
                && let Some(product) = self.candidate(floor)
                && let Some(upper) = self.upper_half_of(func, product)
                && let Some(rest) = sum.plus(-1, &upper)
                && let Some(added) = self.added(func, dominators, inst, &rest.wrapped())
            {
                return Some((product, added));
            }
        }
        None
    }

    /// The product in whose upper half there may be an atom: ⌊… + ⌊al·bl⌋⌋.
    fn candidate(&self, atom: Atom) -> Option<Product> {
        let Kind::Floor(middle) = self.atoms.kind(atom) else { return None };
        for &(inner, factor) in &middle.terms {
            if factor == 1
                && let Kind::Floor(lower) = self.atoms.kind(inner)
                && let ([(lower, factor)], 0) = (&lower.terms[..], lower.constant)
            {
                match *self.atoms.kind(*lower) {
                    Kind::Product(a, b) if *factor == 1 => {
                        if let (&Kind::Low(a), &Kind::Low(b)) = (self.atoms.kind(a), self.atoms.kind(b)) {
                            return Some(Product(a.min(b), Factor::Value(a.max(b))));
                        }
                    }
                    Kind::Low(a) => {
                        let high = middle.factor_of(*lower) as u64;
                        return Some(Product(a, Factor::Constant(high << 32 | *factor as u64 & 0xffff_ffff)));
                    }
                    _ => {}
                }
            }
        }
        None
    }

    /// The halves of what is multiplied.
    fn halves(&mut self, func: &Func, factor: Factor) -> Option<[Piece; 2]> {
        match factor {
            Factor::Constant(bits) => {
                Some([Piece::Constant(bits as u32), Piece::Constant((bits >> 32) as u32)])
            }
            Factor::Value(value) => {
                let largest = self.largest(func, value);
                let low = Piece::Atom(self.atoms.low(value, largest)?);
                let high = match largest >> 32 {
                    0 => Piece::Constant(0),
                    _ => Piece::Atom(self.atoms.high(value, largest)?),
                };
                Some([low, high])
            }
        }
    }

    fn product_of(&mut self, a: Piece, b: Piece) -> Option<Sum> {
        match (a, b) {
            (Piece::Atom(a), Piece::Atom(b)) => Some(Sum::atom(self.atoms.product(a, b)?, 1)),
            (Piece::Atom(atom), Piece::Constant(bits)) | (Piece::Constant(bits), Piece::Atom(atom)) => {
                Sum::atom(atom, 1).times(bits.into())
            }
            (Piece::Constant(a), Piece::Constant(b)) => Some(Sum::constant(i128::from(a) * i128::from(b))),
        }
    }

    /// al·bl, ah·bl + al·bh, and ah·bh.
    fn pieces(&mut self, func: &Func, Product(a, b): Product) -> Option<[Sum; 3]> {
        let [al, ah] = self.halves(func, Factor::Value(a))?;
        let [bl, bh] = self.halves(func, b)?;
        let middle = self.product_of(ah, bl)?.plus(1, &self.product_of(al, bh)?)?;
        Some([self.product_of(al, bl)?, middle, self.product_of(ah, bh)?])
    }

    fn upper_half_of(&mut self, func: &Func, product: Product) -> Option<Sum> {
        let [lower, middle, upper] = self.pieces(func, product)?;
        let carried = middle.plus(1, &self.atoms.floor(&lower)?)?;
        upper.plus(1, &self.atoms.floor(&carried)?)
    }

    fn lower_half_of(&mut self, func: &Func, product: Product) -> Option<Sum> {
        let [lower, middle, _] = self.pieces(func, product)?;
        Some(lower.plus(HALF, &middle)?.wrapped())
    }

    /// The values that a sum consists of, if they are few and can be had at an instruction. A value of whose sum halves are part is
    /// above it; of a product that may be another one.
    fn added(&mut self, func: &Func, dominators: &Dominators, inst: Value, sum: &Sum) -> Option<Vec<Factor>> {
        let mut added = Vec::new();
        if sum.constant != 0 {
            added.push(Factor::Constant(sum.constant as u64));
        }
        for &(atom, factor) in &sum.terms {
            match *self.atoms.kind(atom) {
                Kind::Product(..) if factor == 1 => {
                    let value = *self.made.get(&atom)?;
                    let blocks = [value, inst].map(|value| self.block_of[value.index()]);
                    dominators.dominates(blocks[0], blocks[1]).then_some(())?;
                    added.push(Factor::Value(value));
                }
                Kind::Low(value) if factor == 1 => {
                    let [_, high] = self.halves(func, Factor::Value(value))?;
                    if let Piece::Atom(high) = high
                        && sum.factor_of(high) != HALF
                    {
                        return None;
                    }
                    added.push(Factor::Value(value));
                }
                Kind::High(value) if factor == HALF => {
                    let [Piece::Atom(low), _] = self.halves(func, Factor::Value(value))? else { return None };
                    (sum.factor_of(low) == 1).then_some(())?;
                }
                _ => return None,
            }
        }
        (added.len() <= MOST_ADDED).then_some(added)
    }
}
