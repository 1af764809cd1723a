"""How far a pass may change results: a property of the pass, which comparisons of meaning ask for."""

from __future__ import annotations

from typing import cast

from xdsl.passes import ModulePass

WITHIN_ROUNDING = 1e-12
"""The greatest change of a value in one instant, relative to the largest of its array, that is taken for rounding."""


def rounding_of(one: ModulePass) -> float:
    """Returns how far a pass may change the values of one instant, relative to the largest of each array.

    That is the attribute or property `rounding` of the pass. One that says nothing must not change a bit.
    """
    return float(cast("float", getattr(one, "rounding", 0.0)))


def rounding_of_mode(fast_math: str) -> float:
    """Returns the rounding of a pass that may round otherwise unless its option `fast-math` is "off"."""
    return 0.0 if fast_math == "off" else WITHIN_ROUNDING
