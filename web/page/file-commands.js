// Commands about files: the notebook's, and checkpoints.
import { message } from "./keeper.js";
import { formatCellsFile, parseCellsFile } from "./model/cells-file.js";
import { sample } from "./sample.js";
import { ask } from "./view/dialog.js";
import { chooseFile, download } from "./view/files.js";
import { toast } from "./view/toast.js";

/**
 * @import { Engine } from "./engine/engine.js"
 * @import { Keeper } from "./keeper.js"
 * @import { Notebook } from "./model/notebook.js"
 */

/**
 * @param {{ notebook: Notebook, engine: Engine, keeper: Keeper, busy: () => boolean, restart: () => Promise<void> }} parts
 */
export function fileCommands({ notebook, engine, keeper, busy, restart }) {
    /** @param {() => Promise<void>} command */
    const reported = (command) => () => void command().catch((error) => toast(message(error), { kind: "error" }));
    const heading = () => {
        const texts = notebook.cells.filter(({ kind }) => kind === "markdown");
        return texts.map(({ source }) => /^#+ +(.+)$/m.exec(source)?.[1]).find((found) => found);
    };
    /** A notebook that was never named has the name of its first heading. */
    const title = () => (notebook.title === "Untitled" && heading()) || notebook.title;
    const name = () => title().replace(/\.cells$/, "").replace(/[^\p{L}\p{N} ._-]+/gu, "-") || "notebook";

    /** Asks before a notebook goes that has something in it. */
    async function mayReplace() {
        if (busy()) throw new Error("Cancel the run that is going on first");
        if (notebook.cells.every(({ source }) => source.trim() === "")) return true;
        const answer = await ask({
            title: "Replace this notebook?",
            text: "Its cells, results and values go. Download it first if you want to keep it.",
            answers: [{ value: "replace", label: "Replace", kind: "danger" }],
        });
        return answer === "replace";
    }

    /**
     * Another notebook begins with a session of its own.
     *
     * @param {import("./engine/engine.js").StoredCell[]} cells
     * @param {string} title
     */
    async function replace(cells, title) {
        if (!(await mayReplace())) return;
        // Without a session there are no values that could be left over.
        await restart().catch(() => {});
        keeper.replace(cells, title);
    }

    return {
        download: () => download(`${name()}.cells`, formatCellsFile(notebook.stored()), "text/plain;charset=utf-8"),

        openFile: reported(async () => {
            const file = await chooseFile(".cells,text/plain");
            if (!file) return;
            await replace(parseCellsFile(await notebookText(file)), file.name);
        }),

        newNotebook: reported(() => replace([], "Untitled")),

        sample: reported(() => replace(sample, "Sample")),

        saveCheckpoint: reported(async () => {
            const bytes = await engine.checkpoint();
            download(`${name()}.checkpoint`, /** @type {BlobPart} */ (bytes), "application/octet-stream");
        }),

        restoreCheckpoint: reported(async () => {
            if (busy()) throw new Error("Cancel the run that is going on first");
            const file = await chooseFile("");
            if (!file) return;
            await engine.restore(new Uint8Array(await file.arrayBuffer()));
            await keeper.sessionRestored();
            toast("The checkpoint’s values are back");
        }),
    };
}

/**
 * @param {File} file
 * @returns {Promise<string>}
 */
async function notebookText(file) {
    if (/\.ipynb$/i.test(file.name))
        throw new Error(`${file.name} is a Jupyter notebook: “upshift-cells convert” makes a .cells file of it`);
    try {
        return new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
    } catch {
        throw new Error(`${file.name} is no text in UTF-8, and so no notebook`);
    }
}
