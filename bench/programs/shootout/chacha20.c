/* 32-bit additions and rotations with sixteen words alive at once: the cipher of RFC 8439 over so many blocks. */

#include "../bench.h"

#include <string.h>

#define ROOM 64

static uint32_t rotate(uint32_t word, unsigned by)
{
    return word << by | word >> (32 - by);
}

static void quarter(uint32_t s[16], int a, int b, int c, int d)
{
    s[a] += s[b], s[d] = rotate(s[d] ^ s[a], 16);
    s[c] += s[d], s[b] = rotate(s[b] ^ s[c], 12);
    s[a] += s[b], s[d] = rotate(s[d] ^ s[a], 8);
    s[c] += s[d], s[b] = rotate(s[b] ^ s[c], 7);
}

/* 64 bytes of key stream; the words of the key, the counter and the nonce are words 4 to 15 of the state. */
static void block(const uint32_t state[16], uint8_t out[64])
{
    uint32_t s[16];
    for (int i = 0; i < 16; i++)
        s[i] = state[i];
    for (int round = 0; round < 10; round++) {
        quarter(s, 0, 4, 8, 12);
        quarter(s, 1, 5, 9, 13);
        quarter(s, 2, 6, 10, 14);
        quarter(s, 3, 7, 11, 15);
        quarter(s, 0, 5, 10, 15);
        quarter(s, 1, 6, 11, 12);
        quarter(s, 2, 7, 8, 13);
        quarter(s, 3, 4, 9, 14);
    }
    for (int i = 0; i < 16; i++) {
        uint32_t word = s[i] + state[i];
        for (int byte = 0; byte < 4; byte++)
            out[4 * i + byte] = (uint8_t)(word >> 8 * byte);
    }
}

static void start(uint32_t state[16], uint32_t counter, const uint32_t nonce[3])
{
    static const uint32_t constants[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    for (uint32_t i = 0; i < 4; i++)
        state[i] = constants[i];
    /* The key of the examples in the RFC: bytes 0 to 31. */
    for (uint32_t i = 0; i < 8; i++)
        state[4 + i] = 0x03020100 + 0x04040404 * i;
    state[12] = counter;
    for (int i = 0; i < 3; i++)
        state[13 + i] = nonce[i];
}

/* Section 2.3.2. */
static int known_answer(void)
{
    static const uint32_t nonce[3] = {0x09000000, 0x4a000000, 0};
    static const uint8_t expected[16] = {
        0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15, 0x50, 0x0f, 0xdd, 0x1f, 0xa3, 0x20, 0x71, 0xc4,
    };
    uint32_t state[16];
    uint8_t stream[64];
    start(state, 1, nonce);
    block(state, stream);
    for (int i = 0; i < 16; i++) {
        if (stream[i] != expected[i])
            return 0;
    }
    return 1;
}

uint32_t chacha20(uint32_t blocks)
{
    if (!known_answer())
        return 0;
    static const uint32_t nonce[3] = {0, 0x4a000000, 0};
    static uint8_t text[ROOM * 64];
    uint32_t state[16];
    memset(text, 0, sizeof text);
    start(state, 0, nonce);
    for (uint32_t i = 0; i < blocks; i++) {
        uint8_t stream[64];
        block(state, stream);
        state[12]++;
        for (uint32_t byte = 0; byte < 64; byte++)
            text[i % ROOM * 64 + byte] ^= stream[byte];
    }
    return digest(DIGEST_START, text, sizeof text);
}

BENCH(chacha20, 250000, 0x86d722a6)
