"""Warnings about names that mean one thing in a text and another in the script."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from ranvier import (
    Cylinder,
    Network,
    NeuronGroup,
    SpatialNeuron,
    Synapses,
    amp,
    cm,
    defaultclock,
    meter,
    ms,
    ohm,
    uF,
    um,
)
from ranvier.session.logger import catch_logs


def warned(act: Callable[[], object]) -> list[str]:
    """Returns the names that warnings about other meanings begin with."""
    with catch_logs() as caught:
        act()
    assert all(name.endswith("resolution_conflict") for _, name, _ in caught)
    return sorted(text.split("'")[1] for _, _, text in caught)


def assigned(text: str, namespace: Mapping[str, Any], model: str = "x : 1\ny : 1") -> list[str]:
    group = NeuronGroup(1, model)
    return warned(lambda: group.state("x").set_item(slice(None), text, namespace=namespace))


def run_with(group: NeuronGroup, namespace: Mapping[str, Any]) -> list[str]:
    return warned(lambda: Network(group).run(0.1 * ms, namespace=namespace))


def test_what_every_group_has_is_hidden_like_what_the_model_defines() -> None:
    assert assigned("i // N", {"i": 5, "N": 3}) == ["N", "i"]
    assert assigned("y", {"y": 5}) == ["y"]
    assert assigned("x + t/dt", {"t": 3, "dt": 2 * ms, "N": 7}) == ["dt", "t"]
    group = NeuronGroup(1, "dx/dt = i*x/ms : 1", threshold="x > t/dt", reset="k = N")
    assert run_with(group, {"i": 5, "t": 1, "N": 2, "k": 3}) == ["N", "i", "t"]


def test_equal_values_and_other_things_are_no_conflict() -> None:
    assert assigned("x*N + t/dt", {"N": 1, "dt": float(defaultclock.dt) * 1000 * ms, "t": "text", "x": [1, 2]}) == []


def test_texts_that_nobody_wrote_do_not_warn() -> None:
    namespace = {"i": 5, "N": 3, "dt": 5 * ms, "t": 3, "lastspike": 4}
    group = NeuronGroup(1, "dx/dt = -x/ms : 1", threshold="x > 1", reset="x = 0", refractory=2 * ms)
    assert run_with(group, namespace) == []
    names = {"Cm": 1 * uF / cm**2, "Ri": 100 * ohm * cm, "area": 3, "v": 4}
    cell = SpatialNeuron(
        Cylinder(length=50 * um, diameter=1 * um, n=3),
        "Im = 0*amp/meter**2 : amp/meter**2\nI : amp (point current)",
        Cm=names["Cm"],
        Ri=names["Ri"],
    )
    assert run_with(cell, {**names, "amp": amp, "meter": meter}) == []
    cell = SpatialNeuron(
        Cylinder(length=50 * um, diameter=1 * um, n=3), "Im = 0*amp/area : amp/meter**2", Cm=names["Cm"], Ri=names["Ri"]
    )
    assert run_with(cell, names) == ["area"]


@pytest.mark.parametrize(("name", "text"), [("exp", "exp(1)"), ("pi", "pi"), ("ms", "ms/second")])
def test_what_every_model_knows_keeps_its_meaning(name: str, text: str) -> None:
    assert assigned(text, {name: 3}) == [name]


def test_noise_hides_a_value_of_the_script() -> None:
    group = NeuronGroup(1, "dx/dt = xi_k/ms**0.5 : 1", method="euler")
    assert run_with(group, {"xi_k": 3, "xi_other": 4}) == ["xi_k"]


def test_indices_and_connections_do_not_warn() -> None:
    names = {"i": 5, "j": 6, "k": 7}
    group = NeuronGroup(3, "x : 1")
    synapses = Synapses(group, group, "w : 1")
    assert warned(lambda: group.x.get_item("i > 0", namespace=names)) == []
    assert warned(lambda: synapses.connect("i != j", namespace=names)) == []
    assert warned(lambda: synapses.connect(j="k for k in range(i, N_post)", namespace=names)) == []
    names = {"i": 5, "j": 6, "w": 7, "x_pre": 8}
    assert warned(lambda: synapses.w.set_item(slice(None), "i + j + w + x_pre", namespace=names)) == sorted(names)


def test_a_sweep_warns_once() -> None:
    def sweep() -> None:
        for k in range(5):
            group = NeuronGroup(1, "dx/dt = k/ms : 1\nk : 1", method="euler")
            Network(group).run(0.1 * ms, namespace={"k": k})
        other = NeuronGroup(1, "dx/dt = k/ms : 1\nk : 1\nz : 1", method="euler")
        Network(other).run(0.1 * ms, namespace={"k": 1})

    assert warned(sweep) == ["k", "k"]
