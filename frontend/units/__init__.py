"""Physical units: quantities, the units of the star import, unit-aware functions."""

from __future__ import annotations

from typing import Any

from ranvier.public import submodule
from ranvier.units import allunits
from ranvier.units.check_units import check_units
from ranvier.units.checks import get_dimensions, have_same_dimensions, is_dimensionless, is_scalar_type
from ranvier.units.dimensions import get_or_create_dimension
from ranvier.units.display import in_best_unit, in_unit
from ranvier.units.functions import (
    arange,
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctanh,
    concat,
    concatenate,
    cos,
    cosh,
    diagonal,
    dot,
    exp,
    expm1,
    exprel,
    linspace,
    log,
    log1p,
    log10,
    ones_like,
    ptp,
    ravel,
    sin,
    sinh,
    tan,
    tanh,
    trace,
    where,
    zeros_like,
)
from ranvier.units.mismatch import DimensionMismatchError, UnitTypeError, UnitValueError
from ranvier.units.quantity import Quantity
from ranvier.units.registry import register_new_unit
from ranvier.units.stringunits import unit_in_declaration as unit_in_declaration
from ranvier.units.stringunits import unit_in_string as unit_in_string
from ranvier.units.unit import Unit, get_unit

_UNSCALED = (
    "amp kelvin kilogram metre meter second mole coulomb farad gram gramme hertz joule molar liter litre "
    "pascal ohm siemens volt watt"
).split()
"""Units that the star import gives: these, those below with prefixes, and the abbreviations."""

UNIT_NAMES: tuple[str, ...] = (
    *_UNSCALED,
    *(prefix + name for name in _UNSCALED if name not in ("kelvin", "kilogram") for prefix in "pnumkMGT"),
    "cmetre",
    "cmeter",
    *allunits.ABBREVIATIONS,
)
"""The names of the 203 units of the star import."""

__all__ = [  # pyright: ignore[reportUnsupportedDunderAll]
    "DimensionMismatchError",
    "UnitTypeError",
    "UnitValueError",
    "Quantity",
    "Unit",
    "arange",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctanh",
    "check_units",
    "concat",
    "concatenate",
    "cos",
    "cosh",
    "diagonal",
    "dot",
    "exp",
    "expm1",
    "exprel",
    "get_dimensions",
    "get_or_create_dimension",
    "get_unit",
    "have_same_dimensions",
    "in_best_unit",
    "in_unit",
    "is_dimensionless",
    "is_scalar_type",
    "linspace",
    "log",
    "log10",
    "log1p",
    "ones_like",
    "ptp",
    "ravel",
    "register_new_unit",
    "sin",
    "sinh",
    "tan",
    "tanh",
    "trace",
    "where",
    "zeros_like",
    *UNIT_NAMES,
]


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        value = allunits.unit(name)
    except KeyError:
        return submodule(__name__, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *UNIT_NAMES})
