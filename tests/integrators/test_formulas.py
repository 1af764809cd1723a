"""Methods described by formulas: noise, descriptions of users, order of convergence."""

import numpy as np
import pytest

from ranvier.equations import Equations
from ranvier.integrators.choice import integrate
from ranvier.integrators.explicit import ExplicitStateUpdater
from ranvier.integrators.from_equations import system_of
from ranvier.integrators.method import StateUpdateMethod
from ranvier.integrators.reference import run
from ranvier.integrators.system import UnsupportedEquationsException

DT = 1e-4


def one_step(text, method, start, count=4, t=0.0):
    """Values after a step, and the increments of the noises."""
    equations = Equations(text)
    actions = integrate(system_of(equations, {}), method)
    after = run(actions, {**start, "dt": DT, "t": t, "ms": 1e-3, "second": 1.0}, count, np.random.default_rng(5))
    noise = {name: np.sqrt(DT) * after[name] for name in equations.stochastic_variables}
    return {name: after[name] for name in equations.diff_eq_names}, noise


TWO_NOISES = "dv/dt = -v/ms + v*w*xi_a/ms**.5 + (1 + t/ms)*v**2*xi_b/ms**.5 : 1\ndw/dt = (v - w)/ms + w*xi_a/ms**.5 : 1"
START = {"v": np.array([0.3, 1.0, -0.5, 2.0]), "w": np.array([0.1, 0.7, 1.5, -0.2])}


def factors(v, w, t):
    """g of TWO_NOISES: for v with noise a and b, for w with noise a."""
    return v * w / 1e-3**0.5, (1 + t / 1e-3) * v**2 / 1e-3**0.5, w / 1e-3**0.5


def test_heun_with_several_noises():
    t = 2e-3
    found, noise = one_step(TWO_NOISES, "heun", START, t=t)
    v, w, a, b = START["v"], START["w"], noise["xi_a"], noise["xi_b"]
    va, vb, wa = factors(v, w, t)
    va2, _, wa2 = factors(v + va * a, w + wa * a, t + DT)
    _, vb2, _ = factors(v + vb * b, w, t + DT)
    np.testing.assert_allclose(found["v"], v - DT * v / 1e-3 + (va + va2) * a / 2 + (vb + vb2) * b / 2, rtol=1e-12)
    np.testing.assert_allclose(found["w"], w + DT * (v - w) / 1e-3 + (wa + wa2) * a / 2, rtol=1e-12)


def test_milstein():
    found, noise = one_step("dv/dt = -v/ms + v**2*xi/ms**.5 : 1", "milstein", START)
    v, dw = START["v"], noise["xi"]
    f, g = -v / 1e-3, v**2 / 1e-3**0.5
    moved = (v + DT * f + DT**0.5 * g) ** 2 / 1e-3**0.5
    np.testing.assert_allclose(found["v"], v + DT * f + g * dw + (moved - g) * dw**2 / (2 * DT**0.5), rtol=1e-11)


STAGES = ExplicitStateUpdater(
    """
    q = x + g(x,t)*dW/2
    r = g(q, t + dt/2)
    s = g(x + q/2, t)
    u = (s + r)/3
    x_new = x + dt*f(x,t) + dW*(u + g(x,t)/3)
    """,
    stochastic="multiplicative",
)
DIAGONAL = "dx/dt = -x/tau + a*x*y*xi_1*tau**-.5 : 1\ndy/dt=-y/tau + b*x*y**2*xi_2*tau**-.5 : 1"
SHARED = (
    "dx/dt = -x/tau + a*x*y*xi_1*tau**-.5 + x*c*xi_2*tau**-.5: 1\n"
    "dy/dt=-y/tau + b*x*y*xi_1*tau**-.5 + c*x**2*y*xi_2*tau**-.5 : 1"
)


class GivenNoise:
    """Increments of the noises, in the order of their names."""

    def __init__(self, *increments):
        self.increments = iter(increments)

    def standard_normal(self, count):
        return np.full(count, next(self.increments) / np.sqrt(DT))


@pytest.mark.parametrize(
    ("method", "text", "x", "y"),
    [
        ("milstein", DIAGONAL, 0.8571457251605163, 0.5488699470843406),
        ("heun", SHARED, 0.9128156119826488, 0.654268156013919),
        (STAGES, SHARED, 0.9552752944681535, 0.6906066599401613),
    ],
)
def test_each_noise_has_stages_of_its_own(method, text, x, y):
    """Numbers of Brian 2.9 for given increments of the noise."""
    actions = integrate(system_of(Equations(text), {}), method)
    values = {"x": 0.8, "y": 0.6, "tau": 2e-3, "a": 0.7, "b": 0.4, "c": -0.3, "dt": DT, "t": 0.0}
    after = run(actions, values, 1, GivenNoise(0.013, -0.008))
    np.testing.assert_allclose([after["x"][0], after["y"][0]], [x, y], rtol=1e-13)


def test_euler_maruyama_shares_named_noise():
    text = "dv/dt = xi_1/ms**.5 : 1\ndw/dt = -w/ms + 2*xi_1/ms**.5 + xi_2/ms**.5 : 1"
    found, noise = one_step(text, "euler", START)
    w = START["w"]
    np.testing.assert_allclose(found["v"], START["v"] + noise["xi_1"] / 1e-3**0.5, rtol=1e-12)
    expected = w - DT * w / 1e-3 + (2 * noise["xi_1"] + noise["xi_2"]) / 1e-3**0.5
    np.testing.assert_allclose(found["w"], expected, rtol=1e-12)
    assert len(np.unique(noise["xi_1"])) == 4


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ("dv/dt = -v/ms + xi/ms**.5 : 1", "rk4"),
        ("dv/dt = -v/ms + xi/ms**.5 : 1", "rk2"),
        ("dv/dt = -v/ms + xi/ms**.5 : 1", "exact"),
        ("dv/dt = -v/ms + xi/ms**.5 : 1", "exponential_euler"),
        ("dv/dt = v*xi/ms**.5 : 1", "euler"),
        ("dv/dt = t/second*xi/ms**.5 : 1", "euler"),
        ("dv/dt = w*xi_1/ms**.5 : 1\ndw/dt = v*xi_1/ms**.5 : 1", "milstein"),
        ("dv/dt = xi_1/ms**.5 + v*xi_2/ms**.5 : 1", "milstein"),
        ("dv/dt = -v**2/ms : 1", "exponential_euler"),
        ("dv/dt = exp(v)/ms : 1", "exponential_euler"),
        ("dv/dt = int(v > 2)*xi/ms**.5 : 1", "euler"),
    ],
)
def test_unsupported(text, method):
    with pytest.raises(UnsupportedEquationsException):
        integrate(system_of(Equations(text), {}), method)


def test_noise_factors_that_cancel_are_additive():
    integrate(system_of(Equations("dv/dt = (1 + t/t + v - v)*xi/ms**.5 : 1"), {}), "euler")


def final(method, steps):
    equations = Equations("dv/dt = w*cos(t/second) : 1\ndw/dt = -v*w : 1".replace(" : 1", "/second : 1"))
    actions = integrate(system_of(equations, {}), method)
    values = {"v": 0.3, "w": 1.0, "second": 1.0, "dt": 2.0 / steps}
    for k in range(steps):
        after = run(actions, {**values, "t": k * 2.0 / steps}, 1, np.random.default_rng(0))
        values.update(v=after["v"], w=after["w"])
    return np.array([values["v"], values["w"]])


@pytest.mark.parametrize(("method", "order"), [("euler", 1), ("rk2", 2), ("rk4", 4)])
def test_order_of_convergence(method, order):
    exact = final("rk4", 1000)
    coarse, fine = (np.max(np.abs(final(method, n) - exact)) for n in (40, 80))
    assert abs(np.log2(coarse / fine) - order) < 0.15


HEUN3 = ExplicitStateUpdater("""
    k1 = dt*f(x, t)
    k2 = dt*f(x + k1/3, t + dt/3)
    k3 = dt*f(x + 2*k2/3, t + 2*dt/3)
    x_new = x + (k1 + 3*k3)/4
    """)


def test_method_of_a_user():
    exact = final("rk4", 1000)
    coarse, fine = (np.max(np.abs(final(HEUN3, n) - exact)) for n in (40, 80))
    assert abs(np.log2(coarse / fine) - 3) < 0.15


def test_textbook_form_of_a_description_is_expanded():
    """A drift line and a noise line in one: dW multiplies g only."""
    method = ExplicitStateUpdater("k = dt*f(x, t) + g(x, t)*dW\nx_new = x + k", stochastic="additive")
    text = "dv/dt = -v/ms + 2*xi/ms**.5 : 1"
    ours, _ = one_step(text, method, START)
    euler, _ = one_step(text, "euler", START)
    np.testing.assert_allclose(ours["v"], euler["v"], rtol=1e-14)


@pytest.mark.parametrize(
    ("description", "error"),
    [
        ("k = dt*f(x, t)", SyntaxError),
        ("", SyntaxError),
        ("x_new = x + q", SyntaxError),
        ("x_new = x + *f(x, t)", SyntaxError),
        ("x_new = x + dt*f(x)", SyntaxError),
        ("x_new = x + dt*f(x + dt*f(x, t), t)", SyntaxError),
        ("x_new = x + dt*f(x, t)**2", ValueError),
        ("x_new = x + dW", ValueError),
    ],
)
def test_malformed_descriptions(description, error):
    with pytest.raises(error):
        ExplicitStateUpdater(description)


def test_custom_check():
    method = ExplicitStateUpdater(
        "x_new = x + dt*f(x, t)", custom_check=lambda equations, variables: len(equations) < 2
    )
    integrate(system_of(Equations("dv/dt = -v/ms : 1"), {}), method)
    with pytest.raises(UnsupportedEquationsException):
        integrate(system_of(Equations("dv/dt = -v/ms : 1\ndw/dt = -w/ms : 1"), {}), method)
    with pytest.raises(ValueError):
        ExplicitStateUpdater("x_new = x", stochastic="some")


def test_methods_are_callable_for_reading():
    text = integrate.__module__ and StateUpdateMethod.apply_stateupdater(Equations("dv/dt = -v/ms : 1"), {}, "euler")
    assert text == "_new__v = v + dt*(-v/ms)\nv = _new__v"
