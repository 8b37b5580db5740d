// The two backends that the page is tested with: each starts, tells where its page is, and ends.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { serve } from "./static-server.mjs";

const web = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * @typedef {object} Backend
 * @property {"native" | "browser"} kind
 * @property {string} url where the page is
 * @property {string | null} file the notebook's file, if it has one
 * @property {() => Promise<void>} close
 */

/** @returns {string | null} why the backend in the browser cannot be tested */
export function browserMissing() {
    return existsSync(join(web, "pkg/index.js")) ? null : "web/pkg is not built: run `npm run build`";
}

/**
 * The notebook is in the browser, which begins with none.
 *
 * @param {string} [_notebook]
 * @returns {Promise<Backend>}
 */
export async function browserBackend(_notebook) {
    const { url, close } = await serve(web);
    return { kind: "browser", url: `${url}/page/`, file: null, close };
}

/** @returns {string | undefined} the program `upshift-cells` */
function program() {
    const built = ["release", "debug"].map((profile) => join(dirname(web), "target", profile, "upshift-cells"));
    return [process.env.UPSHIFT_CELLS ?? "", ...built].find((path) => path && existsSync(path));
}

/** @returns {string | null} */
export function nativeMissing() {
    return program() ? null : "upshift-cells is not built: run `cargo build -p upshift-cells-cli`, or name it in UPSHIFT_CELLS";
}

/**
 * @param {string} [notebook] what is in the notebook's file
 * @returns {Promise<Backend & { file: string }>}
 */
export async function nativeBackend(notebook = "%% code first\n") {
    const folder = await mkdtemp(join(tmpdir(), "upshift-cells-"));
    const file = join(folder, "test.cells");
    await writeFile(file, notebook);
    const server = spawn(/** @type {string} */ (program()), ["notebook", file, "--port", "0", "--assets", join(web, "page")], {
        stdio: ["ignore", "pipe", "inherit"],
    });
    const url = await pageAddress(server);
    return {
        kind: "native",
        url,
        file,
        async close() {
            server.kill("SIGTERM");
            if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
            await rm(folder, { recursive: true });
        },
    };
}

/**
 * @param {import("node:child_process").ChildProcessByStdio<null, import("node:stream").Readable, null>} server
 * @returns {Promise<string>} the address that the server prints
 */
async function pageAddress(server) {
    for await (const line of createInterface(server.stdout)) {
        const address = /http:\/\/\S+\/\?token=\S+/.exec(line);
        if (address) {
            server.stdout.resume();
            return address[0];
        }
    }
    throw new Error("the server has ended without an address");
}
