/** What the page asks of a backend: the server's (native-engine.js) or the one in the browser (browser-engine.js). */

// Both answer in the forms of the package, of which a backend may leave some out.
import type { Benchmark, CellError, CellResult, Check, Completions, Diagnostic, Inspection, Name } from "../../src/index.js";

export type { Diagnostic, Inspection, Name, Performance } from "../../src/index.js";

export type Checked = Check;
export type Completion = Completions;

/** A call on the way to a failure, innermost first. */
export type Frame = CellError["traceback"][number];

export type RunError = Partial<CellError> & Pick<CellError, "kind" | "message">;

/** What became of one run of a cell. */
export type Result = Partial<Omit<CellResult, "error">> &
    Pick<CellResult, "value" | "type" | "output"> & { error: RunError | null };

/** Milliseconds of whole cells of one kind: compiled, instantiated and run. */
export type BenchmarkCategory = Omit<Benchmark["categories"][number], "runs">;

export interface BenchmarkReport {
    /** How many cells of each category were run. */
    n: number;
    categories: BenchmarkCategory[];
    summary: { overall_avg_ms: number };
}

/** Offsets are into UTF-8 bytes. All functions may reject with an `Error` whose message can be shown. */
export interface Engine {
    readonly kind: "native" | "browser";
    /** Called with a checkpoint, by itself after runs, by a backend whose session lives in the page. */
    onCheckpoint?: (bytes: Uint8Array) => void;
    /** Called when a backend that is elsewhere stops answering, and when it answers again. */
    onConnection?: (connected: boolean) => void;
    /** Called with the cells whose definitions were lost when a run had to be ended by force. */
    onLost?: (cells: string[]) => void;
    /** Waits until cells can be run, and says what runs them. Rejects if none ever will. */
    ready(): Promise<string>;
    /** Runs a cell. `onOutput` gets what it prints while it runs, where the backend can say so; the result has it all in any case. */
    execute(cell: string, source: string, onOutput?: (text: string) => void): Promise<Result>;
    /** Ends the run that is going on; its result says `cancelled`. */
    cancel(): Promise<void>;
    /** Forgets everything that was defined. */
    restart(): Promise<void>;
    check(source: string): Promise<Checked>;
    complete(source: string, offset: number): Promise<Completion | null>;
    inspect(source: string, offset: number): Promise<Inspection | null>;
    checkpoint(): Promise<Uint8Array>;
    restore(bytes: Uint8Array): Promise<void>;
    names(): Promise<Name[]>;
    /** Forgets what a cell has defined; tells, if the backend does, which cells are stale then. */
    remove(cell: string): Promise<{ stale?: string[] }>;
    benchmark(n: number): Promise<BenchmarkReport>;
}

/** A cell as it is kept in a notebook file. */
export interface StoredCell {
    id: string;
    kind: "code" | "markdown";
    source: string;
}

/** A notebook as a store gives it: its cells, and what is remembered of their last runs. */
export interface Loaded {
    title: string;
    cells: StoredCell[];
    /** Last results by cell, each with the source that was run. */
    runs: Record<string, StoredRun>;
    /** Whether `cells` has changes that were never saved. */
    unsaved: boolean;
    /** A cell that was running when the page was left, and may be still; null if there is none. */
    running: string | null;
    /** Whether `cells` are changes to a notebook that somebody else has changed since. */
    conflict?: boolean;
    /** Whether this is somebody's first visit: nothing was stored yet. */
    first: boolean;
}

export interface StoredRun {
    result: Result;
    /** The source that was run; null if it is not known. */
    source: string | null;
    order: number | null;
    /** Names that were replaced since, in the order in which that happened. */
    outdated: string[] | null;
    /** Whether the session that ran it is gone. */
    past: boolean;
}

/** Where the page keeps the notebook. */
export interface Store {
    /** Whether changes are kept by themselves, without a command to save. */
    readonly autosaves: boolean;
    load(): Promise<Loaded>;
    /** Waits until it is known why changes will not be kept here, if so. */
    problem(): Promise<string | null>;
    /** Writes the notebook where it belongs. Rejects with a `Conflict` if somebody else has changed it there. */
    save(cells: StoredCell[], options?: { overwrite?: boolean }): Promise<void>;
    /** Remembers the state of the page, so that a reload loses nothing. Must not throw. */
    remember(state: State): void;
    /** The result of the run of a cell that went on while the page was away, when it has come to its end; null if there is none. */
    resultOf(cell: string): Promise<Result | null>;
    /** Writes what `remember` has been told and what may still wait, at once: the page may be about to go away. */
    flush(): void;
    /** Keeps the session's values for the next load, where the store has to do that. */
    keepCheckpoint(checkpoint: KeptCheckpoint | null): Promise<void>;
    checkpoint(): Promise<KeptCheckpoint | null>;
}

/** What a store remembers of the page. */
export interface State {
    title: string;
    cells: StoredCell[];
    runs: Record<string, StoredRun>;
    unsaved: boolean;
    running: string | null;
}

export interface KeptCheckpoint {
    bytes: Uint8Array;
    /** The number of the last run that is in it. */
    order: number;
}
