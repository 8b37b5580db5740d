/* What every program here has: one function to measure, of a count and giving 32 bits, and a start that checks it.
 *
 * As a module without WASI it imports nothing: `_start` calls the function and traps when the result is not the
 * expected one, and the function is exported too, under its own name. As a WASI command and as a native program it
 * prints the result, and exits with 1 when it is not the expected one; its first argument is another count, for which
 * no result is expected. A function returns 0 when it finds by itself that something is wrong, and no expected
 * result is 0.
 *
 * With `--steady MS` behind its other arguments such a program calls the function again and again, at least three times
 * and until that many milliseconds have passed. It then prints a line `iteration NANOSECONDS` for each call instead of
 * the result, and each call's result is checked. */

#ifndef BENCH_H
#define BENCH_H

/* For clock_gettime where the compiler is told to know C11 only; a program includes this file before any other. */
#define _POSIX_C_SOURCE 199309L

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
#include <string.h>
#include <time.h>

/* Without printf, which would be larger than most of the programs. */
static inline void print_number(uint64_t number)
{
    char digits[21];
    char *first = digits + 20;
    *first = '\0';
    do {
        *--first = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    fputs(first, stdout);
}

static inline void print_result(const char *name, uint32_t count, uint32_t result)
{
    char hex[9];
    for (int i = 0; i < 8; i++)
        hex[i] = "0123456789abcdef"[result >> (28 - 4 * i) & 15];
    hex[8] = '\0';
    fputs(name, stdout);
    fputs("(", stdout);
    print_number(count);
    fputs(") = 0x", stdout);
    fputs(hex, stdout);
    fputs("\n", stdout);
}

static inline uint64_t nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline int run_bench(const char *name, uint32_t (*function)(uint32_t), uint32_t usual_count, uint32_t expected,
                            int argc, char **argv)
{
    /* Volatile, or the optimiser could specialise the function for one count, or call it once for all iterations, or
     * outside of the time that is measured. */
    volatile uint32_t count = usual_count;
    volatile uint32_t result;
    int steady = argc > 2 && strcmp(argv[argc - 2], "--steady") == 0;
    if (argc > (steady ? 3 : 1))
        count = (uint32_t)strtoul(argv[1], NULL, 10);
    uint64_t room = steady ? strtoul(argv[argc - 1], NULL, 10) * UINT64_C(1000000) : 0;
    uint64_t first = nanoseconds();
    for (int done = 1;; done++) {
        uint64_t before = nanoseconds();
        result = function(count);
        uint64_t after = nanoseconds();
        int wrong = result == 0 || (count == usual_count && result != expected);
        if (!steady || wrong) {
            print_result(name, count, result);
            return wrong;
        }
        fputs("iteration ", stdout);
        print_number(after - before);
        fputs("\n", stdout);
        if (done >= 3 && after - first >= room)
            return 0;
    }
}

#define BENCH(function, count, expected)                                         \
    int main(int argc, char **argv)                                              \
    {                                                                            \
        return run_bench(#function, function, (count), (expected), argc, argv);  \
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
