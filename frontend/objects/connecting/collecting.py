"""The synapses that a call of `connect` makes, gathered block by block in memory that they can keep."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ranvier.objects.connections.ends import SourceStorage
from ranvier.objects.memory.arrays import Array, DType, new_memory

Pairs = tuple[Array, Array]
"""Presynaptic and postsynaptic elements."""

MOST = 2**31 - 1
"""Synapses that one object can have."""


@dataclass(frozen=True)
class Ends:
    """The ends of new synapses.

    Attributes:
        targets: The postsynaptic element of each.
        pointers: int64, the first synapse of each presynaptic element and one more; None if they are not sorted.
        sources: int32, the presynaptic element of each; None if they are sorted.
    """

    targets: Array
    pointers: Array | None
    sources: Array | None

    @property
    def size(self) -> int:
        """Number of synapses."""
        return int(self.targets.size)


def collected(blocks: Iterable[Pairs], name: str, elements: int, width: DType, expected: int, present: int) -> Ends:
    """Puts blocks behind one another; sorted presynaptic elements are only counted.

    Args:
        blocks: Pairs of elements.
        name: Name of the synapses.
        elements: Number of presynaptic elements.
        width: Type of the numbers of postsynaptic elements.
        expected: How many pairs there will be, at a guess.
        present: Number of synapses that are there already.

    Raises:
        ValueError: If there are too many.
        MemoryError: If there is not enough memory for them.
    """
    collector = _Collector(name, elements, expected, width)
    for i, j in blocks:
        check_number(present + collector.targets.size + i.size, name)
        if i.size:
            collector.append(i, j)
    return collector.ends()


class _Collector:
    def __init__(self, name: str, elements: int, expected: int, width: DType) -> None:
        self.name = name
        self.targets = _Growing(f"{name}.j", expected, width)
        self._sources: _Growing | None = None
        self._counts: Array = np.zeros(elements, dtype=np.int64)
        self._last = 0
        self._expected = expected

    def append(self, i: Array, j: Array) -> None:
        self.targets.append(j)
        first, last = int(i[0]), int(i[-1])
        if self._sources is None and first >= self._last and bool((i[1:] >= i[:-1]).all()):
            self._counts[first : last + 1] += np.bincount(i - i[0], minlength=last + 1 - first)
            self._last = last
            return
        if self._sources is None:
            self._sources = _Growing(f"{self.name}.i", max(self._expected, self.targets.size), np.dtype(np.int32))
            before = SourceStorage("", self._counts.size)
            before.set_pointers(self._pointers())
            self._sources.append(before.array)
        self._sources.append(i)

    def ends(self) -> Ends:
        if self._sources is None:
            return Ends(self.targets.array, self._pointers(), None)
        return Ends(self.targets.array, None, self._sources.array)

    def _pointers(self) -> Array:
        return np.concatenate([[0], np.cumsum(self._counts)])


class _Growing:
    """An array that grows at its end; memory that is not used yet costs nothing.

    Args:
        label: What it is for.
        expected: How many elements there will be, at a guess.
        dtype: Their type.
    """

    def __init__(self, label: str, expected: int, dtype: DType) -> None:
        self.label = label
        self.size = 0
        self._memory: Array = new_memory(label, expected, dtype)

    @property
    def array(self) -> Array:
        return self._memory[: self.size]

    def append(self, values: Array) -> None:
        size = self.size + values.size
        if size > self._memory.size:
            larger = new_memory(self.label, size if not self.size else size + size // 2, self._memory.dtype)
            larger[: self.size] = self.array
            self._memory = larger
        self._memory[self.size : size] = values
        self.size = size


def check_number(total: int, name: str) -> None:
    """Checks that synapses are not too many for one object.

    Raises:
        ValueError: If they are.
    """
    if total > MOST:
        raise ValueError(
            f"'{name}' would have more than {MOST} synapses, the most that one object can have: divide the groups into "
            "subgroups and connect them by several Synapses."
        )
