"""``asinh``, ``acosh`` and ``atanh``, from ``log1p`` of what keeps its digits near their zeros."""

from __future__ import annotations

from .builder import Body, FunctionTable, Value
from .floating import F64, NAN, magnitude, per_format, through_double, with_sign_of

LN2 = 0.6931471805599453
LARGE = 2.0**28
"""Beyond it ``sqrt(x**2 + 1)`` is x, to the last digit."""


def asinh(b: Body, x: Value) -> Value:
    """Returns the inverse of ``sinh``: ``log(x + sqrt(x**2 + 1))``."""
    size = magnitude(x)
    few = b.select(size > LARGE, LARGE, size)
    square = few * few
    inner = b.call("log1p.f64", few + square / (b.intrinsic("sqrt", square + 1.0) + 1.0))
    result = b.select(size > LARGE, b.call("log.f64", size) + LN2, inner)
    return with_sign_of(b.select(size < 2.0**-28, size, result), x)


def acosh(b: Body, x: Value) -> Value:
    """Returns the inverse of ``cosh``, NaN below 1: ``log(x + sqrt(x**2 - 1))``."""
    above = b.select(x > LARGE, LARGE, x) - 1.0
    inner = b.call("log1p.f64", above + b.intrinsic("sqrt", above * (above + 2.0)))
    result = b.select(x > LARGE, b.call("log.f64", x) + LN2, inner)
    return b.select(x < 1.0, NAN, result)


def atanh(b: Body, x: Value) -> Value:
    """Returns the inverse of ``tanh``, NaN beyond 1: ``log((1 + x) / (1 - x)) / 2``."""
    size = magnitude(x)
    result = b.call("log1p.f64", (size + size) / (1.0 - size)) * 0.5
    return with_sign_of(b.select(size > 1.0, NAN, result), x)


FUNCTIONS: FunctionTable = (
    per_format("asinh", asinh, formats=(F64,))
    | per_format("acosh", acosh, formats=(F64,))
    | per_format("atanh", atanh, formats=(F64,))
    | through_double("asinh")
    | through_double("acosh")
    | through_double("atanh")
)
