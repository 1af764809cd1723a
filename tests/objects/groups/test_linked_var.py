"""Linked variables whose index leads several elements to one value, or out of what is linked to."""

from __future__ import annotations

import numpy as np
import pytest

from ranvier import Network, NeuronGroup, Synapses, defaultclock, linked_var, ms, network_operation


@pytest.fixture(autouse=True)
def _step() -> None:
    defaultclock.dt = 0.1 * ms


def pooled(index: list[int], start: float = 0, *, reset: str = "", regularly: str = "", steps: int = 10) -> list[float]:
    """Returns the values of a group of 3 after some steps in which 5 cells, linked by an index, do something."""
    pool = NeuronGroup(3, "n : 1")
    pool.n = start
    cells = NeuronGroup(5, "n : 1 (linked)\ny : 1", threshold="True", reset=reset)
    cells.n = linked_var(pool, "n", index=np.array(index))
    cells.y = "i"
    if regularly:
        cells.run_regularly(regularly)
    Network(pool, cells).run(0.1 * steps * ms)
    return pool.n[:].tolist()


def test_no_update_is_lost_after_spikes() -> None:
    assert pooled([0] * 5, reset="n += 1") == [50, 0, 0]
    assert pooled([0, 0, 1, 1, 1], reset="n += y") == [10, 90, 0]
    assert pooled([0, 0, 1, 1, 1], 1, reset="n *= 2", steps=1) == [4, 8, 1]
    assert pooled([0, 0, 1, 1, 1], reset="n = 2*n + y; y = n", steps=1) == [1, 18, 0]


def test_no_update_is_lost_in_code_for_all_elements() -> None:
    assert pooled([0, 0, 1, 1, 1], regularly="n += 1") == [20, 30, 0]
    assert pooled([0, 0, 1, 1, 1], regularly="n = n + i") == [10, 90, 0]
    assert pooled([0, 0, 1, 1, 1], regularly="n = 2*n + i", steps=1) == [1, 18, 0]
    assert pooled([2, 1, 0, 0, 2], regularly="n += 1 + i") == [70, 20, 60]


def test_a_link_to_a_group_of_one_is_written_once_for_all() -> None:
    one = NeuronGroup(1, "n : 1")
    cells = NeuronGroup(5, "n : 1 (linked)")
    cells.n = linked_var(one, "n")
    cells.run_regularly("n += 1")
    Network(one, cells).run(1 * ms)
    assert one.n[0] == 10


def test_different_targets_stay_native() -> None:
    pool = NeuronGroup(5, "n : 1")
    cells = NeuronGroup(5, "n : 1 (linked)")
    cells.n = linked_var(pool, "n", index=np.array([3, 1, 0, 2, 4]))
    cells.run_regularly("n += i")
    net = Network(pool, cells)
    assert "snn.scatter" in net.lower().as_text("snn")
    net.run(1 * ms)
    assert pool.n[:].tolist() == [20, 10, 30, 0, 40]


# ---------------------------------------------------------------- an index that is a variable


def linked_by_variable(index: object) -> tuple[NeuronGroup, NeuronGroup]:
    source = NeuronGroup(3, "a : 1", name="source")
    cells = NeuronGroup(4, "x : 1 (linked)\nk : integer\ny : 1", name="cells", threshold="k < 0", reset="")
    cells.x = linked_var(source, "a", index="k")
    cells.k = index
    return source, cells


@pytest.mark.parametrize("code", ["x = x + 1", "x = 7", "y = x"])
@pytest.mark.parametrize("wrong", [3, 40, 10**9, -1, -(2**31)])
def test_an_index_is_checked_when_a_run_begins(code: str, wrong: int) -> None:
    source, cells = linked_by_variable([0, 1, wrong, 2])
    cells.run_regularly(code)
    with pytest.raises(IndexError, match=rf"'x' stands for.*'source.a'.*'cells.k' is {wrong} for element 2"):
        Network(source, cells).run(1 * ms)
    assert source.a[:].tolist() == [0, 0, 0]
    with pytest.raises(IndexError):
        cells.x[:]


@pytest.mark.parametrize("code", ["k += 1", "k = 10**9", "k = -5"])
def test_an_index_is_checked_after_the_model_has_written_it(code: str) -> None:
    source, cells = linked_by_variable([0, 1, 1, 2])
    source.a = [1, 2, 3]
    cells.run_regularly("y = x", when="end")
    cells.run_regularly(code, dt=0.5 * ms)
    with pytest.raises(IndexError, match=r"'cells.k' is .* for element \d at t = 0 s"):
        Network(source, cells).run(2 * ms)
    assert cells.k[3] in (3, 10**9, -5)


def test_an_index_is_checked_after_a_callback() -> None:
    source, cells = linked_by_variable([0, 1, 1, 2])
    cells.run_regularly("x = x + 1")

    @network_operation(dt=0.3 * ms)
    def operation() -> None:
        cells.k[1] = 10**9 if defaultclock.t > 0.5 * ms else 2

    with pytest.raises(IndexError, match=r"'cells.k' is 1000000000 for element 1 at t = 0\.0006 s"):
        Network(source, cells, operation).run(1 * ms)
    assert cells.k[:].tolist() == [0, 10**9, 1, 2]


def test_a_callback_that_fails_after_it_has_spoilt_an_index() -> None:
    source, cells = linked_by_variable([0, 1, 1, 2])
    cells.run_regularly("y = x", when="end")
    cells.run_regularly("k = 2*10**9", when="end", order=-1)

    @network_operation(when="start")
    def operation() -> None:
        cells.k = 10**9
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Network(source, cells, operation).run(1 * ms)


def test_several_elements_with_the_same_variable_index() -> None:
    source, cells = linked_by_variable([0, 2, 2, 2])
    cells.run_regularly("x += 1")
    Network(source, cells).run(1 * ms)
    assert source.a[:].tolist() == [10, 0, 30]


def test_an_index_that_moves_within_the_range() -> None:
    source, cells = linked_by_variable(0)
    source.a = [1, 2, 3]
    cells.run_regularly("k = (k + 1) % 3")
    cells.run_regularly("y = x", when="end")
    net = Network(source, cells)
    for expected in (2, 3, 1):
        net.run(0.1 * ms)
        assert cells.y[:].tolist() == [expected] * 4


def test_the_index_of_the_source_of_synapses() -> None:
    source, cells = linked_by_variable([0, 1, 50, 2])
    targets = NeuronGroup(4, "z : 1")
    synapses = Synapses(cells, targets, on_pre="z_post += x_pre")
    synapses.connect()
    cells.thresholder["spike"]  # the group spikes
    with pytest.raises(IndexError):
        Network(source, cells, targets, synapses).run(1 * ms)
