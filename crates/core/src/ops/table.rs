//! The table of pure operators.
//!
//! ```text
//! kind { section { row; row; … } section { … } … }        operators of a kind have the same number of operands
//! kind { row; row; … }                                    those of a section the same forms in the interpreter
//! ```
//!
//! A row reads `Name "text" (operand types) -> result type = function;`. The Rust types say how the bits are interpreted:
//! `i32` and `u32` are both a wasm `i32`. Functions of the sections whose names end in `_trap` return a `Result`.
//! Names are those of wasmparser's `Operator` variants.

/// Calls the macro in brackets with the whole table of pure operators, see [`ops`](crate::ops). Further arguments are passed on
/// in front of the table.
#[macro_export]
macro_rules! for_each_pure_op {
    ([$($m:tt)+] $($args:tt)*) => { $($m)+! { $($args)*

    binary {
        // Integer comparisons: `inverse` is true when this is false, `swapped` is this with its operands exchanged.
        int_compare {
            I32Eq  "i32.eq"   (i32, i32) -> i32 = |a, b| i32::from(a == b), inverse I32Ne,  swapped I32Eq;
            I32Ne  "i32.ne"   (i32, i32) -> i32 = |a, b| i32::from(a != b), inverse I32Eq,  swapped I32Ne;
            I32LtS "i32.lt_s" (i32, i32) -> i32 = |a, b| i32::from(a < b),  inverse I32GeS, swapped I32GtS;
            I32LtU "i32.lt_u" (u32, u32) -> i32 = |a, b| i32::from(a < b),  inverse I32GeU, swapped I32GtU;
            I32GtS "i32.gt_s" (i32, i32) -> i32 = |a, b| i32::from(a > b),  inverse I32LeS, swapped I32LtS;
            I32GtU "i32.gt_u" (u32, u32) -> i32 = |a, b| i32::from(a > b),  inverse I32LeU, swapped I32LtU;
            I32LeS "i32.le_s" (i32, i32) -> i32 = |a, b| i32::from(a <= b), inverse I32GtS, swapped I32GeS;
            I32LeU "i32.le_u" (u32, u32) -> i32 = |a, b| i32::from(a <= b), inverse I32GtU, swapped I32GeU;
            I32GeS "i32.ge_s" (i32, i32) -> i32 = |a, b| i32::from(a >= b), inverse I32LtS, swapped I32LeS;
            I32GeU "i32.ge_u" (u32, u32) -> i32 = |a, b| i32::from(a >= b), inverse I32LtU, swapped I32LeU;
            I64Eq  "i64.eq"   (i64, i64) -> i32 = |a, b| i32::from(a == b), inverse I64Ne,  swapped I64Eq;
            I64Ne  "i64.ne"   (i64, i64) -> i32 = |a, b| i32::from(a != b), inverse I64Eq,  swapped I64Ne;
            I64LtS "i64.lt_s" (i64, i64) -> i32 = |a, b| i32::from(a < b),  inverse I64GeS, swapped I64GtS;
            I64LtU "i64.lt_u" (u64, u64) -> i32 = |a, b| i32::from(a < b),  inverse I64GeU, swapped I64GtU;
            I64GtS "i64.gt_s" (i64, i64) -> i32 = |a, b| i32::from(a > b),  inverse I64LeS, swapped I64LtS;
            I64GtU "i64.gt_u" (u64, u64) -> i32 = |a, b| i32::from(a > b),  inverse I64LeU, swapped I64LtU;
            I64LeS "i64.le_s" (i64, i64) -> i32 = |a, b| i32::from(a <= b), inverse I64GtS, swapped I64GeS;
            I64LeU "i64.le_u" (u64, u64) -> i32 = |a, b| i32::from(a <= b), inverse I64GtU, swapped I64GeU;
            I64GeS "i64.ge_s" (i64, i64) -> i32 = |a, b| i32::from(a >= b), inverse I64LtS, swapped I64LeS;
            I64GeU "i64.ge_u" (u64, u64) -> i32 = |a, b| i32::from(a >= b), inverse I64LtU, swapped I64LeU;
        }

        // Float comparisons: NaN makes the inverse another operator, so there is none.
        float_compare {
            F32Eq "f32.eq" (f32, f32) -> i32 = |a, b| i32::from(a == b);
            F32Ne "f32.ne" (f32, f32) -> i32 = |a, b| i32::from(a != b);
            F32Lt "f32.lt" (f32, f32) -> i32 = |a, b| i32::from(a < b);
            F32Gt "f32.gt" (f32, f32) -> i32 = |a, b| i32::from(a > b);
            F32Le "f32.le" (f32, f32) -> i32 = |a, b| i32::from(a <= b);
            F32Ge "f32.ge" (f32, f32) -> i32 = |a, b| i32::from(a >= b);
            F64Eq "f64.eq" (f64, f64) -> i32 = |a, b| i32::from(a == b);
            F64Ne "f64.ne" (f64, f64) -> i32 = |a, b| i32::from(a != b);
            F64Lt "f64.lt" (f64, f64) -> i32 = |a, b| i32::from(a < b);
            F64Gt "f64.gt" (f64, f64) -> i32 = |a, b| i32::from(a > b);
            F64Le "f64.le" (f64, f64) -> i32 = |a, b| i32::from(a <= b);
            F64Ge "f64.ge" (f64, f64) -> i32 = |a, b| i32::from(a >= b);
        }

        int_commutative {
            I32Add "i32.add" (u32, u32) -> u32 = u32::wrapping_add;
            I32Mul "i32.mul" (u32, u32) -> u32 = u32::wrapping_mul;
            I32And "i32.and" (u32, u32) -> u32 = |a, b| a & b;
            I32Or  "i32.or"  (u32, u32) -> u32 = |a, b| a | b;
            I32Xor "i32.xor" (u32, u32) -> u32 = |a, b| a ^ b;
            I64Add "i64.add" (u64, u64) -> u64 = u64::wrapping_add;
            I64Mul "i64.mul" (u64, u64) -> u64 = u64::wrapping_mul;
            I64And "i64.and" (u64, u64) -> u64 = |a, b| a & b;
            I64Or  "i64.or"  (u64, u64) -> u64 = |a, b| a | b;
            I64Xor "i64.xor" (u64, u64) -> u64 = |a, b| a ^ b;
        }

        int_arithmetic {
            I32Sub  "i32.sub"   (u32, u32) -> u32 = u32::wrapping_sub;
            I32Shl  "i32.shl"   (u32, u32) -> u32 = u32::wrapping_shl;
            I32ShrS "i32.shr_s" (i32, u32) -> i32 = i32::wrapping_shr;
            I32ShrU "i32.shr_u" (u32, u32) -> u32 = u32::wrapping_shr;
            I64Sub  "i64.sub"   (u64, u64) -> u64 = u64::wrapping_sub;
            I64Shl  "i64.shl"   (u64, u64) -> u64 = |a, b| a.wrapping_shl(b as u32);
            I64ShrS "i64.shr_s" (i64, u64) -> i64 = |a, b| a.wrapping_shr(b as u32);
            I64ShrU "i64.shr_u" (u64, u64) -> u64 = |a, b| a.wrapping_shr(b as u32);
        }

        int_rotate {
            I32Rotl "i32.rotl" (u32, u32) -> u32 = |a, b| a.rotate_left(b & 31);
            I32Rotr "i32.rotr" (u32, u32) -> u32 = |a, b| a.rotate_right(b & 31);
            I64Rotl "i64.rotl" (u64, u64) -> u64 = |a, b| a.rotate_left(b as u32 & 63);
            I64Rotr "i64.rotr" (u64, u64) -> u64 = |a, b| a.rotate_right(b as u32 & 63);
        }

        int_division_trap {
            I32DivS "i32.div_s" (i32, i32) -> i32 = int::div_s_32;
            I32DivU "i32.div_u" (u32, u32) -> u32 = int::div_u_32;
            I32RemS "i32.rem_s" (i32, i32) -> i32 = int::rem_s_32;
            I32RemU "i32.rem_u" (u32, u32) -> u32 = int::rem_u_32;
            I64DivS "i64.div_s" (i64, i64) -> i64 = int::div_s_64;
            I64DivU "i64.div_u" (u64, u64) -> u64 = int::div_u_64;
            I64RemS "i64.rem_s" (i64, i64) -> i64 = int::rem_s_64;
            I64RemU "i64.rem_u" (u64, u64) -> u64 = int::rem_u_64;
        }

        float_commutative {
            F32Add "f32.add" (f32, f32) -> f32 = |a, b| a + b;
            F32Mul "f32.mul" (f32, f32) -> f32 = |a, b| a * b;
            F64Add "f64.add" (f64, f64) -> f64 = |a, b| a + b;
            F64Mul "f64.mul" (f64, f64) -> f64 = |a, b| a * b;
        }

        float_arithmetic {
            F32Sub "f32.sub" (f32, f32) -> f32 = |a, b| a - b;
            F32Div "f32.div" (f32, f32) -> f32 = |a, b| a / b;
            F64Sub "f64.sub" (f64, f64) -> f64 = |a, b| a - b;
            F64Div "f64.div" (f64, f64) -> f64 = |a, b| a / b;
        }

        float_other {
            F32Min      "f32.min"      (f32, f32) -> f32 = float::min_32;
            F32Max      "f32.max"      (f32, f32) -> f32 = float::max_32;
            F32Copysign "f32.copysign" (f32, f32) -> f32 = f32::copysign;
            F64Min      "f64.min"      (f64, f64) -> f64 = float::min_64;
            F64Max      "f64.max"      (f64, f64) -> f64 = float::max_64;
            F64Copysign "f64.copysign" (f64, f64) -> f64 = f64::copysign;
        }

        simd_binary {
            V128And    "v128.and"    (V128, V128) -> V128 = |a, b| simd::bits(a, b, |a, b| a & b);
            V128AndNot "v128.andnot" (V128, V128) -> V128 = |a, b| simd::bits(a, b, |a, b| a & !b);
            V128Or     "v128.or"     (V128, V128) -> V128 = |a, b| simd::bits(a, b, |a, b| a | b);
            V128Xor    "v128.xor"    (V128, V128) -> V128 = |a, b| simd::bits(a, b, |a, b| a ^ b);

            I8x16Eq  "i8x16.eq"   (V128, V128) -> V128 = |a, b| simd::compare(a, b, i8::eq);
            I8x16Ne  "i8x16.ne"   (V128, V128) -> V128 = |a, b| simd::compare(a, b, i8::ne);
            I8x16LtS "i8x16.lt_s" (V128, V128) -> V128 = |a, b| simd::compare(a, b, i8::lt);
            I8x16LtU "i8x16.lt_u" (V128, V128) -> V128 = |a, b| simd::compare(a, b, u8::lt);
            I8x16GtS "i8x16.gt_s" (V128, V128) -> V128 = |a, b| simd::compare(a, b, i8::gt);
            I8x16GtU "i8x16.gt_u" (V128, V128) -> V128 = |a, b| simd::compare(a, b, u8::gt);
            I8x16LeS "i8x16.le_s" (V128, V128) -> V128 = |a, b| simd::compare(a, b, i8::le);
            I8x16LeU "i8x16.le_u" (V128, V128) -> V128 = |a, b| simd::compare(a, b, u8::le);
            I8x16GeS "i8x16.ge_s" (V128, V128) -> V128 = |a, b| simd::compare(a, b, i8::ge);
            I8x16GeU "i8x16.ge_u" (V128, V128) -> V128 = |a, b| simd::compare(a, b, u8::ge);

            I16x8Eq  "i16x8.eq"   (V128, V128) -> V128 = |a, b| simd::compare(a, b, i16::eq);
            I16x8Ne  "i16x8.ne"   (V128, V128) -> V128 = |a, b| simd::compare(a, b, i16::ne);
            I16x8LtS "i16x8.lt_s" (V128, V128) -> V128 = |a, b| simd::compare(a, b, i16::lt);
            I16x8LtU "i16x8.lt_u" (V128, V128) -> V128 = |a, b| simd::compare(a, b, u16::lt);
            I16x8GtS "i16x8.gt_s" (V128, V128) -> V128 = |a, b| simd::compare(a, b, i16::gt);
            I16x8GtU "i16x8.gt_u" (V128, V128) -> V128 = |a, b| simd::compare(a, b, u16::gt);
            I16x8LeS "i16x8.le_s" (V128, V128) -> V128 = |a, b| simd::compare(a, b, i16::le);
            I16x8LeU "i16x8.le_u" (V128, V128) -> V128 = |a, b| simd::compare(a, b, u16::le);
            I16x8GeS "i16x8.ge_s" (V128, V128) -> V128 = |a, b| simd::compare(a, b, i16::ge);
            I16x8GeU "i16x8.ge_u" (V128, V128) -> V128 = |a, b| simd::compare(a, b, u16::ge);

            I32x4Eq  "i32x4.eq"   (V128, V128) -> V128 = |a, b| simd::compare(a, b, i32::eq);
            I32x4Ne  "i32x4.ne"   (V128, V128) -> V128 = |a, b| simd::compare(a, b, i32::ne);
            I32x4LtS "i32x4.lt_s" (V128, V128) -> V128 = |a, b| simd::compare(a, b, i32::lt);
            I32x4LtU "i32x4.lt_u" (V128, V128) -> V128 = |a, b| simd::compare(a, b, u32::lt);
            I32x4GtS "i32x4.gt_s" (V128, V128) -> V128 = |a, b| simd::compare(a, b, i32::gt);
            I32x4GtU "i32x4.gt_u" (V128, V128) -> V128 = |a, b| simd::compare(a, b, u32::gt);
            I32x4LeS "i32x4.le_s" (V128, V128) -> V128 = |a, b| simd::compare(a, b, i32::le);
            I32x4LeU "i32x4.le_u" (V128, V128) -> V128 = |a, b| simd::compare(a, b, u32::le);
            I32x4GeS "i32x4.ge_s" (V128, V128) -> V128 = |a, b| simd::compare(a, b, i32::ge);
            I32x4GeU "i32x4.ge_u" (V128, V128) -> V128 = |a, b| simd::compare(a, b, u32::ge);

            I64x2Eq  "i64x2.eq"   (V128, V128) -> V128 = |a, b| simd::compare(a, b, i64::eq);
            I64x2Ne  "i64x2.ne"   (V128, V128) -> V128 = |a, b| simd::compare(a, b, i64::ne);
            I64x2LtS "i64x2.lt_s" (V128, V128) -> V128 = |a, b| simd::compare(a, b, i64::lt);
            I64x2GtS "i64x2.gt_s" (V128, V128) -> V128 = |a, b| simd::compare(a, b, i64::gt);
            I64x2LeS "i64x2.le_s" (V128, V128) -> V128 = |a, b| simd::compare(a, b, i64::le);
            I64x2GeS "i64x2.ge_s" (V128, V128) -> V128 = |a, b| simd::compare(a, b, i64::ge);

            F32x4Eq "f32x4.eq" (V128, V128) -> V128 = |a, b| simd::compare(a, b, f32::eq);
            F32x4Ne "f32x4.ne" (V128, V128) -> V128 = |a, b| simd::compare(a, b, f32::ne);
            F32x4Lt "f32x4.lt" (V128, V128) -> V128 = |a, b| simd::compare(a, b, f32::lt);
            F32x4Gt "f32x4.gt" (V128, V128) -> V128 = |a, b| simd::compare(a, b, f32::gt);
            F32x4Le "f32x4.le" (V128, V128) -> V128 = |a, b| simd::compare(a, b, f32::le);
            F32x4Ge "f32x4.ge" (V128, V128) -> V128 = |a, b| simd::compare(a, b, f32::ge);

            F64x2Eq "f64x2.eq" (V128, V128) -> V128 = |a, b| simd::compare(a, b, f64::eq);
            F64x2Ne "f64x2.ne" (V128, V128) -> V128 = |a, b| simd::compare(a, b, f64::ne);
            F64x2Lt "f64x2.lt" (V128, V128) -> V128 = |a, b| simd::compare(a, b, f64::lt);
            F64x2Gt "f64x2.gt" (V128, V128) -> V128 = |a, b| simd::compare(a, b, f64::gt);
            F64x2Le "f64x2.le" (V128, V128) -> V128 = |a, b| simd::compare(a, b, f64::le);
            F64x2Ge "f64x2.ge" (V128, V128) -> V128 = |a, b| simd::compare(a, b, f64::ge);

            I8x16Shl     "i8x16.shl"       (V128, u32)  -> V128 = |a, n| simd::shift(a, n, u8::wrapping_shl);
            I8x16ShrS    "i8x16.shr_s"     (V128, u32)  -> V128 = |a, n| simd::shift(a, n, i8::wrapping_shr);
            I8x16ShrU    "i8x16.shr_u"     (V128, u32)  -> V128 = |a, n| simd::shift(a, n, u8::wrapping_shr);
            I8x16Add     "i8x16.add"       (V128, V128) -> V128 = |a, b| simd::zip(a, b, u8::wrapping_add);
            I8x16AddSatS "i8x16.add_sat_s" (V128, V128) -> V128 = |a, b| simd::zip(a, b, i8::saturating_add);
            I8x16AddSatU "i8x16.add_sat_u" (V128, V128) -> V128 = |a, b| simd::zip(a, b, u8::saturating_add);
            I8x16Sub     "i8x16.sub"       (V128, V128) -> V128 = |a, b| simd::zip(a, b, u8::wrapping_sub);
            I8x16SubSatS "i8x16.sub_sat_s" (V128, V128) -> V128 = |a, b| simd::zip(a, b, i8::saturating_sub);
            I8x16SubSatU "i8x16.sub_sat_u" (V128, V128) -> V128 = |a, b| simd::zip(a, b, u8::saturating_sub);
            I8x16MinS    "i8x16.min_s"     (V128, V128) -> V128 = |a, b| simd::zip(a, b, i8::min);
            I8x16MinU    "i8x16.min_u"     (V128, V128) -> V128 = |a, b| simd::zip(a, b, u8::min);
            I8x16MaxS    "i8x16.max_s"     (V128, V128) -> V128 = |a, b| simd::zip(a, b, i8::max);
            I8x16MaxU    "i8x16.max_u"     (V128, V128) -> V128 = |a, b| simd::zip(a, b, u8::max);
            I8x16AvgrU   "i8x16.avgr_u"    (V128, V128) -> V128 = |a, b| simd::zip(a, b, simd::avgr_u8);

            I8x16Swizzle      "i8x16.swizzle"        (V128, V128) -> V128 = simd::swizzle;
            I8x16NarrowI16x8S "i8x16.narrow_i16x8_s" (V128, V128) -> V128 = |a, b| simd::narrow(a, b, simd::sat_i8);
            I8x16NarrowI16x8U "i8x16.narrow_i16x8_u" (V128, V128) -> V128 = |a, b| simd::narrow(a, b, simd::sat_u8);

            I16x8Shl     "i16x8.shl"       (V128, u32)  -> V128 = |a, n| simd::shift(a, n, u16::wrapping_shl);
            I16x8ShrS    "i16x8.shr_s"     (V128, u32)  -> V128 = |a, n| simd::shift(a, n, i16::wrapping_shr);
            I16x8ShrU    "i16x8.shr_u"     (V128, u32)  -> V128 = |a, n| simd::shift(a, n, u16::wrapping_shr);
            I16x8Add     "i16x8.add"       (V128, V128) -> V128 = |a, b| simd::zip(a, b, u16::wrapping_add);
            I16x8AddSatS "i16x8.add_sat_s" (V128, V128) -> V128 = |a, b| simd::zip(a, b, i16::saturating_add);
            I16x8AddSatU "i16x8.add_sat_u" (V128, V128) -> V128 = |a, b| simd::zip(a, b, u16::saturating_add);
            I16x8Sub     "i16x8.sub"       (V128, V128) -> V128 = |a, b| simd::zip(a, b, u16::wrapping_sub);
            I16x8SubSatS "i16x8.sub_sat_s" (V128, V128) -> V128 = |a, b| simd::zip(a, b, i16::saturating_sub);
            I16x8SubSatU "i16x8.sub_sat_u" (V128, V128) -> V128 = |a, b| simd::zip(a, b, u16::saturating_sub);
            I16x8Mul     "i16x8.mul"       (V128, V128) -> V128 = |a, b| simd::zip(a, b, u16::wrapping_mul);
            I16x8MinS    "i16x8.min_s"     (V128, V128) -> V128 = |a, b| simd::zip(a, b, i16::min);
            I16x8MinU    "i16x8.min_u"     (V128, V128) -> V128 = |a, b| simd::zip(a, b, u16::min);
            I16x8MaxS    "i16x8.max_s"     (V128, V128) -> V128 = |a, b| simd::zip(a, b, i16::max);
            I16x8MaxU    "i16x8.max_u"     (V128, V128) -> V128 = |a, b| simd::zip(a, b, u16::max);
            I16x8AvgrU   "i16x8.avgr_u"    (V128, V128) -> V128 = |a, b| simd::zip(a, b, simd::avgr_u16);

            I16x8NarrowI32x4S     "i16x8.narrow_i32x4_s"      (V128, V128) -> V128 = |a, b| simd::narrow(a, b, simd::sat_i16);
            I16x8NarrowI32x4U     "i16x8.narrow_i32x4_u"      (V128, V128) -> V128 = |a, b| simd::narrow(a, b, simd::sat_u16);
            I16x8Q15MulrSatS      "i16x8.q15mulr_sat_s"       (V128, V128) -> V128 = |a, b| simd::zip(a, b, simd::q15mulr_sat);
            I16x8ExtMulLowI8x16S  "i16x8.extmul_low_i8x16_s"  (V128, V128) -> V128 = simd::extmul_low::<i8, i16>;
            I16x8ExtMulLowI8x16U  "i16x8.extmul_low_i8x16_u"  (V128, V128) -> V128 = simd::extmul_low::<u8, u16>;
            I16x8ExtMulHighI8x16S "i16x8.extmul_high_i8x16_s" (V128, V128) -> V128 = simd::extmul_high::<i8, i16>;
            I16x8ExtMulHighI8x16U "i16x8.extmul_high_i8x16_u" (V128, V128) -> V128 = simd::extmul_high::<u8, u16>;

            I32x4Shl  "i32x4.shl"   (V128, u32)  -> V128 = |a, n| simd::shift(a, n, u32::wrapping_shl);
            I32x4ShrS "i32x4.shr_s" (V128, u32)  -> V128 = |a, n| simd::shift(a, n, i32::wrapping_shr);
            I32x4ShrU "i32x4.shr_u" (V128, u32)  -> V128 = |a, n| simd::shift(a, n, u32::wrapping_shr);
            I32x4Add  "i32x4.add"   (V128, V128) -> V128 = |a, b| simd::zip(a, b, u32::wrapping_add);
            I32x4Sub  "i32x4.sub"   (V128, V128) -> V128 = |a, b| simd::zip(a, b, u32::wrapping_sub);
            I32x4Mul  "i32x4.mul"   (V128, V128) -> V128 = |a, b| simd::zip(a, b, u32::wrapping_mul);
            I32x4MinS "i32x4.min_s" (V128, V128) -> V128 = |a, b| simd::zip(a, b, i32::min);
            I32x4MinU "i32x4.min_u" (V128, V128) -> V128 = |a, b| simd::zip(a, b, u32::min);
            I32x4MaxS "i32x4.max_s" (V128, V128) -> V128 = |a, b| simd::zip(a, b, i32::max);
            I32x4MaxU "i32x4.max_u" (V128, V128) -> V128 = |a, b| simd::zip(a, b, u32::max);

            I32x4DotI16x8S        "i32x4.dot_i16x8_s"         (V128, V128) -> V128 = |a, b| simd::zip(a, b, simd::dot_i16);
            I32x4ExtMulLowI16x8S  "i32x4.extmul_low_i16x8_s"  (V128, V128) -> V128 = simd::extmul_low::<i16, i32>;
            I32x4ExtMulLowI16x8U  "i32x4.extmul_low_i16x8_u"  (V128, V128) -> V128 = simd::extmul_low::<u16, u32>;
            I32x4ExtMulHighI16x8S "i32x4.extmul_high_i16x8_s" (V128, V128) -> V128 = simd::extmul_high::<i16, i32>;
            I32x4ExtMulHighI16x8U "i32x4.extmul_high_i16x8_u" (V128, V128) -> V128 = simd::extmul_high::<u16, u32>;

            I64x2Shl  "i64x2.shl"   (V128, u32)  -> V128 = |a, n| simd::shift(a, n, u64::wrapping_shl);
            I64x2ShrS "i64x2.shr_s" (V128, u32)  -> V128 = |a, n| simd::shift(a, n, i64::wrapping_shr);
            I64x2ShrU "i64x2.shr_u" (V128, u32)  -> V128 = |a, n| simd::shift(a, n, u64::wrapping_shr);
            I64x2Add  "i64x2.add"   (V128, V128) -> V128 = |a, b| simd::zip(a, b, u64::wrapping_add);
            I64x2Sub  "i64x2.sub"   (V128, V128) -> V128 = |a, b| simd::zip(a, b, u64::wrapping_sub);
            I64x2Mul  "i64x2.mul"   (V128, V128) -> V128 = |a, b| simd::zip(a, b, u64::wrapping_mul);

            I64x2ExtMulLowI32x4S  "i64x2.extmul_low_i32x4_s"  (V128, V128) -> V128 = simd::extmul_low::<i32, i64>;
            I64x2ExtMulLowI32x4U  "i64x2.extmul_low_i32x4_u"  (V128, V128) -> V128 = simd::extmul_low::<u32, u64>;
            I64x2ExtMulHighI32x4S "i64x2.extmul_high_i32x4_s" (V128, V128) -> V128 = simd::extmul_high::<i32, i64>;
            I64x2ExtMulHighI32x4U "i64x2.extmul_high_i32x4_u" (V128, V128) -> V128 = simd::extmul_high::<u32, u64>;

            F32x4Add  "f32x4.add"  (V128, V128) -> V128 = |a, b| simd::zip(a, b, |x: f32, y| x + y);
            F32x4Sub  "f32x4.sub"  (V128, V128) -> V128 = |a, b| simd::zip(a, b, |x: f32, y| x - y);
            F32x4Mul  "f32x4.mul"  (V128, V128) -> V128 = |a, b| simd::zip(a, b, |x: f32, y| x * y);
            F32x4Div  "f32x4.div"  (V128, V128) -> V128 = |a, b| simd::zip(a, b, |x: f32, y| x / y);
            F32x4Min  "f32x4.min"  (V128, V128) -> V128 = |a, b| simd::zip(a, b, float::min_32);
            F32x4Max  "f32x4.max"  (V128, V128) -> V128 = |a, b| simd::zip(a, b, float::max_32);
            F32x4PMin "f32x4.pmin" (V128, V128) -> V128 = |a, b| simd::zip(a, b, float::pmin_32);
            F32x4PMax "f32x4.pmax" (V128, V128) -> V128 = |a, b| simd::zip(a, b, float::pmax_32);

            F64x2Add  "f64x2.add"  (V128, V128) -> V128 = |a, b| simd::zip(a, b, |x: f64, y| x + y);
            F64x2Sub  "f64x2.sub"  (V128, V128) -> V128 = |a, b| simd::zip(a, b, |x: f64, y| x - y);
            F64x2Mul  "f64x2.mul"  (V128, V128) -> V128 = |a, b| simd::zip(a, b, |x: f64, y| x * y);
            F64x2Div  "f64x2.div"  (V128, V128) -> V128 = |a, b| simd::zip(a, b, |x: f64, y| x / y);
            F64x2Min  "f64x2.min"  (V128, V128) -> V128 = |a, b| simd::zip(a, b, float::min_64);
            F64x2Max  "f64x2.max"  (V128, V128) -> V128 = |a, b| simd::zip(a, b, float::max_64);
            F64x2PMin "f64x2.pmin" (V128, V128) -> V128 = |a, b| simd::zip(a, b, float::pmin_64);
            F64x2PMax "f64x2.pmax" (V128, V128) -> V128 = |a, b| simd::zip(a, b, float::pmax_64);

            // Relaxed: each is the operator that it relaxes.
            I8x16RelaxedSwizzle        "i8x16.relaxed_swizzle"           (V128, V128) -> V128 = simd::swizzle;
            F32x4RelaxedMin            "f32x4.relaxed_min"               (V128, V128) -> V128 = |a, b| simd::zip(a, b, float::min_32);
            F32x4RelaxedMax            "f32x4.relaxed_max"               (V128, V128) -> V128 = |a, b| simd::zip(a, b, float::max_32);
            F64x2RelaxedMin            "f64x2.relaxed_min"               (V128, V128) -> V128 = |a, b| simd::zip(a, b, float::min_64);
            F64x2RelaxedMax            "f64x2.relaxed_max"               (V128, V128) -> V128 = |a, b| simd::zip(a, b, float::max_64);
            I16x8RelaxedQ15mulrS       "i16x8.relaxed_q15mulr_s"         (V128, V128) -> V128 = |a, b| simd::zip(a, b, simd::q15mulr_sat);
            I16x8RelaxedDotI8x16I7x16S "i16x8.relaxed_dot_i8x16_i7x16_s" (V128, V128) -> V128 = |a, b| simd::zip(a, b, simd::dot_i8);
        }
    }

    wide {
        // Integers of 128 bits, each in two slots of an `i64`, the lower half first.
        wide_sum {
            I64Add128 "i64.add128" (u128, u128) -> u128 = u128::wrapping_add;
            I64Sub128 "i64.sub128" (u128, u128) -> u128 = u128::wrapping_sub;
        }

        wide_product {
            I64MulWideS "i64.mul_wide_s" (i64, i64) -> u128 = |a, b| (i128::from(a) * i128::from(b)) as u128;
            I64MulWideU "i64.mul_wide_u" (u64, u64) -> u128 = |a, b| u128::from(a) * u128::from(b);
        }
    }

    unary {
        // Unary operators that often follow the operator that makes their operand.
        unary_hot {
            I32WrapI64     "i32.wrap_i64"      (u64) -> u32 = |a| a as u32;
            I64ExtendI32S  "i64.extend_i32_s"  (i32) -> i64 = i64::from;
            I64ExtendI32U  "i64.extend_i32_u"  (u32) -> u64 = u64::from;
            I32Extend8S    "i32.extend8_s"     (i32) -> i32 = |a| i32::from(a as i8);
            I32Extend16S   "i32.extend16_s"    (i32) -> i32 = |a| i32::from(a as i16);
            I64Extend8S    "i64.extend8_s"     (i64) -> i64 = |a| i64::from(a as i8);
            I64Extend16S   "i64.extend16_s"    (i64) -> i64 = |a| i64::from(a as i16);
            I64Extend32S   "i64.extend32_s"    (i64) -> i64 = |a| i64::from(a as i32);
            F32Abs         "f32.abs"           (f32) -> f32 = f32::abs;
            F32Neg         "f32.neg"           (f32) -> f32 = |a| -a;
            F32Sqrt        "f32.sqrt"          (f32) -> f32 = f32::sqrt;
            F64Abs         "f64.abs"           (f64) -> f64 = f64::abs;
            F64Neg         "f64.neg"           (f64) -> f64 = |a| -a;
            F64Sqrt        "f64.sqrt"          (f64) -> f64 = f64::sqrt;
            F32ConvertI32S "f32.convert_i32_s" (i32) -> f32 = |a| a as f32;
            F32ConvertI32U "f32.convert_i32_u" (u32) -> f32 = |a| a as f32;
            F64ConvertI32S "f64.convert_i32_s" (i32) -> f64 = f64::from;
            F64ConvertI32U "f64.convert_i32_u" (u32) -> f64 = f64::from;
            F32DemoteF64   "f32.demote_f64"    (f64) -> f32 = |a| a as f32;
            F64PromoteF32  "f64.promote_f32"   (f32) -> f64 = f64::from;
        }

        unary {
            I32Clz            "i32.clz"               (u32) -> u32 = u32::leading_zeros;
            I32Ctz            "i32.ctz"               (u32) -> u32 = u32::trailing_zeros;
            I32Popcnt         "i32.popcnt"            (u32) -> u32 = u32::count_ones;
            I64Clz            "i64.clz"               (u64) -> u64 = |a| u64::from(a.leading_zeros());
            I64Ctz            "i64.ctz"               (u64) -> u64 = |a| u64::from(a.trailing_zeros());
            I64Popcnt         "i64.popcnt"            (u64) -> u64 = |a| u64::from(a.count_ones());
            F32Ceil           "f32.ceil"              (f32) -> f32 = float::ceil_32;
            F32Floor          "f32.floor"             (f32) -> f32 = float::floor_32;
            F32Trunc          "f32.trunc"             (f32) -> f32 = float::trunc_32;
            F32Nearest        "f32.nearest"           (f32) -> f32 = float::nearest_32;
            F64Ceil           "f64.ceil"              (f64) -> f64 = float::ceil_64;
            F64Floor          "f64.floor"             (f64) -> f64 = float::floor_64;
            F64Trunc          "f64.trunc"             (f64) -> f64 = float::trunc_64;
            F64Nearest        "f64.nearest"           (f64) -> f64 = float::nearest_64;
            F32ConvertI64S    "f32.convert_i64_s"     (i64) -> f32 = |a| a as f32;
            F32ConvertI64U    "f32.convert_i64_u"     (u64) -> f32 = |a| a as f32;
            F64ConvertI64S    "f64.convert_i64_s"     (i64) -> f64 = |a| a as f64;
            F64ConvertI64U    "f64.convert_i64_u"     (u64) -> f64 = |a| a as f64;
            I32ReinterpretF32 "i32.reinterpret_f32"   (f32) -> u32 = f32::to_bits;
            I64ReinterpretF64 "i64.reinterpret_f64"   (f64) -> u64 = f64::to_bits;
            F32ReinterpretI32 "f32.reinterpret_i32"   (u32) -> f32 = f32::from_bits;
            F64ReinterpretI64 "f64.reinterpret_i64"   (u64) -> f64 = f64::from_bits;
            I32TruncSatF32S   "i32.trunc_sat_f32_s"   (f32) -> i32 = |a| a as i32;
            I32TruncSatF32U   "i32.trunc_sat_f32_u"   (f32) -> u32 = |a| a as u32;
            I32TruncSatF64S   "i32.trunc_sat_f64_s"   (f64) -> i32 = |a| a as i32;
            I32TruncSatF64U   "i32.trunc_sat_f64_u"   (f64) -> u32 = |a| a as u32;
            I64TruncSatF32S   "i64.trunc_sat_f32_s"   (f32) -> i64 = |a| a as i64;
            I64TruncSatF32U   "i64.trunc_sat_f32_u"   (f32) -> u64 = |a| a as u64;
            I64TruncSatF64S   "i64.trunc_sat_f64_s"   (f64) -> i64 = |a| a as i64;
            I64TruncSatF64U   "i64.trunc_sat_f64_u"   (f64) -> u64 = |a| a as u64;
            RefI31            "ref.i31"               (u32) -> u32 = |a| a << 1 | 1;
        }

        unary_trap {
            I32TruncF32S "i32.trunc_f32_s" (f32) -> i32 = float::trunc_f32_i32;
            I32TruncF32U "i32.trunc_f32_u" (f32) -> u32 = float::trunc_f32_u32;
            I32TruncF64S "i32.trunc_f64_s" (f64) -> i32 = float::trunc_f64_i32;
            I32TruncF64U "i32.trunc_f64_u" (f64) -> u32 = float::trunc_f64_u32;
            I64TruncF32S "i64.trunc_f32_s" (f32) -> i64 = float::trunc_f32_i64;
            I64TruncF32U "i64.trunc_f32_u" (f32) -> u64 = float::trunc_f32_u64;
            I64TruncF64S "i64.trunc_f64_s" (f64) -> i64 = float::trunc_f64_i64;
            I64TruncF64U "i64.trunc_f64_u" (f64) -> u64 = float::trunc_f64_u64;
            I31GetS      "i31.get_s"       (i32) -> i32 = reference::i31_get_s;
            I31GetU      "i31.get_u"       (u32) -> u32 = reference::i31_get_u;
        }

        // Vector operators, with splats, tests, bit masks, shifts and conversions among them. Loads, stores, constants and
        // `i8x16.shuffle` are not here; `simd` has functions for those that do more than copy.
        simd_unary {
            V128Not     "v128.not"      (V128) -> V128 = |a| V128::from_u128(!a.as_u128());
            V128AnyTrue "v128.any_true" (V128) -> i32 = |a| i32::from(a.as_u128() != 0);

            I8x16Splat "i8x16.splat" (u32) -> V128 = |x| simd::splat(x as u8);
            I16x8Splat "i16x8.splat" (u32) -> V128 = |x| simd::splat(x as u16);
            I32x4Splat "i32x4.splat" (u32) -> V128 = simd::splat::<u32>;
            I64x2Splat "i64x2.splat" (u64) -> V128 = simd::splat::<u64>;
            F32x4Splat "f32x4.splat" (f32) -> V128 = simd::splat::<f32>;
            F64x2Splat "f64x2.splat" (f64) -> V128 = simd::splat::<f64>;

            I8x16Abs     "i8x16.abs"      (V128) -> V128 = |a| simd::map(a, i8::wrapping_abs);
            I8x16Neg     "i8x16.neg"      (V128) -> V128 = |a| simd::map(a, i8::wrapping_neg);
            I8x16Popcnt  "i8x16.popcnt"   (V128) -> V128 = |a| simd::map(a, |x: u8| x.count_ones() as u8);
            I8x16AllTrue "i8x16.all_true" (V128) -> i32 = simd::all_true::<i8>;
            I8x16Bitmask "i8x16.bitmask"  (V128) -> i32 = simd::bitmask_8;

            I16x8Abs                  "i16x8.abs"                     (V128) -> V128 = |a| simd::map(a, i16::wrapping_abs);
            I16x8Neg                  "i16x8.neg"                     (V128) -> V128 = |a| simd::map(a, i16::wrapping_neg);
            I16x8AllTrue              "i16x8.all_true"                (V128) -> i32 = simd::all_true::<i16>;
            I16x8Bitmask              "i16x8.bitmask"                 (V128) -> i32 = simd::bitmask_16;
            I16x8ExtendLowI8x16S      "i16x8.extend_low_i8x16_s"      (V128) -> V128 = simd::extend_low::<i8, i16>;
            I16x8ExtendLowI8x16U      "i16x8.extend_low_i8x16_u"      (V128) -> V128 = simd::extend_low::<u8, u16>;
            I16x8ExtendHighI8x16S     "i16x8.extend_high_i8x16_s"     (V128) -> V128 = simd::extend_high::<i8, i16>;
            I16x8ExtendHighI8x16U     "i16x8.extend_high_i8x16_u"     (V128) -> V128 = simd::extend_high::<u8, u16>;
            I16x8ExtAddPairwiseI8x16S "i16x8.extadd_pairwise_i8x16_s" (V128) -> V128 = simd::extadd_pairwise::<i8, i16>;
            I16x8ExtAddPairwiseI8x16U "i16x8.extadd_pairwise_i8x16_u" (V128) -> V128 = simd::extadd_pairwise::<u8, u16>;

            I32x4Abs                  "i32x4.abs"                     (V128) -> V128 = |a| simd::map(a, i32::wrapping_abs);
            I32x4Neg                  "i32x4.neg"                     (V128) -> V128 = |a| simd::map(a, i32::wrapping_neg);
            I32x4AllTrue              "i32x4.all_true"                (V128) -> i32 = simd::all_true::<i32>;
            I32x4Bitmask              "i32x4.bitmask"                 (V128) -> i32 = simd::bitmask::<i32>;
            I32x4ExtendLowI16x8S      "i32x4.extend_low_i16x8_s"      (V128) -> V128 = simd::extend_low::<i16, i32>;
            I32x4ExtendLowI16x8U      "i32x4.extend_low_i16x8_u"      (V128) -> V128 = simd::extend_low::<u16, u32>;
            I32x4ExtendHighI16x8S     "i32x4.extend_high_i16x8_s"     (V128) -> V128 = simd::extend_high::<i16, i32>;
            I32x4ExtendHighI16x8U     "i32x4.extend_high_i16x8_u"     (V128) -> V128 = simd::extend_high::<u16, u32>;
            I32x4ExtAddPairwiseI16x8S "i32x4.extadd_pairwise_i16x8_s" (V128) -> V128 = simd::extadd_pairwise::<i16, i32>;
            I32x4ExtAddPairwiseI16x8U "i32x4.extadd_pairwise_i16x8_u" (V128) -> V128 = simd::extadd_pairwise::<u16, u32>;

            I64x2Abs              "i64x2.abs"                 (V128) -> V128 = |a| simd::map(a, i64::wrapping_abs);
            I64x2Neg              "i64x2.neg"                 (V128) -> V128 = |a| simd::map(a, i64::wrapping_neg);
            I64x2AllTrue          "i64x2.all_true"            (V128) -> i32 = simd::all_true::<i64>;
            I64x2Bitmask          "i64x2.bitmask"             (V128) -> i32 = simd::bitmask::<i64>;
            I64x2ExtendLowI32x4S  "i64x2.extend_low_i32x4_s"  (V128) -> V128 = simd::extend_low::<i32, i64>;
            I64x2ExtendLowI32x4U  "i64x2.extend_low_i32x4_u"  (V128) -> V128 = simd::extend_low::<u32, u64>;
            I64x2ExtendHighI32x4S "i64x2.extend_high_i32x4_s" (V128) -> V128 = simd::extend_high::<i32, i64>;
            I64x2ExtendHighI32x4U "i64x2.extend_high_i32x4_u" (V128) -> V128 = simd::extend_high::<u32, u64>;

            F32x4Abs     "f32x4.abs"     (V128) -> V128 = |a| simd::map(a, f32::abs);
            F32x4Neg     "f32x4.neg"     (V128) -> V128 = |a| simd::map(a, |x: f32| -x);
            F32x4Sqrt    "f32x4.sqrt"    (V128) -> V128 = |a| simd::map(a, f32::sqrt);
            F32x4Ceil    "f32x4.ceil"    (V128) -> V128 = |a| simd::map(a, float::ceil_32);
            F32x4Floor   "f32x4.floor"   (V128) -> V128 = |a| simd::map(a, float::floor_32);
            F32x4Trunc   "f32x4.trunc"   (V128) -> V128 = |a| simd::map(a, float::trunc_32);
            F32x4Nearest "f32x4.nearest" (V128) -> V128 = |a| simd::map(a, float::nearest_32);

            F64x2Abs     "f64x2.abs"     (V128) -> V128 = |a| simd::map(a, f64::abs);
            F64x2Neg     "f64x2.neg"     (V128) -> V128 = |a| simd::map(a, |x: f64| -x);
            F64x2Sqrt    "f64x2.sqrt"    (V128) -> V128 = |a| simd::map(a, f64::sqrt);
            F64x2Ceil    "f64x2.ceil"    (V128) -> V128 = |a| simd::map(a, float::ceil_64);
            F64x2Floor   "f64x2.floor"   (V128) -> V128 = |a| simd::map(a, float::floor_64);
            F64x2Trunc   "f64x2.trunc"   (V128) -> V128 = |a| simd::map(a, float::trunc_64);
            F64x2Nearest "f64x2.nearest" (V128) -> V128 = |a| simd::map(a, float::nearest_64);

            I32x4TruncSatF32x4S "i32x4.trunc_sat_f32x4_s" (V128) -> V128 = |a| simd::map(a, |x: f32| x as i32);
            I32x4TruncSatF32x4U "i32x4.trunc_sat_f32x4_u" (V128) -> V128 = |a| simd::map(a, |x: f32| x as u32);

            I32x4TruncSatF64x2SZero "i32x4.trunc_sat_f64x2_s_zero" (V128) -> V128 = |a| simd::narrow_zero(a, |x: f64| x as i32);
            I32x4TruncSatF64x2UZero "i32x4.trunc_sat_f64x2_u_zero" (V128) -> V128 = |a| simd::narrow_zero(a, |x: f64| x as u32);

            F32x4ConvertI32x4S    "f32x4.convert_i32x4_s"     (V128) -> V128 = |a| simd::map(a, |x: i32| x as f32);
            F32x4ConvertI32x4U    "f32x4.convert_i32x4_u"     (V128) -> V128 = |a| simd::map(a, |x: u32| x as f32);
            F64x2ConvertLowI32x4S "f64x2.convert_low_i32x4_s" (V128) -> V128 = simd::extend_low::<i32, f64>;
            F64x2ConvertLowI32x4U "f64x2.convert_low_i32x4_u" (V128) -> V128 = simd::extend_low::<u32, f64>;
            F32x4DemoteF64x2Zero  "f32x4.demote_f64x2_zero"   (V128) -> V128 = |a| simd::narrow_zero(a, |x: f64| x as f32);
            F64x2PromoteLowF32x4  "f64x2.promote_low_f32x4"   (V128) -> V128 = simd::extend_low::<f32, f64>;

            // Relaxed: any result is allowed for NaN and values out of range, the saturated one is given.
            I32x4RelaxedTruncF32x4S "i32x4.relaxed_trunc_f32x4_s" (V128) -> V128 = |a| simd::map(a, |x: f32| x as i32);
            I32x4RelaxedTruncF32x4U "i32x4.relaxed_trunc_f32x4_u" (V128) -> V128 = |a| simd::map(a, |x: f32| x as u32);

            I32x4RelaxedTruncF64x2SZero "i32x4.relaxed_trunc_f64x2_s_zero" (V128) -> V128 = |a| simd::narrow_zero(a, |x: f64| x as i32);
            I32x4RelaxedTruncF64x2UZero "i32x4.relaxed_trunc_f64x2_u_zero" (V128) -> V128 = |a| simd::narrow_zero(a, |x: f64| x as u32);
        }
    }

    // Not of WebAssembly: where results must not depend on the machine, they follow operators that may make a NaN.
    canonical_nan {
        F32CanonicalNan   "f32.canonical_nan"   (f32)  -> f32  = float::canonical_nan_32;
        F64CanonicalNan   "f64.canonical_nan"   (f64)  -> f64  = float::canonical_nan_64;
        F32x4CanonicalNan "f32x4.canonical_nan" (V128) -> V128 = |a| simd::map(a, float::canonical_nan_32);
        F64x2CanonicalNan "f64x2.canonical_nan" (V128) -> V128 = |a| simd::map(a, float::canonical_nan_64);
    }

    ternary {
        V128Bitselect "v128.bitselect" (V128, V128, V128) -> V128 = simd::bitselect;

        // Relaxed: a lane is selected bit by bit, a product is rounded before the sum.
        I8x16RelaxedLaneselect        "i8x16.relaxed_laneselect"            (V128, V128, V128) -> V128 = simd::bitselect;
        I16x8RelaxedLaneselect        "i16x8.relaxed_laneselect"            (V128, V128, V128) -> V128 = simd::bitselect;
        I32x4RelaxedLaneselect        "i32x4.relaxed_laneselect"            (V128, V128, V128) -> V128 = simd::bitselect;
        I64x2RelaxedLaneselect        "i64x2.relaxed_laneselect"            (V128, V128, V128) -> V128 = simd::bitselect;
        F32x4RelaxedMadd              "f32x4.relaxed_madd"                  (V128, V128, V128) -> V128 = simd::madd::<f32>;
        F32x4RelaxedNmadd             "f32x4.relaxed_nmadd"                 (V128, V128, V128) -> V128 = simd::nmadd::<f32>;
        F64x2RelaxedMadd              "f64x2.relaxed_madd"                  (V128, V128, V128) -> V128 = simd::madd::<f64>;
        F64x2RelaxedNmadd             "f64x2.relaxed_nmadd"                 (V128, V128, V128) -> V128 = simd::nmadd::<f64>;
        I32x4RelaxedDotI8x16I7x16AddS "i32x4.relaxed_dot_i8x16_i7x16_add_s" (V128, V128, V128) -> V128 = |a, b, c| simd::zip(simd::zip(a, b, simd::dot_dot_i8), c, i32::wrapping_add);
    }

    // Lane numbers are checked by validation, the functions count modulo the number of lanes.
    extract_lane {
        I8x16ExtractLaneS "i8x16.extract_lane_s" (V128) -> i32 = |a, lane| i32::from(simd::extract::<i8>(a, lane));
        I8x16ExtractLaneU "i8x16.extract_lane_u" (V128) -> u32 = |a, lane| u32::from(simd::extract::<u8>(a, lane));
        I16x8ExtractLaneS "i16x8.extract_lane_s" (V128) -> i32 = |a, lane| i32::from(simd::extract::<i16>(a, lane));
        I16x8ExtractLaneU "i16x8.extract_lane_u" (V128) -> u32 = |a, lane| u32::from(simd::extract::<u16>(a, lane));
        I32x4ExtractLane  "i32x4.extract_lane"   (V128) -> u32 = simd::extract::<u32>;
        I64x2ExtractLane  "i64x2.extract_lane"   (V128) -> u64 = simd::extract::<u64>;
        F32x4ExtractLane  "f32x4.extract_lane"   (V128) -> f32 = simd::extract::<f32>;
        F64x2ExtractLane  "f64x2.extract_lane"   (V128) -> f64 = simd::extract::<f64>;
    }

    replace_lane {
        I8x16ReplaceLane "i8x16.replace_lane" (V128, u32) -> V128 = |a, x, lane| simd::replace(a, x as u8, lane);
        I16x8ReplaceLane "i16x8.replace_lane" (V128, u32) -> V128 = |a, x, lane| simd::replace(a, x as u16, lane);
        I32x4ReplaceLane "i32x4.replace_lane" (V128, u32) -> V128 = simd::replace::<u32>;
        I64x2ReplaceLane "i64x2.replace_lane" (V128, u64) -> V128 = simd::replace::<u64>;
        F32x4ReplaceLane "f32x4.replace_lane" (V128, f32) -> V128 = simd::replace::<f32>;
        F64x2ReplaceLane "f64x2.replace_lane" (V128, f64) -> V128 = simd::replace::<f64>;
    }
    } };
}
