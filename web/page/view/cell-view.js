// What code cells and text cells have in common on the page.
import { codeCell } from "./code-cell.js";
import { markdownCell } from "./markdown-cell.js";

/**
 * @import { Cell } from "../model/notebook.js"
 * @import { Actions } from "./cell-actions.js"
 * @import { Links } from "./result.js"
 * @import { Completion, Diagnostic, Inspection } from "../engine/engine.js"
 *
 * @typedef {object} CellView
 * @property {HTMLElement} element
 * @property {(at?: "start" | "end") => void} focus
 * @property {(line: number, column?: number) => void} reveal
 * @property {() => void} renamed its place in the notebook, and so its name, has changed
 * @property {(what: "source" | "state" | "run" | "live" | "others") => void} changed "others": other cells have run, which may have defined what this
 *   one uses
 * @property {() => void} destroy
 *
 * @typedef {object} Host what cells ask of the page
 * @property {(cell: Cell, then: "stay" | "next" | "insert") => void} run runs it, or cancels the run if it is running
 * @property {(cell: Cell, source: string) => void} edit
 * @property {() => void} save
 * @property {(cell: Cell, to: "above" | "below" | "cell") => boolean} leave moves the focus; false if there is nowhere to go
 * @property {(cell: Cell, source: string) => Promise<Diagnostic[]>} diagnose
 * @property {(source: string, offset: number) => Promise<Completion | null>} complete
 * @property {(source: string, offset: number) => Promise<Inspection | null>} inspect
 * @property {(cell: Cell) => Actions} actions
 * @property {() => void} bringBack puts the cell back that was deleted last
 * @property {Omit<Links, "runAgain">} links
 */

/**
 * @param {Cell} cell
 * @param {Host} host
 * @returns {CellView}
 */
export function cellView(cell, host) {
    return cell.kind === "code" ? codeCell(cell, host) : markdownCell(cell, host);
}
