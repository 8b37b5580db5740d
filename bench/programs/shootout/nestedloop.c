/* Six loops in each other, whose counters are all alive in the innermost. */

#include "../bench.h"

uint32_t nestedloop(uint32_t n)
{
    uint32_t sum = 1;
    for (uint32_t a = 0; a < n; a++) {
        for (uint32_t b = 0; b < n; b++) {
            for (uint32_t c = 0; c < n; c++) {
                for (uint32_t d = 0; d < n; d++) {
                    for (uint32_t e = 0; e < n; e++) {
                        for (uint32_t f = 0; f < n; f++)
                            /* The sum depends on itself, or the optimiser would know it without the loops. */
                            sum = (sum ^ (a + b)) + (c ^ d) + (sum >> 7) + e * f;
                    }
                }
            }
        }
    }
    return sum;
}

BENCH(nestedloop, 17, 0x1564214b)
