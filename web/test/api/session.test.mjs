// Cells one after the other in one session: values, state, errors.

import assert from "node:assert/strict";
import { test } from "node:test";
import { browser, skip } from "./help.mjs";

const { run } = browser();

/** Runs sources in a new session; gives their results. */
const inSession = (/** @type {(string | [cell: string, source: string])[]} */ sources) =>
    run(async (sources) => {
        const session = await cells.createCells({ workers: 1 });
        const results = [];
        for (const each of sources) {
            const [cell, source] = typeof each === "string" ? [undefined, each] : each;
            results.push(await session.execute_cell_fast(source, { cell }));
        }
        session.close();
        return results;
    }, sources);

test("values carry over and are shown with their types", { skip }, async () => {
    const results = await inSession([
        "let x = 42",
        "fun double(n: Int) -> Int { n * 2 }",
        "double(x) + 1",
        '[("a", 1.5), ("b", 2.0)]',
        'let mut all = [1, 2]\nall.push(x)\nprint("all: {all}")\nall',
    ]);
    assert.deepEqual(
        results.map(({ value, type, output, error }) => [value, type, output, error]),
        [
            [null, null, "", null],
            [null, null, "", null],
            ["85", "Int", "", null],
            ['[("a", 1.5), ("b", 2.0)]', "[(String, Float)]", "", null],
            ["[1, 2, 42]", "[Int]", "all: [1, 2, 42]\n", null],
        ],
    );
    assert.deepEqual(results[0].defined, [{ name: "x", type: "Int" }]);
    assert.deepEqual(results[1].defined, [{ name: "double", type: "fun(Int) -> Int" }]);
    for (const { performance } of results) {
        const phases = ["parse_ms", "check_ms", "emit_ms", "instantiate_ms", "run_ms"];
        const sum = phases.reduce((sum, phase) => sum + performance[phase], 0);
        assert.ok(sum <= performance.total_ms + 0.01, JSON.stringify(performance));
        assert.ok(performance.wasm_bytes > 0);
        assert.ok(performance.memory_bytes <= 10 << 20);
        assert.equal(performance.target_met, performance.total_ms < performance.target_ms);
    }
});

test("a name that is defined again makes the cells that used it stale", { skip }, async () => {
    const results = await inSession([
        ["a", "let x = 1"],
        ["b", "let y = x + 1"],
        ["a", "let x = 10"],
        ["c", "y"],
        ["b", "let y = x + 1"],
        ["c", "y"],
    ]);
    assert.deepEqual(results[2].stale, ["b"]);
    assert.equal(results[3].value, "2");
    assert.deepEqual(results[4].stale, ["c"]);
    assert.equal(results[5].value, "11");
    assert.deepEqual(results[5].stale, []);
});

test("an unchanged cell comes from the cache", { skip }, async () => {
    const results = await inSession(["fun f(n: Int) -> Int { n + 1 }", "f(1)", "f(1)"]);
    assert.deepEqual(
        results.map(({ performance, value }) => [performance.cached, value]),
        [
            [false, null],
            [false, "2"],
            [true, "2"],
        ],
    );
});

test("a wrong cell tells where and defines nothing", { skip }, async () => {
    const [wrong, after] = await inSession(['let a = 1\nlet b = a + "é"', "b"]);
    assert.equal(wrong.error.kind, "compile");
    assert.deepEqual([wrong.error.line, wrong.error.column], [2, 11]);
    const [diagnostic] = wrong.error.diagnostics;
    assert.equal(diagnostic.severity, "error");
    assert.ok(diagnostic.start >= 18 && diagnostic.end <= 26);
    assert.match(wrong.error.rendered, /\n2 \| let b = a \+ "é"\n.*\^/);
    assert.equal(after.error.kind, "compile");
});

test("a trap tells the line, also in another cell's function", { skip }, async () => {
    const [, trap, after] = await inSession([
        ["library", "fun pick(i: Int) -> Int {\n    let all = [10, 20, 30]\n    all[i]\n}"],
        ["use", 'print("before")\nlet i = 7\npick(i)'],
        "pick(2)",
    ]);
    assert.equal(trap.error.kind, "trap");
    assert.match(trap.error.message, /index 7 is out of bounds: the length is 3/);
    assert.deepEqual([trap.error.line, trap.error.column], [3, 5]);
    assert.equal(trap.output, "before\n");
    assert.deepEqual(
        trap.error.traceback.map(({ cell, function: name, line }) => [cell, name, line]),
        [
            ["library", "pick", 3],
            ["use", null, 3],
        ],
    );
    assert.equal(after.value, "30");
});

test("failures of all kinds end the cell, not the session", { skip }, async () => {
    const results = await inSession([
        "9223372036854775807 + 1",
        "let zero = 0\n1 / zero",
        'panic("no {1 + 1}")',
        "assert(1 > 2)",
        '"12x".to_int()',
        "fun down(n: Int) -> Int { 1 + down(n + 1) }\ndown(0)",
        'let mut text = "x"\nloop { print(text)\n text = text + text }',
        "1 + 1",
    ]);
    const expected = [
        ["trap", /overflow/],
        ["trap", /division by zero/],
        ["trap", /^no 2$/],
        ["trap", /assertion/],
        ["trap", /"12x" is not a number/],
        ["trap", /the recursion is too deep/],
        ["limit", /prints more than it may/],
    ];
    for (const [i, [kind, message]] of expected.entries()) {
        assert.equal(results[i].error?.kind, kind, JSON.stringify(results[i].error));
        assert.match(results[i].error.message, message);
    }
    assert.equal(results.at(-1).value, "2");
});

test("cells are checked, completed, inspected and compiled without being run", { skip }, async () => {
    const found = await run(async () => {
        const session = await cells.createCells({ workers: 1 });
        await session.execute_cell_fast("fun double(n: Int) -> Int { n * 2 }", { cell: "a" });
        const found = {
            valid: await session.validate("double(1)"),
            invalid: await session.validate("double(true)"),
            complete: await session.complete("1 + dou", 7),
            inspect: await session.inspect("double(1)", 2),
            nothing: await session.inspect("// a remark", 5),
            compiled: await session.compile("double(1)").then(async ({ wasm, ...rest }) => ({
                ...rest,
                exports: WebAssembly.Module.exports(new WebAssembly.Module(wasm)),
            })),
            broken: await session.compile("double("),
            names: await session.names(),
            status: session.worker_status(),
        };
        session.close();
        return found;
    });
    assert.deepEqual(found.valid, { valid: true, type: "Int", diagnostics: [] });
    assert.equal(found.invalid.valid, false);
    assert.deepEqual([found.complete.start, found.complete.end], [4, 7]);
    assert.ok(found.complete.items.some(({ label, kind }) => label === "double" && kind === "function"));
    assert.match(found.inspect.text, /double/);
    assert.equal(found.nothing, null);
    assert.deepEqual(found.compiled.imports, ["double"]);
    assert.equal(found.compiled.type, "Int");
    assert.ok(found.compiled.exports.some(({ name, kind }) => name === "run" && kind === "function"));
    assert.equal(found.broken.wasm, null);
    assert.equal(found.broken.error.kind, "compile");
    assert.deepEqual(found.names, [
        { name: "double", kind: "function", type: "fun(Int) -> Int", cell: "a", stale: false },
    ]);
    assert.equal(found.status.workers.length, 1);
    assert.equal(found.status.workers[0].state, "idle");
});

test("what a cell prints arrives while it runs", { skip }, async () => {
    const early = await run(async () => {
        const session = await cells.createCells({ workers: 1 });
        /** @type {(text: string) => void} */
        let told = () => {};
        const first = new Promise((resolve) => (told = resolve));
        const done = session.execute_cell_fast('loop { print("again") }', { onoutput: (text) => told(text) });
        const text = await first;
        await session.cancel();
        const { error } = await done;
        session.close();
        return { text, kind: error.kind };
    });
    assert.match(early.text, /^again\n/);
    assert.ok(["cancelled", "limit"].includes(early.kind));
});

test("a cell that was compiled and not run is in no checkpoint", { skip }, async () => {
    const found = await run(async () => {
        const session = await cells.createCells({ workers: 1 });
        await session.execute_cell_fast("let mut handlers = [|n: Int| n + 1]");
        const { wasm } = await session.compile("handlers.push(|n: Int| n * 2)\nlet double = |n: Int| n * 2\ndouble(2)");
        const bytes = await session.checkpoint();
        await session.restore(bytes);
        const { value } = await session.execute_cell_fast("handlers[0](1)");
        session.close();
        return { compiled: wasm.length > 0, value };
    });
    assert.deepEqual(found, { compiled: true, value: "2" });
});

test("frames name their own cell where others have the same source", { skip }, async () => {
    const cellsOfFrames = await run(async () => {
        const session = await cells.createCells({ workers: 1 });
        const source = "|n: Int| 1 / n";
        for (const cell of ["first", "second"]) await session.execute_cell_fast(`let f = ${source}`, { cell });
        await session.execute_cell_fast("let keep = f", { cell: "keep" });
        await session.execute_cell_fast("let f = |n: Int| 1 / n", { cell: "third" });
        const { error } = await session.execute_cell_fast("keep(0)", { cell: "caller" });
        session.close();
        return error.traceback.map(({ cell }) => cell);
    });
    assert.deepEqual(cellsOfFrames, ["second", "caller"]);
});
