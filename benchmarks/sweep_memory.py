"""Measure what the sets of a sweep take: connections once, states for each, against what a process takes for them.

    python benchmarks/sweep_memory.py [--milliseconds 100] [--large]

The network is CUBA with 4,000 cells (320,000 synapses), with `--large` also with 100,000 (8 million). "counted" is what
`memory_plan(instances=...)` counts from its arrays: synapses once, and states times the number of sets. "taken" is the
peak of the resident memory in the sweep, less what the process had before the network was made: by then it has swept a
small network of the same kind, so that interpreter, libraries and compiled programs do not count. Each row is a process
of its own, the second one: the first one compiles. Needs Linux.
"""

import argparse
import ctypes
import gc
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "models"))

SMALL = 200
"""Cells of the network that is swept first."""
ROWS = [(4000, sets, form, threads) for sets in (1, 2, 20, 200) for form in ("turns", "lanes") for threads in (1, 2)]
LARGE = [(100_000, sets, form, threads) for sets in (1, 8, 32) for form in ("turns", "lanes") for threads in (1, 2)]
"""Cells, sets, form, threads."""


def status(name: str) -> int:
    """Returns bytes from the status of this process: "VmRSS" now, "VmHWM" at most."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines[name].split()[0]) * 1024


def resident() -> int:
    """Returns the bytes in memory after all that is free was given back."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return status("VmRSS")


def one(cells: int, sets: int, form: str, threads: int, milliseconds: float) -> dict[str, float]:
    """Measures a sweep in this process."""
    sim = importlib.import_module("ranvier")
    model = importlib.import_module("sweeps")

    def built(size: int) -> Any:
        sim.seed(3)  # the program depends on how dense the connections are
        return model.Case(sim, "cuba", cells=size)

    def sweep(case: Any, count: int) -> None:
        result = case.network.sweep(
            milliseconds * sim.ms, {case.swept: case.values(count)}, measure={"n": "count(spikes)"}, workers=threads,
            namespace={**case.names, "spikes": case.spikes}, form=form,
        )  # fmt: skip
        assert not result.failures, result.failures[0]

    for _ in range(2):
        sweep(built(SMALL), 2)
    before = resident()
    case = built(cells)
    resident()
    Path("/proc/self/clear_refs").write_text("5")  # the peak is that from here on: that of the sweep
    sweep(case, sets)
    taken = status("VmHWM") - before
    plan = case.network.memory_plan(instances=sets)
    synapses = sum(len(each) for each in case.network.objects if isinstance(each, sim.Synapses))
    return {"synapses": synapses, "once": plan.once, "own": plan.own, "taken": taken}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--milliseconds", type=float, default=100, help="how long each run is")
    parser.add_argument("--large", action="store_true", help="also CUBA with 100,000 cells")
    parser.add_argument("--one", nargs=4, metavar=("CELLS", "SETS", "FORM", "THREADS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        cells, sets, form, threads = options.one
        print(json.dumps(one(int(cells), int(sets), form, int(threads), options.milliseconds)))
        return
    print(f"{'cells':>8} {'synapses':>10} {'sets':>5}  {'form':6} {'threads':>7} {'once MB':>8} {'each MB':>8} "
          f"{'counted MB':>11} {'taken MB':>9} {'ratio':>6}")  # fmt: skip
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}  # what is freed is given back
    for cells, sets, form, threads in ROWS + LARGE * options.large:
        command = [
            sys.executable,
            __file__,
            "--milliseconds",
            str(options.milliseconds),
            "--one",
            str(cells),
            str(sets),
        ]
        for _ in range(2):
            done = subprocess.run(
                [*command, form, str(threads)], env=environment, capture_output=True, text=True, check=True
            )
        found = json.loads(done.stdout.splitlines()[-1])
        counted = found["once"] + sets * found["own"]
        print(f"{cells:8,} {found['synapses']:10,} {sets:5}  {form:6} {threads:7} {found['once'] / 1e6:8.2f} "
              f"{found['own'] / 1e6:8.2f} {counted / 1e6:11.1f} {found['taken'] / 1e6:9.1f} "
              f"{found['taken'] / counted:6.2f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
