"""Formats in which the values of variables leave and enter groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, cast

import numpy as np

from ranvier.public import public
from ranvier.runtime.frames import library
from ranvier.units.dimensions import DIMENSIONLESS, Dimension
from ranvier.units.quantity import quantity


class Format(Protocol):
    """A format: how values become an object of another kind, and back."""

    def export_data(self, values: Mapping[str, object], units: bool) -> Any:
        """Returns values (by name of the variable) in the format."""
        ...

    def import_data(self, data: object, units: bool) -> dict[str, object]:
        """Returns the values by name of the variable."""
        ...


class DictFormat:
    """Plain dictionaries."""

    def __repr__(self) -> str:
        return "<format 'dict': plain dictionaries>"

    def export_data(self, values: Mapping[str, object], units: bool) -> dict[str, object]:
        """Returns the values as they are."""
        return dict(values)

    def import_data(self, data: Any, units: bool) -> dict[str, object]:
        """Returns the values as they are.

        Raises:
            TypeError: If they are no dictionary.
        """
        if not isinstance(data, Mapping):
            raise TypeError(f"set_states takes what get_states gives, a dictionary of names and values, not {data!r}.")
        return dict(cast("Mapping[str, object]", data))


class PandasFormat:
    """Tables of pandas: one row for each element; single values are repeated."""

    def __repr__(self) -> str:
        return "<format 'pandas': tables of pandas>"

    def export_data(self, values: Mapping[str, object], units: bool) -> Any:
        """Returns a table of plain values.

        Raises:
            NotImplementedError: If values with units are wanted.
            ImportError: If pandas is not installed.
        """
        if units:
            raise NotImplementedError("A pandas table has no units: use get_states(units=False, format='pandas').")
        arrays = {name: np.asarray(value) for name, value in values.items()}
        rows = max((array.size for array in arrays.values()), default=0)
        columns = {name: np.broadcast_to(array, (rows,)).copy() for name, array in arrays.items()}
        return library("pandas").DataFrame(columns)

    def import_data(self, data: Any, units: bool) -> dict[str, object]:
        """Returns the columns of a table.

        Raises:
            NotImplementedError: If the values are to have units.
        """
        if units:
            raise NotImplementedError("A pandas table has no units: use set_states(..., units=False, format='pandas').")
        return {name: np.asarray(data[name]) for name in data.columns}


@public
class ImportExport:
    """The known formats.

    Attributes:
        methods: Name → format.
    """

    methods: ClassVar[dict[str, Format]] = {"dict": DictFormat(), "pandas": PandasFormat()}

    @classmethod
    def register(cls, importerexporter: object, handler: Format | None = None) -> None:
        """Makes a format known.

        Args:
            importerexporter: A format with a `name`, as in Brian; or its name.
            handler: The format, if its name is given first.

        Raises:
            ValueError: If there is one of this name.
        """
        name = str(getattr(importerexporter, "name", importerexporter))
        handler = handler or cast(Format, importerexporter)
        if name in cls.methods:
            raise ValueError(f"Format '{name}' has been registered already.")
        cls.methods[name] = handler

    @classmethod
    def find(cls, name: str) -> Format:
        """Returns a format.

        Raises:
            NotImplementedError: If there is none of this name.
        """
        if name not in cls.methods:
            raise NotImplementedError(f"Format '{name}' is not supported, use one of {', '.join(cls.methods)}.")
        return cls.methods[name]


def quantity_of(values: object, dim: Dimension) -> Any:
    """Returns values with a unit; numpy's own scalars and arrays where there is none."""
    return values if dim is DIMENSIONLESS else quantity(values, dim)
