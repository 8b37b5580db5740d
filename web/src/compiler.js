// The compiler's module (`crates/cells-web`): texts go in as UTF-8, answers come out as JSON and bytes.

/**
 * @typedef {[name: string, instance: number]} Binding something that an instance exports, under the name with `$` before it
 *
 * @typedef {object} Step a cell that is ready to be instantiated
 * @property {number} instance the number of the instance to be made
 * @property {string} module the name that the module has in stacks
 * @property {Binding[]} imports what it takes from other cells, by name
 * @property {Uint8Array} wasm its module; valid until the next call of the compiler
 *
 * @typedef {object} Restoration what to do for a session to come back
 * @property {Uint8Array} standIn a module whose exports `$0`, `$1`, … are what `provides` names
 * @property {Binding[]} provides
 * @property {Step[]} steps cells to be instantiated, in order, and not run
 * @property {Uint8Array} load the module that then reads the data
 * @property {Binding[]} imports what it takes, by number
 * @property {Uint8Array} data
 * @property {number[]} dropped instances that are not needed any more: of cells that the checkpoint replaces
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** One session of cells: names, types, dependencies and the cache. Nothing here executes cells. */
export class Compiler {
    /** @type {any} */
    #exports;
    /** @type {WebAssembly.Memory} */
    #memory;

    /** @param {WebAssembly.Module} module */
    constructor(module) {
        const env = {
            now: () => performance.now(),
            number: (/** @type {number} */ ptr, /** @type {number} */ length) =>
                Number(decoder.decode(new Uint8Array(this.#memory.buffer, ptr >>> 0, length))),
        };
        const instance = new WebAssembly.Instance(module, { env });
        this.#exports = instance.exports;
        this.#memory = /** @type {WebAssembly.Memory} */ (instance.exports.memory);
    }

    /** How much memory the compiler has, in bytes. */
    get memoryBytes() {
        return this.#memory.buffer.byteLength;
    }

    /** @returns {string} */
    version() {
        return this.#ask("cells_version", []);
    }

    /** The module that all cells share. */
    runtime() {
        this.#exports.cells_runtime();
        return this.#blob();
    }

    /**
     * Compiles a cell. What comes of it has to be committed, abandoned or discarded before the next cell is prepared.
     *
     * @param {string} cell
     * @param {string} source
     */
    prepare(cell, source) {
        const answer = this.#ask("cells_prepare", [cell, source]);
        if (answer.ready) answer.step.wasm = this.#blob();
        return answer;
    }

    /** The prepared cell has run: its names are the session's now. */
    commit() {
        return this.#ask("cells_commit", []);
    }

    /**
     * The prepared cell has failed in its instance.
     *
     * @returns {number[]} instances that are not needed
     */
    abandon() {
        return this.#ask("cells_abandon", []);
    }

    /** The prepared cell has no instance, and will have none. */
    discard() {
        this.#exports.cells_discard();
    }

    /**
     * What has happened to the prepared cell, for people.
     *
     * @param {import("./trace.js").Fault} fault
     * @param {(module: string) => number | undefined} instanceOf the instance of a module's name
     */
    explain(fault, instanceOf) {
        const { kind, instance, position, a, b } = fault;
        const detail = encoder.encode(fault.detail);
        const frames = fault.frames.flatMap((frame) => {
            const of = instanceOf(frame.module);
            return of === undefined ? [] : [of, frame.function, frame.offset];
        });
        const input = this.#put(detail.length + 4 * frames.length);
        input.set(detail);
        const view = new DataView(input.buffer, input.byteOffset + detail.length);
        frames.forEach((number, i) => view.setUint32(4 * i, number, true));
        const call = this.#exports.cells_explain;
        return this.#answer(call(kind, instance, position, a, b, detail.length, frames.length / 3));
    }

    /** @param {string} source */
    check(source) {
        return this.#ask("cells_check", [source]);
    }

    /**
     * @param {string} source
     * @param {number} offset in bytes
     */
    complete(source, offset) {
        return this.#ask("cells_complete", [source], [offset]);
    }

    /**
     * @param {string} source
     * @param {number} offset in bytes
     */
    inspect(source, offset) {
        return this.#ask("cells_inspect", [source], [offset]);
    }

    names() {
        return this.#ask("cells_names", []);
    }

    /** @param {string} cell */
    remove(cell) {
        return this.#ask("cells_remove", [cell]);
    }

    /**
     * The names that a cell would define, whatever is in the session.
     *
     * @param {string} source
     * @returns {string[]}
     */
    defines(source) {
        return this.#ask("cells_defines", [source]);
    }

    /**
     * The module that saves what the session's names stand for; its imports are numbered.
     *
     * @returns {{ wasm: Uint8Array, imports: Binding[] }}
     */
    checkpoint() {
        const imports = this.#ask("cells_checkpoint", []);
        return { imports, wasm: this.#blob() };
    }

    /**
     * What that module has saved, as a file.
     *
     * @param {Uint8Array} data
     * @returns {{ bytes: Uint8Array, dropped: number[] }} and the instances that are not needed
     */
    saved(data) {
        this.#put(data.length).set(data);
        const { error, dropped } = this.#answer(this.#exports.cells_saved(data.length));
        if (error !== null) throw new Error(error);
        return { bytes: this.#blob().slice(), dropped };
    }

    /**
     * The values of a checkpoint that was not added to others have been loaded.
     *
     * @param {Uint8Array} data
     * @returns {number[]} instances that are not needed
     */
    loaded(data) {
        this.#put(data.length).set(data);
        return this.#answer(this.#exports.cells_loaded(data.length));
    }

    /**
     * Makes the session that of a checkpoint, or adds the checkpoint's cells to it.
     *
     * @param {Uint8Array} bytes
     * @param {boolean} add
     * @returns {Restoration}
     */
    restore(bytes, add) {
        this.#put(bytes.length).set(bytes);
        const answer = this.#answer(this.#exports.cells_restore(bytes.length, add ? 1 : 0));
        if (answer.error !== null) throw new Error(answer.error);
        // The parts stand one after the other.
        const blob = this.#blob().slice();
        let at = 0;
        const part = (/** @type {number} */ length) => blob.subarray(at, (at += length));
        const standIn = part(answer.stand_in);
        const steps = answer.steps.map((/** @type {any} */ step) => ({ ...step, wasm: part(step.length) }));
        const load = part(answer.load);
        const { provides, imports, dropped = [] } = answer;
        return { standIn, provides, steps, load, imports, data: blob.subarray(at), dropped };
    }

    /** @param {number} length */
    #put(length) {
        const ptr = this.#exports.cells_input(length) >>> 0;
        return new Uint8Array(this.#memory.buffer, ptr, length);
    }

    /**
     * @param {string} name
     * @param {string[]} texts
     * @param {number[]} numbers
     */
    #ask(name, texts, numbers = []) {
        const lengths = [];
        if (texts.length > 0) {
            // A UTF-16 unit has at most three bytes in UTF-8.
            const input = this.#put(texts.reduce((sum, text) => sum + 3 * text.length, 0));
            let at = 0;
            for (const text of texts) {
                const { written } = encoder.encodeInto(text, input.subarray(at));
                lengths.push(written);
                at += written;
            }
        }
        return this.#answer(this.#exports[name](...lengths, ...numbers));
    }

    /** @param {number} length */
    #answer(length) {
        const ptr = this.#exports.cells_answer() >>> 0;
        return JSON.parse(decoder.decode(new Uint8Array(this.#memory.buffer, ptr, length)));
    }

    #blob() {
        const ptr = this.#exports.cells_blob() >>> 0;
        return new Uint8Array(this.#memory.buffer, ptr, this.#exports.cells_blob_len() >>> 0);
    }
}
