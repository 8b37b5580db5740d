/* BLAKE2 of RFC 7693 with a row of its matrix in a vector: BLAKE2s in four lanes, BLAKE2b in two times two. */

#include "../bench.h"

#include <string.h>

#include "vectors.h"

static const uint8_t order[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

static const uint32_t short_iv[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};
static const uint64_t long_iv[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

/* Words of four places of the message as one vector. */
static inline v128_t gather(const uint32_t m[16], const uint8_t *at)
{
    return wasm_u32x4_make(m[at[0]], m[at[2]], m[at[4]], m[at[6]]);
}

static inline v128_t turn(v128_t a, uint32_t by)
{
    return wasm_v128_or(wasm_u32x4_shr(a, by), wasm_i32x4_shl(a, 32 - by));
}

#define TURN_16(a) wasm_i8x16_shuffle(a, a, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)
#define TURN_8(a) wasm_i8x16_shuffle(a, a, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12)

static inline void mix(v128_t rows[4], v128_t x, v128_t y)
{
    rows[0] = wasm_i32x4_add(wasm_i32x4_add(rows[0], rows[1]), x);
    rows[3] = TURN_16(wasm_v128_xor(rows[3], rows[0]));
    rows[2] = wasm_i32x4_add(rows[2], rows[3]);
    rows[1] = turn(wasm_v128_xor(rows[1], rows[2]), 12);
    rows[0] = wasm_i32x4_add(wasm_i32x4_add(rows[0], rows[1]), y);
    rows[3] = TURN_8(wasm_v128_xor(rows[3], rows[0]));
    rows[2] = wasm_i32x4_add(rows[2], rows[3]);
    rows[1] = turn(wasm_v128_xor(rows[1], rows[2]), 7);
}

static __attribute__((noinline)) void short_block(uint32_t hash[8], const uint8_t block[64], uint32_t count, int last)
{
    uint32_t m[16], tail[4] = {short_iv[4] ^ count, short_iv[5], last ? ~short_iv[6] : short_iv[6], short_iv[7]};
    memcpy(m, block, sizeof m);
    v128_t low = wasm_v128_load(hash), high = wasm_v128_load(hash + 4);
    v128_t rows[4] = {low, high, wasm_v128_load(short_iv), wasm_v128_load(tail)};
    for (int round = 0; round < 10; round++) {
        const uint8_t *at = order[round];
        mix(rows, gather(m, at), gather(m, at + 1));
        rows[1] = wasm_i32x4_shuffle(rows[1], rows[1], 1, 2, 3, 0);
        rows[2] = wasm_i32x4_shuffle(rows[2], rows[2], 2, 3, 0, 1);
        rows[3] = wasm_i32x4_shuffle(rows[3], rows[3], 3, 0, 1, 2);
        mix(rows, gather(m, at + 8), gather(m, at + 9));
        rows[1] = wasm_i32x4_shuffle(rows[1], rows[1], 3, 0, 1, 2);
        rows[2] = wasm_i32x4_shuffle(rows[2], rows[2], 2, 3, 0, 1);
        rows[3] = wasm_i32x4_shuffle(rows[3], rows[3], 1, 2, 3, 0);
    }
    wasm_v128_store(hash, wasm_v128_xor(low, wasm_v128_xor(rows[0], rows[2])));
    wasm_v128_store(hash + 4, wasm_v128_xor(high, wasm_v128_xor(rows[1], rows[3])));
}

static inline v128_t gather_long(const uint64_t m[16], const uint8_t *at)
{
    return wasm_u64x2_make(m[at[0]], m[at[2]]);
}

static inline v128_t turn_long(v128_t a, uint32_t by)
{
    return wasm_v128_or(wasm_u64x2_shr(a, by), wasm_i64x2_shl(a, 64 - by));
}

/* Half of each row: two of the four columns. */
static inline void mix_long(v128_t rows[4][2], int half, v128_t x, v128_t y)
{
    v128_t a = rows[0][half], b = rows[1][half], c = rows[2][half], d = rows[3][half];
    a = wasm_i64x2_add(wasm_i64x2_add(a, b), x);
    d = wasm_v128_xor(d, a);
    d = wasm_i32x4_shuffle(d, d, 1, 0, 3, 2);
    c = wasm_i64x2_add(c, d);
    b = turn_long(wasm_v128_xor(b, c), 24);
    a = wasm_i64x2_add(wasm_i64x2_add(a, b), y);
    d = turn_long(wasm_v128_xor(d, a), 16);
    c = wasm_i64x2_add(c, d);
    b = turn_long(wasm_v128_xor(b, c), 63);
    rows[0][half] = a, rows[1][half] = b, rows[2][half] = c, rows[3][half] = d;
}

/* A row moved by one place to the left, by two, or by one to the right. */
static inline void move_left(v128_t row[2])
{
    v128_t first = wasm_i64x2_shuffle(row[0], row[1], 1, 2);
    row[1] = wasm_i64x2_shuffle(row[1], row[0], 1, 2);
    row[0] = first;
}

static inline void move_across(v128_t row[2])
{
    v128_t first = row[1];
    row[1] = row[0];
    row[0] = first;
}

static inline void move_right(v128_t row[2])
{
    v128_t first = wasm_i64x2_shuffle(row[1], row[0], 1, 2);
    row[1] = wasm_i64x2_shuffle(row[0], row[1], 1, 2);
    row[0] = first;
}

static __attribute__((noinline)) void long_block(uint64_t hash[8], const uint8_t block[128], uint64_t count, int last)
{
    uint64_t m[16], tail[4] = {long_iv[4] ^ count, long_iv[5], last ? ~long_iv[6] : long_iv[6], long_iv[7]};
    memcpy(m, block, sizeof m);
    v128_t rows[4][2];
    for (int half = 0; half < 2; half++) {
        rows[0][half] = wasm_v128_load(hash + 2 * half);
        rows[1][half] = wasm_v128_load(hash + 4 + 2 * half);
        rows[2][half] = wasm_v128_load(long_iv + 2 * half);
        rows[3][half] = wasm_v128_load(tail + 2 * half);
    }
    for (int round = 0; round < 12; round++) {
        const uint8_t *at = order[round % 10];
        mix_long(rows, 0, gather_long(m, at), gather_long(m, at + 1));
        mix_long(rows, 1, gather_long(m, at + 4), gather_long(m, at + 5));
        move_left(rows[1]);
        move_across(rows[2]);
        move_right(rows[3]);
        mix_long(rows, 0, gather_long(m, at + 8), gather_long(m, at + 9));
        mix_long(rows, 1, gather_long(m, at + 12), gather_long(m, at + 13));
        move_right(rows[1]);
        move_across(rows[2]);
        move_left(rows[3]);
    }
    for (int half = 0; half < 4; half++) {
        v128_t both = wasm_v128_xor(rows[half / 2][half % 2], rows[2 + half / 2][half % 2]);
        wasm_v128_store(hash + 2 * half, wasm_v128_xor(wasm_v128_load(hash + 2 * half), both));
    }
}

/* The hash with 32 bytes of at most a few gigabytes, without a key. */
static void blake2s(const uint8_t *bytes, size_t length, uint32_t hash[8])
{
    memcpy(hash, short_iv, sizeof short_iv);
    hash[0] ^= 0x01010020;
    size_t at = 0;
    for (; length - at > 64; at += 64)
        short_block(hash, bytes + at, (uint32_t)at + 64, 0);
    uint8_t block[64] = {0};
    memcpy(block, bytes + at, length - at);
    short_block(hash, block, (uint32_t)length, 1);
}

/* The hash with 64 bytes. */
static void blake2b(const uint8_t *bytes, size_t length, uint64_t hash[8])
{
    memcpy(hash, long_iv, sizeof long_iv);
    hash[0] ^= 0x01010040;
    size_t at = 0;
    for (; length - at > 128; at += 128)
        long_block(hash, bytes + at, at + 128, 0);
    uint8_t block[128] = {0};
    memcpy(block, bytes + at, length - at);
    long_block(hash, block, length, 1);
}

/* The hashes of "abc", as in the appendices A and B of the RFC. */
static int known_answers(void)
{
    static const uint8_t short_expected[32] = {
        0x50, 0x8c, 0x5e, 0x8c, 0x32, 0x7c, 0x14, 0xe2, 0xe1, 0xa7, 0x2b, 0xa3, 0x4e, 0xeb, 0x45, 0x2f,
        0x37, 0x45, 0x8b, 0x20, 0x9e, 0xd6, 0x3a, 0x29, 0x4d, 0x99, 0x9b, 0x4c, 0x86, 0x67, 0x59, 0x82,
    };
    static const uint8_t long_expected[64] = {
        0xba, 0x80, 0xa5, 0x3f, 0x98, 0x1c, 0x4d, 0x0d, 0x6a, 0x27, 0x97, 0xb6, 0x9f, 0x12, 0xf6, 0xe9,
        0x4c, 0x21, 0x2f, 0x14, 0x68, 0x5a, 0xc4, 0xb7, 0x4b, 0x12, 0xbb, 0x6f, 0xdb, 0xff, 0xa2, 0xd1,
        0x7d, 0x87, 0xc5, 0x39, 0x2a, 0xab, 0x79, 0x2d, 0xc2, 0x52, 0xd5, 0xde, 0x45, 0x33, 0xcc, 0x95,
        0x18, 0xd3, 0x8a, 0xa8, 0xdb, 0xf1, 0x92, 0x5a, 0xb9, 0x23, 0x86, 0xed, 0xd4, 0x00, 0x99, 0x23,
    };
    uint32_t short_hash[8];
    uint64_t long_hash[8];
    blake2s((const uint8_t *)"abc", 3, short_hash);
    blake2b((const uint8_t *)"abc", 3, long_hash);
    return memcmp(short_hash, short_expected, 32) == 0 && memcmp(long_hash, long_expected, 64) == 0;
}

uint32_t blake2(uint32_t rounds)
{
    if (!known_answers())
        return 0;
    static uint8_t message[4096];
    memset(message, 0, sizeof message);
    uint32_t short_hash[8] = {0};
    uint64_t long_hash[8] = {0};
    for (uint32_t round = 0; round < rounds; round++) {
        memcpy(message + round * 64 % 4096, long_hash, 64);
        memcpy(message + round * 160 % 4096, short_hash, 32);
        /* Lengths around those of whole blocks too. */
        size_t length = sizeof message - round % 130;
        blake2s(message, length, short_hash);
        blake2b(message, length, long_hash);
    }
    return short_hash[0] ^ (uint32_t)long_hash[7];
}

BENCH(blake2, 1300, 0xafbccb2a)
