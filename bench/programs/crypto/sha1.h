/* SHA-1 of FIPS 180-4: one block, with the 80 rounds written out and the schedule in 16 words. */

#ifndef SHA1_H
#define SHA1_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct sha1 {
    uint32_t word[5];
};

static const struct sha1 sha1_start = {{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}};

#define SHA1_ROTATE(x, by) ((x) << (by) | (x) >> (32 - (by)))
#define SHA1_CHOOSE(x, y, z) (((x) & (y)) ^ (~(x) & (z)))
#define SHA1_PARITY(x, y, z) ((x) ^ (y) ^ (z))
#define SHA1_MAJORITY(x, y, z) (((x) & (y)) ^ ((x) & (z)) ^ ((y) & (z)))

/* The word of round t; from round 16 on it takes the place of the one of 16 rounds before. */
#define SHA1_WORD(t)                                                                                        \
    ((t) < 16 ? w[(t) & 15]                                                                                 \
              : (w[(t) & 15] = SHA1_ROTATE(w[((t) + 13) & 15] ^ w[((t) + 8) & 15] ^ w[((t) + 2) & 15] ^     \
                                               w[(t) & 15],                                                 \
                                           1)))
#define SHA1_ROUND(f, k, a, b, c, d, e, t)                          \
    e += SHA1_ROTATE(a, 5) + f(b, c, d) + (k) + SHA1_WORD(t);       \
    b = SHA1_ROTATE(b, 30);
#define SHA1_5_ROUNDS(f, k, t)                    \
    SHA1_ROUND(f, k, a, b, c, d, e, (t))          \
    SHA1_ROUND(f, k, e, a, b, c, d, (t) + 1)      \
    SHA1_ROUND(f, k, d, e, a, b, c, (t) + 2)      \
    SHA1_ROUND(f, k, c, d, e, a, b, (t) + 3)      \
    SHA1_ROUND(f, k, b, c, d, e, a, (t) + 4)
#define SHA1_20_ROUNDS(f, k, t) \
    SHA1_5_ROUNDS(f, k, (t))    \
    SHA1_5_ROUNDS(f, k, (t) + 5) SHA1_5_ROUNDS(f, k, (t) + 10) SHA1_5_ROUNDS(f, k, (t) + 15)

/* The words of the block are used up. */
static inline void sha1_words(struct sha1 *hash, uint32_t w[16])
{
    uint32_t a = hash->word[0], b = hash->word[1], c = hash->word[2], d = hash->word[3], e = hash->word[4];
    SHA1_20_ROUNDS(SHA1_CHOOSE, 0x5a827999, 0)
    SHA1_20_ROUNDS(SHA1_PARITY, 0x6ed9eba1, 20)
    SHA1_20_ROUNDS(SHA1_MAJORITY, 0x8f1bbcdc, 40)
    SHA1_20_ROUNDS(SHA1_PARITY, 0xca62c1d6, 60)
    hash->word[0] += a, hash->word[1] += b, hash->word[2] += c, hash->word[3] += d, hash->word[4] += e;
}

static __attribute__((noinline)) void sha1_block(struct sha1 *hash, const uint8_t block[64])
{
    uint32_t w[16];
    for (int i = 0; i < 16; i++) {
        const uint8_t *at = block + 4 * i;
        w[i] = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    }
    sha1_words(hash, w);
}

/* The hash of two pieces, one after the other. */
static inline void sha1_of(const void *head, size_t head_length, const void *body, size_t body_length, uint8_t out[20])
{
    struct sha1 hash = sha1_start;
    uint8_t block[64];
    size_t filled = 0;
    for (int piece = 0; piece < 2; piece++) {
        const uint8_t *from = piece == 0 ? head : body;
        size_t left = piece == 0 ? head_length : body_length;
        while (left > 0) {
            if (filled == 0 && left >= 64) {
                sha1_block(&hash, from);
                from += 64, left -= 64;
                continue;
            }
            size_t part = left < 64 - filled ? left : 64 - filled;
            memcpy(block + filled, from, part);
            filled += part, from += part, left -= part;
            if (filled == 64) {
                sha1_block(&hash, block);
                filled = 0;
            }
        }
    }
    block[filled++] = 0x80;
    if (filled > 56) {
        memset(block + filled, 0, 64 - filled);
        sha1_block(&hash, block);
        filled = 0;
    }
    memset(block + filled, 0, 64 - filled);
    uint64_t bits = (uint64_t)(head_length + body_length) * 8;
    for (int i = 0; i < 8; i++)
        block[63 - i] = (uint8_t)(bits >> 8 * i);
    sha1_block(&hash, block);
    for (int i = 0; i < 20; i++)
        out[i] = (uint8_t)(hash.word[i / 4] >> (24 - i % 4 * 8));
}

/* The first example of FIPS 180, and the hash of nothing. */
static inline int sha1_known_answers(void)
{
    static const uint8_t abc[20] = {
        0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e,
        0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d,
    };
    static const uint8_t nothing[20] = {
        0xda, 0x39, 0xa3, 0xee, 0x5e, 0x6b, 0x4b, 0x0d, 0x32, 0x55,
        0xbf, 0xef, 0x95, 0x60, 0x18, 0x90, 0xaf, 0xd8, 0x07, 0x09,
    };
    uint8_t out[20];
    sha1_of("abc", 3, "", 0, out);
    if (memcmp(out, abc, 20) != 0)
        return 0;
    sha1_of("", 0, "", 0, out);
    return memcmp(out, nothing, 20) == 0;
}

#endif
