/* The primes below a million by the sieve of Eratosthenes, counted again in each round. */

#include "../../bench.h"

#include <string.h>

#define LIMIT 1000000

static uint8_t crossed[LIMIT];

static uint32_t sieve(uint32_t rounds)
{
    uint32_t count = 0;
    for (; rounds > 0; rounds--) {
        memset(crossed, 0, sizeof crossed);
        for (uint32_t n = 2; n < LIMIT; n++) {
            if (crossed[n])
                continue;
            count++;
            for (uint32_t multiple = 2 * n; multiple < LIMIT; multiple += n)
                crossed[multiple] = 1;
        }
    }
    return count;
}

BENCH(sieve, 4, 313992)
