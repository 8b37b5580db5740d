/* Chains of SHA-1, where each hash is what the next one hashes: one at a time, and four in step. */

#include "../bench.h"
#include "sha1.h"

#define CHAINS 4

/* A hash and its padding as a block; words 0 to 4 are the hash. */
static void block_of(uint32_t w[16], const struct sha1 *hash)
{
    for (int i = 0; i < 16; i++)
        w[i] = i < 5 ? hash->word[i] : 0;
    w[5] = 0x80000000;
    w[15] = 160;
}

static __attribute__((noinline)) void one_chain(struct sha1 *hash, uint32_t links)
{
    for (uint32_t link = 0; link < links; link++) {
        uint32_t w[16];
        block_of(w, hash);
        *hash = sha1_start;
        sha1_words(hash, w);
    }
}

/* Round by round for all chains: nothing in one waits for the others. */
static __attribute__((noinline)) void four_chains(struct sha1 hashes[CHAINS], uint32_t links)
{
    static const uint32_t constants[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    for (uint32_t link = 0; link < links; link++) {
        uint32_t w[CHAINS][16], a[CHAINS], b[CHAINS], c[CHAINS], d[CHAINS], e[CHAINS];
        for (int i = 0; i < CHAINS; i++) {
            block_of(w[i], &hashes[i]);
            a[i] = sha1_start.word[0], b[i] = sha1_start.word[1], c[i] = sha1_start.word[2];
            d[i] = sha1_start.word[3], e[i] = sha1_start.word[4];
        }
        for (int t = 0; t < 80; t++) {
            for (int i = 0; i < CHAINS; i++) {
                uint32_t word = w[i][t & 15];
                if (t >= 16) {
                    word ^= w[i][(t + 13) & 15] ^ w[i][(t + 8) & 15] ^ w[i][(t + 2) & 15];
                    word = SHA1_ROTATE(word, 1);
                    w[i][t & 15] = word;
                }
                uint32_t mixed = t < 20                ? SHA1_CHOOSE(b[i], c[i], d[i])
                                 : t >= 40 && t < 60 ? SHA1_MAJORITY(b[i], c[i], d[i])
                                                       : SHA1_PARITY(b[i], c[i], d[i]);
                uint32_t sum = SHA1_ROTATE(a[i], 5) + mixed + e[i] + constants[t / 20] + word;
                e[i] = d[i], d[i] = c[i], c[i] = SHA1_ROTATE(b[i], 30), b[i] = a[i], a[i] = sum;
            }
        }
        for (int i = 0; i < CHAINS; i++) {
            const uint32_t sums[5] = {a[i], b[i], c[i], d[i], e[i]};
            for (int k = 0; k < 5; k++)
                hashes[i].word[k] = sha1_start.word[k] + sums[k];
        }
    }
}

uint32_t sha1(uint32_t links)
{
    if (!sha1_known_answers())
        return 0;
    struct sha1 hashes[CHAINS], single;
    for (uint32_t i = 0; i < CHAINS; i++)
        hashes[i] = (struct sha1){{i, i * 3, i * 5, i * 7, i * 11}};
    single = hashes[CHAINS - 1];
    four_chains(hashes, links / CHAINS);
    one_chain(&single, links / CHAINS);
    if (memcmp(&single, &hashes[CHAINS - 1], sizeof single) != 0)
        return 0;
    one_chain(&single, links - links / CHAINS);
    uint32_t result = single.word[0];
    for (int i = 0; i < CHAINS; i++)
        result ^= hashes[i].word[4];
    return result;
}

BENCH(sha1, 80000, 0xcd5aa229)
