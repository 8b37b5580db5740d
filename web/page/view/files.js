// Files that go out of the page and come in.
import { h } from "./dom.js";

/**
 * @param {string} name
 * @param {BlobPart} content
 * @param {string} type
 */
export function download(name, content, type) {
    const url = URL.createObjectURL(new Blob([content], { type }));
    const link = h("a", { href: url, download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/**
 * @param {string} accept
 * @returns {Promise<File | null>} the file that the user has chosen
 */
export function chooseFile(accept) {
    return new Promise((resolve) => {
        const input = h("input", {
            type: "file",
            accept,
            onchange: () => resolve(input.files?.[0] ?? null),
            oncancel: () => resolve(null),
        });
        input.click();
    });
}
