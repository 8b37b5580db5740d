// What the backend knows, in the editor's terms: diagnostics, completions, explanations.
import { fromBytes, toBytes } from "../model/text-offsets.js";
import { renderMarkdown } from "../view/markdown.js";
import { h } from "../view/dom.js";
import { withCode } from "../view/result.js";

/**
 * @import { Options } from "./editor.js"
 * @import { Diagnostic } from "../engine/engine.js"
 * @import { CompletionContext, CompletionResult } from "@codemirror/autocomplete"
 * @import { EditorView, Tooltip } from "@codemirror/view"
 */

/** @param {Pick<Options, "diagnose" | "complete" | "inspect">} backend */
export function assist({ diagnose, complete, inspect }) {
    return {
        /** @param {EditorView} view */
        async diagnostics(view) {
            const source = view.state.doc.toString();
            const found = await diagnose(source).catch(() => /** @type {Diagnostic[]} */ ([]));
            if (view.state.doc.toString() !== source) return [];
            return found.map((diagnostic) => inEditor(diagnostic, source));
        },

        /**
         * @param {CompletionContext} context
         * @returns {Promise<CompletionResult | null>}
         */
        async complete(context) {
            if (!context.explicit && !context.matchBefore(/[\p{L}_][\p{L}\p{N}_]*$|\.$/u)) return null;
            const source = context.state.doc.toString();
            const answer = await complete(source, toBytes(source, context.pos)).catch(() => null);
            if (!answer?.items.length || (context.view && !context.view.hasFocus)) return null;
            return {
                from: fromBytes(source, answer.start),
                to: Math.max(fromBytes(source, answer.end), context.pos),
                options: answer.items.map(({ label, kind, detail, doc }) => ({
                    label,
                    type: kind,
                    detail: detail ?? undefined,
                    info: doc ? () => prose(doc) : undefined,
                })),
                validFor: /^[\p{L}\p{N}_]*$/u,
            };
        },

        /**
         * @param {EditorView} view
         * @param {number} position
         * @returns {Promise<Tooltip | null>}
         */
        async explain(view, position) {
            const source = view.state.doc.toString();
            const answer = await inspect(source, toBytes(source, position)).catch(() => null);
            if (!answer?.text) return null;
            return {
                pos: fromBytes(source, answer.start),
                end: fromBytes(source, answer.end),
                above: true,
                create: () => ({ dom: h("div", { class: "explanation" }, prose(answer.text)) }),
            };
        },
    };
}

/**
 * @param {Diagnostic} diagnostic
 * @param {string} source
 * @returns {import("@codemirror/lint").Diagnostic}
 */
function inEditor(diagnostic, source) {
    const from = fromBytes(source, diagnostic.start);
    const to = Math.max(fromBytes(source, diagnostic.end), from);
    return {
        from,
        to,
        severity: diagnostic.severity,
        message: diagnostic.message,
        renderMessage: () =>
            h(
                "div",
                { class: "diagnostic" },
                h("div", {}, ...withCode(diagnostic.message)),
                diagnostic.label && h("div", { class: "diagnostic-label" }, ...withCode(diagnostic.label)),
                diagnostic.suggestion && h("div", { class: "diagnostic-suggestion" }, ...withCode(diagnostic.suggestion)),
            ),
    };
}

/** @param {string} markdown */
function prose(markdown) {
    const element = h("div", { class: "prose small" });
    element.innerHTML = renderMarkdown(markdown);
    return element;
}
