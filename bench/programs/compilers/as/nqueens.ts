// In how many ways that many queens leave each other alone.

import { bench } from "./bench";

// The column of the queen in each row.
let board = new StaticArray<i32>(0);

function safe(row: i32, column: i32): bool {
    for (let above = 0; above < row; above++) {
        const other = board[above];
        if (other == column || row - above == column - other || row - above == other - column) return false;
    }
    return true;
}

function place(row: i32, size: i32): u32 {
    if (row == size) return 1;
    let count: u32 = 0;
    for (let column = 0; column < size; column++) {
        if (safe(row, column)) {
            board[row] = column;
            count += place(row + 1, size);
        }
    }
    return count;
}

function nqueens(size: u32): u32 {
    board = new StaticArray<i32>(size);
    return place(0, size);
}

export function _start(): void {
    bench("nqueens", nqueens, 11, 2680);
}
