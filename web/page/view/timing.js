// How long a cell took: a small bar with a segment for each phase, and on demand the numbers.
import { h } from "./dom.js";

/** @import { Performance } from "../engine/engine.js" */

/** @type {{ key: "parse_ms" | "check_ms" | "emit_ms" | "instantiate_ms" | "run_ms", name: string }[]} */
const PHASES = [
    { key: "parse_ms", name: "parse" },
    { key: "check_ms", name: "check" },
    { key: "emit_ms", name: "emit" },
    { key: "instantiate_ms", name: "instantiate" },
    { key: "run_ms", name: "run" },
];

/**
 * @param {Performance} performance
 * @returns {HTMLElement}
 */
export function timing(performance) {
    const phases = PHASES.map(({ key, name }) => ({ name, ms: performance[key] ?? 0 }));
    const sum = phases.reduce((total, { ms }) => total + ms, 0) || 1;
    const target =
        performance.target_ms > 0
            ? ` The target of ${duration(performance.target_ms)} is ${performance.target_met ? "met" : "missed"}.`
            : "";
    const spoken = `${phases.map(({ name, ms }) => `${name} ${duration(ms)}`).join(", ")}; in all ${duration(performance.total_ms)}.${target}`;
    return h(
        "details",
        { class: "timing" },
        h(
            "summary",
            { title: "How long each phase took" },
            h(
                "span",
                { class: "timing-bar", role: "img", "aria-label": spoken },
                ...phases.map(({ name, ms }) =>
                    h("span", { class: `phase ${name}`, style: `flex-grow:${(ms / sum).toFixed(4)}` }),
                ),
            ),
            h("span", { class: "timing-total", "aria-hidden": "true" }, duration(performance.total_ms)),
        ),
        h(
            "dl",
            { class: "timing-phases" },
            ...phases.map(({ name, ms }) => pair(name, duration(ms), `phase ${name}`)),
            ...more(performance),
        ),
    );
}

/**
 * @param {Performance} performance
 * @returns {HTMLElement[]}
 */
function more(performance) {
    const pairs = [];
    if (performance.target_ms > 0)
        pairs.push(pair("target", `${duration(performance.target_ms)}, ${performance.target_met ? "met" : "missed"}`));
    if (performance.wasm_bytes > 0) pairs.push(pair("module", bytes(performance.wasm_bytes)));
    if (performance.memory_bytes > 0) pairs.push(pair("memory", bytes(performance.memory_bytes)));
    if (performance.cached) pairs.push(pair("compiled", "earlier"));
    return pairs;
}

/**
 * @param {string} term
 * @param {string} value
 * @param {string} [swatch]
 */
function pair(term, value, swatch) {
    return h("div", {}, h("dt", {}, swatch ? h("span", { class: `swatch ${swatch}` }) : null, term), h("dd", {}, value));
}

/**
 * @param {number} ms
 * @returns {string} in a unit and with digits that fit: "12 µs", "0.42 ms", "3.1 s"
 */
export function duration(ms) {
    if (!(ms > 0)) return "0 ms";
    if (ms < 0.1) return `${Math.max(1, Math.round(ms * 1000))} µs`;
    if (ms < 10) return `${Number(ms.toPrecision(2))} ms`;
    if (ms < 1000) return `${Math.round(ms)} ms`;
    return `${Number((ms / 1000).toPrecision(3))} s`;
}

/**
 * @param {number} count
 * @returns {string}
 */
export function bytes(count) {
    if (count < 1024) return `${count} B`;
    if (count < 1024 * 1024) return `${(count / 1024).toFixed(1)} KB`;
    return `${(count / 1024 / 1024).toFixed(1)} MB`;
}
