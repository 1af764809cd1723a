"""Which of the sets a call does, of several that share the work of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from ranvier.session.given import is_a


@dataclass(frozen=True)
class Share:
    """The sets that a call does, of several that share the work: k, k + n, k + 2n, ...

    Attributes:
        k: The number of the share, from 0.
        n: The number of shares.
    """

    k: int = 0
    n: int = 1

    def of(self, number: int) -> range:
        """Returns the sets of so many that are in it."""
        return range(self.k, number, self.n)

    def has(self, k: int) -> bool:
        """Tells whether a set is in it."""
        return k % self.n == self.k


WHOLE = Share()
"""All sets."""


def share_of(part: object, out: object) -> Share:
    """Returns the share that the argument `part` asks for.

    Raises:
        TypeError: If it is no pair of whole numbers.
        ValueError: If there is no such share, or no directory where the shares come together.
    """
    if part is None:
        return WHOLE
    pair = cast("Sequence[object]", part) if is_a(part, (tuple, list)) else ()
    if len(pair) != 2 or not all(is_a(each, (int, np.integer)) and not is_a(each, bool) for each in pair):
        raise TypeError(f"part is (k, n): the k-th of n parts, counted from 0, such as part=(0, 10), not {part!r}.")
    k, n = (int(cast(int, each)) for each in pair)
    if not 0 <= k < n:
        raise ValueError(f"There is no part {k} of {n}: parts are counted from 0 to {n - 1}.")
    if out is None:
        raise ValueError("The parts of a sweep come together in a directory: say out='directory/' with part=(k, n).")
    return Share(k, n)
