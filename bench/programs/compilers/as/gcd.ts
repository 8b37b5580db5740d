// The sum of the greatest common divisors of random pairs, by Euclid's divisions.

import { bench, Random } from "./bench";

function divisor(a: u32, b: u32): u32 {
    while (b != 0) {
        const rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

function gcd(count: u32): u32 {
    const random = new Random(1);
    let sum: u32 = 0;
    for (let i: u32 = 0; i < count; i++) {
        const a = random.next();
        const b = random.next();
        sum += divisor(a, b);
    }
    return sum;
}

export function _start(): void {
    bench("gcd", gcd, 300_000, 0x0027932e);
}
