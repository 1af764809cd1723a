"""Machine code of functions of numbers, called from Python."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

ELEMENTS: dict[str, tuple[Any, str]] = {
    "f64": (ctypes.c_double, "f8"),
    "f32": (ctypes.c_float, "f4"),
    "i64": (ctypes.c_int64, "i8"),
    "i32": (ctypes.c_int32, "i4"),
    "i1": (ctypes.c_bool, "b1"),
}
"""What C and numpy call the types of arguments and results."""


def each(address: int, arguments: Sequence[str], result: str) -> Callable[..., Any]:
    """Returns a function of arrays and numbers that calls the function at an address once for each element.

    Args:
        address: Where the machine code is; the function returned does not keep it loaded.
        arguments: The types of the arguments.
        result: The type of the result.
    """
    function = ctypes.CFUNCTYPE(ELEMENTS[result][0], *(ELEMENTS[type_][0] for type_ in arguments))(address)
    given, gives = [np.dtype(ELEMENTS[type_][1]) for type_ in arguments], np.dtype(ELEMENTS[result][1])

    def called(*args: Any) -> Any:
        columns = np.broadcast_arrays(*(np.asarray(arg).astype(type_) for arg, type_ in zip(args, given, strict=True)))
        shape = columns[0].shape if columns else ()
        rows = zip(*(column.ravel().tolist() for column in columns), strict=True) if columns else [()]
        return np.array([function(*row) for row in rows], dtype=gives).reshape(shape)[()]

    return called
