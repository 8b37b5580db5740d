/* BLAKE3: chunks of a kilobyte as the leaves of a binary tree, and 32-bit rotations in all of its nodes. */

#include "../bench.h"

#include <string.h>

#define CHUNK 1024
#define MOST (256 * CHUNK)

enum { CHUNK_START = 1, CHUNK_END = 2, PARENT = 4, ROOT = 8 };

static const uint32_t iv[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

/* Where each word of the message is in the next round. */
static const uint8_t permutation[16] = {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8};

static uint8_t input[MOST];

static uint32_t rotate(uint32_t word, unsigned by)
{
    return word >> by | word << (32 - by);
}

static inline void mix(uint32_t v[16], int a, int b, int c, int d, uint32_t x, uint32_t y)
{
    v[a] += v[b] + x, v[d] = rotate(v[d] ^ v[a], 16);
    v[c] += v[d], v[b] = rotate(v[b] ^ v[c], 12);
    v[a] += v[b] + y, v[d] = rotate(v[d] ^ v[a], 8);
    v[c] += v[d], v[b] = rotate(v[b] ^ v[c], 7);
}

/* A node or a block of a chunk: the chaining value that comes in is replaced by the one that goes out. */
static __attribute__((noinline)) void compress(uint32_t value[8], const uint32_t block[16], uint64_t counter,
                                               uint32_t length, uint32_t flags)
{
    uint32_t v[16], m[16], moved[16];
    for (int i = 0; i < 8; i++)
        v[i] = value[i];
    for (int i = 0; i < 4; i++)
        v[8 + i] = iv[i];
    v[12] = (uint32_t)counter, v[13] = (uint32_t)(counter >> 32), v[14] = length, v[15] = flags;
    memcpy(m, block, sizeof m);
    for (int round = 0; round < 7; round++) {
        mix(v, 0, 4, 8, 12, m[0], m[1]);
        mix(v, 1, 5, 9, 13, m[2], m[3]);
        mix(v, 2, 6, 10, 14, m[4], m[5]);
        mix(v, 3, 7, 11, 15, m[6], m[7]);
        mix(v, 0, 5, 10, 15, m[8], m[9]);
        mix(v, 1, 6, 11, 12, m[10], m[11]);
        mix(v, 2, 7, 8, 13, m[12], m[13]);
        mix(v, 3, 4, 9, 14, m[14], m[15]);
        for (int i = 0; i < 16; i++)
            moved[i] = m[permutation[i]];
        memcpy(m, moved, sizeof m);
    }
    for (int i = 0; i < 8; i++)
        value[i] = v[i] ^ v[i + 8];
}

/* A chunk of at most 1024 bytes; the root flag is for the one that is all there is. */
static void chunk(uint32_t value[8], const uint8_t *bytes, size_t length, uint64_t number, uint32_t root)
{
    memcpy(value, iv, sizeof iv);
    uint32_t flags = CHUNK_START;
    do {
        size_t part = length < 64 ? length : 64;
        uint32_t block[16] = {0};
        for (size_t i = 0; i < part; i++)
            block[i / 4] |= (uint32_t)bytes[i] << i % 4 * 8;
        bytes += part;
        length -= part;
        compress(value, block, number, (uint32_t)part, flags | (length == 0 ? CHUNK_END | root : 0));
        flags = 0;
    } while (length > 0);
}

/* The left part of a tree is the largest power of two of chunks that leaves at least a byte for the right one. */
static void tree(uint32_t value[8], const uint8_t *bytes, size_t length, uint64_t number, uint32_t root)
{
    if (length <= CHUNK) {
        chunk(value, bytes, length, number, root);
        return;
    }
    size_t left = CHUNK;
    while (2 * left < length)
        left *= 2;
    uint32_t block[16];
    tree(block, bytes, left, number, 0);
    tree(block + 8, bytes + left, length - left, number + left / CHUNK, 0);
    memcpy(value, iv, sizeof iv);
    compress(value, block, 0, 64, PARENT | root);
}

/* From the test vectors of the reference: the bytes 0, 1, … 250, 0, 1, … in these lengths. */
static int known_answers(void)
{
    static const struct {
        size_t length;
        uint8_t hash[32];
    } cases[4] = {
        {0, {
            0xaf, 0x13, 0x49, 0xb9, 0xf5, 0xf9, 0xa1, 0xa6, 0xa0, 0x40, 0x4d, 0xea, 0x36, 0xdc, 0xc9, 0x49,
            0x9b, 0xcb, 0x25, 0xc9, 0xad, 0xc1, 0x12, 0xb7, 0xcc, 0x9a, 0x93, 0xca, 0xe4, 0x1f, 0x32, 0x62,
        }},
        {1024, {
            0x42, 0x21, 0x47, 0x39, 0xf0, 0x95, 0xa4, 0x06, 0xf3, 0xfc, 0x83, 0xde, 0xb8, 0x89, 0x74, 0x4a,
            0xc0, 0x0d, 0xf8, 0x31, 0xc1, 0x0d, 0xaa, 0x55, 0x18, 0x9b, 0x5d, 0x12, 0x1c, 0x85, 0x5a, 0xf7,
        }},
        {1025, {
            0xd0, 0x02, 0x78, 0xae, 0x47, 0xeb, 0x27, 0xb3, 0x4f, 0xae, 0xcf, 0x67, 0xb4, 0xfe, 0x26, 0x3f,
            0x82, 0xd5, 0x41, 0x29, 0x16, 0xc1, 0xff, 0xd9, 0x7c, 0x8c, 0xb7, 0xfb, 0x81, 0x4b, 0x84, 0x44,
        }},
        {2048, {
            0xe7, 0x76, 0xb6, 0x02, 0x8c, 0x7c, 0xd2, 0x2a, 0x4d, 0x0b, 0xa1, 0x82, 0xa8, 0xbf, 0x62, 0x20,
            0x5d, 0x2e, 0xf5, 0x76, 0x46, 0x7e, 0x83, 0x8e, 0xd6, 0xf2, 0x52, 0x9b, 0x85, 0xfb, 0xa2, 0x4a,
        }},
    };
    for (size_t i = 0; i < MOST; i++)
        input[i] = (uint8_t)(i % 251);
    for (int i = 0; i < 4; i++) {
        uint32_t value[8];
        tree(value, input, cases[i].length, 0, ROOT);
        for (int k = 0; k < 32; k++) {
            if ((uint8_t)(value[k / 4] >> k % 4 * 8) != cases[i].hash[k])
                return 0;
        }
    }
    return 1;
}

uint32_t blake3(uint32_t rounds)
{
    if (!known_answers())
        return 0;
    uint32_t value[8] = {0};
    for (uint32_t round = 0; round < rounds; round++) {
        /* Another shape of the tree each time, and another hash in it. */
        size_t length = MOST - round * 12345 % (MOST / 2);
        for (int i = 0; i < 32; i++)
            input[(round * 4099 + (size_t)i) % MOST] ^= (uint8_t)(value[i / 4] >> i % 4 * 8);
        tree(value, input, length, 0, ROOT);
    }
    return value[0] ^ value[7];
}

BENCH(blake3, 80, 0xf1b6928c)
