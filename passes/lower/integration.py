"""Lowers `snn.integrate`: a loop over inner steps, in it a loop over the stages of the method.

The equations stand once in the code, in the loop over the stages; the coefficients are a table on the stack, filled
when the function begins, since a copy of the equations for each of up to 13 stages takes long to compile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.dialects import arith, math, memref, scf
from xdsl.dialects.builtin import f64, i1, i64
from xdsl.ir import Block, Operation, Region, SSAValue

from ranvier.ir import adaptive
from ranvier.ir.adaptive import TABLEAUS, Tableau
from ranvier.ir.integration import IntegrateOp
from ranvier.passes.lower.scopes import FunctionScope
from ranvier.passes.lower.writer import Writer

WriteRegion = Callable[[FunctionScope, Block], Sequence[SSAValue]]
"""Writes the ops of a region whose arguments are bound, and returns what it yields."""


@dataclass(eq=False, repr=False)
class _Inner:
    """What an inner step needs.

    Attributes:
        table: The rows of `a`, then `b`, `e` and `c`; each as long as the method has stages.
        slopes: The slopes of the variables, stage by stage.
    """

    scope: FunctionScope
    op: IntegrateOp
    tableau: Tableau
    table: SSAValue
    slopes: SSAValue
    write_region: WriteRegion

    @property
    def writer(self) -> Writer:
        """Writes to the current block."""
        return self.scope.writer

    @property
    def width(self) -> int:
        """The number of variables."""
        return len(self.op.inputs)


def lower_integrate(scope: FunctionScope, op: IntegrateOp, write_region: WriteRegion) -> None:
    """Writes the loop over the inner steps, and the request to end the run where it was given up."""
    w, tableau = scope.writer, TABLEAUS[op.method.data]
    table = _table(w, tableau)
    inner = _Inner(scope, op, tableau, table, w.alloca(f64, tableau.stages * len(op.inputs)), write_region)
    dt = scope.value(op.dt)
    whole, none = w.constant(0, i64), w.constant(0.0, f64)
    state = [none, scope.value(op.begin), whole, whole, w.constant(0), w.constant(0, i1)]
    state += [scope.value(value) for value in op.inputs]
    types = [value.type for value in state]
    before, after = Block(arg_types=types), Block(arg_types=types)
    with w.inside(before):
        going = w.compare_floats("olt", before.args[0], dt)
        free = w.compare("eq", before.args[5], w.constant(0, i1))
        w.op(scf.ConditionOp, [w.binary(arith.AndIOp, going, free), *before.args])
    with w.inside(after):
        w.op(scf.YieldOp, _inner_step(inner, dt, after.args))
    results = w.op(scf.WhileOp, state, types, {}, [Region(before), Region(after)]).results
    for out, value in zip(op.results, [*results[6:], *results[1:4], results[5]], strict=True):
        scope.bind(out, value)
    if op.going_on is None:
        with w.when(results[5]):
            w.store(w.constant(1, i64), scope.control(), w.constant(0))


def _table(w: Writer, tableau: Tableau) -> SSAValue:
    """Returns the coefficients in memory, which is filled at the beginning of the function."""
    stages = tableau.stages
    rows = [*tableau.a, tableau.b, tableau.e, tableau.c]
    table = w.alloca(f64, len(rows) * stages)
    for number, row in enumerate(rows):
        for k, value in enumerate((*row, *[0.0] * (stages - len(row)))):
            place = w.constant(number * stages + k)
            w.entry.append(memref.StoreOp.create(operands=[w.constant(value, f64), table, place]))
    return table


def _inner_step(inner: _Inner, dt: SSAValue, args: Sequence[SSAValue]) -> list[SSAValue]:
    """Writes an inner step; returns the state after it."""
    w = inner.writer
    done, h, taken, repeated, first, _, *x = args
    left = w.binary(arith.SubfOp, dt, done)
    shorter = w.compare_floats("olt", h, w.binary(arith.MulfOp, left, w.constant(adaptive.LAST_SHARE, f64)))
    length = w.select(shorter, h, left)
    time = w.binary(arith.AddfOp, inner.scope.value(inner.op.start), done)
    _write_stages(inner, time, x, length, first)
    sums = _sums(inner)
    new = [_moved(w, value, length, total) for value, total in zip(x, sums[: inner.width], strict=True)]
    after = w.select(shorter, w.binary(arith.AddfOp, done, length), dt)
    one, zero = w.constant(1, i64), w.constant(0)
    more = w.add(taken, one)
    exhausted = w.binary(
        arith.AndIOp,
        w.compare("sge", more, w.constant(inner.op.most.value.data, i64)),
        w.compare_floats("olt", after, dt),
    )
    if not inner.op.is_adaptive:
        return [after, h, more, repeated, zero, exhausted, *new]
    good, step = _control(inner, sums[inner.width :], length, h, shorter)
    too_short = w.compare_floats("ole", w.binary(arith.AddfOp, dt, step), dt)
    return [
        w.select(good, after, done),
        step,
        w.select(good, more, taken),
        w.select(good, repeated, w.add(repeated, one)),
        w.select(good, zero, w.constant(1)),
        w.select(good, exhausted, too_short),
        *(w.select(good, value, old) for value, old in zip(new, x, strict=True)),
    ]


def _write_stages(inner: _Inner, time: SSAValue, x: Sequence[SSAValue], length: SSAValue, first: SSAValue) -> None:
    """Writes the loop over the stages; a step that is repeated begins with the slopes that are known."""
    w, stages, width = inner.writer, inner.tableau.stages, inner.width
    with w.loop(w.constant(stages), lower=first) as stage:
        totals = _weighted(inner, stage.index, w.mul(stage.index, w.constant(stages)))
        share = w.load(inner.table, w.add(w.constant((stages + 2) * stages), stage.index))
        block = inner.op.body.block
        inner.scope.bind(block.args[0], _moved(w, time, length, share))
        for arg, value, total in zip(block.args[1:], x, totals, strict=True):
            inner.scope.bind(arg, _moved(w, value, length, total))
        place = w.mul(stage.index, w.constant(width))
        for number, slope in enumerate(inner.write_region(inner.scope, block)):
            w.store(slope, inner.slopes, w.add(place, w.constant(number)))


def _weighted(inner: _Inner, count: SSAValue, row: SSAValue) -> Sequence[SSAValue]:
    """Returns for each variable the sum of the first slopes, weighted by the table from a place on."""
    w, width = inner.writer, inner.width
    with w.loop(count, carried=[w.constant(0.0, f64)] * width) as each:
        weight = w.load(inner.table, w.add(row, each.index))
        place = w.mul(each.index, w.constant(width))
        slopes = [w.load(inner.slopes, w.add(place, w.constant(number))) for number in range(width)]
        each.give(*(_moved(w, total, weight, k) for total, k in zip(each.args[1:], slopes, strict=True)))
    return each.results


def _sums(inner: _Inner) -> list[SSAValue]:
    """Returns for each variable the slope of the whole step, then for each that of the error."""
    w, stages = inner.writer, inner.tableau.stages
    rows = (stages, stages + 1) if inner.op.is_adaptive else (stages,)
    return [total for k in rows for total in _weighted(inner, w.constant(stages), w.constant(k * stages))]


def _control(
    inner: _Inner, errors: Sequence[SSAValue], length: SSAValue, h: SSAValue, shorter: SSAValue
) -> tuple[SSAValue, SSAValue]:
    """Returns whether the inner step is good, and how long the next one is."""
    w, order = inner.writer, inner.tableau.order
    ratio, good = w.constant(0.0, f64), w.constant(1, i1)
    for error, allowed in zip(errors, inner.op.errors, strict=True):
        size = _plain(w, math.AbsFOp, w.binary(arith.MulfOp, error, length))
        own = w.binary(arith.DivfOp, size, inner.scope.value(allowed))
        # no number is not good, and not greater than anything
        good = w.binary(arith.AndIOp, good, w.compare_floats("ole", own, w.constant(adaptive.TOO_LARGE, f64)))
        ratio = w.select(w.compare_floats("ogt", own, ratio), own, ratio)
    exponent = w.select(good, w.constant(-1 / (order + 1), f64), w.constant(-1 / order, f64))
    power = _plain(w, math.PowFOp, ratio, exponent)
    factor = w.binary(arith.MulfOp, w.constant(adaptive.SAFETY, f64), power)
    least, greatest = w.constant(adaptive.LEAST_FACTOR, f64), w.constant(adaptive.GREATEST_FACTOR, f64)
    one = w.constant(1.0, f64)
    cut = w.select(w.compare_floats("ogt", factor, least), factor, least)
    cut = w.select(w.compare_floats("olt", cut, one), cut, least)
    longer = w.select(w.compare_floats("olt", factor, greatest), factor, greatest)
    longer = w.select(w.compare_floats("ogt", longer, one), longer, one)
    longer = w.select(w.compare_floats("olt", ratio, w.constant(adaptive.SMALL, f64)), longer, one)
    kept = w.select(shorter, w.binary(arith.MulfOp, h, longer), h)
    return good, w.select(good, kept, w.binary(arith.MulfOp, length, cut))


def _moved(w: Writer, value: SSAValue, length: SSAValue, slope: SSAValue) -> SSAValue:
    return w.binary(arith.AddfOp, value, w.binary(arith.MulfOp, length, slope))


def _plain(w: Writer, kind: type[Operation], *operands: SSAValue) -> SSAValue:
    return w.op(kind, operands, [f64], {"fastmath": arith.FastMathFlagsAttr("none")}).results[0]
