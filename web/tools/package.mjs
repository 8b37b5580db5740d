// Puts the npm package together in `pkg/`, around the compiler that `tools/build.sh` has put there.

import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";

const web = new URL("../", import.meta.url);
const pkg = new URL("pkg/", web);
const read = async (/** @type {string} */ path) => readFile(new URL(path, web), "utf8");

await mkdir(pkg, { recursive: true });
for (const name of await readdir(pkg)) {
    if (name !== "cells.wasm") await rm(new URL(name, pkg), { recursive: true });
}
const sources = (await readdir(new URL("src/", web))).sort();
for (const name of sources) await copyFile(new URL(`src/${name}`, web), new URL(name, pkg));
await copyFile(new URL("README.md", web), new URL("README.md", pkg));
for (const name of ["LICENSE-APACHE", "LICENSE-MIT"]) await copyFile(new URL(`../${name}`, web), new URL(name, pkg));

const { name, version, description, license } = JSON.parse(await read("package.json"));
// The compiler says which version it is; that has to be the package's.
const manifest = await read("../Cargo.toml");
const compiler = /^version = "(.+)"$/m.exec(manifest)?.[1];
if (compiler !== version) throw new Error(`package.json has version ${version}, Cargo.toml ${compiler}`);

const files = [...sources, "cells.wasm", "LICENSE-APACHE", "LICENSE-MIT", "README.md"];
const about = {
    name,
    version,
    description,
    license,
    keywords: ["webassembly", "wasm", "wasmgc", "notebook", "language", "compiler"],
    type: "module",
    sideEffects: false,
    exports: {
        ".": { types: "./index.d.ts", default: "./index.js" },
        "./worker.js": "./worker.js",
        "./cells.wasm": "./cells.wasm",
        "./package.json": "./package.json",
    },
    types: "./index.d.ts",
    files,
};
await writeFile(new URL("package.json", pkg), JSON.stringify(about, null, 4) + "\n");
console.log(`web: web/pkg has ${files.length + 1} files`);
