"""What a network operation changes while the network runs takes effect from the next step on, and harms nothing.

The measure is the same script as several runs, with the changes between them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from ranvier import (
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    defaultclock,
    ms,
    network_operation,
)
from ranvier.actions.actions import Action


@pytest.fixture(autouse=True)
def _step() -> None:
    defaultclock.dt = 0.1 * ms


STDP = """w : 1
          dapre/dt = -apre/(5*ms) : 1 (event-driven)
          dapost/dt = -apost/(5*ms) : 1 (event-driven)"""


class Model:
    """Plastic synapses between cells that spike in turn."""

    def __init__(self, n: int = 30) -> None:
        turn = "int(t/dt + 0.5) % {0} == i % {0}"
        self.pre = NeuronGroup(n, "v : 1", threshold=turn.format(7), reset="v += 1", name="pre")
        self.post = NeuronGroup(n, "x : 1\ntotal : 1", threshold=turn.format(5), reset="", name="post")
        self.s = Synapses(
            self.pre,
            self.post,
            STDP + "\ntotal_post = w : 1 (summed)",
            on_pre="x_post += w; apre += 0.1; w += apost",
            on_post="apost -= 0.05; w += apre",
            name="s",
        )
        self.s.connect(j="i")
        self.s.w = "1 + i"
        self.spikes = SpikeMonitor(self.pre, name="spikes")
        self.trace = StateMonitor(self.post, ["x", "total"], record=True, name="trace")
        self.net = Network(self.pre, self.post, self.s, self.spikes, self.trace)

    def results(self) -> dict[str, np.ndarray]:
        return {
            "x": self.post.x[:],
            "w": self.s.w[:],
            "apre": self.s.apre[:],
            "v": self.pre.v[:],
            "i": self.spikes.i[:],
            "xs": self.trace.x[:],
            "totals": self.trace.total[:],
            "j": self.s.j[:],
        }


def connect_one(m: Model, number: int) -> None:
    m.s.connect(i=[3, 1], j=[2, number])


def connect_and_set(m: Model, number: int) -> None:
    m.s.connect(i=[3], j=[number])
    m.s.w = "w + 0.5"


def connect_between_writes(m: Model, number: int) -> None:
    m.s.w[1] = number
    m.s.connect(i=[3], j=[2])
    m.s.w[0] = 9
    m.s.connect(condition="i == j + 1")
    m.s.w[-1] = 5


def set_delays(m: Model, number: int) -> None:
    m.s.pre.delay = "(i % 4)*dt" if number == 2 else 0.3 * ms


def set_one_delay(m: Model, number: int) -> None:
    m.s.pre.delay[5] = number * ms


def connect_and_set_delays(m: Model, number: int) -> None:
    m.s.connect(i=[3], j=[number])
    m.s.post.delay = "(j % 4)*dt"


def add_a_monitor(m: Model, number: int) -> None:
    m.net.add(StateMonitor(m.pre, "v", record=True, dt=0.5 * ms, name=f"late_{number}"))


def remove_the_synapses(m: Model, number: int) -> None:
    if number == 2:
        m.net.remove(m.s)


CHANGES = [
    connect_one,
    connect_and_set,
    connect_between_writes,
    set_delays,
    set_one_delay,
    connect_and_set_delays,
    add_a_monitor,
    remove_the_synapses,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_changes_act_from_the_next_step_on(change: Callable[[Model, int], None]) -> None:
    split = Model()
    for number in range(4):
        split.net.run(1 * ms)
        change(split, number)
    split.net.run(1 * ms)
    expected = split.results()

    whole = Model()

    @network_operation(when="after_end")
    def operation() -> None:
        number, rest = divmod(defaultclock.timestep, 10)
        if rest == 9 and number < 4:
            change(whole, number)

    whole.net.add(operation)
    whole.net.run(5 * ms)
    for name, values in whole.results().items():
        np.testing.assert_allclose(values, expected[name], rtol=1e-13, err_msg=name)


@pytest.mark.parametrize("when", ["start", "thresholds", "before_synapses", "resets", "end"])
@pytest.mark.parametrize("number", [10, 5000])
def test_native_code_does_not_use_freed_synapses(number: int, when: str) -> None:
    cells = NeuronGroup(number, "v : 1", threshold="True", reset="")
    targets = NeuronGroup(number, "x : 1")
    s = Synapses(cells, targets, "w : 1", on_pre="x_post += w; w += 1")
    s.connect(j="i")
    s.w = "1 + i"

    @network_operation(dt=1 * ms, when=when)
    def operation() -> None:
        s.connect(i=[0], j=[0])
        s.w[number:] = 0

    Network(cells, targets, s, operation).run(5 * ms)
    np.testing.assert_array_equal(s.w[:number], np.arange(number) + 51)
    np.testing.assert_array_equal(targets.x[1:], np.arange(1, number) * 50 + 50 + 25 * 49)


def test_new_synapses_of_brians_result() -> None:
    cells = NeuronGroup(10, "v : 1", threshold="True", reset="")
    targets = NeuronGroup(10, "x : 1")
    s = Synapses(cells, targets, "w : 1", on_pre="x_post += w")
    s.connect(j="i")
    s.w = "1 + i"

    @network_operation(dt=1 * ms)
    def operation() -> None:
        s.connect(i=[0], j=[0])

    Network(cells, targets, s, operation).run(5 * ms)
    assert list(targets.x[:]) == [50 * k for k in range(1, 11)]


def test_connecting_in_a_report_function() -> None:
    m = Model()
    calls: list[float] = []

    def report(elapsed: object, completed: float, start: object, duration: object) -> None:
        calls.append(completed)
        if len(calls) == 2:
            m.s.connect(i=[3], j=[2])

    m.net.run(300 * ms, report=report, report_period=1e-6 * ms)
    assert len(m.s) == 31
    assert len(m.spikes.t) == m.spikes.num_spikes


def test_connecting_while_another_thread_runs_the_network() -> None:
    m = Model(2000)
    thread = threading.Thread(target=lambda: m.net.run(200 * ms))
    thread.start()
    while thread.is_alive():
        m.s.connect(i=[3], j=[2])
    assert np.isfinite(m.s.w[:]).all()


def test_connecting_while_another_thread_prepares_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    m, prepare = Model(30), Synapses.prepare
    threads: list[threading.Thread] = []

    def connects_meanwhile(self: Synapses, namespace: Mapping[str, object]) -> list[Action]:
        actions = prepare(self, namespace)
        if threads:
            return actions
        threads.append(threading.Thread(target=lambda: self.connect(i=[3], j=[2])))
        threads[-1].start()
        threads[-1].join(0.3)
        assert threads[-1].is_alive()  # it waits until all objects are prepared and the program is bound
        return actions

    monkeypatch.setattr(Synapses, "prepare", connects_meanwhile)
    m.net.run(1 * ms)
    threads[0].join()
    assert len(m.s) == 31


def test_spikes_that_are_set_while_the_network_runs() -> None:
    source = SpikeGeneratorGroup(3, [0, 1], [0.2, 3.2] * ms)
    spikes = SpikeMonitor(source)

    @network_operation(dt=2 * ms)
    def operation() -> None:
        if defaultclock.t > 1 * ms:
            source.set_spikes([2, 1], [3, 3.5] * ms)

    Network(source, spikes, operation).run(5 * ms)
    assert list(spikes.i) == [0, 2, 1]


@pytest.mark.parametrize("profile", [False, True])
def test_objects_added_while_the_network_runs(profile: bool) -> None:
    cells = NeuronGroup(3, "dv/dt = 1/ms : 1", method="euler")
    late = StateMonitor(cells, "v", record=0, dt=0.5 * ms)

    @network_operation(dt=2 * ms)
    def operation() -> None:
        if defaultclock.t > 1 * ms and late not in net:
            net.add(late)

    net = Network(cells, operation)
    net.run(4 * ms, profile=profile)
    np.testing.assert_allclose(late.t / ms, [2.5, 3, 3.5])
    np.testing.assert_allclose(late.v[0], [2.5, 3, 3.5])
    np.testing.assert_allclose(cells.v, 4)


# ---------------------------------------------------------------- monitors


def recorded(change: Callable[[SpikeMonitor, StateMonitor], None], tmp_path: Path) -> dict[str, np.ndarray]:
    cells = NeuronGroup(200, "dv/dt = 1/ms : 1", threshold="True", reset="", method="euler")
    spikes, trace = SpikeMonitor(cells), StateMonitor(cells, "v", record=True)

    @network_operation(dt=1 * ms)
    def operation() -> None:
        change(spikes, trace)

    net = Network(cells, spikes, trace, operation)
    net.run(20 * ms)
    net.run(3 * ms)
    return {"i": spikes.i[:], "t": spikes.t_[:], "v": trace.v[:], "vt": trace.t_[:], "count": spikes.count[:]}


def _stream(spikes: SpikeMonitor, trace: StateMonitor, folder: Path) -> None:
    if defaultclock.timestep == 40:
        spikes.stream_to(folder / "spikes.arrows")
        trace.stream_to(folder / "trace.parquet")


def _close(spikes: SpikeMonitor, trace: StateMonitor, folder: Path) -> None:
    if defaultclock.timestep == 0:
        spikes.stream_to(folder / "spikes.arrows")
        trace.stream_to(folder / "trace.arrows")
    spikes.close()
    trace.close()


def _read(spikes: SpikeMonitor, trace: StateMonitor, folder: Path) -> None:
    assert len(spikes.i[:]) == 200 * defaultclock.timestep
    assert trace.v.shape == (200, defaultclock.timestep)
    trace.to_arrow()


@pytest.mark.parametrize("act", [_stream, _close, _read], ids=["stream", "close", "read"])
def test_monitors_used_while_they_record(act: Callable[..., None], tmp_path: Path) -> None:
    expected = recorded(lambda spikes, trace: None, tmp_path)
    found = recorded(lambda spikes, trace: act(spikes, trace, tmp_path), tmp_path)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)


def test_what_was_read_before_a_monitor_is_emptied_stays(tmp_path: Path) -> None:
    read: list[np.ndarray] = []
    tables: list[object] = []

    def empty(spikes: SpikeMonitor, trace: StateMonitor) -> None:
        read.append(trace.v[0].copy())
        tables.append(trace.to_arrow())
        spikes.reinit()
        trace.reinit()

    found = recorded(empty, tmp_path)
    assert found["count"].tolist() == [10] * 200
    assert found["i"].size == 2000
    assert found["v"].shape == (200, 10)
    np.testing.assert_allclose(found["v"][0], 22 + np.arange(10) / 10)
    np.testing.assert_allclose(read[5], 4 + np.arange(10) / 10)
    values = np.array([row[0] for row in tables[5].column("v").to_pylist()])  # pyright: ignore
    np.testing.assert_allclose(values, 4 + np.arange(10) / 10)
