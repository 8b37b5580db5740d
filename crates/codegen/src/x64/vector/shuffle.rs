//! `i8x16.shuffle`: one instruction for the usual patterns, else shuffles of bytes.

use upshift_asm::x64::{CpuFeature, CpuFeatures, XmmBinary};

/// How a shuffle of bytes is computed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pattern {
    /// Lanes of 32 bits of one vector: `pshufd` with this immediate.
    Words(u8),
    /// The lanes of one half of both vectors in turn: one instruction.
    Unpack(XmmBinary),
    /// 16 consecutive bytes of both, from this one on: `palignr`.
    Consecutive(u8),
    /// Each word where it is, of the second vector where a bit is set: `pblendw` with this immediate.
    Blend(u8),
    /// Two lanes of 32 bits of each vector, those of the first one below: `shufps` with this immediate.
    Halves(u8),
    /// Any bytes: `pshufb` of one vector, or of each and a union.
    Bytes,
}

/// A shuffle of two vectors, as it is computed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shuffle {
    /// What computes it.
    pub pattern: Pattern,
    /// The operand that stands first in the pattern: 0 or 1.
    pub first: usize,
    /// The one that stands second. It is the first one again where bytes of one vector are all there is.
    pub second: usize,
    /// The indices of the bytes; below 16 if there is only one vector.
    pub lanes: [u8; 16],
}

impl Shuffle {
    /// How to compute the shuffle with these indices, in which `same` says that both operands are the same value; `None` if the
    /// processors lack what it needs.
    ///
    /// ```
    /// use upshift_asm::x64::{CpuFeatures, XmmBinary};
    /// use upshift_codegen::x64::vector::{Pattern, Shuffle};
    ///
    /// let interleaved = [0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23];
    /// let shuffle = Shuffle::of(interleaved, false, CpuFeatures::BASELINE).ok_or("SSE2 has punpcklbw")?;
    /// assert_eq!((shuffle.pattern, shuffle.first, shuffle.second), (Pattern::Unpack(XmmBinary::PUNPCKLBW), 0, 1));
    ///
    /// // Every second lane of 32 bits of the second operand, then of the first one.
    /// let halves = [16, 17, 18, 19, 24, 25, 26, 27, 0, 1, 2, 3, 8, 9, 10, 11];
    /// let halves = Shuffle::of(halves, false, CpuFeatures::BASELINE).ok_or("SSE2 has shufps")?;
    /// assert_eq!((halves.pattern, halves.first, halves.second), (Pattern::Halves(0b10_00_10_00), 1, 0));
    ///
    /// // All bytes are those of the second operand.
    /// let second = Shuffle::of([19, 18, 17, 16, 23, 22, 21, 20, 27, 26, 25, 24, 31, 30, 29, 28], false, CpuFeatures::ALL);
    /// assert_eq!(second.map(|shuffle| (shuffle.first, shuffle.second, shuffle.lanes[0])), Some((1, 1, 3)));
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn of(lanes: [u8; 16], same: bool, features: CpuFeatures) -> Option<Shuffle> {
        let of_second = |lane: &u8| *lane >= 16;
        let from_first = !lanes.iter().all(of_second) || same;
        let from_second = lanes.iter().any(of_second) && !same;
        let one = !(from_first && from_second);
        let lanes = if one { lanes.map(|lane| lane & 15) } else { lanes };
        if one {
            let first = usize::from(!from_first);
            return Some(Shuffle { pattern: pattern(lanes, true, features)?, first, second: first, lanes });
        }
        let shuffle = |lanes, first| {
            let pattern = pattern(lanes, false, features)?;
            Some(Shuffle { pattern, first, second: 1 - first, lanes })
        };
        let in_order = shuffle(lanes, 0);
        match in_order {
            Some(Shuffle { pattern: Pattern::Bytes, .. }) | None => {
                let turned = shuffle(lanes.map(|lane| lane ^ 16), 1);
                turned.filter(|turned| turned.pattern != Pattern::Bytes).or(in_order)
            }
            found => found,
        }
    }

    /// The index vectors of `pshufb` for each operand of a shuffle of two: zeroes come out where the other's bytes belong.
    ///
    /// ```
    /// use upshift_asm::x64::CpuFeatures;
    /// use upshift_codegen::x64::vector::{Pattern, Shuffle};
    ///
    /// let mut lanes = [0; 16];
    /// lanes[15] = 17;
    /// let shuffle = Shuffle::of(lanes, false, CpuFeatures::ALL).ok_or("pshufb is there")?;
    /// assert_eq!(shuffle.pattern, Pattern::Bytes);
    /// assert_eq!(shuffle.orders(), [0x80 << 120, 0x0180_8080_8080_8080_8080_8080_8080_8080]);
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn orders(&self) -> [u128; 2] {
        const ZERO: u8 = 0x80;
        [
            u128::from_le_bytes(self.lanes.map(|lane| if lane < 16 { lane } else { ZERO })),
            u128::from_le_bytes(self.lanes.map(|lane| if lane < 16 { ZERO } else { lane - 16 })),
        ]
    }
}

/// The indices of the bytes that an instruction takes that unpacks lanes of this many bytes.
fn unpacked(bytes: u8, high: bool) -> [u8; 16] {
    std::array::from_fn(|at| {
        let (lane, within) = (at as u8 / bytes, at as u8 % bytes);
        let from = lane / 2 * bytes + within + if high { 8 } else { 0 };
        from + 16 * (lane % 2)
    })
}

/// The pattern of a shuffle of two vectors, or of one, whose lanes are all below 16 then; `None` if the processors lack what it needs.
fn pattern(lanes: [u8; 16], one: bool, features: CpuFeatures) -> Option<Pattern> {
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
    if groups.clone().all(whole)
        && lanes[..8].iter().all(|&lane| lane < 16)
        && lanes[8..].iter().all(|&lane| lane >= 16)
    {
        let order =
            groups.enumerate().fold(0, |order, (at, group)| order | (((group[0] / 4) & 3) << (2 * at)));
        return Some(Pattern::Halves(order));
    }
    let stays = |at: u8| {
        lanes[usize::from(at)] & 15 == at && lanes[usize::from(at)] >> 4 == lanes[usize::from(at | 1)] >> 4
    };
    if features.has(CpuFeature::Sse41) && (0..16).all(stays) {
        let words = (0..8).fold(0, |words, word| words | ((lanes[2 * word] >> 4) << word));
        return Some(Pattern::Blend(words));
    }
    if !features.has(CpuFeature::Ssse3) {
        return None;
    }
    let modulus = if one { 16 } else { 32 };
    let consecutive = (1..16).all(|at| lanes[at] == (lanes[0] + at as u8) % modulus);
    Some(if consecutive && lanes[0] < 16 { Pattern::Consecutive(lanes[0]) } else { Pattern::Bytes })
}
