"""Random small networks with synapses as random batches: each instance is, bit for bit, the network alone."""

import numpy as np
import pytest
from graph.compared import Compared
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from objects.synapses.test_random_networks import LAYOUTS, RELAXED, networks

from ranvier import Network, NeuronGroup, SpikeGeneratorGroup, SpikeMonitor, Synapses, ms
from ranvier.stages import Options

QUICK = {**RELAXED, "phases": (Phase.explicit, Phase.generate)}
"""Each try compiles: an example is not made smaller."""

OWN = (".v", ".g", ".u", ".drive", ".w", ".a", ".b", ".count", ".k")
"""The ends of the names of variables of which instances may be given values."""


def values_of(compared, number, count, rng):
    """Values of an input for each instance."""
    entry, value = compared.plan.inputs[number], compared.arguments.values[number]
    if entry.label == "random key":
        return rng.integers(-(2**62), 2**62, count)
    one = np.atleast_1d(np.asarray(value.array if hasattr(value, "array") else value))
    if entry.type == "f64":
        many = one * rng.uniform(0.7, 1.3, (count, one.size)) + rng.uniform(0, 0.05, (count, one.size))
    else:
        many = one + rng.integers(0, 3, (count, one.size))
    return many.astype(one.dtype) if hasattr(value, "array") else many[:, 0]


INPUTS = ("v_post += 0.2", "g_post += gain", "v_post += gain*rand()", "g_post = 0.5*g_post + gain")
"""What given spikes do."""


def add_noise_and_inputs(draw, network):
    """Adds random numbers and given spikes to a network, perhaps, whose strength is a constant of the script."""
    groups = [each for each in network.objects if isinstance(each, NeuronGroup)]
    if draw(st.booleans()):
        code = draw(st.sampled_from(("v += gain*rand()", "g += 0.1*gain*randn()", "v += gain*0.1*poisson(3)")))
        groups[0].run_regularly(code, dt=draw(st.integers(1, 3)) * 0.1 * ms)
    if draw(st.booleans()):
        size = draw(st.integers(1, 4))
        times = np.array(draw(st.lists(st.integers(0, 30), max_size=12, unique=True)), dtype=int)
        inputs = SpikeGeneratorGroup(size, times % size, times * 0.1 * ms, name="inputs")
        synapses = Synapses(inputs, groups[-1], on_pre=draw(st.sampled_from(INPUTS)), name="given")
        synapses.connect(p=0.6)
        synapses.delay = draw(st.integers(0, 4)) * 0.1 * ms
        network.add(inputs, synapses, SpikeMonitor(inputs))


@st.composite
def batches(draw):
    """A network, at the beginning of a run, how many instances of it, and what they are given."""
    network, layout = draw(networks()), draw(LAYOUTS)
    add_noise_and_inputs(draw, network)
    seconds = draw(st.sampled_from((0.0005, 0.0021, 0.004)))
    compared = Compared(network, {"gain": 0.3}, seconds=seconds, options=Options(layout=layout))
    possible = [
        number
        for number, entry in enumerate(compared.plan.inputs)
        if entry.label in ("random key", "gain") or (entry.kind == "state" and entry.label.endswith(OWN))
    ]
    own = draw(st.lists(st.sampled_from(possible), unique=True, max_size=5))
    count = draw(st.integers(1, 9))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    return compared, count, {number: values_of(compared, number, count, rng) for number in own}


def check(batch):
    compared, count, given = batch
    run = compared.batch(given, count)
    for instance in range(count):
        compared.check(given, instance, run=run)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=4, **QUICK)
@given(batches())
def test_an_instance_is_the_network_alone(batch):
    check(batch)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=3, **QUICK)
@given(batches())
def test_graphs_of_batches(batch):
    compared, count, given = batch
    compared.check_interpreted(given, count)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
@settings(max_examples=20, **QUICK)
@given(batches())
def test_an_instance_is_the_network_alone_in_many(batch):
    check(batch)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
@settings(max_examples=8, **QUICK)
@given(batches())
def test_graphs_of_many_batches(batch):
    compared, count, given = batch
    compared.check_interpreted(given, count)


@pytest.mark.parametrize("steps", (1, 2, 5, 6))
def test_spikes_of_the_last_step_count_for_each_instance(steps):
    """The map of a batch that stores `not_refractory` in the last step makes the mask of spikes there, too."""
    group = NeuronGroup(
        20, "dv/dt = drive/ms : 1\ndrive : 1", threshold="v > 0.3", reset="v = 0", refractory=0.2 * ms, method="euler"
    )
    group.v, group.drive = "i/N", "1 + i/N"
    network = Network(group, SpikeMonitor(group))
    compared = Compared(network, {}, seconds=steps * 1e-4)
    v = next(k for k, entry in enumerate(compared.plan.inputs) if entry.label.endswith(".v"))
    check((compared, 3, {v: np.linspace(0, 1, 3 * 20).reshape(3, 20)}))
