//! `i8x16.shuffle`: one instruction for the usual patterns, else two shuffles of bytes.

use upshift_asm::x64::{CpuFeature, Xmm, XmmBinary};
use upshift_translate::backend::{Operand, Slot};

use crate::cache::Kind;
use crate::compiler::Compiler;

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

impl Compiler<'_> {
    /// A shuffle of bytes. Answers whether there are instructions for it.
    pub(crate) fn emit_shuffle(&mut self, lanes: [u8; 16], dst: Slot, a: Operand, b: Operand) -> bool {
        use XmmBinary as X;
        // Temporaries are never the same.
        let same = matches!((a, b), (Operand::Local(a, _), Operand::Local(b, _)) if a == b);
        let of_second = |lane: &u8| *lane >= 16;
        let (from_a, from_b) = (!lanes.iter().all(of_second) || same, lanes.iter().any(of_second) && !same);
        let one = !(from_a && from_b);
        let folded = if one { lanes.map(|lane| lane & 15) } else { lanes };
        let found = pattern(folded, one);
        let bytes = matches!(found, None | Some(Pattern::Consecutive(_)));
        if bytes && !self.has(CpuFeature::Ssse3) {
            return false;
        }
        let [a, b] = [self.use_vector(a), self.use_vector(b)];
        let (first, second) = if from_a { (a, if one { a } else { b }) } else { (b, b) };
        let result = self.alloc_xmm();
        match found {
            Some(Pattern::Words(order)) => self.asm.pshufd(result, first, order),
            Some(Pattern::Unpack(op)) => self.vector_op(op, result, first, second),
            Some(Pattern::Consecutive(from)) => {
                // The operand that it writes to is the one with the upper bytes.
                self.copy_vector(result, second);
                self.asm.palignr(result, first, from);
            }
            None if one => {
                let order = self.vector_const(u128::from_le_bytes(folded));
                self.vector_op(X::PSHUFB, result, first, order);
            }
            None => self.shuffle_both(lanes, result, a, b),
        }
        self.define(dst, result, Kind::V128);
        true
    }

    /// The bytes of each, with zeroes where the other's belong.
    fn shuffle_both(&mut self, lanes: [u8; 16], result: Xmm, a: Xmm, b: Xmm) {
        use XmmBinary as X;
        const ZERO: u8 = 0x80;
        let other = self.alloc_xmm();
        let of_a =
            self.vector_const(u128::from_le_bytes(lanes.map(|lane| if lane < 16 { lane } else { ZERO })));
        let of_b = self
            .vector_const(u128::from_le_bytes(lanes.map(|lane| if lane < 16 { ZERO } else { lane - 16 })));
        self.vector_op(X::PSHUFB, result, a, of_a);
        self.vector_op(X::PSHUFB, other, b, of_b);
        self.vector_op(X::POR, result, result, other);
    }
}
