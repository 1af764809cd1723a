"""A sweep over a name that the texts of the network do not use says so: no set would differ from another."""

import os
from pathlib import Path
from typing import Any

import pytest

from ranvier import Network, NeuronGroup, Synapses, ms, mV

GOLDEN = Path(__file__).parent / "golden_sweeps.txt"

DECAY = "dv/dt = (2 - v)/ms : 1"

RESETS: dict[str, dict[str, Any]] = {
    "assigned in a reset": {"reset": "x = 0.2; v = 0.1*x"},
    "assigned, and not read": {"reset": "x = 0.2; v = 0"},
    "a subexpression": {"model": f"{DECAY}\nx = v*2 : 1", "reset": "v = 0.1*x"},
    "a parameter": {"model": f"{DECAY}\nx : 1", "reset": "v = 0.1*x"},
    "of the group alone, assigned": {"reset": "x = 0.2; v = 0.1*x", "namespace": {"x": 3}},
    "of the group alone, not used": {"reset": "v = 0.1", "namespace": {"x": 3}},
    "not used": {"reset": "v = 0.1"},
}
"""What `x` is in a group of neurons."""

USED: dict[str, dict[str, Any]] = {
    "in a reset": {"reset": "v = 0.1*x"},
    "before it is assigned": {"reset": "v = 0.1*x; x = 0.2; v += 0.1*x"},
    "of the group alone": {"reset": "v = 0.1*x", "namespace": {"x": 3}},
    "in a refractory period": {"reset": "v = 0", "refractory": "x*ms"},
}
"""Where `x` makes a difference."""


def group(given: dict[str, Any]) -> NeuronGroup:
    return NeuronGroup(2, **{"model": DECAY, "threshold": "v > 1", "method": "euler", "name": "cells", **given})


def swept(*objects: Any, **arguments: Any) -> Any:
    return Network(*objects).sweep(
        4 * ms, over={"x": [1.0, 2.0, 3.0]}, measure={"v": "mean(cells.v)"}, namespace={"x": 5}, **arguments
    )


def refused(*objects: Any) -> str:
    with pytest.raises(KeyError) as caught:
        swept(*objects)
    return caught.value.args[0]


def test_what_is_said_of_names_without_effect() -> None:
    found = {name: refused(group(given)) for name, given in RESETS.items()}
    cells = group({"reset": "v = 0"})
    cells.run_regularly("x = 0.3; v += 0.1*x", dt=1 * ms)
    found["assigned in run_regularly"] = refused(cells)
    cells = group({"reset": "v = 0"})
    synapses = Synapses(cells, cells, on_pre="x = 0.1; v_post += x", name="synapses")
    synapses.connect()
    found["assigned in on_pre"] = refused(cells, synapses)
    text = "".join(f"{name}\n    {message}\n" for name, message in found.items())
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", USED)
def test_names_that_are_used_are_swept(name: str) -> None:
    assert len(set(swept(group(USED[name]))["v"].tolist())) > 1


def test_a_name_that_one_text_assigns_and_another_uses_is_swept() -> None:
    cells = group({"reset": "x = 0.2; v = 0.1*x"})
    other = NeuronGroup(1, "dv/dt = -v*x/ms : 1", method="euler", name="other")
    assert not swept(cells, other).failures


@pytest.mark.parametrize("more", [[], [("other", "x : 1")]])
def test_a_name_that_only_an_initial_value_uses_is_swept(more: list[tuple[str, str]]) -> None:
    others = [NeuronGroup(1, model, name=name) for name, model in more]
    found = swept(group({"reset": "v = 0", "threshold": "v > 100"}), *others, start={"cells.v": "0.2*x"})
    assert len(set(found["v"].tolist())) == 3


def test_a_name_that_only_a_measure_asks_for_is_swept() -> None:
    cells = group({"model": f"{DECAY}\ny = x*v : 1", "reset": "v = 0"})
    found = Network(cells).sweep(1 * ms, over={"x": [1.0, 2.0]}, measure={"y": "mean(cells.y)"}, namespace={"x": 5})
    assert found["y"][1] == 2 * found["y"][0] > 0


def test_a_function_of_arrays_has_no_argument_without_effect() -> None:
    network = Network(group({"reset": "x = 0.2; v = 0.1*x"}))
    with pytest.raises(KeyError, match="'x' in over is a constant of the script that no text uses"):
        network.batched(1 * ms, over=["x"], measure="mean(v)", namespace={"x": 5.0 * mV / mV})
