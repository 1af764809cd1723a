"""Lowers `snn.propagator`: entries of exp(A*step) by scaling, a Taylor series, and squaring.

The matrix is scaled by 2^-s to a norm of at most 1/2, where 15 terms of the series leave an error below 1e-18; s
squarings follow (Higham, The scaling and squaring method for the matrix exponential revisited, 2005, section 1).
"""

from __future__ import annotations

from xdsl.dialects import arith, func, math, scf
from xdsl.dialects.builtin import f64
from xdsl.ir import Block, Region, SSAValue

from ranvier.ir.scalars import PropagatorOp
from ranvier.passes.lower.functions import function
from ranvier.passes.lower.scopes import FunctionScope
from ranvier.passes.lower.writer import INDEX, Writer, pointer_to

NAME = "rv.matrix_exponential"
TERMS = 15
MOST_SQUARINGS = 1100
"""2^1100 is beyond the largest double: an infinite norm does not scale for ever."""


def lower_propagator(scope: FunctionScope, op: PropagatorOp) -> None:
    """Writes exp(a*step) for order 1, a call of the matrix exponential else, and binds the wanted entries."""
    writer = scope.writer
    order = op.order.value.data
    step = scope.value(op.step)
    scaled = [writer.binary(arith.MulfOp, scope.value(entry), step) for entry in op.entries]
    if order == 1:
        power = writer.op(math.ExpOp, scaled, [f64], {"fastmath": arith.FastMathFlagsAttr("none")}).results[0]
        for out in op.outs:
            scope.bind(out, power)
        return
    _ensure_function(scope.functions)
    matrix, result, spare = (writer.alloca(f64, order * order) for _ in range(3))
    for k, value in enumerate(scaled):
        writer.store(value, matrix, writer.constant(k))
    writer.call(NAME, [*(writer.unsized(buffer) for buffer in (matrix, result, spare)), writer.constant(order)])
    for k, out in zip(op.wanted.get_values(), op.outs, strict=True):
        scope.bind(out, writer.load(result, writer.constant(int(k))))


def _ensure_function(functions: dict[str, func.FuncOp]) -> None:
    if NAME in functions:
        return
    types = [pointer_to(f64)] * 3 + [INDEX]
    block = Block(arg_types=types)
    for arg, hint in zip(block.args, ("a", "p", "spare", "n"), strict=True):
        arg.name_hint = hint
    _write_exponential(Writer(block), *block.args)
    functions[NAME] = function(NAME, types, [], Region(block))


def _write_exponential(w: Writer, a: SSAValue, p: SSAValue, spare: SSAValue, n: SSAValue) -> None:
    """Writes p = exp(a); `a` and `spare` are overwritten."""
    entries = w.mul(n, n)
    squarings, scale = _scaling(w, _norm(w, a, n))
    with w.loop(entries) as each:
        w.store(w.binary(arith.MulfOp, w.load(a, each.index), scale), a, each.index)
    _set_identity(w, p, n, entries)
    # Horner's scheme: p = I + a/1 (I + a/2 (I + ... a/TERMS)).
    with w.loop(w.constant(TERMS)) as term:
        k = w.cast(w.sub(w.constant(TERMS), term.index), f64)
        _multiply(w, a, p, spare, n)
        _set_identity(w, p, n, entries)
        with w.loop(entries) as each:
            share = w.binary(arith.DivfOp, w.load(spare, each.index), k)
            w.store(w.binary(arith.AddfOp, w.load(p, each.index), share), p, each.index)
    with w.loop(squarings):
        _multiply(w, p, p, spare, n)
        with w.loop(entries) as each:
            w.store(w.load(spare, each.index), p, each.index)
    w.op(func.ReturnOp, [])
    w.finish()


def _norm(w: Writer, a: SSAValue, n: SSAValue) -> SSAValue:
    """Returns the greatest sum of absolute values over the rows."""
    with w.loop(n, carried=[w.constant(0.0, f64)]) as row:
        with w.loop(n, carried=[w.constant(0.0, f64)]) as column:
            entry = w.load(a, w.add(w.mul(row.index, n), column.index))
            size = w.op(math.AbsFOp, [entry], [f64], {"fastmath": arith.FastMathFlagsAttr("none")}).results[0]
            column.give(w.binary(arith.AddfOp, column.args[1], size))
        total = column.results[0]
        row.give(w.select(w.compare_floats("ogt", total, row.args[1]), total, row.args[1]))
    return row.results[0]


def _scaling(w: Writer, norm: SSAValue) -> tuple[SSAValue, SSAValue]:
    """Returns the number s of halvings that bring `norm` to at most 1/2, and 2^-s."""
    types = [INDEX, f64, f64]
    before, after = Block(arg_types=types), Block(arg_types=types)
    half = w.constant(0.5, f64)
    with w.inside(before):
        large = w.compare_floats("ogt", before.args[1], half)
        few = w.compare("slt", before.args[0], w.constant(MOST_SQUARINGS))
        w.op(scf.ConditionOp, [w.binary(arith.AndIOp, large, few), *before.args])
    with w.inside(after):
        count, size, scale = after.args
        halves = [w.binary(arith.MulfOp, value, half) for value in (size, scale)]
        w.op(scf.YieldOp, [w.add(count, w.constant(1)), *halves])
    start = [w.constant(0), norm, w.constant(1.0, f64)]
    results = w.op(scf.WhileOp, start, types, {}, [Region(before), Region(after)]).results
    return results[0], results[2]


def _set_identity(w: Writer, p: SSAValue, n: SSAValue, entries: SSAValue) -> None:
    with w.loop(entries) as each:
        w.store(w.constant(0.0, f64), p, each.index)
    with w.loop(n) as each:
        w.store(w.constant(1.0, f64), p, w.mul(each.index, w.add(n, w.constant(1))))


def _multiply(w: Writer, a: SSAValue, b: SSAValue, out: SSAValue, n: SSAValue) -> None:
    """Writes out = a b."""
    with w.loop(n) as row:
        start = w.mul(row.index, n)
        with w.loop(n) as column:
            with w.loop(n, carried=[w.constant(0.0, f64)]) as k:
                left = w.load(a, w.add(start, k.index))
                right = w.load(b, w.add(w.mul(k.index, n), column.index))
                k.give(w.binary(arith.AddfOp, k.args[1], w.binary(arith.MulfOp, left, right)))
            w.store(k.results[0], out, w.add(start, column.index))
