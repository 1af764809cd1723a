"""Equations: text, names, flags, replacement, queries."""

import pickle

import pytest

from ranvier.equations import EquationError, Equations, SingleEquation
from ranvier.units import metre, ms, msiemens, siemens, volt

MODEL = """
dv/dt = (ge  # a comment : with a colon
         + I - v)/tau + sigma*xi : volt (unless refractory)
I = I0*sin(2*pi*f*t) : volt
dge/dt = -ge/tau_e : volt
I0 : volt (constant)
tau_e : second (shared,
                constant)
n : integer
on = v > ge : boolean
"""


def test_three_kinds():
    eqs = Equations(MODEL)
    assert eqs.diff_eq_names == {"v", "ge"} and eqs.subexpr_names == {"I", "on"}
    assert eqs.parameter_names == {"I0", "tau_e", "n"}
    assert eqs["tau_e"].flags == ["shared", "constant"] and eqs["v"].flags == ["unless refractory"]
    assert str(eqs["v"]) == "dv/dt = (ge + I - v)/tau + sigma*xi : V (unless refractory)"
    assert eqs["on"].var_type == "boolean" and eqs["n"].var_type == "integer"
    assert list(eqs) == ["v", "I", "ge", "I0", "tau_e", "n", "on"]
    assert eqs.identifiers == {"tau", "sigma", "xi", "f", "pi", "t", "sin"}
    assert eqs.stochastic_variables == {"xi"} and eqs.is_stochastic


def test_order_of_subexpressions():
    eqs = Equations("a = b + c : 1\nb = c : 1\nc = 3 : 1\ndz/dt = a/ms : 1\ndy/dt = b/ms : 1\np : 1")
    assert [eq.varname for eq in eqs.ordered] == ["c", "b", "a", "y", "z", "p"]
    assert [eq.varname for eq, via in eqs.dependencies["z"] if via] == ["b", "c", "c"]
    assert dict(eqs.get_substituted_expressions())["z"].code == "(3 + 3)/ms"


def test_spellings_of_definitions():
    eqs = Equations("d v / dt = 1/second : 1\n\n  x = \n 3 :\n volt\n m:siemens / ( metre**2 ) ( constant )")
    assert eqs["m"].dim is (siemens / metre**2).dim and eqs["m"].flags == ["constant"]
    assert eqs["x"].expr.code == "3" and eqs["x"].dim is volt.dim
    assert str(Equations("x : 1/second")) == "x : Hz"
    assert len(Equations("")) == 0


def test_replacements():
    assert str(Equations("dg/dt = -g/tau : siemens", g="g_e", tau=10 * ms)) == "dg_e/dt = -g_e/(10. * msecond) : S"
    swapped = Equations("da/dt = b/ms : 1\ndb/dt = a/ms : 1", a="b", b="a")
    assert str(swapped["b"]) == "db/dt = a/ms : 1"
    assert "e1" in Equations("x = 2e1*e1 : 1").substitute(e1="q")["x"].expr.code
    with pytest.raises(ValueError, match="'tau'"):
        Equations("tau : second").substitute(tau=3 * ms)
    with pytest.raises(SyntaxError, match="not a valid"):
        Equations("v : 1", v="3x")


def test_a_mapping_that_adds():
    first, second = Equations("dv/dt = -v/tau : 1"), Equations("tau : second")
    both = first + "tau : second"
    assert both == first + second and hash(both) == hash(second + first) and both.names == {"v", "tau"}
    assert both.get("nope") is None and "v" in both and len(both) == 2
    with pytest.raises(EquationError, match="'v' is defined twice"):
        first + first
    with pytest.raises(KeyError, match='Did you mean "tau"'):
        both["taus"]
    assert pickle.loads(pickle.dumps(both)) == both


def test_kinds_of_noise():
    def kind(text):
        return Equations(text).stochastic_type

    assert kind("dv/dt = -v/ms : 1") is None
    assert kind("dv/dt = -v/ms + s*xi : 1\ns : second**-0.5") == "additive"
    assert kind("dv/dt = -v/ms + v*xi : 1") == "multiplicative"
    assert kind("dv/dt = -v/ms + q*xi : 1\nq = t/second : 1") == "multiplicative"
    assert kind("dv/dt = (xi_1 + xi_2)/ms**.5 : 1\ndw/dt = xi_1/ms**.5 : 1") == "additive"


@pytest.mark.parametrize(
    ("text", "error"),
    [("x : mV", EquationError), ("x : foo", EquationError), ("x : molar", EquationError), ("x : 1*volt", EquationError),
     ("x : 1; y : 1", EquationError), ("x : 1\nx : 1", EquationError), ("x = xi : 1", EquationError),
     ("x", EquationError),
     ("dx/dt = xi/second**.5 : 1\ndy/dt = xi/second**.5 : 1", EquationError), ("x = 1 + : 1", EquationError),
     ("x : bool", TypeError), ("dx/dt = 1/second : integer", TypeError), ("x = y : 1\ny = x : 1", ValueError),
     ("dx/dt = : 1", EquationError), ("x : 1 (a,)", EquationError), ("x :", EquationError), ("3x : 1", EquationError)],
)  # fmt: skip
def test_refused(text, error):
    with pytest.raises(error):
        Equations(text)


RESERVED = (
    "t dt i N xi xi_a _x lambda exp pi e inf mV flux refractory not_refractory t_in_timesteps rand clip mm pA ms "
    "dalitre"
).split()


@pytest.mark.parametrize("name", RESERVED)
def test_reserved_names(name):
    with pytest.raises(SyntaxError):
        Equations(name + " : 1")


@pytest.mark.parametrize("name", ["v_th", "j", "E", "I", "R", "lastspike", "x_pre", "d", "dx", "F", "xin"])
def test_names_that_are_free(name):
    assert Equations(name + " : 1").names == {name}


def test_groups_may_add_variables_of_the_refractory_mechanism():
    eqs = Equations("v : 1")
    extra = SingleEquation("parameter", "not_refractory", eqs["v"].dim, "boolean")
    assert "not_refractory" in Equations([*eqs.values(), extra])


def test_flags():
    eqs = Equations("v : 1 (constant, shared)\ndx/dt = 1/second : 1 (foo)")
    with pytest.raises(ValueError, match="'foo' of 'x'"):
        eqs.check_flags({"parameter": ["constant", "shared"], "differential equation": ["unless refractory"]})
    eqs.check_flags({"parameter": ["constant", "shared"], "differential equation": ["foo"]})
    with pytest.raises(ValueError, match="exclude each other"):
        eqs.check_flags(
            {"parameter": ["constant", "shared"], "differential equation": ["foo"]}, [("constant", "shared")]
        )


def test_registered_checks():
    from ranvier.equations import identifiers

    def no_q(name):
        if name == "q":
            raise SyntaxError("no q")

    Equations.register_identifier_check(no_q)
    try:
        with pytest.raises(SyntaxError, match="no q"):
            Equations("q : 1")
    finally:
        identifiers.registered_checks.remove(no_q)


def test_units_display():
    _ = msiemens
    eqs = Equations("g : siemens/meter**2\nb : boolean")
    assert str(eqs["b"]) == "b : 1" and repr(eqs["g"]).startswith("<parameter g (Unit: ")
    assert repr(eqs) == "<Equations object consisting of 2 equations>"


def test_formulas():
    latex = Equations("dv/dt = -v**2/tau_m : volt\ntau_m : second (constant)")._repr_latex_()
    assert r"\frac{\mathrm{d}v}{\mathrm{d}t} &= \frac{- v^{2}}{\tau_{m}}" in latex and "flags: constant" in latex
