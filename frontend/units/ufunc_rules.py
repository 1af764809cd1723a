"""What each numpy ufunc does to units."""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

import numpy as np


class Rule(Enum):
    """How the dimension of a result follows from those of the arguments."""

    SAME = "arguments of one dimension; the result has it too"
    COMPARE = "arguments of one dimension; plain result"
    KEEP = "the result has the dimension of the first argument"
    STRIP = "any dimensions; plain result"
    PLAIN = "dimensionless arguments; plain result"
    PRODUCT = "dimensions multiply"
    QUOTIENT = "dimensions divide"
    POWER = "dimension to the power of a single number"
    FIXED_POWER = "dimension to a power that the function gives"
    FORBIDDEN = "not defined for quantities"


def _table() -> dict[np.ufunc, Rule]:
    names = {
        Rule.SAME: "add subtract maximum minimum fmax fmin remainder fmod",
        Rule.COMPARE: "less less_equal greater greater_equal equal not_equal",
        Rule.KEEP: "absolute fabs rint negative positive conjugate floor ceil trunc copysign",
        Rule.STRIP: "sign isnan isfinite isinf signbit logical_and logical_or logical_xor logical_not",
        Rule.PLAIN: "sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh "
        "exp exp2 expm1 log log2 log10 log1p deg2rad rad2deg degrees radians "
        "logaddexp logaddexp2 arctan2 hypot heaviside",
        Rule.PRODUCT: "multiply matmul",
        Rule.QUOTIENT: "divide floor_divide",
        Rule.POWER: "power float_power",
        Rule.FIXED_POWER: "sqrt cbrt square reciprocal",
        Rule.FORBIDDEN: "bitwise_and bitwise_or bitwise_xor invert left_shift right_shift bitwise_count "
        "gcd lcm isnat ldexp frexp modf nextafter spacing",
    }
    table = {getattr(np, name): rule for rule, text in names.items() for name in text.split()}
    for name in ("vecdot", "matvec", "vecmat"):  # numpy 2.2 and later
        if hasattr(np, name):
            table[getattr(np, name)] = Rule.PRODUCT
    return table


RULES: Final[dict[np.ufunc, Rule]] = _table()

#: The powers of `Rule.FIXED_POWER`.
POWERS: Final[dict[Any, float]] = {np.sqrt: 0.5, np.cbrt: 1 / 3, np.square: 2, np.reciprocal: -1}
