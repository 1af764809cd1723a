"""Brian's module of short names of units: the star import gives those below, by name it gives every unit."""

from __future__ import annotations

from typing import Any

from ranvier import units
from ranvier.units import allunits

_SHORT = "mV mA uA nA pA pF uF nF nS uS mS ms us Hz kHz MHz cm cm2 cm3 mm mm2 mm3 um um2 um3 mM uM nM"

__all__ = _SHORT.split()  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name in units.UNIT_NAMES:
        return getattr(units, name)
    if name == "stdunits":  # Brian's table of the short names, which lacks mS
        return {short: getattr(units, short) for short in __all__ if short != "mS"}
    if name == "all_units":
        return allunits.all_units
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
