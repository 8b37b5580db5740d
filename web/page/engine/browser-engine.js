// The backend in the browser: compiler and cells run in workers of this page (web/src, built into web/pkg).
import { report } from "./benchmark-report.js";

/** @import { BenchmarkReport, Checked, Completion, Engine, Inspection, Name, Result } from "./engine.js" */

/** This browser lacks something that cells need; the message says what. */
export class Unsupported extends Error {}

/** @implements {Engine} */
export class BrowserEngine {
    /** @type {"browser"} */
    kind = "browser";
    /** @type {((bytes: Uint8Array) => void) | undefined} */
    onCheckpoint;
    /** @type {((cells: string[]) => void) | undefined} */
    onLost;
    /** @type {Promise<any>} */
    #inner;

    /** Starts the workers; the page can be drawn meanwhile. */
    constructor() {
        this.#inner = start(this);
        // Each request says what went wrong; nobody need be waiting yet.
        this.#inner.catch(() => {});
    }

    async ready() {
        await this.#inner;
        return "Browser";
    }

    /**
     * @param {string} cell
     * @param {string} source
     * @param {(text: string) => void} [onOutput]
     * @returns {Promise<Result>}
     */
    async execute(cell, source, onOutput) {
        return (await this.#inner).execute(cell, source, onOutput);
    }

    async cancel() {
        const answer = await (await this.#inner).cancel();
        if (answer?.lost?.length) this.onLost?.(answer.lost);
    }

    async restart() {
        await (await this.#inner).restart();
    }

    /**
     * @param {string} source
     * @returns {Promise<Checked>}
     */
    async check(source) {
        return (await this.#inner).check(source);
    }

    /**
     * @param {string} source
     * @param {number} offset
     * @returns {Promise<Completion | null>}
     */
    async complete(source, offset) {
        return (await this.#inner).complete(source, offset);
    }

    /**
     * @param {string} source
     * @param {number} offset
     * @returns {Promise<Inspection | null>}
     */
    async inspect(source, offset) {
        return (await this.#inner).inspect(source, offset);
    }

    /**
     * @param {string} cell
     * @returns {Promise<{ stale?: string[] }>}
     */
    async remove(cell) {
        return (await this.#inner).remove(cell);
    }

    /** @returns {Promise<Uint8Array>} */
    async checkpoint() {
        return (await this.#inner).checkpoint();
    }

    /** @param {Uint8Array} bytes */
    async restore(bytes) {
        await (await this.#inner).restore(bytes);
    }

    /** @returns {Promise<Name[]>} */
    async names() {
        return (await this.#inner).names();
    }

    /**
     * @param {number} n
     * @returns {Promise<BenchmarkReport>}
     */
    async benchmark(n) {
        return report(n, await (await this.#inner).benchmark(n));
    }
}

/**
 * @param {BrowserEngine} engine
 * @returns {Promise<any>}
 */
async function start(engine) {
    const { createEngine, supported } = await import(new URL("../../pkg/index.js", import.meta.url).href);
    const missing = supported();
    if (missing) throw new Unsupported(missing);
    return createEngine({
        oncheckpoint: (/** @type {Uint8Array} */ bytes) => engine.onCheckpoint?.(bytes),
        onlost: (/** @type {string[]} */ cells) => engine.onLost?.(cells),
    });
}
