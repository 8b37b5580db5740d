//! How values lie in the 8-byte slots that all frames, globals and tables are made of.
//!
//! | type | slot |
//! |---|---|
//! | `i32`, `f32` | low 32 bits; the high 32 bits are zero |
//! | `i64`, `f64` | the 64 bits |
//! | `v128` | two slots, low half first |
//! | function reference | the address of a [`FuncRec`](crate::vm::FuncRec), 0 for null |
//! | any other reference | low 32 bits: an object's place in the collector's heap, 0 for null, see [`ObjectHeader`] |
//!
//! [`ObjectHeader`]: crate::vm::ObjectHeader
//!
//! All tiers write an `i32` with a zero high half: an address can be used without extending it, and `i64.extend_i32_u` is
//! a copy.

/// A 128-bit vector as its 16 bytes, lane 0 first.
///
/// Aligned as the slots are: wherever it stands beside something else, LLVM can still take it as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(C, align(8))]
pub struct V128(pub [u8; 16]);

impl V128 {
    /// The vector with the given bits, bit 0 in lane 0.
    #[inline]
    #[must_use]
    pub const fn from_u128(bits: u128) -> V128 {
        V128(bits.to_le_bytes())
    }

    /// The bits, lane 0 in the low bits.
    #[inline]
    #[must_use]
    pub const fn as_u128(self) -> u128 {
        u128::from_le_bytes(self.0)
    }
}

impl From<u128> for V128 {
    fn from(bits: u128) -> V128 {
        V128::from_u128(bits)
    }
}

impl From<V128> for u128 {
    fn from(v: V128) -> u128 {
        v.as_u128()
    }
}

/// A Rust type that stands for a wasm value in one or two slots.
pub trait SlotValue: Copy {
    /// How many slots a value takes.
    const SLOTS: u32 = 1;

    /// Reads a value.
    ///
    /// # Safety
    /// `slot` must point to [`SLOTS`](Self::SLOTS) readable slots that hold a value of this type.
    unsafe fn read(slot: *const u64) -> Self;

    /// Writes a value.
    ///
    /// # Safety
    /// `slot` must point to [`SLOTS`](Self::SLOTS) writable slots.
    unsafe fn write(self, slot: *mut u64);
}

/// A [`SlotValue`] that fits into one slot.
pub trait Scalar: SlotValue {
    /// The value from the bits of its slot.
    fn from_bits(bits: u64) -> Self;
    /// The bits of the slot that holds the value.
    fn to_bits(self) -> u64;
}

macro_rules! scalars {
    ($($t:ty: |$bits:ident| $from:expr, |$value:ident| $to:expr;)*) => {$(
        impl Scalar for $t {
            #[inline(always)]
            fn from_bits($bits: u64) -> $t {
                $from
            }
            #[inline(always)]
            fn to_bits(self) -> u64 {
                let $value = self;
                $to
            }
        }

        impl SlotValue for $t {
            #[inline(always)]
            unsafe fn read(slot: *const u64) -> $t {
                // SAFETY: the caller promises a readable slot.
                <$t as Scalar>::from_bits(unsafe { *slot })
            }
            #[inline(always)]
            unsafe fn write(self, slot: *mut u64) {
                // SAFETY: the caller promises a writable slot.
                unsafe { *slot = Scalar::to_bits(self) }
            }
        }
    )*};
}

scalars! {
    i32: |bits| bits as i32, |v| u64::from(v as u32);
    u32: |bits| bits as u32, |v| u64::from(v);
    i64: |bits| bits as i64, |v| v as u64;
    u64: |bits| bits, |v| v;
    f32: |bits| f32::from_bits(bits as u32), |v| u64::from(v.to_bits());
    f64: |bits| f64::from_bits(bits), |v| v.to_bits();
}

impl SlotValue for V128 {
    const SLOTS: u32 = 2;

    #[inline(always)]
    unsafe fn read(slot: *const u64) -> V128 {
        // SAFETY: the caller promises two readable slots; V128 is aligned as slots are.
        unsafe { slot.cast::<V128>().read() }
    }

    #[inline(always)]
    unsafe fn write(self, slot: *mut u64) {
        // SAFETY: the caller promises two writable slots; V128 is aligned as slots are.
        unsafe { slot.cast::<V128>().write(self) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Scalar, SlotValue, V128};

    #[test]
    fn narrow_values_leave_the_high_half_zero() {
        assert_eq!((-1i32).to_bits(), 0xffff_ffff);
        assert_eq!(Scalar::to_bits(-0.0f32), 0x8000_0000);
        assert_eq!(<i32 as Scalar>::from_bits(0xdead_beef_ffff_fffe), -2);
    }

    #[test]
    fn vectors_take_two_slots_low_half_first() {
        let mut slots = [0u64; 2];
        // SAFETY: two slots are there.
        unsafe { V128::from_u128(0x0123_4567_89ab_cdef_0011_2233_4455_6677).write(slots.as_mut_ptr()) };
        assert_eq!(slots, [0x0011_2233_4455_6677, 0x0123_4567_89ab_cdef]);
    }
}
