// Notebook files, by the cases that crates/cells-cli reads too.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { FormatError, formatCellsFile, parseCellsFile } from "../../page/model/cells-file.js";

/** @type {{ name: string, text: string, cells?: import("../../page/engine/engine.js").StoredCell[], written?: string, error_line?: number }[]} */
const CASES = JSON.parse(await readFile(new URL("cells-files.json", import.meta.url), "utf8"));

for (const { name, text, cells, written, error_line } of CASES) {
    test(name, () => {
        if (error_line !== undefined) {
            assert.throws(
                () => parseCellsFile(text),
                (error) => error instanceof FormatError && error.line === error_line,
            );
            return;
        }
        assert.deepEqual(parseCellsFile(text), cells);
        assert.equal(formatCellsFile(cells ?? []), written);
        assert.deepEqual(parseCellsFile(written ?? ""), cells);
    });
}
