"""Large arrays are in memory once: parameters of synapses, and what runs begin with.

The state from which sets begin has the parameters in common with the network, unless they are written; runs begin with
the arrays of the state, unless sets set them.
"""

import numpy as np
import pytest

from ranvier import Network, NetworkOperation, NeuronGroup, SpikeMonitor, Synapses, ms, seed
from ranvier.objects.networks import snapshot
from ranvier.objects.networks.sweeps import network_work, sharing
from ranvier.objects.networks.sweeps.instances import Instances
from ranvier.runtime.stand_ins import PlainState


@pytest.fixture
def states(monkeypatch):
    """The states from which sets begin, as sweeps take them; no array is too small to be shared."""
    found = []
    monkeypatch.setattr(sharing, "LARGE", 1)

    class Noted(network_work.NetworkWork):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            found.append(self.state)

    monkeypatch.setattr("ranvier.objects.networks.sweeps.network_sweep.NetworkWork", Noted)
    return found


def build(on_pre="v_post += w*scale", model="w : 1\nu : 1"):
    cells = NeuronGroup(
        20, "dv/dt = (1.5 - v)/(4*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells"
    )
    cells.v = np.linspace(0, 1, 20)
    synapses = Synapses(cells, cells, model, on_pre=on_pre, delay=1 * ms, name="synapses")
    synapses.connect(condition="i != j")
    synapses.w = np.linspace(0, 0.01, len(synapses))
    if "u : 1" in model:
        synapses.u = np.linspace(1, 2, len(synapses))
    return Network(cells, synapses, SpikeMonitor(cells, name="spikes")), synapses


def swept(network, form, over=None, **options):
    over = over or {"scale": [0, 1, 2]}
    arguments = {"measure": {"n": "count(spikes) + mean(v)"}, "namespace": {"scale": 1}} | options
    return network.sweep(10 * ms, over, form=form, **arguments)


def shared(state, synapses, name):
    return np.shares_memory(state.objects[synapses.name].arrays[name], synapses.variables[name].storage.array)


@pytest.mark.parametrize("form", ["turns", "lanes", "one after another"])
def test_what_no_step_writes_is_shared(form, states):
    network, synapses = build()
    before = synapses.w[:].copy()
    swept(network, form)
    assert shared(states[0], synapses, "w") and shared(states[0], synapses, "u")
    assert np.array_equal(synapses.w[:], before)


@pytest.mark.parametrize("form", ["turns", "one after another"])
@pytest.mark.parametrize("what", ["pathway", "regularly", "other synapses"])
def test_what_a_step_writes_is_copied_in_time(what, form, states):
    network, synapses = build("v_post += w*scale; w += 0.001" if what == "pathway" else "v_post += w*scale")
    if what == "regularly":
        synapses.run_regularly("w *= 1.1", dt=1 * ms)
    if what == "other synapses":
        cells = network["cells"]
        onto = Synapses(cells, synapses, on_pre="w_post += 0.001", name="onto")
        onto.connect(i=np.arange(20), j=np.arange(20))
        network.add(onto)
    before = synapses.w[:].copy()
    found = swept(network, form)
    assert not shared(states[0], synapses, "w") and shared(states[0], synapses, "u")
    assert np.array_equal(synapses.w[:], before), "the network is what it was"
    network.store()
    for scale, value in zip([0, 1, 2], found["n"], strict=True):
        network.restore()
        network.run(10 * ms, namespace={"scale": scale})
        assert value == network["spikes"].num_spikes + network["cells"].v[:].mean()


def test_what_sets_or_functions_of_the_script_may_write_is_copied(states):
    network, synapses = build()

    def measure():
        synapses.w = 7
        return network["spikes"].num_spikes

    before = synapses.w[:].copy()
    swept(network, "turns", measure=measure)
    swept(network, "one after another", setup=lambda network, values: setattr(synapses, "w", 3))
    swept(network, "turns", {"synapses.w": [0, 0.1]})
    swept(network, "turns", start={synapses.w: "rand()"})
    swept(network, "turns", report=lambda progress: None)
    network.add(NetworkOperation(lambda: setattr(synapses, "w", 5), dt=1 * ms))
    swept(network, "one after another")
    assert len(states) == 6 and not any(shared(state, synapses, "w") for state in states)
    assert shared(states[2], synapses, "u") and np.array_equal(synapses.w[:], before)


# ---------------------------------------------------------------- what runs begin with


@pytest.fixture
def instances(monkeypatch):
    """The instances that sweeps make; no array is too small to be shared."""
    found = []
    monkeypatch.setattr(sharing, "LEAST", 1)

    class Noted(Instances):
        def __init__(self, *args):
            super().__init__(*args)
            found.append(self)

    monkeypatch.setattr("ranvier.objects.networks.sweeps.job.Instances", Noted)
    return found


def from_state(found, state, name, variable):
    """Whether runs begin with the very array that the state has of a variable."""
    stored = state.objects[name].arrays[variable]
    return any(isinstance(each, PlainState) and each.array is stored for each in found.inputs)


@pytest.mark.parametrize("form", ["turns", "lanes"])
def test_runs_begin_with_the_arrays_of_the_state(form, states, instances):
    network, _ = build()
    network.run(3 * ms, namespace={"scale": 1})
    found = swept(network, form)
    assert from_state(instances[0], states[0], "cells", "v")
    shared = instances[0].own_bytes - instances[0].copied_bytes
    assert shared == 20 * 8 + 20 * 4, "potentials and counts; a state has spikes on their way in another form"
    assert np.array_equal(found["n"], swept(network, "one after another")["n"])


@pytest.mark.parametrize("form", ["turns", "lanes"])
@pytest.mark.parametrize(
    ("over", "options"),
    [({"cells.v": [0.1, 0.2, 0.3]}, {}), ({"scale": [0, 1, 2]}, {"start": {"cells.v": "0.5*rand()"}})],
)
def test_runs_begin_with_what_sets_set(form, over, options, states, instances):
    seed(3)
    network, _ = build()
    network.run(3 * ms, namespace={"scale": 1})
    found = swept(network, form, over, **options)
    assert not from_state(instances[0], states[0], "cells", "v") and instances[0].copied_bytes >= 20 * 8
    assert np.array_equal(found["n"], swept(network, "one after another", over, **options)["n"])


def test_what_is_the_same_is_so_bit_for_bit(monkeypatch):
    monkeypatch.setattr(sharing, "LEAST", 1)
    cells = NeuronGroup(2, "v : 1", name="cells")
    cells.v = [0.0, 1.0]
    stored = sharing.StoredArrays([cells], snapshot.take(Network(cells)))
    array = cells.variables["v"].storage.array
    assert not np.shares_memory(stored.as_now(array), array) and stored.copied_bytes == 0
    array[0] = -0.0
    assert stored.as_now(array).tobytes() == array.tobytes() and stored.copied_bytes == array.nbytes
