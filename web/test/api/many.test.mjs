// Sessions that go on for long.

import assert from "node:assert/strict";
import { test } from "node:test";
import { browser, skip } from "./help.mjs";

const { run } = browser();

test("10,000 cells take no more memory and time than the first ones", { skip, timeout: 180_000 }, async () => {
    const found = await run(async () => {
        const session = await cells.createCells({ workers: 1 });
        await session.execute_cell_fast("let mut total = 0\nlet mut names = [\"\"; 0]", { cell: "start" });
        const memory = [];
        const times = [];
        let last = null;
        for (let i = 0; i < 10_000; i++) {
            // Definitions that replace each other, calls and closures, none of which comes from the cache.
            const sources = [
                `let x${i % 20} = ${i}`,
                `fun f${i % 20}(n: Int) -> Int { n * ${i} + x${i % 20} }`,
                `total += f${i % 20}(${i}) % 7`,
                `let g${i % 10} = |n: Int| n + ${i}\ng${i % 10}(1)`,
                `names = ["{${i}}", "cell {total}"]\nnames.len()`,
            ];
            // All values and functions first.
            const kind = i < 20 ? 0 : i < 40 ? 1 : i % 5;
            last = await session.execute_cell_fast(sources[kind], { cell: `cell-${kind}-${i % 20}` });
            if (last.error) throw new Error(`${i}: ${last.error.rendered}`);
            times.push(last.performance.total_ms);
            if (i % 1000 === 999) memory.push(last.performance.memory_bytes);
        }
        const { value } = await session.execute_cell_fast("total");
        session.close();
        const median = (/** @type {number[]} */ list) => list.sort((a, b) => a - b)[list.length >> 1];
        return { memory, value, early: median(times.slice(500, 2000)), late: median(times.slice(8500)) };
    });
    assert.ok(Number(found.value) > 1000, found.value);
    assert.ok(Math.max(...found.memory) <= 10 << 20, String(found.memory));
    assert.ok(found.memory[9] <= found.memory[1] * 1.25, String(found.memory));
    // Not a measurement: what grows with the number of cells would be ten times slower here.
    assert.ok(found.late < found.early * 4 + 1, `${found.early} ms, then ${found.late} ms`);
});
