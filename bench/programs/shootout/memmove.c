/* Bytes moved with overlap, to both sides and by all distances, by the C library and by loops of the program's own. */

#include "../bench.h"

#include <string.h>

#define LENGTH 65536

static uint8_t bytes[LENGTH], twin[LENGTH];

static void move_by_loop(uint8_t *to, const uint8_t *from, size_t length)
{
    /* Volatile keeps the compiler from seeing a memmove in the loops. */
    volatile uint8_t *out = to;
    if (to < from) {
        for (size_t i = 0; i < length; i++)
            out[i] = from[i];
    } else {
        for (size_t i = length; i-- > 0;)
            out[i] = from[i];
    }
}

uint32_t memmove_all(uint32_t rounds)
{
    uint32_t state = 5;
    for (size_t i = 0; i < LENGTH; i++)
        bytes[i] = twin[i] = (uint8_t)next_random(&state);
    uint32_t hash = DIGEST_START;
    for (uint32_t round = 0; round < rounds; round++) {
        uint32_t random = next_random(&state);
        size_t from = random % (LENGTH / 2), to = (random >> 16) % (LENGTH / 2);
        /* Many short ones and a few long ones. */
        size_t length = round % 16 == 0 ? LENGTH / 2 - (random & 255) : random >> 20 & 1023;
        memmove(bytes + to, bytes + from, length);
        move_by_loop(twin + to, twin + from, length);
        if (round % 16 == 7) {
            memset(bytes + from, (int)(random & 255), length / 4);
            for (volatile uint8_t *at = twin + from; at < twin + from + length / 4; at++)
                *at = (uint8_t)random;
        }
        bytes[to] ^= (uint8_t)round;
        twin[to] ^= (uint8_t)round;
        if (memcmp(bytes + from, twin + from, length) != 0)
            return 0;
        hash = digest(hash, bytes + (random & 0xfff0), 16);
    }
    return memcmp(bytes, twin, LENGTH) == 0 ? hash : 0;
}

BENCH(memmove_all, 12000, 0xeac5bc7a)
