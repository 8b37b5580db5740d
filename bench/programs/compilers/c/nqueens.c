/* In how many ways that many queens leave each other alone. */

#include "../../bench.h"

/* The column of the queen in each row. */
static uint32_t board[32];

static int safe(uint32_t row, uint32_t column)
{
    for (uint32_t above = 0; above < row; above++) {
        uint32_t other = board[above];
        if (other == column || row - above == column - other || row - above == other - column)
            return 0;
    }
    return 1;
}

static uint32_t place(uint32_t row, uint32_t size)
{
    if (row == size)
        return 1;
    uint32_t count = 0;
    for (uint32_t column = 0; column < size; column++) {
        if (safe(row, column)) {
            board[row] = column;
            count += place(row + 1, size);
        }
    }
    return count;
}

static uint32_t nqueens(uint32_t size)
{
    return size > 32 ? 0 : place(0, size);
}

BENCH(nqueens, 11, 2680)
