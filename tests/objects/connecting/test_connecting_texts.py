"""Texts of `connect`: subexpressions of the synapses, failures while they are computed, whole numbers."""

from typing import Any

import numpy as np
import pytest

from ranvier import BrianObjectException, NeuronGroup, Synapses

Case = dict[str, Any]

MODEL = """a = x_pre : 1
b = x_post : 1
c = a + b : 1
k = int(x_pre) : integer
w : 1"""


def made(model: str = MODEL, **arguments: Any) -> Synapses:
    group = NeuronGroup(5, "x : 1\nholds : boolean")
    group.x = "i"
    synapses = Synapses(group, group, model)
    synapses.connect(**arguments)
    return synapses


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        ({"condition": "a == b"}, 5),
        ({"condition": "c > 0"}, 24),
        ({"j": "k"}, 5),
        ({"p": "0*a + 1"}, 25),
        ({"p": "int(c > 7)"}, 1),
        ({"n": "k"}, 50),
        ({"j": "q for q in range(k)"}, 10),
        ({"j": "q for q in range(N_post) if b > 2"}, 10),
        ({"i": [0, 1, 2], "j": [0, 1, 2], "n": "k"}, 3),
    ],
)
def test_subexpressions_of_the_synapses_are_used(arguments: Case, count: int) -> None:
    assert len(made(**arguments)) == count


@pytest.mark.parametrize("arguments", [{"condition": "w > 0"}, {"j": "int(2*w)"}, {"condition": "d > 0"}])
def test_values_of_synapses_cannot_make_them(arguments: Case) -> None:
    with pytest.raises(ValueError, match="'w' belongs to synapses"):
        made(MODEL + "\nd = w + x_post : 1", **arguments)


@pytest.mark.parametrize(
    "j", ["20", "i + 1", "k for k in range(20)", "k for k in range(20) if x_post > 0", "inf - inf"]
)
def test_an_index_of_no_neuron_names_the_synapses_and_is_an_index_error(j: str) -> None:
    for kind in (IndexError, BrianObjectException):
        with pytest.raises(kind, match=r"object named 'synapses[\s\S]*outside allowed range") as caught:
            made("w : 1", j=j)
        assert isinstance(caught.value.__cause__, IndexError)


def test_indices_given_as_arrays_are_plain_index_errors() -> None:
    with pytest.raises(IndexError) as caught:
        made(i=[0], j=[7])
    assert not isinstance(caught.value, BrianObjectException)


@pytest.mark.parametrize("arguments", [{"j": "i//0"}, {"j": "i % (i - i)"}, {"j": "k for k in range(N//i)"}])
@pytest.mark.parametrize("skip_if_invalid", [False, True])
def test_whole_numbers_divided_by_zero_are_no_neuron(arguments: Case, skip_if_invalid: bool) -> None:
    with pytest.raises(ZeroDivisionError, match="divides by zero"):
        made("w : 1", **arguments, skip_if_invalid=skip_if_invalid)


@pytest.mark.parametrize("j", ["2**64", "2**32", "-2**63", "inf", "inf - inf", "1e300*(i + 1)"])
def test_numbers_far_from_any_neuron_are_left_out(j: str) -> None:
    assert len(made("w : 1", j=j, skip_if_invalid=True)) == 0


@pytest.mark.parametrize("arguments", ["True, 4", "0, True", "0, 4, True", "0, holds_pre", "0, 2.5", "0.0, 3"])
def test_arguments_of_ranges_are_integers(arguments: str) -> None:
    with pytest.raises(TypeError, match=r"needs to be an integer\.$"):
        made("w : 1", j=f"k for k in range({arguments})")


def test_probabilities_and_numbers_that_are_none() -> None:
    with pytest.raises(ValueError, match="has to be a number from 0 to 1, not -1"):
        made(p=-1)
    with pytest.raises(ValueError, match="not a number"):
        made(p=float("nan"))
    with pytest.raises(ValueError, match="n='i - 1' gives -1"):
        made(n="i - 1")


@pytest.mark.parametrize(
    "arguments",
    [{}, {"i": [0], "j": [1]}, {"condition": "i != j"}, {"j": "i"}, {"j": "k for k in range(2)"}, {"n": 2}],
)
def test_nothing_is_drawn_where_nothing_is_random(arguments: Case) -> None:
    np.random.seed(1)
    made(**arguments)
    drawn = np.random.rand()
    np.random.seed(1)
    assert drawn == np.random.rand()
