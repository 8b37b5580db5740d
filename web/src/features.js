// What a browser has to have.

// (module (type (struct)))
const GC_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 3, 1, 0x5f, 0);

/**
 * `null` where cells can run, and else a sentence for the user.
 *
 * @returns {string | null}
 */
export function supported() {
    if (typeof WebAssembly !== "object") return "Cells need WebAssembly, which this browser lacks or has switched off.";
    if (!WebAssembly.validate(GC_MODULE)) {
        return (
            "Cells need WebAssembly with garbage collection, which this browser lacks. " +
            "Chrome and Edge have it from version 119 on, Firefox from 120, Safari from 18.2."
        );
    }
    if (typeof Worker !== "function") return "Cells run in Web Workers, which are not to be had here.";
    return null;
}
