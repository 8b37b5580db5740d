/* 32-bit logic with twelve words alive at once: the Gimli permutation, as a sponge over so many blocks. */

#include "../bench.h"

#define RATE 16

static uint32_t rotate(uint32_t word, unsigned by)
{
    return word << by | word >> (32 - by);
}

static void swap(uint32_t *one, uint32_t *other)
{
    uint32_t word = *one;
    *one = *other;
    *other = word;
}

static void permute(uint32_t state[12])
{
    for (uint32_t round = 24; round > 0; round--) {
        for (int column = 0; column < 4; column++) {
            uint32_t x = rotate(state[column], 24);
            uint32_t y = rotate(state[4 + column], 9);
            uint32_t z = state[8 + column];
            state[8 + column] = x ^ z << 1 ^ (y & z) << 2;
            state[4 + column] = y ^ x ^ (x | z) << 1;
            state[column] = z ^ y ^ (x & y) << 3;
        }
        if (round % 4 == 0) {
            swap(&state[0], &state[1]);
            swap(&state[2], &state[3]);
            state[0] ^= 0x9e377900 ^ round;
        } else if (round % 4 == 2) {
            swap(&state[0], &state[2]);
            swap(&state[1], &state[3]);
        }
    }
}

/* The test vector of the specification. */
static int known_answer(void)
{
    static const uint32_t after[12] = {
        0xba11c85a, 0x91bad119, 0x380ce880, 0xd24c2c68, 0x3eceffea, 0x277a921c,
        0x4f73a0bd, 0xda5a9cd8, 0x84b673f0, 0x34e52ff7, 0x9e2bef49, 0xf41bb8d6,
    };
    uint32_t state[12];
    for (uint32_t i = 0; i < 12; i++)
        state[i] = i * i * i + i * 0x9e3779b9;
    permute(state);
    for (int i = 0; i < 12; i++) {
        if (state[i] != after[i])
            return 0;
    }
    return 1;
}

uint32_t gimli(uint32_t blocks)
{
    if (!known_answer())
        return 0;
    uint32_t state[12] = {0};
    uint32_t random = 9;
    for (uint32_t block = 0; block < blocks; block++) {
        for (int i = 0; i < RATE / 4; i++)
            state[i] ^= next_random(&random);
        permute(state);
    }
    return state[0] ^ state[5] ^ state[11];
}

BENCH(gimli, 150000, 0x2c063371)
