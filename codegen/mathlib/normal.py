"""Normal random numbers: Box and Muller's transformation of the pairs of one Philox block.

A pair of values of a block gives ``u1 = uniform + 2**-53`` (``2**-24`` in f32), which lies in (0, 1], and ``u2``, a
uniform number; the normal numbers ``sqrt(-2 log u1) cos(2 pi u2)`` and ``sqrt(-2 log u1) sin(2 pi u2)`` take the lanes
of the two values.
"""

from __future__ import annotations

from . import coefficients as c
from .builder import Body, FunctionTable, Value
from .floating import F64, format_of
from .logarithm import SQRT_HALF
from .philox import drawn, whole

LN2 = 0.6931471805599453


def circle(b: Body, value: Value) -> tuple[Value, Value]:
    """Returns cosine and sine of a random number of whole turns in [0, 1).

    The reduction to an eighth of a turn is exact.
    """
    number, bits = whole(value)
    f, quarter = format_of(number), 4.0 * 2.0**-bits
    shifted = b.fma(number, quarter, f.shifter)
    part = b.fma(number, quarter, -(shifted - f.shifter))
    z = part * part
    wide = f is F64
    sine = part * b.polynomial(z, c.SIN_TURN_F64 if wide else c.SIN_TURN_F32)
    cosine = b.polynomial(z, c.COS_TURN_F64 if wide else c.COS_TURN_F32)
    quadrant = shifted.bits()
    odd = (quadrant & 1).ne(0)
    top = f.width - 2
    x = b.select(odd, sine, cosine).bits() ^ (((quadrant + 1) & 2) << top)
    y = b.select(odd, cosine, sine).bits() ^ ((quadrant & 2) << top)
    return x.as_float(), y.as_float()


def minus_two_log(b: Body, value: Value) -> Value:
    """Returns ``-2 log u`` for a random u in (0, 1], off by about a unit of the last place.

    It is `log` without the finish and the poles, of u times a power of two, which the exponent leaves out again.
    """
    number, bits = whole(value, plus=1)
    f = format_of(number)
    moved = number.bits() - f.bits_of(SQRT_HALF)
    carrier = f.bits_of(2.0**f.fraction)
    exponent = ((moved >> f.fraction) | carrier).as_float() - (2.0**f.fraction + bits)
    significand = (number.bits() - (moved & -(1 << f.fraction))).as_float()
    fraction = significand - 1.0
    s = fraction / (significand + 1.0)
    z = s * s
    tail = b.polynomial(z, [-2.0 * x for x in (2.0, *(c.LOG_F64 if f is F64 else c.LOG_F32))])
    return b.fma(exponent, -2.0 * LN2, s * tail)


def normals(b: Body, values: list[Value]) -> list[Value]:
    """Returns normal numbers, by pairs."""
    results: list[Value] = []
    for first, second in zip(values[::2], values[1::2], strict=True):
        radius = b.intrinsic("sqrt", minus_two_log(b, first))
        x, y = circle(b, second)
        results += [radius * x, radius * y]
    return results


FUNCTIONS: FunctionTable = drawn("normal", normals)
