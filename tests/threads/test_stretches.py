"""Threads go through several instants between two meetings where spikes take so long to arrive."""

import threading
import time

import numpy as np
import pytest
from threads.networks import delayed
from threads.outcome import check_same, outcome_of, run_with

from ranvier import (
    EventMonitor,
    Network,
    NeuronGroup,
    PopulationRateMonitor,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    linked_var,
    ms,
    network_operation,
    prefs,
    second,
    seed,
    start_scope,
)
from ranvier.passes.default_pipeline import DEFAULT_PIPELINE
from ranvier.pipeline.options import PARTITION, joined
from ranvier.runtime import recorder
from ranvier.runtime.team import dividing_all_work


def delayed_by(delay: object, *more: object, size: int = 1500) -> Network:
    """Cells of which many spike, whose spikes arrive later."""
    group = NeuronGroup(
        size, "dv/dt = (1.3 - v)/(5*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", name="group"
    )
    group.v = "rand()"
    synapses = Synapses(group, group, "w : 1", on_pre="v_post += w", name="synapses")
    synapses.connect(p=0.02)
    synapses.w = "0.002*rand()"
    synapses.delay = delay
    return Network(group, synapses, SpikeMonitor(group, name="spikes"), *more)


def text_of(network: Network) -> str:
    prefs.codegen.threads = 2
    with dividing_all_work():
        return network.lower().as_text("optimised")


def goes_on(network: Network) -> bool:
    return "{stretches}" in text_of(network)


def test_threads_go_on_where_all_spikes_take_a_step_at_least() -> None:
    start_scope()
    assert goes_on(delayed_by(0.1 * ms))
    assert goes_on(delayed_by("1*ms + rand()*ms"))
    assert not goes_on(delayed_by(0 * ms))
    assert not goes_on(delayed_by("int(rand() < 0.5)*ms"))


def test_threads_go_on_where_nothing_is_sent() -> None:
    start_scope()
    group = NeuronGroup(2000, "dv/dt = (2 - v)/(9*ms) : 1", threshold="v > 1", reset="v = 0", method="exact")
    assert goes_on(Network(group, PopulationRateMonitor(group), StateMonitor(group, "v", record=[5, 1])))


def test_threads_meet_where_something_has_to_be_seen_in_each_step() -> None:
    start_scope()
    other = NeuronGroup(1500, "x : 1", name="other")
    group = delayed_by(1 * ms)["group"]
    seen = NeuronGroup(1500, "dy/dt = (z - y)/(5*ms) : 1\nz : 1 (linked)", method="euler", name="seen")
    seen.z = linked_var(group, "v", index=np.arange(1500)[::-1])
    generator = SpikeGeneratorGroup(1500, [3], [1] * ms, name="generator")
    sums = Synapses(group, other, "x_post = v_pre : 1 (summed)", name="sums")
    sums.connect(j="i")
    call = network_operation(lambda: None)
    for more in ([seen], [generator], [other, sums], [call], [SpikeMonitor(group, variables="v", name="values")]):
        start_scope()
        assert not goes_on(Network(group, *more)), more


def test_all_that_is_recorded_is_divided_by_who_owns_it() -> None:
    start_scope()
    text = text_of(delayed())
    assert "{stretches}" in text and text.count('division = "owners"') == 3


def monitored() -> Network:
    """Spikes of all cells, of some across the ends of parts, and of some within one, are recorded or counted."""
    network = delayed_by("1.1*ms + rand()*ms", size=2600)
    group = network["group"]
    for name, start, stop in (("most", 300, 2300), ("few", 700, 710), ("last", 2599, 2600)):
        network.add(SpikeMonitor(group[start:stop], name=name))
        network.add(SpikeMonitor(group[start:stop], record=False, name=f"{name}_counted"))
    network.add(EventMonitor(group, "spike", variables="i", name="twice"), PopulationRateMonitor(group, name="rate"))
    return network


@pytest.mark.parametrize("threads", (2, 3, 8))
def test_each_thread_writes_the_rows_of_its_own_spikes(threads: int) -> None:
    found = run_with(threads, monitored, 31)
    check_same(found, run_with(1, monitored, 31))
    assert len(found["most.i"]) > len(found["last.i"]) > 3 and found["few_counted.count"].sum() == len(found["few.i"])


def test_the_main_thread_says_only_where_rows_begin() -> None:
    start_scope()
    prefs.codegen.threads = 2
    network = monitored()
    with dividing_all_work():
        loops = network.lower().as_text("loops")
    phase, _, behind = loops.partition('"scf.parallel"')[2].partition("func.return")[0].partition("scf.reduce")
    monitors = sum(isinstance(each, EventMonitor) for each in network.objects)
    assert phase.count("call @record_events") == behind.count("call @record_events") == monitors == 8
    assert behind.count("call @place_rows") == 5 and "call @place_rows" not in phase


@pytest.mark.parametrize("steps", (1, 2, 10, 11, 31, 33, 100))
def test_runs_of_any_length_end_where_they_should(steps: int) -> None:
    found = {}
    for threads in (1, 3):
        start_scope()
        seed(2)
        prefs.codegen.threads = threads
        network = delayed_by("1.1*ms + rand()*ms")
        with dividing_all_work():
            for _ in range(3):
                network.run(steps * 0.1 * ms)
        assert network.t / ms == pytest.approx(0.3 * steps)
        found[threads] = outcome_of(network)
    check_same(found[3], found[1])


def test_all_spikes_find_room_where_there_is_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """All cells spike at once, in tables that have no room for two such instants."""

    def build() -> Network:
        network = delayed_by(2 * ms)
        network["group"].v = 0.99
        return network

    expected = run_with(1, build)
    monkeypatch.setattr(recorder, "ROOM_BYTES", 1)
    monkeypatch.setattr(recorder, "FIRST_CHUNK_BYTES", 1)
    check_same(run_with(2, build), expected)
    assert np.bincount(np.unique(expected["spikes.t"], return_inverse=True)[1]).max() == 1500


def test_what_is_recorded_goes_to_files(tmp_path) -> None:
    found = []
    for threads in (1, 2):
        start_scope()
        seed(2)
        prefs.codegen.threads = threads
        network = delayed_by(1.5 * ms)
        spikes = network["spikes"]
        spikes.stream_to(tmp_path / f"{threads}.arrows", memory_budget=1 << 20)
        with dividing_all_work():
            network.run(60 * ms)
        found.append((np.array(spikes.i), np.array(spikes.t_)))
        spikes.close()
    assert all(one.tobytes() == other.tobytes() for one, other in zip(*found, strict=True)) and len(found[0][0])


def test_networks_go_on_with_another_number_of_threads() -> None:
    """Spikes that are on their way stand where a program for one thread, or one that meets in each step, finds them."""
    found = []
    for numbers in ((1, 1, 1, 1), (2, 1, 3, 2), (1, 2, 1, 8)):
        start_scope()
        seed(2)
        late = NeuronGroup(700, "x : 1", name="late")
        network = delayed_by("1.1*ms + 2*ms*rand()", late)
        with dividing_all_work():
            for k, number in enumerate(numbers):
                prefs.codegen.threads = number
                if k == 2:
                    network.store()
                    network.run(1 * ms)
                    network.restore(restore_random_state=True)
                network.run(2.3 * ms)
        found.append(outcome_of(network))
    check_same(found[1], found[0])
    check_same(found[2], found[0])


def test_runs_stop_between_stretches() -> None:
    start_scope()
    prefs.codegen.threads = 2
    network = delayed_by(1.5 * ms)

    def stop() -> None:
        while network.t_ == 0:
            time.sleep(0.01)
        network.stop()

    thread = threading.Thread(target=stop)
    thread.start()
    with dividing_all_work():
        network.run(10_000 * second)
    thread.join()
    stopped = int(network.t / (0.1 * ms) + 0.5)
    assert 0 < stopped and np.max(network["spikes"].t / ms) <= network.t / ms
    network.run(1 * ms)
    assert int(network.t / (0.1 * ms) + 0.5) == stopped + 10


def test_stretches_stay_as_long_as_they_may_be_while_chunks_fill_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the end of a chunk there is no room for all cells in each instant of a stretch: a new one begins early."""
    left: list[int] = []
    turn_over = recorder.Table.turn_over

    def note(self: recorder.Table) -> None:
        left.append(int(self.control[1] - self.control[0]))
        turn_over(self)

    found = {}
    for threads in (1, 2):
        start_scope()
        seed(2)
        prefs.codegen.threads = threads
        network = delayed_by(1 * ms)
        network["group"].v = 0.99
        network["synapses"].w = 0.3  # all spike again and again
        monkeypatch.setattr(recorder.Table, "turn_over", note if threads == 2 else turn_over)
        with dividing_all_work():
            network.run(300 * ms)
        found[threads] = outcome_of(network)
    check_same(found[2], found[1])
    room = 10 * 1500
    in_stretch = np.bincount(np.rint(found[1]["spikes.t"] / 1e-3 - 0.5).astype(int)).max()
    assert len(left) > 3 and in_stretch < room / 2
    assert all(room - in_stretch <= rows < room for rows in left[-3:]), "the first ones are small"


@pytest.mark.parametrize("threads", (1, 2))
def test_a_program_that_is_divided_anyway_finds_room_with_one_thread(threads: int) -> None:
    """Native code asks for room for a stretch, whoever runs it."""
    found = []
    for pipeline in (DEFAULT_PIPELINE, joined(DEFAULT_PIPELINE, PARTITION)):
        start_scope()
        seed(2)
        prefs.codegen.threads = threads
        prefs.codegen.pipeline = pipeline
        network = delayed_by(1 * ms)
        network["group"].v = 0.99
        network["synapses"].w = 0.3
        network.run(100 * ms)
        found.append(outcome_of(network))
    check_same(found[1], found[0])
    assert len(found[0]["spikes.t"]) > 20 * 1500
