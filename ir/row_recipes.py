"""Arrays that are made from the rows of a pathway before a run; see `ranvier.ir.recipes` and `ranvier.ir.arrivals`.

`targets` are the elements at which the synapses end, in the order of the rows; `size` and `offset` say that they are
numbers below size - offset.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Allocate: TypeAlias = Callable[[int, npt.DTypeLike], Array]

BLOCK = 1 << 19
"""Elements that are treated together, so that temporaries stay small."""


def width_of(size: int, multiple: int) -> int:
    """Returns a size rounded up to a multiple."""
    return -(-size // multiple) * multiple


def row_blocks(pointers: Array, most: int, synapses: int = BLOCK) -> Iterator[tuple[int, int]]:
    """Yields consecutive blocks of rows: at most so many rows, and (but for single rows) so many synapses."""
    first, count = 0, pointers.size - 1
    while first < count:
        stop = int(np.searchsorted(pointers, int(pointers[first]) + synapses, side="right")) - 1
        stop = min(max(stop, first + 1), first + most, count)
        yield first, stop
        first = stop


def bits(allocate: Allocate, pointers: Array, targets: Array, size: int, offset: int = 0) -> Array:
    """Returns a bit for each row and element: whether the row has a synapse to it. Rows have whole 512 bits; a row of
    zeros ends them.

    Raises:
        ValueError: Two synapses of a row end at one element.
    """
    width = width_of(int(size) - int(offset), 512)
    words = allocate(pointers.size * (width // 64), np.int64)
    octets = words.view(np.uint8).reshape(pointers.size, width // 8)
    for first, stop in row_blocks(pointers, max(BLOCK // max(width, 1), 1)):
        begin, end = int(pointers[first]), int(pointers[stop])
        is_set = np.zeros((stop - first) * width, dtype=np.bool_)
        rows = np.repeat(np.arange(stop - first, dtype=np.int64) * width, np.diff(pointers[first : stop + 1]))
        is_set[rows + targets[begin:end]] = True
        if int(np.count_nonzero(is_set)) != end - begin:
            raise ValueError("two synapses between the same two neurons cannot be one bit")
        octets[first:stop] = np.packbits(is_set, bitorder="little").reshape(stop - first, width // 8)
    return words


def flat(allocate: Allocate, pointers: Array, delays: Array, targets: Array, size: int, offset: int = 0) -> Array:
    """Returns for each place of the rows where in a ring it is added to, counted from the present slot: delay*M +
    target.

    Raises:
        ValueError: The ring has more elements than there are numbers of 32 bits.
    """
    width, number = width_of(int(size) - int(offset), 64), delays.size
    if (int(delays.max(initial=0)) + 1) * width >= 1 << 31:
        raise ValueError("delays are too long for a ring of sums; choose another layout of synapses")
    found = allocate(targets.size, np.int32)
    for first, stop in row_blocks(pointers, BLOCK):
        begin, end = int(pointers[first]), int(pointers[stop])
        starts = delays[np.arange(first, stop) % number] * width
        found[begin:end] = np.repeat(starts, np.diff(pointers[first : stop + 1])) + targets[begin:end]
    return found


def sort_rows(allocate: Allocate, pointers: Array, targets: Array) -> Array:
    """Returns the places of the rows, those of each row sorted by their targets; equal targets stay in their order."""
    found = allocate(targets.size, np.int32)
    for first, stop in row_blocks(pointers, targets.size + pointers.size):
        begin, end = int(pointers[first]), int(pointers[stop])
        rows = np.repeat(np.arange(stop - first), np.diff(pointers[first : stop + 1]))
        found[begin:end] = begin + np.lexsort((targets[begin:end], rows))
    return found


def order(allocate: Allocate, numbers: Array) -> Array:
    """Returns the places of some numbers in ascending order of these; equal ones stay in their order."""
    found = allocate(numbers.size, np.int32)
    found[:] = np.argsort(numbers[:], kind="stable")  # [:]: some have no memory before they are read
    return found


def levels(allocate: Allocate, parents: Array) -> Array:
    """Returns the nodes of a tree by their distance from the root, and the children of each.

    Args:
        allocate: Makes the array.
        parents: The parent of each node, which has a smaller number; that of node 0 means nothing.

    Returns:
        The number of levels L; L + 1 places at which the nodes of each level begin; the N nodes, level by level; N + 1
        places at which the children of each node begin; the N - 1 children, ascending for each node.
    """
    size = parents.size
    depth = np.zeros(size, np.int64)
    for k in range(1, size):
        depth[k] = depth[parents[k]] + 1
    number = int(depth.max(initial=0)) + 1
    begins = np.cumsum(np.bincount(depth, minlength=number))
    above = parents[1:].astype(np.int64)
    children = np.argsort(above, kind="stable") + 1
    child_begins = np.cumsum(np.bincount(above, minlength=size))
    parts = ([number, 0], begins, np.argsort(depth, kind="stable"), [0], child_begins, children)
    found = np.concatenate([np.asarray(part, np.int64) for part in parts])
    made = allocate(found.size, np.int32)
    made[:] = found
    return made


def starts(allocate: Allocate, numbers: Array, size: int) -> Array:
    """Returns for each number below a size, and for the size, how many numbers are smaller."""
    found = allocate(int(size) + 1, np.int64)
    found[1:] = np.cumsum(np.bincount(numbers[:], minlength=int(size))[: int(size)])
    return found


def ring(
    allocate: Allocate,
    pointers: Array,
    delays: Array,
    indices: Array,
    counts: Array,
    position: Array,
    places: Array,
    addends: Array,
    size: int,
    offset: int = 0,
) -> Array:
    """Returns the sums that wait in a ring, from the spikes that are on their way.

    Args:
        allocate: Makes the array.
        pointers: Of the rows.
        delays: In steps.
        indices: The spikes of the last steps.
        counts: Their numbers.
        position: The step that comes next.
        places: As `flat` gives them.
        addends: What each synapse adds, in the order of the rows.
        size: Number of elements.
        offset: Less this.
    """
    given = (pointers, delays, indices, counts, position, places, addends, size, offset)
    return _rings(allocate, 1, given, alike=False)


def ring_each(allocate: Allocate, instances: int, *given: Any) -> Array:
    """Returns the sums of several instances side by side, from their spikes in one list: numbers i*B + b.

    Args:
        allocate: Makes the array.
        instances: How many there are.
        given: As for `ring`; addends are those of all instances, or of each.
    """
    return _rings(allocate, int(instances), given, alike=False)


def ring_alike(allocate: Allocate, instances: int, *given: Any) -> Array:
    """Returns the sums of several instances side by side, where each has the same spikes; see `ring_each`."""
    return _rings(allocate, int(instances), given, alike=True)


def _rings(allocate: Allocate, instances: int, given: Sequence[Any], *, alike: bool) -> Array:
    """Returns sums with an element of each instance where one has one."""
    pointers, delays, indices, counts, position, places, addends, *sizes = given
    size, offset = int(sizes[0]), int(sizes[1]) if len(sizes) > 1 else 0
    width, length, now = width_of(size - offset, 64), counts.size, int(position[0])
    found = allocate(length * width * instances, addends.dtype)
    sums = found.reshape(length * width, instances)
    own = addends.reshape(places.size, addends.size // max(places.size, 1))
    extent = indices.size // length
    for step in range(max(now - length + 1, 0), now):
        slot = step % length
        for number in indices[slot * extent : slot * extent + int(counts[slot])].tolist():
            element, lane = (number, slice(None)) if alike else divmod(number, instances)
            begin, end = (int(pointers[e * delays.size]) for e in (element, element + 1))
            where = places[begin:end]
            late = where >= (now - step) * width
            values = own[begin:end][late]
            if not alike:
                values = values[:, lane if values.shape[1] > 1 else 0]
            at = (slot * width + where[late].astype(np.int64)) % (length * width)
            np.add.at(sums if alike else sums[:, lane], at, values)
    return found
