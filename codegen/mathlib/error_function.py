"""``erf``."""

from __future__ import annotations

from .builder import Body, FunctionTable, Value
from .floating import F64, at_most, magnitude, per_format, through_double, with_sign_of

SMALL = (
    1.1283791670955126, -0.3761263890318375, 0.11283791670954879, -0.026866170645076792, 0.0052239776248180145,
    -0.000854832698083379, 0.0001205533111164271, -1.4925595266831182e-05, 1.6461000484121368e-06,
    -1.6350312701054695e-07, 1.4659775274047436e-08, -1.1372848856791674e-09, 5.957176147748911e-11,
)  # fmt: skip
"""``erf(x) / x`` in powers of ``x**2``, interpolated at the Chebyshev nodes of [0, 1] (relative error 1.6e-17)."""

LARGE = (
    1.2530080582697296, -0.13562110612459163, -0.047562294353480875, 0.12964515870508256, -0.11927366341012202,
    0.0683080271973104, -0.02377051526428797, 0.002529395728905082, 0.001888700988139963, -0.0007798805620518153,
    -0.00010532108845047966, 0.00012533420054777904, 6.120647749371338e-06, -1.9946386266158316e-05,
    -3.941434579212148e-06,
)  # fmt: skip
"""``exp(x**2) (1 + 2 x) erfc(x)`` in powers of ``t = (x - 3) / (x + 3)``, likewise, for x from 1 to 6 (3.3e-16)."""


def erf(b: Body, x: Value) -> Value:
    """Returns the error function; beyond 6 it is 1 to the last digit."""
    size = at_most(magnitude(x), 6.0)
    square = size * size
    near = size * b.polynomial(square, SMALL)
    rest = b.polynomial((size - 3.0) / (size + 3.0), LARGE) / b.fma(size, 2.0, 1.0)
    far = 1.0 - b.call("exp.f64", -square) * rest
    return with_sign_of(b.select(size > 1.0, far, near), x)


FUNCTIONS: FunctionTable = per_format("erf", erf, formats=(F64,)) | through_double("erf")
