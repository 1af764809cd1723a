"""Wrong arguments of constructors and methods: the message names the object, and what there is or what to write."""

import re
from collections.abc import Callable
from types import SimpleNamespace

import pytest

import ranvier as rv
from ranvier import Hz, ms, mV


@pytest.fixture
def model() -> SimpleNamespace:
    cells = rv.NeuronGroup(4, "v : 1\nu : volt", threshold="v > 1", reset="v = 0", name="cells")
    return SimpleNamespace(cells=cells, monitor=rv.StateMonitor(cells, "v", record=[0], name="monitor"))


UNKNOWN = "Its variables are u, v."

CASES: dict[str, tuple[Callable[[SimpleNamespace], object], type[Exception], str]] = {
    "a state monitor of an unknown variable": (
        lambda m: rv.StateMonitor(m.cells, "q", record=True), KeyError,
        f"'cells' has no variable 'q' to record. {UNKNOWN}"
    ),
    "a spike monitor of an unknown variable": (
        lambda m: rv.SpikeMonitor(m.cells, variables="q"), ValueError,
        f"'q' is not a variable of the recorded group 'cells'. {UNKNOWN}",
    ),
    "an input of an unknown variable": (
        lambda m: rv.PoissonInput(m.cells, "q", 10, 5 * Hz, weight=1), KeyError,
        f"q is not a variable of cells. {UNKNOWN}"
    ),
    "a link to an unknown variable": (
        lambda m: rv.linked_var(m.cells, "q"), KeyError, f"'cells' has no variable 'q' to link to. {UNKNOWN}"
    ),
    "states of an unknown variable": (
        lambda m: m.cells.get_states(["q"]), KeyError, f"State variable q not found. {UNKNOWN}"
    ),
    "values of an unknown variable": (
        lambda m: m.cells.set_states({"q": 1}), KeyError, f"'cells' has no variable 'q'. {UNKNOWN}"
    ),
    "a sweep over an unknown variable": (
        lambda m: rv.Network(m.cells).sweep(1 * ms, over={"cells.q": [1, 2]}), KeyError,
        f"'cells' has no variable 'q', for the sweep. {UNKNOWN}",
    ),
    "a variable that is misspelt": (
        lambda m: m.cells.set_states({"V": 1}), KeyError, "'cells' has no variable 'V'. Did you mean \"v\"?"
    ),
    "states that are none": (
        lambda m: m.cells.set_states(5), TypeError, "set_states takes what get_states gives, a dictionary"
    ),
    "a state monitor of no group": (
        lambda m: rv.StateMonitor("cells", "v", record=True), TypeError,
        "StateMonitor records a group (NeuronGroup, Synapses, ...), not 'cells' of type str.",
    ),
    "a rate monitor of no group": (
        lambda m: rv.PopulationRateMonitor(7), TypeError,
        "PopulationRateMonitor can only monitor groups producing spikes"
    ),
    "an element that is not recorded": (
        lambda m: m.monitor[3], IndexError,
        "Index number 3 has not been recorded by 'monitor': its argument record says"
    ),
    "a subgroup by text": (
        lambda m: m.cells["v > 1"], TypeError, "a text chooses elements of a variable, as in group.v['v > 1']"
    ),
    "events that are no dictionary": (
        lambda m: rv.NeuronGroup(2, "v : 1", events="v > 1"), TypeError,
        "events takes a dictionary of names and conditions, e.g. {'burst': 'v > 5'}, not 'v > 1'.",
    ),
    "rates without a unit": (
        lambda m: rv.PoissonGroup(2, 5), rv.DimensionMismatchError,
        "Function 'PoissonGroup' expected a quantity with unit Hz for argument 'rates' but got '5'",
    ),
    "times with another unit": (
        lambda m: rv.TimedArray([1, 2], dt=1 * mV), rv.DimensionMismatchError,
        "Function 'TimedArray' expected a quantity with unit s for argument 'dt'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_message_says_what_to_do(model: SimpleNamespace, name: str) -> None:
    make, kind, message = CASES[name]
    with pytest.raises(kind) as caught:
        make(model)
    text = str(caught.value.args[0] if isinstance(caught.value, KeyError) else caught.value)
    assert message in re.sub(r"\s+", " ", text)


def test_long_lists_of_variables_are_cut() -> None:
    cells = rv.NeuronGroup(1, "\n".join(f"variable{k} : 1" for k in range(20)), name="cells")
    with pytest.raises(KeyError, match=r"variables are variable0, .*variable19, \.\.\."):
        cells.set_states({"q": 1})
