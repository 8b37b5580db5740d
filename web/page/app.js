// The page as a whole: notebook, engine and store, what is drawn of them, and the commands that people give.
import { fileCommands } from "./file-commands.js";
import { Keeper, message } from "./keeper.js";
import { knownFaults } from "./model/faults.js";
import { Notebook } from "./model/notebook.js";
import { Runner } from "./model/runner.js";
import { benchmark } from "./panels/benchmark.js";
import { panel } from "./panels/panel.js";
import { variables } from "./panels/variables.js";
import { announce } from "./view/announce.js";
import { ask } from "./view/dialog.js";
import { fill, h } from "./view/dom.js";
import { showKeys } from "./view/keys.js";
import { NotebookView } from "./view/notebook-view.js";
import { duration } from "./view/timing.js";
import { dismiss, toast } from "./view/toast.js";
import { toolbar } from "./view/toolbar.js";

/**
 * @import { Diagnostic, Engine, Result, Store } from "./engine/engine.js"
 * @import { Cell } from "./model/notebook.js"
 * @import { Host } from "./view/cell-view.js"
 */

const STATUS_MS = 25;

export class App {
    #notebook = new Notebook();
    #engine;
    #store;
    #runner;
    #keeper;
    #view;
    #toolbar;
    #panel;
    #panels;
    /** @type {"variables" | "benchmark" | null} */
    #open = null;
    #engineName = "Starting";
    /** Whether the backend answered when it was last asked. */
    #connected = true;
    /** @type {{ cell: Cell, index: number }[]} cells that were deleted, the last one at the end */
    #deleted = [];
    #statusTimer = 0;
    /** @type {string | null} why changes are not kept */
    #problem = null;

    /**
     * @param {Engine} engine
     * @param {Store} store
     */
    constructor(engine, store) {
        this.#engine = engine;
        this.#store = store;
        this.#runner = new Runner(this.#notebook, engine);
        this.#keeper = new Keeper({ notebook: this.#notebook, runner: this.#runner, engine, store });
        this.#view = new NotebookView(this.#notebook, this.#host());
        const links = this.#links();
        this.#panels = { variables: variables(engine, links), benchmark: benchmark(engine) };
        this.#panel = panel(() => this.#togglePanel(null));
        this.#toolbar = toolbar(this.#commands(), store);

        this.#runner.onChange = () => this.#showStatus();
        this.#runner.onResult = (cell, result) => announce(spoken(links.nameOf(cell.id), result));
        this.#runner.onStopped = (cell, { error }, waiting) => {
            this.#view.show(cell);
            const others = waiting === 1 ? "1 cell was" : `${waiting} cells were`;
            toast(`Stopped at ${links.nameOf(cell.id)}: ${error?.message}. ${others} not run`, { kind: "error" });
        };
        this.#runner.onIdle = () => {
            this.#refreshPanel();
            this.#view.othersRan();
        };
        engine.onConnection = (connected) => {
            this.#connected = connected;
            this.#showStatus();
        };
        this.#keeper.onChange = () => this.#showStatus();
        this.#notebook.listen(({ type }) => {
            if (type === "replaced") this.#deleted = [];
            if (type !== "live" && type !== "source") this.#showStatus();
        });
        document.addEventListener("keydown", (event) => this.#pageKey(event));
    }

    /** Draws the page, and brings back what was there. */
    async start() {
        const root = document.getElementById("app");
        if (!root) return;
        const notice = h("div", { class: "notice", role: "alert", hidden: true });
        fill(
            root,
            this.#toolbar.element,
            h("div", { class: "layout" }, h("main", { class: "page" }, notice, this.#view.element), this.#panel.element),
        );
        this.#drawStatus();
        const fail = (/** @type {unknown} */ error) => {
            notice.hidden = false;
            notice.textContent = message(error);
            this.#engineName = "No session";
            this.#showStatus();
        };
        try {
            if (await this.#keeper.load()) void this.#settleConflict();
        } catch (error) {
            fail(error);
            return;
        }
        void this.#store.problem().then((problem) => {
            if (!problem) return;
            this.#problem = problem;
            if (notice.hidden) fill(notice, problem);
            notice.hidden = false;
            this.#showStatus();
        });
        const ready = this.#engine.ready().then(async (name) => {
            this.#engineName = name;
            this.#showStatus();
            const problem = await this.#keeper.restoreSession();
            if (problem)
                toast(problem, { kind: "error", action: "Run all", onAction: () => this.#runner.run(this.#notebook.cells) });
            this.#refreshPanel();
        });
        this.#runner.ready = ready.catch(fail);
        await this.#runner.ready;
    }

    #links() {
        return {
            goTo: (/** @type {string} */ cell, /** @type {number} */ line, /** @type {number} */ column) =>
                this.#view.reveal(cell, line, column),
            nameOf: (/** @type {string} */ id) => {
                const index = this.#notebook.indexOf(id);
                return index < 0 ? "a deleted cell" : `cell ${index + 1}`;
            },
        };
    }

    /** @returns {Host} */
    #host() {
        return {
            run: (cell, then) => this.#run(cell, then),
            edit: (cell, source) => this.#notebook.setSource(cell.id, source),
            save: () => void this.#save(),
            leave: (cell, to) => this.#leave(cell, to),
            diagnose: (cell, source) => this.#diagnose(cell, source),
            complete: (source, offset) => this.#engine.complete(source, offset),
            inspect: (source, offset) => this.#engine.inspect(source, offset),
            actions: (cell) => ({
                move: (by) => {
                    if (this.#notebook.move(cell.id, by)) announce(`Moved; it is ${this.#links().nameOf(cell.id)} now`);
                },
                convert: () => {
                    if (cell.kind === "code" && cell.state === "idle") this.#undefine(cell);
                    this.#notebook.convert(cell.id, cell.kind === "code" ? "markdown" : "code");
                    this.#view.focusCell(cell);
                },
                remove: () => this.#remove(cell),
            }),
            bringBack: () => this.#bringBack(),
            links: this.#links(),
        };
    }

    /**
     * @param {Cell} cell
     * @param {"stay" | "next" | "insert"} then
     */
    #run(cell, then) {
        if (cell.state === "running" && then === "stay") return void this.#cancel();
        if (cell.state === "queued" && then === "stay") return void this.#runner.forget(cell);
        this.#runner.run([cell]);
        const next = this.#notebook.indexOf(cell.id) + 1;
        if (then === "insert" || (then === "next" && next === this.#notebook.cells.length)) this.#view.insert(next, "code");
        else if (then === "next") this.#view.focus(this.#notebook.cells[next], "end");
    }

    /**
     * @param {Cell} cell
     * @param {"above" | "below" | "cell"} to
     */
    #leave(cell, to) {
        if (to === "cell") {
            this.#view.focusCell(cell);
            return true;
        }
        const other = this.#notebook.cells[this.#notebook.indexOf(cell.id) + (to === "above" ? -1 : 1)];
        if (!other) return false;
        this.#view.focus(other, to === "above" ? "end" : "start");
        return true;
    }

    /** @param {Cell} cell */
    #remove(cell) {
        const removed = this.#notebook.remove(cell.id);
        if (!removed) return;
        if (cell.kind === "code") this.#undefine(cell);
        if (this.#notebook.cells.length === 0) this.#notebook.insert(0);
        const near = this.#notebook.cells[Math.min(removed.index, this.#notebook.cells.length - 1)];
        this.#view.focusCell(near);
        this.#deleted.push(removed);
        toast("Cell deleted", { action: "Undo", onAction: () => this.#bringBack() });
    }

    #bringBack() {
        const last = this.#deleted.pop();
        if (!last) return;
        this.#notebook.putBack(last.cell, last.index);
        this.#view.focusCell(last.cell);
        if (last.cell.run) toast("The cell is back. What it had defined comes back when it runs again");
        else dismiss();
    }

    /**
     * The session forgets a cell that is deleted or becomes text.
     *
     * @param {Cell} cell
     */
    #undefine(cell) {
        const ran = cell.run !== null;
        this.#runner.remove(cell).catch((error) => {
            // Where no session could be started, there is nothing to forget, and the page says so already.
            if (ran) toast(message(error), { kind: "error" });
        });
    }

    /**
     * What the last run has found, if this is what was run; else what the checker finds. Cells that nobody has touched yet may use names
     * of cells that have not been run, so they are left alone.
     *
     * @param {Cell} cell
     * @param {string} source
     * @returns {Promise<Diagnostic[]>}
     */
    async #diagnose(cell, source) {
        if (cell.run && !cell.run.past && cell.run.source === source) return knownFaults(cell.run.result, source, cell.id);
        if (!cell.touched || !source.trim()) return [];
        return (await this.#engine.check(source)).diagnostics;
    }

    #commands() {
        const files = fileCommands({
            notebook: this.#notebook,
            engine: this.#engine,
            keeper: this.#keeper,
            busy: () => this.#runner.busy,
            restart: () => this.#beginAnew(),
        });
        return {
            ...files,
            runAll: () => this.#runner.run(this.#notebook.cells),
            runStale: () => this.#runner.runStale(),
            cancel: () => void this.#cancel(),
            restart: () => void this.#restart(),
            save: () => void this.#save(),
            clearResults: () => {
                for (const cell of this.#notebook.cells) if (cell.run && cell.state === "idle") this.#notebook.setRun(cell, null);
            },
            showKeys,
            togglePanel: (/** @type {"variables" | "benchmark"} */ name) => this.#togglePanel(name),
        };
    }

    async #cancel() {
        const { waiting } = this.#runner;
        announce("Cancelling");
        if (waiting > 0) toast(`Cancelled ${waiting === 1 ? "1 cell" : `${waiting} cells`} before ${waiting === 1 ? "it" : "they"} began`);
        await this.#runner.cancel().catch((error) => toast(message(error), { kind: "error" }));
    }

    async #restart() {
        const answer = await ask({
            title: "Restart the session?",
            text: "All values are forgotten. Cells and what is shown below them stay.",
            answers: [{ value: "restart", label: "Restart", kind: "primary" }],
        });
        if (answer !== "restart") return;
        try {
            if (this.#runner.busy) await this.#runner.cancel();
            await this.#beginAnew();
            toast("The session has begun anew");
        } catch (error) {
            toast(message(error), { kind: "error" });
        }
    }

    async #beginAnew() {
        await this.#engine.restart();
        await this.#keeper.sessionEnded();
        this.#runner.order = 0;
        this.#refreshPanel();
    }

    async #save() {
        if (this.#problem) {
            toast(this.#problem, { kind: "error" });
            return;
        }
        if (this.#store.autosaves) {
            await this.#keeper.save().then(
                () => toast("Kept in this browser, as after every change"),
                (error) => toast(message(error), { kind: "error" }),
            );
            return;
        }
        try {
            await this.#keeper.save();
            announce("Saved");
        } catch (error) {
            if (error instanceof Error && error.name === "Conflict") await this.#settleConflict();
            else toast(message(error), { kind: "error" });
        }
    }

    async #settleConflict() {
        const answer = await ask({
            title: "The file has changed",
            text: "Somebody else has changed the notebook’s file since it was read here. Which one should stay?",
            answers: [
                { value: "theirs", label: "Take the file’s", kind: "danger" },
                { value: "mine", label: "Save mine over it", kind: "primary" },
            ],
        });
        try {
            if (answer === "mine") await this.#keeper.save({ overwrite: true });
            else if (answer === "theirs") await this.#keeper.reload();
        } catch (error) {
            toast(message(error), { kind: "error" });
        }
    }

    /** @param {"variables" | "benchmark" | null} name null closes the one that is open */
    #togglePanel(name) {
        const focused = this.#panel.element.contains(document.activeElement);
        const before = this.#open;
        this.#open = name === before ? null : name;
        this.#panel.show(this.#open && this.#panels[this.#open]);
        this.#drawStatus();
        if (!this.#open && before && focused) this.#toolbar.focusPanelButton(before);
    }

    #refreshPanel() {
        if (this.#open === "variables") void this.#panels.variables.refresh();
    }

    /** Much may change at once, as when many cells run: the bar is drawn when it has. */
    #showStatus() {
        if (this.#statusTimer === 0) this.#statusTimer = setTimeout(() => this.#drawStatus(), STATUS_MS);
    }

    #drawStatus() {
        this.#statusTimer = 0;
        const kept = this.#problem
            ? "Not kept"
            : this.#store.autosaves
              ? "Kept in this browser"
              : this.#keeper.unsaved
                ? "Unsaved changes"
                : "Saved";
        document.title = `${this.#runner.busy ? "▸ " : ""}${this.#notebook.title} – Cells`;
        this.#toolbar.show({
            title: this.#notebook.title,
            kept,
            engine: this.#connected ? this.#engineName : "Disconnected",
            stale: this.#notebook.stale().length,
            running: this.#runner.busy,
            cancelling: this.#runner.cancelling,
            waiting: this.#runner.waiting,
            panel: this.#open,
        });
    }

    /** @param {KeyboardEvent} event */
    #pageKey(event) {
        if (event.defaultPrevented) return;
        if ((event.ctrlKey || event.metaKey) && event.key === "s") {
            event.preventDefault();
            void this.#save();
        } else if (event.key === "?" && !isText(event.target) && !document.querySelector("dialog[open]")) showKeys();
    }
}

/** @param {EventTarget | null} target */
function isText(target) {
    return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}

/**
 * @param {string} name
 * @param {Result} result
 * @returns {string} the result for those who hear it
 */
function spoken(name, { value, type, output, error, performance }) {
    if (error) return `${name} failed${error.line ? ` in line ${error.line}` : ""}: ${error.message}`;
    const time = performance ? `, in ${duration(performance.total_ms)}` : "";
    if (value !== null) return `${name}: ${value.slice(0, 200)}${type ? `, ${type}` : ""}${time}`;
    return output ? `${name} printed ${output.slice(0, 200)}${time}` : `${name} has run${time}`;
}
