// One worker, seen from outside: requests and their answers.

/**
 * @typedef {object} Pending a request without an answer
 * @property {string} method
 * @property {any[]} args
 * @property {(value: any) => void} resolve
 * @property {(error: Error) => void} reject
 * @property {((text: string, cell: string) => void) | undefined} onoutput
 * @property {Map<string, string>} printed what its cells have printed, as long as they run
 */

/** Passed to requests whose worker has ended. */
export class WorkerEnded extends Error {}

/** A worker and what it has to do. It answers in the order of the requests. */
export class Client {
    /** @type {Map<number, Pending>} */
    pending = new Map();
    /** Requests answered, and the time that took, in milliseconds. */
    jobs = 0;
    busyMs = 0;
    memoryBytes = 0;
    ended = false;
    #begun = 0;
    #next = 1;
    /** @type {Worker} */
    #worker;

    /**
     * @param {WebAssembly.Module} compiler
     * @param {object} events
     * @param {boolean} [events.keep] whether the worker takes checkpoints
     * @param {(id: number, bytes: Uint8Array) => void} [events.oncheckpoint]
     * @param {(client: Client, message: string) => void} events.onend called if the browser has ended the worker
     */
    constructor(compiler, { keep = false, oncheckpoint, onend }) {
        this.#worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "cells" });
        this.#worker.onmessage = ({ data }) => {
            const pending = this.pending.get(data.id);
            if (data.checkpoint) {
                oncheckpoint?.(data.id, data.checkpoint);
            } else if (data.output !== undefined) {
                if (!pending) return;
                pending.printed.set(data.cell, (pending.printed.get(data.cell) ?? "") + data.output);
                pending.onoutput?.(data.output, data.cell);
            } else if (pending) {
                const now = performance.now();
                this.busyMs += now - this.#begun;
                this.#begun = now;
                this.jobs += 1;
                this.memoryBytes = data.memory ?? this.memoryBytes;
                this.pending.delete(data.id);
                if (data.error === undefined) pending.resolve(data.value);
                else pending.reject(new Error(data.error));
            }
        };
        this.#worker.onerror = (event) => {
            event.preventDefault?.();
            if (!this.ended) onend(this, event.message || "the browser has ended the worker");
        };
        /** Settles when the worker can take cells. */
        this.started = this.request("start", [compiler, keep]);
    }

    get idle() {
        return this.pending.size === 0;
    }

    /** The number of the last request. */
    get last() {
        return this.#next - 1;
    }

    /**
     * @param {string} method
     * @param {any[]} args
     * @param {{ onoutput?: (text: string, cell: string) => void }} [options]
     * @returns {Promise<any>}
     */
    request(method, args, { onoutput } = {}) {
        const id = this.#next++;
        return new Promise((resolve, reject) => {
            if (this.ended) return reject(new WorkerEnded("the worker has ended"));
            if (this.idle) this.#begun = performance.now();
            this.pending.set(id, { method, args, resolve, reject, onoutput, printed: new Map() });
            // Nothing is transferred: if this worker is ended, another one may get the same request.
            this.#worker.postMessage({ id, method, args });
        });
    }

    /**
     * Ends the worker, whatever it does; gives the requests that it has not answered.
     *
     * @returns {Pending[]}
     */
    end() {
        this.ended = true;
        this.#worker.onmessage = null;
        this.#worker.terminate();
        const pending = [...this.pending.values()];
        this.pending.clear();
        return pending;
    }
}
