/* Sums of products, of f32, f64, i16 and i8, over arrays that fit into the nearest cache. All sums are of whole numbers
 * that are small enough for their type, so that their order does not matter. */

#include "../bench.h"
#include "vectors.h"

#define LENGTH 2048

static float single[2][LENGTH];
static double twofold[2][LENGTH];
static int16_t words[2][LENGTH];
static int8_t bytes[2][LENGTH];

static float dot_single(const float *a, const float *b)
{
    v128_t sums[4];
    for (int i = 0; i < 4; i++)
        sums[i] = wasm_f32x4_splat(0);
    for (size_t at = 0; at < LENGTH; at += 16) {
        for (size_t i = 0; i < 4; i++) {
            v128_t x = wasm_v128_load(a + at + 4 * i), y = wasm_v128_load(b + at + 4 * i);
            sums[i] = wasm_f32x4_add(sums[i], wasm_f32x4_mul(x, y));
        }
    }
    v128_t sum = wasm_f32x4_add(wasm_f32x4_add(sums[0], sums[1]), wasm_f32x4_add(sums[2], sums[3]));
    return wasm_f32x4_extract_lane(sum, 0) + wasm_f32x4_extract_lane(sum, 1) + wasm_f32x4_extract_lane(sum, 2) +
           wasm_f32x4_extract_lane(sum, 3);
}

static double dot_twofold(const double *a, const double *b)
{
    v128_t sums[2] = {wasm_f64x2_splat(0), wasm_f64x2_splat(0)};
    for (size_t at = 0; at < LENGTH; at += 4) {
        for (size_t i = 0; i < 2; i++) {
            v128_t x = wasm_v128_load(a + at + 2 * i), y = wasm_v128_load(b + at + 2 * i);
            sums[i] = wasm_f64x2_add(sums[i], wasm_f64x2_mul(x, y));
        }
    }
    v128_t sum = wasm_f64x2_add(sums[0], sums[1]);
    return wasm_f64x2_extract_lane(sum, 0) + wasm_f64x2_extract_lane(sum, 1);
}

static uint32_t lanes_together(v128_t sum)
{
    return (uint32_t)wasm_i32x4_extract_lane(sum, 0) + (uint32_t)wasm_i32x4_extract_lane(sum, 1) +
           (uint32_t)wasm_i32x4_extract_lane(sum, 2) + (uint32_t)wasm_i32x4_extract_lane(sum, 3);
}

static uint32_t dot_words(const int16_t *a, const int16_t *b)
{
    v128_t sum = wasm_u32x4_splat(0);
    for (size_t at = 0; at < LENGTH; at += 8)
        sum = wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(wasm_v128_load(a + at), wasm_v128_load(b + at)));
    return lanes_together(sum);
}

static uint32_t dot_bytes(const int8_t *a, const int8_t *b)
{
    v128_t sum = wasm_u32x4_splat(0);
    for (size_t at = 0; at < LENGTH; at += 16) {
        v128_t x = wasm_v128_load(a + at), y = wasm_v128_load(b + at);
        sum = wasm_i32x4_add(sum, wasm_i32x4_extadd_pairwise_i16x8(wasm_i16x8_extmul_low_i8x16(x, y)));
        sum = wasm_i32x4_add(sum, wasm_i32x4_extadd_pairwise_i16x8(wasm_i16x8_extmul_high_i8x16(x, y)));
    }
    return lanes_together(sum);
}

/* The four sums, one element at a time. */
static int plainly(float f, double d, uint32_t w, uint32_t b)
{
    int64_t sums[4] = {0};
    for (size_t i = 0; i < LENGTH; i++) {
        sums[0] += (int64_t)single[0][i] * (int64_t)single[1][i];
        sums[1] += (int64_t)twofold[0][i] * (int64_t)twofold[1][i];
        sums[2] += words[0][i] * words[1][i];
        sums[3] += bytes[0][i] * bytes[1][i];
    }
    return (int64_t)f == sums[0] && (int64_t)d == sums[1] && w == (uint32_t)sums[2] && b == (uint32_t)sums[3];
}

uint32_t dot(uint32_t rounds)
{
    uint32_t state = 8, hash = DIGEST_START;
    for (size_t i = 0; i < LENGTH; i++) {
        for (int side = 0; side < 2; side++) {
            uint32_t random = next_random(&state);
            /* At most 2048 * 63 * 63, which is below 2^24. */
            single[side][i] = (float)(int32_t)(random & 63);
            twofold[side][i] = (double)(int32_t)(random >> 12) - 500000;
            words[side][i] = (int16_t)(random >> 8);
            bytes[side][i] = (int8_t)(random >> 4);
        }
    }
    for (uint32_t round = 0; round < rounds; round++) {
        float f = dot_single(single[0], single[1]);
        double d = dot_twofold(twofold[0], twofold[1]);
        uint32_t w = dot_words(words[0], words[1]), b = dot_bytes(bytes[0], bytes[1]);
        if (round % 256 == 0 && !plainly(f, d, w, b))
            return 0;
        hash = (hash ^ (uint32_t)f ^ (uint32_t)(int64_t)d ^ w << 8 ^ b) * 16777619u;
        size_t changed = hash % LENGTH;
        single[0][changed] = (float)(int32_t)(hash >> 8 & 63);
        twofold[1][changed] = (double)(int32_t)(hash >> 16);
        words[0][changed] = (int16_t)hash;
        bytes[1][changed] = (int8_t)hash;
    }
    return hash;
}

BENCH(dot, 20000, 0x215db249)
