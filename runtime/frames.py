"""Data frames: recorded tables through Arrow, and the libraries, which need not be installed."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ranvier.runtime.recorder import Table


def to_pandas(table: Table, layout: str = "long") -> Any:
    """Returns a table as a `pandas.DataFrame`, with the units of its columns in `attrs["units"]`.

    Args:
        table: The table.
        layout: As in `Table.to_arrow`.

    Raises:
        ImportError: If pandas is not installed.
    """
    library("pandas")
    frame = table.to_arrow(layout).to_pandas()
    units = {column.name: column.unit for column in table.columns if column.unit}
    frame.attrs["units"] = {name: units[name.partition("[")[0]] for name in frame if name.partition("[")[0] in units}
    return frame


def to_polars(table: Table, layout: str = "long") -> Any:
    """Returns a table as a `polars.DataFrame`; `layout` as in `Table.to_arrow`.

    Raises:
        ImportError: If polars is not installed.
    """
    return library("polars").from_arrow(table.to_arrow(layout))


def library(name: str) -> Any:
    """Returns the module `pandas` or `polars`.

    Raises:
        ImportError: If it is not installed, saying how to install it.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"This needs the package {name!r}, which is not installed: pip install {name} (Ranvier's extra 'frames')."
        ) from error
