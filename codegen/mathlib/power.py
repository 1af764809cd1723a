"""``pow``, ``sqrt``, and rounding to integers.

``x**y = exp(y log x)`` needs the logarithm to about 64 bits: its leading terms are computed in two parts.
"""

from __future__ import annotations

from . import coefficients as c
from .builder import Body, FunctionTable, Value
from .exponential import exp_of_sum
from .floating import F64, INFINITY, NAN, fast_two_sum, magnitude, per_format, through_double, two_product, two_sum
from .logarithm import split_exponent, without_subnormals

# A power of at least this size of any number other than 1 is 0 or overflows.
LARGEST_POWER = 2.0**65


def log_in_two_parts(b: Body, x: Value) -> tuple[Value, Value]:
    """``log(x)`` for positive finite x, to about 2**-65 of it.

    With ``s = (m - 1) / (m + 1)`` in two parts and ``z = s**2``: ``log m = 2 s (1 + z (1/3 + z T(z)))``.
    """
    normal, added = without_subnormals(b, x, F64)
    exponent, m = split_exponent(b, normal, F64)
    exponent = exponent + added
    top = m - 1.0
    below, below_low = fast_two_sum(b.constant(2.0, "double"), top)
    inverse = 1.0 / below
    s = top * inverse
    product, error = two_product(s, below)
    s_low = ((top - product) - error - s * below_low) * inverse
    z, z_low = two_product(s, s)
    z_low = b.fma(s + s, s_low, z_low)
    q, q_low = fast_two_sum(b.constant(c.THIRD[0], "double"), z * b.short_polynomial(z, c.LOG_TAIL_F64))
    q_low = q_low + c.THIRD[1]
    t, t_low = two_product(z, q)
    t_low = t_low + b.fma(z, q_low, z_low * q)
    u, u_low = two_product(s, t)
    u_low = u_low + b.fma(s, t_low, s_low * t)
    tail, tail_low = fast_two_sum(s, u)
    tail_low = tail_low + (s_low + u_low)
    high, low = c.LN2_F64
    main, lost = two_sum(exponent * high, tail + tail)
    return fast_two_sum(main, b.fma(exponent, low, lost) + (tail_low + tail_low))


def integer_and_odd(b: Body, size: Value) -> tuple[Value, Value]:
    """Whether a non-negative number is an integer, and whether an odd one (infinity is even)."""
    whole = 2.0**52
    size = b.select(size > 2.0 * whole, 2.0 * whole, size)
    half = size * 0.5
    is_whole = b.emit("i1", f"or i1 {(size >= whole).text}, {((size + whole) - whole).eq(size).text}")
    half_broken = ((half + whole) - whole).ne(half)
    return is_whole, b.emit("i1", f"and i1 {is_whole.text}, {half_broken.text}")


def pow_(b: Body, x: Value, y: Value) -> Value:
    """``x**y`` with all the special cases of C's ``pow``."""
    size, power = magnitude(x), magnitude(y)
    bounded = b.intrinsic("copysign", b.select(power > LARGEST_POWER, LARGEST_POWER, power), y)
    high, low = log_in_two_parts(b, size)
    main, error = two_product(bounded, high)
    error = b.fma(bounded, low, error)
    main, error = fast_two_sum(main, error)
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


def sqrt(b: Body, x: Value) -> Value:
    """The square root, correctly rounded."""
    return b.intrinsic("sqrt", x)


def floor(b: Body, x: Value) -> Value:
    """The next integer below."""
    return b.intrinsic("floor", x)


def ceil(b: Body, x: Value) -> Value:
    """The next integer above."""
    return b.intrinsic("ceil", x)


FUNCTIONS: FunctionTable = (
    per_format("pow", pow_, arguments=2, formats=(F64,))
    | through_double("pow", arguments=2)
    | per_format("sqrt", sqrt)
    | per_format("floor", floor)
    | per_format("ceil", ceil)
)
