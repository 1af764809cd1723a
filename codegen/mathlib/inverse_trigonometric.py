"""``asin``, ``acos``, ``atan`` and ``atan2``."""

from __future__ import annotations

from . import coefficients as c
from .builder import Body, FunctionTable, Value
from .floating import F64, INFINITY, NAN, magnitude, per_format, through_double, two_product, with_sign_of

TAN_PI_8 = 0.41421356237309503
TAN_3PI_8 = 2.414213562373095


def atan(b: Body, x: Value) -> Value:
    """Returns the arc tangent: reduced by 0, pi/4 or pi/2, with one division for all three."""
    size = magnitude(x)
    size = b.select(size > 1e300, 1e300, size)
    middle, far = size > TAN_PI_8, size > TAN_3PI_8
    zero = b.constant(0.0, "double")
    top = b.select(far, b.constant(-1.0, "double"), b.select(middle, size - 1.0, size))
    below = b.select(far, size, b.select(middle, size + 1.0, b.constant(1.0, "double")))
    base = b.select(far, b.constant(c.HALF_PI[0], "double"), b.select(middle, c.QUARTER_PI[0], zero))
    rest = b.select(far, b.constant(c.HALF_PI[1], "double"), b.select(middle, c.QUARTER_PI[1], zero))
    t = top / below
    z = t * t
    result = base + (t + b.fma(t * z, b.polynomial(z, c.ATAN_F64), rest))
    return with_sign_of(b.select(x.is_nan(), x, result), x)


def _near_one(b: Body, size: Value) -> tuple[Value, Value]:
    """Returns ``acos(size) / 2 = asin(sqrt((1 - size) / 2))`` in two parts, for a size of at least 1/2."""
    z = (1.0 - size) * 0.5
    root = b.intrinsic("sqrt", z)
    square, error = two_product(root, root)
    below = root + root
    correction = ((z - square) - error) / b.select(below > 0.0, below, 1.0)
    return root, b.fma(root * z, b.polynomial(z, c.ASIN_F64), correction)


def asin(b: Body, x: Value) -> Value:
    """Returns the arc sine."""
    size = magnitude(x)
    z = x * x
    inner = b.fma(size * z, b.polynomial(z, c.ASIN_F64), size)
    root, rest = _near_one(b, size)
    high, low = c.HALF_PI
    outer = high - 2.0 * root
    lost = (high - outer) - 2.0 * root
    outer = outer + (lost + (low - 2.0 * rest))
    return with_sign_of(b.select(size > 0.5, outer, inner), x)


def acos(b: Body, x: Value) -> Value:
    """Returns the arc cosine."""
    size = magnitude(x)
    z = x * x
    high, low = c.HALF_PI
    first = high - x
    lost = (high - first) - x
    inner = first + (lost + (low - x * z * b.polynomial(z, c.ASIN_F64)))
    root, rest = _near_one(b, size)
    double = (root + rest) * 2.0
    below = c.PI[0] - 2.0 * root
    lost = (c.PI[0] - below) - 2.0 * root
    mirrored = below + (lost + (c.PI[1] - 2.0 * rest))
    return b.select(size > 0.5, b.select(x > 0.0, double, mirrored), inner)


def atan2(b: Body, y: Value, x: Value) -> Value:
    """Returns the angle of the point (x, y), with all the special cases of C's ``atan2``."""
    height, width = magnitude(y), magnitude(x)
    steep = height > width
    less, more = b.select(steep, width, height), b.select(steep, height, width)
    ratio = less / b.select(more.eq(0.0), 1.0, more)
    angle = b.call("atan.f64", b.select(less.eq(INFINITY), 1.0, ratio))
    angle = b.select(steep, (c.HALF_PI[0] - angle) + c.HALF_PI[1], angle)
    angle = b.select(x.bits() < 0, (c.PI[0] - angle) + c.PI[1], angle)
    unordered = b.emit("i1", f"fcmp uno double {x.text}, {y.text}")
    return b.select(unordered, NAN, with_sign_of(angle, y))


FUNCTIONS: FunctionTable = (
    per_format("atan", atan, formats=(F64,))
    | per_format("asin", asin, formats=(F64,))
    | per_format("acos", acos, formats=(F64,))
    | per_format("atan2", atan2, arguments=2, formats=(F64,))
    | through_double("atan2", arguments=2)
    | through_double("atan")
    | through_double("asin")
    | through_double("acos")
)
