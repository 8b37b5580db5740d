// The sum of many of Fibonacci's numbers, each found from the first on.

import { bench } from "./bench";

function fibonacci(n: u32): u32 {
    let current: u32 = 0;
    let next: u32 = 1;
    for (; n > 0; n--) {
        const sum = current + next;
        current = next;
        next = sum;
    }
    return current;
}

function fib_loop(count: u32): u32 {
    let sum: u32 = 0;
    for (let i: u32 = 0; i < count; i++) sum += fibonacci(i % 32);
    return sum;
}

export function _start(): void {
    bench("fib_loop", fib_loop, 2_000_000, 0x4a128fa4);
}
