// The highlighting mode of the language of cells. It knows words and nesting of texts and comments; meaning is the checker's affair.
import { StreamLanguage, tags } from "../vendor/codemirror.js";

const CONTROL = new Set(["if", "else", "while", "loop", "for", "in", "match", "return", "break", "continue"]);
const DEFINITION = new Set(["let", "mut", "fun", "fn", "struct"]);
const TYPES = new Set(["Int", "Float", "Bool", "String", "Never"]);
const FUNCTIONS = new Set(["print", "panic", "assert", "random"]);
const CONSTANTS = new Set(["pi", "e", "infinity", "nan"]);

/**
 * @typedef {object} State
 * @property {number} comment how many `/*` are open
 * @property {("text" | number)[]} nesting texts that are open, and for each interpolation in them the braces open in it
 * @property {"" | "fun" | "struct" | "."} before what a name that comes now belongs to
 */

/** @typedef {import("@codemirror/language").StringStream} Stream */

export const cellsLanguage = StreamLanguage.define({
    name: "cells",
    /** @returns {State} */
    startState: () => ({ comment: 0, nesting: [], before: "" }),
    copyState: (state) => ({ ...state, nesting: [...state.nesting] }),
    token(stream, state) {
        if (state.comment > 0) return comment(stream, state);
        if (state.nesting.at(-1) === "text") return text(stream, state);
        if (stream.eatSpace()) return null;
        const before = state.before;
        state.before = "";
        return token(stream, state, before);
    },
    languageData: {
        commentTokens: { line: "//", block: { open: "/*", close: "*/" } },
        closeBrackets: { brackets: ["(", "[", "{", '"'] },
        indentOnInput: /^\s*[}\])]$/,
    },
    tokenTable: {
        definition: tags.definition(tags.variableName),
        property: tags.propertyName,
        standard: tags.standard(tags.variableName),
        interpolation: tags.special(tags.brace),
    },
});

/**
 * @param {Stream} stream
 * @param {State} state
 * @param {State["before"]} before
 */
function token(stream, state, before) {
    if (stream.match("//")) {
        stream.skipToEnd();
        return "lineComment";
    }
    if (stream.match("/*")) {
        state.comment = 1;
        return comment(stream, state);
    }
    if (stream.match('"')) {
        state.nesting.push("text");
        return text(stream, state, true);
    }
    if (stream.match(/^(0x[\da-fA-F_]+|0b[01_]+|0o[0-7_]+|\d[\d_]*(\.\d[\d_]*)?([eE][+-]?\d[\d_]*)?)/)) return "number";
    const word = stream.match(/^[\p{L}_][\p{L}\p{N}_]*/u);
    if (word) return name(/** @type {RegExpMatchArray} */ (word)[0], stream, state, before);
    if (stream.match(/^(->|=>|\.\.=|\.\.|==|!=|<=|>=|<<=?|>>=?|&&|\|\||[-+*/%&|^!=<>]=?)/)) return "operator";
    return bracket(/** @type {string} */ (stream.next()), state);
}

/**
 * @param {string} word
 * @param {Stream} stream
 * @param {State} state
 * @param {State["before"]} before
 */
function name(word, stream, state, before) {
    if (before === ".") return "property";
    if (before === "fun") return "definition";
    if (before === "struct") return "typeName";
    if (word === "fun" || word === "struct") state.before = word;
    if (word === "fn") state.before = "fun";
    if (DEFINITION.has(word)) return "keyword";
    if (CONTROL.has(word)) return "controlKeyword";
    if (word === "true" || word === "false") return "bool";
    if (TYPES.has(word) || /^\p{Lu}/u.test(word)) return "typeName";
    if (CONSTANTS.has(word)) return "standard";
    if (FUNCTIONS.has(word) && stream.match(/^\s*\(/, false)) return "standard";
    return "variableName";
}

/**
 * @param {string} character
 * @param {State} state
 */
function bracket(character, state) {
    const open = state.nesting.at(-1);
    if (character === ".") {
        state.before = ".";
        return "punctuation";
    }
    if (typeof open === "number" && character === "{") state.nesting[state.nesting.length - 1] = open + 1;
    if (typeof open === "number" && character === "}") {
        if (open === 0) {
            state.nesting.pop();
            return "interpolation";
        }
        state.nesting[state.nesting.length - 1] = open - 1;
    }
    return /[()[\]{}]/.test(character) ? "bracket" : "punctuation";
}

/**
 * @param {Stream} stream
 * @param {State} state
 */
function comment(stream, state) {
    while (state.comment > 0) {
        if (stream.match("*/")) state.comment -= 1;
        else if (stream.match("/*")) state.comment += 1;
        else if (stream.next() === undefined) break;
    }
    return "blockComment";
}

/**
 * @param {Stream} stream
 * @param {State} state
 * @param {boolean} [begun] whether its quotation mark has just been read
 */
function text(stream, state, begun = false) {
    if (stream.peek() === "{" && !begun) {
        stream.next();
        state.nesting.push(0);
        return "interpolation";
    }
    if (stream.peek() === "\\") {
        if (begun) return "string";
        stream.match(/^\\(u\{[^}"]*\}?|.)?/);
        return "escape";
    }
    for (let next = stream.peek(); next !== undefined && next !== "{" && next !== "\\"; next = stream.peek()) {
        stream.next();
        if (next === '"') {
            state.nesting.pop();
            break;
        }
    }
    return "string";
}
