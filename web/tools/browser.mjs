// A headless Chromium with a page that has the package: for the tests and the benchmark.

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { serve } from "./serve.mjs";

/** Where the browser is: `CHROMIUM`, or where distributions have it; `undefined` if it is not there. */
export const executable = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
    (path) => path && existsSync(path),
);

const ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/** @returns {Promise<import("playwright-core").Browser>} */
export function chromiumBrowser() {
    if (!executable) throw new Error("no Chromium: set CHROMIUM to its path");
    return chromium.launch({ executablePath: executable, args: ARGUMENTS });
}

/**
 * Starts the browser; `open` gives a page in which `cells` is the package.
 *
 * @returns {Promise<{ open: () => Promise<import("playwright-core").Page>, version: string, url: string, close: () => Promise<void> }>}
 */
export async function launch() {
    const browser = await chromiumBrowser();
    const server = await serve();
    // Pages of one context share their storage, as tabs do.
    const context = await browser.newContext();
    return {
        version: browser.version(),
        url: server.url,
        async open() {
            const page = await context.newPage();
            await page.goto(`${server.url}test/api/blank.html`);
            await page.evaluate(async () => {
                const path = "/pkg/index.js";
                /** @type {any} */ (globalThis).cells = await import(path);
            });
            return page;
        },
        async close() {
            await browser.close();
            server.close();
        },
    };
}
