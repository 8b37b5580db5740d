/* 64-bit logic and rotations, with 25 lanes alive at once: SHA3-256 over so many bytes. */

#include "../bench.h"

#define RATE 136

static const uint64_t round_constants[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000, 0x000000000000808b,
    0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008a, 0x0000000000000088,
    0x0000000080008009, 0x000000008000000a, 0x000000008000808b, 0x800000000000008b, 0x8000000000008089,
    0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

/* How far lane [x + 5 * y] is rotated in the step rho. */
static const uint8_t rotations[25] = {
    0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14,
};

static uint64_t rotate(uint64_t lane, unsigned by)
{
    return by == 0 ? lane : lane << by | lane >> (64 - by);
}

static void permute(uint64_t lanes[25])
{
    for (int round = 0; round < 24; round++) {
        uint64_t column[5], moved[25];
        for (int x = 0; x < 5; x++)
            column[x] = lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20];
        for (int x = 0; x < 5; x++) {
            uint64_t parity = column[(x + 4) % 5] ^ rotate(column[(x + 1) % 5], 1);
            for (int y = 0; y < 5; y++)
                moved[y + 5 * ((2 * x + 3 * y) % 5)] = rotate(lanes[x + 5 * y] ^ parity, rotations[x + 5 * y]);
        }
        for (int y = 0; y < 25; y += 5) {
            for (int x = 0; x < 5; x++)
                lanes[y + x] = moved[y + x] ^ (~moved[y + (x + 1) % 5] & moved[y + (x + 2) % 5]);
        }
        lanes[0] ^= round_constants[round];
    }
}

static void absorb_byte(uint64_t lanes[25], unsigned at, uint8_t byte)
{
    lanes[at / 8] ^= (uint64_t)byte << (at % 8 * 8);
}

uint32_t keccak(uint32_t length)
{
    uint64_t lanes[25] = {0};
    unsigned at = 0;
    for (uint32_t i = 0; i < length; i++) {
        absorb_byte(lanes, at, (uint8_t)(i * 31 + (i >> 8)));
        if (++at == RATE) {
            permute(lanes);
            at = 0;
        }
    }
    absorb_byte(lanes, at, 0x06);
    absorb_byte(lanes, RATE - 1, 0x80);
    permute(lanes);
    /* The first four bytes of the hash. */
    return (uint32_t)lanes[0];
}

BENCH(keccak, 3000000, 0x8584042e)
