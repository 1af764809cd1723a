"""A network that is swept again and again: what was learnt is not learnt anew, and is seen not to hold any more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ranvier import Network, NeuronGroup, SpikeMonitor, Synapses, ms, mV, seed
from ranvier.objects.networks.sweeps import instances


def built() -> Any:
    cells = NeuronGroup(5, "dv/dt = (drive - v)/tau : volt (unless refractory)", threshold="v > level",
                        reset="v = 0*mV", refractory="hold", method="exact", name="cells")  # fmt: skip
    synapses = Synapses(cells, cells, "w : volt", on_pre="v += w", name="synapses")
    synapses.connect(i=[0, 1, 2], j=[1, 2, 3])
    synapses.w = 0.5 * mV
    return Network(cells, synapses, SpikeMonitor(cells, name="spikes"))


NAMES = {"tau": 10 * ms, "level": 10 * mV, "hold": 2 * ms, "drive": 20 * mV}
MEASURES = ["count(spikes)", "mean(v)"]


def swept(network: Any, over: Any, names: Any = NAMES, **more: Any) -> Any:
    found = network.sweep(30 * ms, over, measure=MEASURES, namespace=names, **more)
    assert not found.failures
    return [np.asarray(found[each]).tolist() for each in MEASURES]


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts how often the network is made ready for a set."""
    made: list[int] = []
    ready_for = instances.ready_for
    monkeypatch.setattr(instances, "ready_for", lambda *given: made.append(1) or ready_for(*given))
    return made


def test_it_is_learnt_once_which_input_a_constant_is(prepared: list[int]) -> None:
    network, over = built(), {"drive": np.linspace(9, 30, 12) * mV, "tau": [5, 10] * ms}
    first = swept(network, over)
    learning = len(prepared)
    assert swept(network, over) == first and len(prepared) - learning == 3 < learning
    other = {"drive": np.linspace(10, 29, 12) * mV, "tau": [6, 11] * ms}
    assert swept(network, other) == swept(built(), other)


@pytest.mark.parametrize("form", ["lanes", "turns"])
def test_what_a_script_changes_in_between_is_seen(form: str) -> None:
    """Results are those of a network that was never swept before."""

    def changed(network: Any, k: int) -> None:
        match k:
            case 0:
                network.run(3 * ms, namespace=NAMES)
            case 1:
                network["cells"].v = [1, 2, 3, 4, 5] * mV
            case 2:
                network["synapses"].w = "i*mV"
            case 3:
                seed(5)
            case 4:
                network["synapses"].delay = 1 * ms
            case _:
                network["cells"].namespace["drive"] = 25 * mV

    over = {"drive": np.linspace(9, 30, 9) * mV}
    seed(1)
    again = built()
    for k in range(6):
        swept(again, over, form=form)
        changed(again, k)
    for _ in range(3):
        swept(again, over, form=form)
    found = swept(again, over, form=form)
    seed(1)
    fresh = built()
    for k in range(6):
        changed(fresh, k)
    assert swept(fresh, over, form=form) == found


def test_a_key_that_gives_other_inputs_in_another_sweep(prepared: list[int]) -> None:
    """The refractory period is steps that follow from a constant, and the program is the same for all values."""
    network = built()
    for over in ({"hold": [1, 2, 3] * ms}, {"tau": [5, 10] * ms, "hold": [1, 4] * ms}, {"hold": [2, 5, 6] * ms}):
        assert swept(network, over) == swept(built(), over) == swept(network, over)


def test_one_set_and_equal_values_are_learnt_as_before(prepared: list[int]) -> None:
    network = built()
    swept(network, {"drive": [15, 20] * mV})
    for over in ({"drive": [15] * mV}, {"drive": [20, 20] * mV}, {"drive": [15, 30, 15] * mV}):
        assert swept(network, over) == swept(built(), over)
