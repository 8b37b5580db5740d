"""The kernel as Jupyter's own client sees it: jupyter_test.py PROGRAM, with jupyter_client and nbclient from PyPI.

PROGRAM is `upshift-cells`. It installs its kernel into a folder of this test's own, and everything goes by that.
"""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

PROGRAM = ""
KERNEL = "upshift-cells"
# Far more than anything takes here.
PATIENCE = 30


class Cell:
    """What came of an execution."""

    def __init__(self, reply, published):
        self.reply = reply
        self.published = published

    def of(self, kind):
        return [content for found, content in self.published if found == kind]

    @property
    def status(self):
        return self.reply["status"]

    @property
    def output(self):
        return "".join(content["text"] for content in self.of("stream") if content["name"] == "stdout")

    @property
    def value(self):
        results = self.of("execute_result")
        return results[0]["data"]["text/plain"] if results else None


def texts(cell):
    """What a cell of a notebook shows."""
    outputs = cell.get("outputs", [])
    return [output["text"] if "text" in output else output["data"]["text/plain"] for output in outputs]


class Kernel(unittest.TestCase):
    def setUp(self):
        self.manager = KernelManager(kernel_name=KERNEL)
        self.manager.start_kernel()
        self.addCleanup(self.manager.shutdown_kernel, now=True)
        self.connect()

    def connect(self):
        self.client = self.manager.client()
        self.client.start_channels()
        self.addCleanup(self.client.stop_channels)
        self.client.wait_for_ready(timeout=PATIENCE)

    def published(self, id):
        """What is published on behalf of a request until the kernel is idle, without the states."""
        published = []
        while True:
            message = self.client.get_iopub_msg(timeout=PATIENCE)
            if message["parent_header"].get("msg_id") != id:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind != "status":
                published.append((kind, content))
            elif content["execution_state"] == "idle":
                return published

    def reply(self, id):
        while True:
            message = self.client.get_shell_msg(timeout=PATIENCE)
            if message["parent_header"].get("msg_id") == id:
                return message["content"]

    def send(self, source, cell=None, **options):
        if cell is None:
            return self.client.execute(source, **options)
        content = {
            "code": source,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        }
        message = self.client.session.msg("execute_request", content, metadata={"cellId": cell})
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def run_cell(self, source, cell=None, **options):
        id = self.send(source, cell, **options)
        published = self.published(id)
        return Cell(self.reply(id), published)

    def ask(self, id):
        self.published(id)
        return self.reply(id)

    def test_info(self):
        info = self.ask(self.client.kernel_info())
        self.assertEqual(info["language_info"]["name"], "cells")
        self.assertEqual(info["language_info"]["file_extension"], ".cells")

    def test_values_and_output(self):
        cell = self.run_cell("let x = 20\nx * 2 + 2")
        self.assertEqual((cell.status, cell.value, cell.reply["execution_count"]), ("ok", "42", 1))
        result = cell.of("execute_result")[0]
        self.assertEqual(result["metadata"]["type"], "Int")
        self.assertIn("42", result["data"]["text/html"])
        cell = self.run_cell('for i in 0..3 { print("{i}: {x + i}") }')
        self.assertEqual((cell.output, cell.value), ("0: 20\n1: 21\n2: 22\n", None))
        cell = self.run_cell('[("é<&>", 1.0), ("", 2.5)]')
        self.assertEqual(cell.value, '[("é<&>", 1.0), ("", 2.5)]')
        self.assertIn("é&lt;&amp;&gt;", cell.of("execute_result")[0]["data"]["text/html"])
        cell = self.run_cell("")
        self.assertEqual((cell.status, cell.value, cell.reply["execution_count"]), ("ok", None, 4))
        cell = self.run_cell("let y = x;", silent=True)
        self.assertEqual((cell.status, cell.published), ("ok", []))
        cell = self.run_cell("1", user_expressions={"twice": "x * 2", "none": "nothing"})
        self.assertEqual(cell.reply["user_expressions"]["twice"]["data"]["text/plain"], "40")
        self.assertEqual(cell.reply["user_expressions"]["none"]["status"], "error")

    def test_errors(self):
        cell = self.run_cell("let a = 1\nlet b = a + \"x\"")
        self.assertEqual((cell.status, cell.reply["ename"]), ("error", "CompileError"))
        error = cell.of("error")[0]
        text = "\n".join(error["traceback"])
        self.assertIn("^", text)
        self.assertIn("2", text)
        self.assertEqual(error["evalue"], cell.reply["evalue"])
        # It defines nothing.
        self.assertEqual(self.run_cell("a").status, "error")
        self.run_cell("fun half(n: Int) -> Int {\n  10 / n\n}")
        cell = self.run_cell("print(\"before\")\nhalf(0)")
        self.assertEqual((cell.status, cell.output, cell.reply["ename"]), ("error", "before\n", "RuntimeError"))
        self.assertIn("division by zero", cell.reply["evalue"])
        text = "\n".join(cell.reply["traceback"])
        self.assertIn("in half, line 2", text)
        self.assertIn("of In [3]", text)
        self.assertIn("10 / n", text)
        self.assertEqual(self.run_cell("half(5)").value, "2")

    def test_redefinition(self):
        self.run_cell("let x = 1", cell="first")
        self.assertEqual(self.run_cell("let y = x + 1\ny", cell="second").value, "2")
        cell = self.run_cell("let x = 10", cell="first")
        notes = "".join(content["text"] for content in cell.of("stream") if content["name"] == "stderr")
        self.assertIn("[2]", notes)
        self.assertEqual(self.run_cell("y").value, "2")
        self.assertEqual(self.run_cell("let y = x + 1\ny", cell="second").value, "11")
        # What a cell no longer defines is gone.
        self.run_cell("let z = 5", cell="first")
        self.assertEqual(self.run_cell("x").status, "error")

    def test_complete(self):
        self.run_cell("let population = 3")
        source = 'let s = "é😀"; popul + 1'
        position = source.index("popul") + 5
        reply = self.ask(self.client.complete(source, position))
        self.assertIn("population", reply["matches"])
        self.assertEqual(source[reply["cursor_start"] : reply["cursor_end"]], "popul")

    def test_inspect(self):
        self.run_cell("fun area(w: Int, h: Int) -> Int { w * h }")
        reply = self.ask(self.client.inspect('"é"; area(1, 2)', 7))
        self.assertTrue(reply["found"])
        self.assertIn("Int", reply["data"]["text/plain"])
        self.assertFalse(self.ask(self.client.inspect("unknown", 3))["found"])

    def test_is_complete(self):
        self.assertEqual(self.ask(self.client.is_complete("1 + 1"))["status"], "complete")
        reply = self.ask(self.client.is_complete("fun f(n: Int) -> Int {"))
        self.assertEqual(reply["status"], "incomplete")
        self.assertRegex(reply["indent"], "^ +$")
        self.assertEqual(self.ask(self.client.is_complete("1 + )"))["status"], "invalid")

    def test_interrupt(self):
        self.run_cell("let mut n = 0")
        running = self.send("print(\"begins\")\nloop { n = 1 }")
        queued = self.send("n = 2")
        while self.client.get_iopub_msg(timeout=PATIENCE)["msg_type"] != "stream":
            pass
        self.manager.interrupt_kernel()
        reply = self.reply(running)
        self.assertEqual((reply["status"], reply["ename"]), ("error", "Interrupted"))
        self.assertEqual(self.reply(queued)["status"], "aborted")
        # What it changed stays changed.
        cell = self.run_cell("n")
        self.assertEqual((cell.status, cell.value), ("ok", "1"))

    def test_restart(self):
        self.run_cell("let x = 1")
        self.client.stop_channels()
        self.manager.restart_kernel()
        self.connect()
        cell = self.run_cell("x")
        self.assertEqual((cell.status, cell.reply["execution_count"]), ("error", 1))

    def test_shutdown(self):
        self.manager.shutdown_kernel()
        self.assertFalse(self.manager.is_alive())

    def test_shutdown_of_a_loop(self):
        self.send("loop { }")
        process = self.manager.provisioner.process
        self.client.shutdown()
        self.assertEqual(process.wait(timeout=PATIENCE), 0)

    def test_much_output(self):
        cell = self.run_cell("for i in 0..100000 { print(\"line {i}\") }")
        self.assertEqual(cell.status, "ok")
        self.assertEqual(cell.output, "".join(f"line {i}\n" for i in range(100000)))

    def test_example(self):
        """The example has the outputs that it gives, and is converted to a notebook of cells and back without loss."""
        example = Path(__file__).parents[3] / "examples/cells/primes.ipynb"
        stored = nbformat.read(example, 4)
        nbformat.validate(stored)
        notebook = nbformat.read(example, 4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = []
        NotebookClient(notebook, timeout=PATIENCE).execute()
        for cell, expected in zip(notebook.cells, stored.cells, strict=True):
            self.assertEqual(texts(cell), texts(expected))
        with tempfile.TemporaryDirectory() as folder:
            for start, end in [(example, f"{folder}/a.cells"), (f"{folder}/a.cells", f"{folder}/b.ipynb")]:
                subprocess.run([PROGRAM, "convert", start, end], check=True)
            back = nbformat.read(f"{folder}/b.ipynb", 4)
        nbformat.validate(back)
        parts = lambda notebook: [(cell.id, cell.cell_type, cell.source) for cell in notebook.cells]
        self.assertEqual(parts(back), parts(stored))

    def test_notebook(self):
        notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": KERNEL, "display_name": KERNEL}})
        notebook.cells = [
            nbformat.v4.new_markdown_cell("# Squares"),
            nbformat.v4.new_code_cell("fun square(n: Int) -> Int { n * n }"),
            nbformat.v4.new_code_cell("let squares = [square(1), square(2)]\nprint(\"{squares.len()}\")\nsquares"),
        ]
        NotebookClient(notebook, timeout=PATIENCE).execute()
        nbformat.validate(notebook)
        outputs = notebook.cells[2].outputs
        self.assertEqual([output["output_type"] for output in outputs], ["stream", "execute_result"])
        self.assertEqual((outputs[0]["text"], outputs[1]["data"]["text/plain"]), ("2\n", "[1, 4]"))


def main():
    global PROGRAM
    PROGRAM = str(Path(sys.argv.pop(1)).resolve())
    with tempfile.TemporaryDirectory() as folder:
        os.environ["JUPYTER_PATH"] = f"{folder}/share/jupyter"
        os.environ["JUPYTER_RUNTIME_DIR"] = f"{folder}/runtime"
        # Kernels of the user are not found, and none of this one's traces stay behind.
        os.environ["JUPYTER_DATA_DIR"] = f"{folder}/data"
        subprocess.run([PROGRAM, "jupyter", "install", "--prefix", folder], check=True)
        spec = KernelSpecManager().get_kernel_spec(KERNEL)
        assert spec.argv[0] == PROGRAM and spec.interrupt_mode == "message", spec.to_json()
        result = unittest.main(exit=False).result
        subprocess.run([PROGRAM, "jupyter", "uninstall", "--prefix", folder], check=True)
        assert KERNEL not in KernelSpecManager().find_kernel_specs()
    sys.exit(not result.wasSuccessful())


if __name__ == "__main__":
    main()
