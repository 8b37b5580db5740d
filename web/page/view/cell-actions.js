// The small buttons of a cell, and those between cells.
import { h } from "./dom.js";
import { icon } from "./icons.js";

/**
 * @typedef {object} Actions what the notebook's view can do with a cell
 * @property {(by: -1 | 1) => void} move
 * @property {() => void} convert
 * @property {() => void} remove
 */

/**
 * @param {"code" | "markdown"} kind
 * @param {Actions} actions
 * @returns {HTMLElement}
 */
export function cellActions(kind, { move, convert, remove }) {
    const other = kind === "code" ? "text" : "code";
    return h(
        "div",
        { class: "cell-actions", role: "group", "aria-label": "Cell" },
        button("up", "Move up", () => move(-1)),
        button("down", "Move down", () => move(1)),
        button(other === "text" ? "text" : "code", `Convert to ${other}`, convert),
        button("remove", "Delete", remove),
    );
}

/**
 * @param {(kind: "code" | "markdown") => void} insert
 * @returns {HTMLElement} the line between two cells where one can be added
 */
export function insertionLine(insert) {
    return h(
        "div",
        { class: "insertion", role: "group", "aria-label": "Add a cell" },
        h("button", { type: "button", class: "pill", onclick: () => insert("code") }, icon("add"), "Code"),
        h("button", { type: "button", class: "pill", onclick: () => insert("markdown") }, icon("add"), "Text"),
    );
}

/**
 * @param {Parameters<typeof icon>[0]} name
 * @param {string} label
 * @param {() => void} onclick
 */
export function button(name, label, onclick) {
    return h("button", { type: "button", class: "icon-button", title: label, "aria-label": label, onclick }, icon(name));
}
