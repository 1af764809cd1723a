"""Mistakes that scripts of strangers make, tried with Brian and here: each error has the class that Brian gives it."""

import numpy as np
import pytest

from ranvier import (
    Clock,
    Cylinder,
    DimensionMismatchError,
    Equations,
    Expression,
    Network,
    NeuronGroup,
    PoissonGroup,
    PopulationRateMonitor,
    Soma,
    SpatialNeuron,
    SpikeGeneratorGroup,
    SpikeMonitor,
    Statements,
    StateMonitor,
    Synapses,
    TimedArray,
    amp,
    check_units,
    defaultclock,
    linked_var,
    metre,
    ms,
    mV,
    ohm,
    umetre,
    volt,
)
from ranvier.equations import EquationError


@pytest.mark.parametrize("text", ["(v", "v)", "5v", "1 if v else 2", "v^2", "np.exp(v)", "[v]", '"v"', "v.real"])
def test_expressions_that_cannot_be_read_are_syntax_errors_of_equations(text: str) -> None:
    """Brian raises SyntaxError for an expression and EquationError for a line: scripts catch either."""
    with pytest.raises(SyntaxError, match="In the definition of 'v'") as raised:
        Equations(f"dv/dt = {text}/ms : 1")
    assert isinstance(raised.value, EquationError)


@pytest.mark.parametrize("argument", ["namespace", "method_options"])
@pytest.mark.parametrize("given", ["v > 1", 3, [1]])
def test_dictionaries_are_checked(argument: str, given: object) -> None:
    """`NeuronGroup(1, eqs, "v > 1", "v = 0")`, as in other simulators, gave `method_options` a text."""
    group = NeuronGroup(1, "v : 1", threshold="v > 1", reset="")
    with pytest.raises(TypeError, match=f"{argument} takes a dictionary"):
        NeuronGroup(1, "v : 1", **{argument: given})
    with pytest.raises(TypeError, match=f"{argument} takes a dictionary"):
        Synapses(group, group, "w : 1", **{argument: given})
    with pytest.raises(TypeError, match="namespace takes a dictionary"):
        PoissonGroup(1, 1 / ms, namespace=given)


@pytest.mark.parametrize("name", ["t", "t_", "timestep", "t_in_timesteps", "N"])
def test_clocks_cannot_be_set(name: str) -> None:
    for clock in (Clock(1 * ms), defaultclock):
        with pytest.raises(TypeError, match=f"Variable {name} is read-only"):
            setattr(clock, name, 3)
    assert Clock(1 * ms).N == 1


def test_the_number_of_rows_of_monitors_cannot_be_set() -> None:
    group = NeuronGroup(2, "v : 1", threshold="True", reset="")
    monitors = StateMonitor(group, "v", record=True), SpikeMonitor(group), PopulationRateMonitor(group)
    Network(group, *monitors).run(0.2 * ms)
    for monitor, rows in zip(monitors, (2, 4, 2), strict=True):
        with pytest.raises(TypeError, match="Variable N is read-only"):
            monitor.N = 3
        assert monitor.N == rows
    counting = SpikeMonitor(group, record=False)
    Network(NeuronGroup(1, "v : 1"), counting)
    assert counting.N == 0


def test_names_that_are_no_text_are_unknown_names() -> None:
    group = NeuronGroup(2, "v : 1", threshold="v > 1", reset="")
    for call in (
        lambda: linked_var(group, 3),
        lambda: group.get_states([3]),
        lambda: group.set_states({3: 4}),
        lambda: StateMonitor(group, [3], record=True),
    ):
        with pytest.raises(KeyError, match="3"):
            call()
    with pytest.raises(ValueError, match="'3' is not a variable"):
        SpikeMonitor(group, [3])
    with pytest.raises(TypeError, match="has to be a string"):
        group.run_regularly("v = 0", name=3)
    for kind in (Expression, Statements):
        with pytest.raises(TypeError, match=f"{kind.__name__} takes text, not 3"):
            kind(3)


def test_elements_to_record() -> None:
    """A group stands for all its elements; a compartment is a list of one, whatever gives it."""
    group, other = NeuronGroup(3, "v : 1"), NeuronGroup(3, "v : 1")
    assert list(StateMonitor(group, "v", record=group).record) == [0, 1, 2]
    with pytest.raises(TypeError, match=f"'{other.name}' is no part of '{group.name}'"):
        StateMonitor(group, "v", record=other)
    with pytest.raises(ValueError, match="not a table"):
        StateMonitor(group, "v", record=np.array([[0, 1]]))
    cell = Soma(diameter=20 * umetre)
    cell.dendrite = Cylinder(diameter=1 * umetre, length=50 * umetre, n=5)
    neuron = SpatialNeuron(cell, "Im = 0*amp/meter**2 : amp/meter**2")
    for chosen in (cell.dendrite[10 * umetre], cell.dendrite[10 * umetre : 20 * umetre], cell.dendrite[1]):
        assert StateMonitor(neuron, "v", record=chosen).record.shape == (1,)


def test_coordinates_of_a_section_cannot_be_set() -> None:
    cell = Soma(diameter=20 * umetre, x=1 * umetre)
    for name in ("x", "start_y", "end_z_"):
        with pytest.raises(AttributeError, match=f"'{name}' of 'Soma' object has no setter"):
            setattr(cell, name, 3 * umetre)
    assert float(cell.x_[0]) == 1e-6


def test_values_that_are_no_single_number() -> None:
    for call, what in (
        (lambda: Clock([1] * ms), "The dt of a clock"),
        (lambda: TimedArray([1, 2], dt=[1] * ms), "The dt of a TimedArray"),
        (lambda: setattr(Clock(1 * ms, name="c"), "dt", [1, 2] * ms), "The dt of c"),
        (lambda: SpikeGeneratorGroup(1, [0], [1] * ms, period=[2] * ms), "The period"),
    ):
        with pytest.raises(TypeError, match=f"{what} has to be a single value"):
            call()
    with pytest.raises(TypeError, match="real numbers"):
        TimedArray([1j], dt=1 * ms)
    with pytest.raises(TypeError, match="has no rates"):
        PoissonGroup(2, rates=None)
    with pytest.raises(TypeError, match=r"e\.g\. 'v > 1', not \['v > 1'\]"):
        NeuronGroup(1, "v : 1", threshold=["v > 1"])


def test_check_units_checks_arguments_that_a_function_takes_by_any_name() -> None:
    @check_units(current=amp, resistance=ohm, wibble=metre, result=volt)
    def voltage(current: object, resistance: object, **others: object) -> object:
        return current * resistance

    assert voltage(1 * amp, 1 * ohm, wibble=3 * metre) == 1 * volt
    with pytest.raises(DimensionMismatchError, match="argument 'wibble'"):
        voltage(1 * amp, 1 * ohm, wibble=3 * mV)


def test_states_that_can_be_set_are_no_subexpressions() -> None:
    group = NeuronGroup(2, "v : 1\nw = 2*v : 1\nc : 1 (constant)")
    assert set(group.get_states(subexpressions=True, read_only_variables=False)) == {"v", "c"}
    assert {"v", "w", "c", "N"} <= set(group.get_states(subexpressions=True))
