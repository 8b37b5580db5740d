// The page with each of its backends, in Chromium, as people use it.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { chromiumBrowser, executable } from "../../tools/browser.mjs";
import { browserBackend, browserMissing, nativeBackend, nativeMissing } from "./backends.mjs";
import { NotebookPage } from "./notebook-page.mjs";

/** @type {import("playwright-core").Browser} */
let chromium;
before(async () => {
    if (executable) chromium = await chromiumBrowser();
});
after(() => chromium?.close());

const noChromium = executable ? null : "no Chromium: set CHROMIUM to its path";
const BACKENDS = [
    { kind: "browser", missing: noChromium ?? browserMissing(), start: browserBackend },
    { kind: "native", missing: noChromium ?? nativeMissing(), start: nativeBackend },
];

for (const { kind, missing, start } of BACKENDS) {
    describe(`with the ${kind} backend`, { skip: missing ?? false }, () => {
        /**
         * A test in a browser that was never here, with a notebook of one empty cell.
         *
         * @param {string} name
         * @param {(notebook: NotebookPage, backend: import("./backends.mjs").Backend) => Promise<void>} body
         * @param {{ sample?: boolean }} [options] with the sample of a first visit instead
         */
        function notebookTest(name, body, { sample = false } = {}) {
            test(name, { timeout: 60_000 }, async () => {
                const backend = await start(sample ? "" : undefined);
                const context = await chromium.newContext({ viewport: { width: 1200, height: 900 } });
                context.setDefaultTimeout(15_000);
                try {
                    const page = await context.newPage();
                    /** @type {string[]} */
                    const faults = [];
                    page.on("pageerror", (error) => faults.push(error.message));
                    page.on("console", (message) => {
                        if (message.type() === "error" && !/40[39]|ERR_FAILED/.test(message.text())) faults.push(message.text());
                    });
                    await page.goto(backend.url);
                    const notebook = new NotebookPage(page);
                    await notebook.ready();
                    if (kind === "browser" && !sample) {
                        await notebook.choose("New notebook");
                        await notebook.button("Replace").click();
                        await page.waitForFunction(() => document.querySelectorAll(".cell").length === 1);
                    }
                    await body(notebook, backend);
                    assert.deepEqual(faults, []);
                } finally {
                    await context.close();
                    await backend.close();
                }
            });
        }

        notebookTest(
            "on a first visit there is a sample that computes something, and a reload has it all",
            async (notebook) => {
                await notebook.button("Run all").click();
                await notebook.ran(4);
                if (kind === "browser") await kept(notebook);
                for (const visit of ["first", "second"]) {
                    assert.equal(await notebook.page.locator(".failure").count(), 0, visit);
                    const outputs = await notebook.page.locator(".output").allTextContents();
                    assert.equal(outputs[0], "25 primes below 100\n");
                    assert.match(outputs[1], /^(.{72}\n){23}$/);
                    const values = await notebook.page.locator(".value").allTextContents();
                    assert.match(values[0], /^\[2, 3, 5, 7, .*, 89, 97\]$/);
                    assert.match(values[1], /^\[Count \{ word: "the", times: 4 \}/);
                    await notebook.page.reload();
                    await notebook.ready();
                }
                const last = await notebook.page.locator(".cell").count();
                await notebook.page.locator(".insertion").last().getByRole("button", { name: "Code" }).click();
                await notebook.run(last + 1, "primes.len() + steps(0.0, 0.0, 5)");
                assert.equal(await notebook.value(last + 1), "30");
            },
            { sample: true },
        );

        notebookTest("a cell shows its value with the type, and the next one knows its names", async (notebook) => {
            await notebook.run(1, "let x = 42");
            await notebook.run(2, "print(x)\nx * 2");
            assert.equal(await notebook.value(2), "84");
            assert.equal(await notebook.type(2), "Int");
            assert.equal(await notebook.cell(2).locator(".output").textContent(), "42\n");
            assert.match(
                (await notebook.cell(2).locator(".timing-bar").getAttribute("aria-label")) ?? "",
                /parse .*run .*in all/,
            );
        });

        notebookTest("an error that the compiler finds is shown below and in its line", async (notebook) => {
            await notebook.run(1, "let a = 5\nlet b = a + wrong\nb");
            const failure = notebook.cell(1).locator(".failure");
            assert.match((await failure.textContent()) ?? "", /wrong/);
            assert.match((await failure.locator(".rendered").textContent()) ?? "", /\^/);
            const marked = notebook.cell(1).locator(".cm-lintRange-error");
            assert.equal(await marked.first().textContent(), "wrong");
            await notebook.editor(2).click();
            await failure.getByRole("button", { name: "line 2" }).click();
            const line = await notebook.page.evaluate(
                () => getSelection()?.anchorNode?.parentElement?.closest(".cm-line")?.textContent,
            );
            assert.equal(line, "let b = a + wrong");
        });

        notebookTest("long output is folded", async (notebook) => {
            await notebook.run(1, "for i in 0..60 { print(i) }");
            const output = notebook.cell(1).locator(".output");
            assert.equal((await output.textContent())?.trimEnd().split("\n").length, 24);
            await notebook.button("Show all 60 lines").click();
            assert.equal((await output.textContent())?.trimEnd().split("\n").length, 60);
            await notebook.button("Show the end").click();
            assert.ok(await output.evaluate((pre) => pre.scrollTop + pre.clientHeight >= pre.scrollHeight - 1));
            await notebook.button("Show less").click();
            assert.equal((await output.textContent())?.trimEnd().split("\n").length, 24);
        });

        notebookTest("a failure while running is shown in its line", async (notebook) => {
            await notebook.run(1, "let a = 5\n1 / (a - 5)");
            const failure = notebook.cell(1).locator(".failure");
            await failure.getByRole("button", { name: "line 2" }).waitFor();
            assert.match((await notebook.cell(1).locator(".cm-line:has(.cm-lintRange-error)").textContent()) ?? "", /a - 5/);
        });

        notebookTest("calls that repeat stand once in the list of calls", async (notebook) => {
            await notebook.run(1, "fun down(n: Int) -> Int { if n == 0 { 1 / n } else { down(n - 1) + 0 } }\ndown(9)");
            const calls = await notebook.cell(1).locator(".traceback li").allTextContents();
            assert.equal(calls.length, 2);
            assert.match(calls[0], /down.*line 1 × 10$/);
        });

        notebookTest("errors are marked while one types", async (notebook) => {
            await notebook.write(1, "let y = missing + 1");
            await notebook.cell(1).locator(".cm-lintRange-error").waitFor();
            assert.equal(await notebook.cell(1).locator(".cm-lintRange-error").textContent(), "missing");
            // They go when another cell defines what was missing.
            await notebook.page.locator(".insertion").last().getByRole("button", { name: "Code" }).click();
            await notebook.run(2, "let missing = 1");
            await notebook.cell(1).locator(".cm-lintRange-error").waitFor({ state: "detached" });
        });

        notebookTest("what uses a name that was replaced is stale until it has run again", async (notebook) => {
            await notebook.run(1, "let x = 1");
            await notebook.run(2, "x + 1");
            await notebook.run(1, "let x = 10");
            await notebook.page.locator(".cell.stale").waitFor();
            assert.match((await notebook.cell(2).locator(".remark").textContent()) ?? "", /Uses an earlier x/);
            assert.equal(await notebook.value(2), "2");
            await notebook.button("Run stale (1)").click();
            await notebook.ran(4);
            assert.equal(await notebook.value(2), "11");
            assert.equal(await notebook.page.locator(".cell.stale").count(), 0);
        });

        notebookTest("what is stale because stale cells were run is run as well", async (notebook) => {
            await notebook.run(1, "let x = 1");
            await notebook.run(2, "let y = x + 1");
            await notebook.run(3, "let z = y + 1");
            await notebook.run(4, "z + 1");
            await notebook.run(1, "let x = 10");
            await notebook.page.locator(".cell.stale").first().waitFor();
            await notebook.page.getByRole("button", { name: /^Run stale/ }).click();
            await notebook.cell(4).locator(".value", { hasText: "13" }).waitFor();
            await notebook.idle();
            assert.equal(await notebook.page.locator(".cell.stale").count(), 0);
        });

        notebookTest("a failure that keeps others from running is told", async (notebook) => {
            await notebook.run(1, "let x = 1");
            await notebook.write(2, "fail_here");
            await notebook.page.keyboard.press("Alt+Enter");
            await notebook.cell(2).locator(".failure").waitFor();
            await notebook.page.keyboard.insertText("x + 1");
            await notebook.button("Run all").click();
            await notebook.page.locator(".toast", { hasText: "Stopped at cell 2" }).waitFor();
            assert.match((await notebook.page.locator(".toast").textContent()) ?? "", /1 cell was not run|\d cells were not run/);
        });

        notebookTest("another notebook begins with a session of its own", async (notebook) => {
            await notebook.run(1, "let mine = 40");
            await notebook.choose("Sample notebook");
            await notebook.button("Replace").click();
            await notebook.page.waitForFunction(() => document.querySelectorAll(".cell").length > 3);
            await notebook.page.locator(".insertion").last().getByRole("button", { name: "Code" }).click();
            await notebook.page.keyboard.insertText("mine");
            await notebook.page.keyboard.press("Control+Enter");
            await notebook.page.locator(".cell").last().locator(".failure").waitFor();
        });

        notebookTest("what is no notebook is not opened", async (notebook) => {
            await notebook.write(1, "let mine = 1");
            for (const [name, text] of [
                ["other.ipynb", "upshift-cells convert"],
                ["picture.cells", "no text in UTF-8"],
            ]) {
                const chooser = notebook.page.waitForEvent("filechooser");
                await notebook.choose("Open file…");
                await (await chooser).setFiles({ name, mimeType: "text/plain", buffer: Buffer.from([0x7b, 0xff, 0xfe]) });
                await notebook.page.locator(".toast.error", { hasText: text }).waitFor();
            }
            assert.equal(await notebook.editor(1).textContent(), "let mine = 1");
        });

        notebookTest("an endless loop is cancelled, and the session lives on", async (notebook) => {
            await notebook.run(1, "let kept = 7");
            await notebook.write(2, "loop {}");
            await notebook.page.keyboard.press("Shift+Enter");
            await notebook.page.waitForFunction(() => document.querySelectorAll(".cell").length === 3);
            await notebook.page.keyboard.insertText("kept");
            await notebook.page.keyboard.press("Control+Enter");
            await notebook.button("Cancel (1 waiting)").click();
            await notebook.cell(2).locator(".failure.cancelled").waitFor();
            await notebook.idle();
            assert.equal(await notebook.cell(3).locator(".value").count(), 0);
            await notebook.run(3, "kept + 1");
            assert.equal(await notebook.value(3), "8");
        });

        notebookTest("a reload brings notebook, results and values back", async (notebook) => {
            await notebook.run(1, "let x = 40");
            await notebook.run(2, "print(x)\nx + 1");
            await notebook.write(3, "// not run yet\nx + 2");
            if (kind === "browser") await kept(notebook);
            await notebook.page.reload();
            await notebook.ready();
            assert.equal(await notebook.value(2), "41");
            assert.equal(await notebook.cell(2).locator(".output").textContent(), "40\n");
            assert.equal(await notebook.page.locator(".cell.past").count(), 0);
            assert.match((await notebook.editor(3).textContent()) ?? "", /not run yet/);
            await notebook.editor(3).click();
            await notebook.page.keyboard.press("Control+Enter");
            await notebook.cell(3).locator(".value").waitFor();
            assert.equal(await notebook.value(3), "42");
        });

        notebookTest("a restart forgets values and keeps what is shown", async (notebook) => {
            await notebook.run(1, "let x = 40");
            await notebook.run(2, "x");
            await notebook.choose("Restart session…");
            await notebook.page.getByRole("button", { name: "Restart", exact: true }).click();
            await notebook.cell(2).getByText("Not in the session any more").waitFor();
            assert.equal(await notebook.value(2), "40");
            await notebook.button("Run cell 2").click();
            await notebook.cell(2).locator(".failure").waitFor();
            await notebook.button("Run all").click();
            await notebook.cell(2).locator(".value").waitFor();
        });

        notebookTest("a checkpoint that was downloaded brings values back", async (notebook) => {
            await notebook.run(1, "let x = 40");
            const download = notebook.page.waitForEvent("download");
            await notebook.choose("Download checkpoint");
            const path = await (await download).path();
            await notebook.run(1, "let x = 1");
            const chooser = notebook.page.waitForEvent("filechooser");
            await notebook.choose("Restore checkpoint…");
            await (await chooser).setFiles(path);
            await notebook.page.getByText("The checkpoint’s values are back").first().waitFor();
            await notebook.run(2, "x + 2");
            assert.equal(await notebook.value(2), "42");
        });

        notebookTest("text is rendered, edited on a double click, and cannot bring scripts along", async (notebook) => {
            await notebook.page.locator(".insertion").last().getByRole("button", { name: "Text" }).click();
            await notebook.page.keyboard.insertText(
                "# Title\n\nsome *emphasis* <img src=x onerror=alert(1)> [a](javascript:alert(1))",
            );
            await notebook.page.keyboard.press("Escape");
            const prose = notebook.cell(2).locator(".prose");
            assert.equal(await prose.locator("h1").textContent(), "Title");
            assert.equal(await prose.locator("em").textContent(), "emphasis");
            assert.equal(await prose.locator("img, a").count(), 0);
            await prose.dblclick();
            await notebook.page.keyboard.press("ControlOrMeta+a");
            await notebook.page.keyboard.insertText("## Other");
            await notebook.page.keyboard.press("Shift+Enter");
            assert.equal(await prose.locator("h2").textContent(), "Other");
        });

        notebookTest("cells are added, moved, converted, deleted and brought back", async (notebook) => {
            await notebook.write(1, "let first = 1");
            await notebook.page.locator(".insertion").last().getByRole("button", { name: "Code" }).click();
            await notebook.page.keyboard.insertText("let second = 2");
            await notebook.cell(2).hover();
            await notebook.cell(2).getByRole("button", { name: "Move up" }).click();
            assert.equal(await notebook.editor(1).textContent(), "let second = 2");
            await notebook.cell(1).getByRole("button", { name: "Delete" }).click();
            assert.equal(await notebook.page.locator(".cell").count(), 1);
            await notebook.button("Undo").click();
            assert.equal(await notebook.editor(1).textContent(), "let second = 2");
            await notebook.cell(1).hover();
            await notebook.cell(1).getByRole("button", { name: "Convert to text" }).click();
            assert.equal(await notebook.cell(1).locator(".prose p").textContent(), "let second = 2");
        });

        notebookTest("what a deleted cell has defined is gone, and comes back when it is brought back and runs", async (notebook) => {
            await notebook.run(1, "let x = 40");
            await notebook.run(2, "x + 2");
            await notebook.page.locator(".insertion").last().getByRole("button", { name: "Code" }).click();
            const last = await notebook.page.locator(".cell").count();
            await notebook.button("Variables").click();
            const variables = notebook.page.locator(".variables");
            await variables.locator("tbody tr", { hasText: "x" }).waitFor();
            await notebook.cell(1).hover();
            await notebook.cell(1).getByRole("button", { name: "Delete" }).click();
            await variables.getByText("Nothing is defined yet").waitFor();
            if (kind === "browser") await notebook.cell(1).getByText("Uses an earlier x").waitFor();
            await notebook.write(last - 1, "x + 3");
            await notebook.page.keyboard.press("Control+Enter");
            await notebook.cell(last - 1).locator(".failure").waitFor();
            await notebook.cell(1).focus();
            await notebook.page.keyboard.press("z");
            assert.equal(await notebook.editor(1).textContent(), "let x = 40");
            await notebook.page.getByText("What it had defined comes back when it runs again").first().waitFor();
            await notebook.cell(1).getByText("Not in the session any more").waitFor();
            await notebook.button("Run cell 1").click();
            await variables.locator("tbody tr", { hasText: "x" }).waitFor();
            await notebook.run(last, "x + 3");
            assert.equal(await notebook.value(last), "43");
        });

        notebookTest("completion and explanations come from the session", async (notebook) => {
            await notebook.run(1, "let remarkable = 5");
            await notebook.editor(2).click();
            await notebook.page.keyboard.type("rema");
            await notebook.page.locator(".cm-tooltip-autocomplete li", { hasText: "remarkable" }).waitFor();
            await notebook.page.waitForTimeout(100);
            await notebook.page.keyboard.press("Enter");
            assert.equal(await notebook.editor(2).textContent(), "remarkable");
            await notebook.page.mouse.move(0, 0);
            const box = await notebook.editor(2).locator(".cm-line").boundingBox();
            assert.ok(box);
            // What lies below the pointer is drawn anew when the checker has answered, so it has to move on.
            const explanation = notebook.page.locator(".explanation");
            for (let step = 0; step < 20 && (await explanation.count()) === 0; step += 1) {
                await notebook.page.mouse.move(box.x + 30 + (step % 2), box.y + 10, { steps: 3 });
                await notebook.page.waitForTimeout(500);
            }
            assert.match((await explanation.textContent()) ?? "", /Int/);
        });

        notebookTest("the panels show variables and a benchmark", async (notebook) => {
            await notebook.run(1, "let x = 42");
            await notebook.button("Variables").click();
            const row = notebook.page.locator(".variables tbody tr", { hasText: "x" });
            assert.match((await row.first().textContent()) ?? "", /Int/);
            await notebook.button("Benchmark").click();
            await notebook.page.getByLabel("Cells of each kind").selectOption("100");
            await notebook.button("Measure").click();
            await notebook.page.locator(".chart-category").first().waitFor({ timeout: 30_000 });
            assert.equal(await notebook.page.locator(".chart-category").count(), 5);
            assert.equal(await notebook.page.locator(".chart-bar").count(), 15);
        });

        notebookTest("all of it can be done by keyboard", async (notebook) => {
            const { keyboard } = notebook.page;
            await notebook.page.locator(".cell").first().focus();
            await keyboard.press("Enter");
            await keyboard.type("let k = 6");
            await keyboard.press("Alt+Enter");
            await keyboard.type("k * 7");
            await keyboard.press("Control+Enter");
            await notebook.cell(2).locator(".value").waitFor();
            assert.equal(await notebook.value(2), "42");
            await keyboard.press("Escape");
            await keyboard.press("Delete");
            assert.equal(await notebook.page.locator(".cell").count(), 1);
            await keyboard.press("z");
            assert.equal(await notebook.value(2), "42");
            await keyboard.press("Delete");
            await keyboard.press("b");
            assert.equal(await notebook.page.locator(".cell").count(), 2);
            // From an editor, Escape and Tab lead on; the bar's menu works with arrows.
            await keyboard.press("Escape");
            await keyboard.press("Tab");
            assert.equal(await notebook.page.evaluate(() => document.activeElement?.className), "run-button");
            await notebook.button("More").focus();
            await keyboard.press("Enter");
            await keyboard.press("End");
            await keyboard.press("Enter");
            await notebook.page.getByRole("dialog", { name: "Keys" }).waitFor();
            await keyboard.press("Escape");
            assert.equal(await notebook.page.getByRole("dialog").count(), 0);
            // What came of a run is said in the live region.
            assert.notEqual(await notebook.page.locator("#announcements").textContent(), "");
        });

        notebookTest("nothing that axe looks for keeps people out, in light, dark and on a small screen", async (notebook) => {
            await notebook.run(1, "let x = 42");
            await notebook.run(2, "print(x)\nx * 2");
            await notebook.run(3, "let y = x + wrong");
            await notebook.run(1, "let x = 43");
            await notebook.button("Variables").click();
            for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
                await notebook.page.emulateMedia({ colorScheme });
                assert.deepEqual(await barriers(notebook.page), [], colorScheme);
            }
            await notebook.button("Benchmark").click();
            await notebook.button("Measure").click();
            await notebook.page.locator(".chart-category").first().waitFor({ timeout: 30_000 });
            assert.deepEqual(await barriers(notebook.page), []);
            await notebook.page.keyboard.press("Escape");
            await notebook.page.setViewportSize({ width: 380, height: 700 });
            assert.deepEqual(await barriers(notebook.page), []);
            assert.ok(
                await notebook.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
                "wider than the screen",
            );
        });

        notebookTest("code is coloured by what it is, also within texts", async (notebook) => {
            await notebook.write(1, 'let s = "a {f(x, "n{1}")} b" // s\n/* let /* 1 */ 2 */ let t = 3');
            const colours = await notebook
                .editor(1)
                .evaluate((content) =>
                    [...content.querySelectorAll(".cm-line span[class]")].map((span) => [
                        span.textContent,
                        getComputedStyle(span).color,
                    ]),
                );
            const colourOf = Object.fromEntries(colours);
            for (const text of ['"n', '"', " b", ' b"'])
                if (text in colourOf) assert.equal(colourOf[text], colourOf['"a '], text);
            assert.notEqual(colourOf["let"], undefined);
            assert.notEqual(colourOf["// s"], colourOf['"a ']);
            assert.equal(colourOf["/* let /* 1 */ 2 */"], colourOf["// s"]);
            assert.equal(colourOf["1"], colourOf["3"]);
            assert.ok(!colours.some(([text]) => text?.includes("f(x")));
        });

        notebookTest("it is dark where the system is, and as one chooses", async (notebook) => {
            const background = () => notebook.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
            await notebook.page.emulateMedia({ colorScheme: "light" });
            const light = await background();
            await notebook.page.emulateMedia({ colorScheme: "dark" });
            const dark = await background();
            assert.notEqual(light, dark);
            await notebook.button("Colours: as the system").click();
            assert.equal(await background(), light);
            await notebook.page.reload();
            await notebook.ready();
            assert.equal(await background(), light);
            await notebook.button("Colours: light").click();
            assert.equal(await background(), dark);
        });

        notebookTest("the notebook is downloaded and opened as a file", async (notebook) => {
            await notebook.write(1, "let x = 1\n%% is part of this");
            const download = notebook.page.waitForEvent("download");
            await notebook.choose("Download");
            const path = await (await download).path();
            assert.match(await readFile(path, "utf8"), /^%% code \S+\nlet x = 1\n%%% is part of this\n$/);
            const chooser = notebook.page.waitForEvent("filechooser");
            await notebook.choose("Open file…");
            await (
                await chooser
            ).setFiles({
                name: "other.cells",
                mimeType: "text/plain",
                buffer: Buffer.from("%% markdown a\n# Opened\n%% code b\n1 + 1\n"),
            });
            await notebook.button("Replace").click();
            await notebook.page.getByRole("heading", { name: "Opened" }).waitFor();
            assert.equal(await notebook.editor(2).textContent(), "1 + 1");
        });

        if (kind === "browser") {
            notebookTest("a notebook without a name is downloaded under that of its first heading", async (notebook) => {
                await notebook.page.locator(".insertion").last().getByRole("button", { name: "Text" }).click();
                await notebook.page.keyboard.insertText("Some text\n\n## All primes\n# More");
                await notebook.page.keyboard.press("Escape");
                const download = notebook.page.waitForEvent("download");
                await notebook.choose("Download");
                assert.equal((await download).suggestedFilename(), "All primes.cells");
            });

            notebookTest(
                "of two pages with the notebook, one keeps it and the other says that it does not",
                async (notebook, { url }) => {
                    await notebook.write(1, "let first = 1");
                    const other = new NotebookPage(await notebook.page.context().newPage());
                    await other.page.goto(url);
                    await other.ready();
                    await other.page.getByText("open in another tab").waitFor();
                    await other.write(1, "let second = 2");
                    await notebook.write(1, "let third = 3");
                    await other.page.close();
                    await notebook.page.reload();
                    await notebook.ready();
                    assert.equal(await notebook.editor(1).textContent(), "let third = 3");
                },
            );
        }

        if (kind === "native") {
            notebookTest("that the server does not answer is shown until it does", async (notebook) => {
                const engine = notebook.page.locator(".engine-name");
                await notebook.page.route("**/api/**", (route) => route.abort());
                await notebook.write(1, "1 + 1");
                await notebook.page.keyboard.press("Control+Enter");
                await engine.getByText("Disconnected").waitFor();
                await notebook.page.unroute("**/api/**");
                await notebook.page.keyboard.press("Control+Enter");
                await notebook.cell(1).locator(".value", { hasText: "2" }).waitFor();
                await engine.getByText("Native").waitFor();
            });

            notebookTest(
                "a run that goes on while the page is reloaded can be cancelled, and another one gives its result",
                async (notebook) => {
                    await notebook.run(1, "let x = 1");
                    await notebook.write(2, "loop {}");
                    await notebook.page.keyboard.press("Control+Enter");
                    await notebook.button("Cancel cell 2").waitFor();
                    await notebook.page.reload();
                    await notebook.ready();
                    await notebook.button("Cancel cell 2").click();
                    await notebook.cell(2).locator(".failure.cancelled").waitFor();
                    await notebook.write(2, "let mut n = 0\nwhile n < 30000000 { n += x }\nn");
                    await notebook.page.keyboard.press("Control+Enter");
                    await notebook.button("Cancel cell 2").waitFor();
                    await notebook.page.reload();
                    await notebook.ready();
                    await notebook.cell(2).locator(".value").waitFor();
                    assert.equal(await notebook.value(2), "30000000");
                    await notebook.run(1, "n + 1");
                    assert.equal(await notebook.value(1), "30000001");
                },
            );

            notebookTest("changes that were made to an earlier file are not taken for the newest", async (notebook, { file }) => {
                const path = /** @type {string} */ (file);
                await notebook.write(1, "let mine = 1");
                await notebook.page.locator(".kept", { hasText: "Unsaved changes" }).waitFor();
                await writeFile(path, "%% code first\nlet theirs = 2\n");
                await notebook.page.reload();
                const dialog = notebook.page.getByRole("dialog", { name: "The file has changed" });
                await dialog.waitFor();
                await notebook.button("Cancel").last().click();
                await notebook.page.keyboard.press("ControlOrMeta+s");
                await dialog.waitFor();
                assert.equal(await readFile(path, "utf8"), "%% code first\nlet theirs = 2\n");
                await notebook.button("Take the file’s").click();
                await notebook.editor(1).getByText("let theirs = 2").waitFor();
                await notebook.page.reload();
                await notebook.editor(1).getByText("let theirs = 2").waitFor();
                assert.equal(await dialog.count(), 0);
            });

            notebookTest(
                "the notebook is saved to its file, and a change by others is not lost unasked",
                async (notebook, { file }) => {
                    const path = /** @type {string} */ (file);
                    await notebook.write(1, "let mine = 1");
                    await notebook.page.locator(".kept", { hasText: "Unsaved changes" }).waitFor();
                    await notebook.page.keyboard.press("ControlOrMeta+s");
                    await notebook.page.locator(".kept", { hasText: /^Saved$/ }).waitFor();
                    assert.equal(await readFile(path, "utf8"), "%% code first\nlet mine = 1\n");
                    await writeFile(path, "%% code first\nlet theirs = 2\n");
                    await notebook.write(1, "let mine = 3");
                    await notebook.page.keyboard.press("ControlOrMeta+s");
                    await notebook.page.getByRole("dialog", { name: "The file has changed" }).waitFor();
                    await notebook.button("Cancel").last().click();
                    assert.equal(await readFile(path, "utf8"), "%% code first\nlet theirs = 2\n");
                    await notebook.page.keyboard.press("ControlOrMeta+s");
                    await notebook.button("Take the file’s").click();
                    await notebook.editor(1).getByText("let theirs = 2").waitFor();
                    await writeFile(path, "%% code first\nlet theirs = 4\n");
                    await notebook.write(1, "let mine = 5");
                    await notebook.page.keyboard.press("ControlOrMeta+s");
                    await notebook.button("Save mine over it").click();
                    await notebook.page.locator(".kept", { hasText: /^Saved$/ }).waitFor();
                    assert.equal(await readFile(path, "utf8"), "%% code first\nlet mine = 5\n");
                },
            );
        }
    });
}

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * @param {import("playwright-core").Page} page
 * @returns {Promise<string[]>} what axe finds, and where
 */
async function barriers(page) {
    await page.evaluate(AXE);
    return page.evaluate(async () => {
        const { violations, passes } = await /** @type {any} */ (globalThis).axe.run();
        if (passes.length < 10) return ["axe has found hardly anything to look at"];
        return violations.flatMap((/** @type {any} */ { id, nodes }) =>
            nodes.map((/** @type {any} */ node) => `${id}: ${node.target.join(" ")} ${node.any[0]?.message ?? ""}`),
        );
    });
}

/**
 * Waits until the browser has a checkpoint of all runs that are shown.
 *
 * @param {NotebookPage} notebook
 */
async function kept(notebook) {
    const order = await notebook.order();
    await notebook.page.waitForFunction(async (order) => {
        const database = await new Promise((resolve) => {
            const request = indexedDB.open("upshift-cells", 1);
            request.onsuccess = () => resolve(request.result);
        });
        const checkpoint = await new Promise((resolve) => {
            const request = database.transaction("values").objectStore("values").get("checkpoint");
            request.onsuccess = () => resolve(request.result);
        });
        database.close();
        return checkpoint?.order >= order;
    }, order);
}
