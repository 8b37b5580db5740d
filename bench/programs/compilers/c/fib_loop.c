/* The sum of many of Fibonacci's numbers, each found from the first on. */

#include "../../bench.h"

static uint32_t fibonacci(uint32_t n)
{
    uint32_t this = 0, next = 1;
    for (; n > 0; n--) {
        uint32_t sum = this + next;
        this = next;
        next = sum;
    }
    return this;
}

static uint32_t fib_loop(uint32_t count)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += fibonacci(i % 32);
    return sum;
}

BENCH(fib_loop, 2000000, 0x4a128fa4)
