/* What every program here has: one function to measure, of a count and giving 32 bits, and a start that checks it.
 *
 * As a module it imports nothing: `_start` calls the function and traps when the result is not the expected one, and
 * the function is exported too, under its own name. As a native program it prints the result and compares it. */

#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

#if defined(__wasm__)

#define BENCH(function, count, expected)                                                   \
    __attribute__((export_name(#function))) uint32_t exported(uint32_t n)                  \
    {                                                                                      \
        return function(n);                                                                \
    }                                                                                      \
    __attribute__((export_name("_start"))) void start(void)                                \
    {                                                                                      \
        /* Volatile, or the optimiser could specialise the function for this one count. */ \
        volatile uint32_t n = (count);                                                     \
        if (function(n) != (expected))                                                     \
            __builtin_trap();                                                              \
    }

#else

#include <stdio.h>

#define BENCH(function, count, expected)                                    \
    int main(void)                                                          \
    {                                                                       \
        volatile uint32_t n = (count);                                      \
        uint32_t result = function(n);                                      \
        printf(#function "(%u) = 0x%08x\n", (unsigned)n, (unsigned)result); \
        return result == (expected) ? 0 : 1;                                \
    }

#endif

/* Numbers that look random and are the same everywhere: xorshift of 32 bits. */
static inline uint32_t next_random(uint32_t *state)
{
    uint32_t x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}

/* FNV-1a, to make 32 bits of a result that is longer. */
static inline uint32_t digest(uint32_t hash, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ bytes[i]) * 16777619u;
    return hash;
}

#define DIGEST_START 2166136261u

#endif
