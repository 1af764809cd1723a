"""Noise in subexpressions: the same noise, wherever the subexpression is used in the equations."""

from __future__ import annotations

import numpy as np
import pytest

from ranvier import (
    BrianObjectException,
    Equations,
    Network,
    NeuronGroup,
    StateMonitor,
    Synapses,
    amp,
    ms,
    seed,
)
from ranvier.equations import EquationError
from ranvier.objects.groups.brianobject import BrianObject

CONSTANTS = {"mu": 1 * amp, "sigma": 2 * amp, "tau": 10 * ms}


@pytest.mark.parametrize("method", ["euler", "heun"])
def test_one_noise_is_the_same_number_in_several_equations(method: str) -> None:
    model = """eta = mu + sigma*sqrt(tau)*xi_pop : amp
    half = eta/2 : amp
    dv/dt = (eta/amp - v)/tau : 1
    dw/dt = (2*half/amp - w)/tau : 1
    du/dt = ((mu + sigma*sqrt(tau)*xi_pop)/amp - u)/tau : 1
    dz/dt = (sigma*sqrt(tau)*xi_other/amp - z)/tau : 1"""
    group = NeuronGroup(50, model, method=method)
    Network(group).run(2 * ms, namespace=CONSTANTS)
    np.testing.assert_allclose(group.v[:], group.w[:])
    np.testing.assert_allclose(group.v[:], group.u[:])
    assert np.std(group.v[:]) > 0.1 and np.abs(np.corrcoef(group.v[:], group.z[:])[0, 1]) < 0.9


def test_it_is_the_noise_of_the_equation_itself() -> None:
    values: list[list[float]] = []
    for model in ("dv/dt = s*xi - v/tau : 1", "n = s*xi_a : 1/second\ndv/dt = n - v/tau : 1"):
        seed(1)
        group = NeuronGroup(20, model, method="euler", name="cells")
        group.namespace["s"] = 1 / ms**0.5
        net = Network(group)
        net.run(1 * ms, namespace=CONSTANTS)
        values.append(group.v[:].tolist())
        del group, net
    assert np.std(values[0]) == pytest.approx(np.std(values[1]), rel=0.9) and np.std(values[1]) > 0


def test_its_kind() -> None:
    assert Equations("n = 2*xi_a : 1/second**0.5\ndv/dt = n : second**0.5").stochastic_type == "additive"
    assert Equations("n = v*xi_a : 1/second**0.5\ndv/dt = n : 1").stochastic_type == "multiplicative"


def test_nothing_else_can_use_it() -> None:
    model = "n = xi_a : 1/second**0.5\ndv/dt = n/second**0.5 : 1"

    def run(group: NeuronGroup, *others: BrianObject) -> None:
        Network(group, *others).run(0.1 * ms)

    for arguments in (
        {"threshold": "n > 0/second**0.5", "reset": ""},
        {"threshold": "v > 1", "reset": "v = n*second**0.5"},
    ):
        with pytest.raises(BrianObjectException, match="'xi_a' is noise"):
            run(NeuronGroup(2, model, method="euler", **arguments))
    group = NeuronGroup(2, model, method="euler")
    with pytest.raises(SyntaxError, match="'xi_a' is noise"):
        group.n[:]
    with pytest.raises(BrianObjectException, match="'xi_a' is noise"):
        run(group, StateMonitor(group, "n", record=True))
    with pytest.raises(EquationError, match="'xi_a'"):
        NeuronGroup(2, "n = xi_a : 1/second**0.5 (constant over dt)\ndv/dt = n/second**0.5 : 1")
    with pytest.raises(EquationError, match="'xi'"):
        NeuronGroup(2, "n = xi : 1/second**0.5\nm = xi : 1/second**0.5")


def test_synapses_integrate_it() -> None:
    cells = NeuronGroup(3, "v : 1", threshold="False", reset="")
    synapses = Synapses(
        cells, cells, "n = xi_a : 1/second**0.5\ndw/dt = n/second**0.5 : 1 (clock-driven)", method="euler"
    )
    synapses.connect()
    Network(cells, synapses).run(1 * ms)
    assert np.unique(synapses.w[:]).size == 9
