"""Random small networks with synapses as random batches: each instance is, bit for bit, the network alone."""

import numpy as np
import pytest
from graph.compared import Compared
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from objects.synapses.test_random_networks import LAYOUTS, RELAXED, networks

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


@st.composite
def batches(draw):
    """A network, at the beginning of a run, how many instances of it, and what they are given."""
    network, layout = draw(networks()), draw(LAYOUTS)
    seconds = draw(st.sampled_from((0.0005, 0.0021, 0.004)))
    compared = Compared(network, seconds=seconds, options=Options(layout=layout))
    possible = [
        number
        for number, entry in enumerate(compared.plan.inputs)
        if entry.label == "random key" or (entry.kind == "state" and entry.label.endswith(OWN))
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
@settings(max_examples=12, **QUICK)
@given(batches())
def test_an_instance_is_the_network_alone(batch):
    check(batch)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=6, **QUICK)
@given(batches())
def test_graphs_of_batches(batch):
    compared, count, given = batch
    compared.check_interpreted(given, count)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
@settings(max_examples=300, **QUICK)
@given(batches())
def test_an_instance_is_the_network_alone_in_many(batch):
    check(batch)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
@settings(max_examples=60, **QUICK)
@given(batches())
def test_graphs_of_many_batches(batch):
    compared, count, given = batch
    compared.check_interpreted(given, count)
