// The notebook in the browser's own storage: IndexedDB for the notebook, its results and the session's values; localStorage for what
// the last moment before the page goes away leaves no time to write there.
import { open } from "./database.js";

/** @import { KeptCheckpoint, Loaded, State, Store } from "../engine/engine.js" */

/** @typedef {State & { at: number }} Kept a state, and when it was remembered, in milliseconds since 1970 */

const LAST_MOMENT = "upshift-cells:notebook";

/** @implements {Store} */
export class BrowserStore {
    autosaves = true;
    #database = open("upshift-cells");
    /** Whether this page keeps the notebook; `flush` cannot wait to hear it. */
    #kept = false;
    #mine = isOnlyPage().then((mine) => (this.#kept = mine));
    /** @type {Kept | null} */
    #pending = null;
    #timer = 0;

    /** @returns {Promise<Loaded>} */
    async load() {
        const database = await this.#database;
        const kept = /** @type {Kept | undefined} */ (await database.get("notebook"));
        const late = lastMoment();
        const state = late && (!kept || late.at > kept.at) ? late : kept;
        if (!state) return { title: "Untitled", cells: [], runs: {}, unsaved: false, running: null, first: true };
        return { title: state.title, cells: state.cells, runs: state.runs, unsaved: false, running: null, first: false };
    }

    async problem() {
        if (!(await this.#mine))
            return "This notebook is open in another tab or window, which keeps it. Changes that are made here go when the page is closed.";
        if (!(await this.#database).lasting)
            return "This browser keeps nothing for this page. Download the notebook before you close it.";
        return null;
    }

    async save() {
        await this.#write();
    }

    /** The session ends with the page, and with it what runs in it. */
    async resultOf() {
        return null;
    }

    /** @param {State} state */
    remember(state) {
        this.#pending = { ...state, at: Date.now() };
        if (this.#timer === 0) this.#timer = setTimeout(() => void this.#write(), 200);
    }

    async #write() {
        clearTimeout(this.#timer);
        this.#timer = 0;
        const state = this.#pending;
        if (!state || !(await this.#mine)) return;
        const database = await this.#database;
        await database.put("notebook", state);
        if (this.#pending === state) {
            this.#pending = null;
            localStorage.removeItem(LAST_MOMENT);
        }
    }

    flush() {
        const state = this.#pending;
        if (!state || !this.#kept) return;
        for (const kept of [state, { ...state, runs: {} }]) {
            try {
                localStorage.setItem(LAST_MOMENT, JSON.stringify(kept));
                break;
            } catch {
                // No room: try without the results.
            }
        }
        void this.#write();
    }

    /** @param {KeptCheckpoint | null} checkpoint */
    async keepCheckpoint(checkpoint) {
        if (!(await this.#mine)) return;
        const database = await this.#database;
        await database.put("checkpoint", checkpoint);
    }

    async checkpoint() {
        const database = await this.#database;
        return /** @type {KeptCheckpoint | null} */ ((await database.get("checkpoint")) ?? null);
    }
}

const TRIES = 6;
const PAUSE_MS = 400;

/**
 * Two pages that keep the same notebook would overwrite each other's changes, so only the first one does, until it is closed. The page
 * before a reload may take a moment to go.
 *
 * @returns {Promise<boolean>}
 */
async function isOnlyPage() {
    if (!navigator.locks) return true;
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
        if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        const mine = await new Promise((resolve) => {
            void navigator.locks.request(LAST_MOMENT, { ifAvailable: true }, (lock) => {
                resolve(lock !== null);
                // It is held until this page goes.
                return lock && new Promise(() => {});
            });
        });
        if (mine) return true;
    }
    return false;
}

/** @returns {Kept | null} */
function lastMoment() {
    try {
        return JSON.parse(localStorage.getItem(LAST_MOMENT) ?? "null");
    } catch {
        return null;
    }
}
