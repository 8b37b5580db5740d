// Notebook files (`.cells`), read and written just as crates/cells-cli does; docs/cells-notebooks.md describes them.
//
//   %% markdown intro
//   # Squares
//   %% code squares
//   let squares = [1, 2, 3].map(|x| x * x)

/** @import { StoredCell } from "../engine/engine.js" */

/** A text that is no notebook; the message names the line. */
export class FormatError extends Error {
    /**
     * @param {number} line from 1
     * @param {string} message
     */
    constructor(line, message) {
        super(`line ${line}: ${message}`);
        this.line = line;
    }
}

const KINDS = /** @type {const} */ (["code", "markdown"]);
const SPACE = /\p{White_Space}+/u;
const ID = /^[A-Za-z0-9_.-]{1,64}$/;

/**
 * @param {string} text
 * @returns {StoredCell[]}
 * @throws {FormatError}
 */
export function parseCellsFile(text) {
    const lines = text
        .replace(/^\u{feff}/u, "")
        .replace(/\r\n?/g, "\n")
        .split(/(?<=\n)/);
    /** @type {{ id: string | null, kind: StoredCell["kind"], body: string, line: number }[]} */
    const found = [];
    let front = "";
    lines.forEach((line, index) => {
        if (/^%%(?!%)/.test(line)) {
            found.push({ ...header(line, index + 1), body: "", line: index + 1 });
            return;
        }
        const own = line.startsWith("%%") ? line.slice(1) : line;
        const cell = found.at(-1);
        if (cell) cell.body += own;
        else front += own;
    });
    if (/\P{White_Space}/u.test(front)) found.unshift({ id: null, kind: "code", body: front, line: 0 });

    /** @type {Map<string, number>} */
    const taken = new Map();
    for (const { id, line } of found) {
        if (id === null) continue;
        const first = taken.get(id);
        if (first !== undefined) throw new FormatError(line, `the cell on line ${first} has the ID \`${id}\` already`);
        taken.set(id, line);
    }
    let next = 1;
    const freeId = () => {
        while (taken.has(`cell-${next}`)) next += 1;
        return `cell-${next++}`;
    };
    return found.map(({ id, kind, body }) => ({ id: id ?? freeId(), kind, source: body.replace(/\n$/, "") }));
}

/**
 * @param {StoredCell[]} cells
 * @returns {string}
 */
export function formatCellsFile(cells) {
    return cells.map(({ id, kind, source }) => `%% ${kind} ${id}\n${body(source)}`).join("");
}

/**
 * An empty source is no line at all, while a source that is one newline is two empty lines.
 *
 * @param {string} source
 */
function body(source) {
    if (source === "") return "";
    const lines = source.replace(/\r\n?/g, "\n").split("\n");
    return lines.map((line) => `${line.startsWith("%%") ? "%" : ""}${line}\n`).join("");
}

/**
 * @param {string} line one that begins a cell
 * @param {number} number
 * @returns {{ id: string | null, kind: StoredCell["kind"] }}
 */
function header(line, number) {
    const rest = line.slice(2);
    const [word, id = null, more] = rest.split(SPACE).filter((part) => part !== "");
    const kind = KINDS.find((known) => known === word);
    if (!kind || !/^[ \t]/.test(rest)) {
        throw new FormatError(
            number,
            "expected `%% code ID` or `%% markdown ID`; in a line that is part of a cell and begins with `%%`, write one `%` more",
        );
    }
    if (id !== null && !ID.test(id))
        throw new FormatError(
            number,
            `\`${id.slice(0, 64)}\` is no ID of a cell: those are 1 to 64 letters, digits, \`-\`, \`_\` or \`.\``,
        );
    if (more !== undefined)
        throw new FormatError(number, `expected the end of the line after the cell's ID, as in \`%% ${kind} ID\``);
    return { id, kind };
}
