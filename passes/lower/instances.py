"""Lowers sweeps of several instances side by side: loops over the elements and, within, over the instances."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import i64
from xdsl.ir import Block, Operation, SSAValue

from ranvier.ir.lanes import InstanceOp
from ranvier.ir.neurons import MapOp, ThresholdOp, region_of
from ranvier.ir.scalars import GatherOp, RandomOp
from ranvier.ir.slots import ROWS, SEVERAL, TILE, TOGETHER, Sharing
from ranvier.passes.facts.scalars import is_inside
from ranvier.passes.lower.draws import can_fill, fill_tile, kind_of, sharing_of
from ranvier.passes.lower.scopes import Kernel
from ranvier.passes.lower.tiles import tiles
from ranvier.passes.lower.writer import Writer

Element: TypeAlias = Callable[[SSAValue, SSAValue], None]
"""Writes the code of one element, given its number and its number in its tile."""


def instances_of(op: Operation) -> list[InstanceOp]:
    """Returns the ops that say which element and which instance the own number of a sweep is."""
    block = region_of(op)
    return [
        inner
        for inner in block.ops
        if isinstance(inner, InstanceOp)
        and inner.number is block.args[0]
        and (isinstance(inner.instances.owner, Block) or inner.instances.owner.parent_block() is not block)
    ]


def sweep_instances(kernel: Kernel, op: MapOp | ThresholdOp, splits: Sequence[InstanceOp], element: Element) -> None:
    """Writes the loops over the elements and, within, over the instances: the inner one vectorises."""
    sweep = _Sweep(kernel, op, splits, element)
    if sweep.own or sweep.common:
        sweep.write_with_draws()
        return
    with kernel.writer.loop(sweep.rows) as row:
        sweep.write_row(row.index)


class _Sweep:
    """A sweep of several instances.

    Attributes:
        own: The draws of which each instance has its own, with the arrays of their keys.
        common: The draws that are the same for all instances.
        rows: The number of elements of an instance.
    """

    def __init__(self, kernel: Kernel, op: MapOp | ThresholdOp, splits: Sequence[InstanceOp], element: Element) -> None:
        self.kernel, self.op, self.splits, self.element = kernel, op, splits, element
        self.writer = kernel.writer
        self.instances = kernel.value(splits[0].instances)
        self.rows = self.writer.binary(arith.DivUIOp, kernel.value(op.size), self.instances)
        self.common, self.own = self._draws()

    def write_row(self, row: SSAValue) -> None:
        """Writes the loop over the instances of one element."""
        first = self.writer.mul(row, self.instances)
        with self.writer.loop(self.instances) as lane:
            self._bind(row, lane.index)
            index = self.writer.add(first, lane.index)
            self.element(index, index)

    def write_with_draws(self) -> None:
        """Writes the loops, by tiles: of these, numbers that instances have in common are made first."""
        w = self.writer
        with w.loop(self.rows, step=TILE) as tile:
            here = w.binary(arith.MinSIOp, w.sub(self.rows, tile.index), w.constant(TILE))
            drawn = [fill_tile(self.kernel, draw, tile.index, here, self._size()) for draw in self.common]
            if self.own:
                self._write_groups(tile.index, here, drawn)
            else:
                with w.loop(here) as element:
                    self._bind_common(drawn, element.index)
                    self.write_row(w.add(tile.index, element.index))

    def _write_groups(self, tile: SSAValue, here: SSAValue, drawn: Sequence[SSAValue]) -> None:
        """Writes the loops of a tile such that elements whose numbers are made from the same bits follow each other.

        Of several columns, numbers are made for fewer instances at a time, so that a buffer holds those of `SEVERAL`.

        Args:
            tile: The first element of the tile.
            here: The number of its elements.
            drawn: The random numbers that all instances have in common, for the tile.
        """
        w, bands = self.writer, Bands.of([sharing_of(each.draw) for each in self.own])
        with w.loop(here, step=bands.group) as group:
            behind = w.binary(arith.MinSIOp, w.sub(here, group.index), w.constant(bands.group))
            columns = w.binary(arith.MinSIOp, behind, w.constant(bands.row))
            are_few = w.compare("slt", columns, w.constant(SEVERAL))
            lanes = w.select(are_few, w.constant(bands.lanes), w.constant(bands.lanes // SEVERAL))
            with tiles(w, self.instances, most=lanes) as part:
                apart = w.round_up(part.length, TOGETHER)
                fitting = w.binary(arith.DivUIOp, w.constant(ROWS // bands.words), apart)
                whole = w.binary(arith.AndIOp, fitting, w.constant(-SEVERAL))
                most = w.binary(arith.MinSIOp, w.select(are_few, fitting, whole), w.constant(bands.row))
                times = w.binary(arith.DivUIOp, w.add(columns, w.sub(most, w.constant(1))), most)
                with w.loop(times) as time:
                    start = w.mul(time.index, most)
                    blocks = w.binary(arith.MinSIOp, most, w.sub(columns, start))
                    left, first = w.sub(behind, start), w.add(group.index, start)
                    batch = _Batch(part.start, part.length, w.add(tile, first), blocks, left, most, apart)
                    buffers = [each.fill(self.kernel, bands, batch) for each in self.own]
                    self._write_batch(bands, batch, first, drawn, buffers)

    def _write_batch(
        self, bands: Bands, batch: _Batch, first: SSAValue, drawn: Sequence[SSAValue], buffers: Sequence[SSAValue]
    ) -> None:
        """Writes the loops over the elements of a batch, and over its instances.

        Args:
            bands: How elements share random bits.
            batch: The batch.
            first: Its first element, from the beginning of the tile.
            drawn: The random numbers that all instances have in common, for the tile.
            buffers: Those that each has its own of.
        """
        w, kernel = self.writer, self.kernel
        words = w.binary(arith.DivUIOp, w.add(batch.left, w.constant(bands.row - 1)), w.constant(bands.row))
        with w.loop(words) as word:
            passed = w.mul(word.index, w.constant(bands.row))
            columns = w.binary(arith.MinSIOp, batch.blocks, w.sub(batch.left, passed))
            with w.loop(columns) as column:
                behind = w.add(passed, column.index)
                self._bind_common(drawn, w.add(first, behind))
                row = w.add(batch.element, behind)
                starts = [w.mul(each.row(w, bands, batch, word.index, column.index), batch.apart) for each in self.own]
                index = w.add(w.mul(row, self.instances), batch.instance)
                with w.loop(batch.count) as lane:
                    self._bind(row, w.add(batch.instance, lane.index))
                    for own, buffer, start in zip(self.own, buffers, starts, strict=True):
                        kernel.bind(own.draw.value, w.load(buffer, w.add(start, lane.index)))
                    here = w.add(index, lane.index)
                    self.element(here, here)

    def _bind_common(self, drawn: Sequence[SSAValue], element: SSAValue) -> None:
        """Binds the numbers that all instances have in common, of an element of the tile."""
        for draw, buffer in zip(self.common, drawn, strict=True):
            self.kernel.bind(draw.value, self.writer.load(buffer, element))

    def _bind(self, row: SSAValue, instance: SSAValue) -> None:
        for split in self.splits:
            self.kernel.bind(split.element, row)
            self.kernel.bind(split.instance, instance)

    def _draws(self) -> tuple[list[RandomOp], list[_OwnDraw]]:
        block = region_of(self.op)
        common, own = list[RandomOp](), list[_OwnDraw]()
        for draw in block.ops:
            if not isinstance(draw, RandomOp) or not can_fill(draw) or is_inside(draw.step, block):
                continue
            if not any(draw.element is split.element for split in self.splits):
                continue
            if not is_inside(draw.key, block):
                common.append(draw)
            elif (keys := self._keys(draw, block)) is not None:
                own.append(_OwnDraw(draw, keys))
        return common, own

    def _keys(self, draw: RandomOp, block: Block) -> SSAValue | None:
        """Returns the array of the keys of all instances that a draw takes its key from."""
        gather = draw.key.owner
        if not isinstance(gather, GatherOp) or is_inside(gather.array, block):
            return None
        return gather.array if any(gather.index is split.instance for split in self.splits) else None

    def _size(self) -> SSAValue | None:
        """Returns the number of elements of an instance, if it is known before the loop."""
        product = self.op.size.owner
        if not isinstance(product, arith.MuliOp) or product.rhs is not self.splits[0].instances:
            return None
        return product.lhs


@dataclass(frozen=True)
class Bands:
    """How a group of elements is walked through, so that no random bits are made twice.

    Element ``row * word + column`` of a group stands in a column; its numbers share bits with others of that column.

    Attributes:
        row: How many columns there are: so many elements in a row have bits of their own, of all kinds of numbers.
        words: How many elements stand in a column.
    """

    row: int
    words: int

    @classmethod
    def of(cls, sharings: Sequence[Sharing]) -> Bands:
        """Returns the bands for several kinds of random numbers."""
        row = min(each.neighbours for each in sharings)
        return cls(row, max(each.group for each in sharings) // row)

    @property
    def group(self) -> int:
        """How many elements there are."""
        return self.row * self.words

    @property
    def lanes(self) -> int:
        """How many instances are computed side by side at most: numbers of a column fit a buffer."""
        return min(TILE, ROWS // self.words)


@dataclass(frozen=True, eq=False)
class _Batch:
    """Columns of a group, for some instances: numbers of these are made at once.

    Attributes:
        instance: The first instance.
        count: The number of instances.
        element: The element that is the first of the first column.
        blocks: The number of columns.
        left: The number of elements of the group from `element` on.
        most: The number of columns that buffers have room for.
        apart: How far apart the rows of a buffer are.
    """

    instance: SSAValue
    count: SSAValue
    element: SSAValue
    blocks: SSAValue
    left: SSAValue
    most: SSAValue
    apart: SSAValue


@dataclass(frozen=True, eq=False)
class _OwnDraw:
    """A draw of which each instance has its own, and the array of their keys."""

    draw: RandomOp
    keys: SSAValue

    def fill(self, kernel: Kernel, bands: Bands, batch: _Batch) -> SSAValue:
        """Writes the calls that fill a buffer with the numbers of a batch; returns the buffer, see `row`."""
        w, sharing = kernel.writer, sharing_of(self.draw)
        buffer = w.alloca(self.draw.value.type, ROWS)
        size = w.mul(w.mul(batch.most, batch.apart), w.constant(sharing.values))
        groups = range(0, bands.group, sharing.group)
        begins = [group + column for group in groups for column in range(0, sharing.neighbours, bands.row)]
        for number, begin in enumerate(begins):
            left = w.sub(batch.left, w.constant(begin))
            place = w.mul(size, w.constant(number))
            if not number:
                self._fill_blocks(kernel, buffer, batch, batch.element, left, place)
                continue
            with w.when(w.compare("sgt", left, w.constant(0))):
                self._fill_blocks(kernel, buffer, batch, w.add(batch.element, w.constant(begin)), left, place)
        return buffer

    def row(self, w: Writer, bands: Bands, batch: _Batch, word: SSAValue, column: SSAValue) -> SSAValue:
        """Returns in which row of the buffer the numbers of an element stand.

        Args:
            w: Writes.
            bands: How elements share random bits.
            batch: The batch.
            word: The number of the element in its column.
            column: The column.
        """
        sharing = sharing_of(self.draw)
        parts, values = w.constant(sharing.neighbours // bands.row), w.constant(sharing.values)
        part, block_word = w.binary(arith.RemUIOp, word, parts), w.binary(arith.DivUIOp, word, parts)
        value, group = w.binary(arith.RemUIOp, block_word, values), w.binary(arith.DivUIOp, block_word, values)
        call = w.add(w.mul(group, parts), part)
        return w.add(w.mul(w.add(w.mul(call, batch.most), column), values), value)

    def _fill_blocks(
        self, kernel: Kernel, buffer: SSAValue, batch: _Batch, element: SSAValue, left: SSAValue, begin: SSAValue
    ) -> None:
        """Writes the call that makes the numbers of the blocks from that of an element on: all, or their first ones.

        Args:
            kernel: The function that is written.
            buffer: Receives the numbers.
            batch: The batch.
            element: The first element.
            left: The number of elements of the group from there on.
            begin: Where in the buffer the numbers begin.
        """
        w, draw, kind = kernel.writer, self.draw, kind_of(self.draw)
        stream = w.constant(draw.stream.value.data, i64)
        numbers = [w.cast(value, i64) for value in (element, batch.count, batch.blocks, batch.apart, begin)]
        place = [w.cast(batch.instance, i64), kernel.value(draw.step), stream, *numbers]
        tables = [kernel.array(value) for value in draw.arguments]
        arguments = [w.unsized(buffer), kernel.array(self.keys), *place, *tables]
        one, all_ = Block(), Block()
        for block, name in ((one, f"rv.row_{kind}"), (all_, f"rv.rows_{kind}")):
            kernel.declare(name, [value.type for value in arguments], [])
            with w.inside(block):
                w.call(name, arguments)
                w.op(scf.YieldOp, [])
        w.branch(w.compare("sle", left, w.constant(sharing_of(draw).neighbours)), one, all_)
