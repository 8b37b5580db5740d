// How many random numbers are not zero: all, which is known of xorshift but not seen by a compiler.

import { bench, Random } from "./bench";

function arith(count: u32): u32 {
    const random = new Random(1);
    let found: u32 = 0;
    for (let i: u32 = 0; i < count; i++) found += u32(random.next() != 0);
    return found;
}

export function _start(): void {
    bench("arith", arith, 10_000_000, 10_000_000);
}
