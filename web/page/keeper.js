// Sees to it that nothing is lost: loads the notebook, remembers each change, saves on command, and brings the session's values back.
import { freshId } from "./model/ids.js";
import { sample } from "./sample.js";

/**
 * @import { Engine, Store, StoredCell } from "./engine/engine.js"
 * @import { Notebook } from "./model/notebook.js"
 * @import { Runner } from "./model/runner.js"
 */

/** A page that is still there after so long is not being left any more. */
const STAYED_MS = 3000;

export class Keeper {
    #notebook;
    #runner;
    #engine;
    #store;
    /** Whether there are changes that the notebook's file does not have. */
    unsaved = false;
    #loaded = false;
    #leaving = false;
    /** Called when `unsaved` or the title changes. */
    onChange = () => {};

    /**
     * @param {{ notebook: Notebook, runner: Runner, engine: Engine, store: Store }} parts
     */
    constructor({ notebook, runner, engine, store }) {
        this.#notebook = notebook;
        this.#runner = runner;
        this.#engine = engine;
        this.#store = store;
        notebook.listen(({ type }) => {
            if (type === "live" || type === "state") return;
            if (type !== "run" && this.#loaded) this.#setUnsaved(true);
            this.remember();
        });
        const flush = () => {
            this.remember();
            store.flush();
        };
        addEventListener("pagehide", flush);
        // Requests are ended before the page is hidden; that they fail then is nothing to remember.
        addEventListener("beforeunload", () => {
            flush();
            this.#leaving = true;
            setTimeout(() => {
                this.#leaving = false;
                this.remember();
            }, STAYED_MS);
        });
        document.addEventListener("visibilitychange", () => {
            if (document.visibilityState === "hidden") flush();
        });
        engine.onCheckpoint = (bytes) => void store.keepCheckpoint({ bytes, order: runner.order }).catch(() => {});
        engine.onLost = (cells) => {
            for (const id of cells) {
                const cell = notebook.cell(id);
                if (cell?.run) notebook.setRun(cell, { ...cell.run, past: true, outdated: null });
            }
        };
    }

    /**
     * Shows what was kept, or on a first visit the sample.
     *
     * @returns {Promise<boolean>} whether the notebook was changed elsewhere while there were changes here
     */
    async load() {
        const { title, cells, runs, unsaved, running, first, conflict = false } = await this.#store.load();
        this.#notebook.title = first && this.#store.autosaves ? "Sample" : title;
        this.#runner.order = Math.max(0, ...Object.values(runs).map(({ order }) => order ?? 0));
        this.#notebook.replace(first ? sample : cells, runs);
        this.#loaded = true;
        this.#setUnsaved(unsaved || first);
        if (first) this.remember();
        const cell = running === null ? null : this.#notebook.cell(running);
        if (cell && !this.#runner.busy) void this.#runner.adopt(cell, this.#store.resultOf(cell.id));
        return conflict;
    }

    /**
     * Brings the values of the last visit back into a fresh session. Cells whose values are not in it are marked.
     *
     * @returns {Promise<string | null>} what did not succeed
     */
    async restoreSession() {
        if (!this.#store.autosaves) return null;
        const kept = await this.#store.checkpoint().catch(() => null);
        if (!kept) {
            this.#notebook.endSession();
            return null;
        }
        try {
            await this.#engine.restore(kept.bytes);
        } catch (error) {
            this.#notebook.endSession();
            return `The values of the last visit could not be brought back: ${message(error)}`;
        }
        for (const cell of this.#notebook.cells) {
            if (cell.run && (cell.run.order ?? 0) > kept.order)
                this.#notebook.setRun(cell, { ...cell.run, past: true, outdated: null });
        }
        return null;
    }

    remember() {
        if (!this.#loaded || this.#leaving) return;
        const { title } = this.#notebook;
        this.#store.remember({
            title,
            cells: this.#notebook.stored(),
            runs: this.#notebook.runs(),
            unsaved: this.unsaved,
            running: this.#runner.running?.id ?? null,
        });
    }

    /** @param {{ overwrite?: boolean }} [options] */
    async save(options) {
        const cells = this.#notebook.stored();
        await this.#store.save(cells, options);
        this.#setUnsaved(JSON.stringify(cells) !== JSON.stringify(this.#notebook.stored()));
        this.remember();
    }

    /** Takes the notebook as the store has it now, and forgets the changes here. */
    async reload() {
        this.#setUnsaved(false);
        this.remember();
        this.#store.flush();
        await this.load();
    }

    /**
     * Another notebook takes the place of the one that is shown.
     *
     * @param {StoredCell[]} cells
     * @param {string} title
     */
    replace(cells, title) {
        if (this.#store.autosaves) this.#notebook.title = title;
        this.#notebook.replace(cells.length ? cells : [{ id: freshId(() => false), kind: "code", source: "" }]);
    }

    /** The session has begun anew: what was kept of the old one is of no use. */
    async sessionEnded() {
        this.#notebook.endSession();
        await this.#store.keepCheckpoint(null).catch(() => {});
    }

    /** Values of a checkpoint have taken the place of the session's: the results that are shown belong to neither. */
    async sessionRestored() {
        await this.sessionEnded();
        if (this.#store.autosaves)
            await this.#store.keepCheckpoint({ bytes: await this.#engine.checkpoint(), order: this.#runner.order });
    }

    /** @param {boolean} unsaved */
    #setUnsaved(unsaved) {
        this.unsaved = unsaved && !this.#store.autosaves;
        this.onChange();
    }
}

/** @param {unknown} error */
export function message(error) {
    return error instanceof Error ? error.message : String(error);
}
