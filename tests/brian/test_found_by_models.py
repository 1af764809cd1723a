"""What scripts like published models, run with Brian and here, showed to differ or to say too little."""

import sys

import numpy as np
import pytest

from ranvier import BrianObjectException, Hz, Network, NeuronGroup, PoissonGroup, Synapses, ms
from ranvier.objects.networks.magic import profiling_summary


@pytest.mark.parametrize("code", ["q_post += 1", "x_post += q_pre"])
def test_variables_that_the_neurons_of_synapses_do_not_have(code: str) -> None:
    cells = NeuronGroup(2, "x : 1\nlong : 1", threshold="True", reset="")
    wires = Synapses(cells, cells, on_pre=code)
    wires.connect()
    with pytest.raises(BrianObjectException) as failed:
        Network(cells, wires).run(0.1 * ms)
    which = "postsynaptic" if "q_post" in code else "presynaptic"
    assert f"The {which} neurons have no variable 'q': they have" in str(failed.value)
    assert "long, not_refractory, x." in str(failed.value) or "long, x." in str(failed.value)
    with pytest.raises(KeyError, match=r"The presynaptic neurons have no variable .*size.*: they have rates"):
        Synapses(PoissonGroup(2, 1 * Hz), cells).connect("size_pre > 1*Hz")


def test_what_a_text_cannot_mean_is_not_proposed() -> None:
    names = {"r_": np.r_, "rr": sys, "Rs": str, "rt": np.random}
    cells = NeuronGroup(1, "dv/dt = R*v/ms : 1", namespace=names)
    with pytest.raises(BrianObjectException, match="It has no value: define it in the script"):
        Network(cells).run(0.1 * ms)
    own = NeuronGroup(1, "dv/dt = rate*v : 1", namespace={"rates": 3 * Hz, "rato": np.r_})
    with pytest.raises(BrianObjectException, match='Did you mean "rates"'):
        Network(own).run(0.1 * ms)


def test_columns_of_a_profile() -> None:
    cells = NeuronGroup(2, "dv/dt = 1/ms : 1", threshold="v > 0.5", reset="v = 0", method="euler")
    network = Network(cells)
    network.run(1 * ms, profile=True)
    summary = profiling_summary(network)
    assert len(summary.names) == len(summary.times) == len(summary.percentages) > 1
    assert sum(summary.percentages) == pytest.approx(100)
    assert all(time >= 0 * ms for time in summary.times)


def test_a_rate_whose_argument_has_a_factor_of_zero_in_one_neuron() -> None:
    model = """dn/dt = (an*(1 - n) - n/ms) : 1
    an = (u + 55*mV)/mV/(1 - exp(-(u + 55*mV)/(10*mV)))/second : Hz
    u = -65*mV + 10.5*mV*i*int(t > 0.25*ms) : volt"""
    for method in ("euler", "exponential_euler", "rk4"):
        cells = NeuronGroup(3, model, method=method)
        cells.n = 0.3
        Network(cells).run(1 * ms)
        assert np.isfinite(cells.n[:]).all() and np.ptp(cells.n[:]) > 1e-4
        if method == "euler":  # the numbers are those of Brian
            assert list(cells.n[:]) == pytest.approx([0.1077107, 0.10965185, 0.11237503], abs=2e-8)
