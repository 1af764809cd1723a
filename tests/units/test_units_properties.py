"""Properties of quantities that hold for all numbers and units."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ranvier.units import DimensionMismatchError, Quantity
from ranvier.units.allunits import SCALED_UNITS, UNITS, split_name, unit, unit_names
from ranvier.units.dimensions import DIMENSIONLESS, get_or_create_dimension
from ranvier.units.registry import REGISTERS
from ranvier.units.stringunits import unit_in_declaration, unit_in_string

ALL_UNITS = sorted(unit_names())
numbers = st.floats(-1e12, 1e12).filter(lambda x: x == 0 or abs(x) > 1e-12)
units = st.sampled_from(ALL_UNITS).map(unit)
values = arrays(float, st.integers(1, 5), elements=numbers)
fast = settings(max_examples=60, deadline=None)


@fast
@given(numbers, units, numbers, units)
def test_products_and_quotients(x, u, y, v):
    assert (x * u * (y * v)).dim is u.dim * v.dim if u.dim * v.dim is not DIMENSIONLESS else True
    assert float(x * u * (y * v)) == pytest.approx(x * float(u) * (y * float(v)), rel=1e-14)
    assert x * u / u == pytest.approx(x, rel=1e-15)


@fast
@given(values, units, units)
def test_only_equal_dimensions_add_and_compare(x, u, v):
    a, b = x * u, x * v
    if u.dim is v.dim:
        np.testing.assert_allclose(np.asarray(a + b), x * float(u) + x * float(v), rtol=1e-15)
        assert np.array_equal(a < b, x * float(u) < x * float(v))
    elif np.any(x):
        for operation in (np.add, np.subtract, np.maximum, np.less, np.equal, np.remainder):
            with pytest.raises(DimensionMismatchError):
                operation(a, b)


@fast
@given(values, units)
def test_zero_goes_with_every_unit(x, u):
    a = x * u
    assert np.array_equal(np.asarray(a + 0), np.asarray(a)) and np.array_equal(a > 0, np.asarray(a) > 0)
    assert np.all(a < np.inf) and np.all(-np.inf < a)


@fast
@given(numbers, st.sampled_from(ALL_UNITS))
def test_representation_evaluates_to_the_value(x, name):
    u = unit(name)
    q = x * u
    assume(isinstance(q, Quantity))
    known = {base: unit(base) for base in (*UNITS, *SCALED_UNITS)}
    shown = q.get_best_unit()
    text = q.in_best_unit(precision=17, python_code=True)
    back = eval(text, {**known, repr(shown): shown, "array": np.array})
    assert back.dim is q.dim and float(back) == pytest.approx(float(q), rel=1e-12, abs=1e-300)


@fast
@given(numbers.filter(bool), units)
def test_best_unit_brings_the_value_nearest_to_ten(x, u):
    q = x * u
    assume(isinstance(q, Quantity))
    distances = [
        abs(math.log10(abs(float(q)) / size) - 1)
        for size in next(r.of_dimension(q.dim) for r in REGISTERS if r.of_dimension(q.dim))
    ]
    best = q.get_best_unit()
    assert abs(math.log10(abs(float(q)) / float(best)) - 1) <= min(distances) + 1e-9


@fast
@given(st.tuples(*[st.integers(-4, 4)] * 7), st.integers(1, 6))
def test_powers_of_dimensions_can_be_undone(exponents, n):
    dim = get_or_create_dimension(exponents)
    assert (dim**n) ** (1 / n) is dim and (dim ** (1 / n)) ** n is dim
    assert dim / dim is DIMENSIONLESS and dim * dim is dim**2
    assert get_or_create_dimension(list(exponents)) is dim


@fast
@given(values, units)
def test_functions_scale_with_the_unit(x, u):
    a, size = x * u, float(u)
    assume(isinstance(a, Quantity))
    for function, power in (
        (np.sum, 1),
        (np.mean, 1),
        (np.std, 1),
        (np.var, 2),
        (np.max, 1),
        (np.ptp, 1),
        (np.median, 1),
    ):
        result = function(a)
        assert result.dim is a.dim**power
        assert float(result) == pytest.approx(float(function(x * size)), rel=1e-12)
    for function in (np.cumsum, np.diff, np.sort, np.abs, np.unique):
        result = function(a)
        assert result.dim is a.dim
        np.testing.assert_array_equal(np.asarray(result), function(x * size))


@given(st.text("mkMunpV/* 123oltsecd", max_size=12))
@settings(max_examples=200, deadline=None)
def test_declarations_never_fail_otherwise(text):
    try:
        unit_in_declaration(text)
    except ValueError as error:
        assert str(error)


@given(st.text("mkMunpdahVolterscg23", max_size=9))
def test_unit_names_are_found_exactly(name):
    parts = split_name(name)
    assert (parts is not None) == (name in set(ALL_UNITS))
    if parts is not None and unit_in_string(name) is not None:
        size, dim = unit_in_string(name)
        assert float(unit(name)) == size and unit(name).dim is dim
