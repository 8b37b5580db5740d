// From what an engine throws to what the compiler needs to name function and line.

import { CellFailure, OutputExceeded } from "./host.js";

/**
 * @typedef {object} Frame a function of WebAssembly that was being called
 * @property {string} module the name of its module, empty where the engine does not tell
 * @property {number} function its index
 * @property {number} offset the byte of the module, 0 where the engine does not tell
 */

/**
 * @typedef {object} Fault
 * @property {number} kind the number of the failure, or one of those below
 * @property {number} instance whose code it was, if that is known
 * @property {number} position the byte of the source, if the instance is known
 * @property {bigint} a
 * @property {bigint} b
 * @property {string} detail
 * @property {Frame[]} frames the innermost first
 */

/** The engine's stack is full. */
export const DEPTH = -1;
/** A trap of the engine that the compiler did not foresee. */
export const TRAP = -2;
/** Too much was printed. */
export const OUTPUT = -3;
/** The engine has no memory left. */
export const MEMORY = -4;

// `at name (wasm://wasm/MODULE-0123abcd:wasm-function[7]:0x1a2)` in Chromium,
// `name@… > WebAssembly.Module:wasm-function[7]:0x1a2` in Firefox, `<?>.wasm-function[name]@[wasm code]` in Safari.
const FRAME = /(?:wasm:\/\/wasm\/(?:([\w.]+)-)?[0-9a-f]+:)?wasm-function\[(\d+)\](?::0x([0-9a-f]+))?/;

/**
 * The frames of WebAssembly in an error's stack.
 *
 * @param {string | undefined} stack
 * @returns {Frame[]}
 */
export function frames(stack) {
    const found = [];
    for (const line of (stack ?? "").split("\n")) {
        const match = FRAME.exec(line);
        if (match) {
            found.push({ module: match[1] ?? "", function: Number(match[2]), offset: parseInt(match[3] ?? "0", 16) });
        }
    }
    return found;
}

/**
 * What happened to a cell that threw `thrown`.
 *
 * @param {unknown} thrown
 * @returns {Fault}
 */
export function fault(thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const common = { instance: 0, position: 0, a: 0n, b: 0n, frames: frames(error.stack) };
    if (error instanceof CellFailure) {
        const { kind, instance, position, a, b, detail } = error;
        return { ...common, kind, instance, position, a, b, detail };
    }
    if (error instanceof OutputExceeded) return { ...common, kind: OUTPUT, detail: "" };
    if (/memory|too large|allocation/i.test(error.message)) return { ...common, kind: MEMORY, detail: "" };
    // Firefox has an InternalError, "too much recursion".
    if (error instanceof RangeError || /recursion|call stack/i.test(error.message)) {
        return { ...common, kind: DEPTH, detail: "" };
    }
    return { ...common, kind: TRAP, detail: error.message };
}
