// The primes below a million by the sieve of Eratosthenes, counted again in each round.

import { bench } from "./bench";

const LIMIT: i32 = 1_000_000;

function sieve(rounds: u32): u32 {
    const crossed = new StaticArray<u8>(LIMIT);
    let count: u32 = 0;
    for (; rounds > 0; rounds--) {
        crossed.fill(0);
        for (let n = 2; n < LIMIT; n++) {
            if (crossed[n]) continue;
            count++;
            for (let multiple = 2 * n; multiple < LIMIT; multiple += n) crossed[multiple] = 1;
        }
    }
    return count;
}

export function _start(): void {
    bench("sieve", sieve, 4, 313992);
}
