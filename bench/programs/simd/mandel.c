/* Points of the Mandelbrot set, two at a time in f64 with a mask of those that have not left yet. */

#include "../bench.h"
#include "vectors.h"

/* A product and a sum in one step would round once only, which the module cannot. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

#define MOST_STEPS 200

static uint32_t steps_plainly(double x, double y)
{
    double a = 0, b = 0;
    for (uint32_t step = 0; step < MOST_STEPS; step++) {
        double aa = a * a, bb = b * b;
        if (!(aa + bb <= 4))
            return step;
        b = a * b;
        b = b + b + y;
        a = aa - bb + x;
    }
    return MOST_STEPS;
}

static __attribute__((noinline)) v128_t steps_of_two(v128_t x, v128_t y)
{
    v128_t a = wasm_f64x2_splat(0), b = a, four = wasm_f64x2_splat(4), count = wasm_i64x2_splat(0);
    for (uint32_t step = 0; step < MOST_STEPS; step++) {
        v128_t aa = wasm_f64x2_mul(a, a), bb = wasm_f64x2_mul(b, b);
        v128_t inside = wasm_f64x2_le(wasm_f64x2_add(aa, bb), four);
        if (!wasm_v128_any_true(inside))
            break;
        /* A lane that is inside is -1. One that has left stays where it was. */
        count = wasm_i64x2_sub(count, inside);
        v128_t product = wasm_f64x2_mul(a, b);
        v128_t next_b = wasm_f64x2_add(wasm_f64x2_add(product, product), y);
        v128_t next_a = wasm_f64x2_add(wasm_f64x2_sub(aa, bb), x);
        a = wasm_v128_bitselect(next_a, a, inside);
        b = wasm_v128_bitselect(next_b, b, inside);
    }
    return count;
}

uint32_t mandel(uint32_t size)
{
    uint32_t hash = DIGEST_START;
    /* All coordinates are multiples of a power of two. */
    static const double pair[2] = {0, 1};
    v128_t places = wasm_v128_load(pair);
    for (uint32_t row = 0; row < size; row++) {
        double y = ((double)row - (double)size / 2) / 256;
        for (uint32_t column = 0; column < size; column += 2) {
            double left = ((double)column - (double)size * 3 / 4) / 256;
            v128_t x = wasm_f64x2_add(wasm_f64x2_splat(left), wasm_f64x2_mul(places, wasm_f64x2_splat(1.0 / 256)));
            v128_t count = steps_of_two(x, wasm_f64x2_splat(y));
            uint32_t one = (uint32_t)wasm_i64x2_extract_lane(count, 0);
            uint32_t other = (uint32_t)wasm_i64x2_extract_lane(count, 1);
            if ((row + column / 2) % 32 == 0 &&
                (one != steps_plainly(left, y) || other != steps_plainly(left + 1.0 / 256, y)))
                return 0;
            hash = ((hash ^ one) * 16777619u ^ other) * 16777619u;
        }
    }
    return hash;
}

BENCH(mandel, 400, 0xc5d08558)
