"""Values as a variable stores them."""

from __future__ import annotations

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.objects.variables.variables import Variable


def stored(value: object, variable: Variable, group_name: str) -> Array:
    """Returns values as the type of a variable.

    Args:
        value: A number or an array, without unit.
        variable: The variable.
        group_name: The group, for messages.

    Raises:
        OverflowError: An integer variable cannot hold a value.
        TypeError: A value is complex.
        ValueError: An integer variable cannot hold "not a number".
    """
    plain: Array = np.asarray(value)
    if plain.dtype.kind == "c":
        raise TypeError(f"'{variable.name}' of '{group_name}' takes real numbers, not complex ones as {value}.")
    if variable.dtype.kind == "i" and plain.dtype.kind in "iuf" and plain.dtype != variable.dtype:
        _check_whole(plain, variable, group_name)
    return plain.astype(variable.dtype, copy=False)


def _check_whole(plain: Array, variable: Variable, group_name: str) -> None:
    limits = np.iinfo(variable.dtype)
    where = f"'{variable.name}' of '{group_name}' is an integer variable, for numbers from {limits.min} to {limits.max}"
    if plain.dtype.kind == "f" and np.isnan(plain).any():
        raise ValueError(f"cannot convert float NaN to integer: {where}.")
    if not plain.size:
        return
    for extreme in (plain.min(), plain.max()):
        if np.isinf(extreme):
            raise OverflowError(f"cannot convert float infinity to integer: {where}.")
        if not limits.min - 1 < extreme < limits.max + 1:
            raise OverflowError(f"{extreme} is out of bounds: {where}.")
