// The thread in which cells run: requests come in, each is answered in turn.
//
// { id, method, args } ─▶ { id, value } or { id, error }
//                         { id, cell, output }: what a running cell has printed
//                         { id, checkpoint }: the session after request `id`, taken in idle time (of the worker that has the session)

import { benchmark } from "./benchmark.js";
import { Machine } from "./machine.js";
import { groups, words } from "./plan.js";

/** How long the worker waits for another request before it takes a checkpoint, in milliseconds. */
const IDLE_MS = 20;
/** How much of the time checkpoints may take while requests come one after the other. */
const CHECKPOINT_SHARE = 0.1;
/** What a running cell prints is passed on at once, but for cells that print more often than so many times in so many milliseconds. */
const OUTPUT_MESSAGES = 200;
const OUTPUT_MS = 50;

/** A cell with a little of everything. */
const WARM_UP = 'fun f(n: Int) -> Int { if n > 1 { n } else { 2 } }\nlet mut all = [f(1)]\nfor i in 0..2 { all.push(i) }\n"{all}"';

const scope = /** @type {any} */ (self);

/** @type {WebAssembly.Module} */
let compiler;
/** @type {Machine} */
let machine;
/** Cells that were run in this session. @type {Set<string>} */
const ran = new Set();

/** Whether checkpoints are taken. */
let keeps = false;
let changed = false;
let lastRequest = 0;
let checkpointEnd = -Infinity;
let checkpointTime = 0;
/** @type {any} */
let idle;

let running = 0;
let runningCell = "";
let printed = "";
/** Messages since a moment. */
let messages = 0;
let messagesSince = 0;

// Deep recursion has long stacks; what is shown are their first frames.
/** @type {any} */ (Error).stackTraceLimit = 50;

/** @param {string} text */
function onoutput(text) {
    printed += text;
    if (performance.now() - messagesSince > OUTPUT_MS) {
        messages = 0;
        messagesSince = performance.now();
    }
    if (messages < OUTPUT_MESSAGES) flush();
}

function flush() {
    if (printed === "") return;
    scope.postMessage({ id: running, cell: runningCell, output: printed });
    printed = "";
    messages += 1;
}

/**
 * @param {string} cell
 * @param {string} source
 */
function execute(cell, source) {
    changed = true;
    ran.add(cell);
    runningCell = cell;
    printed = "";
    messages = 0;
    const result = machine.execute(cell, source);
    flush();
    return result;
}

/** @type {Record<string, (...args: any[]) => any>} */
const methods = {
    start(/** @type {WebAssembly.Module} */ module, /** @type {boolean} */ keep) {
        compiler = module;
        keeps = keep;
        // The engine compiles functions when they are first called: here, and not in the user's first cell.
        new Machine(compiler, () => {}).execute("start", WARM_UP);
        machine = new Machine(compiler, onoutput);
        return machine.version;
    },
    execute,
    compile: (cell, source) => machine.compile(cell, source),
    check: (source) => machine.check(source),
    complete: (source, offset) => machine.complete(source, offset),
    inspect: (source, offset) => machine.inspect(source, offset),
    names: () => machine.names(),
    remove(cell) {
        changed = true;
        ran.delete(cell);
        return machine.remove(cell);
    },
    reset() {
        changed = true;
        ran.clear();
        machine = new Machine(compiler, onoutput);
    },
    checkpoint: () => machine.checkpoint(),
    restore(bytes) {
        // If this fails, the session stays as it was.
        const restored = new Machine(compiler, onoutput);
        restored.restore(bytes);
        machine = restored;
        changed = true;
        ran.clear();
        for (const { cell } of machine.names()) ran.add(cell);
    },
    /** Cells of a group that has nothing to do with the session, in a session of their own. */
    group(cells) {
        machine = new Machine(compiler, onoutput);
        const results = cells.map((/** @type {any} */ { cell, source }) => execute(cell, source));
        return { results, checkpoint: machine.checkpoint() };
    },
    /** Takes over what a group has defined. */
    absorb(checkpoint, cells) {
        changed = true;
        for (const cell of cells) ran.add(cell);
        machine.restore(checkpoint, true);
    },
    plan(cells) {
        const names = new Set(machine.names().map((/** @type {any} */ { name }) => name));
        return groups(
            cells.map((/** @type {any} */ { source }) => ({ defines: machine.defines(source), mentions: words(source) })),
            (name) => names.has(name),
            (i) => ran.has(cells[i].cell),
        );
    },
    benchmark: (n) => benchmark(compiler, n),
};

/** Takes a checkpoint if there is something new. */
function keep() {
    if (!keeps || !changed) return;
    changed = false;
    const start = performance.now();
    try {
        const checkpoint = machine.checkpoint();
        scope.postMessage({ id: lastRequest, checkpoint }, [checkpoint.buffer]);
    } catch (error) {
        // The session goes on without; what is lost by a cancellation is then more.
        console.error("cells: no checkpoint could be taken", error);
    }
    checkpointEnd = performance.now();
    checkpointTime = checkpointEnd - start;
}

scope.onmessage = (/** @type {MessageEvent} */ event) => {
    const { id, method, args } = event.data;
    clearTimeout(idle);
    running = id;
    try {
        const value = methods[method](...args);
        scope.postMessage({ id, value, memory: machine.memoryBytes });
    } catch (error) {
        scope.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
    }
    lastRequest = id;
    if (!keeps || !changed) return;
    if (performance.now() - checkpointEnd > checkpointTime / CHECKPOINT_SHARE) keep();
    else idle = setTimeout(keep, IDLE_MS);
};
