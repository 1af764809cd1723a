"""About how long ops take: what it is worth to divide them among threads for. Rough is enough."""

from __future__ import annotations

from xdsl.dialects import math
from xdsl.ir import Operation

from ranvier.ir.integration import IntegrateOp
from ranvier.ir.scalars import GatherOp, NativeOp, PropagatorOp, RandomOp
from ranvier.passes.facts.costs import DIVISIONS, FLOPS
from ranvier.passes.facts.durations import CALL, COSTLY, DRAWS, ELEMENT, INNER_STEPS, OPERATION, SYNAPSE

ROW, TREE = 20, 2000
"""Nanoseconds for a row of synapses, for a block of trees."""

AWAY = 40
"""Nanoseconds more for a synapse where the main thread delivers alone what several could: the line of the cache with
its target comes from the processor of another thread, and goes back there in the next sweep."""


def element_cost(op: Operation) -> int:
    """Returns about how many picoseconds the region of an op takes for an element."""
    cost = ELEMENT
    for inner in op.walk():
        if isinstance(inner, RandomOp):
            cost += DRAWS[inner.distribution.data]
        elif isinstance(inner, NativeOp):
            cost += CALL
        elif isinstance(inner, IntegrateOp):
            cost += INNER_STEPS
        elif isinstance(inner, GatherOp) or takes_long(inner):
            cost += COSTLY
        elif inner is not op:
            cost += OPERATION
    return cost


def takes_long(op: Operation) -> bool:
    """Tells whether a scalar op is a division or a function; a product and sum in one is an operation as others."""
    is_function = op.dialect_name() == math.Math.name and not isinstance(op, (math.FmaOp, *FLOPS))
    return is_function or isinstance(op, (PropagatorOp, *DIVISIONS))


__all__ = ["AWAY", "ROW", "SYNAPSE", "TREE", "element_cost", "takes_long"]
