// The editor's look, all by the custom properties of style/tokens.css, so that light and dark need no switch here.
import { EditorView, HighlightStyle, syntaxHighlighting, tags } from "../vendor/codemirror.js";

const look = EditorView.theme({
    "&": { color: "var(--text)", backgroundColor: "transparent", fontSize: "var(--code-size)" },
    "&.cm-focused": { outline: "none" },
    ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55", overflowX: "auto" },
    ".cm-content": { padding: "10px 0", caretColor: "var(--accent)" },
    ".cm-line": { padding: "0 14px 0 6px" },
    ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
    "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
        backgroundColor: "var(--selection)",
    },
    ".cm-selectionMatch": { backgroundColor: "var(--match)" },
    "&.cm-focused .cm-matchingBracket": {
        backgroundColor: "var(--match)",
        outline: "1px solid var(--border-strong)",
        borderRadius: "2px",
    },
    "&.cm-focused .cm-nonmatchingBracket": { backgroundColor: "transparent", color: "var(--error)" },
    ".cm-gutters": { backgroundColor: "transparent", color: "var(--faint)", border: "none", fontSize: "0.85em" },
    ".cm-lineNumbers .cm-gutterElement": { minWidth: "34px", padding: "0 8px 0 4px", lineHeight: "calc(1.55em / 0.85)" },
    ".cm-placeholder": { color: "var(--faint)" },
    ".cm-tooltip": {
        backgroundColor: "var(--raised)",
        color: "var(--text)",
        border: "1px solid var(--border)",
        borderRadius: "8px",
        boxShadow: "var(--shadow)",
        overflow: "hidden",
    },
    ".cm-tooltip.cm-tooltip-autocomplete > ul": {
        fontFamily: "var(--mono)",
        fontSize: "13px",
        maxHeight: "15em",
        minWidth: "220px",
    },
    ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "4px 10px", lineHeight: "1.35" },
    ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
        backgroundColor: "var(--accent-soft)",
        color: "var(--text)",
    },
    ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "600", color: "var(--accent)" },
    ".cm-completionDetail": { color: "var(--muted)", fontStyle: "normal", marginLeft: "1.2em" },
    ".cm-tooltip.cm-completionInfo": { padding: "8px 12px", maxWidth: "320px" },
    ".cm-lintRange-error, .cm-lintRange-warning, .cm-lintRange-info": {
        backgroundImage: "none",
        paddingBottom: "0",
        textDecorationLine: "underline",
        textDecorationStyle: "wavy",
        textDecorationThickness: "1.5px",
        textUnderlineOffset: "3px",
        textDecorationSkipInk: "none",
    },
    ".cm-lintRange-error": { textDecorationColor: "var(--error)" },
    ".cm-lintRange-warning": { textDecorationColor: "var(--warning)" },
    ".cm-lintRange-info": { textDecorationColor: "var(--accent)" },
    ".cm-lintPoint:after": { borderBottomColor: "var(--error)" },
    ".cm-tooltip-lint": { padding: "2px 0" },
    ".cm-diagnostic": { padding: "6px 12px", borderLeft: "3px solid var(--error)", marginLeft: "0" },
    ".cm-diagnostic-warning": { borderLeftColor: "var(--warning)" },
    ".cm-diagnostic-info": { borderLeftColor: "var(--accent)" },
    ".cm-panels": { backgroundColor: "var(--raised)", color: "var(--text)", borderColor: "var(--border)" },
    ".cm-textfield": { backgroundColor: "var(--surface)", border: "1px solid var(--border)", borderRadius: "4px" },
    ".cm-button": {
        backgroundImage: "none",
        backgroundColor: "var(--surface)",
        border: "1px solid var(--border)",
        borderRadius: "4px",
    },
});

const colours = HighlightStyle.define([
    { tag: [tags.keyword, tags.controlKeyword], color: "var(--code-keyword)" },
    { tag: tags.typeName, color: "var(--code-type)" },
    { tag: [tags.number, tags.bool, tags.standard(tags.variableName)], color: "var(--code-number)" },
    { tag: tags.string, color: "var(--code-text)" },
    { tag: [tags.escape, tags.special(tags.brace)], color: "var(--code-escape)" },
    { tag: [tags.lineComment, tags.blockComment], color: "var(--code-comment)", fontStyle: "italic" },
    { tag: tags.definition(tags.variableName), color: "var(--code-definition)" },
    { tag: [tags.operator, tags.punctuation, tags.bracket], color: "var(--code-operator)" },
]);

export const theme = [look, syntaxHighlighting(colours)];
