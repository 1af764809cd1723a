"""The gsl methods: each neuron advances by inner steps of its own, in native code."""

import math

import numpy as np
import pytest

from ranvier import (
    DimensionMismatchError,
    Equations,
    Network,
    NeuronGroup,
    Soma,
    SpatialNeuron,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    check_units,
    gsl_rk2,
    linked_var,
    ms,
    mV,
    um,
    volt,
)
from ranvier.integrators.choice import METHODS, applicable
from ranvier.integrators.from_equations import system_of
from ranvier.integrators.system import UnsupportedEquationsException
from ranvier.ir.adaptive import TABLEAUS, advance
from ranvier.stateupdaters.GSL import IntegrationError

ADAPTIVE = sorted(name for name in METHODS if name.startswith("gsl_"))

MEMBRANE = """
dv/dt = (I - 100*m**3*h*(v - 50) - 30*n**4*(v + 90) - 0.05*(v + 65))/ms : 1
dm/dt = (0.32*4/exprel((-50 - v)/4)*(1 - m) - 0.28*5/exprel((v + 23)/5)*m)/ms : 1
dn/dt = (0.032*5/exprel((-48 - v)/5)*(1 - n) - 0.5*exp((-53 - v)/40)*n)/ms : 1
dh/dt = (0.128*exp((-46 - v)/18)*(1 - h) - 4/(1 + exp((-23 - v)/5))*h)/ms : 1
I : 1 (constant)
"""
LEAKY = "dv/dt = (1 + sin(2*pi*40*Hz*t) - v)/(5*ms) : 1"
OSCILLATOR = "dx/dt = y/ms : 1\ndy/dt = (20*(1 - x**2)*y - x)/ms : 1"
COMPARTMENTS = "dv/dt = (50*(w - v) - v)/(10*ms) : 1\ndw/dt = (50*(v - w) + sin(t/ms) - w)/(10*ms) : 1"

MODELS = {
    "leaky": (LEAKY, {"v": [0.0, 2.0]}),
    "membrane": (MEMBRANE, {"v": [-65.0, -50.0], "m": [0.0, 0.1], "n": [0.0, 0.2], "h": [1.0, 0.5], "I": [2.0, 8.0]}),
    "oscillator": (OSCILLATOR, {"x": [2.0, -1.0], "y": [0.0, 1.0]}),
    "compartments": (COMPARTMENTS, {"v": [1.0, 0.0], "w": [0.0, 0.5]}),
}


def group_of(model, start, method="gsl", dt=0.1 * ms, **options):
    """Neurons with their initial values."""
    group = NeuronGroup(len(next(iter(start.values()))), model, method=method, method_options=options, dt=dt)
    for variable, values in start.items():
        setattr(group, variable, values)
    return group


def run_of(model, start, duration, method="gsl", **options):
    """The values of all variables of the equations after a time, one row for each."""
    group = group_of(model, start, method, **options)
    Network(group).run(duration)
    return np.array([getattr(group, name)[:] for name in group.user_equations.diff_eq_names])


STEPS = {"leaky": 0.01 * ms, "membrane": 0.001 * ms, "oscillator": 0.0005 * ms, "compartments": 0.005 * ms}
"""The steps of the classical method that stands for the exact solution."""


@pytest.mark.parametrize("model", MODELS)
def test_agrees_with_many_small_steps(model):
    equations, start = MODELS[model]
    exact = group_of(equations, start, "rk4", dt=STEPS[model])
    errors = {method: 1e-6 if method == "gsl_rk2" else 1e-9 for method in ADAPTIVE}
    groups = [
        group_of(equations, start, method, absolute_error=error, max_steps=2000) for method, error in errors.items()
    ]
    Network(exact, groups).run(20 * ms)
    for group, error in zip(groups, errors.values(), strict=True):
        for name in group.user_equations.diff_eq_names:
            found, wanted = getattr(group, name)[:], getattr(exact, name)[:]
            np.testing.assert_allclose(found, wanted, rtol=0, atol=2000 * error, err_msg=group.state_updater.method)


def test_a_smaller_error_gives_better_values():
    equations, start = MODELS["oscillator"]
    exact = run_of(equations, start, 20 * ms, "gsl_rk8pd", absolute_error=1e-12, max_steps=5000)
    errors = [
        np.abs(run_of(equations, start, 20 * ms, absolute_error=error, max_steps=5000) - exact).max()
        for error in (1e-3, 1e-6, 1e-9)
    ]
    assert errors[0] > 30 * errors[1] > 900 * errors[2]


def test_an_error_for_a_variable_is_its_own():
    equations = "dv/dt = -v**3/(0.01*ms) : 1\ndu/dt = -u/(5*ms) : volt"
    start = {"v": [3.0], "u": [1.0 * volt]}

    def steps(**options):
        group = group_of(equations, start, save_step_count=True, max_steps=5000, **options)
        Network(group).run(0.1 * ms)
        return group._step_count[0]

    fine = steps(absolute_error=1e-10)
    assert steps(absolute_error_per_variable={"v": 1e-10}) == fine > 3 * steps(absolute_error_per_variable={"v": 1e-3})
    assert steps(absolute_error_per_variable={"v": 1e-3, "u": 1e-6 * mV}) > 0


ORDERS = {
    "rk2": (3, (0.05, 0.025)),
    "rk4": (4, (0.1, 0.05)),
    "rkf45": (5, (0.1, 0.05)),
    "rkck": (5, (0.1, 0.05)),
    "rk8pd": (8, (0.5, 0.25)),
}
"""The order of the solution that is kept, and inner steps at which it shows."""


@pytest.mark.parametrize("method", TABLEAUS)
def test_order_of_fixed_steps(method):
    def slopes(t, values):
        x, y = values
        return y, 0.3 * np.sin(t) - x * (1 + y**2)

    def value(inner, name=method, error=1.0, *, adaptive=False):
        one, most = np.ones(1), 10**4
        start, errors = (one, one / 2), (error * one, error * one)
        found = advance(slopes, 0 * one, 2 * one, start, inner * one, errors, method=name, most=most, adaptive=adaptive)
        return np.array(found.values), found.taken[0]

    exact, _ = value(0.1, "rk8pd", 1e-14, adaptive=True)
    order, steps = ORDERS[method]
    results = [value(inner) for inner in steps]
    assert [count for _, count in results] == [round(2 / inner) for inner in steps]
    coarse, fine = (np.abs(found - exact).max() for found, _ in results)
    assert coarse / fine > 2 ** (order - 0.8)


def test_fixed_steps():
    options = {"adaptable_timestep": False, "dt_start": 0.04 * ms, "save_step_count": True}
    group = group_of("dv/dt = -v/(0.1*ms) : 1", {"v": [1.0]}, "gsl_rk4", **options)
    Network(group).run(0.1 * ms)
    assert group._step_count[0] == 3 and "_last_timestep" not in group.variables
    half, quarter = (sum((-x) ** k / math.factorial(k) for k in range(5)) for x in (0.2, 0.1))
    assert group.v[0] == pytest.approx(half**4 * quarter**2, rel=1e-14)


def test_each_neuron_has_steps_of_its_own():
    group = NeuronGroup(3, "dv/dt = -v/tau : 1\ntau : second", method="gsl", method_options={"save_step_count": True})
    group.tau, group.v = [10 * ms, 1 * ms, 0.01 * ms], 1
    monitor = StateMonitor(group, ["_step_count", "_last_timestep"], record=True)
    Network(group, monitor).run(1 * ms)
    counts = monitor._step_count[:, 1:]
    assert (counts[0] == 1).all() and (counts[1] <= 2).all() and counts[2].max() > 4
    np.testing.assert_allclose(group.v[:], np.exp([-0.1, -1, -100]), atol=1e-5)
    assert group._last_timestep[0] == 0.1 * ms and group._last_timestep[2] < 0.05 * ms


def test_the_last_inner_step_is_where_the_next_step_begins():
    options = {"save_step_count": True, "save_failed_steps": True}

    def counts(**more):
        group = NeuronGroup(1, "dv/dt = -v/(0.01*ms) : 1", method="gsl", method_options={**options, **more})
        group.v = 1e3
        monitor = StateMonitor(group, ["_step_count", "_failed_steps"], record=True)
        Network(group, monitor).run(0.3 * ms)
        return monitor._step_count[0], monitor._failed_steps[0], "_last_timestep" in group.variables

    _, kept, has_kept = counts()
    _, begun_anew, has_other = counts(use_last_timestep=False)
    assert has_kept and not has_other
    assert kept[1] > 0 and kept[2] == 0 and begun_anew[2] > 0
    assert counts(dt_start=0.001 * ms)[1][1] < kept[1]


def test_what_is_not_asked_for_is_not_kept():
    group = NeuronGroup(1, "dv/dt = -v/ms : 1", method="gsl")
    assert "_step_count" not in group.variables and "_failed_steps" not in group.variables
    other = NeuronGroup(1, "dv/dt = -v/ms : 1", method="rk4")
    assert not any(name.startswith("_") for name in other.variables)


def test_refractory_neurons_stand_still():
    def last(method, **options):
        group = NeuronGroup(
            2,
            "dv/dt = (2 - v + w)/(5*ms) : 1 (unless refractory)\ndw/dt = (v - w)/(20*ms) : 1",
            threshold="v > 1",
            reset="v = 0",
            refractory=3 * ms,
            method=method,
            method_options=options,
        )
        group.v = [0.0, 0.5]
        spikes = SpikeMonitor(group)
        Network(group, spikes).run(50 * ms)
        return spikes.i[:], spikes.t[:] / ms, group.v[:], group.w[:]

    for expected, found in zip(last("rk4"), last("gsl", absolute_error=1e-10), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_subexpressions_timed_arrays_and_links():
    drive = TimedArray([0.0, 1.0, -1.0, 2.0], dt=0.25 * ms)
    equations = "dv/dt = (I - v)/tau : 1\nI = gain*drive(t) + i : 1\ngain : 1 (linked)"

    def after(method, **options):
        source = NeuronGroup(2, "gain : 1")
        source.gain = [1.0, 2.0]
        group = NeuronGroup(
            2,
            equations,
            method=method,
            namespace={"drive": drive, "tau": 2 * ms},
            dt=0.25 * ms,
            method_options=options,
        )
        group.gain = linked_var(source, "gain")
        Network(source, group).run(1 * ms)
        return group.v[:]

    np.testing.assert_allclose(after("gsl", absolute_error=1e-12), after("exact"), atol=1e-9)


def test_synapses():
    source = SpikeGeneratorGroup(1, [0], [1] * ms)
    target = NeuronGroup(3, "a : 1")
    synapses = Synapses(
        source,
        target,
        "ds/dt = -s**2/(5*ms) : 1 (clock-driven)",
        on_pre="s += 1",
        method="gsl_rkck",
        method_options={"save_step_count": True, "absolute_error": 1e-10},
    )
    synapses.connect(p=1)
    synapses.s = [0, 1, 2]
    network = Network(source, target, synapses)
    network.run(1 * ms)
    before = np.array([0, 1, 2]) / (1 + np.array([0, 1, 2]) / 5)
    np.testing.assert_allclose(synapses.s[:], before, atol=1e-9)
    network.run(0.1 * ms)
    assert (synapses._step_count[:] >= 1).all()
    synapses.connect(i=0, j=0)
    network.run(1 * ms)
    assert len(synapses._last_timestep) == 4 and synapses.s[3] == 0


def test_functions_of_the_script_are_integrated_by_numpy():
    @check_units(x=1, result=1)
    def half(x):
        return x / 2

    start = {"v": [1.0, 2.0]}
    group = NeuronGroup(
        2,
        "dv/dt = -half(v)/ms : 1",
        method="gsl_rk8pd",
        namespace={"half": half},
        method_options={"save_step_count": True},
    )
    group.v = start["v"]
    Network(group).run(1 * ms)
    np.testing.assert_allclose(group.v[:], run_of("dv/dt = -v/2/ms : 1", start, 1 * ms, "gsl_rk8pd")[0], rtol=1e-13)
    assert (group._step_count[:] == 1).all()


@pytest.mark.parametrize("native", [True, False])
def test_giving_up_ends_the_run_and_says_where(native):
    @check_units(x=1, result=1)
    def square(x):
        return x**2

    right = "v**2" if native else "square(v)"
    group = NeuronGroup(
        4, f"dv/dt = {right}/ms : 1", method="gsl", name=f"exploding_{native}", namespace={"square": square}
    )
    group.v = [0, 0.1, 3, 3.1]
    network = Network(group)
    message = (
        rf"'exploding_{native}' .* in neuron 2 \(and 1 more\) in the step that ends at t = 0.4 ms: 100 inner steps"
    )
    with pytest.raises(IntegrationError, match=message):
        network.run(1 * ms)
    assert network.t == 0.4 * ms
    group.v = 0
    network.run(1 * ms)
    assert network.t == 1.4 * ms and (group.v[:] == 0).all()


def test_too_few_steps():
    group = group_of("dv/dt = -v/(0.001*ms) : 1", {"v": [1.0]}, max_steps=3)
    with pytest.raises(IntegrationError, match="3 inner steps"):
        Network(group).run(1 * ms)


def test_stored_and_restored():
    group = group_of("dv/dt = -v**3/(0.01*ms) : 1", {"v": [3.0, 1.0]}, save_step_count=True)
    network = Network(group)
    network.run(0.2 * ms)
    network.store()
    network.run(0.3 * ms)
    once = group.v[:].copy(), group._last_timestep[:].copy()
    network.restore()
    network.run(0.3 * ms)
    np.testing.assert_array_equal([group.v[:], group._last_timestep[:]], once)


def test_single_precision():
    group = NeuronGroup(2, "dv/dt = -v/(10*ms) : 1", method="gsl_rk4", dtype=np.float32)
    group.v = 1
    Network(group).run(10 * ms)
    np.testing.assert_allclose(group.v[:], np.exp(-1), rtol=1e-6)


WRONG = [
    ({"max_step": 3}, KeyError, "has no option 'max_step'. Did you mean \"max_steps\"?"),
    ({"max_steps": 0}, ValueError, "'max_steps' has to be a whole number above 0, not 0"),
    ({"absolute_error": -1.0}, ValueError, "'absolute_error' has to be above 0"),
    ({"absolute_error": 1 * mV}, DimensionMismatchError, "has another unit than 'w'"),
    ({"absolute_error_per_variable": {"v": 1e-3}}, DimensionMismatchError, "an error for 'v' that has another unit"),
    ({"absolute_error_per_variable": {"v": 0 * mV}}, ValueError, "has to be above 0"),
    ({"absolute_error_per_variable": {"vv": 1 * mV}}, KeyError, "names 'vv', which is no variable"),
    ({"absolute_error_per_variable": 3}, TypeError, "has to be a dictionary"),
    ({"adaptable_timestep": "yes"}, TypeError, "has to be True or False, not 'yes'"),
    ({"dt_start": 1 * mV}, DimensionMismatchError, "'dt_start' has to be a time"),
    ({"dt_start": 0 * ms}, ValueError, "'dt_start' has to be above 0"),
]


@pytest.mark.parametrize(("options", "kind", "message"), WRONG)
def test_wrong_options(options, kind, message):
    group = NeuronGroup(1, "dv/dt = -v/ms : volt\ndw/dt = -w/ms : 1", method="gsl", method_options=options)
    with pytest.raises(Exception) as caught:
        Network(group).run(1 * ms)
    assert isinstance(caught.value.__cause__, kind) and message in str(caught.value.__cause__.args[0])


@pytest.mark.parametrize("noise", ["xi/ms**0.5", "rand()/ms"])
def test_no_random_numbers(noise):
    group = NeuronGroup(1, f"dv/dt = -v/ms + {noise} : 1", method="gsl")
    with pytest.raises(Exception) as caught:
        Network(group).run(1 * ms)
    assert isinstance(caught.value.__cause__, UnsupportedEquationsException)


def test_not_for_compartments():
    model = "Im = 0*amp/meter**2 : amp/meter**2"
    with pytest.raises(NotImplementedError, match="cannot be integrated with the method 'gsl'"):
        SpatialNeuron(Soma(diameter=10 * um), model, method="gsl")
    with pytest.raises(NotImplementedError, match="cannot be integrated with the method 'gsl_rk2'"):
        SpatialNeuron(Soma(diameter=10 * um), model, method=gsl_rk2)


def test_never_chosen_by_itself():
    group = NeuronGroup(1, "dv/dt = -v**2/ms : 1")
    Network(group).run(0.1 * ms)
    assert group.state_updater.method == "euler"
    assert [name for name in applicable(system_of(Equations("dv/dt = -v**2/ms : 1"), {})) if "gsl" in name] == ["gsl"]


@pytest.mark.parametrize("method", TABLEAUS)
def test_the_conditions_of_order(method):
    """The weights integrate powers of t exactly up to the order, and the error is none for constants."""
    tableau = TABLEAUS[method]
    c, b, e = np.array(tableau.c), np.array(tableau.b), np.array(tableau.e)
    for power in range(max(tableau.order, 3 if method == "rk2" else 1)):
        assert b @ c**power == pytest.approx(1 / (power + 1), abs=1e-14)
    assert abs(e.sum()) < 1e-15
