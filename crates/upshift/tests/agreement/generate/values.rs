//! Constants, operators and what keeps them from showing bits of NaNs or trapping too often.

use wasm_encoder::{Ieee32, Ieee64, Instruction as I, ValType};

use super::body::Maker;
use crate::ops::Care;
use crate::program::Node;

pub(super) fn op(op: I<'static>, args: Vec<Node>, result: ValType) -> Node {
    Node::Op { op, args, results: vec![result] }
}

/// Something that leaves nothing.
pub(super) fn act(op: I<'static>, args: Vec<Node>) -> Node {
    Node::Op { op, args, results: Vec::new() }
}

pub(super) fn i32(value: i32) -> Node {
    op(I::I32Const(value), Vec::new(), ValType::I32)
}

pub(super) fn i64(value: i64) -> Node {
    op(I::I64Const(value), Vec::new(), ValType::I64)
}

pub(super) fn get(local: u32, ty: ValType) -> Node {
    op(I::LocalGet(local), Vec::new(), ty)
}

impl Maker<'_> {
    pub(super) fn constant(&mut self, ty: ValType) -> Node {
        let bits = self.rng.interesting();
        let small = (self.rng.below(4000) as f32 - 2000.0) / *self.rng.pick(&[1.0, 2.0, 4.0, 3.0, 0.001]);
        let edge = |of: &[f64], rng: &mut crate::rng::Rng| *rng.pick(of);
        const EDGES: [f64; 16] = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            0.5,
            -0.5,
            2147483647.0,
            2147483648.0,
            -2147483649.0,
            4294967295.0,
            4294967296.0,
            9223372036854775808.0,
            18446744073709551616.0,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MIN_POSITIVE,
        ];
        let which = self.rng.below(10);
        match ty {
            ValType::I32 => i32(bits as i32),
            ValType::I64 => i64(bits as i64),
            ValType::F32 => {
                let bits = match which {
                    0..6 => small.to_bits(),
                    6..9 => (edge(&EDGES, self.rng) as f32).to_bits(),
                    _ => bits as u32,
                };
                op(I::F32Const(Ieee32::new(bits)), Vec::new(), ty)
            }
            ValType::F64 => {
                let bits = match which {
                    0..6 => f64::from(small).to_bits(),
                    6..9 => edge(&EDGES, self.rng).to_bits(),
                    _ => bits,
                };
                op(I::F64Const(Ieee64::new(bits)), Vec::new(), ty)
            }
            ValType::V128 => {
                let high = i128::from(self.rng.next() as i64);
                op(I::V128Const(high << 64 | i128::from(bits)), Vec::new(), ty)
            }
            ValType::Ref(reference) => op(I::RefNull(reference.heap_type), Vec::new(), ty),
        }
    }

    /// An operator with a result of the type; none if there is none.
    pub(super) fn operator(&mut self, ty: ValType) -> Option<Node> {
        let fitting: Vec<usize> =
            (0..self.shape.specs.len()).filter(|&at| self.shape.specs[at].result.val_type() == ty).collect();
        if fitting.is_empty() {
            return None;
        }
        let spec = self.shape.specs[*self.rng.pick(&fitting)].clone();
        let mut args: Vec<Node> = spec.operands.iter().map(|ty| self.value(ty.val_type())).collect();
        match spec.care {
            Care::Divisor => self.guard(&mut args),
            Care::BitsOfLast => {
                let last = args.pop().expect("it has operands");
                args.push(self.without_nan(last));
            }
            _ => {}
        }
        let with_lanes = self.with_lanes(spec.op);
        Some(op(with_lanes, args, ty))
    }

    /// Keeps a division or a conversion from trapping, mostly.
    fn guard(&mut self, args: &mut Vec<Node>) {
        if self.rng.chance(self.shape.traps) {
            return;
        }
        let last = args.pop().expect("it has operands");
        let ty = last.results()[0];
        // A constant divisor is a case of its own.
        let constant = self.rng.chance(30);
        let divisor = *self.rng.pick(&[1i64, 2, 3, 5, 7, 8, 10, 16, 1000, 0x7fff_ffff, -0x8000_0000]);
        args.push(match ty {
            ValType::I32 if constant => i32(divisor as i32),
            ValType::I64 if constant => i64(divisor),
            // Neither zero nor minus one.
            ValType::I32 => {
                let masked = op(I::I32And, vec![last, i32(0x7fff_fffe)], ty);
                op(I::I32Or, vec![masked, i32(1)], ty)
            }
            ValType::I64 => {
                let masked = op(I::I64And, vec![last, i64(0x7fff_ffff_ffff_fffe)], ty);
                op(I::I64Or, vec![masked, i64(1)], ty)
            }
            ValType::F32 => {
                // Absolute values below 2^31, no NaN: the smaller of it and a bound that is no NaN either.
                let last = self.squash(last);
                let abs = op(I::F32Abs, vec![last], ty);
                op(I::F32Min, vec![abs, op(I::F32Const(Ieee32::from(1e9)), Vec::new(), ty)], ty)
            }
            _ => {
                let last = self.squash(last);
                let abs = op(I::F64Abs, vec![last], ty);
                op(I::F64Min, vec![abs, op(I::F64Const(Ieee64::from(2e9)), Vec::new(), ty)], ty)
            }
        });
    }

    /// The value, or a fixed one instead of a NaN if the bits of NaNs differ between tiers.
    pub(super) fn without_nan(&mut self, value: Node) -> Node {
        if self.shape.canonical { value } else { self.squash(value) }
    }

    fn squash(&mut self, value: Node) -> Node {
        let ty = value.results()[0];
        let (eq, constant) = match ty {
            ValType::F32 => (I::F32Eq, I::F32Const(Ieee32::from(1.5))),
            ValType::F64 => (I::F64Eq, I::F64Const(Ieee64::from(-2.5))),
            _ => return value,
        };
        let local = self.fresh(ty);
        let kept = op(I::LocalTee(local), vec![value], ty);
        let same = op(eq, vec![get(local, ty), get(local, ty)], ValType::I32);
        op(I::Select, vec![kept, op(constant, Vec::new(), ty), same], ty)
    }
}
