"""``pow``, powers of integers, ``cbrt``, ``sqrt``, and rounding to integers.

``x**y = exp(y log x)`` needs the logarithm to about 64 bits: its leading terms are computed in two parts.
"""

from __future__ import annotations

from . import coefficients as c
from .builder import CALLED, Body, Function, FunctionTable, Value
from .exponential import exp_of_sum
from .floating import (
    F64,
    INFINITY,
    NAN,
    fast_two_sum,
    halves,
    magnitude,
    per_format,
    through_double,
    two_sum,
    with_sign_of,
)
from .logarithm import split_exponent, without_subnormals

LARGEST_POWER = 2.0**65
"""A power of at least this size of any number other than 1 is 0 or overflows."""


def log_in_two_parts(b: Body, x: Value) -> tuple[Value, Value]:
    """Returns ``log(x)`` for positive finite x, to about 2**-65 of it.

    With ``s = (m - 1) / (m + 1)`` and ``z = s**2``: ``log m = 2 s (1 + z (1/3 + z T(z)))``. Each number is a head of 26
    bits and a rest, so that the product of two heads is exact without an FMA instruction.
    """
    normal, added = without_subnormals(b, x, F64)
    exponent, m = split_exponent(b, normal, F64)
    exponent = exponent + added
    top = m - 1.0
    below, below_low = fast_two_sum(b.constant(2.0, "double"), top)
    below_head, below_rest = halves(below)
    inverse = 1.0 / below
    s, _ = halves(top * inverse)
    s_rest = b.fma(s, -(below_rest + below_low), b.fma(s, -below_head, top)) * inverse
    square = s * s
    z, z_rest = halves(square)
    z_rest = z_rest + s_rest * b.fma(s, 2.0, s_rest)
    whole = z + z_rest
    q, q_low = fast_two_sum(b.constant(c.THIRD[0], "double"), whole * b.short_polynomial(whole, c.LOG_TAIL_F64))
    q_head, q_rest = halves(q)
    q_rest = q_rest + (q_low + c.THIRD[1])
    t, t_rest = halves(z * q_head)
    t_rest = t_rest + b.fma(z, q_rest, z_rest * q)
    tail, tail_low = fast_two_sum(s, s * t)
    tail_low = tail_low + (s_rest + b.fma(s + s_rest, t_rest, s_rest * t))
    high, low = c.LN2_F64
    main, lost = two_sum(exponent * high, tail + tail)
    return fast_two_sum(main, b.fma(tail_low, 2.0, b.fma(exponent, low, lost)))


def integer_and_odd(b: Body, size: Value) -> tuple[Value, Value]:
    """Returns whether a non-negative number is an integer, and whether an odd one (infinity is even)."""
    whole = 2.0**52
    size = b.select(size > 2.0 * whole, 2.0 * whole, size)
    half = size * 0.5
    is_whole = b.emit("i1", f"or i1 {(size >= whole).text}, {((size + whole) - whole).eq(size).text}")
    half_broken = ((half + whole) - whole).ne(half)
    return is_whole, b.emit("i1", f"and i1 {is_whole.text}, {half_broken.text}")


def pow_(b: Body, x: Value, y: Value) -> Value:
    """Returns ``x**y`` with all the special cases of C's ``pow``."""
    size, power = magnitude(x), magnitude(y)
    bounded = b.intrinsic("copysign", b.select(power > LARGEST_POWER, LARGEST_POWER, power), y)
    high, low = log_in_two_parts(b, size)
    head, rest = halves(high)
    power_head, power_rest = halves(bounded)
    error = b.fma(power_head, rest + low, power_rest * high)
    main, error = fast_two_sum(power_head * head, error)
    result = exp_of_sum(b, main, error)
    # 0 and infinity
    up = b.emit("i1", f"xor i1 {size.eq(0.0).text}, {(y > 0.0).text}")
    pole = b.emit("i1", f"or i1 {size.eq(0.0).text}, {size.eq(INFINITY).text}")
    result = b.select(pole, b.select(up, b.constant(INFINITY, "double"), 0.0), result)
    # negative bases
    is_whole, odd = integer_and_odd(b, power)
    negative = x.bits() < 0
    flips = b.emit("i1", f"and i1 {odd.text}, {negative.text}")
    result = b.select(flips, -result, result)
    below_zero = b.emit("i1", f"and i1 {(x < 0.0).text}, {(x > -INFINITY).text}")
    broken = b.emit("i1", f"xor i1 {is_whole.text}, true")
    result = b.select(b.emit("i1", f"and i1 {below_zero.text}, {broken.text}"), NAN, result)
    # NaN, which does not matter where the result is 1 whatever the other number
    unordered = b.emit("i1", f"fcmp uno double {x.text}, {y.text}")
    result = b.select(unordered, NAN, result)
    always_one = b.emit("i1", f"or i1 {x.eq(1.0).text}, {y.eq(0.0).text}")
    return b.select(always_one, 1.0, result)


def cbrt(b: Body, x: Value) -> Value:
    """Returns the cube root: ``exp(log(x) / 3)``, and one step of Newton's method."""
    size = magnitude(x)
    root = b.call("exp.f64", b.call("log.f64", size) / 3.0)
    root = root + (size / (root * root) - root) / 3.0
    is_number = b.emit("i1", f"and i1 {(size > 0.0).text}, {(size < INFINITY).text}")
    return with_sign_of(b.select(is_number, root, size), x)


def integer_power(b: Body, base: Value, exponent: Value) -> Value:
    """Returns the power of two integers, modulo 2**64; with a negative exponent 0, unless the base is 1 or -1."""
    result, square, left = b.variable(b.constant(1, "i64")), b.variable(base), b.variable(exponent)
    with b.loop() as loop:
        rest = left.get()
        loop.leave_if(rest.eq(0))
        factor = square.get()
        result.set(b.select((rest & 1).ne(0), result.get() * factor, result.get()))
        square.set(factor * factor)
        left.set(rest >> 1)
    sign = b.select((exponent & 1).ne(0), base, 1)
    inverse = b.select(base.eq(1), 1, b.select(base.eq(-1), sign, b.constant(0, "i64")))
    return b.select(exponent < 0, inverse, result.get())


def sqrt(b: Body, x: Value) -> Value:
    """Returns the square root, correctly rounded."""
    return b.intrinsic("sqrt", x)


def floor(b: Body, x: Value) -> Value:
    """Returns the next integer below."""
    return b.intrinsic("floor", x)


def ceil(b: Body, x: Value) -> Value:
    """Returns the next integer above."""
    return b.intrinsic("ceil", x)


FUNCTIONS: FunctionTable = (
    per_format("pow", pow_, arguments=2, formats=(F64,))
    | through_double("pow", arguments=2)
    | per_format("cbrt", cbrt, formats=(F64,))
    | through_double("cbrt")
    | {"ipowi.i64": Function("i64", ("i64", "i64"), integer_power, CALLED)}
    | per_format("sqrt", sqrt)
    | per_format("floor", floor)
    | per_format("ceil", ceil)
)
