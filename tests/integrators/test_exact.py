"""Exact integration against the matrix exponential, for all kinds of linear systems."""

import mpmath
import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from ranvier.equations import Equations
from ranvier.equations.assignments import Propagator
from ranvier.integrators.choice import integrate
from ranvier.integrators.from_equations import system_of
from ranvier.integrators.reference import expm, run
from ranvier.integrators.system import UnsupportedEquationsException

DT = 1e-4


def solve(matrix, offset, start, dt=DT):
    """x(dt) of x' = M x + b by the exponential of the augmented matrix, with 40 digits."""
    n = len(start)
    with mpmath.workdps(40):
        augmented = mpmath.zeros(n + 1)
        for i in range(n):
            for j in range(n):
                augmented[i, j] = mpmath.mpf(float(matrix[i][j]))
            augmented[i, n] = mpmath.mpf(float(offset[i]))
        column = mpmath.matrix([*(mpmath.mpf(float(x)) for x in start), 1])
        return np.array([float(x) for x in mpmath.expm(augmented * mpmath.mpf(dt)) * column][:n])


def model(matrix, offset):
    """Equations with all nonzero coefficients as names."""
    lines, constants = [], {}
    for i, row in enumerate(matrix):
        terms = []
        for j, value in enumerate(row):
            if value:
                constants[f"m{i}{j}"] = value
                terms.append(f"m{i}{j}*x{j}")
        if offset[i]:
            constants[f"o{i}"] = offset[i]
            terms.append(f"o{i}")
        lines.append(f"dx{i}/dt = {' + '.join(terms) or '0/second'} : 1")
    return "\n".join(lines), constants


def step(text, constants, start):
    actions = integrate(system_of(Equations(text), {}), "exact")
    values = {**{f"x{i}": x for i, x in enumerate(start)}, **constants, "dt": DT, "second": 1.0}
    after = run(actions, values, 1, np.random.default_rng(0))
    return np.array([float(after[f"x{i}"]) for i in range(len(start))])


rates = st.sampled_from([0.0, -1.0, -100.0, -100.00001, -2000.0, -1e5, -1e7, 30.0, 100.0])
values = st.sampled_from([0.0, 1.0, -0.7, 0.02])


@st.composite
def systems(draw):
    n = draw(st.integers(1, 4))
    matrix = [
        [draw(rates) if i == j else draw(st.sampled_from([0.0, 0.0, 50.0, -700.0])) for j in range(n)] for i in range(n)
    ]
    return matrix, [draw(st.sampled_from([0.0, 0.0, 3.0, -20.0])) for _ in range(n)], [draw(values) for _ in range(n)]


@settings(deadline=None, max_examples=60)
@given(systems())
def test_any_linear_system(system):
    matrix, offset, start = system
    text, constants = model(matrix, offset)
    expected = solve(matrix, offset, start)
    size = np.max(np.abs(expected), initial=np.max(np.abs(start)))
    np.testing.assert_allclose(step(text, constants, start), expected, rtol=1e-11, atol=1e-11 * size + 1e-300)


@settings(deadline=None, max_examples=80)
@given(st.lists(rates, min_size=2, max_size=4), values, st.sampled_from([0.0, 5.0]))
def test_driven_variable_has_a_closed_form(diagonal, start, offset):
    n = len(diagonal)
    matrix = np.diag(diagonal)
    matrix[0, 1:] = 80.0
    text, constants = model(matrix.tolist(), [offset] + [0.0] * (n - 1))
    assert not any(isinstance(action, Propagator) for action in integrate(system_of(Equations(text), {}), "exact"))
    begin = [start] + [1.0] * (n - 1)
    found, expected = step(text, constants, begin), solve(matrix, [offset] + [0.0] * (n - 1), begin)
    np.testing.assert_allclose(found, expected, rtol=2e-13, atol=2e-15 * np.max(np.abs(expected)))


def test_coefficients_that_differ_between_elements():
    text = "dv/dt = (g - v)/tau + I : 1\ndg/dt = (v - g)/taug : 1\ntau : second\nI : Hz"
    system = system_of(Equations(text), {})
    start = {
        "v": np.array([0.2, 0.5]),
        "g": np.array([1.0, 0.3]),
        "tau": np.array([5e-3, 20e-3]),
        "I": np.array([0.0, 7.0]),
    }
    after = run(integrate(system, "exact"), {**start, "taug": 3e-3, "dt": DT}, 2, np.random.default_rng(0))
    for k in range(2):
        tau = start["tau"][k]
        expected = solve(
            [[-1 / tau, 1 / tau], [1 / 3e-3, -1 / 3e-3]], [start["I"][k], 0], [start["v"][k], start["g"][k]]
        )
        np.testing.assert_allclose([after["v"][k], after["g"][k]], expected, rtol=1e-13)


def test_what_is_the_same_for_all_elements_is_computed_apart():
    """The step itself is one multiply-add per term; exponentials stand in assignments without element names."""
    text = "dv/dt = (ge + gi - (v - El) + I)/tau : 1\ndge/dt = -ge/te : 1\ndgi/dt = -gi/ti : 1\nI : 1"
    actions = integrate(system_of(Equations(text), {}), "exact")
    lines = [str(action) for action in actions]
    assert lines[-6:] == [
        "_new__v = _P__v*v + _Q__v*(El + I) + _P__v__ge*ge + _P__v__gi*gi",
        "_new__ge = _P__ge*ge",
        "_new__gi = _P__gi*gi",
        "v = _new__v",
        "ge = _new__ge",
        "gi = _new__gi",
    ]
    assert not any(name in line for line in lines[:-6] for name in (" v", "*ge", "*gi", "I"))


def test_refractoriness_needs_one_selection_only():
    text = "dv/dt = (ge - v)/tau : 1 (unless refractory)\ndge/dt = -ge/te : 1"
    lines = [str(action) for action in integrate(system_of(Equations(text), {}), "exact")]
    assert [line for line in lines if "_select" in line] == [
        "_new__v = _select(not_refractory, _P__v*v + _P__v__ge*ge, v)"
    ]


def test_stiff_and_equal_time_constants():
    for tau, te in [(1e-9, 1e-3), (1e-3, 1e-9), (5e-3, 5e-3), (5e-3, 5e-3 * (1 + 1e-12)), (1e3, 5e-3)]:
        matrix = [[-1 / tau, 1 / tau], [0, -1 / te]]
        found = step(*model(matrix, [0, 0]), [0.3, 0.7])
        np.testing.assert_allclose(found, solve(matrix, [0, 0], [0.3, 0.7]), rtol=1e-13)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_matrix_exponential(n):
    rng = np.random.default_rng(n)
    for scale in (1e-8, 0.1, 1, 10, 300):
        matrix = rng.standard_normal((4, n, n)) * scale - 2 * scale * np.eye(n)
        expected = np.stack([scipy.linalg.expm(m) for m in matrix])
        np.testing.assert_allclose(expm(matrix), expected, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize(
    "text",
    [
        "dv/dt = -v**2/ms : 1",
        "dv/dt = (sin(t/ms) - v)/ms : 1",
        "dv/dt = -v*w/ms : 1\ndw/dt = -w/ms : 1",
        "dv/dt = -v/ms + xi/ms**.5 : 1",
        "dv/dt = -v/ms + rand()/ms : 1",
        "dv/dt = -abs(v)/ms : 1",
        "dv/dt = -v*int(t > 2*ms)/ms : 1",
    ],
)
def test_not_exact(text):
    with pytest.raises(UnsupportedEquationsException):
        integrate(system_of(Equations(text), {}), "exact")


def test_terms_that_cancel():
    text = (
        "dv/dt = (-v + v**2 - v*v + (1 + w)*(1 - w) + w**2 - exp(v) + exp(v))/ms + (t - t)/ms**2 : 1\ndw/dt = -w/ms : 1"
    )
    actions = integrate(system_of(Equations(text), {}), "exact")
    after = run(actions, {"v": 3.0, "w": 2.0, "dt": DT, "ms": 1e-3}, 1, np.random.default_rng(0))
    np.testing.assert_allclose(after["v"], 1 + 2 * np.exp(-0.1), rtol=1e-13)


def test_functions_of_time_that_hold_during_a_step():
    from dataclasses import replace

    from ranvier.analysis.symbols import function
    from ranvier.equations import Function

    equations = Equations("dv/dt = (I(t) - v)/ms : 1")
    held = Function(lambda t: t, arg_units=[None], return_unit=1)
    system = system_of(equations, {"I": function("I", held)})
    with pytest.raises(UnsupportedEquationsException):
        integrate(system, "exact")
    actions = integrate(replace(system, held_functions=frozenset({"I"})), "exact")
    assert str(actions[-2]) == "_new__v = _P__v*v + _Q__v"
    with pytest.raises(UnsupportedEquationsException):
        moved = system_of(Equations("dv/dt = (I(t - 1*ms) - v)/ms : 1"), {"I": function("I", held)})
        integrate(replace(moved, held_functions=frozenset({"I"})), "exact")
