"""Variables that derived classes of a script add to groups."""

import pytest

from ranvier import DimensionMismatchError, Network, NeuronGroup, Synapses, ms, mV, volt
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


def test_arrays_of_two_dimensions_are_refused_with_what_to_do_instead() -> None:
    group = NeuronGroup(3, "v : 1")
    with pytest.raises(
        NotImplementedError, match=r"'buffer' of '.*' cannot have the size \(4, 3\).*np.zeros\(\(4, 3\)\)"
    ):
        group.variables.add_array("buffer", size=(4, 3))  # type: ignore[arg-type]
    assert "buffer" not in group.variables
