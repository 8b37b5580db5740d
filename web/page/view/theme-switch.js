// Light, dark, or as the system says. The choice is kept in the browser.
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";

const KEY = "upshift-cells:theme";
const THEMES = /** @type {const} */ (["auto", "light", "dark"]);

/** @typedef {typeof THEMES[number]} Theme */

/** @returns {Theme} */
function chosen() {
    const kept = localStorage.getItem(KEY);
    return THEMES.find((theme) => theme === kept) ?? "auto";
}

/** Gives the page the colours that were chosen last. */
export function applyTheme() {
    document.documentElement.dataset.theme = chosen();
}

/** @returns {HTMLButtonElement} */
export function themeButton() {
    const button = h("button", { type: "button", class: "command icon-only", onclick: next });
    show();
    return button;

    function next() {
        localStorage.setItem(KEY, THEMES[(THEMES.indexOf(chosen()) + 1) % THEMES.length]);
        applyTheme();
        show();
    }

    function show() {
        const theme = chosen();
        const name = theme === "auto" ? "as the system" : theme;
        button.title = `Colours: ${name}`;
        button.setAttribute("aria-label", `Colours: ${name}`);
        fill(button, icon(theme));
    }
}
