"""Mistakes that scripts of strangers make, tried with Brian and here: each error has the class that Brian gives it."""

import numpy as np
import pytest

from ranvier import (
    BrianObjectException,
    Clock,
    Cylinder,
    DimensionMismatchError,
    Equations,
    Expression,
    Network,
    NeuronGroup,
    PoissonGroup,
    PopulationRateMonitor,
    Section,
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
from ranvier.units.fundamentalunits import DIMENSIONLESS
from ranvier.utils.logger import catch_logs


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
    for mixed, kind in (([0, cell.dendrite[10 * umetre]], TypeError), ([None], TypeError), (["a"], ValueError)):
        with pytest.raises(kind, match="in a list of numbers only"):
            StateMonitor(neuron, "v", record=mixed)
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


@pytest.mark.parametrize(
    ("text", "hint"),
    [("x_pst + 1", '"x_post"'), ("2*oututs_pre", '"outputs_pre"'), ("g_post", "")],
)
def test_misspelt_variables_of_neurons_in_synapses(text: str, hint: str) -> None:
    cells = NeuronGroup(2, "x : 1\noutputs : 1")
    wires = Synapses(cells, cells, "w : 1")
    wires.connect()
    with pytest.raises(KeyError) as raised:
        wires.w = text
    assert str(raised.value).partition("Did you mean ")[2].partition("?")[0] == hint


@pytest.mark.parametrize("text", ["ta", "1 + exp", "2*rand"])
def test_functions_that_are_not_called_are_errors_of_syntax(text: str) -> None:
    names = {"ta": TimedArray([1, 2], dt=1 * ms)}
    cells = NeuronGroup(2, f"dv/dt = ({text})/ms : 1\nw : 1", namespace=names)
    for call in (lambda: setattr(cells, "w", text), lambda: Synapses(cells, cells).connect(f"{text} > 0")):
        with pytest.raises((SyntaxError, KeyError)) as raised:
            call()
        assert isinstance(raised.value, ValueError | KeyError)
    with pytest.raises(BrianObjectException) as failed:
        Network(cells).run(0.1 * ms)
    assert isinstance(failed.value.__cause__, SyntaxError)


def test_functions_that_do_not_say_the_unit_of_their_result() -> None:
    @check_units(x=1)
    def f(x: object) -> object:
        return x

    names = {"f": f}
    cells = NeuronGroup(2, "v : 1", namespace=names, threshold="f(v) > 1", reset="")
    for call in (lambda: setattr(cells, "v", "f(v)"), lambda: cells.v["f(i) > 0"]):
        with pytest.raises(ValueError, match=r"'f' does not say the unit of what it returns: add result=\.\.\."):
            call()
    with pytest.raises(BrianObjectException) as failed:
        Network(cells).run(0.1 * ms)
    assert isinstance(failed.value.__cause__, ValueError)


def test_times_and_lengths_given_as_text() -> None:
    group = NeuronGroup(1, "v : 1")
    for call in (
        lambda: NeuronGroup(1, "v : 1", dt="1*ms"),
        lambda: Synapses(group, group, dt="1*ms"),
        lambda: StateMonitor(group, "v", record=True, dt="1*ms"),
        lambda: PoissonGroup(1, 1 / ms, dt="1*ms"),
        lambda: group.run_regularly("v = 1", dt="1*ms"),
        lambda: setattr(defaultclock, "dt", "1*ms"),
        lambda: Clock("1*ms"),
        lambda: TimedArray([1], dt="1*ms"),
    ):
        with pytest.raises(ValueError, match=r"not the text '1\*ms': leave out the quotes"):
            call()
    for call, what in (
        (lambda: Soma("x"), "diameter"),
        (lambda: Cylinder(diameter="x", length=1 * umetre), "diameter"),
        (lambda: Cylinder(diameter=1 * umetre, length="10"), "length"),
        (lambda: Section(diameter="x", length=[1] * umetre), "diameters"),
        (lambda: Soma(diameter=1 * umetre, x="0"), "coordinates"),
    ):
        with pytest.raises(TypeError, match=f"The {what} of a section are numbers with a unit"):
            call()


@pytest.mark.parametrize("given", [3, "x", [1]])
def test_namespaces_are_dictionaries(given: object) -> None:
    group = NeuronGroup(2, "dv/dt = -v/ms : 1", method="exact", threshold="v > 1", reset="")
    for call in (
        lambda: Synapses(group, group).connect(j="i", namespace=given),
        lambda: Network(group).run(1 * ms, namespace=given),
        lambda: Network(group).lower(namespace=given),
        lambda: group.v.get_item("v > 0", namespace=given),
    ):
        with pytest.raises(TypeError, match="namespace takes a dictionary"):
            call()


def test_objects_of_a_network_are_a_set() -> None:
    one, two = NeuronGroup(1, "v : 1"), NeuronGroup(1, "v : 1")
    net = Network(one)
    assert net.objects == {one} and {one} == net.objects and one in net.objects and len(net.objects) == 1
    net.objects.add(two)
    assert list(net.objects) == [one, two] and net.objects - {one} == {two} and type(net.objects | set()) is set
    net.run(1 * ms)
    assert (one.t, two.t) == (1 * ms, 1 * ms)
    net.objects.discard(two)
    net.objects.discard(two)
    assert net.objects == {one} and net.objects.union([two]) == {one, two} and repr(Network().objects) == "set()"
    net.objects = {two}
    assert net.objects == {two} and net.objects.copy() == {two}
    net.objects.update([one])
    assert net.objects.difference({one}) == {two} and net.objects.intersection({one}) == {one}
    with pytest.raises(KeyError):
        net.objects.remove(NeuronGroup(1, "v : 1"))


def test_values_of_numbers_of_neurons() -> None:
    group = NeuronGroup(3, "v : 1", threshold="i < 2", reset="")
    whole, part = SpikeMonitor(group), SpikeMonitor(group[1:])
    Network(group, whole, part).run(0.2 * ms)
    assert [list(each) for each in whole.values("i").values()] == [[0, 0], [1, 1], []]
    assert [list(each) for each in part.values("i").values()] == [[0, 0], []]


def test_declarations_are_read_as_brian_s_function_reads_them() -> None:
    from ranvier.equations.equations import dimensions_and_type_from_string

    assert dimensions_and_type_from_string("volt/second") == ((volt / ms).dim, "float")
    for text in ("boolean", "integer"):
        assert dimensions_and_type_from_string(text) == (DIMENSIONLESS, text)
    with pytest.raises(ValueError, match="Use 'volt' instead"):
        dimensions_and_type_from_string("mV")
    with pytest.raises(TypeError, match="'boolean'"):
        dimensions_and_type_from_string("bool")


def test_sections_and_lengths_that_do_not_exist() -> None:
    cell = Soma(diameter=20 * umetre)
    cell.dendrite = Cylinder(diameter=1 * umetre, length=50 * umetre, n=5)
    neuron = SpatialNeuron(cell, "Im = 0*amp/meter**2 : amp/meter**2\ng : 1")
    with pytest.raises(AttributeError, match=r"name soma\. Its sections are dendrite, main"):
        _ = neuron.soma
    with pytest.raises(AttributeError, match='Did you mean "dendrite"'):
        _ = neuron.dendrit
    for call in (
        lambda: neuron.dendrite.g[10 * umetre : 20 * umetre],
        lambda: neuron.g.set_item(slice(1 * umetre, None), 3),
        lambda: neuron.g[10 * umetre],
    ):
        with pytest.raises(TypeError, match=r"numbered from 0, not by values with a unit such as .*dendrite\[10\*um"):
            call()
    with pytest.raises(TypeError, match=r"a unit such as 3\. mV"):
        NeuronGroup(2, "v : 1")[3 * mV :]


@pytest.mark.parametrize(
    "text", ["k for k in range(0, 2, 0)", "k for k in range(0, 2, i)", "k for k in sample(0, 2, 0, p=0.5)"]
)
def test_ranges_without_a_step(text: str) -> None:
    group = NeuronGroup(2, "v : 1")
    with pytest.raises(ZeroDivisionError, match="must not be zero") as raised:
        Synapses(group, group).connect(j=text)
    assert isinstance(raised.value, BrianObjectException)


def test_all_that_hides_behind_a_variable_warns() -> None:
    def warned(value: object) -> int:
        with catch_logs() as caught:
            Network(NeuronGroup(2, "dv/dt = -v/ms : 1", method="euler")).run(0.1 * ms, namespace={"v": value})
        return sum(name.endswith("resolution_conflict") for _, name, _ in caught)

    @check_units(x=1, result=1)
    def function(x: object) -> object:
        return x

    values = [
        3,
        3 * mV,
        True,
        1j,
        np.array(3),
        np.array([1.0, 2.0]),
        [1, 2] * mV,
        mV,
        TimedArray([1], dt=1 * ms),
        function,
    ]
    assert [warned(value) for value in values] == [1] * len(values)
    assert [warned(value) for value in ([1, 2], "text", None, {}, np, lambda x: x)] == [0] * 6


@pytest.mark.parametrize(
    ("source", "target", "own", "expected"),
    [
        (0.1, 0.1, None, 0), (0.05, 0.1, None, 1), (0.1, 0.05, None, 1), (0.1, 0.1, 0.05, 1), (0.05, 0.05, None, 1),
        (0.05, 0.05, 0.05, 0), (0.05, 1, 0.05, 1), (0.05, 1, 1, 1), (0.1, 0.05, 0.1, 1), (0.1, 0.05, 0.05, 1),
    ],
)  # fmt: skip
def test_steps_of_synapses_and_of_their_target(source: float, target: float, own: float | None, expected: int) -> None:
    first = NeuronGroup(2, "v : 1", threshold="True", reset="", dt=source * ms)
    second_ = NeuronGroup(2, "v : 1", dt=target * ms)
    wires = Synapses(first, second_, on_pre="v_post += 1", dt=None if own is None else own * ms)
    wires.connect()
    with catch_logs() as caught:
        Network(first, second_, wires).run(1 * ms)
    assert [name for _, name, _ in caught] == ["ranvier.synapses.synapses.synapses_dt_mismatch"] * expected


def test_the_number_of_synapses_where_that_of_neurons_is_meant() -> None:
    group = NeuronGroup(4, "v : 1")
    with pytest.raises(ZeroDivisionError, match="N_pre and N_post are those of the neurons"):
        Synapses(group, group).connect(j="(i + 1) % N")


def test_long_arrays_are_shortened_in_messages() -> None:
    times = np.arange(5000) * ms
    for call in (
        lambda: times + 1 * mV,
        lambda: setattr(NeuronGroup(5000, "v : volt"), "v", times),
        lambda: np.exp(times),
    ):
        with pytest.raises(DimensionMismatchError) as raised:
            call()
        assert len(str(raised.value)) < 250


@pytest.mark.parametrize("text", ["!v", "v = 0", "v &&", "v >", "1 +"])
def test_indices_that_cannot_be_read(text: str) -> None:
    """Brian raises ValueError, with the SyntaxError as its cause."""
    group = NeuronGroup(2, "v : 1")
    for call in (lambda: group.v[text], lambda: group.v.set_item(text, 1), lambda: group.indices[text]):
        with pytest.raises(ValueError, match="cannot be read") as raised:
            call()
        assert isinstance(raised.value, SyntaxError)
    with pytest.raises(SyntaxError, match="Write 'and', 'or', 'not'" if set(text) & set("!&") else "cannot be read"):
        group.v = text


def test_an_index_of_synapses_with_the_name_of_a_variable() -> None:
    group = NeuronGroup(2, "v : 1")
    with pytest.raises(EquationError, match="'k' cannot be the multisynaptic index"):
        Synapses(group, group, "k : 1", multisynaptic_index="k")


def test_spikes_are_not_delivered_again_where_the_schedule_changes() -> None:
    source = NeuronGroup(1, "x : 1", threshold="t > 0.85*ms and t < 0.95*ms", reset="")
    target = NeuronGroup(1, "v : 1")
    wires = Synapses(source, target, on_pre="v_post += 1")
    wires.connect()
    net = Network(source, target, wires)
    net.run(1 * ms)
    net.schedule = ["start", "groups", "synapses", "thresholds", "resets", "end"]
    net.run(1 * ms)
    assert list(target.v) == [1]
