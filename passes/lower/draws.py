"""Lowers `snn.random`: calls of the generator's functions, one value at a time or 512 at once."""

from __future__ import annotations

from xdsl.dialects.builtin import i64
from xdsl.ir import Attribute, SSAValue

from ranvier.ir.neurons import MapOp, RandomOp, region_of
from ranvier.passes.lower.scopes import Kernel, Scope
from ranvier.passes.lower.writer import pointer_to

TILE = 512
"""Values that a `@rv.fill_*` function writes in one call."""

_FILLED = ("uniform", "normal")


def lower_random(scope: Scope, op: RandomOp) -> SSAValue:
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
        scope.declare(name, [i64] * 4, [result])
        return writer.call(name, place, [result])[0]
    arguments = [scope.value(value) for value in op.arguments]
    if distribution == "binomial":
        arguments[0] = writer.cast(arguments[0], i64)
    name = f"rv.{distribution}"
    types: list[Attribute] = [value.type for value in arguments]
    scope.declare(name, [*[i64] * 4, *types], [i64])
    return writer.cast(writer.call(name, [*place, *arguments], [i64])[0], result)


def fillable_draws(op: MapOp) -> list[RandomOp]:
    """Returns the draws of a map that can be made a tile at a time.

    They are uniform or normal, their element is the index of the map, and key and step come from outside.
    """
    block = region_of(op)
    if op.offset is not None:
        return []
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


def fill_tile(kernel: Kernel, draw: RandomOp, first: SSAValue) -> SSAValue:
    """Writes the call that fills a buffer with the values of elements `first`... and returns the buffer."""
    writer = kernel.writer
    name = f"rv.fill_{draw.distribution.data}.{draw.value.type}"
    kernel.declare(name, [pointer_to(draw.value.type, TILE), *[i64] * 4], [])
    buffer = writer.alloca(draw.value.type, TILE)
    stream = writer.constant(draw.stream.value.data, i64)
    place = [writer.cast(kernel.value(draw.key), i64), kernel.value(draw.step), stream, writer.cast(first, i64)]
    writer.call(name, [buffer, *place])
    return buffer
