"""The units that texts know, as a dictionary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ranvier.units import allunits
from ranvier.units.stringunits import string_unit_names, unit_in_string


class DefaultUnits(Mapping[str, Any]):
    """All units that texts know, by name."""

    def __getitem__(self, name: str) -> Any:
        if unit_in_string(name) is None:
            raise KeyError(name)
        return allunits.unit(name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and unit_in_string(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(string_unit_names()))

    def __len__(self) -> int:
        return len(string_unit_names())

    def __repr__(self) -> str:
        return f"<{len(self)} units that texts know, by name>"


DEFAULT_UNITS = DefaultUnits()
"""All units that texts know."""
