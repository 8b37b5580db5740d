// Runs one module in a JavaScript engine: `node driver.mjs [--dir HOST::GUEST…] FILE [ARG…]`. The module is a WASI
// command; WASI itself is loaded only for a module that imports it, so that the others do not pay for it.

import { readFileSync } from "node:fs";

const words = process.argv.slice(2);
const preopens = {};
for (; words[0] === "--dir"; words.splice(0, 2)) {
    const [host, guest] = words[1].split("::");
    preopens[guest] = host;
}
const [file, ...args] = words;
const module = new WebAssembly.Module(readFileSync(file));
const namespace = "wasi_snapshot_preview1";

if (WebAssembly.Module.imports(module).some((entry) => entry.module === namespace)) {
    // Node warns that its WASI is an experiment; the warning is not what is measured.
    process.removeAllListeners("warning");
    const { WASI } = await import("node:wasi");
    const wasi = new WASI({ version: "preview1", args: [file, ...args], env: {}, preopens, returnOnExit: false });
    const instance = new WebAssembly.Instance(module, { [namespace]: wasi.wasiImport });
    process.exitCode = wasi.start(instance) ?? 0;
} else {
    new WebAssembly.Instance(module).exports._start();
}
