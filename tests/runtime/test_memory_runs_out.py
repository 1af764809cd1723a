"""Every allocation of arrays fails once: nothing recorded is lost, the network can be read, the same call works then.

The counterpart for compiled code's own memory is `tests/codegen/test_out_of_memory.py`.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from ranvier import (
    BrianObjectException,
    Network,
    NeuronGroup,
    PopulationRateMonitor,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    defaultclock,
    ms,
    seed,
)
from ranvier.runtime import state


class Scarce(state.Memory):
    """The memory of the process, of which one allocation fails."""

    def __init__(self, real: state.Memory) -> None:
        self.real = real
        self.count = 0
        self.fail_at = -1

    def _note(self) -> None:
        self.count += 1
        if self.count - 1 == self.fail_at:
            raise MemoryError("no memory left")

    def zeros(self, size: int) -> np.ndarray:
        self._note()
        return self.real.zeros(size)

    def empty(self, size: int) -> np.ndarray:
        self._note()
        return self.real.empty(size)


@pytest.fixture
def scarce(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scarce]:
    memory = Scarce(state.memory)
    monkeypatch.setattr(state, "memory", memory)
    defaultclock.dt = 0.1 * ms
    yield memory


class Model:
    """A network with everything that takes memory."""

    def __init__(self, folder: Path) -> None:
        seed(7)
        self.drive = TimedArray([1.5, 0.5], dt=10 * ms)
        self.cells = NeuronGroup(
            300,
            "dv/dt = (drive(t) - v)/(5*ms) : 1",
            threshold="v > 1",
            reset="v = 0",
            method="euler",
            name="cells",
            namespace={"drive": self.drive},
        )
        self.cells.v = "i/N"
        self.source = SpikeGeneratorGroup(3, [0, 1, 2], [1, 5, 15] * ms, name="source")
        self.s = Synapses(
            self.cells,
            self.cells,
            "w : 1\ndx/dt = -x/(10*ms) : 1 (event-driven)",
            on_pre="v_post += w; x += 0.01",
            on_post="w += 0.0001*x",
            name="s",
        )
        self.s.connect(condition="abs(i - j) < 3")
        self.s.w = "0.0001*i"
        self.into = Synapses(self.source, self.cells, on_pre="v_post += 0.1", name="into")
        self.into.connect()
        self.spikes = SpikeMonitor(self.cells, "v", name="spikes")
        self.trace = StateMonitor(self.cells, "v", record=True, name="trace")
        self.rate = PopulationRateMonitor(self.cells, name="rate")
        self.net = Network(self.cells, self.source, self.s, self.into, self.spikes, self.trace, self.rate)
        self.folder = folder

    def recorded(self) -> list[np.ndarray]:
        return [
            self.spikes.i[:],
            self.spikes.t_[:],
            np.array(self.spikes.v),
            self.trace.t_[:],
            np.array(self.trace.v).T,
            self.rate.rate_[:],
        ]

    def results(self) -> list[np.ndarray]:
        s = self.s
        variables = [self.cells.v, s.w, s.x, s.i, s.j, s.pre.delay, self.spikes.count]
        return [*self.recorded(), *(np.array(view) for view in variables)]


def run_on(m: Model) -> None:
    m.net.run(10 * ms - m.net.t)


def connect(m: Model) -> None:
    m.s.connect(condition="abs(i - j) == 5")


def connect_unsorted(m: Model) -> None:
    m.s.connect(i=[5, 3, 1], j=[0, 0, 1])


def set_values(m: Model) -> None:
    m.s.w = "0.0001*j"
    m.cells.v = "i/(2*N)"


def set_delays(m: Model) -> None:
    m.s.pre.delay = "(i % 5)*dt"


def set_spikes(m: Model) -> None:
    m.source.set_spikes([0, 1, 0], [6, 7, 8] * ms)


def change_timed_array(m: Model) -> None:
    m.drive.values = [1.5, 0.5, 0.7]


def restore(m: Model) -> None:
    m.net.restore()


def store(m: Model) -> None:
    m.net.store("other")


def stream(m: Model) -> None:
    if not m.trace.table.is_streamed:
        m.trace.stream_to(m.folder / "trace.arrows")


ACTS = [
    None,
    connect_unsorted,
    *(
        pytest.param(act, marks=pytest.mark.long)
        for act in (connect, restore, set_values, set_delays, set_spikes, change_timed_array, store, stream)
    ),
]


def prepared(folder: Path) -> Model:
    m = Model(folder)
    m.net.store()
    m.net.run(4 * ms)
    return m


@pytest.mark.parametrize("act", ACTS, ids=lambda act: "run" if act is None else act.__name__)
def test_each_allocation_may_fail(scarce: Scarce, act: Callable[[Model], None] | None, tmp_path: Path) -> None:
    def acts(m: Model, number: int) -> None:
        if act is not None:
            attempt(act, m)
        attempt(run_on, m)

    failed = 0

    def attempt(call: Callable[[Model], None], m: Model) -> None:
        nonlocal failed
        before = m.recorded()
        try:
            call(m)
        except (MemoryError, BrianObjectException) as error:
            cause = error.__cause__ if isinstance(error, BrianObjectException) else error
            assert isinstance(cause, MemoryError), repr(error)
            failed += 1
            if m.net.is_half_restored:
                with pytest.raises(RuntimeError, match=r"call restore\(\) again"):
                    m.net.run(1 * ms)
                before = []
            for old, new in zip(before, m.recorded(), strict=bool(before)):
                np.testing.assert_array_equal(old, new[: len(old)])
            m.results()
            call(m)

    expected: list[np.ndarray] = []
    number = -1
    while True:
        folder = tmp_path / str(number)
        folder.mkdir()
        scarce.fail_at = -1
        m = prepared(folder)
        scarce.count, scarce.fail_at = 0, number
        failed = 0
        acts(m, number)
        found = m.results()
        if number < 0:
            expected = found
        elif not failed:
            assert number >= scarce.count
            break
        for k, (old, new) in enumerate(zip(expected, found, strict=True)):
            np.testing.assert_array_equal(old, new, err_msg=f"allocation {number}, result {k}")
        number += 1
    assert number > 3
