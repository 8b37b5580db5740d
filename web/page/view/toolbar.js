// The bar at the top: what the notebook is called and whether it is kept, and what can be done with all of it.
import { h, fill, setAttribute } from "./dom.js";
import { icon } from "./icons.js";
import { menu } from "./menu.js";
import { themeButton } from "./theme-switch.js";

/**
 * @typedef {object} Commands
 * @property {() => void} runAll
 * @property {() => void} runStale
 * @property {() => void} cancel
 * @property {() => void} restart
 * @property {() => void} save
 * @property {() => void} openFile
 * @property {() => void} download
 * @property {() => void} newNotebook
 * @property {() => void} sample
 * @property {() => void} saveCheckpoint
 * @property {() => void} restoreCheckpoint
 * @property {() => void} clearResults
 * @property {() => void} showKeys
 * @property {(panel: "variables" | "benchmark") => void} togglePanel
 *
 * @typedef {object} Status
 * @property {string} title
 * @property {string} kept "Saved", "Unsaved changes"
 * @property {string} engine what runs the cells
 * @property {number} stale how many cells are stale
 * @property {boolean} running
 * @property {boolean} cancelling
 * @property {number} waiting how many cells wait to run
 * @property {"variables" | "benchmark" | null} panel
 */

/**
 * @param {Commands} commands
 * @param {{ autosaves: boolean }} options
 */
export function toolbar(commands, { autosaves }) {
    const title = h("h1", { class: "title" });
    const kept = h("span", { class: "kept" });
    const engine = h("span", { class: "engine-name" });
    const runAll = labelled("runAll", "Run all", commands.runAll);
    const runStale = labelled("stale", "Run stale", commands.runStale);
    const cancel = labelled("stop", "Cancel", commands.cancel);
    cancel.classList.add("cancel");
    const variables = labelled("variables", "Variables", () => commands.togglePanel("variables"));
    const benchmark = labelled("benchmark", "Benchmark", () => commands.togglePanel("benchmark"));
    for (const button of [variables, benchmark]) button.setAttribute("aria-controls", "panel");

    const element = h(
        "header",
        { class: "toolbar" },
        h("div", { class: "identity" }, title, h("div", { class: "subtitle" }, kept, engine)),
        h(
            "div",
            { class: "commands", role: "toolbar", "aria-label": "Notebook" },
            cancel,
            runStale,
            runAll,
            h("span", { class: "divider" }),
            variables,
            benchmark,
            themeButton(),
            menu("More", [
                ...(autosaves ? [] : [{ label: "Save", keys: "Ctrl+S", action: commands.save }]),
                { label: "Download", action: commands.download },
                { label: "Open file…", action: commands.openFile },
                ...(autosaves ? [{ label: "New notebook", action: commands.newNotebook }] : []),
                { label: "Sample notebook", action: commands.sample },
                null,
                { label: "Restart session…", action: commands.restart },
                { label: "Clear results", action: commands.clearResults },
                { label: "Download checkpoint", action: commands.saveCheckpoint },
                { label: "Restore checkpoint…", action: commands.restoreCheckpoint },
                null,
                { label: "Keys", keys: "?", action: commands.showKeys },
            ]),
        ),
    );

    return {
        element,
        /** @param {"variables" | "benchmark"} panel */
        focusPanelButton: (panel) => (panel === "variables" ? variables : benchmark).focus(),
        /** @param {Status} status */
        show(status) {
            title.textContent = status.title;
            kept.textContent = status.kept;
            engine.textContent = status.engine;
            cancel.classList.toggle("on", status.running);
            setAttribute(cancel, "disabled", !status.running || status.cancelling);
            text(cancel, status.cancelling ? "Cancelling" : status.waiting ? `Cancel (${status.waiting} waiting)` : "Cancel");
            setAttribute(runStale, "disabled", status.stale === 0);
            text(runStale, status.stale ? `Run stale (${status.stale})` : "Run stale");
            for (const [button, panel] of /** @type {const} */ ([
                [variables, "variables"],
                [benchmark, "benchmark"],
            ])) {
                button.setAttribute("aria-expanded", String(status.panel === panel));
            }
        },
    };
}

/**
 * @param {Parameters<typeof icon>[0]} name
 * @param {string} label
 * @param {() => void} onclick
 */
function labelled(name, label, onclick) {
    return h(
        "button",
        { type: "button", class: "command", title: label, onclick },
        icon(name),
        h("span", { class: "label" }, label),
    );
}

/**
 * @param {HTMLButtonElement} button
 * @param {string} label
 */
function text(button, label) {
    const span = button.querySelector(".label");
    if (span && span.textContent !== label) {
        fill(span, label);
        button.title = label;
    }
}
