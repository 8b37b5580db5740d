/* SHA-256 of FIPS 180-4 in its two uses: a chain where each hash is hashed again, and the search for a hash that begins
 * with zeroes, which tries four numbers in step. */

#include "../bench.h"

#include <string.h>

#define LANES 4

/* The fractions of the cube roots of the first 64 primes, and of the square roots of the first 8. */
static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};
static const uint32_t first_hash[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

#define ROTATE(x, by) ((x) >> (by) | (x) << (32 - (by)))
/* The sigmas of section 4.1.2. */
#define LARGE_0(x) (ROTATE(x, 2) ^ ROTATE(x, 13) ^ ROTATE(x, 22))
#define LARGE_1(x) (ROTATE(x, 6) ^ ROTATE(x, 11) ^ ROTATE(x, 25))
#define SMALL_0(x) (ROTATE(x, 7) ^ ROTATE(x, 18) ^ (x) >> 3)
#define SMALL_1(x) (ROTATE(x, 17) ^ ROTATE(x, 19) ^ (x) >> 10)

static __attribute__((noinline)) void compress(uint32_t hash[8], const uint32_t block[16])
{
    uint32_t w[64];
    for (int i = 0; i < 16; i++)
        w[i] = block[i];
    for (int i = 16; i < 64; i++) {
        uint32_t x = w[i - 15], y = w[i - 2];
        w[i] = w[i - 16] + SMALL_0(x) + w[i - 7] + SMALL_1(y);
    }
    uint32_t a = hash[0], b = hash[1], c = hash[2], d = hash[3], e = hash[4], f = hash[5], g = hash[6], h = hash[7];
    for (int i = 0; i < 64; i++) {
        uint32_t one = h + LARGE_1(e) + ((e & f) ^ (~e & g)) + round_constants[i] + w[i];
        uint32_t two = LARGE_0(a) + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + one, d = c, c = b, b = a, a = one + two;
    }
    hash[0] += a, hash[1] += b, hash[2] += c, hash[3] += d, hash[4] += e, hash[5] += f, hash[6] += g, hash[7] += h;
}

/* The same for four blocks; lane i of every word belongs to block i. */
static __attribute__((noinline)) void compress_four(uint32_t hash[8][LANES], const uint32_t block[16][LANES])
{
    uint32_t w[16][LANES], s[8][LANES];
    memcpy(w, block, sizeof w);
    memcpy(s, hash, sizeof s);
    for (int t = 0; t < 64; t++) {
        for (int i = 0; i < LANES; i++) {
            uint32_t word = w[t & 15][i];
            if (t >= 16) {
                uint32_t x = w[(t + 1) & 15][i], y = w[(t + 14) & 15][i];
                word += SMALL_0(x) + w[(t + 9) & 15][i] + SMALL_1(y);
                w[t & 15][i] = word;
            }
            uint32_t a = s[0][i], b = s[1][i], c = s[2][i], e = s[4][i], f = s[5][i], g = s[6][i];
            uint32_t one = s[7][i] + LARGE_1(e) + ((e & f) ^ (~e & g)) + round_constants[t] + word;
            uint32_t two = LARGE_0(a) + ((a & b) ^ (a & c) ^ (b & c));
            s[7][i] = g, s[6][i] = f, s[5][i] = e, s[4][i] = s[3][i] + one;
            s[3][i] = c, s[2][i] = b, s[1][i] = a, s[0][i] = one + two;
        }
    }
    for (int k = 0; k < 8; k++) {
        for (int i = 0; i < LANES; i++)
            hash[k][i] += s[k][i];
    }
}

/* FIPS 180: "abc". */
static int known_answer(void)
{
    static const uint32_t expected[8] = {
        0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223, 0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad,
    };
    const uint32_t block[16] = {[0] = 0x61626380, [15] = 24};
    uint32_t hash[8];
    memcpy(hash, first_hash, sizeof hash);
    compress(hash, block);
    return memcmp(hash, expected, sizeof hash) == 0;
}

/* The smallest number whose hash, together with a seed's, begins with so many zero bits. */
static uint32_t search(const uint32_t seed[8], unsigned zeroes)
{
    for (uint32_t number = 0;; number += LANES) {
        uint32_t block[16][LANES] = {{0}}, hash[8][LANES];
        for (uint32_t i = 0; i < LANES; i++) {
            for (int k = 0; k < 8; k++) {
                block[k][i] = seed[k];
                hash[k][i] = first_hash[k];
            }
            block[8][i] = number + i;
            block[9][i] = 0x80000000;
            block[15][i] = 288;
        }
        compress_four(hash, block);
        for (uint32_t i = 0; i < LANES; i++) {
            if (hash[0][i] >> (32 - zeroes) == 0)
                return number + i;
        }
    }
}

uint32_t sha256(uint32_t rounds)
{
    if (!known_answer())
        return 0;
    uint32_t block[16] = {[8] = 0x80000000, [15] = 256};
    memcpy(block, first_hash, sizeof first_hash);
    uint32_t result = DIGEST_START;
    for (uint32_t round = 0; round < rounds; round++) {
        for (int link = 0; link < 1000; link++) {
            uint32_t hash[8];
            memcpy(hash, first_hash, sizeof hash);
            compress(hash, block);
            memcpy(block, hash, sizeof hash);
        }
        uint32_t found = search(block, 9);
        /* The slow way to the same hash. */
        uint32_t claim[16] = {[8] = found, [9] = 0x80000000, [15] = 288}, hash[8];
        memcpy(claim, block, sizeof hash);
        memcpy(hash, first_hash, sizeof hash);
        compress(hash, claim);
        if (hash[0] >> 23 != 0)
            return 0;
        memcpy(block, hash, sizeof hash);
        result = (result ^ found ^ hash[7]) * 16777619u;
    }
    return result;
}

BENCH(sha256, 40, 0x1472cec5)
