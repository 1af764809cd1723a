"""Functions: the built-in ones and those of users."""

import numpy as np
import pytest

from ranvier.analysis.evaluate import evaluate
from ranvier.equations import (
    DEFAULT_FUNCTIONS,
    BinomialFunction,
    Function,
    declare_types,
    implementation,
    parse_expression,
    timestep,
)
from ranvier.equations.function_objects import as_function
from ranvier.units import DimensionMismatchError, check_units, ms, mV, second, volt
from ranvier.units.dimensions import DIMENSIONLESS

NAMES = (
    "sin cos tan sinh cosh tanh arcsin arccos arctan exp log log10 expm1 log1p exprel sqrt ceil floor abs sign clip "
    "int rand randn poisson timestep"
).split()


def test_the_built_in_functions():
    assert sorted(DEFAULT_FUNCTIONS) == sorted(NAMES)
    assert [name for name in NAMES if not DEFAULT_FUNCTIONS[name].stateless] == ["rand", "randn", "poisson"]
    assert DEFAULT_FUNCTIONS["sqrt"].result_dimension([volt.dim**2]) is volt.dim
    assert DEFAULT_FUNCTIONS["sign"].result_dimension([volt.dim]) is DIMENSIONLESS


def test_timestep_in_python():
    assert timestep(0.3 * ms, 0.1 * ms) == 3
    assert timestep(np.arange(3) * ms, 0.5 * ms).tolist() == [0, 2, 4]


def test_function_of_a_script():
    @check_units(x=volt, result=volt)
    def double(x):
        return 2 * x

    found = as_function(double)
    assert isinstance(found, Function) and not found.stateless and found.n_args == 1
    value = evaluate(parse_expression("double(v)"), {"double": found, "v": np.array([1.0, 2.0])}, 2)
    assert type(value) is np.ndarray and value.tolist() == [2, 4]
    assert as_function(lambda x: x) is None and as_function(3) is None


def test_units_of_a_result_are_checked():
    wrong = Function(lambda x: x * volt, arg_units=[1], return_unit=second)
    with pytest.raises(DimensionMismatchError, match="unexpected unit"):
        wrong.on_arrays([np.ones(2)], 2)


def test_implementation_for_numpy_without_units():
    @implementation("numpy", discard_units=True)
    @check_units(x=volt, result=volt)
    def same(x):
        seen.append(type(x))
        return x

    seen = []
    assert same.stateless and same.on_arrays([np.ones(2)], 2).tolist() == [1, 1]
    assert same(3 * mV) == 3 * mV
    assert seen[0] is np.ndarray and seen[1] is not np.ndarray


def test_source_code_implementations():
    helper = Function(lambda x: x, arg_units=[1], return_unit=1)

    @implementation("cpp", "double f(double x) { return x; }", dependencies={"helper": helper}, headers=["<cmath>"])
    @check_units(x=1, result=1)
    def f(x):
        return x

    code = f.implementations["cpp"]
    assert "double f" in code.get_code(None) and code.compiler_kwds == {"headers": ["<cmath>"]}
    assert code.dependencies["helper"] is helper and "numpy" not in f.implementations
    f.implementations.add_dynamic_implementation("cpp", lambda owner: f"// {owner}", lambda owner: {"n": 3})
    assert f.implementations["cpp"].get_code("G") == "// G"
    assert f.implementations["cpp"].get_namespace("G") == {"n": 3}


def test_vectorised_functions_know_how_many_values_are_wanted():
    ones = Function(
        lambda _vectorisation_idx: np.ones(len(_vectorisation_idx)), arg_units=[], return_unit=1, auto_vectorise=True
    )
    assert evaluate(parse_expression("ones()"), {"ones": ones}, 5).shape == (5,)


def test_types():
    @declare_types(a="integer", result="highest")
    @check_units(a=1, b=1, result=1)
    def f(a, b):
        return a * b

    found = Function(f)
    assert found.arg_types == ("integer", "any") and found.return_type == "highest"
    with pytest.raises(ValueError, match="no argument 'c'"):
        declare_types(c="float")(lambda a: a)
    with pytest.raises(ValueError, match="Unknown type"):
        declare_types(a="double")(lambda a: a)


def test_incomplete_descriptions_are_refused():
    for description in ({}, {"arg_units": [1]}, {"arg_units": ["x"], "return_unit": 1},
                        {"arg_units": [1], "return_unit": 1, "arg_names": ["a", "b"]},
                        {"arg_units": [1], "return_unit": 1, "return_type": "double"}):  # fmt: skip
        with pytest.raises(ValueError):
            Function(lambda x: x, **description)


@pytest.mark.parametrize(("n", "p", "normal"), [(10, 0.3, False), (100, 0.4, True)])
def test_binomial(n, p, normal):
    function = BinomialFunction(n, p)
    assert function.is_normal is normal and not function.stateless
    drawn = evaluate(parse_expression("f()"), {"f": function}, 20000)
    assert abs(np.mean(drawn) - n * p) < 0.15 and abs(np.var(drawn) / (n * p * (1 - p)) - 1) < 0.06
    with pytest.raises(ValueError):
        BinomialFunction(3, 1.5)


def test_a_function_in_cpp_only_says_what_is_missing(monkeypatch):
    @implementation("cpp", "double twice(double x) { return 2*x; }")
    @check_units(x=1, result=1)
    def twice(x):
        raise NotImplementedError

    monkeypatch.setenv("CXX", "no_such_compiler")
    with pytest.raises(NotImplementedError, match=r"'twice' is written in C\+\+ only, and there is no C\+\+ compiler"):
        twice([1.0])
