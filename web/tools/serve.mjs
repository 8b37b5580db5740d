// A server of files for this machine: `node tools/serve.mjs [PORT]` shows the page and the example, tests and benchmark use it as a module.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const TYPES = {
    ".css": "text/css",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
};

/**
 * Serves this package's folder on 127.0.0.1.
 *
 * @param {number} [port] any free one by default
 * @returns {Promise<{ url: string, close: () => void }>}
 */
export async function serve(port = 0) {
    const server = createServer(async (request, response) => {
        const { pathname } = new URL(request.url ?? "/", "http://localhost");
        const path = normalize(decodeURIComponent(pathname.endsWith("/") ? pathname + "index.html" : pathname));
        try {
            // What is normal and absolute does not lead out of the folder.
            const body = await readFile(join(ROOT, path));
            response.writeHead(200, {
                "content-type": TYPES[extname(path)] ?? "application/octet-stream",
                "cache-control": "no-store",
                // Pages that share nothing with others get a clock of 5 µs instead of 100 µs.
                "cross-origin-opener-policy": "same-origin",
                "cross-origin-embedder-policy": "require-corp",
            });
            response.end(body);
        } catch (error) {
            if (/** @type {NodeJS.ErrnoException} */ (error).code === "EISDIR") {
                response.writeHead(301, { location: `${pathname}/` }).end();
                return;
            }
            response.writeHead(404, { "content-type": "text/plain" }).end("not found\n");
        }
    });
    await new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve(undefined)));
    const address = /** @type {import("node:net").AddressInfo} */ (server.address());
    const close = () => {
        server.close();
        server.closeAllConnections();
    };
    return { url: `http://127.0.0.1:${address.port}/`, close };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const { url } = await serve(Number(process.argv[2] ?? 8080));
    console.log(`the notebook page is at ${url}page/\nthe example is at ${url}example/`);
}
