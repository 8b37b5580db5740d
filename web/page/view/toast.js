// A short notice at the bottom of the page that goes by itself, with at most one thing to do about it.
import { announce } from "./announce.js";
import { h } from "./dom.js";

const LASTS_MS = 8000;

/** @type {{ element: HTMLElement, timer: number } | null} */
let shown = null;

/**
 * @param {string} text
 * @param {{ action?: string, onAction?: () => void, kind?: "notice" | "error" }} [options]
 */
export function toast(text, { action, onAction, kind = "notice" } = {}) {
    dismiss();
    const element = h(
        "div",
        { class: `toast ${kind}` },
        h("span", {}, text),
        action && h("button", { class: "link", type: "button", onclick: () => (dismiss(), onAction?.()) }, action),
    );
    document.getElementById("toasts")?.append(element);
    shown = { element, timer: setTimeout(dismiss, LASTS_MS) };
    announce(text);
}

export function dismiss() {
    if (!shown) return;
    clearTimeout(shown.timer);
    shown.element.remove();
    shown = null;
}
