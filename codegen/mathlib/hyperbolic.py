"""``sinh``, ``cosh`` and ``tanh``, all from ``exp(|x|) - 1`` in two parts."""

from __future__ import annotations

from .builder import Body, FunctionTable, Value
from .exponential import scaled_expm1, tiny_as
from .floating import F64, at_most, format_of, magnitude, per_format, with_sign_of

TANH_HIGH = {"f64": 20.0, "f32": 10.0}
OVERFLOW = {"f64": 712.0, "f32": 90.0}


def tanh(b: Body, x: Value) -> Value:
    """``tanh(x) = e / (e + 2)`` with ``e = exp(2 |x|) - 1``."""
    f = format_of(x)
    size = at_most(magnitude(x), TANH_HIGH[f.suffix])
    high, low = scaled_expm1(b, size + size, 0)
    below = high + 2.0
    lost = (2.0 - below) + high if f is F64 else (high - (below - 2.0))
    ratio = (high + low) / (below + (low + lost))
    return with_sign_of(tiny_as(x, ratio, magnitude(x)), x)


def sinh(b: Body, x: Value) -> Value:
    """``sinh(x) = (e + e / (e + 1)) / 2`` with ``e = exp(|x|) - 1``; e is scaled so that it cannot overflow first."""
    f = format_of(x)
    high, low = scaled_expm1(b, at_most(magnitude(x), OVERFLOW[f.suffix]), -8)
    e = high + low
    result = (e + e / b.fma(e, 256.0, 1.0)) * 128.0
    return with_sign_of(tiny_as(x, result, magnitude(x)), x)


def cosh(b: Body, x: Value) -> Value:
    """``cosh(x) = (p + 1 / p) / 2`` with ``p = exp(|x|)``."""
    f = format_of(x)
    high, low = scaled_expm1(b, at_most(magnitude(x), OVERFLOW[f.suffix]), -8)
    p = high + (low + 2.0**-8)
    return (p + 2.0**-16 / p) * 128.0


FUNCTIONS: FunctionTable = per_format("tanh", tanh) | per_format("sinh", sinh) | per_format("cosh", cosh)
