// The least that a page needs: a session, and a cell that is run in it.

import { createCells, supported } from "../pkg/index.js";

const source = /** @type {HTMLTextAreaElement} */ (document.getElementById("source"));
const result = /** @type {HTMLElement} */ (document.getElementById("result"));
const run = /** @type {HTMLButtonElement} */ (document.getElementById("run"));
const cancel = /** @type {HTMLButtonElement} */ (document.getElementById("cancel"));

const message = supported();
if (message) {
    result.textContent = message;
} else {
    const cells = await createCells();
    run.disabled = cancel.disabled = false;

    const execute = async () => {
        result.textContent = "…";
        const { value, type, output, error, performance } = await cells.execute_cell_fast(source.value, { cell: "cell" });
        const shown = error ? error.rendered : value === null ? "" : `${value}: ${type}\n`;
        result.textContent = `${output}${shown}\n${performance.total_ms.toFixed(2)} ms, ${performance.wasm_bytes} bytes`;
    };
    run.onclick = execute;
    cancel.onclick = () => cells.cancel();
    source.onkeydown = (event) => {
        if (event.key !== "Enter" || !event.shiftKey) return;
        event.preventDefault();
        execute();
    };
}
