"""Makes a program smaller that shows a fault: `ranvier reduce`, delta debugging over passes, ops, sizes and values.

Each candidate is a valid program that is smaller as text; it is kept if it shows the fault, too. What is tried:

| what | how |
|---|---|
| passes | left out |
| instants | fewer |
| ops | left out: arrays keep their old version, numbers become an operand of the same type, or a constant |
| arrays that the loop carries | not changed |
| inputs | params become constants; what nothing uses goes |
| sizes | 1, 2, a half, one less; arrays are cut |
| values | 0, 1, fewer digits |
| notes on ops | left out |
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import AnyFloat, IndexType, IntegerType, ModuleOp
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.traits import IsTerminator

from ranvier.ir.dialect import new_context
from ranvier.ir.order import check_order
from ranvier.ir.structure import INPUT_OPS, ClockOp, LoopOp, ParamOp, ProgramOp
from ranvier.meaning.given import Array, Given, entries_of, table_of
from ranvier.meaning.reproducer import Reproducer, read_reproducer
from ranvier.passes.default_pipeline import split_pipeline
from ranvier.passes.facts.program_checks import check_programs
from ranvier.passes.facts.versions import updates_of
from ranvier.passes.lower.abi import input_ops
from ranvier.passes.optimise.eliminate_dead_code import EliminateDeadCode
from ranvier.passes.optimise.rewriting import loop_of, new_constant, programs_in

Case: TypeAlias = Reproducer
"""What is made smaller: program, passes, inputs."""

Shows: TypeAlias = Callable[[Case], bool]
"""Tells whether a case shows the fault."""


@dataclass
class Reducer:
    """Makes a case smaller.

    Attributes:
        shows: Tells whether a case shows the fault; what it raises counts as no.
        seconds: How long it may take.
        tried: How many candidates were looked at.
        told: Called with each case that is kept.
    """

    shows: Shows
    seconds: float = 300.0
    tried: int = 0
    told: Callable[[Case], None] = lambda case: None

    def reduce(self, case: Case) -> Case:
        """Returns the smallest case that was found.

        Raises:
            ValueError: The case does not show the fault.
        """
        if not self._holds(case):
            raise ValueError("the program does not show the fault")
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            before = weight(case)
            for phase in PHASES:
                case = phase(case, lambda smaller, now: self._accepts(smaller, now, end))
            if weight(case) == before:
                break
        return case

    def _accepts(self, candidate: Case | None, now: Case, end: float) -> bool:
        if candidate is None or time.monotonic() >= end or weight(candidate) >= weight(now):
            return False
        if not is_valid(candidate.module) or not self._holds(candidate):
            return False
        self.told(candidate)
        return True

    def _holds(self, case: Case) -> bool:
        self.tried += 1
        try:
            return self.shows(case)
        except Exception:  # whatever a program that is cut to pieces makes others raise
            return False


Accepts: TypeAlias = Callable[["Case | None", Case], bool]


def weight(case: Case) -> int:
    """Returns how large a case is: the characters of its file, and more for elements and instants."""
    given = case.given
    elements = 0 if given is None else sum(array.size for array in given.states.values())
    return len(str(case)) + 10 * elements + case.steps


def is_valid(module: ModuleOp) -> bool:
    """Tells whether a module verifies, keeps the rules of programs, and can be read again."""
    try:
        module.verify()
        check_order(module)
        check_programs(module)
        read_reproducer(str(module), context=new_context())
    except Exception:  # whatever a check meets in a program that is cut to pieces
        return False
    return True


# ---- phases


def _passes(case: Case, accepts: Accepts) -> Case:
    def without(case: Case, chosen: Sequence[int]) -> Case:
        kept = [one for k, one in enumerate(split_pipeline(case.pipeline)) if k not in chosen]
        return replace(case, pipeline=",".join(kept))

    return _fewer(case, accepts, lambda case: len(split_pipeline(case.pipeline)), without)


def _instants(case: Case, accepts: Accepts) -> Case:
    for steps in (1, 2, case.steps // 2):
        if steps < case.steps and accepts(smaller := replace(case, steps=steps), case):
            return smaller
    return case


def _ops(case: Case, accepts: Accepts) -> Case:
    for by_operand in (True, False):
        case = _fewer(
            case,
            accepts,
            lambda case: len(_removable(case.module)),
            lambda case, chosen, by_operand=by_operand: _without_ops(case, chosen, by_operand),
        )
    return case


def _dead(case: Case, accepts: Accepts) -> Case:
    def clean(module: ModuleOp) -> None:
        EliminateDeadCode().apply(new_context(), module)

    smaller = edited(case, clean)
    return smaller if smaller is not None and accepts(smaller, case) else case


def _carried(case: Case, accepts: Accepts) -> Case:
    def keep(case: Case, chosen: Sequence[int]) -> Case | None:
        def edit(module: ModuleOp) -> None:
            for loop in _loops(module):
                last = loop.body.block.last_op
                assert last is not None
                for k in chosen:
                    last.operands[k] = loop.body.block.args[k]
            EliminateDeadCode().apply(new_context(), module)

        return edited(case, edit)

    return _fewer(case, accepts, lambda case: sum(len(loop.carried) for loop in _loops(case.module)), keep)


def _inputs(case: Case, accepts: Accepts) -> Case:
    def without(case: Case, chosen: Sequence[int]) -> Case | None:
        def edit(module: ModuleOp) -> None:
            ops = [op for program in programs_in(module) for op in input_ops(program)]
            for k in reversed(chosen):
                _drop_input(ops[k], case.given)

        return edited(case, edit)

    def count(case: Case) -> int:
        return sum(len(input_ops(program)) for program in programs_in(case.module))

    return _fewer(case, accepts, count, without)


def _sizes(case: Case, accepts: Accepts) -> Case:
    if case.given is None:
        return case
    sizes = [label for label, value in case.given.params.items() if isinstance(value, int) and value > 1]
    for label in sizes:
        for size in (1, 2, case.given.params[label] // 2, case.given.params[label] - 1):
            assert case.given is not None
            if size < case.given.params[label] and accepts(smaller := _resized(case, label, size), case):
                assert smaller is not None
                case = smaller
                break
        if case.given is None:
            break
    return case


def _values(case: Case, accepts: Accepts) -> Case:
    for kind in ("params", "states"):
        for label in [] if case.given is None else list(getattr(case.given, kind)):
            for simple in _SIMPLER:
                smaller = _with_value(case, kind, label, simple)
                if accepts(smaller, case):
                    assert smaller is not None
                    case = smaller
                    break
    return case


def _notes(case: Case, accepts: Accepts) -> Case:
    def edit(module: ModuleOp) -> None:
        for op in module.walk():
            op.attributes.clear()

    smaller = edited(case, edit)
    return smaller if smaller is not None and accepts(smaller, case) else case


PHASES: tuple[Callable[[Case, Accepts], Case], ...] = (
    _passes, _instants, _carried, _ops, _dead, _sizes, _inputs, _values, _notes,
)  # fmt: skip
"""What is tried, in order, again and again until nothing becomes smaller."""


def _fewer(
    case: Case,
    accepts: Accepts,
    count: Callable[[Case], int],
    without: Callable[[Case, Sequence[int]], Case | None],
) -> Case:
    """Leaves out things: first halves of them, then smaller and smaller parts, the last first."""
    size = max(count(case), 1)
    while size:
        end = count(case)
        while end > 0:
            start = max(end - size, 0)
            smaller = without(case, range(start, end))
            if smaller is not None and accepts(smaller, case):
                case = smaller
                end = min(start, count(case))
            else:
                end = start
        size //= 2
    return case


# ---- edits


def edited(case: Case, edit: Callable[[ModuleOp], None]) -> Case | None:
    """Returns a case with another module, whose inputs keep their values; None if the module cannot be edited so."""
    module = case.module.clone()
    try:
        old = _labels(module)
        edit(module)
        given = None if case.given is None else _renamed(case.given, old, _labels(module))
    except Exception:  # whatever an edit meets that does not fit
        return None
    return replace(case, module=module, given=given)


def _labels(module: ModuleOp) -> dict[Operation, str]:
    found: dict[Operation, str] = {}
    for program in programs_in(module):
        entries = entries_of(table_of(module))
        found.update(zip(input_ops(program), (entry.label for _, entry in entries), strict=True))
    return found


def _renamed(given: Given, old: dict[Operation, str], new: dict[Operation, str]) -> Given:
    if not new:
        return given
    names = {old[op]: label for op, label in new.items()}

    def of(values: dict[str, Any]) -> dict[str, Any]:
        return {names[label]: value for label, value in values.items() if label in names}

    return Given(of(given.params), of(given.states), of(given.events), of(given.clocks))


def _loops(module: ModuleOp) -> list[LoopOp]:
    return [loop for program in programs_in(module) if (loop := loop_of(program)) is not None]


def _removable(module: ModuleOp) -> list[Operation]:
    """Returns the ops that may be left out, in order."""
    never = (ModuleOp, ProgramOp, LoopOp, *INPUT_OPS)
    return [op for op in module.walk() if not isinstance(op, never) and not op.has_trait(IsTerminator)]


def _without_ops(case: Case, chosen: Sequence[int], by_operand: bool) -> Case | None:
    def edit(module: ModuleOp) -> None:
        ops = _removable(module)
        for k in reversed(chosen):
            if k < len(ops) and ops[k].parent is not None:
                _leave_out(ops[k], by_operand)

    return edited(case, edit)


def _leave_out(op: Operation, by_operand: bool) -> None:
    """Leaves an op out, if something can take the place of its results."""
    old = {result: version for result, version in updates_of(op) if version is not None}
    substitutes: list[tuple[SSAValue, SSAValue | Operation]] = []
    for result in op.results:
        if result.first_use is None:
            continue
        other = old.get(result) or _substitute(op, result, by_operand)
        if other is None:
            return
        substitutes.append((result, other))
    block = op.parent_block()
    assert block is not None
    for result, other in substitutes:
        if isinstance(other, Operation):
            block.insert_op_before(other, op)
            other = other.results[0]
        result.replace_all_uses_with(other)
    op.detach()
    op.erase()


def _substitute(op: Operation, result: SSAValue, by_operand: bool) -> SSAValue | Operation | None:
    if isinstance(op, ConstantOp):
        return None
    if by_operand:
        same = next((value for value in op.operands if value.type == result.type), None)
        if same is not None:
            return same
    kind: Attribute = result.type
    if isinstance(kind, AnyFloat):
        return new_constant(1.0, result.type)
    return new_constant(0, kind) if kind == IndexType() or _is_whole(kind) else None


def _is_whole(kind: Attribute) -> bool:
    return isinstance(kind, IntegerType)


def _drop_input(op: Operation, given: Given | None) -> None:
    """Removes an input that nothing uses; a param that something uses becomes a constant."""
    if op.results[0].first_use is not None:
        if not isinstance(op, ParamOp) or given is None:
            return
        constant = new_constant(float(given.params.get(op.label.data, 1)), op.value.type)
        block = op.parent_block()
        assert block is not None
        block.insert_op_before(constant, op)
        op.value.replace_all_uses_with(constant.result)
    elif isinstance(op, ClockOp) and sum(isinstance(other, ClockOp) for other in _siblings(op)) == 1:
        return
    op.detach()
    op.erase()


def _siblings(op: Operation) -> Iterator[Operation]:
    block = op.parent_block()
    assert block is not None
    return iter(block.ops)


def _resized(case: Case, label: str, size: int) -> Case | None:
    """Returns a case with another size, and arrays that are cut to what fits."""
    assert case.given is not None
    given = case.given.copy()
    given.params[label] = size
    try:
        entries = entries_of(table_of(case.module))
        labels = [entry.label for _, entry in entries]
        for declared, entry in entries:
            if declared.size is None or entry.kind not in ("state", "events"):
                continue
            wanted = declared.size.value(lambda number: int(given.params[labels[number]]))
            if entry.kind == "events":
                events = given.events[entry.label]
                given.events[entry.label] = events[events < wanted]
            elif given.states[entry.label].size >= wanted:
                given.states[entry.label] = given.states[entry.label][:wanted].copy()
            else:
                return None
    except (ValueError, KeyError, TypeError):
        return None
    return replace(case, given=given)


def _rounded_to_one(value: Array) -> Array:
    return np.round(value, 1)


def _rounded_to_three(value: Array) -> Array:
    return np.round(value, 3)


def _all_as_the_first(value: Array) -> Array:
    return np.full_like(value, value.flat[0])


_SIMPLER: tuple[Callable[[Any], Any], ...] = (
    np.zeros_like,
    np.ones_like,
    _rounded_to_one,
    _rounded_to_three,
    _all_as_the_first,
)
"""Simpler values, the simplest first."""


def _with_value(case: Case, kind: str, label: str, simple: Callable[[Any], Any]) -> Case | None:
    assert case.given is not None
    given = case.given.copy()
    values = getattr(given, kind)
    old = np.asarray(values[label])
    if old.dtype.kind == "b" or not old.size or (kind == "params" and old.dtype.kind != "f"):
        return None
    new = simple(old)
    values[label] = new.item() if kind == "params" else new.astype(old.dtype)
    return replace(case, given=given)
