// How long cells take: many runs of small cells of each kind, each with a source of its own, so that none comes from the cache.

import { Machine } from "./machine.js";

/**
 * The kinds of cells. `prepare` is run once, before; a target is what half of all runs (`p50_ms`) or nearly all (`p95_ms`) have to stay
 * below, in milliseconds.
 *
 * @type {{ name: string, prepare: string, source: (i: number) => string, p50_ms: number | null, p95_ms: number }[]}
 */
export const CATEGORIES = [
    { name: "assignment", prepare: "", source: (i) => `let x${i % 50} = ${i}`, p50_ms: 2, p95_ms: 5 },
    { name: "expression", prepare: "", source: (i) => `(${i} + 2) * 3 - ${i} / 2 % 7`, p50_ms: 2, p95_ms: 5 },
    {
        name: "function definition",
        prepare: "",
        source: (i) => `fun f${i % 50}(n: Int) -> Int {\n    if n < 2 { n } else { n * ${i} + 1 }\n}`,
        p50_ms: null,
        p95_ms: 5,
    },
    {
        name: "call",
        prepare: "fun gcd(a: Int, b: Int) -> Int {\n    if b == 0 { a } else { gcd(b, a % b) }\n}",
        source: (i) => `gcd(${i * 12}, ${i + 18})`,
        p50_ms: null,
        p95_ms: 5,
    },
    {
        name: "control flow",
        prepare: "",
        source: (i) =>
            `let mut sum = 0\nfor k in 0..${100 + (i % 100)} {\n    if k % 3 == 0 { sum += k } else { sum -= ${i} }\n}\nsum`,
        p50_ms: 2,
        p95_ms: 5,
    },
];

/**
 * Runs `n` cells of each kind in a session of their own.
 *
 * @param {WebAssembly.Module} compiler
 * @param {number} n
 * @returns {import("./index.js").Benchmark}
 */
export function benchmark(compiler, n) {
    let sum = 0;
    const categories = CATEGORIES.map((category) => {
        const machine = new Machine(compiler, () => {});
        const run = (/** @type {string} */ cell, /** @type {string} */ source) => {
            const result = machine.execute(cell, source);
            if (result.error) throw new Error(`${category.name}: ${result.error.rendered || result.error.message}`);
            return result.performance.total_ms;
        };
        if (category.prepare) run("prepare", category.prepare);
        const times = [];
        for (let i = 0; i < n; i++) times.push(run(`cell-${i % 100}`, category.source(i)));
        sum += times.reduce((a, b) => a + b, 0);
        times.sort((a, b) => a - b);
        const p50_ms = percentile(times, 0.5);
        const p95_ms = percentile(times, 0.95);
        return {
            name: category.name,
            runs: n,
            p50_ms,
            p95_ms,
            p99_ms: percentile(times, 0.99),
            target_ms: category.p95_ms,
            target_met: p95_ms < category.p95_ms && (category.p50_ms === null || p50_ms < category.p50_ms),
        };
    });
    const overall_avg_ms = sum / (n * CATEGORIES.length);
    return { n, categories, summary: { overall_avg_ms, target_met: categories.every((each) => each.target_met) } };
}

/**
 * The least of `sorted` that `part` of all do not exceed.
 *
 * @param {number[]} sorted not empty
 * @param {number} part
 */
export function percentile(sorted, part) {
    return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)];
}
