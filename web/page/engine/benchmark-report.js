// What a backend says of a benchmark, as the panel shows it: categories in a list, under names for people.

/** @import { BenchmarkCategory, BenchmarkReport } from "./engine.js" */

/** @type {Record<string, string>} */
const NAMES = { function: "function definition", control: "control flow" };

/**
 * @param {number} n
 * @param {{ categories: Record<string, BenchmarkCategory> | BenchmarkCategory[], summary: { overall_avg_ms: number } }} raw
 * @returns {BenchmarkReport}
 */
export function report(n, raw) {
    const list = Array.isArray(raw.categories)
        ? raw.categories
        : Object.entries(raw.categories).map(([key, category]) => ({ ...category, name: category.name ?? key }));
    const categories = list.map((category) => ({ ...category, name: NAMES[category.name] ?? category.name }));
    return { n, categories, summary: raw.summary };
}
