/* The product of two matrices of f32, in blocks of 4 rows by 8 columns whose sums are 8 vectors. What is in them are
 * whole numbers that are never rounded. */

#include "../bench.h"
#include "vectors.h"

#define SIZE 128

static float left[SIZE][SIZE], right[SIZE][SIZE], product[SIZE][SIZE];

static __attribute__((noinline)) void multiply_block(size_t row, size_t column)
{
    v128_t sums[4][2];
    for (int i = 0; i < 4; i++)
        sums[i][0] = sums[i][1] = wasm_f32x4_splat(0);
    for (size_t k = 0; k < SIZE; k++) {
        v128_t near = wasm_v128_load(&right[k][column]), far = wasm_v128_load(&right[k][column + 4]);
        for (size_t i = 0; i < 4; i++) {
            v128_t factor = wasm_f32x4_splat(left[row + i][k]);
            sums[i][0] = wasm_f32x4_add(sums[i][0], wasm_f32x4_mul(factor, near));
            sums[i][1] = wasm_f32x4_add(sums[i][1], wasm_f32x4_mul(factor, far));
        }
    }
    for (size_t i = 0; i < 4; i++) {
        wasm_v128_store(&product[row + i][column], sums[i][0]);
        wasm_v128_store(&product[row + i][column + 4], sums[i][1]);
    }
}

static float cell(size_t row, size_t column)
{
    float sum = 0;
    for (size_t k = 0; k < SIZE; k++)
        sum += left[row][k] * right[k][column];
    return sum;
}

uint32_t matmul(uint32_t rounds)
{
    uint32_t state = 6, hash = DIGEST_START;
    for (size_t i = 0; i < SIZE * SIZE; i++) {
        left[i / SIZE][i % SIZE] = (float)(int32_t)(next_random(&state) & 255);
        right[i / SIZE][i % SIZE] = (float)(int32_t)(next_random(&state) & 255) - 128;
    }
    for (uint32_t round = 0; round < rounds; round++) {
        for (size_t row = 0; row < SIZE; row += 4) {
            for (size_t column = 0; column < SIZE; column += 8)
                multiply_block(row, column);
        }
        for (size_t i = 0; i < SIZE; i++) {
            size_t row = (i * 5 + round) % SIZE;
            if (product[row][i] != cell(row, i))
                return 0;
        }
        for (size_t row = 0; row < SIZE; row++) {
            for (size_t column = 0; column < SIZE; column++) {
                uint32_t bits = (uint32_t)(int32_t)product[row][column];
                hash = (hash ^ bits) * 16777619u;
                left[row][column] = (float)(int32_t)(bits & 255);
            }
        }
    }
    return hash;
}

BENCH(matmul, 70, 0x5e87fc61)
