"""Calls an export of a module from Python, in wasmtime (pip install wasmtime):

    python3 host.py FILE EXPORT EXPECTED TIMES ARG... [--steady MS]

The function takes and gives i32. It is called TIMES times, and each result is checked; the exit code is 1 when one is
wrong. With --steady all of this is repeated, at least three times and until MS milliseconds have passed, and each time
a line `iteration NANOSECONDS` is printed. A module may import `host.add` and `host.add_values`, which add two i32.
"""

import sys
from time import monotonic_ns

from wasmtime import Engine, FuncType, Linker, Module, Store, ValType


def add(a, b):
    return (a + b + 2**31) % 2**32 - 2**31


def main(file, export, expected, times, *rest):
    rest = list(rest)
    room = None
    if rest[-2:-1] == ["--steady"]:
        room = int(rest.pop()) * 1_000_000
        rest.pop()
    expected, times, args = int(expected), int(times), [int(arg) for arg in rest]
    store = Store(Engine())
    linker = Linker(store.engine)
    for name in ("add", "add_values"):
        linker.define_func("host", name, FuncType([ValType.i32(), ValType.i32()], [ValType.i32()]), add)
    instance = linker.instantiate(store, Module.from_file(store.engine, file))
    function = instance.exports(store)[export]

    def work():
        for _ in range(times):
            result = function(store, *args)
            if result != expected:
                sys.exit(f"{export} gave {result}, not {expected}")

    if room is None:
        work()
        print(f"{export} = {expected}, {times} times")
        return
    first, done = monotonic_ns(), 0
    while True:
        before = monotonic_ns()
        work()
        after = monotonic_ns()
        print(f"iteration {after - before}")
        done += 1
        if done >= 3 and after - first >= room:
            return


if len(sys.argv) < 5:
    sys.exit("usage: host.py FILE EXPORT EXPECTED TIMES ARG... [--steady MS]")
main(*sys.argv[1:])
