/* The vector instructions that these programs use, by the names of the compiler's <wasm_simd128.h>.
 *
 * For another machine they are written with the vector types of GCC and Clang, so that a native program does the
 * same as the module. Where those have no operator for it, it is an instruction of SSE2, which every x86-64 has, or
 * a loop. */

#ifndef VECTORS_H
#define VECTORS_H

#if defined(__wasm__)

#include <wasm_simd128.h>

#else

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

typedef int32_t v128_t __attribute__((vector_size(16)));
typedef int8_t vectors_i8 __attribute__((vector_size(16)));
typedef uint8_t vectors_u8 __attribute__((vector_size(16)));
typedef int16_t vectors_i16 __attribute__((vector_size(16)));
typedef uint16_t vectors_u16 __attribute__((vector_size(16)));
typedef uint32_t vectors_u32 __attribute__((vector_size(16)));
typedef uint64_t vectors_u64 __attribute__((vector_size(16)));
typedef float vectors_f32 __attribute__((vector_size(16)));
typedef double vectors_f64 __attribute__((vector_size(16)));

#define VECTORS static inline __attribute__((always_inline, unused))

VECTORS v128_t wasm_v128_load(const void *from)
{
    v128_t value;
    memcpy(&value, from, sizeof value);
    return value;
}

VECTORS void wasm_v128_store(void *to, v128_t value)
{
    memcpy(to, &value, sizeof value);
}

/* All lanes alike. */
#define SPLAT(name, lanes, scalar)                   \
    VECTORS v128_t wasm_##name##_splat(scalar value) \
    {                                                \
        return (v128_t)((lanes){0} + value);         \
    }
SPLAT(i8x16, vectors_i8, int8_t)
SPLAT(u8x16, vectors_u8, uint8_t)
SPLAT(i16x8, vectors_i16, int16_t)
SPLAT(u32x4, vectors_u32, uint32_t)
SPLAT(i64x2, vectors_u64, uint64_t)
SPLAT(f32x4, vectors_f32, float)
SPLAT(f64x2, vectors_f64, double)

#define wasm_u32x4_make(a, b, c, d) ((v128_t)(vectors_u32){(a), (b), (c), (d)})
#define wasm_u64x2_make(a, b) ((v128_t)(vectors_u64){(a), (b)})

/* Lane by lane, by an operator; signed lanes that may overflow are added and multiplied as unsigned ones. */
#define BINARY(name, lanes, operator)                        \
    VECTORS v128_t wasm_##name(v128_t a, v128_t b)           \
    {                                                        \
        return (v128_t)((lanes)a operator (lanes)b);         \
    }
BINARY(v128_and, v128_t, &)
BINARY(v128_or, v128_t, |)
BINARY(v128_xor, v128_t, ^)
BINARY(i8x16_eq, vectors_u8, ==)
BINARY(i8x16_sub, vectors_u8, -)
BINARY(i16x8_add, vectors_u16, +)
BINARY(i16x8_sub, vectors_u16, -)
BINARY(i16x8_mul, vectors_u16, *)
BINARY(i32x4_add, vectors_u32, +)
BINARY(i64x2_add, vectors_u64, +)
BINARY(i64x2_sub, vectors_u64, -)
BINARY(f32x4_add, vectors_f32, +)
BINARY(f32x4_mul, vectors_f32, *)
BINARY(f64x2_add, vectors_f64, +)
BINARY(f64x2_sub, vectors_f64, -)
BINARY(f64x2_mul, vectors_f64, *)
BINARY(f64x2_le, vectors_f64, <=)

#define SHIFT(name, lanes, scalar, operator)                 \
    VECTORS v128_t wasm_##name(v128_t a, uint32_t by)        \
    {                                                        \
        return (v128_t)((lanes)a operator (scalar)by);       \
    }
SHIFT(u8x16_shr, vectors_u8, uint8_t, >>)
SHIFT(u16x8_shr, vectors_u16, uint16_t, >>)
SHIFT(i32x4_shl, vectors_u32, uint32_t, <<)
SHIFT(u32x4_shr, vectors_u32, uint32_t, >>)
SHIFT(i64x2_shl, vectors_u64, uint64_t, <<)
SHIFT(u64x2_shr, vectors_u64, uint64_t, >>)

#if defined(__SSE2__)

#define BY_SSE2(name, instruction)                                        \
    VECTORS v128_t wasm_##name(v128_t a, v128_t b)                        \
    {                                                                     \
        return (v128_t)instruction((__m128i)a, (__m128i)b);               \
    }
BY_SSE2(u8x16_add_sat, _mm_adds_epu8)
BY_SSE2(u8x16_sub_sat, _mm_subs_epu8)
BY_SSE2(u8x16_avgr, _mm_avg_epu8)
BY_SSE2(u8x16_max, _mm_max_epu8)
BY_SSE2(u8x16_narrow_i16x8, _mm_packus_epi16)
BY_SSE2(i32x4_dot_i16x8, _mm_madd_epi16)

VECTORS uint32_t wasm_i8x16_bitmask(v128_t a)
{
    return (uint32_t)_mm_movemask_epi8((__m128i)a);
}

VECTORS int wasm_v128_any_true(v128_t a)
{
    return _mm_movemask_epi8(_mm_cmpeq_epi8((__m128i)a, _mm_setzero_si128())) != 0xffff;
}

#else

/* Lane by lane, by a formula of a lane of each, x and y. */
#define LANE_BY_LANE(name, lanes, count, formula)         \
    VECTORS v128_t wasm_##name(v128_t a, v128_t b)        \
    {                                                     \
        lanes left = (lanes)a, right = (lanes)b, out;     \
        for (int i = 0; i < (count); i++) {               \
            int x = left[i], y = right[i];                \
            out[i] = (formula);                           \
        }                                                 \
        return (v128_t)out;                               \
    }
LANE_BY_LANE(u8x16_add_sat, vectors_u8, 16, (uint8_t)(x + y > 255 ? 255 : x + y))
LANE_BY_LANE(u8x16_sub_sat, vectors_u8, 16, (uint8_t)(x < y ? 0 : x - y))
LANE_BY_LANE(u8x16_avgr, vectors_u8, 16, (uint8_t)((x + y + 1) / 2))
LANE_BY_LANE(u8x16_max, vectors_u8, 16, (uint8_t)(x > y ? x : y))

VECTORS v128_t wasm_u8x16_narrow_i16x8(v128_t a, v128_t b)
{
    vectors_u8 out;
    for (int i = 0; i < 16; i++) {
        int lane = ((vectors_i16)(i < 8 ? a : b))[i % 8];
        out[i] = (uint8_t)(lane < 0 ? 0 : lane > 255 ? 255 : lane);
    }
    return (v128_t)out;
}

VECTORS v128_t wasm_i32x4_dot_i16x8(v128_t a, v128_t b)
{
    vectors_i16 left = (vectors_i16)a, right = (vectors_i16)b;
    vectors_u32 out;
    for (int i = 0; i < 4; i++)
        out[i] = (uint32_t)(left[2 * i] * right[2 * i]) + (uint32_t)(left[2 * i + 1] * right[2 * i + 1]);
    return (v128_t)out;
}

VECTORS uint32_t wasm_i8x16_bitmask(v128_t a)
{
    uint32_t bits = 0;
    for (int i = 0; i < 16; i++)
        bits |= (uint32_t)(((vectors_i8)a)[i] < 0) << i;
    return bits;
}

VECTORS int wasm_v128_any_true(v128_t a)
{
    return (a[0] | a[1] | a[2] | a[3]) != 0;
}

#endif

VECTORS v128_t wasm_v128_bitselect(v128_t a, v128_t b, v128_t mask)
{
    return (a & mask) | (b & ~mask);
}

VECTORS v128_t wasm_i8x16_swizzle(v128_t a, v128_t places)
{
    uint8_t from[16], at[16], out[16];
    wasm_v128_store(from, a);
    wasm_v128_store(at, places);
    for (int i = 0; i < 16; i++)
        out[i] = at[i] < 16 ? from[at[i]] : 0;
    return wasm_v128_load(out);
}

/* Half of the lanes, made twice as wide. */
VECTORS v128_t wasm_u16x8_extend_low_u8x16(v128_t a)
{
    typedef uint8_t half __attribute__((vector_size(8)));
    half lanes = __builtin_shufflevector((vectors_u8)a, (vectors_u8)a, 0, 1, 2, 3, 4, 5, 6, 7);
    return (v128_t)__builtin_convertvector(lanes, vectors_u16);
}

VECTORS v128_t wasm_u16x8_extend_high_u8x16(v128_t a)
{
    typedef uint8_t half __attribute__((vector_size(8)));
    half lanes = __builtin_shufflevector((vectors_u8)a, (vectors_u8)a, 8, 9, 10, 11, 12, 13, 14, 15);
    return (v128_t)__builtin_convertvector(lanes, vectors_u16);
}

#define WIDE_PRODUCT(name, first)                                                     \
    VECTORS v128_t wasm_##name(v128_t a, v128_t b)                                    \
    {                                                                                 \
        vectors_i16 out;                                                              \
        for (int i = 0; i < 8; i++)                                                   \
            out[i] = (int16_t)(((vectors_i8)a)[i + (first)] * ((vectors_i8)b)[i + (first)]); \
        return (v128_t)out;                                                           \
    }
WIDE_PRODUCT(i16x8_extmul_low_i8x16, 0)
WIDE_PRODUCT(i16x8_extmul_high_i8x16, 8)

VECTORS v128_t wasm_i32x4_extadd_pairwise_i16x8(v128_t a)
{
    vectors_i16 lanes = (vectors_i16)a;
    return (v128_t){lanes[0] + lanes[1], lanes[2] + lanes[3], lanes[4] + lanes[5], lanes[6] + lanes[7]};
}

#define wasm_i8x16_shuffle(a, b, ...) ((v128_t)__builtin_shufflevector((vectors_i8)(a), (vectors_i8)(b), __VA_ARGS__))
#define wasm_i32x4_shuffle(a, b, ...) ((v128_t)__builtin_shufflevector((v128_t)(a), (v128_t)(b), __VA_ARGS__))
#define wasm_i64x2_shuffle(a, b, ...) ((v128_t)__builtin_shufflevector((vectors_u64)(a), (vectors_u64)(b), __VA_ARGS__))

#define wasm_i32x4_extract_lane(a, lane) (((v128_t)(a))[lane])
#define wasm_i64x2_extract_lane(a, lane) ((int64_t)((vectors_u64)(a))[lane])
#define wasm_f32x4_extract_lane(a, lane) (((vectors_f32)(a))[lane])
#define wasm_f64x2_extract_lane(a, lane) (((vectors_f64)(a))[lane])

#endif

#endif
