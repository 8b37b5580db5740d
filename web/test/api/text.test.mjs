// Text forms of numbers, without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fault, frames } from "../../src/trace.js";
import { floatFixed, floatText, parseFloatText } from "../../src/text.js";

test("floats have a point or an exponent, and decimals between 1e-5 and 1e16", () => {
    const cases = [
        [1, "1.0"],
        [0.1, "0.1"],
        [-0, "-0.0"],
        [1e21, "1e21"],
        [1e16, "1e16"],
        [1e15, "1000000000000000.0"],
        [9999999999999998, "9999999999999998.0"],
        [123456789012345680, "1.2345678901234568e17"],
        [1e-5, "0.00001"],
        [9.99e-6, "9.99e-6"],
        [-1.5e-7, "-1.5e-7"],
        [5e-324, "5e-324"],
        [2229574334208487.25, "2229574334208487.3"],
        [2229574334208487.75, "2229574334208487.8"],
        [NaN, "NaN"],
        [-Infinity, "-inf"],
    ];
    for (const [x, text] of cases) assert.equal(floatText(Number(x)), text);
});

test("texts of floats read back", () => {
    let state = 0x9e3779b97f4a7c15n;
    const view = new DataView(new ArrayBuffer(8));
    for (let i = 0; i < 10_000; i++) {
        state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
        view.setBigUint64(0, state);
        const x = view.getFloat64(0);
        if (!Number.isFinite(x)) continue;
        const text = floatText(x);
        assert.equal(parseFloatText(text), x, text);
        assert.match(text, /^-?\d+(\.\d+)?(e-?\d+)?$/);
        assert.match(text, /[.e]/);
    }
});

test("decimals are those of the exact value, to even in the middle", () => {
    const cases = [
        [0.25, 1, "0.2"],
        [0.75, 1, "0.8"],
        [2.5, 0, "2"],
        [-0.04, 1, "-0.0"],
        [1.005, 2, "1.00"],
        [1e22, 2, "10000000000000000000000.00"],
        [0, 3, "0.000"],
        [5e-324, 3, "0.000"],
        [NaN, 2, "NaN"],
    ];
    for (const [x, digits, text] of cases) assert.equal(floatFixed(Number(x), Number(digits)), text);
});

test("frames are found in the stacks of all browsers", () => {
    const chromium = "Error\n    at double (wasm://wasm/mabc-01ab:wasm-function[7]:0x1a2)\n    at f (http://x/worker.js:1:2)";
    assert.deepEqual(frames(chromium), [{ module: "mabc", function: 7, offset: 0x1a2 }]);
    const unnamed = "Error\n    at wasm://wasm/01ab:wasm-function[7]:0x1a2";
    assert.deepEqual(frames(unnamed), [{ module: "", function: 7, offset: 0x1a2 }]);
    const firefox = "double@http://x/machine.js line 12 > WebAssembly.Module:wasm-function[7]:0x1a2\nrun@http://x/worker.js:1:2";
    assert.deepEqual(frames(firefox), [{ module: "", function: 7, offset: 0x1a2 }]);
    assert.deepEqual(frames(undefined), []);
});

test("a full stack is told from other errors", () => {
    const kinds = [new RangeError("Maximum call stack size exceeded"), new Error("too much recursion"), new Error("unreachable"), "text"];
    assert.deepEqual(
        kinds.map((thrown) => fault(thrown).kind),
        [-1, -1, -2, -2],
    );
});
