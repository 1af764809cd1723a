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
from ranvier.ir.slots import SHARING, TILE
from ranvier.passes.facts.scalars import is_inside
from ranvier.passes.lower.draws import can_fill, fill_tile, kind_of, sharing_of
from ranvier.passes.lower.scopes import Kernel
from ranvier.passes.lower.tiles import tiles

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
        self.common, own = self._draws()
        # kinds of numbers share their blocks with other elements: the first kind decides, others wait
        self.sharing = sharing_of(own[0].draw) if own else SHARING["uniform.f64"]
        self.own = [each for each in own if sharing_of(each.draw) == self.sharing]

    def write_row(self, row: SSAValue) -> None:
        """Writes the loop over the instances of one element."""
        first = self.writer.mul(row, self.instances)
        with self.writer.loop(self.instances) as lane:
            self._bind(row, lane.index)
            index = self.writer.add(first, lane.index)
            self.element(index, index)

    def write_with_draws(self) -> None:
        """Writes the loops such that elements whose random numbers are made from the same bits follow each other."""
        w, size = self.writer, self.sharing.group
        apart = w.constant(self.sharing.neighbours)
        with w.loop(self.rows, step=TILE) as tile:
            here = w.binary(arith.MinSIOp, w.sub(self.rows, tile.index), w.constant(TILE))
            drawn = [fill_tile(self.kernel, draw, tile.index, here, self._size()) for draw in self.common]
            with w.loop(here, step=size) as group:
                behind = w.binary(arith.MinSIOp, w.sub(here, group.index), w.constant(size))
                with w.loop(w.binary(arith.MinSIOp, behind, apart)) as block:
                    others = w.add(w.sub(behind, block.index), w.constant(self.sharing.neighbours - 1))
                    number = w.binary(arith.DivUIOp, others, apart)
                    self._write_block(tile.index, w.add(group.index, block.index), number, drawn)

    def _write_block(self, tile: SSAValue, block: SSAValue, number: SSAValue, drawn: Sequence[SSAValue]) -> None:
        """Writes the loops over the elements that share random bits, for some instances after the other.

        Args:
            tile: The first element of the tile.
            block: The number of the first of the elements in the tile.
            number: The number of elements.
            drawn: The random numbers that all instances have in common, for the tile.
        """
        w, kernel = self.writer, self.kernel
        with tiles(w, self.instances) as part:
            buffers = [each.fill(kernel, part.start, w.add(tile, block), number, part.length) for each in self.own]
            with w.loop(number) as each:
                in_tile = w.add(block, w.mul(each.index, w.constant(self.sharing.neighbours)))
                for draw, buffer in zip(self.common, drawn, strict=True):
                    kernel.bind(draw.value, w.load(buffer, in_tile))
                row = w.add(tile, in_tile)
                first = w.add(w.mul(row, self.instances), part.start)
                start = w.mul(each.index, w.constant(TILE))
                with w.loop(part.length) as lane:
                    self._bind(row, w.add(part.start, lane.index))
                    for own, buffer in zip(self.own, buffers, strict=True):
                        kernel.bind(own.draw.value, w.load(buffer, w.add(start, lane.index)))
                    index = w.add(first, lane.index)
                    self.element(index, index)

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


@dataclass(frozen=True, eq=False)
class _OwnDraw:
    """A draw of which each instance has its own, and the array of their keys."""

    draw: RandomOp
    keys: SSAValue

    def fill(self, kernel: Kernel, part: SSAValue, first: SSAValue, number: SSAValue, width: SSAValue) -> SSAValue:
        """Writes the calls that fill a buffer with the values of elements that share random bits; returns the buffer.

        Args:
            kernel: The function that is written.
            part: The first instance.
            first: The first element.
            number: The number of elements; values of each begin a tile of the buffer.
            width: The number of instances.
        """
        w, draw = kernel.writer, self.draw
        kind = kind_of(draw)
        buffer = w.alloca(draw.value.type, TILE * SHARING[kind].values)
        tables = [kernel.array(value) for value in draw.arguments]
        stream = w.constant(draw.stream.value.data, i64)
        place = [w.cast(part, i64), kernel.value(draw.step), stream, w.cast(first, i64), w.cast(width, i64)]
        arguments = [w.unsized(buffer), kernel.array(self.keys), *place, *tables]
        one, all_ = Block(), Block()
        for block, name in ((one, f"rv.row_{kind}"), (all_, f"rv.rows_{kind}")):
            kernel.declare(name, [value.type for value in arguments], [])
            with w.inside(block):
                w.call(name, arguments)
                w.op(scf.YieldOp, [])
        w.branch(w.compare("sle", number, w.constant(1)), one, all_)
        return buffer
