// Backends count bytes of UTF-8, the editor counts UTF-16 units: each from the other.

/**
 * @param {string} text
 * @param {number} bytes
 * @returns {number} the position in `text` where that many bytes have passed, or its end
 */
export function fromBytes(text, bytes) {
    let passed = 0;
    for (let position = 0; position < text.length;) {
        if (passed >= bytes) return position;
        const code = /** @type {number} */ (text.codePointAt(position));
        passed += width(code);
        position += code > 0xffff ? 2 : 1;
    }
    return text.length;
}

/**
 * @param {string} text
 * @param {number} position
 * @returns {number} how many bytes of UTF-8 stand in front of the position
 */
export function toBytes(text, position) {
    let bytes = 0;
    for (let at = 0; at < position;) {
        const code = /** @type {number} */ (text.codePointAt(at));
        bytes += width(code);
        at += code > 0xffff ? 2 : 1;
    }
    return bytes;
}

/** @param {number} code */
function width(code) {
    return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}
