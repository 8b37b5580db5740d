// Text that may be long: its first lines, and buttons for the others, for the end and to copy all of it. Unfolded it scrolls in itself,
// and has beginning and end where all of it would make a page slow.
import { announce } from "./announce.js";
import { h } from "./dom.js";
import { toast } from "./toast.js";

const LINES = 24;
const CHARACTERS = 6000;
const MOST = 1_000_000;

/**
 * @param {string} text
 * @param {string} name for the class and the button: "output" or "value"
 * @returns {HTMLElement}
 */
export function foldedText(text, name) {
    const pre = h("pre", { class: name });
    const end = foldAt(text);
    if (end === text.length) {
        pre.textContent = text;
        return pre;
    }
    pre.textContent = text.slice(0, end);
    const all =
        text.length > MOST
            ? `beginning and end of ${count(text.length)} characters`
            : `all ${count(lineCount(text))} lines`;
    const unfolded = () => button.getAttribute("aria-expanded") === "true";
    /** @param {boolean} unfold */
    const fold = (unfold) => {
        pre.textContent = unfold ? most(text) : text.slice(0, end);
        pre.classList.toggle("tall", unfold);
        if (unfold) pre.tabIndex = 0;
        else pre.removeAttribute("tabindex");
        button.setAttribute("aria-expanded", String(unfold));
        button.textContent = unfold ? "Show less" : `Show ${all}`;
    };
    const button = link("unfold", `Show ${all}`, () => fold(!unfolded()));
    button.setAttribute("aria-expanded", "false");
    const toEnd = link("to-end", "Show the end", () => {
        if (!unfolded()) fold(true);
        pre.scrollTop = pre.scrollHeight;
    });
    const copy = link("copy", "Copy", () =>
        navigator.clipboard.writeText(text).then(
            () => announce("Copied"),
            () => toast("The browser does not let the page copy", { kind: "error" }),
        ),
    );
    return h("div", { class: "folded" }, pre, h("div", { class: "folded-buttons" }, button, toEnd, copy));
}

/**
 * @param {string} name
 * @param {string} text
 * @param {() => void} onclick
 */
function link(name, text, onclick) {
    return h("button", { class: `link ${name}`, type: "button", onclick }, text);
}

/** @param {string} text */
function most(text) {
    if (text.length <= MOST) return text;
    const left = text.length - MOST;
    return `${text.slice(0, MOST / 2)}\n… ${count(left)} characters are not shown …\n${text.slice(-MOST / 2)}`;
}

/** @param {string} text */
function foldAt(text) {
    let at = -1;
    for (let line = 0; line < LINES; line += 1) {
        at = text.indexOf("\n", at + 1);
        if (at < 0) return text.length <= CHARACTERS ? text.length : CHARACTERS;
    }
    // A few lines more are no reason to fold.
    const rest = text.slice(at + 1);
    if (rest.length < CHARACTERS && lineCount(rest) <= 6) return text.length;
    return Math.min(at, CHARACTERS);
}

/** @param {string} text */
function lineCount(text) {
    let lines = 1;
    for (let at = text.indexOf("\n"); at >= 0 && at < text.length - 1; at = text.indexOf("\n", at + 1)) lines += 1;
    return lines;
}

/** @param {number} n */
function count(n) {
    return n.toLocaleString("en");
}
