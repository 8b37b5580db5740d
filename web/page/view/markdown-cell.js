// A text cell on the page: rendered markdown, which a double click or Enter turns into a field to edit it, and Escape or Shift+Enter back.
import { cellActions } from "./cell-actions.js";
import { h } from "./dom.js";
import { renderMarkdown } from "./markdown.js";

/**
 * @import { Cell } from "../model/notebook.js"
 * @import { CellView, Host } from "./cell-view.js"
 */

/**
 * @param {Cell} cell
 * @param {Host} host
 * @returns {CellView}
 */
export function markdownCell(cell, host) {
    const prose = h("div", { class: "prose", tabindex: "0", role: "group", ondblclick: edit, onkeydown: onProseKey });
    const field = h("textarea", {
        class: "markdown-field",
        rows: "1",
        spellcheck: "true",
        placeholder: "Text, with *markdown*",
        hidden: true,
        oninput: onInput,
        onkeydown: onFieldKey,
        onblur: () => show(false),
    });
    const element = h(
        "section",
        { class: "cell markdown", tabindex: "-1", "data-cell": cell.id, "data-state": "idle" },
        h("div", { class: "gutter" }),
        h(
            "div",
            { class: "cell-body" },
            h("div", { class: "source" }, prose, field, cellActions("markdown", host.actions(cell))),
        ),
    );

    function render() {
        if (cell.source.trim()) prose.innerHTML = renderMarkdown(cell.source);
        else prose.replaceChildren(h("p", { class: "empty" }, "Empty text: press Enter to write"));
        if (field.value !== cell.source) field.value = cell.source;
    }

    /** @param {boolean} editing */
    function show(editing) {
        if (!editing) render();
        field.hidden = !editing;
        prose.hidden = editing;
        element.classList.toggle("editing", editing);
        if (editing) fit();
    }

    function edit() {
        show(true);
        field.focus();
    }

    /** Makes the field as high as its text. */
    function fit() {
        field.style.height = "auto";
        field.style.height = `${field.scrollHeight + 2}px`;
    }

    function onInput() {
        host.edit(cell, field.value);
        fit();
    }

    /** @param {KeyboardEvent} event */
    function onProseKey(event) {
        if (event.key !== "Enter" || event.target !== prose) return;
        event.preventDefault();
        event.stopPropagation();
        if (event.shiftKey) host.run(cell, "next");
        else if (event.altKey) host.run(cell, "insert");
        else if (!event.ctrlKey && !event.metaKey) edit();
    }

    /** @param {KeyboardEvent} event */
    function onFieldKey(event) {
        const command = event.ctrlKey || event.metaKey;
        if (event.key === "Enter" && (event.shiftKey || event.altKey || command)) {
            event.preventDefault();
            leave();
            host.run(cell, event.shiftKey ? "next" : event.altKey ? "insert" : "stay");
        } else if (event.key === "Escape") {
            event.preventDefault();
            leave();
        } else if (command && event.key === "s") {
            event.preventDefault();
            host.save();
        }
        event.stopPropagation();
    }

    function leave() {
        show(false);
        prose.focus();
    }

    render();
    return {
        element,
        focus: () => (cell.source ? prose.focus() : edit()),
        reveal: edit,
        renamed() {
            const name = host.links.nameOf(cell.id);
            element.setAttribute("aria-label", `${name.charAt(0).toUpperCase()}${name.slice(1)}, text`);
            prose.setAttribute("aria-label", `Text of ${name}; Enter edits it`);
            field.setAttribute("aria-label", `Markdown of ${name}`);
        },
        changed(what) {
            if (what === "source" && document.activeElement !== field) render();
        },
        destroy() {},
    };
}
