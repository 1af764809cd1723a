"""Joining arrays that have units."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, cast

import numpy as np

from ranvier.units.checks import get_dimensions, only
from ranvier.units.dimensions import DIMENSIONLESS, Dimension
from ranvier.units.mismatch import DimensionMismatchError

_numpy: Any = np
"""numpy for calls that pass arguments on, whose types are not known here."""


def joined(
    arrays: Any, axis: int | None = 0, out: Any = None, *, zeros_have_all: bool = True, **kwds: Any
) -> tuple[Any, Dimension]:
    """Returns the plain values of `numpy.concatenate`, and their dimension.

    Args:
        arrays: The arrays.
        axis: See `numpy.concatenate`.
        out: Where to put the result.
        zeros_have_all: Whether arrays of zeros need no unit.
        kwds: See `numpy.concatenate`.

    Raises:
        DimensionMismatchError: If their units differ, or that of `out`.
    """
    parts: Any = cast(Any, arrays) if isinstance(arrays, np.ndarray) else tuple(cast(Iterable[Any], arrays))
    dims = [get_dimensions(parts)] if hasattr(parts, "ndim") else [_dimension(part) for part in parts]
    if not hasattr(parts, "ndim") and zeros_have_all:
        dims = [dim for dim, part in zip(dims, parts, strict=True) if dim is not DIMENSIONLESS or not _is_zero(part)]
    dim = dims[0] if dims else DIMENSIONLESS
    for other in (*dims, *(() if out is None or dim is DIMENSIONLESS else (get_dimensions(out),))):
        if other is not dim:
            raise DimensionMismatchError("Arrays of different units cannot be joined", dim, other)
    plain: Any = np.asarray(parts) if hasattr(parts, "ndim") else [np.asarray(part) for part in parts]
    return _numpy.concatenate(plain, axis, None if out is None else np.asarray(out), **kwds), dim


def _blocks(arrays: Any) -> tuple[Any, Dimension]:
    """Returns the plain values of `numpy.block`, and their dimension."""
    return _numpy.block(_plain(arrays)), _common(list(_leaves(arrays)))


def _inserted(arr: Any, obj: Any, values: Any, axis: int | None = None) -> tuple[Any, Dimension]:
    """Returns the plain values of `numpy.insert`, and their dimension."""
    return _numpy.insert(_plain(arr), obj, _plain(values), axis), _common([arr, *_leaves(values)])


JOINING: Final[dict[Any, Callable[..., tuple[Any, Dimension]]]] = {
    np.concatenate: joined,
    np.block: _blocks,
    np.insert: _inserted,
}
"""Functions of numpy that join arrays → what gives their plain result and its dimension.

All others (`hstack`, `append`, `column_stack`, `r_`, ...) call these. `where` and `select` are not here: numpy's own
functions call them with numbers that have no unit.
"""


def _common(parts: Sequence[Any]) -> Dimension:
    """Returns the dimension of values, of which zeros need none."""
    dims = [_dimension(part) for part in parts if _dimension(part) is not DIMENSIONLESS or not _is_zero(part)]
    for dim in dims:
        if dim is not dims[0]:
            raise DimensionMismatchError("Values of different units cannot be put into one array", dims[0], dim)
    return dims[0] if dims else DIMENSIONLESS


def _leaves(given: Any) -> Iterable[Any]:
    if isinstance(given, (list, tuple)):
        for each in cast(Iterable[Any], given):
            yield from _leaves(each)
    else:
        yield given


def _plain(given: Any) -> Any:
    """Returns an argument without units, also inside lists."""
    if isinstance(given, (list, tuple)):
        return [_plain(each) for each in cast(Iterable[Any], given)]
    return np.asarray(given) if hasattr(given, "dim") else given


def _dimension(part: Any) -> Dimension:
    return get_dimensions(part) if hasattr(part, "dim") or isinstance(part, (list, tuple)) else DIMENSIONLESS


def _is_zero(part: Any) -> bool:
    return only(np.asarray(part), lambda values: values == 0)
