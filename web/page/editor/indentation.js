// How far a new line is indented: as the line before, one step more after an open bracket, one less for a closing one.
import { indentService } from "../vendor/codemirror.js";

export const indentation = indentService.of((context, position) => {
    const before = lineBefore(context, position);
    if (!before) return 0;
    const opened = opens(before.text);
    const closing = /^\s*[}\])]/.test(context.textAfterPos(position));
    const step = (opened ? context.unit : 0) - (closing ? context.unit : 0);
    return Math.max(0, indentOf(before.text, context.state.tabSize) + step);
});

/**
 * @param {import("@codemirror/language").IndentContext} context
 * @param {number} position
 * @returns {{ text: string } | null} the last line in front of it that is not blank
 */
function lineBefore(context, position) {
    if (context.simulatedBreak === position) {
        const broken = context.lineAt(position, -1);
        if (broken.text.trim()) return broken;
    }
    const { doc } = context.state;
    for (let number = doc.lineAt(position).number - 1; number > 0; number -= 1) {
        const line = doc.line(number);
        if (line.text.trim()) return line;
    }
    return null;
}

/**
 * @param {string} text
 * @returns {boolean} whether a bracket is open at its end
 */
function opens(text) {
    const code = text.replace(/"(?:\\.|[^"\\])*"/g, "").replace(/\/\/.*$/, "");
    let depth = 0;
    for (const character of code) {
        if ("{[(".includes(character)) depth += 1;
        else if ("}])".includes(character) && depth > 0) depth -= 1;
    }
    return depth > 0;
}

/**
 * @param {string} text
 * @param {number} tabSize
 */
function indentOf(text, tabSize) {
    let width = 0;
    for (const character of text) {
        if (character === " ") width += 1;
        else if (character === "\t") width += tabSize - (width % tabSize);
        else break;
    }
    return width;
}
