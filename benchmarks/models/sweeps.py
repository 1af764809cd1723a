"""Sweeps: one process that computes sets of a network in one of several ways, whenever its input asks for it.

    python sweeps.py MODULE CASE WAY THREADS

reads numbers of sets, one a line, and answers each with a line of JSON: sets, seconds of CPU and of wall time, spikes,
peak memory in MB.
"""

import importlib
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

LIF = "dv/dt = (drive - v)/(20*ms) : 1 (unless refractory)"
NOISY = "dv/dt = (drive - v)/(20*ms) + 0.2*xi*(20*ms)**-0.5 : 1 (unless refractory)"
ADEX = """
dvm/dt = (gL*(EL - vm) + gL*DeltaT*exp((vm - VT)/DeltaT) + drive*nA - w)/C : volt
dw/dt = (a*(vm - EL) - w)/tauw : amp
"""


def constants(sim: ModuleType) -> dict[str, Any]:
    """Returns the constants of the AdEx cell of Brette and Gerstner (2005)."""
    mV, nS, pF, ms, nA = sim.mV, sim.nS, sim.pF, sim.ms, sim.nA  # noqa: N806
    cell = {"gL": 30 * nS, "EL": -70.6 * mV, "DeltaT": 2 * mV, "VT": -50.4 * mV, "C": 281 * pF}
    return {**cell, "a": 4 * nS, "tauw": 144 * ms, "b": 0.0805 * nA, "Vcut": -40 * mV}


CELLS = {
    "lif": (1, LIF, {"threshold": "v > 1", "reset": "v = 0", "refractory": 5, "method": "exact"}, (0.9, 2.0)),
    "adex": (1, ADEX, {"threshold": "vm > Vcut", "reset": "vm = EL; w += b", "method": "euler"}, (0.6, 1.2)),
    "noisy": (100, NOISY, {"threshold": "v > 1", "reset": "v = 0", "refractory": 5, "method": "euler"}, (0.7, 1.2)),
}
"""Cells, equations, arguments, and the range of `drive`."""


class Case:
    """A network, and what a sweep changes of it.

    Attributes:
        network: The network.
        spikes: Its spike monitor.
        names: The names of its texts.
        swept: The name that changes.
        span: From where to where.
    """

    def __init__(self, sim: ModuleType, name: str, copies: int = 0, cells: int = 4000) -> None:
        self.sim = sim
        if name == "cuba":
            self._cuba(cells)
        else:
            self._cells(name, copies)

    def _cells(self, name: str, copies: int) -> None:
        sim = self.sim
        count, equations, given, self.span = CELLS[name]
        options = {key: value * sim.ms if key == "refractory" else value for key, value in given.items()}
        self.swept, self.names = "drive", constants(sim) if name == "adex" else {}
        if copies:
            equations += "\ndrive : 1"
        cells = sim.NeuronGroup(count * max(copies, 1), equations, **options)
        if copies:
            cells.drive = np.repeat(np.linspace(*self.span, copies), count)
        if name == "adex":
            cells.vm = self.names["EL"]
        self._ready(cells)

    def _cuba(self, size: int) -> None:
        sim = self.sim
        mV, ms = sim.mV, sim.ms  # noqa: N806
        self.names = {"taum": 20 * ms, "taue": 5 * ms, "taui": 10 * ms, "Vt": -50 * mV, "Vr": -60 * mV, "El": -49 * mV}
        self.swept, self.span = "scale", (0.9, 1.1)
        cells = sim.NeuronGroup(
            size,
            "dv/dt = (ge + gi - (v - El))/taum : volt (unless refractory)\n"
            "dge/dt = -ge/taue : volt\ndgi/dt = -gi/taui : volt",
            threshold="v > Vt", reset="v = Vr", refractory=5 * ms, method="exact",
        )  # fmt: skip
        cells.v = np.random.default_rng(1).uniform(-60, -50, size) * mV
        excited = sim.Synapses(cells[: size * 4 // 5], cells, on_pre="ge += 1.62*mV*scale")
        inhibited = sim.Synapses(cells[size * 4 // 5 :], cells, on_pre="gi -= 9*mV")
        for each in (excited, inhibited):
            each.connect(p=80 / size)
        self._ready(cells, excited, inhibited)

    def _ready(self, cells: Any, *others: Any) -> None:
        self.spikes = self.sim.SpikeMonitor(cells)
        self.network = self.sim.Network(cells, *others, self.spikes)

    def values(self, sets: int) -> np.ndarray[Any, Any]:
        """Returns the values of the sets."""
        return np.linspace(*self.span, sets)


def sweep(sim: ModuleType, name: str, threads: int) -> Callable[[int], int]:
    """Returns what does sets by `Network.sweep`."""
    case = Case(sim, name)

    def do(sets: int) -> int:
        result = case.network.sweep(
            1 * sim.second, {case.swept: case.values(sets)}, measure={"n": "count(spikes)"}, workers=threads,
            namespace={**case.names, "spikes": case.spikes},
        )  # fmt: skip
        assert not result.failures, result.failures[0]
        return int(np.sum(result.to_arrow().column("n").to_numpy()))

    return do


def loop(sim: ModuleType, name: str, threads: int) -> Callable[[int], int]:
    """Returns what does sets by `restore` and `run`, one after another."""
    case = Case(sim, name)
    case.network.store()

    def do(sets: int) -> int:
        found = 0
        for value in case.values(sets):
            case.network.restore()
            case.network.run(1 * sim.second, namespace={**case.names, case.swept: float(value)})
            found += int(case.spikes.num_spikes)
        return found

    return do


def group(sim: ModuleType, name: str, threads: int) -> Callable[[int], int]:
    """Returns what does sets as one group of all their cells."""

    def do(sets: int) -> int:
        case = Case(sim, name, sets)
        case.network.run(1 * sim.second, namespace=case.names)
        return int(case.spikes.num_spikes)

    return do


def standalone(sim: ModuleType, name: str, threads: int) -> Callable[[int], int]:
    """Returns what does sets by a standalone program with other initial values, one process each."""
    sim.set_device("cpp_standalone", build_on_run=False)
    if name == "cuba":
        raise ValueError("constants of texts are compiled in: run_args cannot change them")
    case = Case(sim, name, 1)
    cells = next(each for each in case.network.objects if isinstance(each, sim.NeuronGroup))
    case.network.run(1 * sim.second, namespace=case.names)
    sim.device.build(directory=tempfile.mkdtemp(), run=False)

    def do(sets: int) -> int:
        found = 0
        for value in case.values(sets):
            sim.device.run(run_args={cells.drive: value})
            found += int(case.spikes.num_spikes)
        return found

    return do


WAYS = {"sweep": sweep, "loop": loop, "group": group, "standalone": standalone}


def cpu() -> float:
    """Returns seconds of CPU time of this process and those it has started."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in usage)


def main() -> None:
    """Answers."""
    module, name, way, threads = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what simulators print
    sim = importlib.import_module(module)
    if module == "brian2":
        sim.prefs.codegen.target = "cython"
    sim.seed(1)
    do = WAYS[way](sim, name, int(threads))
    do(2)
    for line in sys.stdin:
        sets = int(line)
        began, wall = cpu(), time.perf_counter()
        spikes = do(sets)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        told = {"sets": sets, "cpu": cpu() - began, "wall": time.perf_counter() - wall, "spikes": spikes, "MB": memory}
        answers.write(json.dumps(told) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
