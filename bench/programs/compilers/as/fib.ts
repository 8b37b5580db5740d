// Fibonacci's numbers by their definition.

import { bench } from "./bench";

function fib(n: u32): u32 {
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

export function _start(): void {
    bench("fib", fib, 33, 3524578);
}
