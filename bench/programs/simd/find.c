/* Bytes searched sixteen at a time: a byte, a word by its first and its last letter, and bytes of a class by two tables
 * of sixteen entries. */

#include "../bench.h"

#include <string.h>

#include "vectors.h"

#define LENGTH 65536

/* Sixteen more, as the last vector may begin at any byte. */
static uint8_t text[LENGTH + 16];

static size_t find_byte(size_t from, uint8_t byte)
{
    v128_t wanted = wasm_i8x16_splat((int8_t)byte);
    for (size_t at = from; at < LENGTH; at += 16) {
        uint32_t bits = (uint32_t)wasm_i8x16_bitmask(wasm_i8x16_eq(wasm_v128_load(text + at), wanted));
        if (bits != 0) {
            size_t found = at + (size_t)__builtin_ctz(bits);
            return found < LENGTH ? found : LENGTH;
        }
    }
    return LENGTH;
}

static uint32_t count_byte(uint8_t byte)
{
    v128_t wanted = wasm_i8x16_splat((int8_t)byte);
    uint32_t count = 0;
    for (size_t at = 0; at < LENGTH;) {
        /* A lane that is equal is -1; no lane can count more than 255. */
        v128_t counts = wasm_i8x16_splat(0);
        for (int i = 0; i < 255 && at < LENGTH; i++, at += 16)
            counts = wasm_i8x16_sub(counts, wasm_i8x16_eq(wasm_v128_load(text + at), wanted));
        v128_t sums = wasm_i16x8_add(wasm_u16x8_extend_low_u8x16(counts), wasm_u16x8_extend_high_u8x16(counts));
        sums = wasm_i32x4_extadd_pairwise_i16x8(sums);
        count += (uint32_t)(wasm_i32x4_extract_lane(sums, 0) + wasm_i32x4_extract_lane(sums, 1) +
                            wasm_i32x4_extract_lane(sums, 2) + wasm_i32x4_extract_lane(sums, 3));
    }
    return count;
}

static uint32_t count_word(const char *word, size_t length)
{
    v128_t first = wasm_i8x16_splat((int8_t)word[0]), last = wasm_i8x16_splat((int8_t)word[length - 1]);
    uint32_t count = 0;
    for (size_t at = 0; at + length <= LENGTH; at += 16) {
        v128_t begins = wasm_i8x16_eq(wasm_v128_load(text + at), first);
        v128_t ends = wasm_i8x16_eq(wasm_v128_load(text + at + length - 1), last);
        uint32_t bits = (uint32_t)wasm_i8x16_bitmask(wasm_v128_and(begins, ends));
        for (; bits != 0; bits &= bits - 1) {
            size_t candidate = at + (size_t)__builtin_ctz(bits);
            count += candidate + length <= LENGTH && memcmp(text + candidate, word, length) == 0;
        }
    }
    return count;
}

/* Of '"', '\\', '\n', ',', ':': a byte is one of these when the entries of its two halves have a bit in common. */
static uint32_t count_special(void)
{
    static const uint8_t low_table[16] = {[2] = 1, [12] = 2 | 1, [10] = 4 | 8};
    static const uint8_t high_table[16] = {[2] = 1, [5] = 2, [0] = 4, [3] = 8};
    v128_t low = wasm_v128_load(low_table), high = wasm_v128_load(high_table), low_half = wasm_i8x16_splat(15);
    uint32_t count = 0;
    for (size_t at = 0; at < LENGTH; at += 16) {
        v128_t bytes = wasm_v128_load(text + at);
        v128_t left = wasm_i8x16_swizzle(low, wasm_v128_and(bytes, low_half));
        v128_t right = wasm_i8x16_swizzle(high, wasm_u8x16_shr(bytes, 4));
        v128_t none = wasm_i8x16_eq(wasm_v128_and(left, right), wasm_i8x16_splat(0));
        count += 16 - (uint32_t)__builtin_popcount((uint32_t)wasm_i8x16_bitmask(none));
    }
    return count;
}

static int plainly(uint32_t newlines, uint32_t words, uint32_t special, const char *word, size_t length)
{
    for (size_t at = 0; at < LENGTH; at++) {
        uint8_t byte = text[at];
        newlines -= byte == '\n';
        special -= byte == '"' || byte == '\\' || byte == '\n' || byte == ',' || byte == ':';
        words -= at + length <= LENGTH && memcmp(text + at, word, length) == 0;
    }
    return newlines == 0 && words == 0 && special == 0;
}

uint32_t find(uint32_t rounds)
{
    static const char *const words[4] = {"and", "vector", "and then", "lane"};
    static const char *const others[4] = {" ", "ado", ", ", "\n"};
    uint32_t state = 14, hash = DIGEST_START;
    for (size_t at = 0; at < LENGTH;) {
        uint32_t random = next_random(&state);
        const char *word = random & 8 ? words[random >> 4 & 3] : others[random >> 4 & 3];
        for (; *word != '\0' && at < LENGTH; word++)
            text[at++] = (uint8_t)*word;
        if (random & 4096 && at < LENGTH)
            text[at++] = (uint8_t)(' ' + (random >> 14) % 95);
    }
    for (uint32_t round = 0; round < rounds; round++) {
        const char *word = words[round % 4];
        size_t length = strlen(word);
        uint32_t newlines = count_byte('\n'), found = count_word(word, length), special = count_special();
        if (round % 64 == 0 && !plainly(newlines, found, special, word, length))
            return 0;
        uint32_t lines = 0;
        for (size_t at = 0; (at = find_byte(at, '\n')) < LENGTH; at++)
            lines++;
        if (lines != newlines)
            return 0;
        hash = (hash ^ newlines ^ found << 8 ^ special << 16) * 16777619u;
        text[hash % LENGTH] = (uint8_t)(hash & 1 ? '\n' : '"');
    }
    return hash;
}

BENCH(find, 500, 0xb627d868)
