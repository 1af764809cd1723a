"""Lowers `snn.random`: calls of the generator's functions, one value at a time or many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import arith, func
from xdsl.dialects.builtin import i64
from xdsl.ir import Attribute, Block, Region, SSAValue

from ranvier.ir.neurons import MapOp, region_of
from ranvier.ir.scalars import RandomOp
from ranvier.ir.slots import PADDING, SHARING, TILE, TOGETHER, Sharing
from ranvier.passes.lower.functions import function, noalias_attributes
from ranvier.passes.lower.scopes import FunctionScope, Kernel
from ranvier.passes.lower.writer import INDEX, Writer, pointer_to

_FILLED = ("uniform", "normal", "tabulated")
"""Distributions that are drawn by tiles."""

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


def kind_of(draw: RandomOp) -> str:
    """Returns the name of a kind of random numbers, such as "normal.f64": what the generator's functions are called."""
    return f"{draw.distribution.data}.{draw.value.type}"


def sharing_of(draw: RandomOp) -> Sharing:
    """Returns which elements share the random bits of a draw."""
    return SHARING[kind_of(draw)]


def _inside(value: SSAValue, op: MapOp) -> bool:
    owner = value.owner
    return owner.parent_op() is op


@dataclass(eq=False, repr=False)
class Ahead:
    """Where the numbers of a draw of a few neurons are kept, which are made for many steps at once.

    They are the last neurons of a small population, which do not fill a group of those that share random bits.

    Attributes:
        values: The numbers, step by step: of neurons that have bits of their own, and those of neurons that share these
            a tile behind.
        steps: The first step and the step behind the last; zeros before the first draw.
        places: Of the numbers in a tile, the neuron in the lower half and the step, from the first, in the upper half.
        few: The number of neurons; 0 if numbers cannot be made ahead.
    """

    values: SSAValue
    steps: SSAValue
    places: SSAValue
    few: SSAValue


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
        sharing = sharing_of(draw)
        few = writer.constant(0) if size is None else _few_last(writer, size, sharing)
        values = run.fresh_lowered(draw.value.type, writer.constant(TILE * sharing.values + PADDING))
        steps = run.fresh_lowered(i64, writer.constant(2))
        places = run.fresh_lowered(i64, writer.constant(TILE))
        if _PLACES not in run.functions:
            run.functions[_PLACES] = _places_function()
        writer.call(_PLACES, [places, writer.binary(arith.MinSIOp, few, writer.constant(sharing.neighbours))])
    return Ahead(kernel.pass_in(values), kernel.pass_in(steps), kernel.pass_in(places), kernel.pass_in(few))


def _few_last(writer: Writer, size: SSAValue, sharing: Sharing) -> SSAValue:
    """Returns how many elements stand behind whole groups, if the population is small, else 0."""
    last = writer.binary(arith.RemUIOp, size, writer.constant(sharing.group))
    is_small = writer.compare("sle", size, writer.constant(TILE))
    return writer.select(is_small, last, writer.constant(0))


def fill_tile(kernel: Kernel, draw: RandomOp, first: SSAValue, count: SSAValue, elements: SSAValue | None) -> SSAValue:
    """Writes the call that fills a buffer with `count` values, for elements `first`..., and returns the buffer.

    Behind the values are numbers, whichever, up to a multiple of 16. Of the last few of a small number of `elements` in
    all, values are made ahead.
    """
    writer = kernel.writer
    kind = kind_of(draw)
    name = f"rv.draw_{kind}"
    tables = [kernel.array(value) for value in draw.arguments]
    if name not in kernel.functions:
        tables_types = [table.type for table in tables]
        kernel.functions[name] = _draws_function(kernel, name, kind, draw.value.type, tables_types)
    ahead = _ahead_of(kernel, draw, elements)
    buffer = writer.alloca(draw.value.type, TILE)
    stream = writer.constant(draw.stream.value.data, i64)
    place = [writer.cast(kernel.value(draw.key), i64), kernel.value(draw.step), stream, writer.cast(first, i64)]
    kept = [ahead.values, ahead.steps, ahead.places, ahead.few]
    writer.call(name, [buffer, *place, count, *kept, *tables])
    return buffer


def _block_of(value: SSAValue) -> Block | None:
    owner = value.owner
    return owner if isinstance(owner, Block) else owner.parent_block()


def _places_function() -> func.FuncOp:
    """Returns the function that numbers some neurons at as many steps as a tile has room for."""
    types = [pointer_to(i64), INDEX]
    block = Block(arg_types=types)
    places, few = block.args
    places.name_hint, few.name_hint = "places", "few"
    w = Writer(block)
    tile = w.constant(TILE)
    length = w.binary(arith.MaxSIOp, few, w.constant(1))
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
    kernel: Kernel, name: str, kind: str, element: Attribute, tables: Sequence[Attribute]
) -> func.FuncOp:
    """Returns the function that fills a part of a tile.

    Numbers are made by whole groups. Where that would waste most of the last one, in small populations, its numbers are
    made for as many steps as a tile has room for, and copied step by step: vectors are full even for one neuron.
    """
    out, numbers = pointer_to(element, TILE), pointer_to(element)
    kernel.declare(f"rv.fill_{kind}", [out, *[i64] * 5, *tables], [])
    kernel.declare(f"rv.single_{kind}", [numbers, pointer_to(i64), *[i64] * 6, *tables], [])
    types = [out, *[i64] * 4, INDEX, numbers, pointer_to(i64), pointer_to(i64), INDEX, *tables]
    hints = ("out", "key", "step", "stream", "first", "n", "values", "steps", "places", "few", "table")
    block = Block(arg_types=types)
    for arg, hint in zip(block.args, hints, strict=False):
        arg.name_hint = hint
    _Drawing(Writer(block), kind, block.args).write()
    made = function(name, types, [], Region(block))
    made.properties["arg_attrs"] = noalias_attributes(types)
    return made


class _Drawing:
    """The code of a function that fills a part of a tile; `kind` is distribution and type of the numbers."""

    def __init__(self, w: Writer, kind: str, args: Sequence[SSAValue]) -> None:
        self.w, self.kind, self.sharing = w, kind, SHARING[kind]
        self.out, self.key, self.step, self.stream, self.first, self.count = args[:6]
        self.values, self.steps, self.places, self.few = args[6:10]
        self.tables = args[10:]

    def write(self) -> None:
        """Writes the function."""
        w = self.w
        size = self.sharing.group
        group = w.constant(size)
        behind = w.binary(arith.RemUIOp, self.count, group)
        is_whole = w.compare("eq", self.few, w.constant(0))
        rounded = w.add(self.count, w.constant(size - 1))
        groups = w.binary(arith.DivUIOp, w.select(is_whole, rounded, w.sub(self.count, behind)), group)
        with w.when(w.compare("ne", groups, w.constant(0))):
            w.call(f"rv.fill_{self.kind}", [self.out, *self._place(self.first), w.cast(groups, i64), *self.tables])
        with w.when(w.compare("ne", self.few, w.constant(0))):
            self._copy_from_ahead(w.mul(groups, group))
        w.op(func.ReturnOp, [])
        w.finish()

    def _copy_from_ahead(self, begin: SSAValue) -> None:
        """Copies the last numbers of this step; makes those of the next steps if it is not among those that are there.

        Args:
            begin: Where in the tile the last neurons begin.
        """
        w, row = self.w, self.sharing.neighbours
        columns = w.binary(arith.MinSIOp, self.few, w.constant(row))
        words = w.binary(arith.DivUIOp, w.add(self.few, w.constant(row - 1)), w.constant(row))
        since, end = w.load(self.steps, w.constant(0)), w.load(self.steps, w.constant(1))
        is_missing = w.binary(arith.OrIOp, w.compare("slt", self.step, since), w.compare("sge", self.step, end))
        with w.when(is_missing):
            number = w.binary(arith.DivUIOp, w.constant(TILE), columns)
            first = w.add(self.first, w.cast(begin, i64))
            counts = [w.cast(w.mul(number, columns), i64), w.cast(words, i64)]
            w.call(f"rv.single_{self.kind}", [self.values, self.places, *self._place(first), *counts, *self.tables])
            w.store(self.step, self.steps, w.constant(0))
            w.store(w.add(self.step, w.cast(number, i64)), self.steps, w.constant(1))
        passed = w.sub(self.step, w.load(self.steps, w.constant(0)))
        start = w.mul(w.cast(passed, INDEX), columns)
        with w.loop(w.round_up(words, max(TOGETHER // row, 1))) as word:
            here, there = w.mul(word.index, w.constant(TILE)), w.mul(word.index, w.constant(row))
            here, there = w.add(start, here), w.add(begin, there)
            with w.loop(w.constant(row)) as each:  # more than there are: whole vectors
                w.store(w.load(self.values, w.add(here, each.index)), self.out, w.add(there, each.index))

    def _place(self, first: SSAValue) -> list[SSAValue]:
        return [self.key, self.step, self.stream, first]
