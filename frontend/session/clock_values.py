"""What a clock tells: plain values that can also be indexed like variables (`clock.t[:]`)."""

from __future__ import annotations

from types import EllipsisType
from typing import Any

import numpy as np

from ranvier.units import Quantity, second

Whole = slice | EllipsisType | tuple[()]
"""An index that stands for all of one value."""


def _check(key: object) -> None:
    """Checks an index of one value.

    Raises:
        IndexError: If it stands for something else than the whole.
    """
    if key is not Ellipsis and key != () and key not in (0, slice(None)):
        raise IndexError(f"A clock has one time: [:] gives it, not [{key!r}].")


class StepNumber(int):
    """The number of a step."""

    def __getitem__(self, key: object) -> np.int64:
        """Returns the number; `key` is `:`, `...`, `()` or 0."""
        _check(key)
        return np.int64(self)


class Seconds(float):
    """A time in seconds."""

    def __getitem__(self, key: object) -> float:
        """Returns the time; `key` is `:`, `...`, `()` or 0."""
        _check(key)
        return float(self)


class Instant(Quantity):
    """A time."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        """Returns the time; `key` is `:`, `...`, `()` or 0."""
        if self.ndim:
            return super().__getitem__(key)
        _check(key)
        return Quantity(float(self), dim=second.dim)


def instant(seconds: float) -> Instant:
    """Returns a time that can be indexed."""
    result = np.asarray(seconds).view(Instant)
    result.dim = second.dim
    return result
