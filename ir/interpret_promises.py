"""What ops say of their synapses beside what they compute: the interpreter only looks whether it holds.

Lowering relies on it: kernels find the part of a sorted row by bisection, sums go through lists of synapses, parts of
rows are cut where targets ascend. A pass that says what is not so computes the same, until it is lowered.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import DictionaryAttr, IntegerAttr
from xdsl.ir import Block, Operation, SSAValue

from ranvier.ir import recipes
from ranvier.ir.arrivals import ArrivalsOp, DepositOp, HistoryOp
from ranvier.ir.interpret_run import Array, InterpretError, Run
from ranvier.ir.synapses import ASCENDING, DELAYED, SORTED, AccumulateOp, PropagateOp, far_end, words_of
from ranvier.ir.team import DIVISION


def check_promises(run: Run, block: Block) -> None:
    """Looks at what the ops of a loop say of arrays that are known before it.

    Raises:
        InterpretError: Something is not as an op says.
    """
    for op in block.ops:
        if isinstance(op, PropagateOp | ArrivalsOp | DepositOp):
            _check_delays(run, op)
        if isinstance(op, PropagateOp | DepositOp):
            _check_rows(run, op)
        elif isinstance(op, AccumulateOp) and op.rows and _are_known(run, op.index, *op.rows):
            _check_lists(run, op)


def _check_delays(run: Run, op: HistoryOp) -> None:
    if _fact(op, DELAYED) and _are_known(run, op.delays) and run.get(op.delays).min(initial=1) < 1:
        raise InterpretError(f'{op.name} "{op.label.data}" says {DELAYED} = 1, but a delay is 0')


def _check_rows(run: Run, op: PropagateOp | DepositOp) -> None:
    is_sorted = SORTED in op.attributes
    if isinstance(op, DepositOp):
        wanted, ends = is_sorted, op.flat
    else:
        wanted, ends = is_sorted or _ascends(op), far_end(op)
    if not wanted or not _are_known(run, op.pointers, ends):
        return
    numbers = _unsigned(run.get(ends))
    if isinstance(op, PropagateOp):
        numbers = numbers[:: words_of(op)]
    if isinstance(op, PropagateOp) and op.order is not None and op.by_place is None:
        if not _are_known(run, op.order):
            return
        numbers = numbers[run.get(op.order)]
    falls = np.flatnonzero(np.diff(numbers) < 0) + 1
    inside = falls[~np.isin(falls, run.get(op.pointers))]
    if inside.size:
        what = SORTED if is_sorted else f"{ASCENDING} = 1"
        raise InterpretError(
            f'{op.name} "{op.label.data}" says {what}, but in a row {numbers[inside[0] - 1]} stands before '
            f"{numbers[inside[0]]} (place {inside[0]})"
        )


def _check_lists(run: Run, op: AccumulateOp) -> None:
    starts, *orders = (run.get(value) for value in op.rows)
    index = _unsigned(run.get(op.index)[: int(run.get(op.size))])
    order = orders[0][: index.size] if orders else np.arange(index.size)
    if DIVISION in op.attributes:
        _check_parts(op, starts, index, order)
        return
    for found, wanted in ((order, recipes.KINDS["order"](_new, index)), (starts, _starts(index, len(starts) - 1))):
        if not np.array_equal(found, wanted):
            raise InterpretError(f'{op.name} "{op.label.data}" has lists that are not the synapses of its elements')


def _check_parts(op: AccumulateOp, starts: Array, index: Array, order: Array) -> None:
    parts = [order[begin:end] for begin, end in pairwise(starts.tolist())]
    ends = [index[part] for part in parts]
    ascend = all((np.diff(part) > 0).all() for part in parts)
    last = np.maximum.accumulate([-1, *(own.max(initial=-1) for own in ends)])
    apart = all(own.min(initial=np.iinfo(np.int64).max) > before for own, before in zip(ends, last[:-1], strict=True))
    if not (ascend and apart and np.array_equal(np.sort(np.concatenate(parts)), np.arange(order.size))):
        raise InterpretError(f'{op.name} "{op.label.data}" has parts that are not all synapses, each in their order')


def _starts(index: Array, size: int) -> Array:
    return np.searchsorted(np.sort(index), np.arange(size + 1))


def _new(size: int, dtype: npt.DTypeLike) -> Array:
    return np.zeros(size, dtype)


def _ascends(op: Operation) -> bool:
    return _fact(op, ASCENDING)


def _fact(op: Operation, name: str) -> bool:
    facts = op.attributes.get("facts")
    fact = facts.data.get(name) if isinstance(facts, DictionaryAttr) else None
    return isinstance(fact, IntegerAttr) and bool(fact.value.data)


def _unsigned(numbers: Array) -> Array:
    return (numbers.view(np.uint16) if numbers.dtype == np.int16 else numbers).astype(np.int64)


def _are_known(run: Run, *values: SSAValue) -> bool:
    return all(value in run.values for value in values)
