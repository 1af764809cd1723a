"""Lowers `snn.random`: calls of the generator's functions, one value at a time or 512 at once."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import func, scf
from xdsl.dialects.builtin import i64
from xdsl.ir import Attribute, Block, Region, SSAValue

from ranvier.ir.neurons import MapOp, region_of
from ranvier.ir.scalars import RandomOp
from ranvier.ir.slots import TILE
from ranvier.passes.lower.scopes import FunctionScope, Kernel, function
from ranvier.passes.lower.writer import INDEX, Writer, pointer_to

_FILLED = {"uniform": TILE // 2, "normal": TILE // 2, "tabulated": TILE // 4}
"""Distributions that are drawn by tiles, and up to how many values are made one by one.

The generator makes two or four values of a tile from the same random bits: one value costs as much as so many.
"""

_TOGETHER = 8
"""How many single values are made side by side."""


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
        and draw.distribution.data in _FILLED
        and draw.element is block.args[0]
        and not any(_inside(value, op) for value in (draw.key, draw.step))
    ]


def _inside(value: SSAValue, op: MapOp) -> bool:
    owner = value.owner
    return owner.parent_op() is op


def fill_tile(kernel: Kernel, draw: RandomOp, first: SSAValue, count: SSAValue, length: SSAValue) -> SSAValue:
    """Writes the call that fills a buffer with `count` values, for elements `first`..., and returns the buffer.

    The buffer is read up to `length`: what stands behind the values are numbers, whichever.
    """
    writer = kernel.writer
    name = f"rv.draw_{draw.distribution.data}.{draw.value.type}"
    tables = [kernel.array(value) for value in draw.arguments]
    if name not in kernel.functions:
        tables_types = [table.type for table in tables]
        kernel.functions[name] = _draws_function(kernel, name, draw.distribution.data, draw.value.type, tables_types)
    buffer = writer.alloca(draw.value.type, TILE)
    stream = writer.constant(draw.stream.value.data, i64)
    place = [writer.cast(kernel.value(draw.key), i64), kernel.value(draw.step), stream, writer.cast(first, i64)]
    writer.call(name, [buffer, *place, count, length, *tables])
    return buffer


def _draws_function(
    kernel: Kernel, name: str, distribution: str, element: Attribute, tables: Sequence[Attribute]
) -> func.FuncOp:
    """Returns the function that fills a part of a tile: whole where that is cheaper, value by value where not.

    Single values are made eight at a time, which is a vector of them; zeros follow up to the length that is read.
    """
    fill, single = f"rv.fill_{distribution}.{element}", f"rv.{distribution}.{element}"
    kernel.declare(fill, [pointer_to(element, TILE), *[i64] * 4, *tables], [])
    kernel.declare(single, [*[i64] * 4, *tables], [element])
    types = [pointer_to(element, TILE), *[i64] * 4, INDEX, INDEX, *tables]
    block = Block(arg_types=types)
    for arg, hint in zip(block.args, ("out", "key", "step", "stream", "first", "n", "length", "table"), strict=False):
        arg.name_hint = hint
    out, key, step, stream, first, count, length, *given = block.args
    w = Writer(block)
    few, many = Block(), Block()
    with w.inside(few):
        made = w.round_up(count, _TOGETHER)
        with w.loop(made, step=_TOGETHER) as lanes:
            with w.loop(w.constant(_TOGETHER)) as lane:
                index = w.add(lanes.index, lane.index)
                place = [key, step, stream, w.add(first, w.cast(index, i64))]
                w.store(w.call(single, [*place, *given], [element])[0], out, index)
        with w.loop(length, lower=made) as behind:
            w.store(w.constant(0.0, element), out, behind.index)
        w.op(scf.YieldOp, [])
    with w.inside(many):
        w.call(fill, [out, key, step, stream, first, *given])
        w.op(scf.YieldOp, [])
    w.branch(w.compare("sle", count, w.constant(_FILLED[distribution])), few, many)
    w.op(func.ReturnOp, [])
    w.finish()
    return function(name, types, [], Region(block))
