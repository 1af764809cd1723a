"""About how much work a step of a plan is that threads can divide: what decides how many of them a run gets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ranvier.actions.code import DRAWS as DISTRIBUTIONS
from ranvier.equations.assignments import Adaptive, Assign
from ranvier.equations.expressions import Binary, Call, Expr, Name, children
from ranvier.ir.team import LONGEST_STRETCH
from ranvier.passes.facts.durations import CALL, COSTLY, DRAWS, ELEMENT, INNER_STEPS, OPERATION, SYNAPSE
from ranvier.plan.bounds import ParamOf, SharedBy, TimeOf
from ranvier.plan.plan import Plan
from ranvier.plan.step_kinds import (
    AccumulateStep,
    CallStep,
    ElementCode,
    EventStep,
    MapStep,
    PropagateStep,
    RecordEventsStep,
    RecordRateStep,
    RecordStep,
    SolveForestStep,
    Step,
    ThresholdStep,
)

CHEAP = frozenset({"abs", "ceil", "clip", "floor", "int", "int_", "sign", "timestep"})
"""Functions that take no longer than an operation."""

SUM, TREE, RECORD = 2000, 3000, 2000
"""Picoseconds for a term of a sum, a compartment of a tree, a recorded value."""

RATE = 10.0
"""Hertz at which cells are taken to fire, since nothing is known of it before a run."""

KEPT = 256
"""Plans of which it is kept."""

STEP = 1e-4
"""Seconds of a step, where a clock has none."""


@dataclass(frozen=True)
class PlanWork:
    """What a step costs.

    Attributes:
        parts: For each thing that can be divided: the number of the input that holds how many elements it has, the
            picoseconds for each, and the number of a second input to multiply with, -1 for none.
        arrivals: For each pathway: the number of the input whose last element is its number of synapses, and its clock.
        calls: Whether Python is called.
        delays: The numbers of the inputs that have the delays of pathways in steps, where it seems that threads need
            each other for the spikes that arrive only (the pass `partition` knows); None where they do otherwise.
    """

    parts: tuple[tuple[int, int, int], ...]
    arrivals: tuple[tuple[int, int], ...]
    calls: bool
    delays: tuple[int, ...] | None

    def steps_together(self, values: Sequence[Any]) -> int:
        """Returns through about how many steps threads can go by themselves: as many as spikes take to arrive.

        Args:
            values: What the inputs of the plan stand for.
        """
        if self.delays is None:
            return 1
        arrays = [values[delays].array for delays in self.delays]
        return max(min((int(array.min()) for array in arrays if array.size), default=LONGEST_STRETCH), 1)

    def nanoseconds(self, values: Sequence[Any]) -> float:
        """Returns about how many nanoseconds of work a step is that can be divided.

        Args:
            values: What the inputs of the plan stand for.
        """
        total = 0.0
        for size, cost, times in self.parts:
            total += values[size] * cost / 1000 * (1 if times < 0 else values[times])
        for pointers, clock in self.arrivals:
            array = values[pointers].array
            total += int(array[-1]) * SYNAPSE * RATE * getattr(values[clock], "dt_", STEP) if array.size else 0.0
        return total


_known: dict[str, PlanWork] = {}


def work_of(plan: Plan) -> PlanWork:
    """Returns what a step of a plan costs."""
    found = _known.get(plan.key)
    if found is None:
        if len(_known) >= KEPT:
            _known.clear()
        found = _known[plan.key] = _work_of(plan)
    return found


def _work_of(plan: Plan) -> PlanWork:
    parts = [part for step in plan.steps for part in _parts(step)]
    arrivals = tuple((step.pointers, step.clock) for step in plan.steps if isinstance(step, PropagateStep))
    calls = any(isinstance(step, CallStep) for step in plan.steps)
    delays = tuple(step.delays for step in plan.steps if isinstance(step, PropagateStep))
    clocks = sum(entry.kind == "clock" for entry in plan.inputs)
    go_on = clocks == 1 and all(isinstance(step, _ALONE) for step in plan.steps)
    return PlanWork(tuple(parts), arrivals, calls, delays if go_on else None)


_ALONE = (MapStep, ThresholdStep, EventStep, RecordStep, RecordEventsStep, RecordRateStep, PropagateStep)
"""Steps in which threads need not meet."""


def _parts(step: Step) -> Iterator[tuple[int, int, int]]:
    match step:
        case MapStep() | ThresholdStep():
            yield step.size, ELEMENT + _cost(step.code), -1
        case AccumulateStep():
            yield step.size, SUM + _cost(step.code), -1
        case RecordStep():
            yield step.size, RECORD * len(step.code.results) + _cost(step.code), -1
        case SolveForestStep():
            yield step.count, TREE, step.largest
        case _:
            pass


def _cost(code: ElementCode) -> int:
    """Returns the picoseconds of what is computed for an element, without what is the same for all."""
    varying = {name for name, bound in code.bindings if not isinstance(bound, ParamOf | SharedBy | TimeOf)}
    total = 0
    for line in code.lines:
        if isinstance(line, Assign):
            varies, cost = _expression(line.expr, varying)
            total += cost
            if varies:
                varying.add(line.target)
        elif isinstance(line, Adaptive):
            total += INNER_STEPS
        else:
            varying.update(target for row in line.targets for target in row if target is not None)
    return total + sum(_expression(result, varying)[1] for result in code.results)


def _expression(expr: Expr, varying: set[str]) -> tuple[bool, int]:
    """Returns whether an expression differs between elements, and the picoseconds that it takes for each then.

    What occurs several times counts once.
    """
    varies: dict[int, bool] = {}
    total = 0
    todo: list[tuple[Expr, bool]] = [(expr, False)]
    while todo:
        node, is_ready = todo.pop()
        if id(node) in varies:
            continue
        inner = children(node)
        if not is_ready and inner:
            todo.append((node, True))
            todo.extend((each, False) for each in inner)
            continue
        is_draw = isinstance(node, Call) and (not inner or node.function in DISTRIBUTIONS)
        own = is_draw or any(varies[id(each)] for each in inner) or (isinstance(node, Name) and node.id in varying)
        varies[id(node)] = own
        if own and not isinstance(node, Name):
            total += _own_cost(node, varies)
    return varies[id(expr)], total


def _own_cost(node: Expr, varies: dict[int, bool]) -> int:
    """Returns the picoseconds of an operation, without its operands."""
    if isinstance(node, Call):
        if node.function in DISTRIBUTIONS:
            return DRAWS[DISTRIBUTIONS[node.function]]
        if not node.args:
            return CALL
        return OPERATION if node.function in CHEAP else COSTLY
    divides = isinstance(node, Binary) and node.op in ("/", "//", "%") and varies[id(node.right)]
    return COSTLY if divides else OPERATION
