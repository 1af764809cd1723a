"""Lowers the scalar ops of regions and of the loop body: arithmetic is copied, the `snn` ops become loads and calls."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith
from xdsl.dialects.builtin import StringAttr
from xdsl.ir import Block, Operation, Region, SSAValue

from ranvier.ir.integration import IntegrateOp
from ranvier.ir.lanes import InstanceOp
from ranvier.ir.native import NATIVE
from ranvier.ir.scalars import GatherOp, NativeOp, PropagatorOp, RandomOp
from ranvier.ir.structure import DtOp, ReadOp, YieldOp
from ranvier.passes.errors import PassError
from ranvier.passes.lower.draws import lower_random
from ranvier.passes.lower.integration import lower_integrate
from ranvier.passes.lower.lowered import known_location
from ranvier.passes.lower.propagator import lower_propagator
from ranvier.passes.lower.scopes import FunctionScope


def lower_region(scope: FunctionScope, block: Block) -> Sequence[SSAValue]:
    """Writes the ops of a region (whose arguments are bound) and returns what it yields."""
    for op in block.ops:
        if isinstance(op, YieldOp):
            return [scope.value(value) for value in op.arguments]
        lower_scalar(scope, op)
    return ()


def lower_scalar(scope: FunctionScope, op: Operation) -> None:
    """Writes one scalar op and binds its results.

    Raises:
        PassError: The op has no meaning inside a region.
    """
    writer = scope.writer
    outer_location, writer.location = writer.location, known_location(op) or writer.location
    match op:
        case arith.ConstantOp():
            pass
        case GatherOp():
            scope.bind(op.value, writer.load(scope.array(op.array), scope.value(op.index)))
        case ReadOp():
            scope.bind(op.value, writer.first(scope.array(op.array)))
        case DtOp():
            scope.bind(op.value, scope.dt(op.clock))
        case InstanceOp():
            if not scope.is_bound(op.element):  # a sweep of two loops has both numbers
                number, instances = scope.value(op.number), scope.value(op.instances)
                scope.bind(op.element, writer.binary(arith.DivUIOp, number, instances))
                scope.bind(op.instance, writer.binary(arith.RemUIOp, number, instances))
        case RandomOp():
            if not scope.is_bound(op.value):  # a sweep has drawn the values of a whole tile
                scope.bind(op.value, lower_random(scope, op))
        case PropagatorOp():
            lower_propagator(scope, op)
        case IntegrateOp():
            lower_integrate(scope, op, lower_region)
        case NativeOp():
            _call_native(scope, op)
        case _:
            _copy(scope, op)
    writer.location = outer_location


def _call_native(scope: FunctionScope, op: NativeOp) -> None:
    """Writes the call of a function of the script, and declares it: `native_text` is its code, if there is a text."""
    name = op.function.data
    scope.declare(name, [value.type for value in op.arguments], [op.value.type])
    scope.functions[name].attributes[NATIVE] = StringAttr("") if op.text is None else op.text
    scope.bind(op.value, scope.writer.call(name, [scope.value(value) for value in op.arguments], [op.value.type])[0])


def _copy(scope: FunctionScope, op: Operation) -> None:
    if op.name.startswith("snn."):
        raise PassError(op, f"{op.name} cannot stand where a scalar is computed")
    operands = [scope.value(value) for value in op.operands]
    regions = [_copy_region(scope, region) for region in op.regions]
    copy = scope.writer.op(type(op), operands, [result.type for result in op.results], op.properties, regions)
    copy.attributes.update(op.attributes)
    for old, new in zip(op.results, copy.results, strict=True):
        scope.bind(old, new)


def _copy_region(scope: FunctionScope, region: Region) -> Region:
    blocks: list[Block] = []
    for block in region.blocks:
        copy = Block(arg_types=[arg.type for arg in block.args])
        for old, new in zip(block.args, copy.args, strict=True):
            scope.bind(old, new)
        with scope.writer.inside(copy):
            for op in block.ops:
                lower_scalar(scope, op)
        blocks.append(copy)
    return Region(blocks)
