"""Time per synaptic event, and of steps without spikes: ``python benchmarks/synapses_speed.py [NAME ...]``.

A population of CUBA's size spikes at random; its pathways are built directly from actions, without the front end. The
time of the same run without the pathway is taken off. The least of several runs counts.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np

from ranvier.actions import actions as act
from ranvier.actions import synaptic_actions as syn
from ranvier.equations.assignments import Assign
from ranvier.equations.parser import parse_expression
from ranvier.runtime.simulation import Simulation
from ranvier.runtime.state import allocate
from ranvier.stages import compile_plan, make_plan

STEPS, DT, REPEATS = 10_000, 1e-4, 5
STDP = """
apre = apre*exp((last - t)/tau)
apost = apost*exp((last - t)/tau)
ge += w
apre += 0.01
w = clip(w + apost, 0, wmax)
last = t
"""


def storage(label: str, values: object, dtype: str = "f8") -> act.Storage:
    """Returns memory with values in it."""
    values = np.atleast_1d(np.asarray(values, dtype))
    array = allocate(len(values), dtype)
    array[...] = values
    return act.Storage(label, array)


class Network:
    """Elements that spike at random times, and one pathway between them."""

    def __init__(self, code: str, *, cells: int, fan_out: int, rate: float, delays: int = 1) -> None:
        self.rng = np.random.default_rng(1)
        self.cells, self.number, self.steps = cells, cells * fan_out, STEPS
        self.clock = SimpleNamespace(name="clock", dt_=DT, control=np.zeros(2, np.int64))
        self.events = act.EventSpace("g.spike", allocate(cells, "i4"), allocate(1, "i8"), act.Population("g"))
        self._spikes(rate)
        self._connect(fan_out, delays)
        self.code = tuple(self._assignment(line) for line in code.strip().splitlines())

    def _spikes(self, rate: float) -> None:
        count = self.rng.poisson(rate * DT * self.cells * STEPS)
        flat = np.unique(self.rng.integers(0, STEPS * self.cells, count))
        self.spikes = len(flat)
        self.spike_steps = storage("list.steps", [*(flat // self.cells), 2**63 - 1], "i8")
        self.spike_indices = storage("list.indices", [*(flat % self.cells), 0], "i4")
        self.place = storage("list.position", 0, "i8")

    def _connect(self, fan_out: int, delays: int) -> None:
        cells, rng = self.cells, self.rng
        sources = np.repeat(np.arange(cells), fan_out)
        targets = rng.integers(0, cells, (cells, fan_out))
        steps = np.sort(rng.integers(0, delays, (cells, fan_out)), axis=1)[:, ::-1]
        row = (sources.reshape(cells, fan_out) * delays + (delays - 1 - steps)).ravel()
        targets = targets.ravel()[np.lexsort((targets.ravel(), row))]
        counts = np.bincount(row, minlength=cells * delays)
        self.connections = syn.Connections(storage("s.i", sources, "i4"), storage("s.j", targets, "i4"))
        self.rows = syn.Rows(
            storage("s_pre.pointers", np.concatenate([[0], np.cumsum(counts)]), "i8"),
            storage("s_pre.delays", np.arange(delays)[::-1], "i8"),
            None,
        )
        history = {"indices": (cells * delays, "i4"), "counts": (delays, "i8"), "position": (1, "i8")}
        none = {"due": (0, "i8"), "due_at": (0, "i4"), "arrived": (1, "i8")}
        self.history = syn.SpikeHistory(
            *(act.Storage(f"s_pre.{name}", allocate(*what)) for name, what in (history | none).items())
        )
        number = len(sources)
        self.bindings = {
            "ge": syn.OfPost(storage("g.ge", np.zeros(cells))),
            "w": syn.OfSynapse(storage("s.w", rng.random(number) * 1e-3)),
            "apre": syn.OfSynapse(storage("s.apre", np.zeros(number))),
            "apost": syn.OfSynapse(storage("s.apost", np.zeros(number))),
            "last": syn.OfSynapse(storage("s.last", np.zeros(number))),
            "one": act.Constant(1e-3, "one"),
            "tau": act.Constant(0.02, "tau"),
            "wmax": act.Constant(0.01, "wmax"),
            "t": act.Time("t", self.clock),
        }

    @staticmethod
    def _assignment(line: str) -> Assign:
        target, _, value = line.partition("=")
        if target.rstrip().endswith("+"):
            target = target.rstrip()[:-1].strip()
            return Assign(target, parse_expression(f"{target} + ({value})"))
        return Assign(target.strip(), parse_expression(value))

    def actions(self, *, pathway: bool) -> list[act.Action]:
        """What happens in each step."""
        emit = act.Emit(
            label="list",
            clock=self.clock,
            steps=self.spike_steps,
            indices=self.spike_indices,
            position=self.place,
            period=0,
            events=self.events,
        )
        propagate = syn.Propagate(
            label="s_pre",
            clock=self.clock,
            events=self.events,
            start=0,
            stop=self.cells,
            connections=self.connections,
            rows=self.rows,
            history=self.history,
            code=self.code,
            bindings=self.bindings,
            protected={},
        )
        return [emit, propagate] if pathway else [emit]

    def seconds(self, *, pathway: bool) -> float:
        """The least CPU time of a run."""
        plan, arguments = make_plan(self.actions(pathway=pathway), [self.clock])
        simulation = Simulation(compile_plan(plan), arguments.values, arguments.callbacks)
        simulation._instants = STEPS
        best = np.inf
        for _ in range(REPEATS):
            self.clock.control[:] = 0, STEPS
            self.history.position.array[0] = 0
            began = time.process_time()
            simulation.advance(lambda: False)
            best = min(best, time.process_time() - began)
        return best


CASES: dict[str, Callable[[], Network]] = {
    "constant": lambda: Network("ge += one", cells=4000, fan_out=80, rate=20),
    "weights": lambda: Network("ge += w", cells=4000, fan_out=80, rate=20),
    "cuba": lambda: Network("ge += one", cells=4000, fan_out=80, rate=5.6),
    "delays": lambda: Network("ge += w", cells=4000, fan_out=80, rate=20, delays=26),
    "dense": lambda: Network("ge += w", cells=10_000, fan_out=1000, rate=5),
    "dense-delays": lambda: Network("ge += w", cells=10_000, fan_out=1000, rate=5, delays=26),
    "dense-equal": lambda: Network("ge += one", cells=10_000, fan_out=1000, rate=5),
    "large": lambda: Network("ge += w", cells=100_000, fan_out=80, rate=5),
    "stdp": lambda: Network(STDP, cells=4000, fan_out=400, rate=5),
    "silent": lambda: Network("ge += w", cells=4000, fan_out=80, rate=0, delays=1),
    "silent-delays": lambda: Network("ge += w", cells=4000, fan_out=80, rate=0, delays=26),
}
"""Each case by name."""


def main(names: list[str]) -> None:
    """Prints a line for each case."""
    print(f"{'case':14} {'synapses':>10} {'events':>10} {'ms':>8} {'ns/event':>9} {'ns/step':>8}")
    for name in names or CASES:
        network = CASES[name]()
        taken = network.seconds(pathway=True) - network.seconds(pathway=False)
        events = network.spikes * network.number // network.cells
        each = f"{taken / events * 1e9:9.2f}" if events else f"{'':9}"
        print(f"{name:14} {network.number:10} {events:10} {taken * 1e3:8.2f} {each} {taken / STEPS * 1e9:8.0f}")


if __name__ == "__main__":
    main(sys.argv[1:])
