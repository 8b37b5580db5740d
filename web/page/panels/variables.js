// The names that the session knows: what they are, and which cell has defined them.
import { fill, h } from "../view/dom.js";

/**
 * @import { Engine, Name } from "../engine/engine.js"
 * @import { Content } from "./panel.js"
 */

/**
 * @param {Engine} engine
 * @param {{ goTo: (cell: string, line: number, column: number) => void, nameOf: (cell: string) => string }} links
 * @returns {Content & { refresh: () => Promise<void> }}
 */
export function variables(engine, { goTo, nameOf }) {
    const element = h("div", { class: "variables" });
    let asked = 0;

    async function refresh() {
        asked += 1;
        const mine = asked;
        const names = await engine.names().catch((error) => error);
        if (mine !== asked) return;
        if (names instanceof Error) fill(element, h("p", { class: "hint" }, names.message));
        else if (names.length === 0)
            fill(
                element,
                h(
                    "p",
                    { class: "hint" },
                    "Nothing is defined yet. Run a cell that defines something, such as ",
                    h("code", {}, "let x = 42"),
                    ".",
                ),
            );
        else fill(element, table(names));
    }

    /** @param {Name[]} names */
    function table(names) {
        return h(
            "table",
            {},
            h(
                "thead",
                {},
                h(
                    "tr",
                    {},
                    h("th", { scope: "col" }, "Name"),
                    h("th", { scope: "col" }, "Type"),
                    h("th", { scope: "col" }, "Cell"),
                ),
            ),
            h("tbody", {}, ...names.map(row)),
        );
    }

    /** @param {Name} name */
    function row({ name, kind, type, cell, stale }) {
        const place = nameOf(cell);
        return h(
            "tr",
            { class: stale ? "stale" : null },
            h("th", { scope: "row", title: name }, h("code", {}, name)),
            h("td", {}, h("code", {}, kind === "struct" && type === name ? "struct" : type)),
            h(
                "td",
                {},
                /\d/.test(place)
                    ? h(
                          "button",
                          { type: "button", class: "link", "aria-label": `Go to ${place}`, onclick: () => goTo(cell, 1, 1) },
                          place.replace("cell ", ""),
                      )
                    : "–",
                stale
                    ? h("span", { class: "stale-dot", title: "Its cell is stale" }, h("span", { class: "spoken" }, "stale"))
                    : null,
            ),
        );
    }

    return { title: "Variables", element, refresh, shown: () => void refresh() };
}
