"""The names of Brian's module of the same name."""

from __future__ import annotations

from ranvier.units.check_units import check_units
from ranvier.units.checks import (
    fail_for_dimension_mismatch,
    get_dimensions,
    have_same_dimensions,
    is_dimensionless,
    is_scalar_type,
)
from ranvier.units.dimensions import DIMENSIONLESS, Dimension, get_or_create_dimension
from ranvier.units.display import in_best_unit, in_unit
from ranvier.units.mismatch import DimensionMismatchError, UnitTypeError
from ranvier.units.quantity import Quantity
from ranvier.units.quantity import quantity as quantity_with_dimensions
from ranvier.units.registry import (
    UnitRegistry,
    additional_unit_register,
    register_new_unit,
    standard_unit_register,
    user_unit_register,
)
from ranvier.units.unit import Unit, get_unit, get_unit_for_display

__all__ = [
    "DIMENSIONLESS",
    "Dimension",
    "DimensionMismatchError",
    "Quantity",
    "Unit",
    "UnitRegistry",
    "UnitTypeError",
    "additional_unit_register",
    "check_units",
    "fail_for_dimension_mismatch",
    "get_dimensions",
    "get_or_create_dimension",
    "get_unit",
    "get_unit_for_display",
    "have_same_dimensions",
    "in_best_unit",
    "in_unit",
    "is_dimensionless",
    "is_scalar_type",
    "quantity_with_dimensions",
    "register_new_unit",
    "standard_unit_register",
    "user_unit_register",
]
