// The list of the page's keys.
import { show } from "./dialog.js";
import { h } from "./dom.js";

const KEYS = [
    ["Run, and go to the next cell", "Shift+Enter"],
    ["Run, and stay", "Ctrl+Enter"],
    ["Run, and add a cell below", "Alt+Enter"],
    ["Leave the editor, for the cell itself", "Esc"],
    ["On a cell: edit it", "Enter"],
    ["On a cell: to the one above, below", "↑ ↓"],
    ["On a cell: move it up, down", "Alt+↑ Alt+↓"],
    ["On a cell: add one above, below", "A B"],
    ["On a cell: make it text, code", "M Y"],
    ["On a cell: delete it, bring back the last one", "Delete Z"],
    ["Indent, and indent less", "Tab Shift+Tab"],
    ["Complete", "Ctrl+Space"],
    ["Comment lines", "Ctrl+/"],
    ["Save", "Ctrl+S"],
];

export function showKeys() {
    show(
        h(
            "dialog",
            { class: "dialog keys", "aria-labelledby": "keys-title" },
            h("h2", { id: "keys-title" }, "Keys"),
            h(
                "dl",
                {},
                ...KEYS.map(([what, keys]) =>
                    h("div", {}, h("dt", {}, what), h("dd", {}, ...keys.split(" ").flatMap((key) => [h("kbd", {}, key), " "]))),
                ),
            ),
            h(
                "p",
                { class: "hint" },
                "In an editor, Tab indents; press Esc first to move on with Tab. On a Mac, Cmd stands for Ctrl.",
            ),
            h("form", { method: "dialog", class: "answers" }, h("button", { class: "primary", autofocus: true }, "Close")),
        ),
    );
}
