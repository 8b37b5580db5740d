// Cells in a browser: `createCells` gives a session with its workers, `createEngine` the same for a notebook page.

import { Client } from "./client.js";
import { supported } from "./features.js";
import { noTimes } from "./machine.js";
import { assign } from "./plan.js";

export { supported };

/** Groups of cells of which is known that they take less together, in milliseconds, are not worth another worker. */
const WORTH_MS = 4;
/** What a cell of which nothing is known is thought to take, in milliseconds. */
const UNKNOWN_MS = 10;
/** How many cells' times are remembered. */
const TIMES = 4096;
/** How many cells of each kind a benchmark may run. */
const MOST_RUNS = 100_000;
/** Of a cell that waited behind one that was ended. */
const NOT_BEGUN = "the cell was cancelled before it began";

/** @typedef {import("./index.js").CellResult} CellResult */

/**
 * Starts a session.
 *
 * @param {import("./index.js").Options} [options]
 * @returns {Promise<import("./index.js").Cells>}
 */
export async function createCells(options = {}) {
    const message = supported();
    if (message) throw new Error(message);
    const compiler = await load(options.url ?? new URL("./cells.wasm", import.meta.url));
    const cells = new Session(compiler, options);
    cells.version = await cells.started;
    return cells;
}

/**
 * The same for a notebook page, which knows of native engines with this interface as well.
 *
 * @param {import("./index.js").Options} [options]
 * @returns {Promise<import("./index.js").Engine>}
 */
export async function createEngine(options = {}) {
    const cells = /** @type {Session} */ (await createCells(options));
    return {
        execute: (cell, source, onOutput) => cells.execute_cell_fast(source, { cell, onoutput: onOutput }),
        cancel: () => cells.cancel(),
        restart: () => cells.reset(),
        check: (source) => cells.check(source),
        complete: (source, offset) => cells.complete(source, offset),
        inspect: (source, offset) => cells.inspect(source, offset),
        checkpoint: () => cells.checkpoint(),
        restore: (bytes) => cells.restore(bytes),
        names: () => cells.names(),
        remove: (cell) => cells.remove(cell),
        benchmark: (n) => cells.benchmark_cell_execution(n),
        state: async () => ({ engine: "browser", version: cells.version, limits: {} }),
        close: () => cells.close(),
    };
}

/** @param {string | URL | WebAssembly.Module} from */
async function load(from) {
    if (from instanceof WebAssembly.Module) return from;
    const response = await fetch(from);
    if (!response.ok) throw new Error(`${response.url} could not be loaded: ${response.status} ${response.statusText}`);
    // Some servers do not know the type of modules, which streaming asks for.
    if (response.headers.get("content-type") === "application/wasm") return WebAssembly.compileStreaming(response);
    return WebAssembly.compile(await response.arrayBuffer());
}

/**
 * The result of a cell that did not come to an end.
 *
 * @param {"cancelled" | "limit"} kind
 * @param {string} message
 * @param {string} [output] what it has printed
 * @returns {CellResult}
 */
function ended(kind, message, output = "") {
    return {
        value: null,
        type: null,
        output,
        error: { kind, message, line: 0, column: 0, rendered: `error: ${message}\n`, diagnostics: [], traceback: [] },
        warnings: [],
        defined: [],
        stale: [],
        performance: noTimes(),
    };
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function needsText(value, name) {
    if (typeof value !== "string") throw new TypeError(`${name} has to be a string`);
}

/**
 * @param {unknown} cell
 */
function needsId(cell) {
    if (cell !== undefined) needsText(cell, "cell");
}

/** The main worker has the session; helpers run what has nothing to do with it. */
class Session {
    version = "";
    /** @type {WebAssembly.Module} */
    #compiler;
    /** @type {import("./index.js").Options} */
    #options;
    #size;
    /** @type {Client} */
    #main;
    /** Started when they are needed. @type {Client[]} */
    #helpers = [];
    /** The last checkpoint of the session. @type {Uint8Array | null} */
    #checkpoint = null;
    /** The cells that were run since, with the requests that ran them. @type {{ id: number, cell: string }[]} */
    #since = [];
    /** The same for cells that were removed since. @type {{ id: number, cell: string }[]} */
    #removed = [];
    /** How long sources took when they were last run. @type {Map<string, number>} */
    #times = new Map();
    #numbered = 0;
    #cancellations = 0;

    /**
     * @param {WebAssembly.Module} compiler
     * @param {import("./index.js").Options} options
     */
    constructor(compiler, options) {
        this.#compiler = compiler;
        this.#options = options;
        const wanted = options.workers ?? globalThis.navigator?.hardwareConcurrency ?? 1;
        this.#size = Math.min(Math.max(Math.trunc(wanted) || 1, 1), 8);
        this.#main = this.#startMain();
    }

    get started() {
        return this.#main.started;
    }

    #startMain() {
        this.#since = [];
        this.#removed = [];
        return new Client(this.#compiler, {
            keep: true,
            oncheckpoint: (id, bytes) => {
                this.#checkpoint = bytes;
                this.#since = this.#since.filter((run) => run.id > id);
                this.#removed = this.#removed.filter((removal) => removal.id > id);
                this.#options.oncheckpoint?.(bytes);
            },
            onend: (client, message) => {
                // A worker that has done nothing yet would not do better the next time.
                if (client.jobs > 0) void this.#replace("limit", `the browser has ended the cell: ${message}`);
                else for (const { reject } of client.end()) reject(new Error(`no worker could be started: ${message}`));
            },
        });
    }

    /** @param {Client} helper */
    #endHelper(helper) {
        this.#helpers = this.#helpers.filter((other) => other !== helper);
        return helper.end();
    }

    /** @param {number} count */
    #startHelpers(count) {
        while (this.#helpers.length < Math.min(count, this.#size - 1)) {
            const onend = (/** @type {Client} */ client, /** @type {string} */ message) => {
                settle(this.#endHelper(client), "limit", `the browser has ended the cell: ${message}`);
            };
            this.#helpers.push(new Client(this.#compiler, { onend }));
        }
        return this.#helpers;
    }

    /**
     * @param {string} source
     * @param {{ cell?: string, onoutput?: (text: string) => void }} [options]
     * @returns {Promise<CellResult>}
     */
    async execute_cell_fast(source, { cell, onoutput } = {}) {
        needsText(source, "source");
        needsId(cell);
        const name = cell ?? this.#number();
        const told = (/** @type {string} */ text) => {
            onoutput?.(text);
            this.#options.onoutput?.(name, text);
        };
        const answer = this.#main.request("execute", [name, source], { onoutput: told });
        this.#since.push({ id: this.#main.last, cell: name });
        return this.#measured(source, await answer);
    }

    #number() {
        this.#numbered += 1;
        return `cell-${this.#numbered}`;
    }

    /**
     * @param {string} source
     * @param {CellResult} result
     */
    #measured(source, result) {
        this.#times.delete(source);
        this.#times.set(source, result.performance.total_ms);
        if (this.#times.size > TIMES) {
            for (const oldest of this.#times.keys()) {
                this.#times.delete(oldest);
                break;
            }
        }
        return result;
    }

    /**
     * @param {(string | { source: string, cell?: string })[]} list
     * @returns {Promise<CellResult[]>}
     */
    async execute_cells(list) {
        if (!Array.isArray(list)) throw new TypeError("the cells have to be an array");
        const cells = list.map((each) => {
            const { source, cell } = typeof each === "string" ? { source: each, cell: undefined } : (each ?? {});
            needsText(source, "source");
            needsId(cell);
            return { source, cell: cell ?? this.#number() };
        });
        const estimate = (/** @type {import("./plan.js").Group} */ group) =>
            group.cells.reduce((sum, i) => sum + (this.#times.get(cells[i].source) ?? UNKNOWN_MS), 0);
        if (this.#size === 1 || cells.length < 2) return this.#inTurn(cells);
        const cancellations = this.#cancellations;
        /** @type {import("./plan.js").Group[]} */
        const groups = await this.#main.request("plan", [cells]);
        if (cancellations !== this.#cancellations) return cells.map(() => ended("cancelled", NOT_BEGUN));
        for (const group of groups) group.session ||= estimate(group) < WORTH_MS;
        const elsewhere = groups.filter((group) => !group.session).length;
        const helpers = this.#startHelpers(elsewhere);
        const assigned = assign(groups, estimate, helpers.length + 1);

        /** @type {CellResult[]} */
        const results = new Array(cells.length);
        const own = assigned[0].flatMap((group) => group.cells).sort((a, b) => a - b);
        const jobs = assigned.slice(1).flatMap((list, i) =>
            list.map(async (group) => {
                const helper = helpers[i];
                const part = group.cells.map((cell) => cells[cell]);
                const { results: answers, checkpoint } = await helper.request("group", [part], {
                    onoutput: (text, cell) => this.#options.onoutput?.(cell, text),
                });
                group.cells.forEach((cell, at) => (results[cell] = this.#measured(cells[cell].source, answers[at])));
                if (!checkpoint) return;
                const names = part.map(({ cell }) => cell);
                await this.#absorb(checkpoint, names);
            }),
        );
        const answers = this.#inTurn(own.map((cell) => cells[cell]));
        await Promise.all(jobs);
        (await answers).forEach((result, at) => (results[own[at]] = result));
        return results;
    }

    /**
     * Has the session take over what cells have defined elsewhere.
     *
     * @param {Uint8Array} checkpoint
     * @param {string[]} cells
     */
    #absorb(checkpoint, cells) {
        const absorbed = this.#main.request("absorb", [checkpoint, cells]);
        for (const cell of cells) this.#since.push({ id: this.#main.last, cell });
        return absorbed;
    }

    /** @param {{ source: string, cell: string }[]} cells */
    #inTurn(cells) {
        return Promise.all(cells.map(({ source, cell }) => this.execute_cell_fast(source, { cell })));
    }

    /**
     * @param {string} source
     * @param {{ cell?: string }} [options]
     * @returns {Promise<import("./index.js").Compiled>}
     */
    async compile(source, { cell = "compile" } = {}) {
        needsText(source, "source");
        needsId(cell);
        return this.#main.request("compile", [cell, source]);
    }

    /**
     * @param {string} source
     * @returns {Promise<import("./index.js").Validation>}
     */
    async validate(source) {
        const { diagnostics, type } = await this.check(source);
        const valid = diagnostics.every((/** @type {any} */ each) => each.severity !== "error");
        return { valid, type, diagnostics };
    }

    /** @param {string} source */
    async check(source) {
        needsText(source, "source");
        return this.#main.request("check", [source]);
    }

    /**
     * @param {string} source
     * @param {number} offset
     */
    async complete(source, offset) {
        needsText(source, "source");
        return this.#main.request("complete", [source, offset]);
    }

    /**
     * @param {string} source
     * @param {number} offset
     */
    async inspect(source, offset) {
        needsText(source, "source");
        return this.#main.request("inspect", [source, offset]);
    }

    names() {
        return this.#main.request("names", []);
    }

    /** @param {string} cell */
    async remove(cell) {
        needsText(cell, "cell");
        const answer = this.#main.request("remove", [cell]);
        this.#since = this.#since.filter((run) => run.cell !== cell);
        this.#removed.push({ id: this.#main.last, cell });
        return answer;
    }

    /**
     * @param {number} [n]
     * @returns {Promise<import("./index.js").Benchmark>}
     */
    async benchmark_cell_execution(n = 100) {
        if (!Number.isInteger(n) || n < 1 || n > MOST_RUNS) {
            throw new RangeError(`the number of runs has to be a whole number from 1 to ${MOST_RUNS}`);
        }
        const helper = this.#startHelpers(1).find((helper) => helper.idle) ?? this.#helpers[0] ?? this.#main;
        return helper.request("benchmark", [n]);
    }

    /** @returns {import("./index.js").WorkerStatus} */
    worker_status() {
        const workers = [this.#main, ...this.#helpers].map((client, i) => {
            const [first] = client.pending.values();
            return {
                id: i + 1,
                role: /** @type {"session" | "helper"} */ (i === 0 ? "session" : "helper"),
                state: /** @type {"busy" | "idle"} */ (first ? "busy" : "idle"),
                cell: first?.method === "execute" ? first.args[0] : null,
                queued: Math.max(client.pending.size - 1, 0),
                jobs: client.jobs,
                busy_ms: client.busyMs,
                average_ms: client.jobs === 0 ? 0 : client.busyMs / client.jobs,
                memory_bytes: client.memoryBytes,
            };
        });
        return { size: this.#size, queued: workers.reduce((sum, worker) => sum + worker.queued, 0), workers };
    }

    async reset() {
        this.#checkpoint = null;
        this.#since = [];
        this.#removed = [];
        if (this.#main.idle) {
            await this.#main.request("reset", []);
        } else {
            await this.#replace("cancelled", "the session was reset");
        }
    }

    /** @returns {Promise<Uint8Array>} */
    checkpoint() {
        return this.#main.request("checkpoint", []);
    }

    /** @param {Uint8Array | ArrayBuffer} from */
    async restore(from) {
        const bytes = from instanceof ArrayBuffer ? new Uint8Array(from) : from;
        if (!(bytes instanceof Uint8Array)) throw new TypeError("the checkpoint has to be a Uint8Array or an ArrayBuffer");
        await this.#main.request("restore", [bytes]);
        // What is lost with the worker from here on comes after this.
        this.#checkpoint = bytes;
        this.#since = [];
        this.#removed = [];
    }

    async cancel() {
        this.#cancellations += 1;
        const runs = (/** @type {Client} */ client) =>
            [...client.pending.values()].some(({ method }) => ["execute", "group", "benchmark"].includes(method));
        for (const helper of this.#helpers.filter(runs)) {
            settle(this.#endHelper(helper), "cancelled", "the cell was cancelled");
        }
        if (!runs(this.#main)) return { lost: [] };
        return { lost: await this.#replace("cancelled", "the cell was cancelled") };
    }

    /**
     * Has a new worker take over the last checkpoint; gives the cells whose effects are lost.
     *
     * @param {"cancelled" | "limit"} kind
     * @param {string} message
     */
    async #replace(kind, message) {
        const pending = this.#main.end();
        // What waits to be absorbed is absorbed by the new worker.
        const unfinished = new Set(
            pending.flatMap(({ method, args }) => (method === "execute" ? [args[0]] : method === "absorb" ? args[1] : [])),
        );
        const lost = [...new Set(this.#since.map(({ cell }) => cell))].filter((cell) => !unfinished.has(cell));
        const checkpoint = this.#checkpoint;
        const removed = this.#removed;
        this.#main = this.#startMain();
        // The worker has made the checkpoint itself, so it can read it; if it cannot all the same, the session begins anew.
        const restored = checkpoint
            ? this.#main.request("restore", [checkpoint]).catch((error) => console.error("cells:", error))
            : this.#main.started;
        // The checkpoint may have cells that were removed after it.
        for (const { cell } of removed) this.remove(cell).catch((error) => console.error("cells:", error));
        const later = settle(pending, kind, message);
        for (const { method, args, resolve, reject } of later) {
            const again = method === "absorb" ? this.#absorb(args[0], args[1]) : this.#main.request(method, args);
            again.then(resolve, reject);
        }
        await restored;
        if (lost.length > 0) this.#options.onlost?.(lost);
        return lost;
    }

    close() {
        for (const client of [this.#main, ...this.#helpers]) {
            for (const { reject } of client.end()) reject(new Error("the session was closed"));
        }
        this.#helpers = [];
    }
}

/**
 * Answers what would have run cells, the first of which runs; gives the other requests, which another worker can answer.
 *
 * @param {import("./client.js").Pending[]} pending
 * @param {"cancelled" | "limit"} kind
 * @param {string} message
 */
function settle(pending, kind, message) {
    return pending.filter(({ method, args, printed, resolve, reject }, i) => {
        const result = (/** @type {string} */ cell) =>
            i === 0 ? ended(kind, message, printed.get(cell)) : ended("cancelled", NOT_BEGUN);
        if (method === "execute") resolve(result(args[0]));
        else if (method === "group") {
            resolve({ results: args[0].map((/** @type {any} */ { cell }) => result(cell)), checkpoint: null });
        } else if (method === "benchmark" || method === "start") reject(new Error(message));
        else return true;
        return false;
    });
}
