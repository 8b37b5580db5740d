//! `i8x16.shuffle`: one instruction for the usual patterns, else two shuffles of bytes.

use regalloc2::VReg;
use upshift_asm::x64::{CpuFeature, XmmBinary};

use crate::lower::x64::Lowering;
use crate::mach::x64::VectorOp;
use crate::ssa::Value;

/// What is equal to a shuffle.
#[derive(Clone, Copy)]
enum Pattern {
    /// Lanes of 32 bits of one vector, `pshufd`.
    Words(u8),
    /// Lanes of so many bytes of both halves in turn.
    Unpack(XmmBinary),
    /// 16 consecutive bytes of both, from one on.
    Consecutive(u8),
}

/// Which bytes an instruction takes that unpacks lanes of so many bytes.
fn unpacked(bytes: u8, high: bool) -> [u8; 16] {
    std::array::from_fn(|at| {
        let (lane, within) = (at as u8 / bytes, at as u8 % bytes);
        let from = lane / 2 * bytes + within + if high { 8 } else { 0 };
        from + 16 * (lane % 2)
    })
}

/// The pattern of a shuffle of two vectors, or of one, whose lanes are all below 16 then.
fn pattern(lanes: [u8; 16], one: bool) -> Option<Pattern> {
    use XmmBinary as X;
    let groups = lanes.chunks_exact(4);
    let whole = |group: &[u8]| group[0].is_multiple_of(4) && group.windows(2).all(|two| two[1] == two[0] + 1);
    if one && groups.clone().all(whole) {
        let order = groups.enumerate().fold(0, |order, (at, group)| order | (group[0] / 4) << (2 * at));
        return Some(Pattern::Words(order));
    }
    let unpacks = [
        (1, X::PUNPCKLBW, X::PUNPCKHBW),
        (2, X::PUNPCKLWD, X::PUNPCKHWD),
        (4, X::PUNPCKLDQ, X::PUNPCKHDQ),
        (8, X::PUNPCKLQDQ, X::PUNPCKHQDQ),
    ];
    for (bytes, low, high) in unpacks {
        for (op, upper) in [(low, false), (high, true)] {
            let wanted = unpacked(bytes, upper);
            if (0..16).all(|at| lanes[at] == if one { wanted[at] & 15 } else { wanted[at] }) {
                return Some(Pattern::Unpack(op));
            }
        }
    }
    let modulus = if one { 16 } else { 32 };
    let consecutive = (1..16).all(|at| lanes[at] == (lanes[0] + at as u8) % modulus);
    (consecutive && lanes[0] < 16).then_some(Pattern::Consecutive(lanes[0]))
}

impl Lowering<'_> {
    /// A shuffle of bytes.
    pub(in crate::lower::x64) fn lower_shuffle(&mut self, inst: Value, lanes: [u8; 16]) {
        let (a, b) = (self.resolve(self.arg(inst, 0)), self.resolve(self.arg(inst, 1)));
        let of_second = |lane: &u8| *lane >= 16;
        let (from_a, from_b) =
            (!lanes.iter().all(of_second) || a == b, lanes.iter().any(of_second) && a != b);
        let one = !(from_a && from_b);
        let folded = if one { lanes.map(|lane| lane & 15) } else { lanes };
        let found = pattern(folded, one);
        let bytes = matches!(found, None | Some(Pattern::Consecutive(_)));
        if bytes && !self.has(CpuFeature::Ssse3) {
            return self.embed(inst);
        }
        let first = self.reg(if from_a { a } else { b });
        let second = if one { first } else { self.reg(b) };
        let made = match found {
            Some(Pattern::Words(order)) => self.out.vector(VectorOp::Pshufd, order, &[first]),
            Some(Pattern::Unpack(op)) => self.vector_op(op, first, second),
            // The first operand is the one with the upper bytes.
            Some(Pattern::Consecutive(from)) => self.out.vector(VectorOp::Palignr, from, &[second, first]),
            None if one => self.vector_op_const(XmmBinary::PSHUFB, first, u128::from_le_bytes(folded)),
            None => self.shuffle_both(lanes, first, second),
        };
        self.bind(inst, made);
    }

    /// The bytes of each, with zeroes where the other's belong.
    fn shuffle_both(&mut self, lanes: [u8; 16], a: VReg, b: VReg) -> VReg {
        use XmmBinary as X;
        const ZERO: u8 = 0x80;
        let of_a = u128::from_le_bytes(lanes.map(|lane| if lane < 16 { lane } else { ZERO }));
        let of_b = u128::from_le_bytes(lanes.map(|lane| if lane < 16 { ZERO } else { lane - 16 }));
        let first = self.vector_op_const(X::PSHUFB, a, of_a);
        let second = self.vector_op_const(X::PSHUFB, b, of_b);
        self.vector_op(X::POR, first, second)
    }
}
