"""The plan and the code that a network keeps for its next run hold no object that is gone."""

from __future__ import annotations

import gc
import weakref

import pytest

from ranvier import Network, NeuronGroup, SpikeMonitor, StateMonitor, Synapses, linked_var, ms


def _network():
    """Returns a network whose pathway reads a variable of a third group, and the objects by name."""
    source = NeuronGroup(2, "dv/dt = 1/ms : 1\ny : 1 (linked)", threshold="v > 0.5", reset="v = 0", method="euler")
    other = NeuronGroup(2, "z : 1")
    source.y = linked_var(other, "z")
    synapses = Synapses(source, source, "w : 1", on_pre="w += y_pre")
    synapses.connect(i=[0, 1], j=[1, 0])
    spikes, states = SpikeMonitor(source), StateMonitor(source, "v", record=True)
    net = Network(source, other, synapses, spikes, states)
    return net, {"source": source, "other": other, "synapses": synapses, "spikes": spikes, "states": states}


def _run_twice(net):
    for _ in range(2):
        net.run(1 * ms)


def _is_gone(reference):
    gc.collect()
    return reference() is None


@pytest.mark.parametrize("name", ["spikes", "states", "synapses"])
def test_an_object_that_is_removed_is_freed_at_once(name):
    net, objects = _network()
    _run_twice(net)
    removed = objects.pop(name)
    gone, storage = weakref.ref(removed), weakref.ref(removed.w.variable.storage) if name == "synapses" else None
    net.remove(removed)
    del removed
    assert _is_gone(gone)
    assert storage is None or storage() is None


def test_a_network_that_is_gone_takes_its_objects_along():
    net, objects = _network()
    _run_twice(net)
    gone = [weakref.ref(each) for each in (net, *objects.values())]
    del net
    objects.clear()
    assert all(map(_is_gone, gone))


def test_what_a_group_was_linked_to_before_is_freed():
    net, objects = _network()
    _run_twice(net)
    third = NeuronGroup(2, "z : 1")
    net.add(third)
    objects["source"].y = linked_var(third, "z")
    other = objects.pop("other")
    net.remove(other)
    gone = weakref.ref(other)
    del other
    assert _is_gone(gone)
