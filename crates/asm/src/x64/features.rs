//! What the processor has beyond SSE2: [`CpuFeatures`].

/// An extension of the instruction set that compilers ask for. Each needs a way to do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum CpuFeature {
    /// SSE3.
    Sse3,
    /// Supplemental SSE3: byte shuffles.
    Ssse3,
    /// SSE4.1: rounding, inserts and extracts, blends.
    Sse41,
    /// SSE4.2: comparison of 64-bit lanes.
    Sse42,
    /// `popcnt`
    Popcnt,
    /// `lzcnt`
    Lzcnt,
    /// `tzcnt`, `andn`, `blsr`, `bextr` and the like.
    Bmi1,
    /// Shifts without flags by any register, `rorx`, `mulx`, `pdep`, `pext`.
    Bmi2,
    /// Three-operand forms of SSE.
    Avx,
    /// AVX2: broadcasts, shifts by lanes.
    Avx2,
    /// Fused multiplication and addition.
    Fma,
    /// Conversions of half floats.
    F16c,
    /// `cmpxchg16b`
    Cmpxchg16b,
}

impl CpuFeature {
    /// All, in ascending order.
    pub const ALL: [CpuFeature; 13] = [
        CpuFeature::Sse3,
        CpuFeature::Ssse3,
        CpuFeature::Sse41,
        CpuFeature::Sse42,
        CpuFeature::Popcnt,
        CpuFeature::Lzcnt,
        CpuFeature::Bmi1,
        CpuFeature::Bmi2,
        CpuFeature::Avx,
        CpuFeature::Avx2,
        CpuFeature::Fma,
        CpuFeature::F16c,
        CpuFeature::Cmpxchg16b,
    ];
}

/// A set of [`CpuFeature`]s.
///
/// # Examples
///
/// ```
/// use upshift_asm::x64::{CpuFeature, CpuFeatures};
///
/// let features = CpuFeatures::BASELINE.with(CpuFeature::Popcnt);
/// assert!(features.has(CpuFeature::Popcnt) && !features.has(CpuFeature::Avx));
/// assert!(CpuFeatures::detect().without(CpuFeature::Avx) != CpuFeatures::ALL);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CpuFeatures(u32);

impl CpuFeatures {
    /// Nothing beyond SSE2: what every processor with 64 bits has.
    pub const BASELINE: CpuFeatures = CpuFeatures(0);

    /// Everything.
    pub const ALL: CpuFeatures = CpuFeatures((1 << CpuFeature::ALL.len()) - 1);

    /// What processors of a level of x86-64 have at least; from 3 on everything is among it. For tests, 12 is SSE4.1 and nothing that
    /// came later, and 22 the second level with AVX.
    pub const fn of_level(level: u8) -> CpuFeatures {
        let second = CpuFeatures::BASELINE
            .with(CpuFeature::Sse3)
            .with(CpuFeature::Ssse3)
            .with(CpuFeature::Sse41)
            .with(CpuFeature::Sse42)
            .with(CpuFeature::Popcnt)
            .with(CpuFeature::Cmpxchg16b);
        match level {
            0 | 1 => CpuFeatures::BASELINE,
            2 => second,
            12 => second.without(CpuFeature::Sse42).without(CpuFeature::Popcnt),
            22 => second.with(CpuFeature::Avx),
            _ => CpuFeatures::ALL,
        }
    }

    /// What the processor has that this program runs on. Nothing on one of another kind.
    pub fn detect() -> CpuFeatures {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            let found = [
                (has!("sse3"), CpuFeature::Sse3),
                (has!("ssse3"), CpuFeature::Ssse3),
                (has!("sse4.1"), CpuFeature::Sse41),
                (has!("sse4.2"), CpuFeature::Sse42),
                (has!("popcnt"), CpuFeature::Popcnt),
                (has!("lzcnt"), CpuFeature::Lzcnt),
                (has!("bmi1"), CpuFeature::Bmi1),
                (has!("bmi2"), CpuFeature::Bmi2),
                (has!("avx"), CpuFeature::Avx),
                (has!("avx2"), CpuFeature::Avx2),
                (has!("fma"), CpuFeature::Fma),
                (has!("f16c"), CpuFeature::F16c),
                (has!("cmpxchg16b"), CpuFeature::Cmpxchg16b),
            ];
            found
                .into_iter()
                .fold(CpuFeatures::BASELINE, |all, (has, one)| if has { all.with(one) } else { all })
        }
        #[cfg(not(target_arch = "x86_64"))]
        CpuFeatures::BASELINE
    }

    /// Whether this one is in it.
    #[inline]
    pub const fn has(self, feature: CpuFeature) -> bool {
        self.0 & 1 << feature as u8 != 0
    }

    /// The set with this one.
    #[must_use]
    pub const fn with(self, feature: CpuFeature) -> CpuFeatures {
        CpuFeatures(self.0 | 1 << feature as u8)
    }

    /// The set without this one. What builds on it stays.
    #[must_use]
    pub const fn without(self, feature: CpuFeature) -> CpuFeatures {
        CpuFeatures(self.0 & !(1 << feature as u8))
    }

    /// What is in both.
    #[must_use]
    pub const fn and(self, other: CpuFeatures) -> CpuFeatures {
        CpuFeatures(self.0 & other.0)
    }
}
