"""Which synapses an index means: `S.w[i, j]`, `S.w['i == j']`, `S[0, :]`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeGuard, cast

import numpy as np

from ranvier.objects.connections.connected import Connected
from ranvier.objects.groups.group import Group
from ranvier.objects.groups.subgroup import SpikeSource
from ranvier.objects.memory.arrays import Array
from ranvier.objects.variables.indexing import resolve_item, stands_for_elements
from ranvier.objects.variables.variables import ArrayVariable, ElementOwner
from ranvier.public import public_in

ALL = slice(None)


@public_in("ranvier.synapses.synapses")
class SynapticSubgroup:
    """Some of the synapses of an object, as an index of its variables; it is valid until synapses are added.

    Args:
        synapses: The synapses.
        numbers: Their numbers; of no dimension for a single one.

    Attributes:
        synapses: The synapses.
    """

    def __init__(self, synapses: Connected, numbers: Array) -> None:
        self.synapses = synapses
        self._numbers = numbers
        self._version = synapses.version

    def __len__(self) -> int:
        if not self._numbers.ndim:
            raise TypeError("len() of unsized object")
        return int(self._numbers.size)

    def element_indices(self, group: Any) -> Array:
        """Returns the numbers of the synapses.

        Raises:
            TypeError: If the index belongs to other synapses.
            RuntimeError: If synapses have been added since.
        """
        if group is not self.synapses:
            raise TypeError(f"This is an index of '{self.synapses.name}' and cannot be one of '{group.name}'.")
        if self._version != self.synapses.version:
            raise RuntimeError(
                f"Synapses have been added to '{self.synapses.name}' since this index was made: make it anew."
            )
        return self._numbers

    def __repr__(self) -> str:
        return f"<SynapticSubgroup, storing {self._numbers.size} indices of {self.synapses.name}>"


def synapse_numbers(synapses: Connected, item: object, names: Callable[[], Mapping[str, object]]) -> Array:
    """Returns the numbers of the synapses that an index means, in the order of their creation.

    Args:
        synapses: The synapses.
        item: A number, slice, array, condition, or several: presynaptic elements, postsynaptic elements, and numbers
            among the synapses of the same pair.
        names: Gives the names of the script, for conditions.

    Raises:
        IndexError: If there are too many indices, an element does not exist, or something is no index.
    """
    parts: list[object] = list(cast(tuple[object, ...], item)) if isinstance(item, tuple) else [item]
    if len(parts) == 1:
        return _of_one_index(synapses, parts[0], names)
    if len(parts) > 3:
        raise IndexError(f"Need 1, 2 or 3 indices: presynaptic, postsynaptic, multisynaptic; got {len(parts)}.")
    found = _of_pair(synapses, parts[0], parts[1])
    if found is None:
        found = _of_source(synapses, parts[0])
        found = _kept(found, synapses.connections.targets.readable, parts[1], synapses.target)
    if len(parts) == 3:
        name = synapses.multisynaptic_index
        if name is None:
            raise IndexError(
                f"A third index needs the numbers of synapses of the same pair: create '{synapses.name}' with "
                "multisynaptic_index='k'."
            )
        variable = synapses.variables[name]
        assert isinstance(variable, ArrayVariable)
        numbers = variable.storage.take(slice(None))
        found = _kept(found, numbers, parts[2], None)
    return found


def _of_one_index(synapses: Connected, item: object, names: Callable[[], Mapping[str, object]]) -> Array:
    if isinstance(item, str) or stands_for_elements(item):
        return resolve_item(synapses, item, names)
    try:
        return resolve_item(synapses, item, names)
    except TypeError as error:
        raise IndexError(
            f"Synapses are chosen by whole numbers, slices, arrays, conditions or several of them, not by {item!r} "
            f"of type {type(item).__name__}."
        ) from error


def _of_pair(synapses: Connected, i: object, j: object) -> Array | None:
    """Returns the synapses of two neurons, without a look at all others; None if that is not possible."""
    if not (_is_number(i) and _is_number(j)):
        return None
    sources, targets = synapses.connections.sources, synapses.connections.targets
    if sources.pointers is not None:
        if not 0 <= i < sources.pointers.size - 1:
            return np.zeros(0, dtype=np.int64)
        start, stop = int(sources.pointers[i]), int(sources.pointers[i + 1])
        return start + np.flatnonzero(targets.readable[start:stop] == j)
    if not targets.is_sorted:
        return None
    start, stop = targets.range_of(int(j))
    return start + np.flatnonzero(sources.array[start:stop] == i)


def _is_number(item: object) -> TypeGuard[int]:
    return isinstance(item, int | np.integer) and not isinstance(item, bool)


def _of_source(synapses: Connected, item: Any) -> Array | None:
    """Returns the synapses of some presynaptic elements; None for all."""
    if isinstance(item, slice) and item == ALL:
        return None
    pointers = synapses.connections.sources.pointers
    if pointers is None:
        return _chosen(synapses.connections.sources.array, item, synapses.source)
    chosen = _chosen(np.arange(pointers.size - 1), item, synapses.source)
    assert chosen is not None
    counts = pointers[chosen + 1] - pointers[chosen]
    ends = np.cumsum(counts)
    return np.arange(int(counts.sum())) + np.repeat(pointers[chosen] - (ends - counts), counts)


def _kept(found: Array | None, ends: Array, item: object, group: ElementOwner | None) -> Array:
    if found is None:
        chosen = _chosen(ends, item, group)
        return np.arange(ends.size) if chosen is None else chosen
    chosen = _chosen(ends[found], item, group)
    return found if chosen is None else found[chosen]


def _chosen(ends: Array, item: Any, group: ElementOwner | None) -> Array | None:
    """Positions of the values that an index means; None for all."""
    if isinstance(item, slice) and item == ALL:
        return None
    if isinstance(item, slice):
        size = int(ends.max(initial=-1)) + 1 if group is None else group.element_count
        start, stop, step = item.indices(size)
        if step < 0:
            start, stop, step = start + (len(range(start, stop, step)) - 1) * step, start + 1, -step
        return np.flatnonzero((ends >= start) & (ends < stop) & ((ends - start) % step == 0))
    wanted = np.asarray(element_numbers(item, group))
    if wanted.dtype.kind == "b" and wanted.ndim:
        wanted = np.flatnonzero(wanted)
    if wanted.size and wanted.dtype.kind not in "iu":
        raise TypeError(f"Synapses are found by integer indices, not by {item!r}.")
    return np.flatnonzero(ends == wanted) if wanted.ndim == 0 else np.flatnonzero(np.isin(ends, wanted))


def element_numbers(item: object, group: Any) -> Any:
    """Returns the elements that a group used as an index stands for, numbered as in `group`; other things unchanged.

    Raises:
        TypeError: If it is part of another group.
    """
    if isinstance(item, SpikeSource) and isinstance(item, Group):
        if group is None or item.holder() is not group.holder():
            raise TypeError(f"'{item.name}' cannot be an index here: it is no part of the group that is connected.")
        return np.arange(item.start, item.stop) - group.extent[0]
    if stands_for_elements(item):
        return item.element_indices(group)
    return item
