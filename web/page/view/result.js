// What stands below a code cell: what it printed, its value with the type, or the failure with a way to where it happened.
import { h } from "./dom.js";
import { foldedText } from "./folded-text.js";
import { icon } from "./icons.js";
import { timing } from "./timing.js";

/**
 * @import { Diagnostic, Frame, RunError, StoredRun } from "../engine/engine.js"
 *
 * @typedef {object} Links
 * @property {(cell: string, line: number, column: number) => void} goTo shows a place in a cell
 * @property {(cell: string) => string} nameOf what the page calls a cell: "cell 3"
 * @property {() => void} runAgain
 */

/**
 * @param {string} cell
 * @param {StoredRun} run
 * @param {boolean} edited whether the source was changed since
 * @param {Links} links
 * @returns {HTMLElement[]}
 */
export function resultElements(cell, run, edited, links) {
    const { result } = run;
    const elements = [];
    if (result.output) elements.push(foldedText(result.output, "output"));
    if (result.error) elements.push(failure(cell, result.error, links));
    else if (result.value !== null) elements.push(value(result.value, result.type));
    for (const warning of result.warnings ?? []) elements.push(note(cell, warning, links));
    elements.push(footer(run, edited, links));
    return elements;
}

/**
 * @param {string} text
 * @param {string | null} type
 */
function value(text, type) {
    return h("div", { class: "value-row" }, foldedText(text, "value"), type && h("code", { class: "type", title: "Type" }, type));
}

/** @type {Record<RunError["kind"], string>} */
const TITLES = {
    compile: "Does not compile",
    trap: "Failed",
    limit: "Stopped at a limit",
    cancelled: "Cancelled",
    internal: "Something went wrong",
};

/**
 * @param {string} cell
 * @param {RunError} error
 * @param {Links} links
 */
function failure(cell, error, links) {
    const title = TITLES[error.kind] ?? TITLES.internal;
    if (error.kind === "cancelled") return h("div", { class: "failure cancelled" }, h("p", { class: "failure-title" }, title));
    const several = error.diagnostics?.filter(({ severity }) => severity === "error") ?? [];
    return h(
        "div",
        { class: `failure ${error.kind}` },
        h("p", { class: "failure-title" }, several.length > 1 ? `${title}: ${several.length} errors` : title),
        ...(several.length > 1
            ? eachOf(cell, several, error.rendered ?? "", links)
            : one(cell, error, several[0] ?? null, links)),
        traceback(cell, error, links),
    );
}

/**
 * @param {string} cell
 * @param {RunError} error
 * @param {Diagnostic | null} diagnostic
 * @param {Links} links
 */
function one(cell, error, diagnostic, links) {
    return [headline(cell, error, diagnostic, links), error.rendered ? excerpt(error.rendered, error.message) : null];
}

/**
 * Each error with its own lines of the rendered text, where that can be taken apart.
 *
 * @param {string} cell
 * @param {Diagnostic[]} errors
 * @param {string} rendered
 * @param {Links} links
 */
function eachOf(cell, errors, rendered, links) {
    const blocks = rendered.trimEnd().split(/\n\n+(?=\w+: )/);
    return errors.flatMap((error) => {
        const block = blocks.find((text) => text.includes(error.message) && text.includes(`:${error.line}:${error.column}`));
        return [place(cell, error, links), block ? excerpt(block, error.message) : null];
    });
}

/**
 * @param {string} cell
 * @param {RunError} error
 * @param {Diagnostic | null} diagnostic
 * @param {Links} links
 */
function headline(cell, error, diagnostic, links) {
    const line = error.line ?? diagnostic?.line;
    return h(
        "p",
        { class: "failure-message" },
        ...withCode(error.message),
        line ? " " : null,
        line ? lineLink(cell, line, error.column ?? diagnostic?.column ?? 1, links) : null,
        diagnostic?.suggestion && !error.rendered ? h("span", { class: "suggestion" }, ...withCode(diagnostic.suggestion)) : null,
    );
}

/**
 * @param {string} cell
 * @param {Diagnostic} diagnostic
 * @param {Links} links
 */
function place(cell, { message, line, column }, links) {
    return h("p", { class: "failure-message" }, ...withCode(message), " ", lineLink(cell, line, column, links));
}

/**
 * @param {string} cell
 * @param {Diagnostic} warning
 * @param {Links} links
 */
function note(cell, warning, links) {
    return h(
        "p",
        { class: "run-warning" },
        icon("warning"),
        h("span", {}, ...withCode(warning.message), " ", lineLink(cell, warning.line, warning.column, links)),
    );
}

/**
 * @param {string} cell
 * @param {number} line
 * @param {number} column
 * @param {Links} links
 */
function lineLink(cell, line, column, links) {
    return h("button", { class: "link", type: "button", onclick: () => links.goTo(cell, line, column) }, `line ${line}`);
}

/**
 * @param {string} text
 * @returns {(Node | string)[]} with what stands between backquotes as code
 */
export function withCode(text) {
    return text.split("`").map((part, index, parts) => (index % 2 && index < parts.length - 1 ? h("code", {}, part) : part));
}

/**
 * The message stands above already, and calls below; what is left are the lines with carets.
 *
 * @param {string} rendered
 * @param {string} message
 */
function excerpt(rendered, message) {
    const lines = rendered.trimEnd().split("\n");
    const shown = lines.filter(
        (line, index) => !(index === 0 && line.includes(message)) && !/^\s*--> |^ {2}in .*, line \d+:\d+$/.test(line),
    );
    return h("pre", { class: "rendered" }, shown.join("\n"));
}

/**
 * The calls that led to the failure, where there is more than the cell itself.
 *
 * @param {string} cell
 * @param {RunError} error
 * @param {Links} links
 */
function traceback(cell, error, links) {
    const frames = error.traceback ?? [];
    if (frames.length === 0 || (frames.length === 1 && frames[0].cell === cell)) return null;
    return h(
        "ol",
        { class: "traceback", "aria-label": "Calls, the innermost first" },
        ...repeated(frames).map(({ frame, times }) =>
            h(
                "li",
                {},
                h("code", {}, frame.function ?? "the cell itself"),
                h(
                    "button",
                    { class: "link", type: "button", onclick: () => links.goTo(frame.cell, frame.line, frame.column) },
                    `${links.nameOf(frame.cell)}, line ${frame.line}`,
                ),
                times > 1 && h("span", {}, ` × ${times}`),
            ),
        ),
    );
}

/**
 * Recursion has the same call many times in a row.
 *
 * @param {Frame[]} frames
 */
function repeated(frames) {
    /** @type {{ frame: Frame, times: number }[]} */
    const rows = [];
    for (const frame of frames) {
        const last = rows.at(-1);
        const same =
            last?.frame.cell === frame.cell && last.frame.function === frame.function && last.frame.line === frame.line;
        if (last && same) last.times += 1;
        else rows.push({ frame, times: 1 });
    }
    return rows;
}

/**
 * @param {StoredRun} run
 * @param {boolean} edited
 * @param {Links} links
 */
function footer({ result, outdated, past }, edited, links) {
    // A run that was ended by force has no times.
    const times = result.performance && result.performance.total_ms > 0 ? timing(result.performance) : null;
    return h("div", { class: "result-footer" }, times, remark(outdated, past, edited, links));
}

/**
 * @param {string[] | null} outdated
 * @param {boolean} past
 * @param {boolean} edited
 * @param {Links} links
 */
function remark(outdated, past, edited, links) {
    if (outdated) {
        const names = outdated.map((name) => h("code", {}, name)).flatMap((code, index) => (index ? [", ", code] : [code]));
        return h(
            "p",
            { class: "remark stale" },
            ...(names.length ? ["Uses an earlier ", ...names] : ["Uses something that was replaced since"]),
            h("button", { class: "link", type: "button", onclick: links.runAgain }, "Run again"),
        );
    }
    if (past) return h("p", { class: "remark" }, "Not in the session any more; run it again to use its names");
    if (edited) return h("p", { class: "remark" }, "Edited since it ran");
    return null;
}
