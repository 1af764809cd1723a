"""Copies and pickles: objects refuse them and say what to do, values are copied as they are."""

import copy
import pickle

import numpy as np
import pytest

from ranvier import Network, NeuronGroup, Quantity, SpikeMonitor, StateMonitor, Synapses, mV, volt


@pytest.fixture
def objects():
    cells = NeuronGroup(2, "v : volt\ns = 2*v : volt", threshold="True", reset="", name="cells")
    cells.v = [1, 2] * mV
    synapses = Synapses(cells, cells, "w : 1", on_pre="w += 1")
    synapses.connect()
    monitor = StateMonitor(cells, "v", record=True)
    network = Network(cells, synapses, monitor, SpikeMonitor(cells))
    return {
        "cells": cells,
        "part": cells[:1],
        "synapses": synapses,
        "pathway": synapses.pre,
        "monitor": monitor,
        "network": network,
        "updater": cells.thresholder["spike"],
    }


WAYS = {"copied": [copy.copy, copy.deepcopy], "pickled": [pickle.dumps]}


@pytest.mark.parametrize("what", ["cells", "part", "synapses", "pathway", "monitor", "network", "updater"])
def test_objects_are_not_copied_and_say_what_to_do(objects, what):
    for done, functions in WAYS.items():
        for function in functions:
            with pytest.raises(TypeError, match=rf"'{objects[what].name}' .* cannot be {done}: .*store\(\)"):
                function(objects[what])


def test_what_contains_an_object_is_not_copied_either(objects):
    with pytest.raises(TypeError, match=r"get_states\(\)"):
        copy.deepcopy({"cells": objects["cells"]})
    with pytest.raises(TypeError, match=r"'statemonitor.*cannot be copied"):
        copy.deepcopy(objects["monitor"][0])


def test_a_part_of_a_monitor_is_copied_with_its_monitor(objects):
    assert copy.copy(objects["monitor"][1]).monitor is objects["monitor"]


@pytest.mark.parametrize("function", [copy.copy, copy.deepcopy, lambda view: pickle.loads(pickle.dumps(view))])
def test_views_are_copied_and_pickled_as_their_values(objects, function):
    cells, synapses = objects["cells"], objects["synapses"]
    copied = function(cells.v)
    assert isinstance(copied, Quantity) and copied.dim is volt.dim
    cells.v = 0 * mV
    assert list(copied / mV) == [1, 2]
    assert type(function(cells.v_)) is np.ndarray
    assert list(function(synapses.i)) == [0, 0, 1, 1]
    assert len(function(objects["monitor"].t)) == 0
