"""What scripts of many fields, run with Brian and here, showed to differ; the numbers are Brian's."""

import numpy as np
import pytest

from ranvier import (
    Cylinder,
    DimensionMismatchError,
    Equations,
    Network,
    NeuronGroup,
    PopulationRateMonitor,
    SpatialNeuron,
    StateMonitor,
    Synapses,
    linked_var,
    mmolar,
    ms,
    second,
    umetre,
)


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
    with pytest.raises(IndexError, match="scalar variable"):
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
