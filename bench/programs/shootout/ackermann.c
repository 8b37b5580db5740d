/* Calls as deep as they are many: Ackermann's function, and McCarthy's of the two-fold recursion. */

#include "../bench.h"

static __attribute__((noinline)) uint32_t ack(uint32_t m, uint32_t n)
{
    if (m == 0)
        return n + 1;
    if (n == 0)
        return ack(m - 1, 1);
    return ack(m - 1, ack(m, n - 1));
}

static __attribute__((noinline)) int32_t mccarthy(int32_t n)
{
    return n > 100 ? n - 10 : mccarthy(mccarthy(n + 11));
}

uint32_t ackermann(uint32_t rounds)
{
    if (ack(2, 9) != 21)
        return 0;
    uint32_t sum = 0;
    for (uint32_t round = 0; round < rounds; round++) {
        /* ack(3, n) = 2^(n + 3) - 3, which is also how deep the calls are: some runtimes allow no more than 1000. */
        uint32_t n = 3 + round % 4;
        if (ack(3, n) != (8u << n) - 3)
            return 0;
        for (int32_t i = 0; i <= 100; i++) {
            if (mccarthy(i) != 91)
                return 0;
            sum += (uint32_t)mccarthy(i + (int32_t)(round & 63));
        }
    }
    return sum;
}

BENCH(ackermann, 500, 0x004ae8c0)
