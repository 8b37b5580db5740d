/* Long strides of byte stores and bit tests: the primes below a limit, with a byte and with a bit for each number. */

#include "../bench.h"

#define MOST 2000000

static uint8_t composite[MOST];
static uint32_t bits[MOST / 32 + 1];

static uint32_t by_bytes(uint32_t limit)
{
    for (uint32_t i = 0; i < limit; i++)
        composite[i] = 0;
    uint32_t count = 0;
    for (uint32_t i = 2; i < limit; i++) {
        if (composite[i])
            continue;
        count++;
        for (uint32_t k = i + i; k < limit; k += i)
            composite[k] = 1;
    }
    return count;
}

static uint32_t by_bits(uint32_t limit)
{
    for (uint32_t i = 0; i <= limit / 32; i++)
        bits[i] = 0;
    for (uint32_t i = 2; i * i < limit; i++) {
        if (bits[i >> 5] >> (i & 31) & 1)
            continue;
        for (uint32_t k = i * i; k < limit; k += i)
            bits[k >> 5] |= 1u << (k & 31);
    }
    uint32_t count = 0;
    for (uint32_t i = 2; i < limit; i++)
        count += ~(bits[i >> 5] >> (i & 31)) & 1;
    return count;
}

uint32_t sieve2(uint32_t limit)
{
    if (limit > MOST || by_bytes(100000) != 9592 || by_bits(100000) != 9592)
        return 0;
    uint32_t sum = 0;
    for (uint32_t step = 0; step < 3; step++) {
        uint32_t count = by_bytes(limit - step * 1000);
        if (by_bits(limit - step * 1000) != count)
            return 0;
        sum = sum * 31 + count;
    }
    return sum;
}

BENCH(sieve2, 1000000, 0x04a55df8)
