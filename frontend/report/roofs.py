"""How fast this machine can be: what the roofs of a report's plot are, measured once for each process."""

from __future__ import annotations

import ctypes
import functools
import importlib.resources
import time
from collections.abc import Callable

import numpy as np

from ranvier.codegen.programs import program_of_text

OPERATIONS = 2 * 8 * 12
"""Floating-point operations of an iteration of `peak.ll`: twelve chains of eight fused products and sums."""

ITERATIONS = 200_000

CACHED, FAR = 1 << 17, 1 << 25
"""Bytes of the arrays that are copied: both fit into the second-level cache, or into none."""


@functools.cache
def measured() -> dict[str, float]:
    """Returns operations and bytes per second: "peak", "cache" and "memory"; what cannot be measured is left out."""
    found = {"cache": _copied(CACHED), "memory": _copied(FAR)}
    try:
        found["peak"] = _peak()
    except Exception:  # a report without this roof is better than none, whatever the machine lacks
        return found
    return found


def _peak() -> float:
    text = importlib.resources.files("ranvier.report").joinpath("peak.ll").read_text(encoding="utf-8")
    program = program_of_text(text, ())
    table = (ctypes.c_int64 * 2)(ITERATIONS, 0)
    address = ctypes.addressof(table)
    return OPERATIONS * ITERATIONS / _best(lambda: program.entry(address))


def _copied(size: int) -> float:
    """Returns the bytes per second that are read and written when arrays are copied."""
    source, target = np.ones(size // 8), np.empty(size // 8)
    repeats = max(1, (1 << 23) // size)

    def copy() -> None:
        for _ in range(repeats):
            np.copyto(target, source)

    return 2 * size * repeats / _best(copy)


def _best(work: Callable[[], object]) -> float:
    """Returns the seconds of the fastest of a few tries."""
    times: list[float] = []
    for _ in range(4):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)
