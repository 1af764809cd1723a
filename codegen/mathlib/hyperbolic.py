"""``sinh``, ``cosh`` and ``tanh``, all from ``exp(|x|) - 1`` in two parts."""

from __future__ import annotations

from .builder import Body, FunctionTable, Value
from .exponential import scaled_expm1, tiny_as
from .floating import at_most, fast_two_sum, format_of, magnitude, per_format, two_sum, with_sign_of

TANH_HIGH = {"f64": 20.0, "f32": 10.0}
OVERFLOW = {"f64": 712.0, "f32": 90.0}


def tanh(b: Body, x: Value) -> Value:
    """Returns ``tanh(x) = e / (e + 2)`` with ``e = exp(2 |x|) - 1``."""
    f = format_of(x)
    size = at_most(magnitude(x), TANH_HIGH[f.suffix])
    e, e_low = fast_two_sum(*scaled_expm1(b, size + size, 0))
    below, lost = two_sum(e, b.constant(2.0, f.type))
    ratio = e / below
    # To first order, with 1 / (e + 2) = (1 - tanh) / 2:
    ratio = ratio + (e_low - ratio * (lost + e_low)) * b.fma(ratio, -0.5, 0.5)
    return with_sign_of(tiny_as(x, ratio, magnitude(x)), x)


def sinh(b: Body, x: Value) -> Value:
    """Returns ``sinh(x) = (e + e / (e + 1)) / 2`` with ``e = exp(|x|) - 1``; e is scaled so that it cannot overflow
    first.
    """
    f = format_of(x)
    high, low = scaled_expm1(b, at_most(magnitude(x), OVERFLOW[f.suffix]), -8)
    e = high + low
    result = (e + e / b.fma(e, 256.0, 1.0)) * 128.0
    return with_sign_of(tiny_as(x, result, magnitude(x)), x)


def cosh(b: Body, x: Value) -> Value:
    """Returns ``cosh(x) = (p + 1 / p) / 2`` with ``p = exp(|x|)``."""
    f = format_of(x)
    high, low = scaled_expm1(b, at_most(magnitude(x), OVERFLOW[f.suffix]), -8)
    p = high + (low + 2.0**-8)
    return (p + 2.0**-16 / p) * 128.0


FUNCTIONS: FunctionTable = per_format("tanh", tanh) | per_format("sinh", sinh) | per_format("cosh", cosh)
