// A question with named answers, in the browser's own modal dialog.
import { h } from "./dom.js";

/**
 * @template {string} Answer
 * @param {{ title: string, text: string, answers: { value: Answer, label: string, kind?: "primary" | "danger" }[] }} question
 * @returns {Promise<Answer | null>} null if it was closed without an answer
 */
export function ask({ title, text, answers }) {
    return new Promise((resolve) => {
        const dialog = h(
            "dialog",
            { class: "dialog", "aria-labelledby": "dialog-title" },
            h("h2", { id: "dialog-title" }, title),
            h("p", {}, text),
            h(
                "form",
                { method: "dialog", class: "answers" },
                h("button", { value: "" }, "Cancel"),
                ...answers.map(({ value, label, kind }) =>
                    h("button", { value, class: kind ?? null, autofocus: kind === "primary" }, label),
                ),
            ),
        );
        show(dialog, () => resolve(answers.find(({ value }) => value === dialog.returnValue)?.value ?? null));
    });
}

/**
 * Shows a dialog, and removes it when it closes.
 *
 * @param {HTMLDialogElement} dialog
 * @param {() => void} [onClose]
 */
export function show(dialog, onClose) {
    dialog.addEventListener("close", () => {
        dialog.remove();
        onClose?.();
    });
    document.body.append(dialog);
    dialog.showModal();
}
