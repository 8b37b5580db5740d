// Bars for the percentiles of each category, with a line at its target. The numbers stand beside the bars, and in a table for those
// who do not see them.
import { h, svg } from "../view/dom.js";
import { duration } from "../view/timing.js";

/** @import { BenchmarkCategory } from "../engine/engine.js" */

const PERCENTILES = /** @type {const} */ ([
    ["p50", "p50_ms"],
    ["p95", "p95_ms"],
    ["p99", "p99_ms"],
]);
const WIDTH = 320;
const LABELS = 30;
const NUMBERS = 56;
const BAR = 10;
const STEP = 15;

/**
 * @param {BenchmarkCategory[]} categories
 * @returns {HTMLElement}
 */
export function chart(categories) {
    // One scale for all, so that bars can be compared. It has room for targets and what they are about, the p95; a p99 may be many times
    // longer, and is cut.
    const most = Math.max(...categories.flatMap(({ p95_ms, target_ms }) => [p95_ms, target_ms || 0]), 0.001) * 1.15;
    const x = (/** @type {number} */ ms) => LABELS + Math.min(ms / most, 1) * (WIDTH - LABELS - NUMBERS);
    const cut = categories.some(({ p99_ms }) => p99_ms > most);
    return h(
        "div",
        { class: "chart" },
        ...categories.map((category) => bars(category, x, most)),
        scale(most, cut),
        spokenTable(categories),
    );
}

/**
 * @param {BenchmarkCategory} category
 * @param {(ms: number) => number} x
 * @param {number} most where bars are cut
 */
function bars(category, x, most) {
    const height = PERCENTILES.length * STEP;
    const parts = PERCENTILES.flatMap(([name, key], index) => {
        const y = index * STEP + (STEP - BAR) / 2;
        const ms = category[key];
        return [
            svg("text", { class: "chart-label", x: 0, y: y + BAR - 1.5 }, name),
            svg("rect", { class: "chart-track", x: LABELS, y, width: WIDTH - LABELS - NUMBERS, height: BAR, rx: 2 }),
            svg("rect", { class: `chart-bar ${name}`, x: LABELS, y, width: Math.max(1.5, x(ms) - LABELS), height: BAR, rx: 2 }),
            ...(ms > most ? [svg("path", { class: "chart-cut", d: `M${x(most) - 12} ${y + BAR + 1}l5 ${-BAR - 2}` })] : []),
            svg("text", { class: "chart-number", x: WIDTH, y: y + BAR - 1.5, "text-anchor": "end" }, duration(ms)),
        ];
    });
    if (category.target_ms > 0)
        parts.push(
            svg("line", { class: "chart-target", x1: x(category.target_ms), x2: x(category.target_ms), y1: 0, y2: height }),
        );
    return h(
        "div",
        { class: "chart-category", "aria-hidden": "true" },
        h(
            "div",
            { class: "chart-head" },
            h("span", { class: "chart-name" }, category.name),
            category.target_ms > 0 &&
                h(
                    "span",
                    { class: `verdict ${category.target_met ? "met" : "missed"}` },
                    category.target_met ? "on target" : "over target",
                ),
        ),
        svg("svg", { viewBox: `0 0 ${WIDTH} ${height}`, class: "chart-bars" }, ...parts),
    );
}

/**
 * @param {number} most
 * @param {boolean} cut
 */
function scale(most, cut) {
    return h(
        "p",
        { class: "hint chart-scale", "aria-hidden": "true" },
        "The bars end at ",
        duration(most),
        "; the line ",
        h("span", { class: "target-sign" }),
        " is the target for p95.",
        cut && " Bars with a gap are longer.",
    );
}

/** @param {BenchmarkCategory[]} categories */
function spokenTable(categories) {
    const heads = ["Category", ...PERCENTILES.map(([name]) => name), "Target"];
    return h(
        "table",
        { class: "spoken" },
        h("caption", {}, "Times per cell"),
        h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))),
        h(
            "tbody",
            {},
            ...categories.map((category) =>
                h(
                    "tr",
                    {},
                    h("th", { scope: "row" }, category.name),
                    ...PERCENTILES.map(([, key]) => h("td", {}, duration(category[key]))),
                    h(
                        "td",
                        {},
                        category.target_ms > 0
                            ? `${duration(category.target_ms)}, ${category.target_met ? "met" : "missed"}`
                            : "none",
                    ),
                ),
            ),
        ),
    );
}
