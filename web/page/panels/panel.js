// The panel beside the notebook: one of its contents at a time, or none.
import { button } from "../view/cell-actions.js";
import { fill, h } from "../view/dom.js";

/**
 * @typedef {object} Content
 * @property {string} title
 * @property {HTMLElement} element
 * @property {() => void} [shown] called when it comes into view
 */

/**
 * @param {() => void} onClose
 */
export function panel(onClose) {
    const title = h("h2", { id: "panel-title" });
    const body = h("div", { class: "panel-body" });
    const element = h(
        "aside",
        {
            class: "panel",
            id: "panel",
            "aria-labelledby": "panel-title",
            hidden: true,
            onkeydown: (/** @type {KeyboardEvent} */ event) => {
                if (event.key === "Escape") onClose();
            },
        },
        h("div", { class: "panel-head" }, title, button("close", "Close", onClose)),
        body,
    );
    return {
        element,
        /** @param {Content | null} content */
        show(content) {
            element.hidden = content === null;
            if (!content) return;
            title.textContent = content.title;
            fill(body, content.element);
            content.shown?.();
        },
    };
}
