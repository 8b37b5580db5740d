// The same cells here and in the native program: values, types, output, failures and lines are the same.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { browser, skip } from "./help.mjs";

const { run } = browser();
const root = fileURLToPath(new URL("../../../", import.meta.url));
const program = [process.env.UPSHIFT_CELLS, join(root, "target/debug/upshift-cells"), join(root, "target/release/upshift-cells")].find(
    (path) => path && existsSync(path),
);
const left = skip || (program ? false : "no native upshift-cells: UPSHIFT_CELLS may name it");

/** The code cells of a notebook file. */
function codeCells(/** @type {string} */ text) {
    const cells = [];
    let current = null;
    for (const line of text.split("\n")) {
        const marker = /^%% (code|markdown)(?: (\S+))?/.exec(line);
        if (!marker) current?.lines.push(line);
        else if (marker[1] === "code") cells.push((current = { cell: marker[2] ?? "", lines: [] }));
        else current = null;
    }
    return cells.map(({ cell, lines }) => ({ cell, source: lines.join("\n").trimEnd() }));
}

/** What both hosts have to agree on. */
function common(/** @type {any} */ { value, type, output, error, warnings, defined, stale }) {
    const { kind, message, line, column } = error ?? {};
    return { value, type, output, error: error && { kind, message, line, column }, warnings, defined, stale };
}

/** Runs a notebook natively; `files` are put beside it, and `result` is read from there. */
async function runNatively(/** @type {string} */ text, /** @type {string[]} */ flags, files = {}, result = "") {
    const folder = await mkdtemp(join(tmpdir(), "cells-"));
    try {
        const all = Object.entries({ ...files, "test.cells": text });
        for (const [name, content] of all) await writeFile(join(folder, name), content);
        const options = { maxBuffer: 1 << 28, cwd: folder };
        const arguments_ = ["cells", "test.cells", ...flags];
        // Where a cell has failed, the program says so by its exit code, and prints all the same.
        const { stdout } = await promisify(execFile)(String(program), arguments_, options).catch((error) => error);
        return { stdout, result: result ? await readFile(join(folder, result)) : null };
    } finally {
        await rm(folder, { recursive: true });
    }
}

async function natively(/** @type {string} */ text) {
    const { stdout } = await runNatively(text, ["--json"]);
    return JSON.parse(stdout).cells;
}

const browsed = (/** @type {{ cell: string, source: string }[]} */ list) =>
    run(async (list) => {
        const session = await cells.createCells({ workers: 1 });
        const results = [];
        for (const { cell, source } of list) results.push(await session.execute_cell_fast(source, { cell }));
        session.close();
        return results;
    }, list);

async function compare(/** @type {string} */ text) {
    const native = await natively(text);
    const here = await browsed(codeCells(text));
    assert.ok(native.length > 0);
    for (const [i, { result = null, ...cell }] of native.entries()) {
        const theirs = common(result ?? cell);
        const ours = common(here[i]);
        // Line by line, so that a difference is seen.
        ours.output.split("\n").forEach((line, at) => assert.equal(line, theirs.output.split("\n")[at], `cell ${i}, line ${at}`));
        assert.deepEqual(ours, theirs, `cell ${i}`);
    }
}

test("10,000 floats have the same text", { skip: left }, async () => {
    await compare(`%% code floats
let mut state = 88172645463325252
for i in 0..10000 {
    state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407)
    let mut x = state.to_float()
    for k in 0..i % 340 { x = if i % 2 == 0 { x / 10.0 } else { x * 10.0 } }
    print(x, x.fixed(i % 20), (state % 100000).to_float() / 8.0, ((state % 1000).to_float() / 16.0).fixed(2))
}
%% code edges
[0.0, -0.0, 1e16, 1e15, 9999999999999998.0, 1e-5, 9.999e-6, 5e-324, 1.7976931348623157e308, infinity, -infinity, nan]
%% code fixed
[0.5.fixed(0), 1.5.fixed(0), 2.5.fixed(0), (-0.04).fixed(1), 1e22.fixed(2), 1e300.fixed(3), nan.fixed(2), 1.005.fixed(2)]
%% code read
["1", "-2.5e3", "1e400", "inf", "+.5", "5.", "1e-400", "0.1"].map(|t| t.to_float())
%% code texts
["1.5.2", "", " 1", "1 ", "x", "1e", "0x10", "1_000", "nan", "NaN", "infinity", "Infinity", "-inf"].map(|t| t.is_float())
`);
});

const STATE = `%% code state
struct Point { x: Float, y: Float }
let mut points = [Point { x: 0.5, y: -1.0 }]
let add = |x: Float| points.push(Point { x: x, y: x / 3.0 })
fun count() -> Int { points.len() }
add(2.0)
`;
const PROBE = "add(4.0)\n(count(), points)";

test("checkpoints go from one to the other", { skip: left }, async () => {
    const saved = await runNatively(STATE, ["--checkpoint", "state"], {}, "state");
    const there = await run(
        async ({ bytes, source, probe }) => {
            const session = await cells.createCells({ workers: 1 });
            await session.restore(Uint8Array.from(bytes));
            const { value, error } = await session.execute_cell_fast(probe);
            await session.reset();
            await session.execute_cell_fast(source);
            const own = Array.from(await session.checkpoint());
            session.close();
            return { value, error, own };
        },
        { bytes: Array.from(saved.result ?? []), source: codeCells(STATE)[0].source, probe: PROBE },
    );
    assert.equal(there.error, null);
    assert.match(there.value, /^\(3, \[Point \{ x: 0\.5, /);
    const files = { own: Uint8Array.from(there.own) };
    const back = await runNatively(`%% code probe\n${PROBE}\n`, ["--restore", "own", "--json"], files);
    const [cell] = JSON.parse(back.stdout).cells;
    assert.equal(cell.result.value, there.value);
});

const examples = join(root, "examples/cells");
const notebooks = existsSync(examples) ? (await readdir(examples)).filter((name) => name.endsWith(".cells")) : [];
for (const name of notebooks) {
    test(`the example ${name} gives the same`, { skip: left }, async () => {
        await compare(await readFile(join(examples, name), "utf8"));
    });
}
