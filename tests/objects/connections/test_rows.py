"""Rows of synapses by neuron and delay, and pathways whose synapses stand in the order of rows."""

import numpy as np
import pytest

import ranvier as rv
from ranvier.objects.connections import rows as connections_rows
from ranvier.objects.connections.rows import new_rows
from ranvier.objects.memory.arrays import counted
from ranvier.objects.pathways.delay_storage import delay_steps


@pytest.mark.parametrize("size, number, longest", [(50, 3000, 7), (1, 10, 3), (10, 0, 3), (100, 5000, 60000)])
@pytest.mark.parametrize("is_sorted", [True, False])
def test_rows_are_sorted_by_neuron_then_longest_delay_then_creation(
    size: int, number: int, longest: int, is_sorted: bool
) -> None:
    rng = np.random.default_rng(1)
    elements = rng.integers(0, size, number).astype(np.int32)
    if is_sorted:
        elements.sort()
    steps = delay_steps(rng.integers(0, longest, number) * 1e-4, 1e-4, "s")
    rows = new_rows("s", elements, size, steps)
    delays = rows.delays.array
    if number:
        np.testing.assert_array_equal(delays, np.unique(steps)[::-1])
    keys = [(elements[k], -steps[k], k) for k in range(number)]
    order = np.arange(number) if rows.order is None else rows.order.array
    assert [keys[k] for k in order] == sorted(keys)
    pointers = rows.pointers.array
    for row in range(0, size * delays.size, 37):
        inside = order[pointers[row] : pointers[row + 1]]
        assert (elements[inside] == row // delays.size).all() and (steps[inside] == delays[row % delays.size]).all()
    assert pointers[-1] == number


def test_counting_in_blocks_is_counting() -> None:
    numbers = np.random.default_rng(2).integers(0, 9, 2_000_000).astype(np.int32)
    np.testing.assert_array_equal(counted(numbers, 12), np.bincount(numbers, minlength=12))


def test_where_the_targets_stand_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    source = rv.SpikeGeneratorGroup(20, rng.integers(0, 20, 200), np.arange(200) * 0.1 * rv.ms)
    group = rv.NeuronGroup(30, "x : 1\ny : 1")
    ends = rng.integers(0, 20, 400), rng.integers(0, 30, 400)
    first = np.argsort(ends[0], kind="stable")
    delays = rng.integers(0, 30, 400) * 0.1 * rv.ms
    for_ends = rv.Synapses(source, group, on_pre="x = 0.9*x + 1 + 0.01*i")
    for_each = rv.Synapses(source, group, "w : 1", on_pre="y = 0.9*y + w + 0.01*i")
    for synapses in (for_ends, for_each):
        synapses.connect(i=ends[0][first], j=ends[1][first])
        synapses.delay = delays
    for_each.w = 1
    network = rv.Network(source, group, for_ends, for_each)
    network.run(10 * rv.ms)
    for_ends.delay = for_each.delay = delays[::-1]
    network.run(15 * rv.ms)
    assert group.x[:].max() > 2
    np.testing.assert_array_equal(group.x[:], group.y[:])


def test_reading_no_place_of_an_order_sorts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = new_rows("s", np.repeat(np.arange(3, dtype=np.int32), 4), 9, np.array([2, 1, 0, 1] * 3))
    assert rows.order is not None
    monkeypatch.setattr(connections_rows, "sorted_order", lambda keys: pytest.fail("synapses were sorted"))
    assert rows.order.readable[12:12].size == 0
