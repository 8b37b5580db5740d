/* Pixels of four bytes: a picture is laid over another one by its alpha, made brighter and darker, and blurred. */

#include "../bench.h"
#include "vectors.h"

#define PIXELS (256 * 64)
#define LENGTH (PIXELS * 4)

static uint8_t below[LENGTH], above[LENGTH], mixed[LENGTH];

/* Sixteen-bit lanes from 0 to 255 * 255, divided by 255 and rounded. */
static v128_t by_255(v128_t product)
{
    v128_t sum = wasm_i16x8_add(product, wasm_i16x8_splat(128));
    return wasm_u16x8_shr(wasm_i16x8_add(sum, wasm_u16x8_shr(sum, 8)), 8);
}

static v128_t lay_over(v128_t top, v128_t bottom, v128_t alpha)
{
    v128_t rest = wasm_i16x8_sub(wasm_i16x8_splat(255), alpha);
    return by_255(wasm_i16x8_add(wasm_i16x8_mul(top, alpha), wasm_i16x8_mul(bottom, rest)));
}

static __attribute__((noinline)) void blend_pictures(uint8_t brighter, uint8_t darker)
{
    v128_t more = wasm_u8x16_splat(brighter), less = wasm_u8x16_splat(darker);
    for (size_t at = 0; at < LENGTH; at += 16) {
        v128_t top = wasm_v128_load(above + at), bottom = wasm_v128_load(below + at);
        v128_t alpha = wasm_i8x16_shuffle(top, top, 3, 3, 3, 3, 7, 7, 7, 7, 11, 11, 11, 11, 15, 15, 15, 15);
        v128_t low = lay_over(wasm_u16x8_extend_low_u8x16(top), wasm_u16x8_extend_low_u8x16(bottom),
                              wasm_u16x8_extend_low_u8x16(alpha));
        v128_t high = lay_over(wasm_u16x8_extend_high_u8x16(top), wasm_u16x8_extend_high_u8x16(bottom),
                               wasm_u16x8_extend_high_u8x16(alpha));
        v128_t both = wasm_u8x16_narrow_i16x8(low, high);
        wasm_v128_store(mixed + at, wasm_u8x16_sub_sat(wasm_u8x16_add_sat(both, more), less));
    }
}

/* Each pixel and the one after it, and the brighter of that and of what is below. */
static __attribute__((noinline)) void blur(void)
{
    for (size_t at = 0; at + 16 < LENGTH; at += 16) {
        v128_t pair = wasm_u8x16_avgr(wasm_v128_load(mixed + at), wasm_v128_load(mixed + at + 4));
        wasm_v128_store(below + at, wasm_u8x16_max(pair, wasm_u8x16_avgr(pair, wasm_v128_load(below + at))));
    }
}

static uint8_t one_byte(size_t at, int brighter, int darker)
{
    int alpha = above[at | 3];
    int value = (above[at] * alpha + below[at] * (255 - alpha)) * 2 + 255;
    value = value / 510 + brighter;
    value = (value > 255 ? 255 : value) - darker;
    return (uint8_t)(value < 0 ? 0 : value);
}

uint32_t blend(uint32_t rounds)
{
    uint32_t state = 12, hash = DIGEST_START;
    for (size_t i = 0; i < LENGTH; i++) {
        below[i] = (uint8_t)(next_random(&state) >> 8);
        above[i] = (uint8_t)(next_random(&state) >> 8);
    }
    for (uint32_t round = 0; round < rounds; round++) {
        uint8_t brighter = (uint8_t)(round * 7 & 63), darker = (uint8_t)(round * 5 & 63);
        blend_pictures(brighter, darker);
        for (size_t at = round % 61; at < LENGTH; at += 1021) {
            if (mixed[at] != one_byte(at, brighter, darker))
                return 0;
        }
        blur();
        hash = digest(hash, below + round * 64 % LENGTH, 64);
        above[round * 4093 % LENGTH] ^= (uint8_t)hash;
    }
    return digest(hash, below, LENGTH);
}

BENCH(blend, 700, 0x0bbffdce)
