"""One millisecond of small systems, against the numbers of Brian 2.9."""

import numpy as np
import pytest

from ranvier.equations import Equations
from ranvier.integrators.choice import METHODS, integrate
from ranvier.integrators.from_equations import system_of
from ranvier.integrators.reference import run

DT = 1e-4
MS = {"ms": 1e-3, "second": 1.0}


def advance(text, method, start, steps=10, count=1, seed=0, **constants):
    """Values of the differential variables after some steps."""
    equations = Equations(text)
    actions = integrate(system_of(equations, {}), method)
    rng = np.random.default_rng(seed)
    values = {**dict.fromkeys(equations.names, 0.0), **start, **constants, **MS, "dt": DT, "_last_timestep": 0.0}
    for step in range(steps):
        after = run(actions, {**values, "t": step * DT}, count, rng)
        values.update({name: after[name] for name in equations.diff_eq_names})
    return [values[name] for name, _ in equations.diff_eq_expressions]


LINEAR = "dv/dt = (ge - v)/tau : 1\ndge/dt = -ge/taue : 1"


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("exact", (0.2670741485651701, 0.8187307530779814)),
        ("linear", (0.2670741485651701, 0.8187307530779814)),
        ("euler", (0.2681856831230185, 0.8170728068875469)),
        ("heun", (0.2681856831230185, 0.8170728068875469)),
        ("milstein", (0.2681856831230185, 0.8170728068875469)),
        ("rk2", (0.2670648903274219, 0.8187418346189461)),
        ("rk4", (0.26707414835229537, 0.8187307532999802)),
        ("exponential_euler", (0.26793953493505807, 0.8187307530779814)),
        ("independent", (0.2662173729335334, 0.8187307530779814)),
    ],
)
def test_linear_system(method, expected):
    found = advance(LINEAR, method, {"v": 0.2, "ge": 1.0}, tau=10e-3, taue=5e-3)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("method", "v"), [("euler", 0.6872484408115483), ("rk2", 0.7208060383604612), ("rk4", 0.7208072825945)]
)
def test_nonlinear_and_time_dependent(method, v):
    text = "dv/dt = (v*(1-v) + I)/tau : 1\nI = sin(2*pi*f*t) : 1"
    np.testing.assert_allclose(advance(text, method, {"v": 0.2}, tau=1e-3, f=100.0), [v], rtol=1e-12)


def test_time_at_the_start_of_the_step():
    text = "dv/dt = t/second**2 : 1"
    np.testing.assert_allclose(advance(text, "euler", {}), [4.5e-7], rtol=1e-12)
    np.testing.assert_allclose(advance(text, "rk2", {}), [5e-7], rtol=1e-12)


def test_conditionally_linear():
    text = "dv/dt = (-g*v + w)/tau : 1\ndw/dt = (v**2 - w)/tau : 1\ng : 1"
    found = advance(text, "exponential_euler", {"v": 0.5, "w": 0.1, "g": 2.0}, tau=1e-3)
    np.testing.assert_allclose(found, [0.1118142674425952, 0.07948102228132703], rtol=1e-12)


CONDITIONALLY_LINEAR = [
    ("(-v + exp(v))/ms", 0.39990727482662125), ("-v*exp(v)/ms", 0.26211847439456076),
    ("(1 - v*exp(-v))/ms", 0.3749644215885881), ("(-v + tanh(2*v + 1))/ms", 0.35915958476317245),
    ("-v*w*exp(v*w)/ms", 0.2751798848260654), ("(-v + exp(v)**2)/ms", 0.44484875510116884),
    ("(-v + sqrt(v))/ms", 0.3235739181829271), ("(-v + v*exp(v)*tanh(v) + 3)/ms", 0.5734179666556152),
    ("(-v + 1/(1 + v))/ms", 0.3446532115369728), ("-v/(1 + exp(v))/ms", 0.2875011115058876),
    ("(-v + v/(exp(v) - 1))/ms", 0.3612651101682311), ("(-v + (v-1)/(exp(v-1) - 1))/ms", 0.3942736383674158),
    ("(w*(1-v) - v*(1+w))/ms", 0.2982218988422213), ("(-v + int(v > 0)*w)/ms", 0.33806503278561617),
    ("(-v + abs(v)*v)/ms", 0.27971814597178446), ("v*v/v/ms", 0.3315512754226943), ("(-v + abs(v))/ms", 0.3),
]  # fmt: skip


@pytest.mark.parametrize(("right", "v"), CONDITIONALLY_LINEAR)
def test_functions_of_the_variable_itself_are_held(right, v):
    text = f"dv/dt = {right} : 1\nw : 1"
    found = advance(text, "exponential_euler", {"v": 0.3, "w": 0.7}, steps=1)
    np.testing.assert_allclose(found, [v], rtol=1e-12)


def test_exponential_euler_without_linear_term():
    text = "dv/dt = w/tau : 1\ndw/dt = -v/tau : 1"
    found = advance(text, "exponential_euler", {"v": 1.0, "w": 0.5}, tau=1e-3)
    np.testing.assert_allclose(found, [1.0120444549, -0.5971127850500001], rtol=1e-12)


def test_coupled_system():
    text = "dv/dt = (-v - w)/(10*ms) : 1\ndw/dt = (0.2*v - w)/(100*ms) : 1"
    found = advance(text, "exact", {"v": 1.0})
    np.testing.assert_allclose(found, [0.9047441591528785, 0.001893546126914041], rtol=1e-12)


def test_defective_chain():
    text = "dg/dt = (x - g)/tau : 1\ndx/dt = -x/tau : 1\ndv/dt = (g - v)/taum : 1"
    g, x, v = advance(text, "exact", {"x": 1.0}, tau=5e-3, taum=10e-3)
    np.testing.assert_allclose([g, v], [0.16374615061559628, 0.008467179300359862], rtol=1e-12)
    np.testing.assert_allclose(x, np.exp(-0.2), rtol=1e-12)


REFRACTORY = (
    "dv/dt = (-v + g - 0.5*w)/(10*ms) : 1 (unless refractory)\ndg/dt = (-g + 0.3*v)/(5*ms) : 1\n"
    "dw/dt = (v - w)/(20*ms) : 1"
)


@pytest.mark.parametrize(
    ("method", "g", "w"),
    [("rk2", 0.4883536715216, 0.21191039887687343), ("rk4", 0.4883529067321713, 0.21191044831748806)],
)
def test_refractory_stages(method, g, w):
    start = {"v": 1.0, "g": 0.5, "w": 0.2, "not_refractory": False}
    np.testing.assert_allclose(advance(REFRACTORY, method, start, steps=3), [1, g, w], rtol=1e-12)


@pytest.mark.parametrize("method", sorted(METHODS))
def test_a_refractory_variable_is_a_constant_to_the_others(method):
    start = {"v": 1.0, "g": 0.5, "w": 0.2}
    resting = advance(REFRACTORY, method, {**start, "not_refractory": False}, steps=3)
    constant = "v : 1\ndg/dt = (-g + 0.3*v)/(5*ms) : 1\ndw/dt = (v - w)/(20*ms) : 1"
    expected = [1.0, *advance(constant, method, start, steps=3)]
    np.testing.assert_allclose(np.hstack(resting), np.hstack(expected), rtol=1e-14)
    active = advance(REFRACTORY, method, {**start, "not_refractory": True}, steps=3)
    free = advance(REFRACTORY.replace(" (unless refractory)", ""), method, start, steps=3)
    np.testing.assert_array_equal(active, free)
