"""Corners that an audit of the whole met: quantities and views in one expression."""

import operator

import numpy as np
import pytest

from ranvier import DimensionMismatchError, NeuronGroup, ms, mV, nS, volt
from ranvier.units import Quantity, have_same_dimensions


@pytest.fixture
def cells() -> NeuronGroup:
    group = NeuronGroup(4, "v : volt\nk : integer")
    group.v = [1, 2, 3, 4] * mV
    return group


LEFT = {"single": 2 * mV, "array": [4, 3, 2, 1] * mV, "unit": volt, "named": mV}
BINARY = "add sub truediv floordiv mod mul lt le gt ge eq ne".split()


@pytest.mark.parametrize("left", LEFT)
@pytest.mark.parametrize("name", BINARY)
def test_a_quantity_and_a_view(left: str, name: str, cells: NeuronGroup) -> None:
    """`2*mV - group.v` is `2*mV - group.v[:]`, and so on, in both orders."""
    operation, other = getattr(operator, name), LEFT[left]
    for found, wanted in (
        (operation(other, cells.v), operation(other, cells.v[:])),
        (operation(cells.v, other), operation(cells.v[:], other)),
    ):
        assert have_same_dimensions(found, wanted)
        assert type(found) is type(wanted)
        np.testing.assert_array_equal(np.asarray(found), np.asarray(wanted))


def test_ufuncs_of_a_quantity_and_a_view(cells: NeuronGroup) -> None:
    assert np.all(np.subtract(5 * mV, cells.v) == [4, 3, 2, 1] * mV)
    assert np.all(np.maximum(2 * mV, cells.v) == [2, 2, 3, 4] * mV)
    current = 10 * nS * (0 * mV - cells.v)
    assert isinstance(current, Quantity) and np.all(current == -10 * nS * cells.v[:])


def test_other_units_still_clash(cells: NeuronGroup) -> None:
    for operation in (operator.add, operator.sub, operator.lt):
        with pytest.raises(DimensionMismatchError, match=r"units are (s and V|V and s)"):
            operation(2 * ms, cells.v)
        with pytest.raises(DimensionMismatchError):
            operation(cells.v, 2 * ms)
