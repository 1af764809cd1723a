"""Values as text and as LaTeX."""

from __future__ import annotations

from typing import Any, Protocol, cast

import numpy as np

from ranvier.public import public
from ranvier.units.checks import fail_for_dimension_mismatch, is_dimensionless

Array = np.ndarray[Any, Any]


class Displayed(Protocol):
    """A value that knows how it is written in a unit."""

    def in_unit(self, u: Any, precision: int | None = None) -> str:
        """Returns the value as text in a given unit."""
        ...

    def in_best_unit(self, precision: int | None = None) -> str:
        """Returns the value as text in the unit that suits it best."""
        ...


@public
def in_unit(x: Any, u: Any, precision: int | None = None) -> str:
    """Returns a value as text in a given unit (see `Quantity.in_unit`)."""
    if is_dimensionless(x):
        fail_for_dimension_mismatch(x, u, 'Non-matching unit for function "in_unit"')
        with np.printoptions(precision=precision):
            return str(np.asarray(x) / np.asarray(u))
    return cast("Displayed", x).in_unit(u, precision=precision)


@public
def in_best_unit(x: Any, precision: int | None = None) -> str:
    """Returns a value as text in the unit that suits it best (see `Quantity.in_best_unit`)."""
    if is_dimensionless(x):
        with np.printoptions(precision=precision):
            return str(np.asarray(x))
    return cast("Displayed", x).in_best_unit(precision=precision)


def number_text(values: Array) -> str:
    """Returns numbers as numpy prints arrays of them; a single one, too, also with numpy's print options of old."""
    if values.ndim or not np.get_printoptions()["legacy"]:
        return np.array2string(values)
    return np.array2string(values.reshape(1))[1:-1].strip()


def latex_number(values: Array) -> str:
    """Returns a number or an array (as a matrix) in LaTeX."""
    if values.ndim == 0:
        return str(values.item())
    text = np.array2string(values, separator=" & ", threshold=100)
    rows = text.replace("] &\n", "\\\\\n").replace(" &\n", " & ")
    body = rows.replace("[", "").replace("]", "").replace("...", r"\cdots")
    if values.ndim > 1:
        body = f"\n{body}\n"
    return rf"\left[\begin{{matrix}}{body}\end{{matrix}}\right]"
