"""Smaller programs: ops and inputs left out of a case, whose other inputs keep their values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import AnyFloat, IndexType, IntegerType, ModuleOp
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.traits import IsTerminator

from ranvier.ir.dialect import new_context
from ranvier.ir.emission import EmitOp
from ranvier.ir.interpret import InterpretError
from ranvier.ir.neurons import CompactOp, ThresholdOp
from ranvier.ir.structure import INPUT_OPS, ClockOp, LoopOp, ParamOp, ProgramOp
from ranvier.meaning.given import Given, entries_of, table_of
from ranvier.meaning.reproducer import Reproducer
from ranvier.meaning.runners import Interpreted
from ranvier.passes.facts.versions import updates_of
from ranvier.passes.lower.abi import input_ops
from ranvier.passes.optimise.eliminate_dead_code import EliminateDeadCode
from ranvier.passes.optimise.rewriting import loop_of, new_constant, programs_in
from ranvier.text.run import InputError


def edited(case: Reproducer, edit: Callable[[ModuleOp], None]) -> Reproducer | None:
    """Returns a case with another module, whose inputs keep their values; None if the module cannot be edited so."""
    module = case.module.clone()
    try:
        old = labels_in(module)
        edit(module)
        given = None if case.given is None else _renamed(case.given, old, labels_in(module))
    except Exception:  # whatever an edit meets that does not fit
        return None
    return replace(case, module=module, given=given)


def labels_in(module: ModuleOp) -> dict[Operation, str]:
    """Returns the labels of the inputs by their ops."""
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


def loops_in(module: ModuleOp) -> list[LoopOp]:
    """Returns the loop of each program."""
    return [loop for program in programs_in(module) if (loop := loop_of(program)) is not None]


def removable(module: ModuleOp) -> list[Operation]:
    """Returns the ops that may be left out, in order."""
    never = (ModuleOp, ProgramOp, LoopOp, *INPUT_OPS)
    return [op for op in module.walk() if not isinstance(op, never) and not op.has_trait(IsTerminator)]


def whole_ops(module: ModuleOp) -> list[Operation]:
    """Returns the ops that an instant consists of, each with its region, in order."""
    found = [op for loop in loops_in(module) for op in loop.body.block.ops]
    return [op for op in found if not op.has_trait(IsTerminator)]


def without_whole_ops(case: Reproducer, chosen: Sequence[int]) -> Reproducer | None:
    """Returns a case without some of `whole_ops`, and without what nothing uses then."""

    def edit(module: ModuleOp) -> None:
        ops = whole_ops(module)
        for k in reversed(chosen):
            _leave_out(ops[k], by_operand=True)
        EliminateDeadCode().apply(new_context(), module)

    return edited(case, edit)


def without_event_ops(case: Reproducer) -> Reproducer | None:
    """Returns a case without the ops that find events, which is given what they find; None if it cannot be run."""
    assert case.given is not None
    finders = [k for k, op in enumerate(whole_ops(case.module)) if isinstance(op, ThresholdOp | CompactOp | EmitOp)]
    try:
        outcome = Interpreted(case.module).step(case.given) if finders else None
    except (InterpretError, InputError):
        return None
    if outcome is None:
        return None
    given = replace(case.given, events={**case.given.events, **outcome.events})
    return without_whole_ops(replace(case, given=given), finders)


def without_unused_inputs(case: Reproducer) -> Reproducer | None:
    """Returns a case without the inputs that nothing uses."""

    def edit(module: ModuleOp) -> None:
        for program in programs_in(module):
            for op in reversed(input_ops(program)):
                if op.results[0].first_use is None:
                    drop_input(op, case.given)

    return edited(case, edit)


def without_ops(case: Reproducer, chosen: Sequence[int], by_operand: bool) -> Reproducer | None:
    """Returns a case without some of `removable`; an operand of the same type takes their place, or a constant."""

    def edit(module: ModuleOp) -> None:
        ops = removable(module)
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


def drop_input(op: Operation, given: Given | None) -> None:
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
