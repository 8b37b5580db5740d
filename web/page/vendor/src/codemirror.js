// What the page uses of CodeMirror 6, in one module.
export { EditorState, EditorSelection, Compartment, Prec, StateEffect, StateField } from "@codemirror/state";
export {
    Decoration,
    EditorView,
    drawSelection,
    dropCursor,
    highlightSpecialChars,
    hoverTooltip,
    keymap,
    lineNumbers,
    placeholder,
    rectangularSelection,
    tooltips,
} from "@codemirror/view";
export {
    HighlightStyle,
    StreamLanguage,
    bracketMatching,
    indentOnInput,
    indentService,
    indentUnit,
    syntaxHighlighting,
} from "@codemirror/language";
export { defaultKeymap, history, historyKeymap, indentWithTab, toggleComment } from "@codemirror/commands";
export {
    acceptCompletion,
    autocompletion,
    closeBrackets,
    closeBracketsKeymap,
    closeCompletion,
    completionKeymap,
    completionStatus,
    startCompletion,
} from "@codemirror/autocomplete";
export { forceLinting, lintKeymap, linter, setDiagnostics } from "@codemirror/lint";
export { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
export { tags } from "@lezer/highlight";
