// A menu below a button: arrow keys move, Enter chooses, Escape closes.
import { h } from "./dom.js";
import { icon } from "./icons.js";

/**
 * @param {string} label
 * @param {({ label: string, keys?: string, action: () => void } | null)[]} entries null for a line between groups
 * @returns {HTMLElement}
 */
export function menu(label, entries) {
    const items = entries.map((entry) =>
        entry
            ? h(
                  "button",
                  { type: "button", role: "menuitem", tabindex: "-1", onclick: () => (close(), entry.action()) },
                  h("span", {}, entry.label),
                  entry.keys ? h("kbd", {}, entry.keys) : null,
              )
            : h("div", { role: "separator" }),
    );
    const list = h("div", { class: "menu", role: "menu", "aria-label": label, hidden: true, onkeydown }, ...items);
    const button = h(
        "button",
        {
            type: "button",
            class: "command icon-only",
            title: label,
            "aria-label": label,
            "aria-haspopup": "menu",
            "aria-expanded": "false",
            onclick: () => (list.hidden ? open() : close()),
        },
        icon("more"),
    );
    const element = h("div", { class: "menu-holder", onfocusout }, button, list);

    function open() {
        list.hidden = false;
        button.setAttribute("aria-expanded", "true");
        choices()[0].focus();
    }

    function close() {
        if (list.hidden) return;
        const inside = list.contains(document.activeElement);
        list.hidden = true;
        button.setAttribute("aria-expanded", "false");
        if (inside) button.focus();
    }

    function choices() {
        return items.filter((item) => item.matches("button"));
    }

    /** @param {KeyboardEvent} event */
    function onkeydown(event) {
        const all = choices();
        const at = all.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
        if (event.key === "ArrowDown") all[(at + 1) % all.length].focus();
        else if (event.key === "ArrowUp") all[(at + all.length - 1) % all.length].focus();
        else if (event.key === "Home") all[0].focus();
        else if (event.key === "End") all[all.length - 1].focus();
        else if (event.key === "Escape") close();
        else return;
        event.preventDefault();
        event.stopPropagation();
    }

    /** @param {FocusEvent} event */
    function onfocusout(event) {
        if (!element.contains(/** @type {Node | null} */ (event.relatedTarget))) close();
    }

    return element;
}
