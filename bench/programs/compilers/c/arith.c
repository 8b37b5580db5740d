/* How many random numbers are not zero: all, which is known of xorshift but not seen by a compiler. */

#include "../../bench.h"

static uint32_t arith(uint32_t count)
{
    uint32_t state = 1, found = 0;
    for (uint32_t i = 0; i < count; i++)
        found += next_random(&state) != 0;
    return found;
}

BENCH(arith, 10000000, 10000000)
