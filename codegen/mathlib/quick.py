"""``exp`` and ``expm1`` for where a model is integrated: a third fewer operations, less care at the edges.

They stand where an op carries the fast-math flag ``afn``. Results are within 2 units of the last place; results of
``exp`` below the smallest normal number stay there instead of becoming subnormal or 0, those beyond the largest stay
finite.
"""

from __future__ import annotations

from . import coefficients as c
from .builder import Body, FunctionTable, Value
from .exponential import EXPM1_LOW, reduce
from .floating import F64, clamp, format_of, per_format, power_of_two

LOW = {"f64": -708.0, "f32": -87.0}
HIGH = {"f64": 709.0, "f32": 88.0}


def exp_quick(b: Body, x: Value) -> Value:
    """Returns the exponential of -708 ... 709 (f32: -87 ... 88); arguments beyond are taken as these."""
    f = format_of(x)
    shifted, r, _ = reduce(b, clamp(x, LOW[f.suffix], HIGH[f.suffix]), f)
    tail = b.polynomial(r, c.EXP_F64 if f is F64 else c.EXP_F32)
    return (b.fma(r * r, tail, r) + 1.0) * power_of_two(shifted, 0, f)


def expm1_quick(b: Body, x: Value) -> Value:
    """Returns ``exp(x) - 1`` without the cancellation near 0, up to 709 (f32: 88)."""
    f = format_of(x)
    shifted, r, _ = reduce(b, clamp(x, EXPM1_LOW[f.suffix], HIGH[f.suffix]), f)
    tail = b.polynomial(r, c.EXP_F64 if f is F64 else c.EXP_F32)
    power = power_of_two(shifted, 0, f)
    return b.fma(b.fma(r * r, tail, r), power, power - 1.0)


FUNCTIONS: FunctionTable = per_format("exp_quick", exp_quick) | per_format("expm1_quick", expm1_quick)
