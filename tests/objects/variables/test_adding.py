"""Variables that derived classes of a script add to groups."""

import numpy as np
import pytest

from ranvier import (
    BrianObjectException,
    DimensionMismatchError,
    Network,
    NeuronGroup,
    Synapses,
    check_units,
    implementation,
    ms,
    mV,
    volt,
)
from ranvier.core.variables import ArrayVariable, DynamicArrayVariable, Subexpression, Variables


class Delayed(Synapses):
    """Synapses with memory of their own."""

    def __init__(self, *args, **kwds):
        super().__init__(*args, **kwds)
        self.variables.add_array("buffer", size=5, dimensions=mV.dim, values=[1, 2, 3, 4, 5])
        self.variables.add_dynamic_array("extra", size=0, dimensions=mV.dim)
        self.register_variable(self.variables["extra"])
        self.variables.add_reference("v_there", self.target, "v", index="_postsynaptic_idx")
        self.variables.add_constant("k", 3 * mV)


def neurons() -> NeuronGroup:
    group = NeuronGroup(4, "v : volt", threshold="v > 1*volt", reset="")
    group.v = [1, 2, 3, 4] * volt
    return group


def test_what_synapses_add_grows_and_takes_part_in_runs():
    group = neurons()
    synapses = Delayed(group, group, "w : volt", on_pre="extra += k; w = v_there")
    synapses.connect(j="i")
    synapses.extra = "j*mV"
    Network(group, synapses).run(0.2 * ms)
    assert list(synapses.extra / mV) == pytest.approx([0, 7, 8, 9])
    assert list(synapses.w / volt) == [0, 2, 3, 4] and synapses.k == 3 * mV
    synapses.connect(i=0, j=3)
    assert len(synapses.extra) == 5 and synapses.extra[4] == 0 * mV
    assert isinstance(synapses.variables["w"], DynamicArrayVariable)
    assert not isinstance(group.variables["v"], DynamicArrayVariable)


def test_values_of_a_number_of_their_own_are_for_scripts():
    group = neurons()
    synapses = Delayed(group, group, "w : volt")
    synapses.connect()
    assert len(synapses.buffer) == 5 and synapses.buffer[2] == 3 * volt
    synapses.buffer[1:3] = 7 * volt
    assert list(synapses.buffer["buffer > 4*volt"] / volt) == [7, 7, 5]
    synapses.variables["buffer"].resize(6)
    assert len(synapses.buffer) == 6 and synapses.buffer[5] == 0 * volt
    with pytest.raises(TypeError, match="has 6 values, not one for each element"):
        synapses.w = "buffer"
    with pytest.raises(DimensionMismatchError):
        synapses.buffer = 1 * ms
    with pytest.raises(TypeError, match="has 6 values of its own"):
        synapses.register_variable(synapses.variables["buffer"])


def test_neurons_get_all_kinds_of_variables():
    group = neurons()
    variables = group.variables
    assert isinstance(variables, Variables) and variables.owner is group
    variables.add_arrays(["a", "b"], size=4, dimensions=volt.dim)
    variables.add_array("one", size=1, scalar=True, values=5.0)
    variables.add_arange("number", 4, start=3)
    variables.add_subexpression("twice", "2*a", dimensions=volt.dim)
    variables.add_auxiliary_variable("nothing")
    group.a = "i*volt"
    group.run_regularly("a += one*volt")
    Network(group).run(0.1 * ms)
    assert list(group.twice / volt) == [10, 12, 14, 16] and list(group.number) == [3, 4, 5, 6]
    assert type(variables["a"]) is ArrayVariable and isinstance(variables["twice"], Subexpression)
    with pytest.raises(ValueError, match="has a variable 'a' already"):
        variables.add_array("a", size=4)
    with pytest.raises(TypeError, match="read-only"):
        group.number = 3


def test_what_is_set_through_a_reference_is_set_there():
    group, other, two = neurons(), neurons(), NeuronGroup(2, "w : 1")
    other.variables.add_reference("u", group, "v")
    other.u = 5 * volt
    assert list(group.v / volt) == [5] * 4 and list(other.v / volt) == [1, 2, 3, 4]
    with pytest.raises(KeyError, match="has no variable 'x'"):
        other.variables.add_reference("x", group)
    with pytest.raises(ValueError, match="there are 2 and 4 elements"):
        two.variables.add_reference("v", group)
    with pytest.raises(ReferenceError, match="keep it in a variable"):
        NeuronGroup(2, "w : 1").variables.add_array("x", size=2)


def tabled(name: str = "cells*") -> NeuronGroup:
    """Cells that keep their last values in a table, as scripts with delays of their own do."""
    cells = NeuronGroup(3, "v : 1\nearlier : 1\nrow : integer (shared)", name=name)
    cells.variables.add_array("table", size=(2, 3))

    @implementation("numpy", discard_units=True)
    @check_units(v=1, table=1, row=1, result=1)
    def put(v, table, row):
        table[row % 2, :] = v
        return 0.0

    @implementation("numpy", discard_units=True)
    @check_units(table=1, k=1, i=1, result=1)
    def get(table, k, i):
        return table[k % 2, i]

    cells.namespace.update({"put": put, "get": get})
    cells.run_regularly("row += 1\nunused = put(v, table, row)")
    cells.run_regularly("earlier = get(table, row - 1, i)", order=1)
    cells.run_regularly("v += i + 1", order=2)
    return cells


def test_functions_of_texts_get_tables_as_a_whole_and_may_change_them() -> None:
    cells, other = tabled(), NeuronGroup(3, "v : 1")
    synapses = Synapses(cells, other, "w : 1", namespace=cells.namespace)
    synapses.connect()
    synapses.variables.add_reference("values", cells, varname="table", index=None)
    synapses.run_regularly("w = get(values, 0, i)", order=3)
    network = Network(cells, other, synapses)
    network.run(0.4 * ms)
    np.testing.assert_array_equal(cells.table, [[3, 6, 9], [2, 4, 6]])
    np.testing.assert_array_equal(cells.earlier[:], [2, 4, 6])
    np.testing.assert_array_equal(synapses.w[:], np.repeat([3, 6, 9], 3))
    network.store()
    cells.table = 7
    cells.table[0, 1] = 8
    np.testing.assert_array_equal(cells.get_states()["table"], [[7, 8, 7], [7, 7, 7]])
    network.restore()
    np.testing.assert_array_equal(cells.variables["table"].get_value(), [[3, 6, 9], [2, 4, 6]])


def test_functions_of_texts_get_lists_of_another_length_with_their_unit() -> None:
    cells = NeuronGroup(2, "v : volt")
    cells.variables.add_array("levels", size=5, dimensions=volt.dim, values=[1, 2, 3, 4, 5])

    @check_units(levels=volt, v=volt, result=volt)
    def highest(levels, v):
        return levels.max() + v

    cells.namespace["highest"] = highest
    cells.run_regularly("v = highest(levels, v)")
    Network(cells).run(0.2 * ms)
    assert list(cells.v / volt) == [10, 10]


@pytest.mark.parametrize("text", ["v = table", "v = sin(table)", "table = 3", "v = max_of(table)"])
def test_texts_cannot_use_tables_otherwise(text: str) -> None:
    @implementation("expression", "2*x")
    @check_units(x=1, result=1)
    def max_of(x): ...

    cells = tabled()
    cells.namespace["max_of"] = max_of
    with pytest.raises((TypeError, BrianObjectException), match=r"'table' of 'cells.*' has the shape \(2, 3\): texts"):
        cells.run_regularly(text)
        Network(cells).run(0.1 * ms)
    with pytest.raises(DimensionMismatchError):
        cells.table = 1 * ms
