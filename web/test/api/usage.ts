// Not run: what users write has to have types.

import { createCells, supported, type Benchmark, type CellResult } from "../../src/index.js";

export async function usage(): Promise<string> {
    const message: string | null = supported();
    if (message !== null) return message;
    const cells = await createCells({ workers: 2, oncheckpoint: (bytes) => void bytes.byteLength });
    const result: CellResult = await cells.execute_cell_fast("1 + 1", { cell: "a" });
    const { total_ms, target_met }: { total_ms: number; target_met: boolean } = result.performance;
    const list = await cells.execute_cells(["1", { source: "2", cell: "b" }]);
    const benchmark: Benchmark = await cells.benchmark_cell_execution(10);
    const { lost } = await cells.cancel();
    await cells.restore(await cells.checkpoint());
    if (result.error?.kind === "compile") return result.error.diagnostics.map((each) => each.message).join();
    cells.close();
    const times = benchmark.categories.map((each) => each.p95_ms);
    return [result.value, total_ms, target_met, list.length, ...times, ...lost].join();
}
