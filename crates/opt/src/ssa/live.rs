//! How many values are live between blocks: what register allocation takes time and memory for.

use super::{Block, Func, Op, Value};

/// How many values are live at the ends of all blocks, summed, constants aside; it stops counting above `most`.
///
/// Goes from each use upwards to where the value is made: as far as it lives, and no further. Where there are so few values and
/// blocks that it cannot be more than `most`, nothing is counted and the result is 0.
///
/// # Examples
/// ```
/// use upshift_opt::ssa::live::behind_blocks;
/// use upshift_opt::ssa::parse::parse;
///
/// let text = "func func0 (i32) -> (i32)\nb0:\n  v0: i32 = arg 0\n  jump b1\nb1:\n  jump b2\nb2:\n  return v0\n";
/// let func = parse(text)?;
/// assert_eq!((behind_blocks(&func, 2), behind_blocks(&func, 3)), (2, 0));
/// # Ok::<(), upshift_opt::ssa::parse::ParseError>(())
/// ```
#[must_use]
pub fn behind_blocks(func: &Func, most: usize) -> usize {
    if func.values.len().saturating_mul(func.layout.len()) <= most {
        return 0;
    }
    let mut homes = vec![Block(u32::MAX); func.values.len()];
    let mut uses = Vec::new();
    for &block in &func.layout {
        let data = func.block(block);
        for &value in data.params.iter().chain(&data.insts) {
            homes[value.index()] = block;
        }
        func.for_each_use(block, |value| {
            if !matches!(func.op(value), Op::Const(_) | Op::ConstV128(_)) {
                uses.push((value, block));
            }
        });
    }
    uses.sort_unstable();
    uses.dedup();
    let predecessors = func.predecessors();
    // For which value a block was the last one that was looked at.
    let mut seen = vec![Value(u32::MAX); func.blocks.len()];
    let (mut waiting, mut count) = (Vec::new(), 0);
    for (value, block) in uses {
        waiting.push(block);
        while let Some(block) = waiting.pop() {
            if homes[value.index()] == block {
                continue;
            }
            for &before in predecessors.of(block) {
                if seen[before.index()] != value {
                    seen[before.index()] = value;
                    waiting.push(before);
                    count += 1;
                }
            }
        }
        if count > most {
            break;
        }
    }
    count
}
