"""All of numpy, with the functions that know units in place of numpy's (`import ranvier.numpy_ as np`)."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, ValuesView
from functools import wraps
from typing import Any, Final, cast

import numpy as np

from ranvier.public import public
from ranvier.units import functions as _functions
from ranvier.units.functions import *  # noqa: F403

_sum: Any = np.sum
"""For calls that pass arguments on, whose types are not known here."""

RENAMED: Final[dict[str, str]] = {"trapz": "trapezoid", "in1d": "isin", "row_stack": "vstack"}
"""Names that numpy no longer has, or not in all versions, and what they are called now."""

__all__ = list(dict.fromkeys([*np.__all__, *_functions.__all__]))  # pyright: ignore[reportUnsupportedDunderAll]


@public
@wraps(np.sum)
def sum(a: Any, *args: Any, **kwds: Any) -> Any:
    """Returns the sum of an array (see `numpy.sum`), or of what an iterator gives, as Python's own `sum`."""
    if isinstance(a, (Iterator, ValuesView)) and not kwds.keys() - {"start"}:
        return builtins.sum(cast(Iterator[Any], a), *args, **kwds)
    return _sum(a, *args, **kwds)


def __getattr__(name: str) -> Any:
    if name.startswith("__") and name not in ("__version__", *np.__all__):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(np, name if hasattr(np, name) else RENAMED.get(name, name))


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(np)})
