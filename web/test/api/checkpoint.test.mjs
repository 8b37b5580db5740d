// Sessions that come back.

import assert from "node:assert/strict";
import { test } from "node:test";
import { browser, skip } from "./help.mjs";

const { open, run } = browser();

const SOURCES = [
    "struct Point { x: Int, y: Int }",
    "let mut points = [Point { x: 1, y: 2 }, Point { x: 3, y: 4 }]\nlet first = points[0]",
    'let name = "Grüße, 世界"\nlet pair = (1.5, true, name)',
    "fun scaled(n: Int) -> [Int] { points.map(|p| p.x * n) }",
    "let mut count = 0\nlet bump = |by: Int| { count += by; count }",
    "bump(5)",
];

const PROBES = ["points", "name", "pair", "scaled(10)", "bump(1)", "first.x = 100\npoints[0].x"];
const EXPECTED = [
    "[Point { x: 1, y: 2 }, Point { x: 3, y: 4 }]",
    '"Grüße, 世界"',
    '(1.5, true, "Grüße, 世界")',
    "[10, 30]",
    "6",
    "100",
];

test("a session comes back in another page", { skip }, async () => {
    const bytes = await run(async (sources) => {
        const session = await cells.createCells({ workers: 1 });
        for (const source of sources) {
            const { error } = await session.execute_cell_fast(source);
            if (error) throw new Error(error.rendered);
        }
        const bytes = await session.checkpoint();
        session.close();
        return Array.from(bytes);
    }, SOURCES);
    const page = await open();
    const found = await page.evaluate(
        async (/** @type {any} */ { bytes, probes }) => {
            const session = await cells.createCells({ workers: 1 });
            await session.execute_cell_fast("let old = 1");
            await session.restore(Uint8Array.from(bytes));
            const results = [];
            for (const source of probes) results.push(await session.execute_cell_fast(source, { cell: source }));
            const names = await session.names();
            session.close();
            return { results, names: names.map(({ name }) => name) };
        },
        { bytes, probes: PROBES },
    );
    assert.deepEqual(
        found.results.map(({ value, error }) => error?.rendered ?? value),
        EXPECTED,
    );
    assert.deepEqual(found.names, ["Point", "bump", "count", "first", "name", "pair", "points", "scaled"]);
});

test("checkpoints are told in idle time", { skip }, async () => {
    const value = await run(async () => {
        /** @type {(bytes: Uint8Array) => void} */
        let told = () => {};
        let next = new Promise((resolve) => (told = resolve));
        const first = await cells.createCells({ workers: 1, oncheckpoint: (bytes) => told(bytes) });
        await first.execute_cell_fast("let x = [1, 2, 3]");
        const bytes = await next;
        first.close();
        const second = await cells.createCells({ workers: 1 });
        await second.restore(bytes);
        const { value } = await second.execute_cell_fast("x.reversed()");
        second.close();
        return value;
    });
    assert.equal(value, "[3, 2, 1]");
});

test("what is no checkpoint is refused, and the session stays", { skip }, async () => {
    const found = await run(async () => {
        const session = await cells.createCells({ workers: 1 });
        await session.execute_cell_fast('let x = ["a", "b"]');
        const whole = await session.checkpoint();
        const messages = [];
        const attempts = [new Uint8Array(0), Uint8Array.of(1, 2, 3), whole.slice(0, whole.length - 1)];
        for (let i = 0; i < whole.length; i += 7) {
            const changed = whole.slice();
            changed[i] ^= 0x55;
            attempts.push(changed);
        }
        for (const bytes of attempts) {
            messages.push(await session.restore(bytes).then(
                () => null,
                (error) => error.message,
            ));
        }
        const { value } = await session.execute_cell_fast("x");
        session.close();
        return { messages, value };
    });
    for (const message of found.messages) assert.equal(typeof message, "string");
    assert.equal(found.value, '["a", "b"]');
});
