"""Further threads come with a run and go with it, whatever ends it."""

import os
import signal
import threading
import time

import numpy as np
import pytest
from threads.networks import cells, rows
from threads.outcome import check_same, outcome_of, run_with

from ranvier import (
    BrianObjectException,
    Network,
    NeuronGroup,
    SpikeMonitor,
    StateMonitor,
    defaultclock,
    ms,
    network_operation,
    prefs,
    second,
    seed,
    start_scope,
    stop,
)
from ranvier.codegen.target import has_threads
from ranvier.ir.team import PART, PARTS, PHASE, words_for
from ranvier.runtime.team import NAME, Team, dividing_all_work

pytestmark = pytest.mark.skipif(not has_threads(), reason="several threads need futex")


@pytest.fixture(autouse=True)
def three_threads():
    start_scope()
    prefs.codegen.threads = 3
    with dividing_all_work():
        yield
    assert not parts()


def parts() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith(NAME)]


def watched(act, size: int = 1400) -> Network:
    """Returns a network that calls a function at each step, and notes how many further threads there are."""
    group = cells(size)

    @network_operation(dt=defaultclock.dt)
    def call(t) -> None:
        seen.append(len(parts()))
        act(t)

    seen: list[int] = []
    network = Network(group, call, SpikeMonitor(group, name="spikes"))
    network.seen = seen
    return network


def test_threads_are_there_in_a_run_only() -> None:
    network = watched(lambda t: None)
    network.run(1 * ms)
    assert network.seen == [2] * 10 and not parts()


def test_an_error_in_python_ends_the_run_and_leaves_no_thread() -> None:
    def fail(t) -> None:
        if t > 0.45 * ms:
            raise ZeroDivisionError("on purpose")

    network = watched(fail)
    with pytest.raises((ZeroDivisionError, BrianObjectException)):
        network.run(2 * ms)
    assert not parts() and len(network.seen) == 6


def test_stop_ends_the_run_at_the_end_of_the_step() -> None:
    network = watched(lambda t: stop() if t > 0.45 * ms else None)
    network.run(5 * ms)
    assert network.t == pytest.approx(0.6e-3) and not parts()


def test_ctrl_c_ends_the_run() -> None:
    group = NeuronGroup(2000, "dv/dt = -v/(10*ms) : 1", method="exact")
    network = Network(group)
    network.run(0.1 * ms)
    old = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have let it be ignored
    timer = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    began = time.monotonic()
    try:
        network.run(1e5 * second)
    finally:
        timer.join()
        signal.signal(signal.SIGINT, old)
    assert network.t < 1e5 * second and time.monotonic() - began < 30 and not parts()


def test_full_tables_do_not_disturb_threads() -> None:
    def build() -> Network:
        group = cells()
        return Network(group, StateMonitor(group, "v", record=True), SpikeMonitor(group))

    check_same(run_with(3, build, 60), run_with(1, build, 60))


def test_a_run_goes_on_alone_where_the_system_gives_no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = run_with(3, rows)

    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        found = run_with(3, rows)
    check_same(found, expected)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_child_that_is_forked_in_a_run_ends_it_alone() -> None:
    children: list[int] = []

    def fork(t) -> None:
        if not children and t > 0.5 * ms:
            reader, writer = os.pipe()
            children.extend([os.fork(), reader, writer])

    seed(3)
    network = watched(fork)
    network.run(3 * ms)
    spikes = outcome_of(network)["spikes.i"].tobytes()
    child, reader, writer = children
    if child == 0:
        try:
            os.write(writer, spikes if not parts() else b"threads are left")
        finally:
            os._exit(0)
    os.close(writer)
    found = b""
    while chunk := os.read(reader, 1 << 16):
        found += chunk
    os.close(reader)
    os.waitpid(child, 0)
    assert spikes and found == spikes


def test_networks_of_several_python_threads_have_threads_each() -> None:
    results: dict[int, bytes] = {}

    def simulate(number: int, network: Network) -> None:
        network.run(3 * ms)
        results[number] = np.asarray(network.sorted_objects[0].v[:]).tobytes()

    from ranvier import Clock

    networks = []
    for number in range(2):
        clock = Clock(dt=0.1 * ms, name=f"clock{number}")
        group = NeuronGroup(1400, "dv/dt = (i - v)/(10*ms) : 1", method="exact", clock=clock, name=f"own{number}")
        networks.append(Network(group))
    threads = [threading.Thread(target=simulate, args=pair) for pair in enumerate(networks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results[0] == results[1] and not parts()


def test_what_dismissed_threads_is_no_phase_for_the_next_ones() -> None:
    """They would call its function with arguments that are gone: the end of a run counts as a phase."""
    control = np.zeros(words_for(3), dtype=np.int64)
    control[PHASE], control[PARTS : PARTS + 3 * PART : PART] = 7, 6
    with Team(lambda control, number: None, control, 3):
        assert list(control[PARTS : PARTS + 3 * PART : PART]) == [7, 7, 7] and control[PHASE] == 7
