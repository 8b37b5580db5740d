/* Recursion with two calls each: Fibonacci numbers by their definition, in 32 and in 64 bits. */

#include "../bench.h"

static __attribute__((noinline)) uint32_t fib(uint32_t n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static __attribute__((noinline)) uint64_t fib_long(uint64_t n)
{
    return n < 2 ? n : fib_long(n - 1) + fib_long(n - 2);
}

uint32_t fib2(uint32_t n)
{
    if (fib(20) != 6765)
        return 0;
    return fib(n) ^ (uint32_t)(fib_long(n - 1) * 31);
}

BENCH(fib2, 34, 0x06d430b9)
