// What the last run of a source has found wrong in it, as diagnostics for its editor.
import { toBytes } from "./text-offsets.js";

/** @import { Diagnostic, Result } from "../engine/engine.js" */

/**
 * @param {Result} result
 * @param {string} source what was run
 * @param {string} cell
 * @returns {Diagnostic[]}
 */
export function knownFaults({ error, warnings = [] }, source, cell) {
    if (!error || error.kind === "cancelled") return warnings;
    if (error.diagnostics?.length) return [...error.diagnostics, ...warnings];
    // A failure in a function of another cell is marked where this cell has called it.
    const frame = error.traceback?.length ? error.traceback.find((place) => place.cell === cell) : error;
    if (!frame?.line) return warnings;
    return [at(source, frame.line, frame.column ?? 1, error.message), ...warnings];
}

/**
 * @param {string} source
 * @param {number} line
 * @param {number} column
 * @param {string} message
 * @returns {Diagnostic} from there to the end of the line
 */
function at(source, line, column, message) {
    const lines = source.split("\n");
    const before = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
    const text = lines[line - 1] ?? "";
    const start = before + Math.min(column - 1, text.length);
    const end = before + text.trimEnd().length;
    return {
        severity: "error",
        message,
        label: null,
        suggestion: null,
        line,
        column,
        end_line: line,
        end_column: text.length + 1,
        start: toBytes(source, start),
        end: toBytes(source, Math.max(start, end)),
    };
}
