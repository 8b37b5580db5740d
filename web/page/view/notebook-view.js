// The column of cells: follows the notebook's changes, and moves the focus between cells.
import { insertionLine } from "./cell-actions.js";
import { cellView } from "./cell-view.js";
import { h } from "./dom.js";

/**
 * @import { Cell, Change, Notebook } from "../model/notebook.js"
 * @import { CellView, Host } from "./cell-view.js"
 */

export class NotebookView {
    element = h("div", { class: "cells" });
    #notebook;
    #host;
    /** @type {Map<string, CellView>} */
    #views = new Map();
    #first;

    /**
     * @param {Notebook} notebook
     * @param {Host} host
     */
    constructor(notebook, host) {
        this.#notebook = notebook;
        this.#host = host;
        this.#first = insertionLine((kind) => this.insert(0, kind));
        notebook.listen((change) => this.#follow(change));
        this.element.addEventListener("keydown", (event) => this.#commandKey(event));
    }

    /** @param {Change} change */
    #follow(change) {
        switch (change.type) {
            case "replaced":
                for (const view of this.#views.values()) view.destroy();
                this.#views.clear();
                this.element.replaceChildren(this.#first, ...this.#notebook.cells.map((cell) => this.#make(cell)));
                return this.#rename();
            case "inserted":
                this.#place(this.#make(change.cell), change.index);
                return this.#rename();
            case "moved":
                this.#place(this.#slot(change.cell.id), change.index);
                return this.#rename();
            case "removed": {
                const view = this.#views.get(change.cell.id);
                this.#slot(change.cell.id).remove();
                this.#views.delete(change.cell.id);
                view?.destroy();
                return this.#rename();
            }
            case "converted": {
                const slot = this.#slot(change.cell.id);
                this.#views.get(change.cell.id)?.destroy();
                slot.replaceWith(this.#make(change.cell));
                return this.#rename();
            }
            default:
                this.#views.get(change.cell.id)?.changed(change.type);
        }
    }

    /**
     * @param {Cell} cell
     * @returns {HTMLElement} the cell and the line below it where another can be added
     */
    #make(cell) {
        const view = cellView(cell, this.#host);
        this.#views.set(cell.id, view);
        return h(
            "div",
            { class: "slot" },
            view.element,
            insertionLine((kind) => this.insert(this.#notebook.indexOf(cell.id) + 1, kind)),
        );
    }

    /** @param {string} id */
    #slot(id) {
        return /** @type {HTMLElement} */ (this.#views.get(id)?.element.parentElement);
    }

    /**
     * @param {HTMLElement} slot
     * @param {number} index
     */
    #place(slot, index) {
        const focused =
            document.activeElement instanceof HTMLElement && slot.contains(document.activeElement)
                ? document.activeElement
                : null;
        slot.remove();
        this.element.insertBefore(slot, this.element.children[index + 1] ?? null);
        focused?.focus();
    }

    #rename() {
        for (const view of this.#views.values()) view.renamed();
    }

    /**
     * Adds a cell and begins to edit it.
     *
     * @param {number} index
     * @param {"code" | "markdown"} kind
     */
    insert(index, kind) {
        this.focus(this.#notebook.insert(index, kind));
    }

    /**
     * @param {Cell} cell
     * @param {"start" | "end"} [at]
     */
    focus(cell, at) {
        const view = this.#views.get(cell.id);
        view?.focus(at);
        view?.element.scrollIntoView({ block: "nearest" });
    }

    /** @param {Cell} cell shown, if it is not, without taking the focus */
    show(cell) {
        this.#views.get(cell.id)?.element.scrollIntoView({ block: "nearest" });
    }

    /** @param {Cell} cell */
    focusCell(cell) {
        this.#views.get(cell.id)?.element.focus();
    }

    /**
     * @param {string} id
     * @param {number} line
     * @param {number} column
     */
    reveal(id, line, column) {
        const view = this.#views.get(id);
        view?.reveal(line, column);
        view?.element.scrollIntoView({ block: "nearest" });
    }

    /** Tells all cells that some have run. */
    othersRan() {
        for (const view of this.#views.values()) view.changed("others");
    }

    /** @returns {Cell | null} the cell that has the focus */
    current() {
        const element = document.activeElement?.closest("[data-cell]");
        return element instanceof HTMLElement ? this.#notebook.cell(element.dataset.cell ?? "") : null;
    }

    /**
     * The keys of a cell that has the focus itself, outside of its editor.
     *
     * @param {KeyboardEvent} event
     */
    #commandKey(event) {
        const cell = this.current();
        const target = /** @type {HTMLElement} */ (event.target);
        const onCell = target.matches(".cell, .prose");
        if (!cell || !onCell) return;
        const index = this.#notebook.indexOf(cell.id);
        const command = event.ctrlKey || event.metaKey;
        const { run, actions } = this.#host;
        if (event.key === "Enter" && (event.shiftKey || event.altKey || command)) {
            run(cell, event.shiftKey ? "next" : event.altKey ? "insert" : "stay");
        } else if (command) return;
        else if (event.altKey && event.key === "ArrowUp") actions(cell).move(-1);
        else if (event.altKey && event.key === "ArrowDown") actions(cell).move(1);
        else if (event.altKey || event.shiftKey) return;
        else if (event.key === "Enter") this.#views.get(cell.id)?.focus();
        else if (event.key === "ArrowUp" || event.key === "k") this.#go(index - 1);
        else if (event.key === "ArrowDown" || event.key === "j") this.#go(index + 1);
        else if (event.key === "a") this.insert(index, "code");
        else if (event.key === "b") this.insert(index + 1, "code");
        else if (event.key === "m" || event.key === "y") {
            if ((cell.kind === "code") === (event.key === "m")) actions(cell).convert();
        } else if (event.key === "Delete" || event.key === "Backspace") actions(cell).remove();
        else if (event.key === "z") this.#host.bringBack();
        else return;
        event.preventDefault();
    }

    /** @param {number} index */
    #go(index) {
        const cell = this.#notebook.cells[index];
        if (cell) this.focusCell(cell);
    }
}
