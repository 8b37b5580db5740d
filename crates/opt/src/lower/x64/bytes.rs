//! Bytes in the other order, which programs put together with masks, shifts and rotations, as there is no operator for it.

use upshift_asm::x64::Size;

use super::Lowering;
use super::operands::size_of;
use crate::passes::ints::{Int, Width};
use crate::ssa::{Op, Value};

/// How many values are looked at: there are 21 where each byte of 64 bits is moved for itself.
const MOST_VALUES: u32 = 32;

/// By byte of a value, from the lowest one, which byte of another one it is; it may be zero instead.
type Bytes = [Option<u8>; 8];

/// What bytes are found in.
struct Search {
    source: Option<Value>,
    /// How many values may still be looked at.
    left: u32,
}

impl Lowering<'_> {
    /// The value whose bytes `lhs | rhs` has in the other order.
    pub(super) fn reversed(&self, size: Size, lhs: Value, rhs: Value) -> Option<Value> {
        let width = if size == Size::S64 { Width::Wide } else { Width::Narrow };
        let mut search = Search { source: None, left: MOST_VALUES };
        let bytes = either(self.bytes(width, lhs, &mut search)?, self.bytes(width, rhs, &mut search)?)?;
        let count = width.bits() / 8;
        let is_reversed = (0..count).all(|at| bytes[at as usize] == Some((count - 1 - at) as u8));
        search.source.filter(|_| is_reversed)
    }

    fn bytes(&self, width: Width, value: Value, search: &mut Search) -> Option<Bytes> {
        search.left = search.left.checked_sub(1)?;
        let value = if width == Width::Wide { self.resolve(value) } else { self.low_of(value) };
        if let Op::Binary(op) = self.func.op(value)
            && let Some((int, of)) = Int::of(op)
            && of == width
        {
            let (lhs, rhs) = (self.arg(value, 0), self.arg(value, 1));
            let count = width.bits() / 8;
            match (int, self.constant(rhs)) {
                (Int::Or, None) => {
                    return either(self.bytes(width, lhs, search)?, self.bytes(width, rhs, search)?);
                }
                (Int::And, Some(mask)) if (0..8).all(|at| matches!(mask >> (8 * at) & 0xff, 0 | 0xff)) => {
                    let bytes = self.bytes(width, lhs, search)?;
                    return Some(std::array::from_fn(|at| bytes[at].filter(|_| mask >> (8 * at) & 1 != 0)));
                }
                (Int::Shl | Int::ShrU | Int::Rotl | Int::Rotr, Some(by)) if by % 8 == 0 => {
                    let by = by as u32 % width.bits() / 8;
                    let bytes = self.bytes(width, lhs, search)?;
                    return Some(std::array::from_fn(|at| {
                        let at = at as u32;
                        let from = match int {
                            Int::Shl => at.checked_sub(by),
                            Int::ShrU => Some(at + by),
                            Int::Rotl => Some((at + count - by) % count),
                            _ => Some((at + by) % count),
                        };
                        from.filter(|&from| at < count && from < count).and_then(|from| bytes[from as usize])
                    }));
                }
                _ => {}
            }
        }
        if *search.source.get_or_insert(value) != value {
            return None;
        }
        let known = size_of(self.func.ty(value)).bytes().min(width.bits() / 8);
        Some(std::array::from_fn(|at| u8::try_from(at).ok().filter(|&at| u32::from(at) < known)))
    }
}

/// The bytes of both, if they have none in common.
fn either(a: Bytes, b: Bytes) -> Option<Bytes> {
    let are_apart = a.iter().zip(b).all(|(a, b)| a.is_none() || b.is_none());
    are_apart.then(|| std::array::from_fn(|at| a[at].or(b[at])))
}
