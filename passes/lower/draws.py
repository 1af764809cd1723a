"""Lowers `snn.random`: calls of the generator's functions, one value at a time or many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import arith, func, scf
from xdsl.dialects.builtin import f32, i64
from xdsl.ir import Attribute, Block, Region, SSAValue

from ranvier.ir.neurons import MapOp, region_of
from ranvier.ir.scalars import RandomOp
from ranvier.ir.slots import PADDING, TILE
from ranvier.passes.lower.scopes import FunctionScope, Kernel, function
from ranvier.passes.lower.writer import INDEX, Writer, element_of, pointer_to

_FILLED = ("uniform", "normal", "tabulated")
"""Distributions that are drawn by tiles."""

SINGLE_LANES = TILE // 4
"""Elements of a tile, from the first on, whose 32-bit values share no random bits; in f64 it is twice as many."""

_TOGETHER = 16
"""How many single values are made side by side."""

_PLACES = "rv.places"


def lower_random(scope: FunctionScope, op: RandomOp) -> SSAValue:
    """Writes the call that draws one value: `@rv.normal.f64(key, step, stream, element) -> f64` and its kind."""
    writer = scope.writer
    place = [
        writer.cast(scope.value(op.key), i64),
        scope.value(op.step),
        writer.constant(op.stream.value.data, i64),
        writer.cast(scope.value(op.element), i64),
    ]
    distribution, result = op.distribution.data, op.value.type
    if distribution in _FILLED:
        name = f"rv.{distribution}.{result}"
        tables = [scope.array(value) for value in op.arguments]
        scope.declare(name, [*[i64] * 4, *(table.type for table in tables)], [result])
        return writer.call(name, [*place, *tables], [result])[0]
    arguments = [scope.value(value) for value in op.arguments]
    if distribution == "binomial":
        arguments[0] = writer.cast(arguments[0], i64)
    name = f"rv.{distribution}"
    types: list[Attribute] = [value.type for value in arguments]
    scope.declare(name, [*[i64] * 4, *types], [i64])
    return writer.cast(writer.call(name, [*place, *arguments], [i64])[0], result)


def fillable_draws(op: MapOp) -> list[RandomOp]:
    """Returns the draws of a map that can be made a tile at a time.

    They are uniform, normal or tabulated, their element is the index of the map, and key and step come from outside.
    """
    block = region_of(op)
    return [
        draw
        for draw in block.ops
        if isinstance(draw, RandomOp)
        and can_fill(draw)
        and draw.element is block.args[0]
        and not any(_inside(value, op) for value in (draw.key, draw.step))
    ]


def can_fill(draw: RandomOp) -> bool:
    """Tells whether the generator can make many values of a draw at once."""
    return draw.distribution.data in _FILLED


def few_of(draw: RandomOp) -> int:
    """Returns up to how many elements of a tile no two values are made from the same random bits."""
    return _few(draw.distribution.data, draw.value.type)


def _few(distribution: str, type: Attribute) -> int:
    return SINGLE_LANES if distribution == "tabulated" or type == f32 else 2 * SINGLE_LANES


def _inside(value: SSAValue, op: MapOp) -> bool:
    owner = value.owner
    return owner.parent_op() is op


@dataclass(eq=False, repr=False)
class Ahead:
    """Where the numbers of a draw of a small population are kept, which are made for many steps at once.

    Attributes:
        values: The numbers, step by step.
        steps: The first step and the step behind the last; zeros before the first draw.
        places: Of each number, its element in the lower half and its step, from the first, in the upper half.
        size: The number of elements; too many for small populations if numbers cannot be made ahead.
    """

    values: SSAValue
    steps: SSAValue
    places: SSAValue
    size: SSAValue


def _ahead_of(kernel: Kernel, draw: RandomOp, elements: SSAValue | None) -> Ahead:
    """Returns buffers for numbers made ahead, allocated before the loop.

    Args:
        kernel: The function that is written.
        draw: The draw.
        elements: The number of elements, None where it is not known.
    """
    run = kernel.run
    writer, program = run.writer, run.program.body.block
    given = (draw.key, *draw.arguments)
    size = None
    if elements is not None and all(_block_of(value) is program for value in (elements, *given)):
        size = run.value(elements)
    with writer.inside(run.setup):
        tile = writer.constant(TILE)
        values = run.fresh_lowered(draw.value.type, writer.constant(TILE + PADDING))
        steps = run.fresh_lowered(i64, writer.constant(2))
        places = run.fresh_lowered(i64, tile)
        if _PLACES not in run.functions:
            run.functions[_PLACES] = _places_function()
        writer.call(_PLACES, [places, tile if size is None else size])
    passed = tile if size is None else kernel.pass_in(size)
    return Ahead(kernel.pass_in(values), kernel.pass_in(steps), kernel.pass_in(places), passed)


def fill_tile(
    kernel: Kernel,
    draw: RandomOp,
    first: SSAValue,
    count: SSAValue,
    length: SSAValue,
    elements: SSAValue | None,
) -> SSAValue:
    """Writes the call that fills a buffer with `count` values, for elements `first`..., and returns the buffer.

    The buffer is read up to `length`: what stands behind the values are numbers, whichever. Of a small number of
    `elements` in all, values are made ahead.
    """
    writer = kernel.writer
    name = f"rv.draw_{draw.distribution.data}.{draw.value.type}"
    tables = [kernel.array(value) for value in draw.arguments]
    if name not in kernel.functions:
        tables_types = [table.type for table in tables]
        kernel.functions[name] = _draws_function(kernel, name, draw.distribution.data, draw.value.type, tables_types)
    ahead = _ahead_of(kernel, draw, elements)
    buffer = writer.alloca(draw.value.type, TILE)
    stream = writer.constant(draw.stream.value.data, i64)
    place = [writer.cast(kernel.value(draw.key), i64), kernel.value(draw.step), stream, writer.cast(first, i64)]
    kept = [ahead.values, ahead.steps, ahead.places, ahead.size]
    writer.call(name, [buffer, *place, count, length, *kept, *tables])
    return buffer


def _block_of(value: SSAValue) -> Block | None:
    owner = value.owner
    return owner if isinstance(owner, Block) else owner.parent_block()


def _places_function() -> func.FuncOp:
    """Returns the function that numbers the elements of as many steps as a tile has room for."""
    types = [pointer_to(i64), INDEX]
    block = Block(arg_types=types)
    places, size = block.args
    places.name_hint, size.name_hint = "places", "n"
    w = Writer(block)
    tile = w.constant(TILE)
    length = w.binary(arith.MaxSIOp, w.binary(arith.MinSIOp, size, tile), w.constant(1))
    with w.loop(w.binary(arith.DivUIOp, tile, length)) as step:
        first = w.mul(step.index, length)
        upper = w.binary(arith.ShLIOp, step.index, w.constant(32))
        with w.loop(length) as element:
            place = w.add(upper, element.index)
            w.store(w.cast(place, i64), places, w.add(first, element.index))
    w.op(func.ReturnOp, [])
    w.finish()
    return function(_PLACES, types, [], Region(block))


def _draws_function(
    kernel: Kernel, name: str, distribution: str, element: Attribute, tables: Sequence[Attribute]
) -> func.FuncOp:
    """Returns the function that fills a part of a tile.

    Numbers of small populations, which share no block, are made for as many steps as a tile has room for, and copied
    step by step: vectors are full even for one neuron. Others are made a tile at once, or each by a block of its own
    where that is cheaper; zeros follow up to the length that is read.
    """
    few = _few(distribution, element)
    out, numbers = pointer_to(element, TILE), pointer_to(element)
    kernel.declare(f"rv.fill_{distribution}.{element}", [out, *[i64] * 4, *tables], [])
    kernel.declare(f"rv.single_{distribution}.{element}", [numbers, pointer_to(i64), *[i64] * 5, *tables], [])
    types = [out, *[i64] * 4, INDEX, INDEX, numbers, pointer_to(i64), pointer_to(i64), INDEX, *tables]
    hints = ("out", "key", "step", "stream", "first", "n", "length", "values", "steps", "places", "size", "table")
    block = Block(arg_types=types)
    for arg, hint in zip(block.args, hints, strict=False):
        arg.name_hint = hint
    w = Writer(block)
    drawing = _Drawing(w, f"{distribution}.{element}", block.args)
    ahead, now = Block(), Block()
    with w.inside(ahead):
        drawing.copy_from_ahead()
        w.op(scf.YieldOp, [])
    with w.inside(now):
        drawing.draw_now(few)
        w.op(scf.YieldOp, [])
    w.branch(w.compare("sle", drawing.size, w.constant(few)), ahead, now)
    w.op(func.ReturnOp, [])
    w.finish()
    return function(name, types, [], Region(block))


class _Drawing:
    """The code of a function that fills a part of a tile; `kind` is distribution and type of the numbers."""

    def __init__(self, w: Writer, kind: str, args: Sequence[SSAValue]) -> None:
        self.w, self.kind = w, kind
        self.out, self.key, self.step, self.stream, self.first, self.count, self.length = args[:7]
        self.values, self.steps, self.places, self.size = args[7:11]
        self.tables = args[11:]

    def copy_from_ahead(self) -> None:
        """Copies the numbers of this step; makes those of the next steps if it is not among those that are there."""
        w = self.w
        begin, end = w.load(self.steps, w.constant(0)), w.load(self.steps, w.constant(1))
        known = w.binary(arith.AndIOp, w.compare("sge", self.step, begin), w.compare("slt", self.step, end))
        made = Block()
        with w.inside(made):
            number = w.binary(arith.DivUIOp, w.constant(TILE), self.size)
            self._single(self.values, w.cast(w.mul(number, self.size), i64))
            w.store(self.step, self.steps, w.constant(0))
            w.store(w.add(self.step, w.cast(number, i64)), self.steps, w.constant(1))
            w.op(scf.YieldOp, [])
        there = Block()
        with w.inside(there):
            w.op(scf.YieldOp, [])
        w.branch(known, there, made)
        passed = w.sub(self.step, w.load(self.steps, w.constant(0)))
        start = w.mul(w.cast(passed, INDEX), self.size)
        with w.loop(self.length) as each:
            w.store(w.load(self.values, w.add(start, each.index)), self.out, each.index)

    def draw_now(self, few: int) -> None:
        """Makes the numbers of this step."""
        w = self.w
        some, many = Block(), Block()
        with w.inside(some):
            self._single(w.unsized(self.out), w.cast(self.count, i64))
            with w.loop(self.length, lower=w.round_up(self.count, _TOGETHER)) as behind:
                w.store(w.constant(0.0, element_of(self.out)), self.out, behind.index)
            w.op(scf.YieldOp, [])
        with w.inside(many):
            w.call(f"rv.fill_{self.kind}", [self.out, *self._place(), *self.tables])
            w.op(scf.YieldOp, [])
        w.branch(w.compare("sle", self.count, w.constant(few)), some, many)

    def _single(self, out: SSAValue, count: SSAValue) -> None:
        self.w.call(f"rv.single_{self.kind}", [out, self.places, *self._place(), count, *self.tables])

    def _place(self) -> list[SSAValue]:
        return [self.key, self.step, self.stream, self.first]
