/* Fibonacci's numbers by their definition. */

#include "../../bench.h"

static uint32_t fib(uint32_t n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

BENCH(fib, 33, 3524578)
