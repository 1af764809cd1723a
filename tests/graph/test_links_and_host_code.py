"""Reads and writes through links, code on parts of groups, several clocks, and functions that exist only in Python."""

import numpy as np
import pytest

from ranvier import (
    BrianObjectException,
    EventMonitor,
    Function,
    Hz,
    Network,
    NeuronGroup,
    SpikeMonitor,
    StateMonitor,
    TimedArray,
    check_units,
    defaultclock,
    implementation,
    linked_var,
    ms,
    mV,
    network_operation,
    second,
    start_scope,
    volt,
)


@pytest.fixture(autouse=True)
def fresh():
    start_scope()
    defaultclock.dt = 0.1 * ms


# ---- links


def test_links_are_read_and_written():
    source = NeuronGroup(5, "x : 1\ns : 1 (shared)")
    source.x, source.s = "i", 100
    group = NeuronGroup(3, "a : 1 (linked)\nb : 1 (linked)\nc : 1 (linked)\nd : 1 (linked)\nr : 1\nk : integer")
    group.k = [4, 0, 2]
    group.a = linked_var(source[1:4], "x")
    group.b = linked_var(source, "x", index=[4, 4, 0])
    group.c = linked_var(source, "s")
    group.d = linked_var(source, "x", index="k")
    group.run_regularly("r = a + 10*b + c + 1000*d", order=0)
    network = Network(source, group)
    network.run(0.1 * ms)
    np.testing.assert_array_equal(group.r[:], [1 + 40 + 100 + 4000, 2 + 40 + 100, 3 + 100 + 2000])
    writer = NeuronGroup(3, "a : 1 (linked)\nc : 1 (linked)")
    writer.a = linked_var(source[1:4], "x")
    writer.c = linked_var(source, "s")
    writer.run_regularly("c = c + 1\na = a*2 + i")
    network.add(writer)
    network.run(0.2 * ms)
    np.testing.assert_array_equal(source.x[:], [0, 4, 11, 18, 4])
    assert float(source.s[:]) == 102


def test_writing_by_index_from_code():
    source = NeuronGroup(4, "x : 1")
    group = NeuronGroup(2, "x : 1 (linked)")
    group.x = linked_var(source, "x", index=[3, 1])
    group.run_regularly("x += i + 1")
    Network(source, group).run(0.3 * ms)
    np.testing.assert_array_equal(source.x[:], [0, 6, 0, 3])


def test_two_links_to_one_array_in_one_code():
    """No value may be taken for unchanged because it has another name."""
    source = NeuronGroup(8, "x : 1")
    source.x = "i + 1"
    group = NeuronGroup(8, "a : 1 (linked)\nb : 1 (linked)\nr : 1\nu : 1")
    group.a = linked_var(source, "x")
    group.b = linked_var(source, "x", index=[7, 6, 5, 4, 3, 2, 1, 0])
    group.run_regularly("a = 2*a", order=0)
    group.run_regularly("r = a + b\nu = b - a", order=1)
    source.run_regularly("x += 1", order=2)
    Network(source, group).run(0.2 * ms)
    first = 2.0 * np.arange(1, 9)
    second_step = 2 * (first + 1)
    np.testing.assert_array_equal(group.r[:], second_step + second_step[::-1])
    np.testing.assert_array_equal(group.u[:], second_step[::-1] - second_step)
    np.testing.assert_array_equal(source.x[:], second_step + 1)


def test_two_links_to_one_array_that_write():
    """Numbers of Brian 2.9: the last one in the order of names wins, later code sees it."""
    group = NeuronGroup(4, "v : 1\nx : 1 (linked)\ny : 1 (linked)")
    group.x = linked_var(group, "v", index=[1, 2, 3, 0])
    group.y = linked_var(group, "v", index=[3, 2, 1, 0])
    group.v = "i"
    group.run_regularly("x = 10 + i\ny = 20 + i")
    group.run_regularly("v += x + y", order=1)
    Network(group).run(0.1 * ms)
    np.testing.assert_array_equal(group.v[:], [65, 64, 63, 66])


def test_integration_with_a_link_to_itself_and_to_its_own_source():
    """The state updater of each group reads what the other one writes in the same slot: in the order of names."""
    one = NeuronGroup(4, "dx/dt = (y - x)/ms : 1\ny : 1 (linked)", method="euler", name="group_1")
    two = NeuronGroup(4, "dy/dt = (x - y)/ms : 1\nx : 1 (linked)", method="euler", name="group_2")
    one.x = [1, 2, 3, 4]
    one.y, two.x = linked_var(two, "y", index=[3, 2, 1, 0]), linked_var(one, "x", index=[1, 0, 3, 2])
    Network(one, two).run(0.5 * ms)
    x, y = np.array([1.0, 2, 3, 4]), np.zeros(4)
    for _ in range(5):
        x = x + 0.1 * (y[[3, 2, 1, 0]] - x)
        y = y + 0.1 * (x[[1, 0, 3, 2]] - y)
    np.testing.assert_allclose(one.x[:], x, rtol=1e-12)
    np.testing.assert_allclose(two.y[:], y, rtol=1e-12)


def test_a_group_linked_to_its_own_neighbours():
    ring = NeuronGroup(5, "dv/dt = (left - v)/ms : 1\nleft : 1 (linked)", method="euler")
    ring.v = [1, 0, 0, 0, 0]
    ring.left = linked_var(ring, "v", index=[4, 0, 1, 2, 3])
    Network(ring).run(0.3 * ms)
    v = np.array([1.0, 0, 0, 0, 0])
    for _ in range(3):
        v = v + 0.1 * (np.roll(v, 1) - v)
    np.testing.assert_allclose(ring.v[:], v, rtol=1e-12)


def test_events_write_to_links():
    source = NeuronGroup(4, "x : 1")
    group = NeuronGroup(
        4, "dv/dt = i/ms : 1\nx : 1 (linked)", threshold="v > 0.55", reset="v = 0\nx += 1 + i", method="euler"
    )
    group.x = linked_var(source, "x", index=[3, 2, 1, 0])
    monitor = SpikeMonitor(group)
    Network(source, group, monitor).run(1 * ms)
    counts = np.array(monitor.count[:])
    assert counts.sum() > 3
    np.testing.assert_array_equal(source.x[:], (counts * (1 + np.arange(4)))[::-1])


# ---- parts of groups, clocks


def test_run_regularly_on_a_subgroup():
    group = NeuronGroup(10, "v : 1\nn : integer\nw : 1")
    group.w = "i/10.0"
    group[3:7].run_regularly("v += i + w; n = i", dt=0.2 * ms)
    Network(group).run(0.4 * ms)
    expected = np.zeros(10)
    expected[3:7] = 2 * (np.arange(4) + np.arange(3, 7) / 10)
    np.testing.assert_allclose(group.v[:], expected, rtol=1e-14)
    np.testing.assert_array_equal(group.n[:], [0, 0, 0, 0, 1, 2, 3, 0, 0, 0])


def test_several_clocks():
    fast = NeuronGroup(2, "n : integer\nlast : second", dt=0.1 * ms)
    slow = NeuronGroup(2, "m : integer\nseen : integer\nn : integer (linked)", dt=0.3 * ms)
    slow.n = linked_var(fast, "n")
    fast.run_regularly("n += 1; last = t")
    slow.run_regularly("m += 1; seen = n", when="end")
    monitor = StateMonitor(slow, "seen", record=[0], when="after_end")
    Network(fast, slow, monitor).run(1 * ms)
    assert list(fast.n[:]) == [10, 10] and list(slow.m[:]) == [4, 4]
    np.testing.assert_array_equal(monitor.seen[0], [1, 4, 7, 10])
    np.testing.assert_allclose(fast.last_[:], 9e-4, rtol=1e-12)


# ---- timed arrays


def test_timed_arrays_inside_and_outside_of_their_range():
    line = TimedArray([3.0, 1.0, 4.0] * mV, dt=0.2 * ms, name="line")
    table = TimedArray(np.arange(6.0).reshape(2, 3), dt=0.3 * ms, name="table")
    group = NeuronGroup(3, "a : volt\nb : volt\nc : 1\nd : volt", namespace={"line": line, "table": table})
    group.run_regularly("a = line(t)\nb = line(t - 1*ms)\nc = table(t, 2 - i)\nd = line(t + i*0.2*ms)")
    monitor = StateMonitor(group, ["a", "b", "c", "d"], record=True, when="end")
    Network(group, monitor).run(1 * ms)
    steps = np.arange(10)
    values = np.array([3.0, 1.0, 4.0])
    np.testing.assert_allclose(monitor.a[0] / mV, values[np.minimum(steps // 2, 2)], rtol=1e-14)
    np.testing.assert_allclose(monitor.b[2] / mV, np.full(10, 3.0), rtol=1e-14)
    for i in range(3):
        np.testing.assert_array_equal(monitor.c[i], np.arange(6.0).reshape(2, 3)[np.minimum(steps // 3, 1), 2 - i])
        np.testing.assert_allclose(monitor.d[i] / mV, values[np.minimum(steps // 2 + i, 2)], rtol=1e-14)


# ---- functions that exist only in Python


@check_units(x=volt, result=volt)
def doubled(x):
    return 2 * x


@implementation("numpy", discard_units=True)
@check_units(x=1, y=1, result=1)
def hypotenuse(x, y):
    return np.sqrt(x**2 + y**2)


numbers = Function(lambda n: np.arange(len(n)) * 1.0, arg_units=[], return_unit=1, auto_vectorise=True)
NAMES = {"doubled": doubled, "hypotenuse": hypotenuse, "numbers": numbers}


def with_functions(N, model, **kwds):
    return NeuronGroup(N, model, namespace=NAMES, **kwds)


def test_in_equations():
    group = with_functions(3, "dv/dt = (doubled(u) - v)/ms : volt\nu : volt", method="euler")
    group.u = "i*mV"
    Network(group).run(0.2 * ms)
    np.testing.assert_allclose(group.v[:] / mV, 2 * np.arange(3) * (1 - 0.9**2), rtol=1e-12)


@pytest.mark.parametrize("method", ["euler", "rk2", "rk4", "heun"])
def test_in_equations_of_all_methods(method):
    group = with_functions(3, "dv/dt = -hypotenuse(v, w)/ms : 1\nw : 1", method=method)
    plain = NeuronGroup(3, "dv/dt = -sqrt(v**2 + w**2)/ms : 1\nw : 1", method=method)
    for k in (group, plain):
        k.v, k.w = "1 + i", 0.5
    Network(group, plain).run(0.5 * ms)
    np.testing.assert_allclose(group.v[:], plain.v[:], rtol=1e-10)


def test_with_refractoriness_and_noise():
    group = with_functions(
        30, "dv/dt = hypotenuse(1.0, 1.0)/ms + 0.1*xi/sqrt(ms) : 1 (unless refractory)",
        method="euler", threshold="v > 1", reset="v = 0", refractory=0.5 * ms,
    )  # fmt: skip
    monitor = SpikeMonitor(group)
    Network(group, monitor).run(10 * ms)
    assert 30 * 6 < monitor.num_spikes < 30 * 10
    assert len(np.unique(group.v[:])) > 5


def test_in_thresholds_and_resets():
    group = with_functions(
        5, "v : 1\nw : 1", threshold="hypotenuse(v, w) > 4.9", reset="v = hypotenuse(i, 0.0)*0.5; w = 0"
    )
    group.v, group.w = [3, 0, 3, 5, 1], [4, 1, 0, 0, 1]
    monitor = SpikeMonitor(group, ["v"])
    Network(group, monitor).run(0.1 * ms)
    assert list(monitor.i) == [0, 3] and list(monitor.v) == [3, 5]
    np.testing.assert_array_equal(group.v[:], [0, 0, 3, 1.5, 1])
    np.testing.assert_array_equal(group.w[:], [0, 1, 0, 0, 1])


def test_in_run_regularly_of_groups_and_subgroups():
    group = with_functions(6, "v : volt\nn : 1")
    group.v = "i*mV"
    group.run_regularly("v = doubled(v)")
    group[2:5].run_regularly("n = numbers() + i*10", when="end")
    Network(group).run(0.2 * ms)
    np.testing.assert_allclose(group.v[:] / mV, 4 * np.arange(6), rtol=1e-14)
    np.testing.assert_array_equal(group.n[:], [0, 0, 0, 11, 22, 0])


def test_in_recorded_subexpressions():
    group = with_functions(4, "v : 1\nlength = hypotenuse(v, 1.0) + 1 : 1")
    group.v = "i"
    group.run_regularly("v += 1", when="end")
    monitor = StateMonitor(group, "length", record=[3, 1])
    Network(group, monitor).run(0.3 * ms)
    for i in (3, 1):
        np.testing.assert_allclose(monitor[i].length, np.sqrt((i + np.arange(3)) ** 2 + 1) + 1, rtol=1e-12)


def test_in_subexpressions_that_are_held():
    """Functions of which only units are known may give another value at each call."""
    group = with_functions(4, "v : volt\ntwice = doubled(v) : volt (constant over dt)\nw : volt")
    group.v = "i*mV"
    group.run_regularly("w = twice + mV", when="end")
    Network(group).run(0.1 * ms)
    np.testing.assert_allclose(group.w[:] / mV, 2 * np.arange(4) + 1, rtol=1e-12)


def test_events_that_python_finds():
    group = with_functions(4, "v : 1", events={"far": "hypotenuse(v, 0.0) > 2"})
    group.v = "i"
    group.run_on_event("far", "v -= 2")
    monitor = EventMonitor(group, "far")
    Network(group, monitor).run(0.2 * ms)
    assert list(monitor.i) == [3] and list(group.v[:]) == [0, 1, 2, 1]


def test_subexpressions_recorded_at_events():
    group = with_functions(6, "v : 1\nx = hypotenuse(v, 0.0)*2 : 1", threshold="x > 3", reset="v = -x")
    group.v = "i + 0.6"
    monitor = SpikeMonitor(group, ["x", "v"])
    part = SpikeMonitor(group[2:4], "x")
    network = Network(group, monitor, part)
    network.run(0.1 * ms)
    network.run(0.1 * ms)
    assert list(monitor.i) == [1, 2, 3, 4, 5] * 2 and list(monitor.count) == [0, 2, 2, 2, 2, 2]
    first = 2 * (np.arange(1, 6) + 0.6)
    np.testing.assert_allclose(monitor.x, [*first, *(2 * first)], rtol=1e-12)
    np.testing.assert_allclose(monitor.v, [*(first / 2), *-first], rtol=1e-12)
    assert list(part.i) == [0, 1] * 2 and list(part.count) == [2, 2]
    np.testing.assert_allclose(part.x, np.array(monitor.x)[[1, 2, 6, 7]], rtol=1e-12)
    np.testing.assert_allclose(part.t / ms, [0, 0, 0.1, 0.1])


def test_long_recordings_by_python_fill_several_chunks():
    group = with_functions(200, "v : 1\nx = hypotenuse(v, 3.0) : 1", threshold="v >= 0", reset="v += 1")
    monitor, states = SpikeMonitor(group, "x"), StateMonitor(group, "x", record=True)
    Network(group, monitor, states).run(60 * ms)
    steps = np.arange(600)
    assert monitor.num_spikes == 200 * 600
    np.testing.assert_allclose(monitor.x, np.repeat(np.hypot(steps, 3), 200), rtol=1e-12)
    np.testing.assert_allclose(states.x[7], np.hypot(steps, 3), rtol=1e-12)


def test_events_on_links_with_python():
    source = NeuronGroup(3, "x : 1")
    group = with_functions(3, "v : 1\nx : 1 (linked)", threshold="v > 0", reset="x += hypotenuse(3.0, 4.0); v = 0")
    group.v = [1, 0, 1]
    group.x = linked_var(source, "x", index=[2, 1, 0])
    Network(source, group).run(0.2 * ms)
    np.testing.assert_array_equal(source.x[:], [5, 0, 5])


def test_python_sees_the_time():
    @check_units(t=second, result=Hz)
    def ramp(t):
        return t / (1 * ms) ** 2

    group = NeuronGroup(2, "dv/dt = ramp(t) : 1", method="euler", namespace={"ramp": ramp})
    Network(group).run(0.4 * ms)
    np.testing.assert_allclose(group.v[:], sum(0.1 * 0.1 * k for k in range(4)), rtol=1e-12)


def test_an_error_in_python_ends_the_run():
    def broken(x):
        raise ZeroDivisionError("not today")

    group = NeuronGroup(2, "v : 1", namespace={"broken": Function(broken, arg_units=[1], return_unit=1)})
    group.run_regularly("v = broken(v)")
    with pytest.raises(BrianObjectException, match="not today") as caught:
        Network(group).run(0.2 * ms)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_network_operations_and_code_see_each_other():
    group = NeuronGroup(3, "v : 1")
    seen = []

    @network_operation(when="end")
    def look(t):
        seen.append((float(t / ms), group.v[0]))
        group.v = group.v[:] * 2

    group.run_regularly("v += 1")
    Network(group, look).run(0.3 * ms)
    np.testing.assert_allclose(seen, [(0.0, 1), (0.1, 3), (0.2, 7)], rtol=1e-12)
    assert list(group.v[:]) == [14, 14, 14]
