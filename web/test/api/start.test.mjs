// What happens where cells cannot run.

import assert from "node:assert/strict";
import { test } from "node:test";
import { browser, skip } from "./help.mjs";

const { run } = browser();

test("a browser without garbage collection is told which browsers have it", { skip }, async () => {
    const found = await run(async () => {
        const here = cells.supported();
        const { validate } = WebAssembly;
        WebAssembly.validate = () => false;
        const without = cells.supported();
        const refused = await cells.createCells().then(
            () => null,
            (error) => error.message,
        );
        WebAssembly.validate = validate;
        return { here, without, refused };
    });
    assert.equal(found.here, null);
    assert.match(found.without, /Chrome and Edge .* 119 .* Firefox from 120, Safari from 18\.2/);
    assert.equal(found.refused, found.without);
});

test("what cannot be loaded is told", { skip }, async () => {
    const found = await run(async () => {
        const { Worker } = globalThis;
        const message = (/** @type {Promise<any>} */ promise) => promise.then(
            () => null,
            (error) => error.message,
        );
        const compiler = await message(cells.createCells({ url: "/nowhere.wasm" }));
        globalThis.Worker = class extends Worker {
            constructor() {
                super("/nowhere.js", { type: "module" });
            }
        };
        const worker = await message(cells.createCells());
        globalThis.Worker = Worker;
        return { compiler, worker };
    });
    assert.match(found.compiler, /nowhere\.wasm could not be loaded: 404/);
    assert.match(found.worker, /^no worker could be started/);
});

test("the page's interface does the same", { skip }, async () => {
    const found = await run(async () => {
        /** @type {[string, string][]} */
        const printed = [];
        const engine = await cells.createEngine({ workers: 2, onoutput: (cell, text) => printed.push([cell, text]) });
        const first = await engine.execute("a", 'print("hello")\nlet x = 2');
        const bytes = await engine.checkpoint();
        await engine.restart();
        const gone = await engine.check("x");
        await engine.restore(bytes);
        const second = await engine.execute("b", "x * 21");
        const removed = await engine.remove("a");
        const measured = await engine.benchmark(5);
        const state = await engine.state();
        engine.close();
        return { first, gone, second, removed, measured, state, printed };
    });
    assert.equal(found.first.output, "hello\n");
    assert.deepEqual(found.printed, [["a", "hello\n"]]);
    assert.equal(found.gone.diagnostics[0].severity, "error");
    assert.equal(found.second.value, "42");
    assert.deepEqual(found.removed.stale, ["b"]);
    assert.deepEqual(
        found.measured.categories.map(({ name, runs }) => [name, runs]),
        [
            ["assignment", 5],
            ["expression", 5],
            ["function definition", 5],
            ["call", 5],
            ["control flow", 5],
        ],
    );
    assert.ok(found.measured.summary.overall_avg_ms > 0);
    assert.equal(found.state.engine, "browser");
});

test("wrong arguments are refused", { skip }, async () => {
    const found = await run(async () => {
        const session = /** @type {any} */ (await cells.createCells({ workers: 1 }));
        const calls = [
            () => session.execute_cell_fast(1),
            () => session.execute_cell_fast("1", { cell: 1 }),
            () => session.compile(),
            () => session.validate(null),
            () => session.execute_cells("1"),
            () => session.execute_cells(["1", { cell: "a" }]),
            () => session.execute_cells([null]),
            () => session.remove(),
            () => session.restore("no bytes"),
            () => session.benchmark_cell_execution(0),
            () => session.benchmark_cell_execution(1e6),
        ];
        const names = [];
        for (const call of calls) names.push(await call().then(() => "nothing", (/** @type {Error} */ error) => error.name));
        await session.execute_cell_fast("let x = 1");
        const bytes = await session.checkpoint();
        await session.restore(bytes.slice().buffer);
        const { value } = await session.execute_cell_fast("x");
        session.close();
        return { names, value };
    });
    assert.deepEqual(found.names, [...new Array(9).fill("TypeError"), "RangeError", "RangeError"]);
    assert.equal(found.value, "1");
});
