// What cells import of their host (`crates/cells/src/host.rs` has the contract), and what they print and return on the way.

import { floatFixed, floatText, parseFloatText } from "./text.js";

/** A cell has failed: thrown through its code by the import `fail`. */
export class CellFailure extends Error {
    /**
     * @param {number} kind the number of the failure
     * @param {number} instance whose code it was
     * @param {number} position the byte of that cell's source
     * @param {bigint} a
     * @param {bigint} b
     * @param {string} detail what the cell has to say about it
     */
    constructor(kind, instance, position, a, b, detail) {
        super(`failure ${kind} at byte ${position}`);
        this.kind = kind;
        this.instance = instance;
        this.position = position;
        this.a = a;
        this.b = b;
        this.detail = detail;
    }
}

/** A cell has printed more than it may. */
export class OutputExceeded extends Error {}

/** How much text a run may print, in bytes. */
export const OUTPUT_LIMIT = 8 << 20;

/**
 * `Math` by the numbers of the import `math`.
 *
 * @type {((x: number, y: number) => number)[]}
 */
const MATH = [
    Math.sin,
    Math.cos,
    Math.tan,
    Math.asin,
    Math.acos,
    Math.atan,
    Math.atan2,
    Math.exp,
    Math.log,
    Math.log2,
    Math.log10,
    pow,
    (x, y) => x % y,
];

/**
 * The power as IEEE 754 has it; JavaScript has `NaN` for some powers of 1 and -1.
 *
 * @param {number} x
 * @param {number} y
 */
function pow(x, y) {
    if (x === 1 || (x === -1 && Math.abs(y) === Infinity)) return 1;
    return x ** y;
}

// JavaScript has one NaN, and the contract another one for texts that are no numbers, so that has to come from a module:
//
//     (module
//       (import "" "is" (func $is (param i32 i32) (result i32)))
//       (import "" "value" (func $value (result f64)))
//       (func (export "parse_float") (param i32 i32) (result f64)
//         local.get 0 local.get 1 call $is
//         if (result f64) call $value else f64.const nan:0x8000000000001 end))
const PARSE_FLOAT = Uint8Array.of(
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 17, 3, 0x60, 2, 0x7f, 0x7f, 1, 0x7f, 0x60, 0, 1, 0x7c, 0x60, 2, 0x7f, 0x7f, 1, 0x7c],
    ...[2, 16, 2, 0, 2, 0x69, 0x73, 0, 0, 0, 5, 0x76, 0x61, 0x6c, 0x75, 0x65, 0, 1],
    ...[3, 2, 1, 2],
    ...[7, 15, 1, 11, 0x70, 0x61, 0x72, 0x73, 0x65, 0x5f, 0x66, 0x6c, 0x6f, 0x61, 0x74, 0, 2],
    ...[10, 25, 1, 23, 0, 0x20, 0, 0x20, 1, 0x10, 0, 0x04, 0x7c, 0x10, 1, 0x05],
    ...[0x44, 1, 0, 0, 0, 0, 0, 0xf8, 0x7f, 0x0b, 0x0b],
);

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The runtime that all cells of a session share, with its imports. */
export class Host {
    /** @type {WebAssembly.Memory} */
    #memory;
    /** @type {string[]} */
    #output = [];
    #outputBytes = 0;
    /** @type {string[]} */
    #value = [];
    #message = "";
    #parsed = 0;
    /** @type {Uint8Array} */
    #saved = new Uint8Array(0);
    #savedLength = 0;
    /** @type {Uint8Array} */
    #loading = new Uint8Array(0);

    /**
     * @param {WebAssembly.Module} runtime
     * @param {(text: string) => void} onoutput called with what a cell prints, as it prints
     */
    constructor(runtime, onoutput) {
        this.onoutput = onoutput;
        const shim = new WebAssembly.Instance(new WebAssembly.Module(PARSE_FLOAT), {
            "": {
                is: (/** @type {number} */ ptr, /** @type {number} */ length) => {
                    const value = parseFloatText(this.#text(ptr, length));
                    this.#parsed = value ?? 0;
                    return value === undefined ? 0 : 1;
                },
                value: () => this.#parsed,
            },
        });
        /** @type {Record<string, any>} */
        const host = {
            print: (/** @type {number} */ ptr, /** @type {number} */ length) => this.#print(ptr, length),
            value: (/** @type {number} */ ptr, /** @type {number} */ length) => {
                this.#value.push(this.#text(ptr, length));
            },
            message: (/** @type {number} */ ptr, /** @type {number} */ length) => {
                this.#message += this.#text(ptr, length);
            },
            fail: (
                /** @type {number} */ kind,
                /** @type {number} */ instance,
                /** @type {number} */ position,
                /** @type {bigint} */ a,
                /** @type {bigint} */ b,
            ) => {
                throw new CellFailure(kind, instance, position >>> 0, a, b, this.#message);
            },
            float_text: (/** @type {number} */ x, /** @type {number} */ ptr) => this.#put(floatText(x), ptr),
            float_fixed: (/** @type {number} */ x, /** @type {number} */ digits, /** @type {number} */ ptr) =>
                this.#put(floatFixed(x, digits), ptr),
            parse_float: shim.exports.parse_float,
            case: (
                /** @type {number} */ ptr,
                /** @type {number} */ length,
                /** @type {number} */ upper,
                /** @type {number} */ to,
            ) => {
                const text = this.#text(ptr, length);
                return this.#put(upper ? text.toUpperCase() : text.toLowerCase(), to);
            },
            math: (/** @type {number} */ number, /** @type {number} */ x, /** @type {number} */ y) => MATH[number](x, y),
            random: Math.random,
            write: (/** @type {number} */ ptr, /** @type {number} */ length) => this.#save(this.#bytes(ptr, length)),
            read: (/** @type {number} */ ptr, /** @type {number} */ length) => {
                const bytes = this.#loading.subarray(0, length >>> 0);
                this.#bytes(ptr, bytes.length).set(bytes);
                this.#loading = this.#loading.subarray(bytes.length);
                return bytes.length;
            },
        };
        const instance = new WebAssembly.Instance(runtime, { host });
        /** What cells import from `"runtime"`. */
        this.exports = instance.exports;
        this.#memory = /** @type {WebAssembly.Memory} */ (instance.exports.memory);
    }

    /** How much memory the runtime has, in bytes. */
    get memoryBytes() {
        return this.#memory.buffer.byteLength;
    }

    /** Forgets what the last run has left. */
    begin() {
        this.#output = [];
        this.#outputBytes = 0;
        this.#value = [];
        this.#message = "";
    }

    /** What was printed since `begin`. */
    get output() {
        return this.#output.join("");
    }

    /** The text of the cell's value. */
    get value() {
        return this.#value.join("");
    }

    /** What a checkpoint has written since the last call. */
    takeSaved() {
        const saved = this.#saved.slice(0, this.#savedLength);
        this.#saved = new Uint8Array(0);
        this.#savedLength = 0;
        return saved;
    }

    /**
     * Has the next checkpoint be loaded from `bytes`.
     *
     * @param {Uint8Array} bytes
     */
    load(bytes) {
        this.#loading = bytes;
    }

    /**
     * @param {number} ptr
     * @param {number} length
     */
    #bytes(ptr, length) {
        return new Uint8Array(this.#memory.buffer, ptr >>> 0, length >>> 0);
    }

    /**
     * @param {number} ptr
     * @param {number} length
     */
    #text(ptr, length) {
        return decoder.decode(this.#bytes(ptr, length));
    }

    /**
     * @param {string} text
     * @param {number} ptr
     */
    #put(text, ptr) {
        return encoder.encodeInto(text, new Uint8Array(this.#memory.buffer, ptr >>> 0)).written;
    }

    /**
     * @param {number} ptr
     * @param {number} length
     */
    #print(ptr, length) {
        this.#outputBytes += length >>> 0;
        if (this.#outputBytes > OUTPUT_LIMIT) throw new OutputExceeded();
        const text = this.#text(ptr, length);
        this.#output.push(text);
        this.onoutput(text);
    }

    /** @param {Uint8Array} bytes */
    #save(bytes) {
        const length = this.#savedLength + bytes.length;
        if (length > this.#saved.length) {
            const larger = new Uint8Array(Math.max(length, this.#saved.length * 2, 4096));
            larger.set(this.#saved.subarray(0, this.#savedLength));
            this.#saved = larger;
        }
        this.#saved.set(bytes, this.#savedLength);
        this.#savedLength = length;
    }
}
