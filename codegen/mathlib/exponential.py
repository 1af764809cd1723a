"""``exp``, ``expm1`` and ``exprel``.

All reduce ``x = n ln 2 + r`` with ``|r| <= ln 2 / 2`` (Cody and Waite: n times the upper part of ln 2 is exact) and
take ``exp(r) = 1 + r + r**2 P(r)``, P minimax.
"""

from __future__ import annotations

from . import coefficients as c
from .builder import Body, FunctionTable, Value
from .floating import (
    F64,
    Format,
    at_most,
    clamp,
    fast_two_sum,
    format_of,
    magnitude,
    per_format,
    power_of_two,
    scale_by_any_power,
)

LOG2_E = 1.4426950408889634
EXP_LOW = {"f64": -746.0, "f32": -104.0}
"""Arguments beyond which the result is 0 (-1), or overflows: reduced no further, so that n fits the exponent."""

EXP_HIGH = {"f64": 710.0, "f32": 89.0}
EXPM1_LOW = {"f64": -40.0, "f32": -20.0}
EXPREL_HIGH = {"f64": 717.0, "f32": 94.0}
_HEADROOM = 8
"""2**n is taken so much smaller in `expm1`, as n is one too large for the format just below the overflow."""


def reduce(b: Body, x: Value, f: Format) -> tuple[Value, Value, Value]:
    """Splits ``x = n ln 2 + r + e``.

    Returns:
        ``n + format.shifter``, r, and the rounding error e of r.
    """
    high, low = c.LN2_F64 if f is F64 else c.LN2_F32
    shifted = b.fma(x, LOG2_E, f.shifter)
    n = shifted - f.shifter
    upper = b.fma(n, -high, x)
    r = b.fma(n, -low, upper)
    return shifted, r, b.fma(n, -low, upper - r)


def exp(b: Body, x: Value) -> Value:
    """Returns the exponential, within 1 unit of the last place, subnormal results included."""
    f = format_of(x)
    shifted, r, _ = reduce(b, clamp(x, EXP_LOW[f.suffix], EXP_HIGH[f.suffix]), f)
    tail = b.polynomial(r, c.EXP_F64 if f is F64 else c.EXP_F32)
    return scale_by_any_power(b.fma(r * r, tail, r) + 1.0, shifted)


def exp_of_sum(b: Body, high: Value, low: Value) -> Value:
    """Returns ``exp(high + low)`` for any finite ``high``, and a ``low`` that is small beside it."""
    f = format_of(high)
    low = b.select(magnitude(high) < -2.0 * EXP_LOW[f.suffix], low, 0.0)
    shifted, r, _ = reduce(b, clamp(high, EXP_LOW[f.suffix], EXP_HIGH[f.suffix]), f)
    r, low = fast_two_sum(r, low)
    tail = b.short_polynomial(r, c.EXP_F64 if f is F64 else c.EXP_F32)
    main, error = fast_two_sum(b.constant(1.0, f.type), r)
    return scale_by_any_power(main + b.fma(r * r, tail, error + low), shifted)


def scaled_expm1(b: Body, x: Value, scale: int) -> tuple[Value, Value]:
    """Returns ``(exp(x) - 1) * 2**scale`` as a sum of two numbers, for x between about -100 and the overflow.

    The larger part comes first; it alone is off by up to two units of the last place.
    """
    f = format_of(x)
    shifted, r, error = reduce(b, x, f)
    power = power_of_two(shifted, scale, f)
    square = r * r
    half_square = square * 0.5
    # exp(r) - 1 = r + r**2/2 + r**3 P: the first two summed with their error.
    coefficients = c.EXPM1_F64 if f is F64 else c.EXP_F32
    tail = b.short_polynomial(r, (coefficients[0] - 0.5, *coefficients[1:]))
    rest = b.fma(square, tail, error)
    main = r + half_square
    rest = rest + (half_square - (main - r))
    # The two powers of two differ by an exact number, which is 0 or larger than what is added.
    total, lost = fast_two_sum(power - 2.0**scale, main * power)
    return total, b.fma(rest, power, lost)


def expm1(b: Body, x: Value) -> Value:
    """Returns ``exp(x) - 1`` without the cancellation near 0."""
    f = format_of(x)
    high, low = scaled_expm1(b, clamp(x, EXPM1_LOW[f.suffix], EXP_HIGH[f.suffix]), -_HEADROOM)
    return tiny_as(x, (high + low) * 2.0**_HEADROOM, x)


def exprel(b: Body, x: Value) -> Value:
    """Returns ``(exp(x) - 1) / x``, which is 1 at 0; finite a little beyond the overflow of exp."""
    f = format_of(x)
    high, low = scaled_expm1(b, clamp(x, EXPM1_LOW[f.suffix], EXPREL_HIGH[f.suffix]), -_HEADROOM - 6)
    ratio = (high + low) / (at_most(x, EXPREL_HIGH[f.suffix]) * 2.0 ** (-_HEADROOM - 6))
    return b.select(magnitude(x) < (1e-16 if f is F64 else 1e-8), 1.0, ratio)


def tiny_as(x: Value, result: Value, limit: Value) -> Value:
    """Returns ``limit`` where x is so small that f(x) rounds to it (also keeps the sign of zero), else the result."""
    return x.body.select(magnitude(x) < (2.0**-55 if format_of(x) is F64 else 2.0**-26), limit, result)


FUNCTIONS: FunctionTable = per_format("exp", exp) | per_format("expm1", expm1) | per_format("exprel", exprel)
