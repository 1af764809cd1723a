"""Running networks: Ctrl-C, stop(), errors on the way, threads, runs within runs, dt, idle clocks."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from ranvier.objects.groups.brianobject import BrianObjectException
from ranvier.objects.inputs.poissongroup import PoissonGroup
from ranvier.objects.monitors.spikemonitor import SpikeMonitor
from ranvier.objects.monitors.statemonitor import StateMonitor
from ranvier.objects.networks.magic import magic_network, start_scope
from ranvier.objects.networks.magic import run as magic_run
from ranvier.objects.networks.network import Network, stop
from ranvier.objects.networks.networkoperation import NetworkOperation, network_operation
from ranvier.objects.neurons.neurongroup import NeuronGroup
from ranvier.objects.synapses.synapses import Synapses
from ranvier.session.clocks import Clock, defaultclock
from ranvier.session.logger import catch_logs
from ranvier.session.preferences import prefs
from ranvier.units import DimensionMismatchError, Hz, Quantity, ms, second, volt

LONG = 1e5 * second
"""Longer than any test waits."""


@pytest.fixture(autouse=True)
def usual_dt() -> Iterator[None]:
    """Every test begins and ends with the usual settings, and sees no objects of others.

    Ctrl-C does what it does in a terminal: where tests run in the background, shells have it ignored.
    """
    start_scope()
    defaultclock.dt = 0.1 * ms
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
    defaultclock.dt = 0.1 * ms
    prefs.reset_to_defaults()


def ramp(**kwds: object) -> NeuronGroup:
    """A neuron whose v is the time in ms."""
    return NeuronGroup(1, "dv/dt = 1/ms : 1", method="euler", namespace={"ms": ms}, **kwds)


def milliseconds(*times: Quantity) -> list[float]:
    return [round(float(time / ms), 6) for time in times]


# ---------------------------------------------------------------------- Ctrl-C


def interrupt_later(elapsed: Quantity, completed: float, start: Quantity, duration: Quantity) -> None:
    """A report that has Ctrl-C pressed soon after the start."""
    if completed == 0:
        threading.Timer(0.15, os.kill, (os.getpid(), signal.SIGINT)).start()


def test_ctrl_c_ends_the_run_and_all_stays_readable() -> None:
    group = ramp()
    net = Network(group)
    before = signal.getsignal(signal.SIGINT)
    with catch_logs() as caught:
        net.run(LONG, report=interrupt_later)
    assert signal.getsignal(signal.SIGINT) is before
    assert "Keyboard interrupt" in caught[0][2]
    reached = float(net.t)
    assert 0 < reached < float(LONG)
    assert group.t / second == reached
    assert group.v[0] == pytest.approx(reached * 1e3, rel=1e-6)
    net.run(1 * ms)
    assert float(net.t) == pytest.approx(reached + 1e-3, rel=1e-12)
    assert group.v[0] == pytest.approx(reached * 1e3 + 1, rel=1e-6)


def press(times: int) -> NetworkOperation:
    def function(t: Quantity) -> None:
        if milliseconds(t) == [0.5]:
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)

    return network_operation(function)


def test_the_current_step_is_completed() -> None:
    group, operation = ramp(), press(1)
    net = Network(group, operation)
    with catch_logs():
        net.run(1 * ms)
    assert milliseconds(net.t, group.t) == [0.6, 0.6] and group.v[0] == pytest.approx(0.6)


def test_the_second_ctrl_c_interrupts() -> None:
    group, operation = ramp(), press(2)
    net = Network(group, operation)
    before = signal.getsignal(signal.SIGINT)
    with catch_logs(), pytest.raises(KeyboardInterrupt):
        net.run(1 * ms)
    assert signal.getsignal(signal.SIGINT) is before
    assert milliseconds(net.t) == [0.6] and group.v[0] == pytest.approx(0.6)
    operation.active = False
    net.run(1 * ms)
    assert milliseconds(net.t) == [1.6] and group.v[0] == pytest.approx(1.6)


def test_the_preference_makes_ctrl_c_interrupt_at_once() -> None:
    prefs.core.stop_on_keyboard_interrupt = False
    with pytest.raises(KeyboardInterrupt):
        Network(press(1)).run(1 * ms)


def test_an_ignored_ctrl_c_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        net = Network(press(1))
        net.run(1 * ms)
        assert milliseconds(net.t) == [1.0]
    finally:
        signal.signal(signal.SIGINT, before)


# ---------------------------------------------------------------------- stop and errors


@pytest.mark.parametrize("all_networks", [True, False])
def test_stop_completes_the_step(all_networks: bool) -> None:
    group, slow = ramp(), ramp(dt=0.3 * ms)

    @network_operation
    def operation(t: Quantity) -> None:
        if t >= 0.5 * ms:
            (stop if all_networks else net.stop)()

    net = Network(group, slow, operation)
    net.run(1 * ms)
    assert milliseconds(net.t, group.t, slow.t) == [0.6, 0.6, 0.6]
    assert [group.v[0], slow.v[0]] == pytest.approx([0.6, 0.6])
    net.run(1 * ms)  # stops after one step
    assert milliseconds(net.t) == [0.7]
    operation.active = False
    net.run(1 * ms)
    assert milliseconds(net.t, group.t, slow.t) == [1.7, 1.7, 1.8]
    assert [group.v[0], slow.v[0]] == pytest.approx([1.7, 1.8])


def test_stop_without_a_run_does_nothing() -> None:
    net = Network(ramp())
    net.stop()
    stop()
    net.run(0.5 * ms)
    assert milliseconds(net.t) == [0.5]


def test_an_error_in_a_network_operation() -> None:
    group, calls = ramp(), []

    @network_operation(name="a_first")
    def failing(t: Quantity) -> None:
        if t >= 0.5 * ms:
            raise LookupError("not today")

    @network_operation(name="b_second", when="end")
    def counting() -> None:
        calls.append(1)

    net = Network(group, failing, counting)
    with pytest.raises(LookupError, match="not today"):
        net.run(1 * ms)
    assert milliseconds(net.t, group.t) == [0.6, 0.6] and group.v[0] == pytest.approx(0.6)
    assert len(calls) == 5  # no other operation is called in that step
    failing.active = False
    net.run(0.4 * ms)
    assert milliseconds(net.t) == [1.0] and group.v[0] == pytest.approx(1.0) and len(calls) == 9


def test_an_error_in_a_report() -> None:
    group = ramp()
    net = Network(group)

    def report(elapsed: Quantity, completed: float, start: Quantity, duration: Quantity) -> None:
        raise LookupError("no paper")

    with pytest.raises(LookupError):
        net.run(1 * ms, report=report)
    net.run(1 * ms)
    assert milliseconds(net.t) == [1.0] and group.v[0] == pytest.approx(1.0)


def test_an_error_while_preparing_changes_nothing() -> None:
    group = NeuronGroup(1, "dv/dt = rate : 1", method="euler")
    net = Network(group)
    with pytest.raises(BrianObjectException) as info:
        net.run(1 * ms, namespace={})
    assert isinstance(info.value.__cause__, KeyError)
    assert milliseconds(net.t) == [0] and group.v[0] == 0
    net.run(1 * ms, namespace={"rate": 1 / ms})
    assert milliseconds(net.t) == [1] and group.v[0] == pytest.approx(1)


# ---------------------------------------------------------------------- runs within runs, threads


def test_a_run_within_a_run_is_refused() -> None:
    inner = Network(ramp())

    @network_operation
    def operation() -> None:
        inner.run(0.1 * ms)

    net = Network(ramp(), operation)
    with pytest.raises(RuntimeError, match=f"{inner.name}.*while '{net.name}' is being run"):
        net.run(0.3 * ms)
    assert milliseconds(inner.t) == [0.0]
    inner.run(0.1 * ms)
    operation.active = False
    net.run(0.2 * ms)


def test_a_magic_run_within_a_run_is_refused() -> None:
    group = ramp()

    @network_operation
    def operation() -> None:
        magic_run(0.1 * ms)

    with pytest.raises(RuntimeError, match="is being run"):
        magic_run(0.3 * ms)
    assert milliseconds(magic_network.t, group.t) == [0.1, 0.1]


def test_states_are_not_touched_during_a_run() -> None:
    net = Network(ramp())
    net.store()
    net.add(NetworkOperation(lambda: net.restore()))
    with pytest.raises(RuntimeError, match=r"restore\(\) is not possible while"):
        net.run(0.3 * ms)


def in_thread(function: object) -> BaseException | None:
    """Calls a function in another thread; returns what it raised."""
    raised: list[BaseException] = []

    def body() -> None:
        try:
            function()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    return raised[0] if raised else None


def test_a_run_in_a_thread() -> None:
    group = ramp()
    net = Network(group)
    before = signal.getsignal(signal.SIGINT)
    assert in_thread(lambda: net.run(1 * ms)) is None
    assert signal.getsignal(signal.SIGINT) is before
    assert group.v[0] == pytest.approx(1)


def test_threads_with_clocks_of_their_own_run_at_once() -> None:
    clock = Clock(0.1 * ms)
    group, other = ramp(clock=clock), ramp()
    inner, errors = Network(group), []
    operation = NetworkOperation(lambda: errors.append(in_thread(lambda: inner.run(0.1 * ms))))
    Network(other, operation).run(0.3 * ms)
    assert errors == [None] * 3
    assert [group.v[0], other.v[0]] == pytest.approx([0.3, 0.3])


def test_threads_with_a_common_clock_are_refused() -> None:
    inner, errors = Network(ramp(name="follower"), ramp(name="other", clock=Clock(0.1 * ms))), []
    operation = NetworkOperation(lambda: errors.append(in_thread(lambda: inner.run(0.1 * ms))))
    net = Network(ramp(), operation)
    net.run(0.1 * ms)
    assert "clock of their own: 'follower' need clock=Clock(...)" in str(errors[0])
    assert isinstance(errors[0], RuntimeError) and "defaultclock" in str(errors[0]) and net.name in str(errors[0])
    operation.function = lambda: errors.append(in_thread(lambda: net.run(0.1 * ms)))
    net.run(0.1 * ms)
    assert "by another thread" in str(errors[1])


def test_stopping_from_another_thread() -> None:
    group = ramp()
    net = Network(group)

    def later(elapsed: Quantity, completed: float, start: Quantity, duration: Quantity) -> None:
        if completed == 0:
            threading.Timer(0.05, net.stop).start()

    net.run(LONG, report=later)
    assert 0 < float(net.t) < float(LONG)
    assert group.v[0] == pytest.approx(float(net.t) * 1e3, rel=1e-6)


# ---------------------------------------------------------------------- arguments


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"duration": -1 * ms}, ValueError), ({"duration": 1}, DimensionMismatchError),
        ({"duration": 1 * volt}, DimensionMismatchError), ({"duration": float("nan") * ms}, ValueError),
        ({"duration": float("inf") * ms}, ValueError), ({"duration": [1, 2] * ms}, ValueError),
        ({"duration": "1*ms"}, TypeError), ({"report": "foo"}, ValueError), ({"report": 3}, TypeError),
        ({"report": "text", "report_period": 3}, DimensionMismatchError),
    ],
)  # fmt: skip
def test_wrong_arguments(arguments: dict[str, object], error: type[Exception]) -> None:
    net = Network(ramp())
    with pytest.raises(error):
        net.run(**{"duration": 1 * ms} | arguments)
    assert milliseconds(net.t) == [0]


# ---------------------------------------------------------------------- clocks


def test_clocks_of_objects_that_do_nothing_advance() -> None:
    idle, active = NeuronGroup(1, "v : 1", dt=0.2 * ms), ramp()
    net = Network(idle, active)
    net.run(1 * ms)
    assert milliseconds(idle.t, active.t, net.t) == [1, 1, 1]
    only = Network(NeuronGroup(1, "v : 1"))
    only.run(1 * ms)
    assert milliseconds(only.t, defaultclock.t) == [1, 1]


def test_changed_dt() -> None:
    group = ramp()
    monitor = StateMonitor(group, "v", record=0)
    net = Network(group, monitor)
    net.run(0.2 * ms)
    defaultclock.dt = 0.05 * ms
    net.run(0.1 * ms)
    assert milliseconds(*monitor.t) == [0, 0.1, 0.2, 0.25]
    defaultclock.dt = 0.2 * ms
    with pytest.raises(ValueError, match=r"not a multiple of 200\. us"):
        net.run(1 * ms)
    assert milliseconds(net.t) == [0.3]
    defaultclock.dt = 0.1 * ms
    net.run(0.1 * ms)
    assert milliseconds(net.t) == [0.4] and group.v[0] == pytest.approx(0.4)


def test_wrong_dt() -> None:
    for wrong in (0.1, 0.1 * volt):
        with pytest.raises(DimensionMismatchError):
            defaultclock.dt = wrong
        with pytest.raises(DimensionMismatchError):
            Clock(wrong)
    for wrong in (0 * ms, -1 * ms, float("nan") * ms):
        with pytest.raises(ValueError, match="positive"):
            Clock(wrong)
    assert milliseconds(defaultclock.dt) == [0.1]


def test_runs_of_parts_of_steps() -> None:
    group = ramp()
    net = Network(group)
    steps = []
    for _ in range(4):
        net.run(0.25 * ms)
        steps.append(round(group.v[0] * 10))
    assert steps == [3, 5, 8, 10] and milliseconds(net.t) == [1.0]
    net.run(0 * ms)
    assert milliseconds(net.t) == [1.0] and group.v[0] == pytest.approx(1)


def test_very_many_steps_are_warned_of() -> None:
    clock = Clock(1e-9 * ms)
    with catch_logs() as caught:
        clock.set_interval(0.0, 2.0)
    assert caught[0][1].endswith(".many_timesteps") and clock.name in caught[0][2]
    with catch_logs() as caught:
        clock.set_interval(0.0, 1.0)
    assert not caught


def test_what_a_network_operation_stores_goes_on_as_the_run_did() -> None:
    source = PoissonGroup(20, 300 * Hz)
    cells = NeuronGroup(
        5, "dv/dt = (0.3*xi*ms**0.5 - v)/(5*ms) : 1 (unless refractory)", threshold="v > 0.5", reset="v = 0",
        refractory=1 * ms, method="euler",
    )  # fmt: skip
    synapses = Synapses(source, cells, "w : 1\ndx/dt = -x/(3*ms) : 1 (event-driven)", on_pre="v_post += w; x += 1")
    synapses.connect()
    synapses.w, synapses.delay = "0.1*rand()", "rand()*3*ms"
    states, spikes = StateMonitor(cells, "v", record=True), SpikeMonitor(cells)

    @network_operation(dt=5 * ms)
    def checkpoint(t: Quantity) -> None:
        network.store(f"at {float(t / ms):.0f}")

    network = Network(source, cells, synapses, states, spikes, checkpoint)
    network.run(12 * ms)
    found = [states.v.copy(), spikes.t[:], spikes.i[:], synapses.x[:]]
    for time in (5, 10):
        network.restore(f"at {time}", restore_random_state=True)
        assert network.t == time * ms and len(states.t) == 10 * time
        network.run((12 - time) * ms)
        for before, again in zip(found, [states.v, spikes.t[:], spikes.i[:], synapses.x[:]], strict=True):
            assert (before == again).all()


def test_another_network_with_clocks_of_its_own_runs_within_a_run() -> None:
    inner_cells = NeuronGroup(1, "dv/dt = 1/ms : 1", method="euler", clock=Clock(0.1 * ms))
    inner, outer_cells = Network(inner_cells), NeuronGroup(1, "dv/dt = 1/ms : 1", method="euler")
    outer = Network(outer_cells, NetworkOperation(lambda: inner.run(0.5 * ms), dt=1 * ms))
    outer.run(3 * ms)
    assert inner_cells.v[0] == pytest.approx(1.5) and outer_cells.v[0] == pytest.approx(3)
    assert inner.t == 1.5 * ms and outer.t == 3 * ms
    shared = Network(NeuronGroup(1, "v : 1"), name="shared")
    outer.add(NetworkOperation(lambda: shared.run(1 * ms)))
    with pytest.raises(RuntimeError, match=r"run\(\) of 'shared' .* clocks of their own \(clock=Clock"):
        outer.run(1 * ms)


def test_a_text_is_no_duration() -> None:
    with pytest.raises(TypeError, match=r"not the text '100\*ms': leave out the quotes"):
        Network(NeuronGroup(1, "v : 1")).run("100*ms")  # type: ignore[arg-type]
