// Measures cells of each category in the backend, apart from the notebook's session, and draws how long they took.
import { announce } from "../view/announce.js";
import { fill, h } from "../view/dom.js";
import { duration } from "../view/timing.js";
import { chart } from "./chart.js";

/**
 * @import { BenchmarkReport, Engine } from "../engine/engine.js"
 * @import { Content } from "./panel.js"
 */

/**
 * @param {Engine} engine
 * @returns {Content}
 */
export function benchmark(engine) {
    const runs = h(
        "select",
        { id: "benchmark-runs" },
        ...[100, 300, 1000].map((n) => h("option", { value: n, selected: n === 300 }, String(n))),
    );
    const start = h("button", { type: "button", class: "primary", onclick: measure }, "Measure");
    const outcome = h("div", { class: "outcome" });
    const element = h(
        "div",
        { class: "benchmark" },
        h("p", { class: "hint" }, "Compiles and runs cells of five kinds and times each from its source to its value."),
        h("div", { class: "benchmark-form" }, h("label", { for: "benchmark-runs" }, "Cells of each kind"), runs, start),
        outcome,
    );

    async function measure() {
        start.disabled = true;
        start.textContent = "Measuring";
        outcome.setAttribute("aria-busy", "true");
        try {
            const report = await engine.benchmark(Number(runs.value));
            fill(outcome, chart(report.categories), summary(report));
            announce(`Measured. On average a cell took ${duration(report.summary.overall_avg_ms)}.`);
        } catch (error) {
            fill(outcome, h("p", { class: "failure-message" }, error instanceof Error ? error.message : String(error)));
        }
        outcome.removeAttribute("aria-busy");
        start.disabled = false;
        start.textContent = "Measure";
    }

    return { title: "Benchmark", element };
}

/** @param {BenchmarkReport} report */
function summary({ n, categories, summary: { overall_avg_ms } }) {
    const met = categories.filter(({ target_met }) => target_met).length;
    return h(
        "dl",
        { class: "benchmark-summary" },
        h("div", {}, h("dt", {}, "Average of a cell"), h("dd", {}, duration(overall_avg_ms))),
        h("div", {}, h("dt", {}, "On target"), h("dd", {}, `${met} of ${categories.length}`)),
        h("div", {}, h("dt", {}, "Cells"), h("dd", {}, (n * categories.length).toLocaleString("en"))),
    );
}
