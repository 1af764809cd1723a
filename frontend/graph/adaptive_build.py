"""Integration by inner steps that follow the error → `snn.integrate`."""

from __future__ import annotations

from typing import Protocol

from xdsl.dialects.builtin import f64
from xdsl.ir import Block, Region, SSAValue

from ranvier.actions.code import read_names
from ranvier.equations.assignments import Adaptive, Assign
from ranvier.equations.expressions import Expr
from ranvier.graph.arithmetic import Value
from ranvier.graph.emit import Emitter
from ranvier.ir.integration import IntegrateOp
from ranvier.ir.structure import YieldOp
from ranvier.plan.bounds import Bound, LookupIn


class Assigning(Protocol):
    """What is needed of a scope of assignments."""

    emitter: Emitter
    assigned_values: dict[str, Value]
    bindings: dict[str, Bound]

    def lookup(self, name: str) -> Value:
        """Returns the value of a name at this point of the code."""
        ...

    def assign(self, name: str, value: Value) -> None:
        """Gives a name a value."""
        ...


def integrate(scope: Assigning, line: Adaptive) -> None:
    """Emits the op, with the right-hand sides as its region; inner steps are computed in double precision."""
    span = (_double(scope, line.start), _double(scope, line.step), _double(scope, line.begin))
    errors = [_double(scope, error) for error in line.errors]
    inputs = [scope.emitter.floating(scope.lookup(name), f64).ssa for name in line.variables]
    block = _right_sides(scope, line)
    op = IntegrateOp(line.method, span, inputs, errors, Region(block), most=line.most, adaptive=line.is_adaptive)
    scope.emitter.add(op)
    for name, result in zip(line.targets, op.results, strict=True):
        scope.assign(name, Value(result, False))


def _double(scope: Assigning, expr: Expr) -> SSAValue:
    return scope.emitter.floating(scope.emitter.emit(expr), f64).ssa


def _right_sides(scope: Assigning, line: Adaptive) -> Block:
    """Returns the region: only the variables and t move, all else has the value of the beginning."""
    moving = {*line.variables, "t"}
    held = read_names([Assign("", slope) for slope in line.slopes]) - moving
    for name in sorted(held):
        bound = scope.bindings.get(name)
        if name in scope.assigned_values or (bound is not None and not isinstance(bound, LookupIn)):
            scope.lookup(name)  # what reads memory stands outside the region
    block = Block(arg_types=[f64] * (len(line.variables) + 1))
    names = ("t", *line.variables)
    outer, before = scope.emitter, dict(scope.assigned_values)
    for name, arg in zip(names, block.args, strict=True):
        arg.name_hint = name
    scope.assigned_values.update((name, Value(arg, False)) for name, arg in zip(names, block.args, strict=True))
    scope.emitter = inner = Emitter(block, outer.lookup, outer.call, f64, outer.locate)
    try:
        slopes = [inner.floating(inner.emit(slope), f64).ssa for slope in line.slopes]
    finally:
        scope.emitter = outer
        scope.assigned_values.clear()
        scope.assigned_values.update(before)
    block.add_op(YieldOp(*slopes))
    return block
