"""Every form of a sweep gives what the network gives alone, bit for bit: measures, kept tables, failures."""

import numpy as np
import pytest
from objects.networks.swept_models import DURATION, MODELS, check_same, lif, sweep

from ranvier import Network, ms, second, seed


@pytest.fixture(scope="module")
def alone():
    """The sweeps one after another."""
    found = {}

    def get(name):
        if name not in found:
            seed(5)
            found[name] = sweep(name, form="one after another")
        return found[name]

    return get


@pytest.mark.parametrize("workers", [None, 3])
@pytest.mark.parametrize("form", [None, "turns"])
@pytest.mark.parametrize("name", MODELS)
def test_forms_agree(name, form, workers, alone):
    wanted = alone(name)
    seed(5)
    check_same(sweep(name, form=form, workers=workers), wanted)


@pytest.mark.parametrize("name", ["lif", "steps"])
def test_lanes(name, alone):
    wanted = alone(name)
    seed(5)
    check_same(sweep(name, form="lanes"), wanted)


@pytest.mark.parametrize("form", ["lanes", "turns"])
def test_measures_that_only_the_network_knows(form, alone):
    def measure(network):
        return {"n": network["spikes"].num_spikes, "t": network.t / second, "v": network["cells"].v[:]}

    seed(5)
    wanted = sweep("lif", form="one after another", measure=measure)
    seed(5)
    check_same(sweep("lif", form=form, measure=measure), wanted)


def test_the_network_is_left_as_it_was():
    objects, over, more, names = lif()
    network = Network(*objects)
    network.run(3 * ms, namespace=names)
    before = objects[0].v[:], objects[1].num_spikes, network.t, objects[2].t.size
    network.sweep(DURATION, over, measure="count(spikes)", namespace=names, **more)
    after = objects[0].v[:], objects[1].num_spikes, network.t, objects[2].t.size
    np.testing.assert_array_equal(before[0], after[0])
    assert before[1:] == after[1:]
