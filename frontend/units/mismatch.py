"""The error of values whose units do not fit."""

from __future__ import annotations

from ranvier.public import public, public_in
from ranvier.units.dimensions import Dimension
from ranvier.units.registry import display_name


@public
class DimensionMismatchError(Exception):
    """Two values that are added, compared, assigned... do not have the same unit.

    Attributes:
        desc: What was tried.
        dims: The dimensions met.
    """

    __module__ = "ranvier"  # what a script imports it from, and what a traceback shows

    def __init__(self, description: str, *dims: Dimension) -> None:
        super().__init__(description, *dims)
        self.desc = description
        self.dims = dims

    def __repr__(self) -> str:
        return f"DimensionMismatchError({', '.join(map(repr, (self.desc, *self.dims)))})"

    def __str__(self) -> str:
        names = [display_name(dim) for dim in self.dims]
        if not names:
            return self.desc
        if len(names) == 1:
            return f"{self.desc} (unit is {names[0]})."
        return f"{self.desc} (units are {', '.join(names[:-1])} and {names[-1]})."


@public_in("ranvier.units")
class UnitTypeError(DimensionMismatchError, TypeError):
    """A value whose unit makes it something of another kind than is needed: an exponent, a refractory period."""


@public_in("ranvier.units")
class UnitValueError(DimensionMismatchError, ValueError):
    """A value with a unit where only numbers are possible: an operand of `//`."""
