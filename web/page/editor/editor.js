// The editor of a code cell: CodeMirror with the language of cells, what the checker finds, completion, explanations on hover, and the
// keys of the notebook.
import {
    EditorState,
    EditorView,
    Prec,
    StateEffect,
    autocompletion,
    bracketMatching,
    closeBrackets,
    closeBracketsKeymap,
    closeCompletion,
    completionKeymap,
    defaultKeymap,
    drawSelection,
    dropCursor,
    forceLinting,
    highlightSelectionMatches,
    highlightSpecialChars,
    history,
    historyKeymap,
    hoverTooltip,
    indentOnInput,
    indentUnit,
    indentWithTab,
    keymap,
    lineNumbers,
    linter,
    placeholder,
    searchKeymap,
    startCompletion,
} from "../vendor/codemirror.js";
import { assist } from "./assist.js";
import { indentation } from "./indentation.js";
import { cellsLanguage } from "./language.js";
import { theme } from "./theme.js";

/** Has the linter ask again although nothing was edited. */
const refresh = StateEffect.define();

/** @import { Completion, Diagnostic, Inspection } from "../engine/engine.js" */

/**
 * @typedef {object} Options
 * @property {string} source
 * @property {string} label what the editor is called for those who do not see it
 * @property {(source: string) => void} onChange
 * @property {(then: "stay" | "next" | "insert") => void} onRun
 * @property {() => void} onSave
 * @property {(to: "above" | "below" | "cell") => boolean} onLeave whether there was somewhere to go
 * @property {(source: string) => Promise<Diagnostic[]>} diagnose
 * @property {(source: string, offset: number) => Promise<Completion | null>} complete
 * @property {(source: string, offset: number) => Promise<Inspection | null>} inspect
 *
 * @typedef {object} Editor
 * @property {HTMLElement} element
 * @property {(at?: "start" | "end") => void} focus
 * @property {(expected: boolean) => void} diagnoseAgain asks `diagnose` again although nothing was edited, if it is expected to find
 *   something or what it found last is shown
 * @property {(line: number, column?: number) => void} reveal puts the cursor there (from 1) and shows it
 * @property {(source: string) => void} setSource
 * @property {(label: string) => void} setLabel
 * @property {() => void} destroy
 */

/**
 * @param {Options} options
 * @returns {Editor}
 */
export function createEditor(options) {
    const { complete, diagnostics, explain } = assist(options);
    let found = 0;
    const content = (/** @type {string} */ label) =>
        EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", autocapitalize: "off" });
    const view = new EditorView({
        state: EditorState.create({
            doc: options.source,
            extensions: [
                Prec.highest(keymap.of(notebookKeys(options))),
                lineNumbers(),
                highlightSpecialChars(),
                history(),
                drawSelection(),
                dropCursor(),
                EditorView.lineWrapping,
                indentUnit.of("    "),
                EditorState.tabSize.of(4),
                indentation,
                indentOnInput(),
                bracketMatching(),
                closeBrackets(),
                highlightSelectionMatches({ minSelectionLength: 2 }),
                cellsLanguage,
                theme,
                autocompletion({ override: [complete], icons: false, activateOnTyping: true }),
                linter(
                    async (view) => {
                        const list = await diagnostics(view);
                        found = list.length;
                        return list;
                    },
                    {
                        delay: 300,
                        needsRefresh: ({ transactions }) =>
                            transactions.some(({ effects }) => effects.some((effect) => effect.is(refresh))),
                    },
                ),
                hoverTooltip(explain, { hoverTime: 350 }),
                placeholder("Code; Shift+Enter runs it"),
                content(options.label),
                keymap.of([
                    ...closeBracketsKeymap,
                    ...completionKeymap,
                    ...searchKeymap,
                    ...historyKeymap,
                    indentWithTab,
                    ...defaultKeymap,
                ]),
                EditorView.updateListener.of((update) => {
                    if (update.docChanged) options.onChange(update.state.doc.toString());
                }),
            ],
        }),
    });

    return {
        element: view.dom,
        focus(at) {
            if (at) view.dispatch({ selection: { anchor: at === "start" ? 0 : view.state.doc.length } });
            view.focus();
        },
        diagnoseAgain(expected) {
            if (!expected && found === 0) return;
            view.dispatch({ effects: refresh.of(null) });
            forceLinting(view);
        },
        reveal(line, column = 1) {
            const { from, to } = view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines));
            view.dispatch({ selection: { anchor: Math.min(from + column - 1, to) }, scrollIntoView: true });
            view.focus();
        },
        setSource(source) {
            if (source !== view.state.doc.toString())
                view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: source } });
        },
        setLabel(label) {
            view.contentDOM.setAttribute("aria-label", label);
        },
        destroy() {
            view.destroy();
        },
    };
}

/**
 * @param {Options} options
 * @returns {import("@codemirror/view").KeyBinding[]}
 */
function notebookKeys({ onRun, onSave, onLeave }) {
    /** @param {"stay" | "next" | "insert"} then */
    const run = (then) => (/** @type {EditorView} */ view) => {
        closeCompletion(view);
        onRun(then);
        return true;
    };
    return [
        { key: "Shift-Enter", run: run("next") },
        { key: "Mod-Enter", run: run("stay") },
        { key: "Ctrl-Enter", run: run("stay") },
        { key: "Alt-Enter", run: run("insert") },
        { key: "Mod-s", run: () => (onSave(), true), preventDefault: true },
        { key: "Ctrl-Space", run: startCompletion },
        { key: "ArrowUp", run: (view) => atEdge(view, "above") && onLeave("above") },
        { key: "ArrowDown", run: (view) => atEdge(view, "below") && onLeave("below") },
        // Escape closes completion, search or a tooltip first; those bindings have to be asked before this one.
        { key: "Escape", run: (view) => nothingOpen(view) && onLeave("cell") },
    ];
}

/**
 * @param {EditorView} view
 * @param {"above" | "below"} edge
 */
function atEdge(view, edge) {
    const { main } = view.state.selection;
    if (!main.empty || !nothingOpen(view)) return false;
    const line = view.state.doc.lineAt(main.head);
    if (edge === "above" ? line.number > 1 : line.number < view.state.doc.lines) return false;
    // A line may be wrapped: only its first or last row is an edge.
    const moved = view.moveVertically(main, edge === "below");
    return moved.head === main.head || moved.head === (edge === "above" ? 0 : view.state.doc.length);
}

/** @param {EditorView} view */
function nothingOpen(view) {
    return !view.dom.ownerDocument.querySelector(".cm-tooltip-autocomplete") && !view.dom.querySelector(".cm-search");
}
