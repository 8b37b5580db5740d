/* What every program here has: one function to measure, of a count and giving 32 bits, and a start that checks it.
 *
 * As a module without WASI it imports nothing: `_start` calls the function and traps when the result is not the
 * expected one, and the function is exported too, under its own name. As a WASI command and as a native program it
 * prints the result, and exits with 1 when it is not the expected one; its first argument is another count, for which
 * no result is expected. A function returns 0 when it finds by itself that something is wrong, and no expected
 * result is 0. */

#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

#if defined(__wasm__) && !defined(__wasi__)

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
#include <stdlib.h>

/* Without printf, which would be larger than most of the programs. */
static inline void print_result(const char *name, uint32_t count, uint32_t result)
{
    char digits[11], hex[9];
    char *first = digits + 10;
    *first = '\0';
    do {
        *--first = (char)('0' + count % 10);
        count /= 10;
    } while (count > 0);
    for (int i = 0; i < 8; i++)
        hex[i] = "0123456789abcdef"[result >> (28 - 4 * i) & 15];
    hex[8] = '\0';
    fputs(name, stdout);
    fputs("(", stdout);
    fputs(first, stdout);
    fputs(") = 0x", stdout);
    fputs(hex, stdout);
    fputs("\n", stdout);
}

#define BENCH(function, count, expected)                                      \
    int main(int argc, char **argv)                                           \
    {                                                                         \
        volatile uint32_t n = (count);                                        \
        if (argc > 1)                                                         \
            n = (uint32_t)strtoul(argv[1], NULL, 10);                         \
        uint32_t result = function(n);                                        \
        print_result(#function, n, result);                                   \
        return result == 0 || (n == (count) && result != (expected)) ? 1 : 0; \
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
