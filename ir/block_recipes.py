"""Arrays that are made from others from the first element to the last: several in one pass, block by block.

What several of them need (the order of hundreds of millions of synapses, what they reach) is then found once, and takes
no memory but for a block. Blocks do not depend on each other: threads make them side by side.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, TypeAlias, cast

import numpy as np

from ranvier.ir.part_recipes import KEYS, begins_of_parts, firsts_of, order_by_parts
from ranvier.ir.row_recipes import Allocate, Array, row_blocks
from ranvier.ir.slots import Recipe

KINDS = frozenset({"gather", "narrow", "records", "parts", "part_order"})
"""The kinds of arrays that are made like that."""
IN_PARTS = frozenset({"parts", "part_order"})
"""Those that look at whole rows: their first input says where these begin."""
BLOCK = 1 << 18
"""Elements that are treated together: what is known of them stays in the cache."""
WORTH = 1 << 21
"""As many elements are worth further threads."""

Part: TypeAlias = "int | Recipe"
Inputs: TypeAlias = Callable[[Part], Any]
"""Gives an input by its number, and what another recipe makes."""


@dataclass(frozen=True)
class Block:
    """Consecutive elements, and the rows that they fill, where rows are looked at."""

    begin: int
    end: int
    first: int = 0
    stop: int = 0


Memo: TypeAlias = dict["Elements", Array]
"""What has been found for a block."""


class Elements(ABC):
    """The elements of an array that has no memory, found block by block.

    Attributes:
        size: How many there are.
        dtype: Their type.
    """

    size: int
    dtype: np.dtype[Any]

    def read(self, block: Block, memo: Memo) -> Array:
        """Returns the elements of a block; who has them must not change them."""
        found = memo.get(self)
        if found is None:
            found = memo[self] = self._find(block, memo)
        return found

    def __getitem__(self, places: slice) -> Array:
        """Returns consecutive elements; of arrays that do not look at rows."""
        return self.read(Block(*places.indices(self.size)[:2]), {})

    def write(self, block: Block, memo: Memo, found: Array) -> None:
        """Writes the elements of a block into an array."""
        found[:] = self.read(block, memo)

    @abstractmethod
    def _find(self, block: Block, memo: Memo) -> Array: ...


class _Given(Elements):
    """Those of an array, or of something that gives slices."""

    def __init__(self, values: Any) -> None:
        self._values = values
        self.size, self.dtype = values.size, values.dtype

    def _find(self, block: Block, memo: Memo) -> Array:
        return self._values[block.begin : block.end]


class _Gathered(Elements):
    """The values in another order: element n is `values[order[n]]`."""

    def __init__(self, values: Any, order: Elements) -> None:
        self._values: Array = values if isinstance(values, np.ndarray) else values[:]
        self._order = order
        self.size, self.dtype = order.size, self._values.dtype

    def _find(self, block: Block, memo: Memo) -> Array:
        return np.take(self._values, self._order.read(block, memo), mode="clip")


class _Narrowed(Elements):
    """Numbers from 0 to 65535 in 16 bits, without sign."""

    def __init__(self, numbers: Elements) -> None:
        self._numbers = numbers
        self.size, self.dtype = numbers.size, np.dtype(np.uint16)

    def _find(self, block: Block, memo: Memo) -> Array:
        return self._numbers.read(block, memo).astype(np.uint16, copy=False)


class _InParts(Elements):
    """The places of the rows in the order of the parts, which stays the same within each part of a row."""

    def __init__(self, pointers: Array, numbers: Elements, threads: int, size: int, offset: int = 0) -> None:
        self._pointers, self._numbers = pointers, numbers
        self._threads, self._bounds = int(threads), firsts_of(size, threads)[1:-1] - offset
        self._within = _Within(self)
        self.size, self.dtype = int(pointers[-1]), np.dtype(np.int32)

    def within(self, block: Block, memo: Memo) -> Array:
        """Returns the places in the block."""
        return self._within.read(block, memo)

    def sort(self, block: Block, memo: Memo) -> Array:
        """Returns the places in the block, for `within`."""
        pointers, own = self._pointers[block.first : block.stop + 1], self._numbers.read(block, memo)
        return order_by_parts(pointers, own, self._threads, self._bounds)

    def write(self, block: Block, memo: Memo, found: Array) -> None:
        """Writes the places."""
        np.add(self.within(block, memo), block.begin, out=found, casting="unsafe")

    def _find(self, block: Block, memo: Memo) -> Array:
        found = np.empty(block.end - block.begin, self.dtype)
        self.write(block, memo, found)
        return found


class _Within(Elements):
    """The places in a block by which it is sorted by parts."""

    def __init__(self, order: _InParts) -> None:
        self._order = order

    def _find(self, block: Block, memo: Memo) -> Array:
        return self._order.sort(block, memo)


class _Sorted(Elements):
    """The values in the order of the parts."""

    def __init__(self, values: Elements, order: _InParts) -> None:
        self._values, self._order = values, order
        self.size, self.dtype = order.size, values.dtype

    def write(self, block: Block, memo: Memo, found: Array) -> None:
        """Writes the values, those of a long row piece by piece: it may have all synapses."""
        if found.size <= BLOCK:
            super().write(block, memo, found)
            return
        values, places = self._values.read(block, memo), self._order.within(block, memo)
        for begin in range(0, found.size, BLOCK):
            found[begin : begin + BLOCK] = values[places[begin : begin + BLOCK]]

    def _find(self, block: Block, memo: Memo) -> Array:
        return self._values.read(block, memo)[self._order.within(block, memo)]


Write: TypeAlias = Callable[[Block, Memo], None]


class Maker:
    """Makes arrays whose recipes look at the same rows, or at none.

    Args:
        inputs: Gives inputs.
        rows: What says where the rows begin; None where none are looked at.
    """

    def __init__(self, inputs: Inputs, rows: Part | None) -> None:
        self._inputs = inputs
        self._rows = rows
        self._found: dict[Part, Elements] = {}
        self._writes: dict[int, list[Write]] = {}  # by the number of elements
        self._sorts = 1

    def elements(self, part: Part) -> Elements:
        """Returns the elements of an input or of a recipe; the same ones for the same recipe."""
        if part not in self._found:
            self._found[part] = self._elements(part)
        return self._found[part]

    def _elements(self, part: Part) -> Elements:
        if isinstance(part, int):
            return _Given(self._inputs(part))
        kind, parts = part
        if kind == "narrow":
            return _Narrowed(self.elements(parts[0]))
        if kind == "part_order" and parts[0] == self._rows:
            threads, *sizes = map(self._inputs, parts[2:])
            self._sorts = max(self._sorts, int(threads))
            return _InParts(self._inputs(parts[0])[:], self.elements(parts[1]), threads, *sizes)
        if kind != "gather":
            return _Given(self._inputs(part))
        values, order = parts
        if isinstance(order, tuple) and order[0] == "part_order" and order[1][0] == self._rows:
            by_parts = self.elements(order)
            assert isinstance(by_parts, _InParts)
            return _Sorted(self.elements(values), by_parts)
        if isinstance(order, tuple) and order[0] == "gather":  # x[a[b]] is x[a][b]: b may stay within a block
            return self.elements(("gather", (("gather", (values, order[1][0])), order[1][1])))
        if isinstance(values, tuple) and values[0] == "gather":
            inner, first = values[1]  # x[a][b] is x[a[b]]: no x[a] is made
            return _Gathered(self._inputs(inner), _Gathered(self._inputs(first), self.elements(order)))
        return _Gathered(self._inputs(values), self.elements(order))

    def begin(self, recipe: Recipe, allocate: Allocate) -> Array:
        """Returns the array of a recipe, which `fill` fills."""
        kind, parts = recipe
        if kind == "parts":
            return self._begin_parts(parts, allocate)
        if kind == "records":
            return self._begin_records([self.elements(part) for part in parts], allocate)
        elements = self.elements(recipe)
        if kind == "narrow" and not isinstance(parts[0], tuple):
            numbers = cast("object", self._inputs(parts[0]))
            if isinstance(numbers, np.ndarray) and cast(Array, numbers).dtype == np.uint16:
                return cast(Array, numbers)
        is_wide = kind == "gather" and elements.dtype == np.uint16
        found = allocate(elements.size, np.dtype(np.int32) if is_wide else elements.dtype)

        def write(block: Block, memo: Memo) -> None:
            elements.write(block, memo, found[block.begin : block.end])

        self._writes.setdefault(elements.size, []).append(write)
        return found

    def _begin_parts(self, parts: Sequence[Part], allocate: Allocate) -> Array:
        pointers, numbers = self._inputs(parts[0])[:], self.elements(parts[1])
        threads, size, *offset = map(self._inputs, parts[2:])
        bounds = firsts_of(size, threads)[1:-1] - (offset[0] if offset else 0)
        found = allocate((pointers.size - 1) * int(threads) + 1, np.int64)
        found[-1] = pointers[-1]
        begins = found[:-1].reshape(-1, int(threads))

        def write(block: Block, memo: Memo) -> None:
            own = pointers[block.first : block.stop + 1]
            begins_of_parts(own, numbers.read(block, memo), bounds, begins[block.first : block.stop])

        self._writes.setdefault(int(pointers[-1]), []).append(write)
        return found

    def _begin_records(self, parts: Sequence[Elements], allocate: Allocate) -> Array:
        widths = [max(part.dtype.itemsize // 4, 1) for part in parts]
        size, words = parts[0].size, sum(widths)
        found = allocate(size * words, np.int32)
        records = found.reshape(size, words)

        def write(block: Block, memo: Memo) -> None:
            at = 0
            for part, width in zip(parts, widths, strict=True):
                own = np.ascontiguousarray(part.read(block, memo))
                if own.dtype == np.uint16:
                    own = own.astype(np.int32)
                count = block.end - block.begin
                records[block.begin : block.end, at : at + width] = own.view(np.int32).reshape(count, width)
                at += width

        self._writes.setdefault(size, []).append(write)
        return found

    def fill(self, workers: int) -> None:
        """Fills all arrays that were begun.

        Args:
            workers: As many threads do so, where there are many elements.
        """
        for size, writes in self._writes.items():
            blocks = list(self._blocks(size))
            if workers < 2 or size < WORTH or len(blocks) < 2:
                for block in blocks:
                    _write(writes, block)
            else:
                _write_side_by_side(writes, blocks, workers)
        self._writes.clear()

    def _blocks(self, size: int) -> Iterator[Block]:
        pointers = None if self._rows is None else self._inputs(self._rows)
        if pointers is None or size != pointers[-1]:  # such arrays look at no rows
            for begin in range(0, size, BLOCK):
                yield Block(begin, min(begin + BLOCK, size))
            return
        for first, stop in row_blocks(pointers, max(KEYS // self._sorts, 1), BLOCK):
            yield Block(int(pointers[first]), int(pointers[stop]), first, stop)


def _write(writes: Sequence[Write], block: Block) -> None:
    memo: Memo = {}
    for write in writes:
        write(block, memo)


def _write_side_by_side(writes: Sequence[Write], blocks: Sequence[Block], workers: int) -> None:
    from concurrent.futures import ThreadPoolExecutor  # late: only large networks need it

    pool = ThreadPoolExecutor(workers, "ranvier-arrays")
    try:
        for _ in pool.map(partial(_write, writes), blocks):
            pass
    finally:
        pool.shutdown(cancel_futures=True)


def make_in_blocks(recipes: Sequence[Recipe], inputs: Inputs, allocate: Allocate, workers: int = 1) -> list[Array]:
    """Returns the arrays of recipes of `KINDS`.

    Args:
        recipes: What is to be made.
        inputs: Gives inputs by their numbers, and what recipes of other kinds make.
        allocate: Makes an array of zeros.
        workers: The number of threads that do the work.
    """
    makers: dict[Part | None, Maker] = {}
    found: list[Array] = []
    for recipe in recipes:
        rows = next(chain(_rows_of(recipe), *(_rows_of(other) for other in recipes if _is_within(recipe, other))), None)
        if rows not in makers:
            makers[rows] = Maker(inputs, rows)
        found.append(makers[rows].begin(recipe, allocate))
    for maker in makers.values():
        maker.fill(workers)
    return found


def _rows_of(recipe: Recipe) -> Iterator[Part]:
    """Yields what says where the rows begin that a recipe looks at."""
    kind, parts = recipe
    if kind in IN_PARTS:
        yield parts[0]
    for part in parts:
        if isinstance(part, tuple):
            yield from _rows_of(part)


def _is_within(recipe: Recipe, other: Recipe) -> bool:
    return any(part == recipe or (isinstance(part, tuple) and _is_within(recipe, part)) for part in other[1])


__all__ = ["KINDS", "Elements", "Maker", "make_in_blocks"]
