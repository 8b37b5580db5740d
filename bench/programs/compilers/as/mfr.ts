// Map, filter and reduce over an array of 64-bit numbers, four at a time.

import { bench } from "./bench";

const COUNT: i32 = 4096;

const numbers = new StaticArray<u64>(COUNT);
const kept = new StaticArray<u64>(COUNT);

function scramble(x: u64): u64 {
    return (x * 0x9e3779b97f4a7c15) ^ (x >> 29);
}

function add(sum: u64, x: u64): u64 {
    return ((sum << 7) | (sum >> 57)) + x;
}

function map(): void {
    for (let i = 0; i < COUNT; i += 4) {
        numbers[i] = scramble(numbers[i]);
        numbers[i + 1] = scramble(numbers[i + 1]);
        numbers[i + 2] = scramble(numbers[i + 2]);
        numbers[i + 3] = scramble(numbers[i + 3]);
    }
}

// Copies what is no multiple of four, and returns how much that is.
function filter(): i32 {
    let count = 0;
    for (let i = 0; i < COUNT; i += 4) {
        const a = numbers[i];
        const b = numbers[i + 1];
        const c = numbers[i + 2];
        const d = numbers[i + 3];
        if (a % 4 != 0) kept[count++] = a;
        if (b % 4 != 0) kept[count++] = b;
        if (c % 4 != 0) kept[count++] = c;
        if (d % 4 != 0) kept[count++] = d;
    }
    return count;
}

function reduce(count: i32): u64 {
    let a: u64 = 1;
    let b: u64 = 2;
    let c: u64 = 3;
    let d: u64 = 4;
    let i = 0;
    for (; i + 4 <= count; i += 4) {
        a = add(a, kept[i]);
        b = add(b, kept[i + 1]);
        c = add(c, kept[i + 2]);
        d = add(d, kept[i + 3]);
    }
    for (; i < count; i++) a = add(a, kept[i]);
    return add(add(add(a, b), c), d);
}

function mfr(rounds: u32): u32 {
    for (let i = 0; i < COUNT; i++) numbers[i] = i + 1;
    let sum: u64 = 0;
    for (; rounds > 0; rounds--) {
        map();
        sum = add(sum, reduce(filter()));
    }
    return <u32>(sum ^ (sum >> 32));
}

export function _start(): void {
    bench("mfr", mfr, 1000, 0xd5470073);
}
