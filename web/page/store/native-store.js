// The notebook file of the server. Changes that are not saved yet are remembered in the browser under the file's path, so that a
// reload keeps them.
import { Refused } from "../engine/native-engine.js";

/**
 * @import { Loaded, Result, State, Store, StoredCell, StoredRun } from "../engine/engine.js"
 * @import { Server } from "../engine/native-engine.js"
 */

/** Of output that is longer, a draft has the beginning. */
const MOST_OUTPUT = 20_000;

const SEEN = "upshift-cells:seen";

/** The file was changed by somebody else since it was read. */
export class Conflict extends Error {
    name = "Conflict";
}

/** @typedef {Omit<State, "title"> & { version?: string }} Draft its version is that of the file to which the changes are */

/** @implements {Store} */
export class NativeStore {
    autosaves = false;
    #server;
    #key = "";
    /** The version of the file that was last read or written here: another one is not overwritten unasked. */
    #version = "";
    /** @type {Draft | null} */
    #pending = null;
    #timer = 0;

    /** @param {Server} server */
    constructor(server) {
        this.#server = server;
    }

    /** @returns {Promise<Loaded>} */
    async load() {
        const { path, version, cells, results } = await this.#server.json("GET", "notebook");
        this.#key = `upshift-cells:draft:${path ?? ""}`;
        const draft = this.#readDraft();
        const unsaved = draft !== null && draft.unsaved && JSON.stringify(draft.cells) !== JSON.stringify(cells);
        this.#version = (unsaved && draft.version) || version;
        return {
            title: title(path),
            cells: unsaved ? draft.cells : cells,
            runs: mergeRuns(results, draft?.runs ?? {}),
            unsaved,
            running: draft?.running ?? null,
            first: cells.length === 0 && !unsaved && isFirstVisit(),
            conflict: this.#version !== version,
        };
    }

    /**
     * @param {string} cell
     * @returns {Promise<Result | null>}
     */
    async resultOf(cell) {
        // The server answers this only when nothing runs any more.
        await this.#server.json("GET", "names");
        const { results } = await this.#server.json("GET", "notebook");
        return results?.[cell] ?? null;
    }

    async problem() {
        return null;
    }

    /**
     * @param {StoredCell[]} cells
     * @param {{ overwrite?: boolean }} [options]
     */
    async save(cells, { overwrite = false } = {}) {
        try {
            const body = { cells, version: this.#version, force: overwrite };
            this.#version = (await this.#server.json("PUT", "notebook", body)).version;
        } catch (error) {
            if (error instanceof Refused && error.status === 409) throw new Conflict(error.message);
            throw error;
        }
    }

    /** @param {Draft} state */
    remember({ cells, runs, unsaved, running }) {
        this.#pending = { cells, runs, unsaved, running };
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.flush(), 300);
    }

    flush() {
        if (!this.#pending) return;
        const { cells, runs, unsaved, running } = this.#pending;
        const version = this.#version;
        this.#pending = null;
        // The server has the results, as long as it lives; after that a part of a long one has to do.
        const short = Object.fromEntries(Object.entries(runs).map(([id, run]) => [id, shortened(run)]));
        for (const draft of [
            { cells, runs: short, unsaved, running, version },
            { cells, runs: {}, unsaved, running, version },
        ]) {
            try {
                localStorage.setItem(this.#key, JSON.stringify(draft));
                return;
            } catch {
                // No room: try with less.
            }
        }
    }

    /** @returns {Draft | null} */
    #readDraft() {
        try {
            return JSON.parse(localStorage.getItem(this.#key) ?? "null");
        } catch {
            return null;
        }
    }

    // The session lives in the server, so its values need no other place.
    async keepCheckpoint() {}

    async checkpoint() {
        return null;
    }
}

/**
 * @param {StoredRun} run
 * @returns {StoredRun}
 */
function shortened(run) {
    const { output } = run.result;
    if (output.length <= MOST_OUTPUT) return run;
    return { ...run, result: { ...run.result, output: `${output.slice(0, MOST_OUTPUT)}…\n` } };
}

/** Whether this browser was never here before; it is asked once a visit. */
function isFirstVisit() {
    const first = localStorage.getItem(SEEN) === null;
    localStorage.setItem(SEEN, "yes");
    return first;
}

/** @param {string | null | undefined} path */
function title(path) {
    return path?.split(/[\\/]/).pop() || "Untitled";
}

/**
 * The server's results are the last ones; the draft adds which source was run, and when. A run that the server does not know belongs
 * to a session that is gone.
 *
 * @param {Record<string, import("../engine/engine.js").Result> | undefined} results
 * @param {Record<string, StoredRun>} remembered
 * @returns {Record<string, StoredRun>}
 */
function mergeRuns(results, remembered) {
    /** @type {Record<string, StoredRun>} */
    const runs = {};
    for (const [id, run] of Object.entries(remembered))
        runs[id] = { ...run, past: run.past || (results !== undefined && !(id in results)) };
    for (const [id, result] of Object.entries(results ?? {})) {
        const { source = null, order = null, outdated = null } = remembered[id] ?? {};
        runs[id] = { result, source, order, outdated, past: false };
    }
    return runs;
}
