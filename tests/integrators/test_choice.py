"""The choice of a method."""

from typing import Any

import numpy as np
import pytest

from ranvier import Network, NeuronGroup, ms
from ranvier.equations import Equations
from ranvier.equations.assignments import Adaptive
from ranvier.integrators import choice
from ranvier.integrators.choice import METHODS, applicable, choose, find, integrate
from ranvier.integrators.explicit import ExplicitStateUpdater
from ranvier.integrators.from_equations import system_of
from ranvier.integrators.method import StateUpdateMethod, registered
from ranvier.integrators.reference import run
from ranvier.integrators.system import UnsupportedEquationsException

NEURONS = ("exact", "euler", "heun")
CABLES = ("exact", "exponential_euler", "rk2", "heun")

CHOICE = [
    ("dv/dt = -v/ms : 1", "exact"), ("dv/dt = -v**2/ms : 1", "euler"),
    ("dv/dt = -v/ms + xi/ms**.5 : 1", "euler"), ("dv/dt = -v/ms + v*xi/ms**.5 : 1", "heun"),
    ("dv/dt = -v/ms + I*xi/ms**.5 : 1\nI = t/ms : 1", "heun"), ("dv/dt = (sin(t/ms) - v)/ms : 1", "euler"),
    ("dv/dt = (x - v)/ms : 1\nx = sin(t/ms) : 1 (constant over dt)", "exact"),
    ("dv/dt = -v*w/ms : 1\ndw/dt = -w/ms : 1", "euler"), ("dv/dt = -v/ms + g*xi/ms**.5 : 1\ng : 1", "euler"),
    ("dv/dt = -w/ms : 1\ndw/dt = v/ms : 1", "euler"), ("dv/dt = 1/ms : 1", "euler"), ("dv/dt = 0/ms : 1", "euler"),
    ("dv/dt = w/ms : 1\ndw/dt = -w/ms : 1", "euler"), ("dv/dt = (p - v)/ms : 1\np : 1", "exact"),
    ("dv/dt=(ge*(Ee-v)+El-v)/taum : 1\nge : 1", "exact"),
    ("dv/dt=(ge*(Ee-v)+El-v)/taum : 1\ndge/dt = -ge/ms : 1", "euler"),
    # what Brian 2.9 does with complex and singular systems, by number and by name
    ("dv/dt = -w/tau : 1\ndw/dt = v/tau : 1", "euler"), ("dv/dt = (-v-w)/tau : 1\ndw/dt = (v-w)/tau : 1", "euler"),
    ("dv/dt = -w/tau : 1\ndw/dt = v/tau2 : 1", "exact"), ("dv/dt = -a*w/ms : 1\ndw/dt = a*v/ms : 1", "euler"),
    ("dv/dt = -a**2*w/ms : 1\ndw/dt = v/ms : 1", "euler"), ("dv/dt = -w*abs(a)/ms : 1\ndw/dt = v/ms : 1", "euler"),
    ("dv/dt = (-v-w)/tau : 1\ndw/dt = (a*v-w)/tau2 : 1", "exact"),
    ("dv/dt = (-v-w)/(10*ms) : 1\ndw/dt = (2*v-w)/(10*ms) : 1", "euler"),
    ("dv/dt = (-v-w)/(10*ms) : 1\ndw/dt = (0.2*v-w)/(100*ms) : 1", "exact"),
    ("dv/dt = -v/tau : 1\ndw/dt = (v-w)/tau2 : 1\ndu/dt = 0/ms : 1", "euler"),
    ("dv/dt = (v-a*v)/ms : 1", "exact"), ("dv/dt = -v/ms - w/tau : 1\ndw/dt = v/tau - w/ms : 1", "euler"),
    ("dv/dt = (g-v)/(10*ms) : 1\ndg/dt = (x-g)/(5*ms) : 1\ndx/dt = -x/(5*ms) : 1", "exact"),
    ("dv/dt = -v**2/(v*ms) : 1", "exact"), ("dv/dt = -sqrt(v**2)/ms : 1", "euler"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "method"), CHOICE)
def test_automatic_choice(text, method):
    chosen = choose(system_of(Equations(text), {}), NEURONS, group_name="neurons")
    assert chosen.name == method
    assert chosen.message.startswith(
        f"No numerical integration method specified for group 'neurons', using method '{method}' (took 0."
    )
    assert ("trying other methods took" in chosen.message) == (method != "exact")


def test_choice_for_cables():
    assert (
        choose(system_of(Equations("dm/dt = a*(1-m) : 1\na = exp(t/ms)/ms : Hz"), {}), CABLES).name
        == "exponential_euler"
    )
    assert choose(system_of(Equations("dm/dt = -m**2/ms : 1"), {}), CABLES).name == "rk2"


def test_what_brian_refuses_is_solved_when_asked_for_by_name():
    """A rotation and an integral, exactly."""
    rotation = integrate(system_of(Equations("dv/dt = -w/ms : 1\ndw/dt = v/ms : 1"), {}), "exact")
    after = run(rotation, {"v": 1.0, "w": 0.0, "ms": 1e-3, "dt": 1e-4}, 1, np.random.default_rng(0))
    np.testing.assert_allclose([after["v"], after["w"]], [np.cos(0.1), np.sin(0.1)], rtol=1e-14)
    integral = integrate(system_of(Equations("dv/dt = w/ms : 1\ndw/dt = -w/ms : 1\ndu/dt = 2/ms : 1"), {}), "exact")
    after = run(integral, {"v": 1.0, "w": 1.0, "u": 0.0, "ms": 1e-3, "dt": 1e-4}, 1, np.random.default_rng(0))
    np.testing.assert_allclose([after["v"], after["u"]], [2 - np.exp(-0.1), 0.2], rtol=1e-14)


def test_names_and_lists():
    system = system_of(Equations("dv/dt = -v**2*xi/ms**.5 : 1"), {})
    assert choose(system, "HEUN").name == "heun" and find("Linear") is find("exact")
    with pytest.raises(ValueError, match=r"has been found \(tried: 'exact', 'euler'\)"):
        choose(system, ("exact", "euler"))
    for method in ("foo", ("foo", "exact")):
        with pytest.raises(ValueError, match="'foo' is known"):
            choose(system, method)
    custom = ExplicitStateUpdater("x_new = x + dt*f(x, t)")
    assert choose(system_of(Equations("dv/dt = -v**2/ms : 1"), {}), ["exact", custom]).name == "custom"


def test_the_deprecated_method_says_so():
    system = system_of(Equations("dv/dt = -v/ms : 1"), {})
    assert "deprecated" in choose(system, "independent").warning
    assert choose(system, "euler").warning is None


def test_options():
    system = system_of(Equations("dv/dt = -v/ms : 1"), {})
    integrate(system, "exact", {"simplify": False})
    with pytest.raises(KeyError, match="Its options are: 'simplify'"):
        integrate(system, "exact", {"foo": 1})
    with pytest.raises(KeyError, match="takes no options"):
        integrate(system, "euler", {"simplify": False})


def test_gsl_methods_write_one_line_for_all_variables():
    system = system_of(Equations("dv/dt = -v/ms : 1\ndw/dt = v/ms : 1"), {})
    for name in ("gsl", "gsl_rkf45", "gsl_rk2", "gsl_rk4", "gsl_rkck", "gsl_rk8pd"):
        line = integrate(system, name)[0]
        assert isinstance(line, Adaptive) and line.variables == ("v", "w")
        assert f"= {METHODS[name].tableau}(dv/dt = -v/ms within 1e-06; dw/dt = v/ms within 1e-06" in str(line)


def test_a_function_that_writes_the_code():
    def method(equations, variables, method_options):
        assert "v" in equations and "v" in variables
        return "_v = v - dt*v/tau\nv = _v"

    variables = {"v": 1}
    code = StateUpdateMethod.apply_stateupdater(Equations("dv/dt = -v/tau : 1"), variables, method)
    assert code == "_v = v - dt*v/tau\nv = _v"
    with pytest.raises(TypeError, match="has to return statements as text, but it returned int"):
        StateUpdateMethod.apply_stateupdater(Equations("dv/dt = -v/tau : 1"), variables, lambda *_: 3)


def test_what_is_no_method():
    with pytest.raises(TypeError, match="a name, a list of names, or a method, not 3"):
        choose(system_of(Equations("dv/dt = -v/ms : 1"), {}), 3)


def test_registered_methods():
    custom = ExplicitStateUpdater("x_new = x + dt*f(x, t)")
    StateUpdateMethod.register("mine", custom)
    try:
        assert find("mine") is custom
        with pytest.raises(ValueError, match="exists already"):
            StateUpdateMethod.register("mine", custom)
    finally:
        del registered["mine"]


def test_the_methods_are_known_by_name() -> None:
    methods = StateUpdateMethod.stateupdaters
    assert "rk4" in methods and methods["euler"].name == "euler" and "first order" not in methods
    StateUpdateMethod.register("first order", ExplicitStateUpdater("x_new = x + dt*f(x, t)", stochastic="none"))
    try:
        assert "first order" in StateUpdateMethod.stateupdaters
    finally:
        del registered["first order"]


def test_other_values_of_constants_need_no_other_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[object] = []
    choose = choice.choose

    def noted(*args: Any) -> Any:
        chosen.append(args)
        return choose(*args)

    monkeypatch.setattr(choice, "choose", noted)
    cells = NeuronGroup(1, "dv/dt = (a*pi - v)/tau : 1", method="exact")
    network, found = Network(cells), list[float]()
    for a, tau in ((1.5, 5 * ms), (2, 5 * ms), (2.0, 7 * ms), (1.5, 5 * ms)):
        cells.v = 0
        network.run(5 * ms, namespace={"a": a, "tau": tau})
        found.append(float(cells.v[0]))
    assert np.allclose(found[:3], np.pi * np.array([1.5, 2, 2]) * (1 - np.exp([-1, -1, -5 / 7])))
    assert found[3] == found[0] and len(chosen) == 3  # for a fraction, a whole number, and a fraction again


def test_what_sympy_fails_at_is_no_formula() -> None:
    """Its solvers raise errors of many kinds, here one of its polynomials."""
    equations = Equations("dv/dt = (v - v**3/3 - w + 0.5)/(4*ms) : 1\ndw/dt = (v - w)/(40*ms) : 1")
    with pytest.raises(UnsupportedEquationsException, match="finds no formula that solves the equation of 'v'"):
        integrate(system_of(equations, {}), "independent")
    assert "independent" not in applicable(system_of(equations, {}))
