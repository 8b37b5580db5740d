/* One `br_table` with 1024 targets, each with code of its own; where it goes next depends on what was done before. */

#include "../bench.h"

struct state {
    uint32_t a, b, c, d;
};

/* Nothing is done here, but the compiler cannot put two of these together, and so has to keep every target. */
#define APART __asm__ volatile("" : "+r"(a), "+r"(b));

#define ACT_0(n) a += (n) * 0x9e3779b1u;
#define ACT_1(n) b ^= a + (n);
#define ACT_2(n) a = b * (2 * (n) + 1);
#define ACT_3(n) c += a >> ((n) % 29 + 1);
#define ACT_4(n) b = (b << ((n) % 31 + 1)) ^ c;
#define ACT_5(n) d -= (a & b) + (n);
#define ACT_6(n) a = a > b ? a - b : b - a + (n);
#define ACT_7(n) c = (c | (n)) ^ d;
#define ACT_8(n) d += a / ((n) + 1);
#define ACT_9(n) b += b % ((n) + 3);
#define ACT_10(n) a ^= c + 0x10001u * (n);
#define ACT_11(n) d = d * 31 + b + (n);
#define ACT_12(n) a += (uint32_t)((uint64_t)b * (0xfffffffbu - (n)) >> 32);
#define ACT_13(n) if (c & 1) b -= (n); else b += a;
#define ACT_14(n) c = (d >> 16) + (a << 16) + (n);
#define ACT_15(n) b = ~a - (n) * c;

#define CASE(k, n) case (n): ACT_##k((uint32_t)(n)) APART break;
#define CASES_16(n)                                                                                          \
    CASE(0, (n)) CASE(1, (n) + 1) CASE(2, (n) + 2) CASE(3, (n) + 3) CASE(4, (n) + 4) CASE(5, (n) + 5)        \
    CASE(6, (n) + 6) CASE(7, (n) + 7) CASE(8, (n) + 8) CASE(9, (n) + 9) CASE(10, (n) + 10) CASE(11, (n) + 11) \
    CASE(12, (n) + 12) CASE(13, (n) + 13) CASE(14, (n) + 14) CASE(15, (n) + 15)
#define CASES_64(n) CASES_16(n) CASES_16((n) + 16) CASES_16((n) + 32) CASES_16((n) + 48)
#define CASES_256(n) CASES_64(n) CASES_64((n) + 64) CASES_64((n) + 128) CASES_64((n) + 192)

/* The target after this one, from 0 to 1023. */
static uint32_t next(uint32_t a, uint32_t b, uint32_t c, uint32_t step)
{
    uint32_t mixed = (a ^ b >> 7) * 0x85ebca6bu + c + step;
    return (mixed ^ mixed >> 15) & 1023;
}

static __attribute__((noinline)) void by_table(struct state *state, uint32_t steps)
{
    uint32_t a = state->a, b = state->b, c = state->c, d = state->d, at = 0;
    for (uint32_t step = 0; step < steps; step++) {
        switch (at) {
            CASES_256(0)
            CASES_256(256)
            CASES_256(512)
            CASES_256(768)
        }
        at = next(a, b, c, step);
    }
    *state = (struct state){a, b, c, d};
}

#define ANY(k) case (k): ACT_##k(at) break;

/* The same with a target for each of the sixteen kinds. */
static __attribute__((noinline)) void by_kind(struct state *state, uint32_t steps)
{
    uint32_t a = state->a, b = state->b, c = state->c, d = state->d, at = 0;
    for (uint32_t step = 0; step < steps; step++) {
        switch (at & 15) {
            ANY(0) ANY(1) ANY(2) ANY(3) ANY(4) ANY(5) ANY(6) ANY(7)
            ANY(8) ANY(9) ANY(10) ANY(11) ANY(12) ANY(13) ANY(14) ANY(15)
        }
        at = next(a, b, c, step);
    }
    *state = (struct state){a, b, c, d};
}

uint32_t big_switch(uint32_t steps)
{
    struct state fast = {1, 2, 3, 4}, plain = {1, 2, 3, 4};
    by_table(&fast, 20000);
    by_kind(&plain, 20000);
    if (fast.a != plain.a || fast.b != plain.b || fast.c != plain.c || fast.d != plain.d)
        return 0;
    by_table(&fast, steps);
    return fast.a ^ fast.b ^ fast.c ^ fast.d;
}

BENCH(big_switch, 3000000, 0xd8b4db5e)
