// Takeuchi's function of a count, two thirds and one third of it.

import { bench } from "./bench";

function takeuchi(x: i32, y: i32, z: i32): i32 {
    return y >= x ? z : takeuchi(takeuchi(x - 1, y, z), takeuchi(y - 1, z, x), takeuchi(z - 1, x, y));
}

function tak(n: u32): u32 {
    const third = <i32>n / 3;
    return takeuchi(3 * third, 2 * third, third);
}

export function _start(): void {
    bench("tak", tak, 27, 18);
}
