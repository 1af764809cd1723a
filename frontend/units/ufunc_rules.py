"""What each numpy ufunc does to units."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, Final

import numpy as np

from ranvier.units.checks import describe, fail_for_dimension_mismatch, get_dimensions
from ranvier.units.dimensions import DIMENSIONLESS, Dimension
from ranvier.units.mismatch import DimensionMismatchError


class Rule(Enum):
    """How the dimension of a result follows from those of the arguments."""

    SAME = "arguments of one dimension; the result has it too"
    COMPARE = "arguments of one dimension; plain result"
    KEEP = "the result has the dimension of the first argument"
    STRIP = "any dimensions; plain result"
    PLAIN = "dimensionless arguments; plain result"
    PRODUCT = "dimensions multiply"
    QUOTIENT = "dimensions divide"
    POWER = "dimension to the power of a single number"
    FIXED_POWER = "dimension to a power that the function gives"
    FORBIDDEN = "not defined for quantities"


def _table() -> dict[np.ufunc, Rule]:
    names = {
        Rule.SAME: "add subtract maximum minimum fmax fmin remainder fmod",
        Rule.COMPARE: "less less_equal greater greater_equal equal not_equal",
        Rule.KEEP: "absolute fabs rint negative positive conjugate floor ceil trunc copysign",
        Rule.STRIP: "sign isnan isfinite isinf signbit logical_and logical_or logical_xor logical_not",
        Rule.PLAIN: "sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh "
        "exp exp2 expm1 log log2 log10 log1p deg2rad rad2deg degrees radians "
        "logaddexp logaddexp2 arctan2 hypot heaviside",
        Rule.PRODUCT: "multiply matmul",
        Rule.QUOTIENT: "divide floor_divide",
        Rule.POWER: "power float_power",
        Rule.FIXED_POWER: "sqrt cbrt square reciprocal",
        Rule.FORBIDDEN: "bitwise_and bitwise_or bitwise_xor invert left_shift right_shift bitwise_count "
        "gcd lcm isnat ldexp frexp modf nextafter spacing",
    }
    table = {getattr(np, name): rule for rule, text in names.items() for name in text.split()}
    for name in ("vecdot", "matvec", "vecmat"):  # numpy 2.2 and later
        if hasattr(np, name):
            table[getattr(np, name)] = Rule.PRODUCT
    return table


RULES: Final[dict[np.ufunc, Rule]] = _table()

POWERS: Final[dict[Any, float]] = {np.sqrt: 0.5, np.cbrt: 1 / 3, np.square: 2, np.reciprocal: -1}
"""The powers of `Rule.FIXED_POWER`."""

Inputs = tuple[Any, ...]


def _dimension_same(ufunc: np.ufunc, inputs: Inputs) -> Dimension:
    dims = [get_dimensions(x) for x in inputs]
    if len(inputs) > 1 and dims[0] is not dims[1]:
        message = f"Cannot calculate {{a}} {ufunc.__name__} {{b}}, the units do not match"
        fail_for_dimension_mismatch(inputs[0], inputs[1], message, a=inputs[0], b=inputs[1])
        return dims[1] if dims[0] is DIMENSIONLESS else dims[0]
    return dims[0]


def _dimension_compare(ufunc: np.ufunc, inputs: Inputs) -> Dimension | None:
    _dimension_same(ufunc, inputs)
    return None


def _dimension_plain(ufunc: np.ufunc, inputs: Inputs) -> None:
    for value in inputs:
        if get_dimensions(value) is not DIMENSIONLESS:
            message = f"{ufunc.__name__} expects a dimensionless argument but got {describe(value)}"
            raise DimensionMismatchError(message, get_dimensions(value))


def _dimension_product(ufunc: np.ufunc, inputs: Inputs) -> Dimension:
    return get_dimensions(inputs[0]) * get_dimensions(inputs[1])


def _dimension_quotient(ufunc: np.ufunc, inputs: Inputs) -> Dimension:
    return get_dimensions(inputs[0]) / get_dimensions(inputs[1])


def _dimension_power(ufunc: np.ufunc, inputs: Inputs) -> Dimension:
    value, exponent = inputs
    if get_dimensions(exponent) is not DIMENSIONLESS:
        message = f"The exponent for a power operation has to be dimensionless but was {describe(exponent)}"
        raise DimensionMismatchError(message, get_dimensions(exponent))
    dim = get_dimensions(value)
    if dim is DIMENSIONLESS:
        return dim
    if np.size(exponent) != 1:
        raise TypeError("Only length-1 arrays can be used as an exponent for quantities.")
    return dim ** float(np.asarray(exponent).item())


DIMENSION_OF: Final[dict[Rule, Callable[[np.ufunc, Inputs], Dimension | None]]] = {
    Rule.SAME: _dimension_same,
    Rule.COMPARE: _dimension_compare,
    Rule.KEEP: lambda ufunc, inputs: get_dimensions(inputs[0]),
    Rule.STRIP: lambda ufunc, inputs: None,
    Rule.PLAIN: _dimension_plain,
    Rule.PRODUCT: _dimension_product,
    Rule.QUOTIENT: _dimension_quotient,
    Rule.POWER: _dimension_power,
    Rule.FIXED_POWER: lambda ufunc, inputs: get_dimensions(inputs[0]) ** POWERS[ufunc],
}
"""The dimension of the result of a call (None: plain result); fails if those of the arguments do not fit."""


def dimension_of_reduction(ufunc: np.ufunc, rule: Rule, method: str, inputs: Inputs) -> Dimension | None:
    """Returns the dimension of `reduce`, `accumulate` and `reduceat`."""
    dim = get_dimensions(inputs[0])
    if rule is Rule.STRIP:
        return None
    if dim is DIMENSIONLESS or rule is Rule.SAME:
        return dim
    raise TypeError(f"{ufunc.__name__}.{method} is not possible for quantities with units.")
