/* A function that is both large and hot: matrices of 60 by 60 f64, multiplied in blocks of 6 by 6 whose 36 sums are
 * locals, with 30 steps of the sums' loop written out. No multiple of what is in the matrices is rounded, so the
 * order of the additions does not matter and the result is exact everywhere. */

#include "../bench.h"

#define SIZE 60
#define CELLS (SIZE * SIZE)

static double left[CELLS], right[CELLS], product[CELLS];

#define ROW(X, i) X(i, 0) X(i, 1) X(i, 2) X(i, 3) X(i, 4) X(i, 5)
#define BLOCK(X) ROW(X, 0) ROW(X, 1) ROW(X, 2) ROW(X, 3) ROW(X, 4) ROW(X, 5)
#define TIMES_5(X, k) X((k)) X((k) + 1) X((k) + 2) X((k) + 3) X((k) + 4)
#define TIMES_30(X) \
    TIMES_5(X, 0) TIMES_5(X, 5) TIMES_5(X, 10) TIMES_5(X, 15) TIMES_5(X, 20) TIMES_5(X, 25)

#define DECLARE(i, j) double s##i##j = 0;
#define ADD(i, j) s##i##j += x##i * y##j;
#define KEEP(i, j) product[(row + i) * SIZE + column + j] = s##i##j;
#define STEP(k)                                                                             \
    {                                                                                       \
        const double *x = a + (k), *y = b + (k) * SIZE;                                     \
        double x0 = x[0], x1 = x[SIZE], x2 = x[2 * SIZE], x3 = x[3 * SIZE];                 \
        double x4 = x[4 * SIZE], x5 = x[5 * SIZE];                                          \
        double y0 = y[0], y1 = y[1], y2 = y[2], y3 = y[3], y4 = y[4], y5 = y[5];            \
        BLOCK(ADD)                                                                          \
    }

static __attribute__((noinline)) void multiply_block(size_t row, size_t column)
{
    BLOCK(DECLARE)
    const double *a = left + row * SIZE, *b = right + column;
    for (size_t k = 0; k < SIZE; k += 30, a += 30, b += 30 * SIZE) {
        TIMES_30(STEP)
    }
    BLOCK(KEEP)
}

static void multiply(void)
{
    for (size_t row = 0; row < SIZE; row += 6) {
        for (size_t column = 0; column < SIZE; column += 6)
            multiply_block(row, column);
    }
}

/* One cell by the definition. */
static double cell(size_t row, size_t column)
{
    double sum = 0;
    for (size_t k = 0; k < SIZE; k++)
        sum += left[row * SIZE + k] * right[k * SIZE + column];
    return sum;
}

uint32_t matrix2(uint32_t rounds)
{
    uint32_t state = 3;
    for (size_t i = 0; i < CELLS; i++) {
        left[i] = (double)(next_random(&state) & 1023);
        right[i] = (double)(next_random(&state) & 1023) - 512.0;
    }
    uint32_t hash = DIGEST_START;
    for (uint32_t round = 0; round < rounds; round++) {
        multiply();
        size_t row = round * 7 % SIZE, column = round * 11 % SIZE;
        if (product[row * SIZE + column] != cell(row, column))
            return 0;
        for (size_t i = 0; i < CELLS; i++) {
            hash = (hash ^ (uint32_t)(int32_t)product[i]) * 16777619u;
            /* The next left matrix has the low bits of this product, between 0 and 1023. */
            left[i] = (double)((uint32_t)(int32_t)product[i] & 1023);
        }
    }
    return hash;
}

BENCH(matrix2, 200, 0x5a07452f)
