"""``log``, ``log2``, ``log10`` and ``log1p``.

``x = 2**k (1 + f)`` with ``1 + f`` between sqrt(1/2) and sqrt(2), and ``s = f / (2 + f)``:
``log(1 + f) = 2 artanh(s) = 2 s + s R(s**2) = f - (f**2/2 - s (f**2/2 + R))``, R minimax.
"""

from __future__ import annotations

from . import coefficients as c
from .builder import Body, FunctionTable, Value
from .floating import (
    F64,
    INFINITY,
    NAN,
    Format,
    fast_two_sum,
    format_of,
    halves,
    per_format,
    through_double,
    two_sum,
)

SQRT_HALF = 0.7071067811865476


def split_exponent(b: Body, x: Value, f: Format) -> tuple[Value, Value]:
    """Returns k and ``x / 2**k``, for a positive normal x; the second lies between sqrt(1/2) and sqrt(2).

    k is made a float by standing in the low bits of a large one: no conversion of 64-bit integers is needed.
    """
    root = f.bits_of(SQRT_HALF)
    one = f.bits_of(1.0)
    moved = x.bits() + (one - root)
    carrier = f.bits_of(2.0**f.fraction)
    exponent = ((moved >> f.fraction) | carrier).as_float() - (2.0**f.fraction + f.bias)
    significand = ((moved & (1 << f.fraction) - 1) + root).as_float()
    return exponent, significand


def without_subnormals(b: Body, x: Value, f: Format) -> tuple[Value, Value]:
    """Returns x, scaled up where it is subnormal, and what that adds to its exponent, negated."""
    shift = f.fraction + 2
    small = x < f.smallest_normal
    return b.select(small, x * 2.0**shift, x), b.select(small, b.constant(-shift, f.type), 0.0)


def log_parts(b: Body, fraction: Value, f: Format) -> tuple[Value, Value]:
    """Returns ``log(1 + f)`` as ``f - e``: gives ``f**2/2`` and the rest, ``s (f**2/2 + R)``."""
    half_square = fraction * fraction * 0.5
    s = fraction / (fraction + 2.0)
    z = s * s
    tail = z * b.polynomial(z, c.LOG_F64 if f is F64 else c.LOG_F32)
    return half_square, s * (half_square + tail)


def with_poles(b: Body, x: Value, result: Value) -> Value:
    """Returns the result where x is positive and finite, else the logarithm's value there."""
    result = b.select(x < INFINITY, result, x)
    return b.select(x > 0.0, result, b.select(x.eq(0.0), b.constant(-INFINITY, x.type), NAN))


def log(b: Body, x: Value) -> Value:
    """Returns the natural logarithm, within 1 unit of the last place."""
    f = format_of(x)
    normal, added = without_subnormals(b, x, f)
    exponent, significand = split_exponent(b, normal, f)
    return with_poles(b, x, log_of_split(b, exponent + added, significand, f))


def log_of_split(b: Body, exponent: Value, significand: Value, f: Format) -> Value:
    """Returns ``exponent * ln 2 + log(significand)``."""
    high, low = c.LN2_F64 if f is F64 else c.LN2_F32
    fraction = significand - 1.0
    half_square, rest = log_parts(b, fraction, f)
    rest = b.fma(exponent, low, rest)
    return b.fma(exponent, high, fraction - (half_square - rest))


def _log_to_base(b: Body, x: Value, factor: tuple[float, float], of_two: tuple[float, float]) -> Value:
    """Returns a logarithm to another base: the natural one of the significand is kept in two parts and multiplied."""
    normal, added = without_subnormals(b, x, F64)
    exponent, significand = split_exponent(b, normal, F64)
    exponent = exponent + added
    fraction = significand - 1.0
    half_square, rest = log_parts(b, fraction, F64)
    high, high_rest = halves(fraction - half_square)
    low = ((fraction - high - high_rest) - half_square) + high_rest + rest
    product = high * factor[0]  # exact: 26 bits each
    tail = b.fma(low, factor[0] + factor[1], high * factor[1])
    main, error = two_sum(exponent * of_two[0], product)
    tail = b.fma(exponent, of_two[1], tail)
    return with_poles(b, x, main + (error + tail))


def log2(b: Body, x: Value) -> Value:
    """Returns the logarithm to base 2; exact for powers of two."""
    return _log_to_base(b, x, c.LOG2_E, (1.0, 0.0))


def log10(b: Body, x: Value) -> Value:
    """Returns the logarithm to base 10."""
    return _log_to_base(b, x, c.LOG10_E, c.LOG10_2)


def log1p(b: Body, x: Value) -> Value:
    """Returns ``log(1 + x)`` without the cancellation near 0: the part of x lost in 1 + x is put back, over 1 + x."""
    f = format_of(x)
    high, low = c.LN2_F64 if f is F64 else c.LN2_F32
    total, lost = two_sum(b.constant(1.0, f.type), x)
    exponent, significand = split_exponent(b, total, f)
    fraction = significand - 1.0
    half_square, rest = log_parts(b, fraction, f)
    correction = b.fma(exponent, low, lost / total)
    main, error = fast_two_sum(exponent * high, fraction)
    near = b.select(exponent.eq(0.0), fraction, main)
    error = b.select(exponent.eq(0.0), b.constant(0.0, f.type), error)
    result = near - (half_square - (rest + (correction + error)))
    result = b.select(x < INFINITY, result, x)
    result = b.select(x > -1.0, result, b.select(x.eq(-1.0), b.constant(-INFINITY, f.type), NAN))
    return b.select(x.eq(0.0), x, result)


FUNCTIONS: FunctionTable = (
    per_format("log", log)
    | per_format("log1p", log1p)
    | per_format("log2", log2, formats=(F64,))
    | per_format("log10", log10, formats=(F64,))
    | through_double("log2")
    | through_double("log10")
)
