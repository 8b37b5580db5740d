// `npm run benchmark [RUNS]`: how long cells take in Chromium, from source to value; ends with 1 where a target is missed.

import { launch } from "./browser.mjs";

const runs = Number(process.argv[2] ?? 1000);
const browser = await launch();
try {
    const page = await browser.open();
    const result = await page.evaluate(async (n) => {
        const session = await globalThis.cells.createCells({ workers: 2 });
        const measured = await session.benchmark_cell_execution(n);
        session.close();
        return measured;
    }, runs);
    console.log(`Chromium ${browser.version}, ${runs} runs of each kind, milliseconds from source to value\n`);
    console.log(`${"".padEnd(20)} ${["p50", "p95", "p99"].map((name) => name.padStart(7)).join(" ")}   target`);
    for (const { name, p50_ms, p95_ms, p99_ms, target_ms, target_met } of result.categories) {
        const times = [p50_ms, p95_ms, p99_ms].map((ms) => ms.toFixed(3).padStart(7)).join(" ");
        console.log(`${name.padEnd(20)} ${times}   p95 < ${target_ms} ms ${target_met ? "met" : "MISSED"}`);
    }
    console.log(`\non average ${result.summary.overall_avg_ms.toFixed(3)} ms`);
    if (!result.summary.target_met) process.exitCode = 1;
} finally {
    await browser.close();
}
