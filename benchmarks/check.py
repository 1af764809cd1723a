"""Check that the hand-written programs compute what a simulator does: the same networks, spike for spike.

    python benchmarks/check.py [NAME ...] [--module ranvier] [--milliseconds 50]

A program is run once and writes its connections and initial values to files; the simulator (`--module brian2` where the
Python has it) builds the same network from them. The networks are chaotic: the counts of spikes part after some tens of
milliseconds, when differences in the last digit have moved a spike by a step. The network with noise cannot be compared
so; its two programs are compared with each other, and with the simulator by their rates.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy
from cases import BENCHMARKS
from contestants import HERE, HandWritten, Setting

PROGRAMS = {
    "hh": ("hh",),
    "lif-4k": ("lif",),
    "cuba-4k": ("cuba",),
    "coba": ("coba",),
    "cobahh": ("cobahh",),
    "brunel": ("brunel_rows", "brunel"),
    "brunel-delays": ("brunel_delays",),
    "stdp-4k": ("stdp", "stdp_index"),
}
SHORTEST_DELAY, DELAYS, STEP = 5, 26, 1e-4
SIEMENS_PER_MS = 0.2e-6
"""A conductance of 1/ms relative to the capacity of COBAHH's cells."""


def program_spikes(name: str, program: str, milliseconds: float, folder: Path) -> int:
    """Compile and run a program, which leaves its network in the folder; return how often its cells spiked."""
    benchmark = BENCHMARKS[name].shortened(milliseconds / 1000 / BENCHMARKS[name].seconds)
    runner = HandWritten(program, program, benchmark, "float64", Setting(0, 600.0, folder))
    runner.start()
    environment = os.environ | {"LIMIT_DUMP": str(folder)}
    done = subprocess.run(runner.command, env=environment, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)["spikes"]


def simulator_spikes(sim: ModuleType, name: str, milliseconds: float, folder: Path) -> int:
    """Build the network that a program left in the folder, run it, and return how often its cells spiked."""
    benchmark = BENCHMARKS[name]
    model = importlib.import_module(benchmark.model).build(sim, benchmark.cells)
    delayed: list[tuple[Any, numpy.ndarray]] = []

    def wire(synapses: Any, first: int, probability: float) -> None:
        sources, targets, delays = connections(folder)
        mine = (sources >= first) & (sources < first + len(synapses.source))
        synapses.connect(i=sources[mine] - first, j=targets[mine])
        if delays is not None:
            delayed.append((synapses, delays[mine]))

    parts = model.connect(wire)
    for synapses, delays in delayed:
        synapses.delay = delays * STEP * sim.second
    model.start()
    for variable, scale in initial_values(benchmark.model).items():
        setattr(model.group, f"{variable}_", numpy.fromfile(folder / variable) * scale)
    counter = sim.SpikeMonitor(model.group, record=False)
    sim.Network(model.group, *parts, counter).run(milliseconds * sim.ms)
    return int(counter.num_spikes)


def connections(folder: Path) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray | None]:
    """Return sources and targets of the synapses that a program left, and their delays in steps if they differ."""
    first = numpy.fromfile(folder / "first", dtype=numpy.uint32)
    width = numpy.uint16 if (folder / "target").stat().st_size == 2 * int(first[-1]) else numpy.uint32
    targets = numpy.fromfile(folder / "target", dtype=width).astype(numpy.int32)
    cells = numpy.arange(len(first) - 1, dtype=numpy.int32)
    sources = numpy.repeat(cells, numpy.diff(first))
    if not (folder / "offset").exists():
        return sources, targets, None
    offsets = numpy.fromfile(folder / "offset", dtype=numpy.uint16).reshape(-1, DELAYS + 1)
    lengths = numpy.diff(offsets.astype(numpy.int64), axis=1)
    delays = numpy.tile(numpy.arange(DELAYS) + SHORTEST_DELAY, len(cells))
    return sources, targets, numpy.repeat(delays, lengths.ravel())


def initial_values(model: str) -> dict[str, float]:
    """Return which variables a program leaves, and what makes SI units of them."""
    if model == "cobahh":
        return {"v": 1e-3, "ge": SIEMENS_PER_MS, "gi": SIEMENS_PER_MS}
    return {"cuba": {"v": 1.0}, "coba": {"v": 1.0, "ge": 1.0, "gi": 1.0}}.get(model, {})


def main() -> None:
    """Print the counts of spikes side by side."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PROGRAMS)}")
    parser.add_argument("--module", default="ranvier", help="ranvier or brian2")
    parser.add_argument("--milliseconds", type=float, default=50.0)
    options = parser.parse_args()
    sys.path.insert(0, str(HERE / "models"))
    sim = importlib.import_module(options.module)
    sim.defaultclock.dt = STEP * sim.second
    for name in options.names or PROGRAMS:
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            counts = {p: program_spikes(name, p, options.milliseconds, folder) for p in PROGRAMS[name]}
            counts[options.module] = simulator_spikes(sim, name, options.milliseconds, folder)
        print(f"{name:14}" + "".join(f"  {who} {count}" for who, count in counts.items()), flush=True)


if __name__ == "__main__":
    main()
