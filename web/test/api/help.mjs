// What the tests have in common: one browser for each file, and a page with the package.

import { after, before } from "node:test";
import { executable, launch } from "../../tools/browser.mjs";

/** Why tests in a browser are left out, or `false`. */
export const skip = executable ? false : "no Chromium here";

/**
 * Starts a browser for the tests of a file. `run` evaluates a function in a page, where `cells` is the package.
 *
 * @returns {{ run: <A, T>(script: (argument: A) => T | Promise<T>, argument?: A) => Promise<T>, open: () => Promise<any> }}
 */
export function browser() {
    /** @type {any} */
    let launched;
    /** @type {any} */
    let page;
    before(async () => {
        if (skip) return;
        launched = await launch();
        page = await launched.open();
    });
    after(() => launched?.close());
    return { run: (script, argument) => page.evaluate(script, argument), open: () => launched.open() };
}
