// A session that executes: the compiler, the runtime and the instances of cells, in the engine of this thread.
//
// source ─ prepare ─▶ module ─ instantiate ─▶ `run` ─▶ commit ─▶ result
//                                              └─ thrown ─▶ explain, abandon (or discard, where there is no instance)

import { Compiler } from "./compiler.js";
import { Host } from "./host.js";
import { fault } from "./trace.js";

/** How long a cell may take to be quick, in milliseconds. */
export const TARGET_MS = 5;

/** The times of a cell before it is run. */
export function noTimes() {
    return {
        parse_ms: 0,
        check_ms: 0,
        emit_ms: 0,
        instantiate_ms: 0,
        run_ms: 0,
        total_ms: 0,
        target_ms: TARGET_MS,
        target_met: false,
        wasm_bytes: 0,
        memory_bytes: 0,
        cached: false,
    };
}

/**
 * To microseconds: no browser's clock is finer.
 *
 * @param {number} ms
 */
function rounded(ms) {
    return Math.round(ms * 1000) / 1000;
}

/**
 * @typedef {object} Instance a cell that lives
 * @property {Record<string, WebAssembly.ExportValue>} exports
 * @property {string} module the name of its module in stacks
 * @property {number} bytes the size of its module
 */

/** One session. */
export class Machine {
    /** @type {Compiler} */
    #compiler;
    /** @type {Host} */
    #host;
    /** What the cells that live export, by number of instance. @type {Map<number, Instance>} */
    #instances = new Map();
    /** The last instance of each module, by the name that it has in stacks. @type {Map<string, number>} */
    #modules = new Map();
    #moduleBytes = 0;

    /**
     * @param {WebAssembly.Module} compiler
     * @param {(text: string) => void} onoutput called with what cells print, as they print
     */
    constructor(compiler, onoutput) {
        this.#compiler = new Compiler(compiler);
        const runtime = new WebAssembly.Module(/** @type {BufferSource} */ (this.#compiler.runtime()));
        this.#host = new Host(runtime, onoutput);
    }

    /** Memory of the compiler and of the runtime, and the modules of the cells that live, in bytes. Objects are the browser's. */
    get memoryBytes() {
        return this.#compiler.memoryBytes + this.#host.memoryBytes + this.#moduleBytes;
    }

    /** Of the compiler. */
    get version() {
        return this.#compiler.version();
    }

    /**
     * Compiles, instantiates and runs a cell.
     *
     * @param {string} cell
     * @param {string} source
     * @returns {import("./index.js").CellResult}
     */
    execute(cell, source) {
        const begin = performance.now();
        const prepared = this.#compiler.prepare(cell, source);
        const result = {
            value: null,
            type: null,
            output: "",
            error: prepared.error,
            warnings: prepared.warnings,
            defined: [],
            stale: [],
            performance: {
                ...noTimes(),
                parse_ms: rounded(prepared.parse_ns / 1e6),
                check_ms: rounded(prepared.check_ns / 1e6),
                emit_ms: rounded(prepared.emit_ns / 1e6),
                cached: prepared.cached,
            },
        };
        if (prepared.ready) this.#run(prepared, result);
        const times = result.performance;
        times.total_ms = rounded(performance.now() - begin);
        times.target_met = times.total_ms < TARGET_MS;
        times.memory_bytes = this.memoryBytes;
        return result;
    }

    /**
     * @param {any} prepared
     * @param {any} result
     */
    #run(prepared, result) {
        const host = this.#host;
        const times = result.performance;
        const { step } = prepared;
        times.wasm_bytes = prepared.wasm_bytes;
        const start = performance.now();
        let entered = start;
        host.begin();
        try {
            const exports = this.#instantiate(step);
            entered = performance.now();
            times.instantiate_ms = rounded(entered - start);
            exports.run();
            times.run_ms = rounded(performance.now() - entered);
        } catch (thrown) {
            times.run_ms = rounded(performance.now() - entered);
            result.output = host.output;
            result.error = this.#compiler.explain(fault(thrown), (module) => this.#modules.get(module));
            if (this.#instances.has(step.instance)) this.#drop(this.#compiler.abandon());
            else this.#compiler.discard();
            return;
        }
        result.output = host.output;
        if (prepared.type !== null) {
            result.value = host.value;
            result.type = prepared.type;
        }
        const { defined, stale, dropped } = this.#compiler.commit();
        result.defined = defined;
        result.stale = stale;
        this.#drop(dropped);
    }

    /**
     * Makes the instance of a cell.
     *
     * @param {import("./compiler.js").Step} step
     * @returns {any} what it exports
     */
    #instantiate(step) {
        const module = new WebAssembly.Module(/** @type {BufferSource} */ (step.wasm));
        /** @type {WebAssembly.ModuleImports} */
        const cells = {};
        for (const binding of step.imports) cells[binding[0]] = this.#exported(binding);
        const { exports } = new WebAssembly.Instance(module, this.#imports(cells, step.instance));
        this.#instances.set(step.instance, { exports, module: step.module, bytes: step.wasm.length });
        this.#modules.set(step.module, step.instance);
        this.#moduleBytes += step.wasm.length;
        return exports;
    }

    /** @param {import("./compiler.js").Binding} binding */
    #exported([name, instance]) {
        const exporter = this.#instances.get(instance);
        if (!exporter) throw new Error(`the instance ${instance}, which exports ${name}, is gone`);
        return exporter.exports["$" + name];
    }

    /**
     * @param {WebAssembly.ModuleImports} cells
     * @param {number} [instance]
     * @returns {WebAssembly.Imports}
     */
    #imports(cells, instance = 0) {
        return {
            runtime: /** @type {any} */ (this.#host.exports),
            session: { instance: new WebAssembly.Global({ value: "i32" }, instance) },
            cells,
        };
    }

    /**
     * Makes an instance of a module of checkpoints, whose imports are numbered.
     *
     * @param {Uint8Array} wasm
     * @param {import("./compiler.js").Binding[]} bindings
     * @returns {any} what it exports
     */
    #instantiateNumbered(wasm, bindings) {
        const module = new WebAssembly.Module(/** @type {BufferSource} */ (wasm));
        /** @type {WebAssembly.ModuleImports} */
        const cells = {};
        bindings.forEach((binding, i) => (cells[i] = this.#exported(binding)));
        return new WebAssembly.Instance(module, this.#imports(cells)).exports;
    }

    /** @param {number[]} instances */
    #drop(instances) {
        for (const number of instances) {
            const instance = this.#instances.get(number);
            if (!instance) continue;
            this.#instances.delete(number);
            if (this.#modules.get(instance.module) === number) this.#modules.delete(instance.module);
            this.#moduleBytes -= instance.bytes;
        }
    }

    /**
     * The module of a cell, which is not run and leaves the session as it is.
     *
     * @param {string} cell
     * @param {string} source
     */
    compile(cell, source) {
        const prepared = this.#compiler.prepare(cell, source);
        const compiled = {
            wasm: prepared.ready ? prepared.step.wasm.slice(0, prepared.wasm_bytes) : null,
            imports: prepared.ready ? prepared.step.imports.map((/** @type {[string, number]} */ [name]) => name) : [],
            type: prepared.type,
            error: prepared.error,
            warnings: prepared.warnings,
            performance: {
                parse_ms: prepared.parse_ns / 1e6,
                check_ms: prepared.check_ns / 1e6,
                emit_ms: prepared.emit_ns / 1e6,
                cached: prepared.cached,
            },
        };
        if (prepared.ready) this.#compiler.discard();
        return compiled;
    }

    /** @param {string} source */
    check(source) {
        return this.#compiler.check(source);
    }

    /**
     * @param {string} source
     * @param {number} offset
     */
    complete(source, offset) {
        return this.#compiler.complete(source, offset);
    }

    /**
     * @param {string} source
     * @param {number} offset
     */
    inspect(source, offset) {
        return this.#compiler.inspect(source, offset);
    }

    names() {
        return this.#compiler.names();
    }

    /** @param {string} source */
    defines(source) {
        return this.#compiler.defines(source);
    }

    /** @param {string} cell */
    remove(cell) {
        const committed = this.#compiler.remove(cell);
        this.#drop(committed.dropped);
        return { stale: committed.stale };
    }

    /**
     * Everything that the session's names stand for.
     *
     * @returns {Uint8Array}
     */
    checkpoint() {
        const { wasm, imports } = this.#compiler.checkpoint();
        this.#instantiateNumbered(wasm, imports).save();
        const { bytes, dropped } = this.#compiler.saved(this.#host.takeSaved());
        this.#drop(dropped);
        return bytes;
    }

    /**
     * Adds what is in a checkpoint to the session, whose names have to be others. Without `add` the session has to be new.
     *
     * @param {Uint8Array} bytes
     * @param {boolean} [add]
     */
    restore(bytes, add = false) {
        const { standIn, provides, steps, load, imports, data, dropped } = this.#compiler.restore(bytes, add);
        const provided = this.#instantiateNumbered(standIn, []);
        provides.forEach(([name, number], i) => {
            const instance = this.#instances.get(number) ?? { exports: {}, module: "", bytes: 0 };
            instance.exports["$" + name] = provided["$" + i];
            this.#instances.set(number, instance);
        });
        for (const step of steps) this.#instantiate(step);
        this.#host.load(data);
        try {
            this.#instantiateNumbered(load, imports).load();
        } catch (thrown) {
            throw new Error("the checkpoint is damaged", { cause: thrown });
        }
        this.#drop(add ? dropped : this.#compiler.loaded(data));
    }
}
