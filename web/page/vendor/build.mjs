// Bundles the libraries of the page: vendor/src/NAME.js and what it imports becomes vendor/NAME.js, one minified ES module. What went
// in is listed, with versions and licences, in vendor/LICENSES.txt. Run by `npm run vendor`; its results are committed, so that the
// page needs no build.
import { build } from "esbuild";
import { copyFile, readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const vendor = dirname(fileURLToPath(import.meta.url));
const sources = (await readdir(join(vendor, "src"))).filter((name) => name.endsWith(".js"));

const { metafile } = await build({
    entryPoints: sources.map((name) => join(vendor, "src", name)),
    outdir: vendor,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    banner: { js: "/* Bundled from npm packages; their licences are in LICENSES.txt. */" },
    metafile: true,
});

// The types of what a bundle exports are those of its packages.
for (const name of sources) await copyFile(join(vendor, "src", name), join(vendor, name.replace(/js$/, "d.ts")));

/** The folder of the package that a file belongs to, or null for a file of our own. */
function packageOf(path) {
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path);
    return match ? match[1] : null;
}

const folders = new Set();
for (const output of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
        const folder = packageOf(path);
        if (folder && bytesInOutput > 0) folders.add(folder);
    }
}

const notices = [];
for (const folder of [...folders].sort()) {
    const { name, version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file) throw new Error(`${name} has no licence text`);
    const text = (await readFile(join(folder, file), "utf8")).trim();
    notices.push({ name, version, license, text });
}
const list = notices.map(({ name, version, license }) => `${name} ${version} (${license})`).join("\n");
const texts = notices.map(({ name, version, text }) => `${"-".repeat(80)}\n${name} ${version}\n\n${text}\n`).join("\n");
await writeFile(join(vendor, "LICENSES.txt"), `Packages bundled in the modules of this folder:\n\n${list}\n\n${texts}`);

for (const [path, { bytes }] of Object.entries(metafile.outputs)) {
    console.log(`${relative(vendor, path)}: ${(bytes / 1024).toFixed(0)} KB`);
}
console.log(list);
