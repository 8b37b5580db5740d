/* Takeuchi's function of a count, two thirds and one third of it. */

#include "../../bench.h"

static int32_t takeuchi(int32_t x, int32_t y, int32_t z)
{
    return y >= x ? z : takeuchi(takeuchi(x - 1, y, z), takeuchi(y - 1, z, x), takeuchi(z - 1, x, y));
}

static uint32_t tak(uint32_t n)
{
    int32_t third = (int32_t)n / 3;
    return (uint32_t)takeuchi(3 * third, 2 * third, third);
}

BENCH(tak, 27, 18)
