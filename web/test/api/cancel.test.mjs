// Cells that do not end by themselves.

import assert from "node:assert/strict";
import { test } from "node:test";
import { browser, skip } from "./help.mjs";

const { run } = browser();

test("an endless loop is cancelled, and the session is as before", { skip }, async () => {
    const found = await run(async () => {
        const session = await cells.createCells({ workers: 1 });
        await session.execute_cell_fast("let mut all = [1, 2]", { cell: "a" });
        await session.execute_cell_fast("fun add(n: Int) { all.push(n) }", { cell: "b" });
        await session.execute_cell_fast("add(3)", { cell: "c" });
        // Until the checkpoint of idle time.
        await new Promise((resolve) => setTimeout(resolve, 200));
        const endless = session.execute_cell_fast("loop { add(4) ; all.pop() }", { cell: "d" });
        const waiting = session.execute_cell_fast("all", { cell: "e" });
        const names = session.names();
        const status = session.worker_status();
        await new Promise((resolve) => setTimeout(resolve, 100));
        const { lost } = await session.cancel();
        const after = await session.execute_cell_fast("add(5)\nall", { cell: "f" });
        const found = {
            status,
            lost,
            kinds: [(await endless).error?.kind, (await waiting).error?.kind],
            after: after.value,
            error: after.error,
            names: (await names).map(({ name }) => name),
            again: await session.cancel(),
        };
        session.close();
        return found;
    });
    assert.equal(found.error, null);
    assert.deepEqual(found.kinds, ["cancelled", "cancelled"]);
    assert.deepEqual(found.lost, []);
    assert.equal(found.after, "[1, 2, 3, 5]");
    assert.deepEqual(found.names, ["add", "all"]);
    assert.deepEqual(found.again, { lost: [] });
    const [worker] = found.status.workers;
    assert.deepEqual([worker.state, worker.cell, worker.queued], ["busy", "d", 2]);
});

test("cells whose effects are lost are told", { skip }, async () => {
    const found = await run(async () => {
        /** @type {string[][]} */
        const told = [];
        const session = await cells.createCells({ workers: 1, onlost: (lost) => told.push(lost) });
        await session.execute_cell_fast("let x = 1", { cell: "a" });
        await new Promise((resolve) => setTimeout(resolve, 200));
        // One after the other, so that not each of them is followed by idle time.
        const runs = [];
        for (let i = 0; i < 200; i++) runs.push(session.execute_cell_fast(`let y${i} = x + ${i}`, { cell: `b${i}` }));
        const endless = session.execute_cell_fast("loop { }", { cell: "c" });
        await Promise.all(runs);
        const { lost } = await session.cancel();
        const names = (await session.names()).map(({ name }) => name);
        session.close();
        return { lost, told, names, kind: (await endless).error?.kind };
    });
    assert.equal(found.kind, "cancelled");
    assert.ok(found.names.includes("x"));
    // Each cell is either there or told.
    for (let i = 0; i < 200; i++) assert.notEqual(found.names.includes(`y${i}`), found.lost.includes(`b${i}`), `b${i}`);
    assert.deepEqual(found.told, found.lost.length > 0 ? [found.lost] : []);
});

test("a reset ends what runs and forgets everything", { skip }, async () => {
    const found = await run(async () => {
        const session = await cells.createCells({ workers: 1 });
        await session.execute_cell_fast("let x = 1");
        const endless = session.execute_cell_fast("loop { }");
        await session.reset();
        const x = await session.execute_cell_fast("x");
        const found = { names: await session.names(), kinds: [(await endless).error?.kind, x.error?.kind] };
        await session.execute_cell_fast("let z = 1");
        await session.reset();
        const later = await session.names();
        session.close();
        return { ...found, later };
    });
    assert.deepEqual(found, { names: [], kinds: ["cancelled", "compile"], later: [] });
});

test("cells that were removed stay away after a cancellation", { skip }, async () => {
    const found = await run(async () => {
        const session = await cells.createCells({ workers: 1 });
        await session.execute_cell_fast("let x = 1", { cell: "a" });
        await session.execute_cell_fast("let y = 2", { cell: "b" });
        await session.restore(await session.checkpoint());
        // One right after the other, so that no checkpoint is taken in between.
        const removed = session.remove("a");
        const running = session.execute_cell_fast("loop {}", { cell: "c" });
        await removed;
        const { lost } = await session.cancel();
        await running;
        const names = (await session.names()).map(({ name }) => name);
        session.close();
        return { lost, names };
    });
    assert.deepEqual(found, { lost: [], names: ["y"] });
});

test("a list of cells that is cancelled has all its results", { skip }, async () => {
    const found = await run(async () => {
        const session = await cells.createCells({ workers: 3 });
        const list = ["let a = 1", "let b = 2", "let c = 3", "loop {}", "let d = 4", 'let e = 5\nprint("e")\nloop {}'];
        const answers = [];
        // Once while the cells are planned, and once while they run and what has run is being taken over.
        for (const wait of [0, 300]) {
            const running = session.execute_cells(list);
            // One that the session's own worker has, so that what others have done waits for it.
            const own = session.execute_cell_fast("loop {}");
            await new Promise((resolve) => setTimeout(resolve, wait));
            await session.cancel();
            answers.push((await running).map(({ error }) => error?.kind ?? "done"));
            await own;
        }
        const { value } = await session.execute_cell_fast("1 + 1");
        session.close();
        return { answers, value };
    });
    assert.equal(found.value, "2");
    for (const kinds of found.answers) {
        assert.equal(kinds.length, 6);
        assert.ok(kinds.every((kind) => kind === "done" || kind === "cancelled"), kinds.join());
        assert.deepEqual([kinds[3], kinds[5]], ["cancelled", "cancelled"]);
    }
});

test("what a cell has printed before an endless loop is told, and is in the result", { skip }, async () => {
    const found = await run(async () => {
        const session = await cells.createCells({ workers: 1 });
        /** @type {() => void} */
        let all = () => {};
        let told = "";
        const printed = new Promise((resolve) => (all = () => resolve(undefined)));
        const onoutput = (/** @type {string} */ text) => {
            told += text;
            if (told === "begin\nagain\n") all();
        };
        const running = session.execute_cell_fast('print("begin")\nprint("again")\nloop {}', { onoutput });
        await printed;
        await session.cancel();
        const { output } = await running;
        session.close();
        return output;
    });
    assert.equal(found, "begin\nagain\n");
});
