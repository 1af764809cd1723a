"""What scripts of many fields, run with Brian and here, showed to differ; the numbers are Brian's."""

import subprocess
import sys

import numpy as np
import pytest

from ranvier import (
    BrianObjectException,
    Clock,
    Cylinder,
    DimensionMismatchError,
    Equations,
    EventMonitor,
    Hz,
    Network,
    NeuronGroup,
    PoissonInput,
    PopulationRateMonitor,
    SpatialNeuron,
    StateMonitor,
    Synapses,
    TimedArray,
    linked_var,
    mmolar,
    ms,
    mV,
    second,
    umetre,
    volt,
)
from ranvier.utils.logger import catch_logs


def test_shared_noise_is_one_number_for_all_neurons() -> None:
    group = NeuronGroup(
        3,
        """dv/dt = (common + u - v)/ms : 1
        common = randn() : 1 (shared, constant over dt)
        wave = 2*sin(2*pi*100*Hz*t) : 1 (shared, constant over dt)
        twice = 2*common : 1 (constant over dt)
        u : 1 (shared)""",
        method="euler",
    )
    recorded = StateMonitor(group, ["common", "wave", "twice", "v"], record=True)
    Network(group, recorded).run(1 * ms)
    common = np.array(recorded.common)
    assert (common == common[0]).all() and len(np.unique(common)) == 10
    assert (recorded.twice == 2 * common).all() and np.ptp(recorded.v, axis=0).max() == 0
    assert list(recorded.wave[2][:3]) == pytest.approx([0.0, 0.12558103905862675, 0.25066646712860846])
    assert np.shape(group.wave[:]) == () and group.get_states(["wave"])["wave"].shape == ()
    assert str(group.equations["wave"]) == "wave : 1 (shared)"
    with pytest.raises(IndexError, match="has one value"):
        group.wave[0]


def test_shared_noise_of_synapses_and_of_cells_with_compartments() -> None:
    group = NeuronGroup(2, "x : 1")
    synapses = Synapses(group, group, "noise = rand() : 1 (shared, constant over dt)\nw = noise*2 : 1")
    synapses.connect()
    cell = SpatialNeuron(
        Cylinder(length=10 * umetre, diameter=1 * umetre, n=3),
        "Im = 0*amp/metre**2 : amp/metre**2\nnoise = rand() : 1 (shared, constant over dt)",
    )
    Network(group, synapses, cell).run(0.1 * ms)
    assert 0 < synapses.noise[:] < 1 and list(synapses.w[:]) == [2 * synapses.noise[:]] * 4
    assert 0 < cell.noise[:] < 1 and cell.noise[:] != synapses.noise[:]


def test_states_of_synapses_leave_out_subexpressions_of_neurons() -> None:
    gain = 3
    group = NeuronGroup(2, "v : 1\nr = gain*v : 1", threshold="v > 1", reset="")
    synapses = Synapses(group, group, "w : 1", on_pre="v += w", name="wires")
    synapses.connect()
    group.v = 1

    def states() -> dict[str, object]:  # from a place where the constant is unknown
        return Network(group, synapses).get_states()["wires"]

    assert {"v_post", "w", "t_pre"} <= set(states()) and not {"r", "r_pre", "r_post"} & set(states())
    shown = synapses.get_states(subexpressions=True)
    assert list(shown["r_post"]) == [gain] * 4


def test_states_leave_out_variables_linked_to_subexpressions() -> None:
    source = NeuronGroup(2, "x : 1\ny = factor*x : 1", namespace={"factor": 2})
    group = NeuronGroup(2, "a : 1 (linked)\nb : 1 (linked)")
    group.a, group.b = linked_var(source, "x"), linked_var(source, "y")
    source.x = [1, 2]
    assert "a" in group.get_states() and "b" not in group.get_states()
    assert list(group.get_states(subexpressions=True)["b"]) == [2, 4]


def test_delays_are_shown_with_the_name_of_their_pathway() -> None:
    group = NeuronGroup(1, "v : 1", threshold="v > 1", reset="")
    synapses = Synapses(group, group, on_pre="v += 1", on_post="v += 1", delay=2 * ms, name="wires")
    synapses.connect()
    assert repr(synapses.pre.delay) == "<wires_pre.delay: 2. * msecond>" == repr(synapses.delay)
    assert repr(synapses.post.delay_) == "<wires_post.delay_: array([0.])>"


def test_values_are_shown_in_units_that_equations_declare() -> None:
    rate = 3 * mmolar / second
    assert str(rate) == "3. kat/(m^3)"
    Equations("uptake : mmolar/second")
    assert str(rate) == "3. mM/s"


def test_width_of_a_window_without_unit() -> None:
    rates = PopulationRateMonitor(NeuronGroup(1, "v : 1", threshold="v > 1", reset=""))
    with pytest.raises(DimensionMismatchError, match=r"'smooth_rate' expected a quantity with unit s for .*'width'"):
        rates.smooth_rate(width=5)


def test_pathways_show_the_variables_of_their_synapses() -> None:
    cells = NeuronGroup(3, "v : volt", threshold="v > 9*volt", reset="", name="shown_cells")
    wires = Synapses(cells, cells[1:], "w : 1", on_pre="w += 1", on_post={"back": "w -= 1"}, name="shown_wires")
    wires.connect()
    wires.w, wires.delay = "i + 10*j", "i*ms"
    cells.v = "i*volt"
    assert len(wires.pre) == wires.pre.N == 6 and list(wires.pre.i) == list(wires.i)
    assert repr(wires.pre.v[:2]) == "array([1., 2.]) * volt" and list(wires.back.v_pre_) == [0, 0, 1, 1, 2, 2]
    assert repr(wires.back.w).startswith("<shown_wires_back.w: array(")
    wires.pre.w["i > 1"] = 0
    wires.back.w_ += 1
    assert list(wires.w) == [1, 11, 2, 12, 1, 1]
    wires.pre.v = 3 * volt
    assert list(cells.v_) == [0, 3, 3]
    states = wires.pre.get_states(["w", "delay"], units=False)
    assert list(states["w"]) == list(wires.w) and list(states["delay"]) == list(wires.delay_)
    assert set(wires.back.get_states()) == {*wires.get_states(), "delay"}
    wires.back.set_states({"w": np.arange(6)})
    assert list(wires.pre.w) == list(range(6))
    seen = StateMonitor(wires.pre, "w", record=[1])
    Network(cells, wires, seen).run(0.1 * ms)
    assert seen.w[0, 0] == 1


def test_pathways_refuse_what_is_no_variable() -> None:
    cells = NeuronGroup(2, "v : 1", threshold="v > 9", reset="")
    wires = Synapses(cells, cells, "weight : 1", on_pre="v += weight")
    wires.connect()
    with pytest.raises(AttributeError, match=r"""variable with name "wieght". Did you mean "weight"\?"""):
        wires.pre.wieght = 3
    with pytest.raises(AttributeError, match="wieght"):
        _ = wires.pre.wieght
    with pytest.raises(TypeError, match="read-only"):
        wires.pre.i = 3
    wires.pre.add_attribute("remark")
    wires.pre.remark = "mine"
    wires.pre.order, wires.pre.code = 4, "v += 2*weight"
    assert (wires.pre.remark, wires.pre.order, wires.pre.code) == ("mine", 4, "v += 2*weight")


def test_states_of_parts_leave_out_numbers_that_are_computed() -> None:
    cells = NeuronGroup(6, "v : 1")
    first, later = cells[:3], cells[3:]
    assert "i" in first.get_states() and "i" not in later.get_states()
    assert list(later.get_states(subexpressions=True)["i"]) == [0, 1, 2]
    wires = Synapses(first, later, "w : 1")
    wires.connect()
    assert {"i", "i_pre"} < set(wires.get_states()) and not {"j", "i_post"} & set(wires.get_states())
    assert list(wires.get_states(["j"])["j"][:3]) == [0, 1, 2]


def test_no_unit_is_known_for_display_that_the_script_did_not_make() -> None:
    """In a process of its own: units that are made once are known from then on."""
    script = """\
from ranvier import *
print(5*amp/metre**2, 1*uF/cm**2, 3*ohm*metre)
cell = SpatialNeuron(Soma(diameter=30*um), "Im = 0*siemens/meter**2*v : amp/meter**2")
print(5*amp/metre**2, 1*uF/cm**2, 3*ohm*metre, cell.Cm)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    before, after = done.stdout.splitlines()
    assert before == "5. m^-2 A 0.01 m^-4 kg^-1 s^4 A^2 3. m^3 kg s^-3 A^-2"
    assert after.startswith("5. A/(m^2) 0.01 F/(m^2) 3. ohm m <spatialneuron.Cm")


def test_summaries_and_monitors_have_the_names_of_brian() -> None:
    cells = NeuronGroup(3, "v : 1", threshold="v > 9", reset="", events={"low": "v < -1"}, name="named_cells")
    cells.run_regularly("v += 1")
    wires = Synapses(
        cells, cells, "dw/dt = -w/second : 1 (clock-driven)\nu = rand() : 1 (constant over dt)", method="euler"
    )
    inputs = PoissonInput(cells, "v", 3, 1 * Hz, 1)
    low = EventMonitor(cells, "low")
    rows = {row.name: row for row in Network(cells, wires, inputs, low).scheduling_summary().entries}
    assert {row.type for row in rows.values()} >= {"CodeRunner", "StateUpdater", "SubexpressionUpdater", "PoissonInput"}
    assert rows[inputs.name].owner_name == "named_cells"
    assert repr(low) == "<EventMonitor, recording event 'low' from 'named_cells'>"


def test_misspelt_attributes_of_clocks_are_refused() -> None:
    clock = Clock(1 * ms)
    with pytest.raises(AttributeError, match=r"""variable with name "Dt": what can be set of a clock is dt"""):
        clock.Dt = 2 * ms
    clock.add_attribute("remark")
    clock.remark, clock.dt = "mine", 2 * ms
    assert (clock.remark, clock.dt) == ("mine", 2 * ms)


def test_no_processes_of_a_poisson_input_add_nothing() -> None:
    cells = NeuronGroup(2, "v : 1")
    Network(cells, PoissonInput(cells, "v", 0, 100 * Hz, 1)).run(5 * ms)
    assert list(cells.v) == [0, 0]
    with pytest.raises(ValueError, match="whole number, 0 or more, not -1"):
        PoissonInput(cells, "v", -1, 100 * Hz, 1)


def test_a_dictionary_of_names_is_the_script_s_own_and_its_changes_count() -> None:
    names = {"rate": 1 / ms}
    cells = NeuronGroup(2, "dv/dt = rate : 1\nw : 1", threshold="v > 9", reset="", method="euler", namespace=names)
    wires = Synapses(cells, cells, "u : 1", on_pre="u += rate*ms", namespace=names)
    wires.connect()
    assert cells.namespace is wires.namespace is cells[1:].namespace is names
    net = Network(cells, wires)
    net.run(1 * ms)
    names["rate"] = 2 / ms
    net.run(1 * ms)
    cells.w, wires.u = "rate*ms", "rate*ms"
    assert cells.v[0] == pytest.approx(3) and list(cells.w) == [2, 2] and list(wires.u) == [2] * 4
    wires.namespace["rate"] = 4 / ms
    net.run(1 * ms)
    assert cells.v[0] == pytest.approx(7) and names == {"rate": 4 / ms}
    del names["rate"]
    with pytest.raises(BrianObjectException):
        net.run(1 * ms)
    rate = 1 / ms
    net.run(1 * ms, namespace={"rate": rate})
    assert cells.v[0] == pytest.approx(8)


def test_warnings_are_silenced_by_the_names_that_they_have_in_brian() -> None:
    w = 3
    cells = NeuronGroup(2, "dw/dt = -w/ms : 1", threshold="w > 9", reset="", method="euler")
    wires = Synapses(cells, cells, "u : 1", on_pre="w_post += u; u = w_post")
    wires.connect()
    with catch_logs() as caught:
        Network(cells, wires).run(0.1 * ms)
    names = {name.removeprefix("ranvier.") for _, name, _ in caught}
    assert w == 3 and names == {
        "groups.group.Group.resolve.resolution_conflict",
        "codegen.generators.base",
    }


def test_an_array_of_floats_given_to_a_timed_array_is_followed() -> None:
    stimulus, rows = np.array([1.0, 2.0, 3.0]), np.arange(6.0).reshape(3, 2) * mV
    signal = TimedArray(stimulus, dt=1 * ms)
    whole, alone = np.array([1, 2, 3]), TimedArray(np.zeros(3), dt=1 * ms)
    names = {"signal": signal, "alone": alone, "counted": TimedArray(whole, dt=1 * ms)}
    names["table"] = TimedArray(rows, dt=1 * ms)
    model = "x = signal(t) + counted(t) + alone(t) : 1\ny = table(t, i) : volt"
    cells = NeuronGroup(2, model, namespace=names)
    seen = StateMonitor(cells, ["x", "y"], record=True, dt=1 * ms)
    net = Network(cells, seen)
    net.run(1 * ms)
    stimulus[1], whole[1] = 20, 99
    rows[1, 1] = 1 * volt
    net.run(1 * ms)
    assert list(seen.x[0]) == [2, 22] and list(seen.y_[1]) == [0.001, 1] and signal(1.5 * ms) == 20
    signal.values[2] = 30  # from now on these values count
    stimulus[2] = 7
    net.run(1 * ms)
    assert seen.x[0, 2] == 33 and alone._given is None
