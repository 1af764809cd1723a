"""A network that is changed between runs does the same in every layout: derived arrays follow what they are of."""

from collections.abc import Iterator

import numpy as np
import pytest

import ranvier as rv

TICK = rv.second / 8192
"""The step: a power of two, as all weights are multiples of one, so that nothing is rounded."""

CELLS = 600


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    layout, dt = rv.prefs["codegen.synapse_layout"], rv.defaultclock.dt
    yield
    rv.prefs["codegen.synapse_layout"] = layout
    rv.defaultclock.dt = dt


class Changing:
    """A network, and what a script may do to its synapses between runs."""

    def __init__(self, layout: str, number: int) -> None:
        rv.start_scope()
        rv.defaultclock.dt = TICK
        rv.prefs["codegen.synapse_layout"] = layout
        rv.seed(number)
        self.rng = np.random.default_rng(number)
        self.cells = rv.NeuronGroup(
            CELLS,
            "dv/dt = drive/tick : 1 (unless refractory)\ndrive : 1",
            threshold="v > 4",
            reset="v = 0",
            refractory=3 * TICK,
            method="euler",
            namespace={"tick": TICK},
        )
        self.cells.drive = self.rng.integers(1, 9, CELLS) / 64
        self.synapses = rv.Synapses(self.cells, self.cells, "w : 1", on_pre="v_post += w")
        self.connect(0.3)
        self.synapses.w = 1 / 256
        self.spikes = rv.SpikeMonitor(self.cells)
        self.network = rv.Network(self.cells, self.synapses, self.spikes)
        self.changes = (
            lambda: self.set_all(int(self.rng.integers(-2, 3)) / 512),
            self.set_some,
            lambda: self.set_all("-1.0/512*(i%3)"),
            lambda: self.connect(0.05),
            lambda: self.delay(2 * TICK),
            lambda: self.delay(self.rng.integers(0, 6, len(self.synapses)) * TICK),
            self.store_and_restore,
            lambda: self.set_all(self.rng.integers(-3, 4, len(self.synapses)) / 1024),
        )

    def connect(self, probability: float) -> None:
        sources, targets = (self.rng.random((CELLS, CELLS)) < probability).nonzero()
        self.synapses.connect(i=sources, j=targets)

    def set_all(self, value) -> None:
        self.synapses.w = value

    def set_some(self) -> None:
        self.synapses.w[5:900] = 3 / 512

    def delay(self, value) -> None:
        self.synapses.delay = value

    def store_and_restore(self) -> None:
        self.network.store()
        self.network.run(20 * TICK)
        after = self.state()
        self.network.restore()
        self.network.run(20 * TICK)
        assert self.state() == after

    def state(self) -> tuple[int, float]:
        return self.spikes.num_spikes, float(np.sum(self.cells.v[:]))

    def history(self) -> list[tuple[int, float]]:
        """Runs and changes in turns, in an order of its own; returns the state after each."""
        states = []
        for k in self.rng.permutation(len(self.changes)):
            self.network.run(40 * TICK)
            states.append(self.state())
            self.changes[k]()
        self.network.run(40 * TICK)
        return [*states, self.state()]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("number", [0, *(pytest.param(k, marks=pytest.mark.long) for k in range(1, 6))])
def test_every_layout_follows_the_changes(number):
    expected = Changing("rows", number).history()
    assert expected[-1][0] > CELLS
    for layout in ("auto", "counts", "bits", "ring"):
        assert Changing(layout, number).history() == expected, layout
