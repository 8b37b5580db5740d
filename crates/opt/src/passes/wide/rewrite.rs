//! Puts one multiplication of 64 by 64 bits in the place of what was found.

use std::collections::HashMap;

use upshift_core::ops::{Binary, Wide};

use super::{Factor, Found, Product};
use crate::ssa::{Block, Func, Op, Pos, Ty, Value};

/// Replaces values. In a block with an upper half all lower halves of the product come from the same instruction, those that the program
/// has as a multiplication of 64 bits too.
pub(super) fn run(func: &mut Func, found: &Found) {
    let mut rewrite = Rewrite {
        uppers: found.uppers.iter().map(|(value, product, added)| (*value, (*product, &added[..]))).collect(),
        lowers: found.lowers.iter().copied().collect(),
        halves: HashMap::new(),
        replaced: (0..func.values.len() as u32).map(Value).collect(),
    };
    let mut blocks: Vec<Block> = Vec::new();
    for (value, product, _) in &found.uppers {
        let block = found.block_of[value.index()];
        rewrite.halves.insert((block, *product), None);
        if blocks.last() != Some(&block) {
            blocks.push(block);
        }
    }
    for block in blocks {
        rewrite.block(func, block);
    }
    func.replace_uses(&mut rewrite.replaced);
}

struct Rewrite<'a> {
    uppers: HashMap<Value, (Product, &'a [Factor])>,
    lowers: HashMap<Value, Product>,
    /// The halves of each product that a block computes, as soon as it does.
    halves: HashMap<(Block, Product), Option<[Value; 2]>>,
    /// What stands for each value now.
    replaced: Vec<Value>,
}

impl Rewrite<'_> {
    fn block(&mut self, func: &mut Func, block: Block) {
        let insts = std::mem::take(&mut func.block_mut(block).insts);
        for inst in insts {
            let upper = self.uppers.get(&inst).copied();
            let product = match upper {
                Some((product, _)) => Some(product),
                None => self.lowers.get(&inst).copied().or_else(|| multiplication(func, inst)),
            };
            let Some(product) = product.filter(|&product| self.halves.contains_key(&(block, product))) else {
                func.block_mut(block).insts.push(inst);
                continue;
            };
            let [low, high] = self.halves_of(func, block, inst, product);
            match upper {
                None => self.replaced[inst.index()] = low,
                Some((_, [])) => self.replaced[inst.index()] = high,
                Some((_, [first @ .., last])) => {
                    let pos = func.value(inst).pos;
                    let mut sum = high;
                    for &factor in first {
                        let addend = self.operand(func, block, factor);
                        sum = self.append(func, block, Op::Binary(Binary::I64Add), &[sum, addend], pos);
                    }
                    let last = self.operand(func, block, *last);
                    func.change(inst, Op::Binary(Binary::I64Add), &[sum, last]);
                    func.block_mut(block).insts.push(inst);
                }
            }
        }
    }

    /// The halves of a product, which is computed here if it was not yet.
    fn halves_of(&mut self, func: &mut Func, block: Block, inst: Value, product: Product) -> [Value; 2] {
        if let Some(&Some(halves)) = self.halves.get(&(block, product)) {
            return halves;
        }
        let pos = func.value(inst).pos;
        let Product(a, b) = product;
        let b = self.operand(func, block, b);
        let wide = func.append(block, Op::Wide(Wide::I64MulWideU), None, &[a, b], pos);
        self.replaced.push(wide);
        let halves = [0, 1].map(|number| self.append(func, block, Op::Result(number), &[wide], pos));
        self.halves.insert((block, product), Some(halves));
        halves
    }

    fn operand(&mut self, func: &mut Func, block: Block, factor: Factor) -> Value {
        match factor {
            Factor::Value(value) => value,
            Factor::Constant(bits) => self.append(func, block, Op::Const(bits), &[], Pos::NONE),
        }
    }

    fn append(&mut self, func: &mut Func, block: Block, op: Op, args: &[Value], pos: Pos) -> Value {
        let value = func.append(block, op, Some(Ty::I64), args, pos);
        self.replaced.push(value);
        value
    }
}

/// Which product an instruction computes the lower half of as the program has it.
pub(super) fn multiplication(func: &Func, inst: Value) -> Option<Product> {
    if func.op(inst) != Op::Binary(Binary::I64Mul) {
        return None;
    }
    let &[a, b] = func.args(inst) else { return None };
    Some(match func.constant(b) {
        Some(bits) => Product(a, Factor::Constant(bits)),
        None => Product(a.min(b), Factor::Value(a.max(b))),
    })
}
