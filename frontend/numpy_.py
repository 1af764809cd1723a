"""All of numpy, with the functions that know units in place of numpy's (`import ranvier.numpy_ as np`)."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ranvier.units import functions as _functions
from ranvier.units.functions import *  # noqa: F403

RENAMED: Final[dict[str, str]] = {"trapz": "trapezoid", "in1d": "isin"}
"""Names that numpy no longer has, and what they are called now."""

__all__ = list(dict.fromkeys([*np.__all__, *_functions.__all__]))  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name.startswith("__") and name not in ("__version__", *np.__all__):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(np, name if hasattr(np, name) else RENAMED.get(name, name))


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(np)})
