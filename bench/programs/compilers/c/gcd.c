/* The sum of the greatest common divisors of random pairs, by Euclid's divisions. */

#include "../../bench.h"

static uint32_t divisor(uint32_t a, uint32_t b)
{
    while (b != 0) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static uint32_t gcd(uint32_t count)
{
    uint32_t state = 1, sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t a = next_random(&state), b = next_random(&state);
        sum += divisor(a, b);
    }
    return sum;
}

BENCH(gcd, 300000, 0x0027932e)
