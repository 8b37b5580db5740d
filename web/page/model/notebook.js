// The notebook: an ordered list of cells and what is known of their last runs. Everything that changes it goes through here, and
// listeners hear of it; nothing here touches the document or an engine.
import { freshId } from "./ids.js";

/** @import { StoredCell, StoredRun } from "../engine/engine.js" */

/**
 * @typedef {object} Cell
 * @property {string} id
 * @property {"code" | "markdown"} kind
 * @property {string} source
 * @property {StoredRun | null} run the last run, null if there was none
 * @property {"idle" | "queued" | "running"} state
 * @property {string} live what the run that is going on has printed last
 * @property {boolean} touched whether somebody has edited it since the notebook was loaded
 *
 * @typedef {{ type: "replaced" }
 *   | { type: "inserted" | "moved", cell: Cell, index: number }
 *   | { type: "removed" | "converted" | "source" | "run" | "state" | "live", cell: Cell }} Change
 */

/** Of what a running cell prints, only so many characters at the end are kept; the result has all of it. */
const MOST_LIVE = 64_000;

export class Notebook {
    /** @type {Cell[]} */
    cells = [];
    title = "Untitled";

    /** @type {Set<(change: Change) => void>} */
    #listeners = new Set();

    /** @param {(change: Change) => void} listener */
    listen(listener) {
        this.#listeners.add(listener);
    }

    /** @param {Change} change */
    #tell(change) {
        for (const listener of this.#listeners) listener(change);
    }

    /**
     * Takes the cells of another notebook.
     *
     * @param {StoredCell[]} cells
     * @param {Record<string, StoredRun>} [runs]
     */
    replace(cells, runs = {}) {
        this.cells = cells.map((cell) => ({ ...blank(cell.id, cell.kind, cell.source), run: runs[cell.id] ?? null }));
        if (this.cells.length === 0)
            this.cells = [
                blank(
                    freshId(() => false),
                    "code",
                    "",
                ),
            ];
        this.#tell({ type: "replaced" });
    }

    /** @param {string} id */
    cell(id) {
        return this.cells.find((cell) => cell.id === id) ?? null;
    }

    /** @param {string} id */
    indexOf(id) {
        return this.cells.findIndex((cell) => cell.id === id);
    }

    /**
     * @param {number} index
     * @param {"code" | "markdown"} [kind]
     * @param {string} [source]
     * @returns {Cell} the new cell
     */
    insert(index, kind = "code", source = "") {
        const cell = blank(
            freshId((id) => this.cell(id) !== null),
            kind,
            source,
        );
        this.#put(cell, index);
        return cell;
    }

    /**
     * Puts a cell back that was removed. What it had defined is gone.
     *
     * @param {Cell} cell
     * @param {number} index
     */
    putBack(cell, index) {
        if (this.cell(cell.id)) cell.id = freshId((id) => this.cell(id) !== null);
        if (cell.run) cell.run = { ...cell.run, past: true, outdated: null };
        this.#put(cell, Math.min(index, this.cells.length));
    }

    /**
     * @param {Cell} cell
     * @param {number} index
     */
    #put(cell, index) {
        this.cells.splice(index, 0, cell);
        this.#tell({ type: "inserted", cell, index });
    }

    /**
     * @param {string} id
     * @returns {{ cell: Cell, index: number } | null} what was removed and where it stood
     */
    remove(id) {
        const index = this.indexOf(id);
        if (index < 0) return null;
        const [cell] = this.cells.splice(index, 1);
        this.#tell({ type: "removed", cell });
        return { cell, index };
    }

    /**
     * @param {string} id
     * @param {-1 | 1} by
     * @returns {boolean} whether there was room
     */
    move(id, by) {
        const from = this.indexOf(id);
        const to = from + by;
        if (from < 0 || to < 0 || to >= this.cells.length) return false;
        const [cell] = this.cells.splice(from, 1);
        this.cells.splice(to, 0, cell);
        this.#tell({ type: "moved", cell, index: to });
        return true;
    }

    /**
     * @param {string} id
     * @param {"code" | "markdown"} kind
     */
    convert(id, kind) {
        const cell = this.cell(id);
        if (!cell || cell.kind === kind || cell.state !== "idle") return;
        cell.kind = kind;
        cell.run = null;
        cell.touched = true;
        this.#tell({ type: "converted", cell });
    }

    /**
     * @param {string} id
     * @param {string} source
     */
    setSource(id, source) {
        const cell = this.cell(id);
        if (!cell || cell.source === source) return;
        cell.source = source;
        cell.touched = true;
        this.#tell({ type: "source", cell });
    }

    /**
     * @param {Cell} cell
     * @param {Cell["state"]} state
     */
    setState(cell, state) {
        cell.state = state;
        cell.live = "";
        this.#tell({ type: "state", cell });
    }

    /**
     * @param {Cell} cell
     * @param {string} text
     */
    addOutput(cell, text) {
        cell.live += text;
        if (cell.live.length > 2 * MOST_LIVE)
            cell.live = `…\n${cell.live.slice(cell.live.indexOf("\n", cell.live.length - MOST_LIVE) + 1)}`;
        this.#tell({ type: "live", cell });
    }

    /**
     * @param {Cell} cell
     * @param {StoredRun | null} run
     */
    setRun(cell, run) {
        cell.run = run;
        this.#tell({ type: "run", cell });
    }

    /** Marks all results as those of a session that is gone. */
    endSession() {
        for (const cell of this.cells) {
            if (cell.run && !cell.run.past) this.setRun(cell, { ...cell.run, past: true, outdated: null });
        }
    }

    /** @returns {Cell[]} the cells whose values use something that has been replaced since */
    stale() {
        return this.cells.filter((cell) => cell.kind === "code" && cell.run?.outdated);
    }

    /** @returns {StoredCell[]} */
    stored() {
        return this.cells.map(({ id, kind, source }) => ({ id, kind, source }));
    }

    /** @returns {Record<string, StoredRun>} */
    runs() {
        /** @type {Record<string, StoredRun>} */
        const runs = {};
        for (const cell of this.cells) if (cell.run) runs[cell.id] = cell.run;
        return runs;
    }
}

/**
 * @param {string} id
 * @param {Cell["kind"]} kind
 * @param {string} source
 * @returns {Cell}
 */
function blank(id, kind, source) {
    return { id, kind, source, run: null, state: "idle", live: "", touched: false };
}
