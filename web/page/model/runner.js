// Runs cells one after another and writes down what came of them. A failure or a cancellation empties the queue.

/**
 * @import { Engine, Result, StoredRun } from "../engine/engine.js"
 * @import { Cell, Notebook } from "./notebook.js"
 */

export class Runner {
    #notebook;
    #engine;
    /** @type {Cell[]} */
    #queue = [];
    /** @type {Cell | null} */
    running = null;
    #cancelled = false;
    /** How often cells that have become stale are still run by themselves. */
    #rounds = 0;
    /** How many runs there have been in this session. */
    order = 0;

    /** Called when something begins to run, ends or waits. */
    onChange = () => {};
    /** @type {(cell: Cell, result: Result) => void} called after each run */
    onResult = () => {};
    /** @type {(cell: Cell, result: Result, waiting: number) => void} called when a failure has kept others from being run */
    onStopped = () => {};
    /** Nothing is run before this. @type {Promise<unknown>} */
    ready = Promise.resolve();
    /** Called when nothing is left to run. */
    onIdle = () => {};

    /**
     * @param {Notebook} notebook
     * @param {Engine} engine
     */
    constructor(notebook, engine) {
        this.#notebook = notebook;
        this.#engine = engine;
    }

    /** @returns {number} how many cells wait */
    get waiting() {
        return this.#queue.length;
    }

    get busy() {
        return this.running !== null;
    }

    /**
     * Puts cells at the end of the queue; those that wait already keep their place.
     *
     * @param {Cell[]} cells
     */
    run(cells) {
        for (const cell of cells) {
            if (cell.kind !== "code" || this.#queue.includes(cell) || cell === this.running) continue;
            this.#queue.push(cell);
            this.#notebook.setState(cell, "queued");
        }
        this.onChange();
        if (!this.running) void this.#work();
    }

    /** Runs cells that are stale, and those that are stale because of that, until none is. */
    runStale() {
        // Cells that replace each other's names would go on for ever.
        this.#rounds = this.#notebook.cells.length;
        this.run(this.#notebook.stale());
    }

    /**
     * Takes a run over that has begun before this page was loaded.
     *
     * @param {Cell} cell
     * @param {Promise<Result | null>} ended its result; null if there turns out to be none
     */
    async adopt(cell, ended) {
        this.running = cell;
        this.#notebook.setState(cell, "running");
        this.onChange();
        const result = await ended.catch(() => null);
        this.running = null;
        this.#cancelled = false;
        this.#notebook.setState(cell, "idle");
        if (result) {
            this.#record(cell, cell.run?.source ?? cell.source, result);
            this.onResult(cell, result);
        }
        this.onChange();
        if (this.#queue.length > 0) void this.#work();
        else this.onIdle();
    }

    /** Ends the run that is going on, and forgets those that wait. */
    async cancel() {
        this.#clearQueue();
        if (!this.running) return;
        this.#cancelled = true;
        this.onChange();
        await this.#engine.cancel();
    }

    /**
     * Takes a cell out of the queue, or ends its run.
     *
     * @param {Cell} cell
     */
    async forget(cell) {
        if (cell === this.running) return this.cancel();
        const index = this.#queue.indexOf(cell);
        if (index < 0) return;
        this.#queue.splice(index, 1);
        this.#notebook.setState(cell, "idle");
        this.onChange();
    }

    /**
     * A cell is none any more: the session forgets what it has defined.
     *
     * @param {Cell} cell
     */
    async remove(cell) {
        const defined = cell.run?.result.defined;
        await Promise.all([this.ready, this.forget(cell)]);
        const { stale } = await this.#engine.remove(cell.id);
        this.#markStale({ stale, defined });
        if (!this.running) this.onIdle();
    }

    /** Whether a cancellation is under way. */
    get cancelling() {
        return this.#cancelled;
    }

    async #work() {
        for (let cell = this.#queue.shift(); cell; cell = this.#queue.shift()) {
            this.running = cell;
            this.#notebook.setState(cell, "running");
            this.onChange();
            await this.ready;
            const source = cell.source;
            const result = await this.#execute(cell, source);
            this.running = null;
            this.#cancelled = false;
            cell.state = "idle";
            this.#record(cell, source, result);
            const waiting = this.#queue.length;
            if (result.error) this.#clearQueue();
            this.onResult(cell, result);
            if (waiting > 0 && result.error && result.error.kind !== "cancelled") this.onStopped(cell, result, waiting);
            this.onChange();
            if (this.#queue.length === 0 && this.#rounds > 0) {
                this.#rounds -= 1;
                this.#queue.push(...this.#notebook.stale());
                for (const stale of this.#queue) this.#notebook.setState(stale, "queued");
            }
        }
        this.#rounds = 0;
        this.onIdle();
    }

    /**
     * @param {Cell} cell
     * @param {string} source
     * @returns {Promise<Result>}
     */
    async #execute(cell, source) {
        try {
            return await this.#engine.execute(cell.id, source, (text) => {
                if (this.running === cell) this.#notebook.addOutput(cell, text);
            });
        } catch (error) {
            const message = error instanceof Error ? error.message : String(error);
            return { value: null, type: null, output: cell.live, error: { kind: "internal", message } };
        }
    }

    #clearQueue() {
        this.#rounds = 0;
        for (const cell of this.#queue.splice(0)) this.#notebook.setState(cell, "idle");
    }

    /**
     * @param {Cell} cell
     * @param {string} source
     * @param {Result} result
     */
    #record(cell, source, result) {
        this.order += 1;
        // A run that was ended by force cannot always tell what it has printed.
        if (result.error?.kind === "cancelled" && !result.output) result = { ...result, output: cell.live };
        const run = { result, source, order: this.order, outdated: null, past: false };
        cell.live = "";
        this.#notebook.setRun(cell, run);
        this.#markStale(result);
    }

    /**
     * The result names all cells that are stale; which names they use that were replaced is told by what this run has defined.
     *
     * @param {Pick<Result, "stale" | "defined">} result
     */
    #markStale(result) {
        if (!result.stale) return;
        const stale = new Set(result.stale);
        const replaced = (result.defined ?? []).map(({ name }) => name);
        for (const cell of this.#notebook.cells) {
            const run = cell.run;
            if (!run) continue;
            const outdated = stale.has(cell.id) && !run.past ? outdatedNames(run, replaced) : null;
            if (outdated?.join() !== run.outdated?.join() || !outdated !== !run.outdated) {
                this.#notebook.setRun(cell, { ...run, outdated });
            }
        }
    }
}

/**
 * @param {StoredRun} run
 * @param {string[]} replaced
 * @returns {string[]} the names that the run used and that have been replaced since
 */
function outdatedNames(run, replaced) {
    const used = new Set((run.source ?? "").match(/[\p{L}_][\p{L}\p{N}_]*/gu));
    return [...new Set([...(run.outdated ?? []), ...replaced.filter((name) => used.has(name))])];
}
