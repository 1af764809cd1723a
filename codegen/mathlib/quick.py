"""``exp`` and ``expm1`` for where a model is integrated: a third fewer operations, less care at the edges.

They stand where an op carries the fast-math flag ``afn``. Results are within 2 units of the last place; results of
``exp`` below the smallest normal number stay there instead of becoming subnormal or 0, those beyond the largest stay
finite.
"""

from __future__ import annotations

from . import coefficients as c
from .builder import Body, FunctionTable, Value
from .exponential import LOG2_E
from .floating import F64, Format, clamp, format_of, per_format

LOW = {"f64": -708.0, "f32": -87.0}
HIGH = {"f64": 709.0, "f32": 88.0}


def parts(b: Body, x: Value, f: Format) -> tuple[Value, Value]:
    """Splits ``exp(x) = power * (1 + t)``.

    Returns:
        t, and the power of two.
    """
    high, low = c.LN2_F64 if f is F64 else c.LN2_F32
    x = clamp(x, LOW[f.suffix], HIGH[f.suffix])
    biased = f.shifter + f.bias
    shifted = b.fma(x, LOG2_E, biased)
    n = shifted - biased
    r = b.fma(n, -low, b.fma(n, -high, x))
    tail = b.short_polynomial(r, c.EXP_F64 if f is F64 else c.EXP_F32)
    return b.fma(r * r, tail, r), (shifted.bits() << f.fraction).as_float()


def exp_quick(b: Body, x: Value) -> Value:
    """Returns the exponential of -708 ... 709 (f32: -87 ... 88); arguments beyond are taken as these."""
    t, power = parts(b, x, format_of(x))
    return (t + 1.0) * power


def expm1_quick(b: Body, x: Value) -> Value:
    """Returns ``exp(x) - 1`` without the cancellation near 0, up to 709 (f32: 88)."""
    t, power = parts(b, x, format_of(x))
    return b.fma(t, power, power - 1.0)


FUNCTIONS: FunctionTable = per_format("exp_quick", exp_quick) | per_format("expm1_quick", expm1_quick)
