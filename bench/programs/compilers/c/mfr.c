/* Map, filter and reduce over an array of 64-bit numbers, four at a time. */

#include "../../bench.h"

#define COUNT 4096

static uint64_t numbers[COUNT], kept[COUNT];

static uint64_t scramble(uint64_t x)
{
    return x * 0x9e3779b97f4a7c15 ^ x >> 29;
}

static uint64_t add(uint64_t sum, uint64_t x)
{
    return (sum << 7 | sum >> 57) + x;
}

static void map(void)
{
    for (uint32_t i = 0; i < COUNT; i += 4) {
        numbers[i] = scramble(numbers[i]);
        numbers[i + 1] = scramble(numbers[i + 1]);
        numbers[i + 2] = scramble(numbers[i + 2]);
        numbers[i + 3] = scramble(numbers[i + 3]);
    }
}

/* Copies what is no multiple of four, and returns how much that is. */
static uint32_t filter(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < COUNT; i += 4) {
        uint64_t a = numbers[i], b = numbers[i + 1], c = numbers[i + 2], d = numbers[i + 3];
        if (a % 4 != 0)
            kept[count++] = a;
        if (b % 4 != 0)
            kept[count++] = b;
        if (c % 4 != 0)
            kept[count++] = c;
        if (d % 4 != 0)
            kept[count++] = d;
    }
    return count;
}

static uint64_t reduce(uint32_t count)
{
    uint64_t a = 1, b = 2, c = 3, d = 4;
    uint32_t i = 0;
    for (; i + 4 <= count; i += 4) {
        a = add(a, kept[i]);
        b = add(b, kept[i + 1]);
        c = add(c, kept[i + 2]);
        d = add(d, kept[i + 3]);
    }
    for (; i < count; i++)
        a = add(a, kept[i]);
    return add(add(add(a, b), c), d);
}

static uint32_t mfr(uint32_t rounds)
{
    for (uint32_t i = 0; i < COUNT; i++)
        numbers[i] = i + 1;
    uint64_t sum = 0;
    for (; rounds > 0; rounds--) {
        map();
        sum = add(sum, reduce(filter()));
    }
    return (uint32_t)(sum ^ sum >> 32);
}

BENCH(mfr, 1000, 0xd5470073)
