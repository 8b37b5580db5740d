/** Cells in a browser: a small typed language whose cells compile to WebAssembly and run in Web Workers. */

/** `null` where cells can run, and else a sentence for the user, with the browsers that can. */
export function supported(): string | null;

/** Starts a session. Rejects where `supported()` has something to say, and if the compiler cannot be loaded. */
export function createCells(options?: Options): Promise<Cells>;

/** The same for a notebook page, which knows of native engines with this interface as well. */
export function createEngine(options?: Options): Promise<Engine>;

export interface Options {
    /** How many workers there may be, 1 to 8; by default as many as the machine has processors. All but one start when needed. */
    workers?: number;
    /** Where the compiler is, or the compiler; by default `cells.wasm` beside this module. */
    url?: string | URL | WebAssembly.Module;
    /** Called with what cells print, while they run. */
    onoutput?(cell: string, text: string): void;
    /** Called with checkpoints of the session, which are taken in idle time after it has changed. */
    oncheckpoint?(bytes: Uint8Array): void;
    /** Called with cells that have run and whose effects are lost, because their worker had to be ended soon after. */
    onlost?(cells: string[]): void;
}

export interface Cells {
    /** Of the compiler. */
    readonly version: string;
    /** Compiles a cell as the session sees it, without running it. */
    compile(source: string, options?: { cell?: string }): Promise<Compiled>;
    /** What is wrong with a cell as the session sees it. */
    validate(source: string): Promise<Validation>;
    /**
     * Compiles and runs a cell, in the order of the calls. Faults of the cell are in the result; it does not reject for them.
     * @param options.cell the cell's id: what is run again under an id replaces what was run before. By default a new one.
     * @param options.onoutput called with what this cell prints
     */
    execute_cell_fast(
        source: string,
        options?: { cell?: string; onoutput?: (text: string) => void },
    ): Promise<CellResult>;
    /** Runs cells, those that have nothing to do with each other side by side. The results are in the order of the list. */
    execute_cells(list: (string | { source: string; cell?: string })[]): Promise<CellResult[]>;
    /** Runs `n` small cells of each kind (1 to 100,000; 100 by default) in sessions of their own. */
    benchmark_cell_execution(n?: number): Promise<Benchmark>;
    /** What the workers do at this moment. */
    worker_status(): WorkerStatus;
    /** Forgets all cells and ends what runs. */
    reset(): Promise<void>;
    /** All that the session's names stand for. Another session, also one of another run of the browser, can take it over. */
    checkpoint(): Promise<Uint8Array>;
    /** Makes the session that of a checkpoint. Rejects what is none; the session is then as it was. */
    restore(bytes: Uint8Array | ArrayBuffer): Promise<void>;
    /**
     * Ends the cells that run or wait. A new worker takes over the last checkpoint, so what the ended cell has changed is undone.
     * `lost`: cells that have run since that checkpoint, and have to be run again.
     */
    cancel(): Promise<{ lost: string[] }>;
    /** Errors and warnings, and the type of the value that the cell would have. */
    check(source: string): Promise<Check>;
    /** What may stand at an offset (bytes of UTF-8). */
    complete(source: string, offset: number): Promise<Completions>;
    /** What stands at an offset (bytes of UTF-8). */
    inspect(source: string, offset: number): Promise<Inspection | null>;
    /** The names of the session. */
    names(): Promise<Name[]>;
    /** Forgets a cell: its names vanish. */
    remove(cell: string): Promise<{ stale: string[] }>;
    /** Ends all workers. */
    close(): void;
}

export interface Engine {
    execute(cell: string, source: string, onOutput?: (text: string) => void): Promise<CellResult>;
    cancel(): Promise<{ lost: string[] }>;
    restart(): Promise<void>;
    check(source: string): Promise<Check>;
    complete(source: string, offset: number): Promise<Completions>;
    inspect(source: string, offset: number): Promise<Inspection | null>;
    checkpoint(): Promise<Uint8Array>;
    restore(bytes: Uint8Array): Promise<void>;
    names(): Promise<Name[]>;
    remove(cell: string): Promise<{ stale: string[] }>;
    benchmark(n: number): Promise<Benchmark>;
    state(): Promise<{ engine: "browser"; version: string; limits: object }>;
    close(): void;
}

export interface CellResult {
    /** The text of the cell's value; `null` if it has none or has failed. */
    value: string | null;
    /** The type of that value. */
    type: string | null;
    /** What the cell has printed. */
    output: string;
    error: CellError | null;
    warnings: Diagnostic[];
    /** What it has defined. */
    defined: { name: string; type: string }[];
    /** All cells that use something which has been replaced since they were run. */
    stale: string[];
    performance: Performance;
}

export interface CellError {
    /** `limit`: more memory, stack or output than a cell may have; `internal`: the compiler is wrong. */
    kind: "compile" | "trap" | "limit" | "cancelled" | "internal";
    message: string;
    /** From 1; 0 if it is not known. */
    line: number;
    column: number;
    /** The message with the lines that it is about and carets below them. */
    rendered: string;
    /** Of `compile`: all that is wrong. */
    diagnostics: Diagnostic[];
    /** The functions that were active, innermost first. */
    traceback: { cell: string; function: string | null; line: number; column: number }[];
}

export interface Diagnostic {
    severity: "error" | "warning";
    message: string;
    label: string | null;
    suggestion: string | null;
    line: number;
    column: number;
    end_line: number;
    end_column: number;
    /** Bytes of UTF-8. */
    start: number;
    end: number;
}

/** Times in milliseconds. */
export interface Performance {
    parse_ms: number;
    check_ms: number;
    emit_ms: number;
    instantiate_ms: number;
    run_ms: number;
    total_ms: number;
    /** What `total_ms` should stay below. */
    target_ms: number;
    target_met: boolean;
    /** The size of the cell's module. */
    wasm_bytes: number;
    /** Memory of compiler and runtime, and the modules of the cells that live; objects are the browser's. */
    memory_bytes: number;
    /** Whether the compiled cell came from the cache. */
    cached: boolean;
}

export interface Compiled {
    /** The module; `null` if the cell is wrong. */
    wasm: Uint8Array | null;
    /** The names that it takes from other cells. */
    imports: string[];
    /** The type of the value that the cell would have. */
    type: string | null;
    error: CellError | null;
    warnings: Diagnostic[];
    performance: { parse_ms: number; check_ms: number; emit_ms: number; cached: boolean };
}

export interface Check {
    diagnostics: Diagnostic[];
    type: string | null;
}

export interface Validation extends Check {
    valid: boolean;
}

export interface Completions {
    /** What an item replaces, in bytes of UTF-8. */
    start: number;
    end: number;
    items: { label: string; kind: string; detail: string; doc: string }[];
}

export interface Inspection {
    /** Markdown. */
    text: string;
    start: number;
    end: number;
}

export interface Name {
    name: string;
    kind: "value" | "variable" | "function" | "struct";
    type: string;
    cell: string;
    stale: boolean;
}

/** Times in milliseconds, of whole cells from source to value. */
export interface Benchmark {
    n: number;
    categories: {
        name: "assignment" | "expression" | "function definition" | "call" | "control flow" | string;
        runs: number;
        p50_ms: number;
        p95_ms: number;
        p99_ms: number;
        /** What `p95_ms` has to stay below. */
        target_ms: number;
        /** Whether it does; where there is a target for `p50_ms` as well, whether both do. */
        target_met: boolean;
    }[];
    summary: { overall_avg_ms: number; target_met: boolean };
}

export interface WorkerStatus {
    /** How many workers there may be. */
    size: number;
    /** Requests that wait. */
    queued: number;
    workers: {
        id: number;
        role: "session" | "helper";
        state: "busy" | "idle";
        /** The cell that runs. */
        cell: string | null;
        queued: number;
        jobs: number;
        busy_ms: number;
        average_ms: number;
        memory_bytes: number;
    }[];
}
