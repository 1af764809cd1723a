"""Formats in which the values of variables leave and enter groups."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np


def _to_pandas(values: Mapping[str, Any], units: bool) -> Any:
    if units:
        raise NotImplementedError("A pandas table has no units: use get_states(units=False, format='pandas').")
    import pandas as pd

    arrays = {name: np.asarray(value) for name, value in values.items()}
    rows = max((array.size for array in arrays.values()), default=0)
    return pd.DataFrame({name: np.broadcast_to(array, (rows,)).copy() for name, array in arrays.items()})


def _from_pandas(table: Any, units: bool) -> dict[str, Any]:
    if units:
        raise NotImplementedError("A pandas table has no units: use set_states(..., units=False, format='pandas').")
    return {name: np.asarray(table[name]) for name in table.columns}


EXPORTS: dict[str, Callable[[Mapping[str, Any], bool], Any]] = {
    "dict": lambda values, units: dict(values),
    "pandas": _to_pandas,
}
IMPORTS: dict[str, Callable[[Any, bool], dict[str, Any]]] = {
    "dict": lambda values, units: dict(values),
    "pandas": _from_pandas,
}


def exported(values: Mapping[str, Any], format: str, units: bool) -> Any:
    """Returns values in a format.

    Raises:
        NotImplementedError: If the format is unknown, or has no units.
    """
    if format not in EXPORTS:
        raise NotImplementedError(f"Format '{format}' is not supported, use one of {', '.join(EXPORTS)}.")
    return EXPORTS[format](values, units)


def imported(values: Any, format: str, units: bool) -> dict[str, Any]:
    """Returns the values that something in a format holds.

    Raises:
        NotImplementedError: If the format is unknown, or has no units.
    """
    if format not in IMPORTS:
        raise NotImplementedError(f"Format '{format}' is not supported, use one of {', '.join(IMPORTS)}.")
    return IMPORTS[format](values, units)
