"""The columns of a table of parameters: their names, their units."""

from __future__ import annotations

import re
from functools import cache
from typing import cast

from ranvier.analysis.table_texts import expression, value_of
from ranvier.session.given import is_text
from ranvier.units import Quantity
from ranvier.units.default_units import DEFAULT_UNITS
from ranvier.units.stringunits import unit_in_string

_WITH_UNIT = re.compile(r"\s*(.+?)\s*\[(.+)\]\s*")
"""The name of a column with a unit: "tau [ms]"."""


def column_of(column: tuple[str, list[object]]) -> tuple[str, list[object]]:
    """Returns the name and the values that a column of a table stands for.

    Raises:
        TypeError: If a value in a column with a unit is no number.
        ValueError: If a row has no value.
    """
    name, values = column
    missing = next((k for k, value in enumerate(values) if value is None), None)
    if missing is not None:
        raise ValueError(
            f"'{name}' of set {missing} has no value: there is none in row {missing} of the table. Fill it in, or "
            "leave the row out."
        )
    return _with_unit(name, values)


def _with_unit(name: str, values: list[object]) -> tuple[str, list[object]]:
    match = _WITH_UNIT.fullmatch(name)
    if match is None:
        return name, values
    unit = unit_of(match[2])
    for k, value in enumerate(values):
        if is_text(value):
            raise TypeError(f"'{match[1]}' of set {k} has to be a number, since its column is '{name}', not {value!r}.")
    return match[1], [cast(object, cast(float, value) * unit) for value in values]


def without_unit(name: str) -> tuple[str, str] | None:
    """Returns the name and the unit in the name of a column, None if there is no unit."""
    match = _WITH_UNIT.fullmatch(name)
    return None if match is None else (match[1], match[2])


def unit_of(text: str) -> Quantity:
    """Returns the unit that a text such as "mV" or "nS/s" names.

    Raises:
        ValueError: If it names none.
    """
    found = unit_in_string(text)
    if found is not None:
        return Quantity(found[0], dim=found[1])
    try:
        return Quantity(value_of(expression(_as_python(text)), _symbols()))
    except (SyntaxError, ValueError, KeyError, TypeError, ArithmeticError):
        raise ValueError(f"The unit [{text}] is not known.") from None


@cache
def _symbols() -> dict[str, object]:
    """Returns all units, by their names and by what they are shown as: "second", "s", "mV"."""
    units: dict[str, object] = dict(DEFAULT_UNITS)
    return {**{str(unit): unit for unit in units.values()}, **units}


def _as_python(text: str) -> str:
    """Returns a unit as units show themselves, "m s^-1", as an expression."""
    return re.sub(r"(?<=[\w)])\s+(?=[A-Za-z(])", "*", text.strip()).replace("^", "**")
