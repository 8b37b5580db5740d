// Compiles a program in MoonBit with the compiler of the npm package @moonbit/moonpad-monaco, which is made for browsers.
//
//   MOONPAD=node_modules/@moonbit/moonpad-monaco node compile.mjs wasm-gc|js OUT SOURCE...
//
//   moonpad-monaco.js ─ files ─▶ sources of the standard library ─ buildPackage, each ─▶ .mi, .core ─┐
//   moonc-worker.js ─▶ the compiler                          SOURCE... ─ buildPackage ─▶ .core ──────┴─ linkCore ─▶ OUT
//
// The package has the standard library compiled for JavaScript only, so it is compiled anew, in some ten seconds. With `js`,
// OUT is a script that this Node.js runs when it is called.

import fs, { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { runInThisContext } from "node:vm";

const BACKENDS = { "wasm-gc": "WasmGC", js: "Js" };
const CORE = "moonbitlang/core";
const CORE_SOURCES = [`${CORE}:moonbit-core:/lib/core`];

/**
 * The compiler's functions. The script is a worker that would wait for messages; its last statement is left out. What it
 * writes to the console, warnings of the standard library among it, is in its results too.
 */
function compiler(moonpad) {
  const script = readFileSync(join(moonpad, "dist/moonc-worker.js"), "utf8");
  const expose = /[\w$]+\(([\w$]+)\);\s*(\/\*[^]*?\*\/\s*)?$/;
  if (!expose.test(script)) throw new Error("the compiler's script has another end than is expected");
  globalThis.self = globalThis;
  const require = createRequire(import.meta.url);
  const silent = { ...fs, writeSync: (_file, _bytes, _from, length) => length };
  globalThis.require = (name) => (name === "fs" ? silent : require(name));
  runInThisContext(script.replace(expose, "globalThis.moonc = $1;"));
  return globalThis.moonc;
}

/** The files that the editor has within it, by their paths. */
function libraryFiles(moonpad) {
  const script = readFileSync(join(moonpad, "dist/moonpad-monaco.js"), "utf8");
  const encoded = new Map();
  for (const [, name, base64] of script.matchAll(/[ ,\n]([\w$]+) = [\w$]+\("([A-Za-z0-9+/=]*)"\)/g)) {
    encoded.set(name, base64);
  }
  const files = new Map();
  for (const [, path, name] of script.matchAll(/\["(\/lib\/core\/[^"]*)"\] = ([\w$]+);/g)) {
    files.set(path, Buffer.from(encoded.get(name) ?? "", "base64"));
  }
  return files;
}

/** The packages of the standard library, each behind those that it needs. */
function inOrder(packages) {
  const byPath = new Map(packages.map((it) => [`${CORE}/${it.rel}`, it]));
  const ordered = new Set();
  const visit = (it) => {
    if (ordered.has(it)) return;
    it.deps.forEach((dep) => visit(byPath.get(dep.path)));
    ordered.add(it);
  };
  packages.forEach(visit);
  return [...ordered];
}

/** Compiles one package. */
function build(moonc, target, options) {
  return moonc.buildPackage({
    indirectImportMiFiles: [],
    miFiles: [],
    stdMiFiles: [],
    errorFormat: "human",
    enableValueTracing: false,
    noOpt: false,
    target,
    ...options,
  });
}

/** Compiles the standard library: by package, its interface and its code. */
function library(moonc, target, moonpad) {
  const files = libraryFiles(moonpad);
  const { packages } = JSON.parse(files.get("/lib/core/_build/packages.json").toString());
  const built = new Map();
  const needs = new Map();
  for (const { rel, deps, files: sources } of inOrder(packages)) {
    const path = `${CORE}/${rel}`;
    // By the names that the package has for them; what is needed by way of others goes by its path.
    const aliases = new Map(deps.flatMap((dep) => [...needs.get(dep.path)].map((it) => [it, it.slice(CORE.length + 1)])));
    deps.forEach((dep) => aliases.set(dep.path, dep.alias));
    needs.set(path, new Set(aliases.keys()));
    const result = build(moonc, target, {
      mbtFiles: Object.entries(sources)
        .filter(([, { backend, optlevel }]) => backend.includes(BACKENDS[target]) && optlevel.includes("Release"))
        .map(([name]) => [basename(name), files.get(name.replace(/^moonbit-core:/, "")).toString()]),
      miFiles: [...aliases].map(([it, alias]) => [`moonbit-core:/lib${it.slice("moonbitlang".length)}/x.mi:${alias}`, built.get(it).mi]),
      pkg: path,
      pkgSources: CORE_SOURCES,
      isMain: false,
    });
    if (result.core === undefined) throw new Error(`${path}:\n${result.diagnostics.join("\n")}`);
    built.set(path, result);
  }
  return built;
}

const [target, out, ...sources] = process.argv.slice(2);
const moonpad = process.env.MOONPAD;
if (!moonpad || !(target in BACKENDS) || sources.length === 0) {
  console.error("usage: MOONPAD=node_modules/@moonbit/moonpad-monaco node compile.mjs wasm-gc|js OUT SOURCE...");
  process.exit(2);
}
const moonc = compiler(moonpad);
const core = library(moonc, target, moonpad);
const main = "example/main";
const pkgSources = [`${main}:example:/`];
const { core: code, diagnostics } = build(moonc, target, {
  mbtFiles: sources.map((path) => [basename(path), readFileSync(path, "utf8")]),
  stdMiFiles: [...core].map(([path, { mi }]) => [`/lib/core/${path.slice(CORE.length + 1)}:${path.slice(CORE.length + 1)}`, mi]),
  pkg: main,
  pkgSources,
  isMain: true,
});
diagnostics.filter((line) => line.startsWith("example:")).forEach((line) => console.error(line));
if (code === undefined) process.exit(1);
const { result } = moonc.linkCore({
  coreFiles: [...[...core.values()].map((it) => it.core), code],
  main,
  pkgSources: [...CORE_SOURCES, ...pkgSources],
  target,
  exportedFunctions: [],
  outputFormat: "wasm",
  sources: {},
  testMode: false,
  debug: false,
  noOpt: false,
  sourceMap: false,
  stopOnMain: false,
});
writeFileSync(out, target === "js" ? Buffer.concat([Buffer.from(`#!${process.execPath}\n`), result]) : result);
if (target === "js") chmodSync(out, 0o755);
