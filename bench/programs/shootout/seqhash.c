/* Hashes that depend on every step before: four well-known ones, each fed with what the others gave. */

#include "../bench.h"

#include <string.h>

#define LENGTH 4096

static uint8_t message[LENGTH];
static uint32_t crc_table[256];

static uint64_t fnv(const uint8_t *bytes, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3;
    return hash;
}

static uint32_t adler(const uint8_t *bytes, size_t length)
{
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < length; i++) {
        a = (a + bytes[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

static uint32_t crc(const uint8_t *bytes, size_t length)
{
    uint32_t rest = 0xffffffff;
    for (size_t i = 0; i < length; i++)
        rest = crc_table[(rest ^ bytes[i]) & 255] ^ rest >> 8;
    return ~rest;
}

/* SipHash-2-4 of Aumasson and Bernstein, with the words of the key. */
static uint64_t sip(uint64_t key0, uint64_t key1, const uint8_t *bytes, size_t length)
{
    uint64_t v0 = key0 ^ 0x736f6d6570736575, v1 = key1 ^ 0x646f72616e646f6d;
    uint64_t v2 = key0 ^ 0x6c7967656e657261, v3 = key1 ^ 0x7465646279746573;
    for (size_t at = 0; at <= length; at += 8) {
        uint64_t word = 0;
        for (size_t i = 0; i < 8 && at + i < length; i++)
            word |= (uint64_t)bytes[at + i] << 8 * i;
        int last = at + 8 > length;
        if (last)
            word |= (uint64_t)length << 56;
        v3 ^= word;
        for (int round = 0; round < (last ? 6 : 2); round++) {
            if (round == 2) {
                v0 ^= word;
                v2 ^= 0xff;
            }
            v0 += v1, v1 = (v1 << 13 | v1 >> 51) ^ v0, v0 = v0 << 32 | v0 >> 32;
            v2 += v3, v3 = (v3 << 16 | v3 >> 48) ^ v2;
            v0 += v3, v3 = (v3 << 21 | v3 >> 43) ^ v0;
            v2 += v1, v1 = (v1 << 17 | v1 >> 47) ^ v2, v2 = v2 << 32 | v2 >> 32;
            if (!last && round == 1)
                v0 ^= word;
        }
    }
    return v0 ^ v1 ^ v2 ^ v3;
}

static int known_answers(void)
{
    const uint8_t *digits = (const uint8_t *)"123456789";
    const uint8_t *word = (const uint8_t *)"Wikipedia";
    uint8_t counting[15];
    for (int i = 0; i < 15; i++)
        counting[i] = (uint8_t)i;
    return crc(digits, 9) == 0xcbf43926 && adler(word, 9) == 0x11e60398 &&
           fnv((const uint8_t *)"a", 1) == 0xaf63dc4c8601ec8c &&
           sip(0x0706050403020100, 0x0f0e0d0c0b0a0908, counting, 15) == 0xa129ca6149be45e5;
}

uint32_t seqhash(uint32_t rounds)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t rest = i;
        for (int bit = 0; bit < 8; bit++)
            rest = rest & 1 ? rest >> 1 ^ 0xedb88320 : rest >> 1;
        crc_table[i] = rest;
    }
    if (!known_answers())
        return 0;
    memset(message, 0, sizeof message);
    uint64_t hash = 1;
    for (uint32_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < 8; i++)
            message[(round * 8 + i) % LENGTH] ^= (uint8_t)(hash >> 8 * i);
        hash = fnv(message, LENGTH) ^ adler(message, LENGTH);
        hash = sip(hash, crc(message, LENGTH), message, LENGTH - (round & 15));
    }
    return (uint32_t)(hash ^ hash >> 32);
}

BENCH(seqhash, 1200, 0x73bf4233)
