"""About how long ops take: what it is worth to divide them among threads for. Rough is enough."""

from __future__ import annotations

from xdsl.dialects import math
from xdsl.ir import Operation

from ranvier.ir.integration import IntegrateOp
from ranvier.ir.scalars import GatherOp, NativeOp, PropagatorOp, RandomOp
from ranvier.passes.facts.costs import DIVISIONS, FLOPS

BASE, SIMPLE, COSTLY, DRAW, STEPS = 200, 50, 700, 1500, 100_000
"""Picoseconds for an element: to load and store it, for an operation, for one that takes long (a division, a function),
for a random number or a call, for inner steps. Measured with vectors of 512 bits, the element in the nearest cache."""

SYNAPSE, ROW, TREE = 1, 20, 2000
"""Nanoseconds for a synapse that a spike reaches, for a row of them, for a block of trees."""

AWAY = 40
"""Nanoseconds more for a synapse where the main thread delivers alone what several could: the line of the cache with
its target comes from the processor of another thread, and goes back there in the next sweep."""


def element_cost(op: Operation) -> int:
    """Returns about how many picoseconds the region of an op takes for an element."""
    cost = BASE
    for inner in op.walk():
        if isinstance(inner, RandomOp | NativeOp):
            cost += DRAW
        elif isinstance(inner, IntegrateOp):
            cost += STEPS
        elif isinstance(inner, GatherOp) or takes_long(inner):
            cost += COSTLY
        elif inner is not op:
            cost += SIMPLE
    return cost


def takes_long(op: Operation) -> bool:
    """Tells whether a scalar op is a division or a function; a product and sum in one is an operation as others."""
    is_function = op.dialect_name() == math.Math.name and not isinstance(op, (math.FmaOp, *FLOPS))
    return is_function or isinstance(op, (PropagatorOp, *DIVISIONS))
