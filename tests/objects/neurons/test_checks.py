"""`Equations.check_units`, warnings of methods, long expressions in runs."""

import numpy as np
import pytest

from ranvier import DimensionMismatchError, Equations, Network, NeuronGroup, defaultclock, ms, mV, start_scope
from ranvier.session.logger import catch_logs


@pytest.fixture(autouse=True)
def fresh():
    start_scope()
    defaultclock.dt = 0.1 * ms


def test_check_units_of_equations_with_a_group():
    equations = Equations("dv/dt = (E - v)/tau : volt\nI = v/E : 1")
    group = NeuronGroup(2, equations)
    equations.check_units(group, {"tau": 10 * ms, "E": 3 * mV})
    with pytest.raises(DimensionMismatchError):
        equations.check_units(group, {"tau": 10 * mV, "E": 3 * mV})
    with pytest.raises(KeyError, match="tau"):
        equations.check_units(group, run_namespace={"E": 3 * mV})


def test_check_units_uses_the_namespace_of_the_group():
    equations = Equations("dv/dt = -v/tau : volt")
    equations.check_units(NeuronGroup(2, equations, namespace={"tau": 10 * ms}))


def test_deprecated_method_warns_once():
    group = NeuronGroup(1, "dv/dt = -v/(10*ms) : 1", method="independent")
    network = Network(group)
    with catch_logs() as messages:
        network.run(0.1 * ms)
        network.run(0.1 * ms)
    topic = "ranvier.stateupdaters.exact.deprecated_independent"
    assert [(level, name) for level, name, _ in messages] == [("WARNING", topic)]


@pytest.mark.parametrize("method", ["euler", "heun"])
def test_long_sums_run(method):
    total = " + ".join(["v"] * 450)
    group = NeuronGroup(
        2, f"dv/dt = s/second : 1\ns = {total} : 1", method=method, threshold="v > 2", reset=f"v = {total}"
    )
    group.v = 1
    Network(group).run(0.1 * ms)
    np.testing.assert_allclose(group.v[:], 1 + 450 * 1e-4, rtol=1e-12)


def test_a_share_of_a_population_is_a_group_of_the_whole_number_below():
    """`NeuronGroup(0.85*153, ...)` of published models; groups of one neuron less than meant deserve a word."""
    with catch_logs() as messages:
        assert len(NeuronGroup(0.85 * 153, "v : 1")) == 130
        assert len(NeuronGroup(32 + 32 / 4, "v : 1")) == 40
    [(level, name, message)] = messages
    assert (level, name.rpartition(".")[2]) == ("WARNING", "size_cut") and "the group has 130 neurons" in message
    with pytest.raises(ValueError, match="at least 1, was 0"):
        NeuronGroup(0.5, "v : 1")
