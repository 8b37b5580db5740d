// A code cell on the page: gutter with the run button, editor, result.
import { createEditor } from "../editor/editor.js";
import { cellActions } from "./cell-actions.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { resultElements } from "./result.js";

/**
 * @import { Cell } from "../model/notebook.js"
 * @import { CellView, Host } from "./cell-view.js"
 */

/** How often what a running cell prints is drawn, and how much of it. */
const LIVE_MS = 80;
const LIVE_CHARACTERS = 8000;

/**
 * @param {Cell} cell
 * @param {Host} host
 * @returns {CellView}
 */
export function codeCell(cell, host) {
    const order = h("span", { class: "order", "aria-hidden": "true" });
    const runButton = h("button", { type: "button", class: "run-button", onclick: () => host.run(cell, "stay") }, icon("run"));
    const result = h("div", { class: "result" });
    const editor = createEditor({
        source: cell.source,
        label: "Code",
        onChange: (source) => host.edit(cell, source),
        onRun: (then) => host.run(cell, then),
        onSave: host.save,
        onLeave: (to) => host.leave(cell, to),
        diagnose: (source) => host.diagnose(cell, source),
        complete: host.complete,
        inspect: host.inspect,
    });
    const element = h(
        "section",
        { class: "cell code", tabindex: "-1", "data-cell": cell.id },
        h("div", { class: "gutter" }, runButton, order),
        h(
            "div",
            { class: "cell-body" },
            h("div", { class: "source" }, editor.element, cellActions("code", host.actions(cell))),
            result,
        ),
    );
    /** @type {HTMLElement | null} */
    let live = null;
    let liveTimer = 0;

    function renderResult() {
        live = null;
        clearTimeout(liveTimer);
        liveTimer = 0;
        const { run } = cell;
        fill(
            result,
            ...(run
                ? resultElements(cell.id, run, isEdited(cell), { ...host.links, runAgain: () => host.run(cell, "stay") })
                : []),
        );
        element.classList.toggle("stale", Boolean(run?.outdated));
        element.classList.toggle("past", Boolean(run?.past));
        element.classList.toggle("failed", Boolean(run?.result.error));
        order.textContent = run?.order && !run.past ? String(run.order) : "";
    }

    function renderState() {
        element.dataset.state = cell.state;
        const label = cell.state === "running" ? "Cancel" : cell.state === "queued" ? "Take from the queue:" : "Run";
        runButton.setAttribute("aria-label", `${label} ${host.links.nameOf(cell.id)}`);
        runButton.title =
            cell.state === "idle"
                ? "Run (Ctrl+Enter)"
                : cell.state === "running"
                  ? "Cancel"
                  : "Waits to run; click to take it from the queue";
        fill(runButton, icon(cell.state === "running" ? "stop" : "run"));
        result.setAttribute("aria-busy", String(cell.state === "running"));
    }

    /** Cells may print more often than a page can be drawn. */
    function renderLiveSoon() {
        if (liveTimer === 0) liveTimer = setTimeout(renderLive, LIVE_MS);
    }

    function renderLive() {
        liveTimer = 0;
        if (cell.state !== "running") return;
        if (!live) {
            live = h("pre", { class: "output live" });
            fill(result, live);
        }
        // Only the end of what is being printed is of interest while it grows.
        live.textContent = cell.live.slice(-LIVE_CHARACTERS);
        live.scrollTop = live.scrollHeight;
    }

    renderResult();
    renderState();
    return {
        element,
        focus: editor.focus,
        reveal: editor.reveal,
        renamed() {
            const name = host.links.nameOf(cell.id);
            element.setAttribute("aria-label", `${capital(name)}, code`);
            editor.setLabel(`Source of ${name}`);
            renderState();
        },
        changed(what) {
            if (what === "source") {
                editor.setSource(cell.source);
                renderEdited();
            } else if (what === "state") {
                renderState();
                if (cell.state === "idle") renderResult();
            } else if (what === "live") renderLiveSoon();
            else if (what === "others") {
                if (cell.touched && (!cell.run || isEdited(cell))) editor.diagnoseAgain(false);
            } else {
                renderResult();
                renderState();
                editor.diagnoseAgain(Boolean(cell.run?.result.error || cell.run?.result.warnings?.length));
            }
        },
        destroy: editor.destroy,
    };

    function renderEdited() {
        const edited = isEdited(cell);
        if (element.classList.toggle("edited", edited) === edited && cell.run && !live) {
            const footer = result.querySelector(".result-footer");
            const fresh = resultElements(cell.id, cell.run, edited, { ...host.links, runAgain: () => host.run(cell, "stay") }).at(
                -1,
            );
            if (footer && fresh && footer.textContent !== fresh.textContent) footer.replaceWith(fresh);
        }
    }
}

/** @param {Cell} cell */
function isEdited(cell) {
    return Boolean(cell.run && cell.run.source !== null && cell.run.source !== cell.source);
}

/** @param {string} text */
function capital(text) {
    return text.charAt(0).toUpperCase() + text.slice(1);
}
