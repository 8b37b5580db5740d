// Lists of cells, some of which run side by side.

import assert from "node:assert/strict";
import { test } from "node:test";
import { assign, groups, words } from "../../src/plan.js";
import { browser, skip } from "./help.mjs";

const { run } = browser();

/** Groups of cells, given as what they define and their source. */
const planned = (/** @type {[string[], string][]} */ cells, names = /** @type {string[]} */ ([])) =>
    groups(
        cells.map(([defines, source]) => ({ defines, mentions: words(source) })),
        (name) => names.includes(name),
        () => false,
    );

test("cells that share names are in one group", () => {
    const found = planned([
        [["a"], "let a = 1"],
        [["b"], "let b = 2"],
        [["c"], 'let c = "{a}"'],
        [[], "i + 1"],
        [["d"], "let d = b"],
        [[], "i + 2"],
    ]);
    assert.deepEqual(
        found.map((group) => group.cells),
        [[0, 2], [1, 4], [3], [5]],
    );
    assert.ok(found.every((group) => !group.session));
});

test("what has to do with the session stays there", () => {
    const found = planned(
        [
            [["a"], "let a = x"],
            [["y"], "let y = 1"],
            [[], "a"],
            [[], "1"],
        ],
        ["x", "y"],
    );
    assert.deepEqual(found, [
        { cells: [0, 2], session: true },
        { cells: [1], session: true },
        { cells: [3], session: false },
    ]);
});

test("long groups go to workers that have least to do", () => {
    const group = (/** @type {number} */ cell, session = false) => ({ cells: [cell], session });
    const times = [5, 1, 3, 4, 2];
    const list = [group(0, true), group(1), group(2), group(3), group(4)];
    const assigned = assign(list, ({ cells }) => times[cells[0]], 2);
    assert.deepEqual(
        assigned.map((groups) => groups.flatMap((group) => group.cells)),
        [[0, 4, 1], [3, 2]],
    );
});

test("results are in order, and all names are in the session", { skip }, async () => {
    const found = await run(async () => {
        const session = await cells.createCells({ workers: 3 });
        await session.execute_cell_fast("let base = 100");
        const results = await session.execute_cells([
            "let a = 1",
            "fun square(n: Int) -> Int { n * n }",
            "let c = base + 1",
            "a + 1",
            "square(12)",
            { cell: "words", source: '["x", "y"].join("-")' },
            "1 / 0",
            "let late = |n: Int| square(n) + a",
        ]);
        const status = session.worker_status();
        const after = [];
        for (const source of ["a + c", "square(3)", "late(2)"]) after.push(await session.execute_cell_fast(source));
        const again = await session.execute_cells([{ cell: "words", source: "let w = a" }, "w * 2"]);
        session.close();
        return { results, after, again, status };
    });
    assert.deepEqual(
        found.results.map(({ value, error }) => error?.kind ?? value),
        [null, null, null, "2", "144", '"x-y"', "trap", null],
    );
    assert.deepEqual(
        found.after.map(({ value, error }) => error?.rendered ?? value),
        ["102", "9", "5"],
    );
    assert.deepEqual(
        found.again.map(({ value }) => value),
        [null, "2"],
    );
    assert.ok(found.status.workers.length > 1, "helpers have started");
});

test("work that is independent is shared", { skip }, async () => {
    const found = await run(async () => {
        const session = await cells.createCells({ workers: 2 });
        const work = (/** @type {number} */ i) =>
            `let mut s${i} = ${i}\nfor k in 0..20000000 { s${i} = (s${i} * 31 + k) % 1000003 }\ns${i}`;
        const results = await session.execute_cells([work(1), work(2)]);
        const jobs = session.worker_status().workers.map(({ jobs }) => jobs);
        const names = (await session.names()).map(({ name }) => name);
        session.close();
        return { values: results.map(({ value }) => Number(value)), jobs, names };
    });
    assert.ok(found.values.every((value) => value >= 0 && value < 1000003));
    assert.deepEqual(found.names, ["s1", "s2"]);
    // Each of both workers has had a cell: the helper has started and run a group.
    assert.equal(found.jobs.length, 2);
    assert.equal(found.jobs[1], 2);
});

test("what cells print in helpers arrives with their ids", { skip }, async () => {
    const printed = await run(async () => {
        /** @type {Record<string, string>} */
        const printed = {};
        const onoutput = (/** @type {string} */ cell, /** @type {string} */ text) =>
            (printed[cell] = (printed[cell] ?? "") + text);
        const session = await cells.createCells({ workers: 2, onoutput });
        await session.execute_cells(["a", "b", "c", "d"].map((cell) => ({ cell, source: `print("${cell}")\nlet ${cell} = 1` })));
        session.close();
        return printed;
    });
    assert.deepEqual(printed, { a: "a\n", b: "b\n", c: "c\n", d: "d\n" });
});
