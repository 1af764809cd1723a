"""`prefs.codegen.check_bounds`: the same results, and an error that names object, list, place and time."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from ranvier import (
    Cylinder,
    Network,
    NeuronGroup,
    PopulationRateMonitor,
    Soma,
    SpatialNeuron,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    defaultclock,
    linked_var,
    ms,
    mV,
    network_operation,
    prefs,
    seed,
    um,
)
from ranvier.actions.actions import EventSpace


@pytest.fixture(autouse=True)
def checking() -> Iterator[None]:
    defaultclock.dt = 0.1 * ms
    prefs.codegen.check_bounds = True
    yield
    prefs.codegen.check_bounds = False


class Model:
    """Every kind of list that compiled code takes indices from."""

    def __init__(self) -> None:
        seed(3)
        self.cells = NeuronGroup(
            20, "dv/dt = (1.3 - v)/(2*ms) : 1", threshold="v > 1", reset="v = 0", method="euler", name="cells"
        )
        self.cells.v = "i/N"
        self.readers = NeuronGroup(30, "x : 1 (linked)\nsum : 1\ny : 1", name="readers")
        self.readers.x = linked_var(self.cells, "v", index=np.arange(30) % 20)
        self.readers.run_regularly("y = x")
        self.source = SpikeGeneratorGroup(3, [0, 1, 2], [1, 2, 3] * ms, name="source")
        self.s = Synapses(self.cells, self.cells[5:], "w : 1", on_pre="v_post += w; w += 0.001", name="s")
        self.s.connect(i=[7, 3, 3, 1], j=[2, 0, 14, 5])
        self.s.w = 0.01
        self.s.delay = "i*dt"
        self.into = Synapses(
            self.source, self.readers, "u : 1\nsum_post = u : 1 (summed)", on_pre="u += 1", name="into"
        )
        self.into.connect()
        self.spikes = SpikeMonitor(self.cells, name="spikes")
        self.trace = StateMonitor(self.cells, "v", record=[1, 19], name="trace")
        self.rate = PopulationRateMonitor(self.cells[3:9], name="rate")
        self.net = Network(self.cells, self.readers, self.source, self.s, self.into, self.spikes, self.trace, self.rate)

    def results(self) -> list[np.ndarray]:
        return [
            self.spikes.i[:],
            self.trace.v,
            self.rate.rate_[:],
            self.readers.y[:],
            self.readers.sum[:],
            self.s.w[:],
        ]


def test_results_are_the_same() -> None:
    checked = Model()
    checked.net.run(5 * ms)
    prefs.codegen.check_bounds = False
    free = Model()
    free.net.run(5 * ms)
    for a, b in zip(checked.results(), free.results(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)


def test_a_tree() -> None:
    shape = Soma(30 * um)
    shape.d = Cylinder(diameter=1 * um, length=100 * um, n=4)
    cell = SpatialNeuron(shape, "Im = 1e-4*siemens/cm**2*(-70*mV - v) : amp/meter**2")
    cell.v = -60 * mV
    Network(cell).run(1 * ms)
    assert np.isfinite(cell.v[:] / mV).all()


def spike(m: Model) -> EventSpace:
    return m.cells.event_spaces["spike"]


DAMAGE: dict[str, tuple[Callable[[Model], object], str]] = {
    "linked": (
        lambda m: m.readers.variables["x"].way.index.array.__setitem__(4, 77),
        r"'readers_run_regularly' would use element 77 by 'x: index of readers.x'\[4\] at t = 0.002 s, but only",
    ),
    "event": (
        lambda m: (
            m.cells.event_spaces["spike"].indices.__setitem__(0, -3),
            m.cells.event_spaces["spike"].count.fill(1),
        ),
        r"would use element -3 by 'cells.spike events'\[0\]",
    ),
    "event count": (lambda m: spike(m).count.fill(21), r"element 21 by 'cells.spike count'\[0\]"),
    "target": (
        lambda m: m.s.connections.targets.readable.__setitem__(1, 15),
        r"'s_pre' would use element 15 by 'v_post: s.j'\[1\]",
    ),
    "recorded": (
        lambda m: m.trace._index_storage.array.__setitem__(1, 20),
        r"'trace' would use element 20 by 'trace.indices'\[1\]",
    ),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_wrong_index_is_named(what: str) -> None:
    damage, message = DAMAGE[what]
    m = Model()

    @network_operation(when="after_thresholds" if "event" in what else "before_start")
    def operation() -> None:
        if defaultclock.timestep == 20:
            damage(m)

    m.net.add(operation)
    with pytest.raises(IndexError, match=message):
        m.net.run(5 * ms)
    assert len(m.trace.t) >= 20
