// Calls an export of a module from JavaScript, in Node.js or Bun:
//
//     node host.mjs FILE EXPORT EXPECTED TIMES ARG... [--steady MS]
//
// The function takes and gives i32. It is called TIMES times, and each result is checked; the exit code is 1 when one
// is wrong. With --steady all of this is repeated, at least three times and until MS milliseconds have passed, and each
// time a line `iteration NANOSECONDS` is printed. A module may import `host.add` and `host.add_values`, which add two i32.

import { readFileSync } from "node:fs";

const rest = process.argv.slice(2);
let room;
if (rest.at(-2) === "--steady") {
    room = BigInt(rest.pop()) * 1_000_000n;
    rest.pop();
}
if (rest.length < 4) {
    throw new Error("usage: host.mjs FILE EXPORT EXPECTED TIMES ARG... [--steady MS]");
}
const [file, name, ...numbers] = rest;
const [expected, times, ...args] = numbers.map(Number);
const add = (a, b) => (a + b) | 0;
const imports = { host: { add, add_values: add } };
const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), imports);
const called = instance.exports[name];

// A call is written out for each count of arguments, as a program would have it.
function work() {
    const [a, b, c] = args;
    for (let i = 0; i < times; i++) {
        const result = args.length === 1 ? called(a) : args.length === 2 ? called(a, b) : called(a, b, c);
        if (result !== expected) {
            throw new Error(`${name} gave ${result}, not ${expected}`);
        }
    }
}

if (args.length < 1 || args.length > 3) {
    throw new Error("a function of one to three arguments is needed");
}
if (room === undefined) {
    work();
    console.log(`${name} = ${expected}, ${times} times`);
} else {
    const first = process.hrtime.bigint();
    for (let done = 1; ; done++) {
        const before = process.hrtime.bigint();
        work();
        const after = process.hrtime.bigint();
        console.log(`iteration ${after - before}`);
        if (done >= 3 && after - first >= room) {
            break;
        }
    }
}
