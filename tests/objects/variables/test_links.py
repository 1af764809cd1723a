"""Linked variables and timed arrays."""

import numpy
import pytest

from ranvier import (
    DimensionMismatchError,
    Network,
    NeuronGroup,
    StateMonitor,
    TimedArray,
    kHz,
    linked_var,
    ms,
    mV,
    mvolt,
)
from ranvier.objects.inputs.timedarray import grid


@pytest.fixture
def source():
    group = NeuronGroup(2, "x : 1\ns : 1 (shared)\nq = 2*x + i : 1\nyy : volt")
    group.x = [1, 2]
    group.s = 5
    return group


def linking(size, *args, **kwds):
    group = NeuronGroup(size, "l : 1 (linked)\nk : integer (constant)\nm : 1\ntwice = 2*l : 1")
    group.k = "i % 2"
    group.l = linked_var(*args, **kwds)
    return group


def test_one_to_one(source):
    assert list(linking(2, source, "x").l) == [1, 2]
    assert list(linking(2, source.x).twice) == [2, 4]
    assert list(linking(2, source, "q").l) == [2, 5]
    assert list(linking(1, source[1:], "x").l) == [2]
    assert list(linking(1, source[1:], "q").l) == [5]
    assert float(linking(3, source, "s").l[:]) == 5


def test_indices(source):
    assert list(linking(4, source, "x", index=[0, 0, 1, 1]).l) == [1, 1, 2, 2]
    group = linking(4, source, "x", index="k")
    assert list(group.l) == [1, 2, 1, 2]
    group.k = 0  # the index is a variable: it may change
    assert list(group.l) == [1, 1, 1, 1]


def test_links_of_links(source):
    middle = linking(4, source, "x", index=[1, 0, 1, 0])
    assert list(linking(4, middle, "l", index=[3, 2, 1, 0]).l) == [1, 2, 1, 2]
    assert list(linking(2, middle[2:], "twice").l) == [4, 2]
    assert list(linking(2, middle[1:3], "l", index=[1, 0]).twice) == [4, 2]


def test_writing_reaches_the_source(source):
    group = linking(2, source, "x")
    group.l[0] = 9
    group.l[:] = "l + i"
    assert list(source.x) == [9, 3]
    group.run_regularly("l += 1; m = l")
    Network(source, group).run(0.3 * ms)
    assert list(source.x) == [12, 6] and list(group.m) == [12, 6]


def test_one_neuron_drives_many():
    one, many = NeuronGroup(1, "x : 1"), NeuronGroup(3, "x : 1 (linked)\ny : 1")
    one.x = 4
    many.x = linked_var(one, "x")
    many.run_regularly("y = x*i")
    Network(one, many).run(0.1 * ms)
    assert many.x[:] == 4 and list(many.y) == [0, 4, 8]


def test_links_in_runs_of_subgroups_and_monitors(source):
    group = linking(4, source, "q", index=[1, 1, 0, 0])
    part = group[1:3]
    part.run_regularly("m = l*10 + i")
    monitor = StateMonitor(part, ["l", "m", "twice"], record=True, when="end")
    Network(source, group, monitor).run(0.1 * ms)
    assert monitor.l[:, 0].tolist() == [5, 2]
    assert monitor.m[:, 0].tolist() == [50, 21]
    assert monitor.twice[:, 0].tolist() == [10, 4]
    assert list(group.m) == [0, 50, 21, 0]


@pytest.mark.parametrize(
    ("request_link", "error"),
    [
        (lambda s: linking(2, s, "nope"), KeyError),
        (lambda s: linking(2, s), ValueError),
        (lambda s: linking(2, s.x, "x"), ValueError),
        (lambda s: linking(3, s, "x"), ValueError),
        (lambda s: linking(4, s, "x", index=[0, 1]), TypeError),
        (lambda s: linking(4, s, "x", index=[0, 1, 2, 3]), ValueError),
        (lambda s: linking(4, s, "x", index=[0.0, 1, 0, 1]), TypeError),
        (lambda s: linking(4, s, "x", index="m"), TypeError),
        (lambda s: linking(4, s, "x", index="zz"), ValueError),
        (lambda s: linking(2, s, "yy"), DimensionMismatchError),
        (lambda s: setattr(linking(2, s, "x"), "m", linked_var(s, "x")), TypeError),
        (lambda s: setattr(linking(2, s, "x"), "l", 3), ValueError),
        (lambda s: NeuronGroup(2, "l : 1 (linked)").l, TypeError),
        (lambda s: NeuronGroup(2, "l : 1 (linked, constant)"), SyntaxError),
    ],
)
def test_refused_links(source, request_link, error):
    with pytest.raises(error):
        request_link(source)


# ---------------------------------------------------------------- timed arrays


def test_called_from_python():
    values = TimedArray([1, 2, 3, 4] * mV, dt=0.3 * ms)
    times = [0, 0.29, 0.3, 0.35, 5, -1] * ms
    numpy.testing.assert_allclose(values(times) / mV, [1, 1, 2, 2, 4, 1])
    assert values(0.3 * ms) == 2 * mV and values.dim is mvolt.dim and values.dt == 0.3e-3
    table = TimedArray(numpy.arange(6).reshape(3, 2), dt=0.2 * ms)
    assert table(0.2 * ms, 1) == 3 and table(0.5 * ms, [0, 1]).tolist() == [4, 5]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: TimedArray([1, 2], dt=1), DimensionMismatchError),
        (lambda: TimedArray(numpy.zeros((2, 2, 2)), dt=1 * ms), NotImplementedError),
        (lambda: TimedArray([1, 2], dt=1 * ms)(1), DimensionMismatchError),
        (lambda: TimedArray([1, 2], dt=1 * ms)(1 * ms, 1), TypeError),
        (lambda: TimedArray([[1, 2]], dt=1 * ms)(1 * ms), TypeError),
        (lambda: TimedArray([[1, 2]], dt=1 * ms)(1 * ms, 5), IndexError),
    ],
)
def test_refused_timed_arrays(call, error):
    with pytest.raises(error):
        call()


def test_bins_do_not_suffer_from_rounding():
    """The bin of t = n*dt is n for as long as one likes, although n*dt is not exact."""
    dt = float(1 / (48 * kHz))
    array = TimedArray(numpy.arange(100_000), dt=1 / (48 * kHz))
    steps = numpy.arange(100_000)
    from ranvier.actions.present_values import looked_up

    numpy.testing.assert_array_equal(looked_up(array.binding(dt), steps * dt), steps)


def test_grid_is_brians():
    """Observed: 0.25 ms bins in steps of 0.1 ms give the bins 0 0 0 1 1 2 2 2 3 3 4 4."""
    epsilon, per_bin = grid(0.25e-3, 0.1e-3)
    bins = [int(numpy.floor(n * 1e-4 / epsilon + 0.5) / per_bin) for n in range(12)]
    assert bins == [0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 4, 4]


def test_local_constancy():
    array = TimedArray([1, 2], dt=1 * ms)
    assert array.is_locally_constant(1e-4) and not array.is_locally_constant(3e-4)
    assert not array.is_locally_constant(2e-3)


def test_in_subgroups_the_column_is_relative():
    table = TimedArray(numpy.array([[0, 1], [10, 11], [20, 21]]), dt=0.2 * ms)
    group = NeuronGroup(4, "v : 1", namespace={"table": table})
    group[2:].run_regularly("v = table(t, i)", dt=0.2 * ms)
    monitor = StateMonitor(group, "v", record=True, when="end")
    Network(group, monitor).run(0.6 * ms)
    numpy.testing.assert_array_equal(monitor.v[2:], [[0, 0, 10, 10, 20, 20], [1, 1, 11, 11, 21, 21]])
    numpy.testing.assert_array_equal(group.v[:2], [0, 0])
    group.v = "table(0.2*ms, i % 2)"
    assert list(group.v) == [10, 11, 10, 11]


def test_parts_of_groups_are_not_linked(source):
    group = NeuronGroup(4, "l : 1 (linked)")
    with pytest.raises(TypeError, match="all elements"):
        group[:2].l = linked_var(source, "x")
