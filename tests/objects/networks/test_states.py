"""States of networks: what belongs to them, whose they are, and the names by which they are found again."""

import pickle

import numpy as np
import pytest

from ranvier import (
    MagicError,
    Network,
    NeuronGroup,
    SpikeMonitor,
    Synapses,
    defaultclock,
    magic_network,
    ms,
    run,
    second,
    start_scope,
)


@pytest.fixture(autouse=True)
def _fresh():
    start_scope()
    yield


def delayed(delays):
    """A network whose synapses have these delays, with fixed names."""
    cells = NeuronGroup(2, "x : 1", threshold="i == 0 and t < 0.05*ms", reset="", name="cells")
    synapses = Synapses(cells, cells, "w : 1", on_pre={"up": "x_post += w", "down": "x_post -= w"}, name="syn")
    synapses.connect()
    synapses.w = 1
    synapses.up.delay = delays
    return Network(cells, synapses)


def test_delays_are_part_of_the_states_of_a_network():
    first = delayed([0, 1, 2, 3] * ms)
    states = first.get_states(read_only_variables=False)
    assert list(states["syn_up"]["delay"] / ms) == [0, 1, 2, 3] and list(states["syn_down"]["delay"]) == [0] * 4
    second_one = delayed(0 * ms)
    second_one.set_states(states)
    assert list(second_one["syn"].up.delay / ms) == [0, 1, 2, 3]
    second_one.set_states({"syn_down": {"delay": np.full(4, 5e-4)}}, units=False)
    assert list(second_one["syn"].down.delay / ms) == [0.5] * 4
    second_one.set_states({"syn_up": {"w": 3}})
    assert list(second_one["syn"].w) == [3] * 4 and set(states["syn_up"]) == {*states["syn"], "delay"}
    with pytest.raises(KeyError, match="'syn' has no variable 'nothing'"):
        second_one.set_states({"syn_up": {"nothing": 1}})


def test_one_delay_for_all_is_part_of_the_states():
    cells = NeuronGroup(2, "x : 1", threshold="x > 1", reset="")
    synapses = Synapses(cells, cells, on_pre="x_post += 1", delay=2 * ms)
    synapses.connect()
    assert synapses.pre.get_states()["delay"] == 2 * ms and synapses.pre.get_states(units=False)["delay"] == 2e-3
    synapses.pre.set_states({"delay": 3 * ms})
    assert synapses.pre.delay[:] == 3 * ms


def test_states_of_subexpressions_use_the_names_of_the_function_that_asks():
    factor = 3
    cells = NeuronGroup(2, "x : 1\ny = factor*x : 1", name="cells")
    cells.x = factor
    assert list(Network(cells).get_states(subexpressions=True)["cells"]["y"]) == [9, 9]


def test_the_magic_network_means_the_objects_that_the_script_sees():
    def elsewhere():
        cells = NeuronGroup(2, "x : 1", name="cells")
        run(1 * ms)
        return cells

    kept = [elsewhere()]
    cells = NeuronGroup(2, "x : 1", name="cells")
    magic_network.set_states({"cells": {"x": [1, 2]}})
    assert list(cells.x) == [1, 2] and list(kept[0].x) == [0, 0]
    assert list(magic_network.get_states()["cells"]["x"]) == [1, 2]
    run(1 * ms)
    assert magic_network.t == 1 * ms
    magic_network.set_states({"cells": {"x": [3, 4]}})
    assert magic_network.t == 1 * ms and list(cells.x) == [3, 4]
    another = NeuronGroup(1, "y : 1")
    with pytest.raises(MagicError, match="mix of objects"):
        magic_network.get_states()
    assert another.N == 1


def test_a_stored_state_has_the_time_of_its_network():
    Network(NeuronGroup(1, "x : 1")).run(3 * ms)
    network = Network(NeuronGroup(1, "x : 1"))
    network.store()
    assert defaultclock.t == 0 * second
    network.run(1 * ms)
    network.restore()
    assert defaultclock.t == 0 * second and network.t == 0 * second


def made():
    """A network in which every kind of part has a name from that of its object."""
    cells = NeuronGroup(
        3,
        "dx/dt = -x/second : 1\ny : 1\nz = x + y : 1 (constant over dt)",
        threshold="x > 1",
        reset="x = 0",
        events={"high": "y > 1"},
        name="cells",
        method="euler",
    )
    cells.run_on_event("high", "y = 0")
    cells.run_regularly("y += 1", dt=0.1 * ms)
    cells.run_regularly("y += 2", dt=0.1 * ms)
    synapses = Synapses(cells, cells, "w : 1\ny_post = w : 1 (summed)", on_pre="x_post += w", name="syn")
    synapses.connect(j="i")
    spikes = SpikeMonitor(cells, name="spikes")
    return Network(cells, synapses, spikes)


def test_parts_are_named_after_their_object_whatever_else_lives(tmp_path):
    first = made()
    wanted = sorted(obj.name for obj in first)
    assert "cells_run_regularly" in wanted and "cells_run_regularly_1" in wanted and "syn_pre" in wanted
    assert len(set(wanted)) == len(wanted)
    first.run(0.3 * ms)
    first.store(filename=str(tmp_path / "state"))
    second_one = made()
    assert sorted(obj.name for obj in second_one) == wanted
    second_one.restore(filename=str(tmp_path / "state"))
    assert list(second_one["cells"].x) == list(first["cells"].x)


def test_scripts_give_the_state_of_one_network_to_another_as_they_do_with_brian():
    first, second_one = delayed([0, 1, 2, 3] * ms), delayed([0, 1, 2, 3] * ms)
    first.run(1.5 * ms)
    state = pickle.loads(pickle.dumps(first._full_state()))
    second_one._stored_state["pre_run"] = state
    for _ in range(2):
        second_one.restore("pre_run")
        assert second_one.t == 1.5 * ms
        second_one.run(2 * ms)
    first.run(2 * ms)
    np.testing.assert_array_equal(first["cells"].x[:], second_one["cells"].x[:])
    assert not first._stored_state
