"""Joining arrays that have units."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import numpy as np

from ranvier.units.checks import get_dimensions
from ranvier.units.dimensions import DIMENSIONLESS, Dimension
from ranvier.units.mismatch import DimensionMismatchError

_numpy: Any = np
"""numpy for calls that pass arguments on, whose types are not known here."""


def joined(arrays: Any, axis: int | None = 0, out: Any = None, **kwds: Any) -> tuple[Any, Dimension]:
    """Returns the plain values of `numpy.concatenate`, and their dimension.

    Args:
        arrays: The arrays.
        axis: See `numpy.concatenate`.
        out: Where to put the result.
        kwds: See `numpy.concatenate`.

    Raises:
        DimensionMismatchError: If their units differ, or that of `out`.
    """
    parts: Any = cast(Any, arrays) if isinstance(arrays, np.ndarray) else tuple(cast(Iterable[Any], arrays))
    whole = hasattr(parts, "ndim")
    dims = [get_dimensions(parts)] if whole else [_dimension(part) for part in parts if np.size(part)]
    dim = dims[0] if dims else DIMENSIONLESS
    for other in (*dims, *(() if out is None or dim is DIMENSIONLESS else (get_dimensions(out),))):
        if other is not dim:
            raise DimensionMismatchError("Arrays of different units cannot be joined", dim, other)
    plain: Any = np.asarray(parts) if whole else [np.asarray(part) for part in parts]
    return _numpy.concatenate(plain, axis, None if out is None else np.asarray(out), **kwds), dim


def _dimension(part: Any) -> Dimension:
    return get_dimensions(part) if hasattr(part, "dim") or isinstance(part, (list, tuple)) else DIMENSIONLESS
