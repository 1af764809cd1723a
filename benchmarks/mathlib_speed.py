"""Time per element of the mathematical and random functions: ``python benchmarks/mathlib_speed.py [NAME ...]``.

Each function is compiled into a loop over arrays in the first-level cache; the least of many timings counts.
"""

from __future__ import annotations

import ctypes
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from mathlib.native import DTYPES, Native, compiled, filler, host, procedure

from ranvier.codegen import mathlib
from ranvier.ir.alias_tables import poisson_table
from ranvier.ir.slots import ROWS, SHARING, TILE, TOGETHER

POSITIVE = ("log", "log2", "log10", "sqrt", "pow", "log1p")
ELEMENTS = 1024


def best(call, *arguments, repeats: int = 400) -> float:
    """The least time of a call, in ns."""
    times: list[int] = []
    for _ in range(repeats):
        start = time.perf_counter_ns()
        for _ in range(10):
            call(*arguments)
        times.append(time.perf_counter_ns() - start)
    return min(times) / 10


def time_function(name: str) -> float:
    """Nanoseconds per element of a function of floats."""
    result, arguments = mathlib.signature(name).split(" ", 1)
    types = [DTYPES[t] for t in arguments.strip("()").split(", ")]
    low, high = (0.1, 3.0) if name.split(".")[0] in POSITIVE else (-0.9, 0.9)
    inputs = [np.random.default_rng(1).uniform(low, high, ELEMENTS).astype(t) for t in types]
    out = np.empty(ELEMENTS, DTYPES[result])
    kind = ctypes.CFUNCTYPE(None, ctypes.c_int64, *[ctypes.c_void_p] * (len(inputs) + 1))
    call = kind(compiled(name).address)
    pointers = [a.ctypes.data for a in [*inputs, out]]
    overhead = best(call, 1, *pointers)
    return (best(call, ELEMENTS, *pointers) - overhead) / ELEMENTS


TILES = 64
MANY_TILES = """
define void @apply(ptr %fill, ptr %out, i64 %groups, i64 %end, ptr %table) {
entry:
  br label %loop
loop:
  %first = phi i64 [ 0, %entry ], [ %next, %loop ]
  call void %fill(ptr %out, i64 1, i64 2, i64 3, i64 %first, i64 %groups, ptr %table)
  %next = add i64 %first, 512
  %done = icmp eq i64 %next, %end
  br i1 %done, label %exit, label %loop
exit:
  ret void
}
"""


def time_fill(name: str) -> float:
    """Nanoseconds per value of a fill function, called for one tile after the other."""
    out = np.empty(TILE, np.float64)
    tiles = Native(MANY_TILES, *host())
    types = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p]
    call = ctypes.CFUNCTYPE(None, *types)(tiles.address)
    table = poisson_table(np.zeros, 1.0)
    groups = TILE // SHARING[name.partition("_")[2]].group
    arguments = (filler(name).address, out.ctypes.data, groups, TILE * TILES, table.ctypes.data)
    return best(call, *arguments, repeats=40) / TILE / TILES


INSTANCES = 128


def time_rows(name: str) -> float:
    """Nanoseconds per value of a procedure that fills rows of instances."""
    values = SHARING[name.partition("_")[2]].values
    out, keys = np.empty(ROWS, np.float64), np.arange(INSTANCES, dtype=np.int64)
    types = [ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_int64] * 8, ctypes.c_void_p]
    call = ctypes.CFUNCTYPE(None, *types)(procedure(name).address)
    table = poisson_table(np.zeros, 1.0)
    blocks = ROWS // INSTANCES // values

    def taken(instances: int) -> float:
        place = (0, 1, 2, 0, instances, blocks, INSTANCES, 0)
        return best(call, out.ctypes.data, keys.ctypes.data, *place, table.ctypes.data)

    made = (INSTANCES - TOGETHER) * blocks * (1 if name.startswith("row_") else values)
    return (taken(INSTANCES) - taken(TOGETHER)) / made


def main() -> None:
    """Prints a line per function."""
    for name in sys.argv[1:] or mathlib.NAMES:
        if "_large" in name:
            continue
        if name.startswith("fill"):
            print(f"{name:20s} {time_fill(name):6.2f} ns")
        elif name.startswith("row"):
            print(f"{name:20s} {time_rows(name):6.2f} ns")
        elif "i64" not in mathlib.signature(name):
            print(f"{name:20s} {time_function(name):6.2f} ns")


if __name__ == "__main__":
    main()
