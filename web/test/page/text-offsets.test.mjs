// Offsets of bytes and of UTF-16 units, against what Node's own encoder says.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBytes, toBytes } from "../../page/model/text-offsets.js";

test("positions become bytes and come back", () => {
    const text = "aé€😀\nz";
    for (const [index, character] of [...text].entries()) {
        const position = [...text].slice(0, index).join("").length;
        const bytes = Buffer.byteLength(text.slice(0, position));
        assert.equal(toBytes(text, position), bytes, character);
        assert.equal(fromBytes(text, bytes), position, character);
    }
    assert.equal(toBytes(text, text.length), Buffer.byteLength(text));
    assert.equal(fromBytes(text, 1000), text.length);
});
