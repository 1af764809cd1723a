"""Which op of a program makes a variable different from what another program makes of it, and how ops are called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Operation, SSAValue

from ranvier.ir.graph import location_text
from ranvier.ir.structure import EventSpaceOp, LoopOp, ProgramOp, SinkOp, StateOp
from ranvier.meaning.differences import Difference, same_elements
from ranvier.meaning.given import Given
from ranvier.meaning.runners import Interpreted
from ranvier.passes.facts.versions import check_single_version, updates_of
from ranvier.passes.lower.abi import program_of


def op_text(op: Operation) -> str:
    """Returns what reports call an op: name, label or first result, its place or that of the op around it."""
    place = location_text(op.location)
    if place is not None:
        return f"{_name_of(op)} ({place})"
    around = op.parent_op()
    while around is not None and location_text(around.location) is None:
        around = around.parent_op()
    return _name_of(op) if around is None else f"{_name_of(op)} in {op_text(around)}"


def _name_of(op: Operation) -> str:
    label = op.properties.get("label")
    if isinstance(label, StringAttr):
        return f'{op.name} "{label.data}"'
    hint = next((result.name_hint for result in op.results if result.name_hint), None)
    return f"{op.name} %{hint}" if hint else op.name


def ops_at_fault(found: Sequence[Difference], before: ModuleOp, after: ModuleOp, given: Given) -> list[str]:
    """Returns, for each difference in one instant, what the op of the second program is called that makes it.

    It is the first op that makes a version of the array that the first program has at no point of the instant; where
    there is none, the one that makes the last version.

    Args:
        found: Differences of one instant.
        before: The first program.
        after: The second one.
        given: What the instant begins with.
    """
    old, new = (_versions(module, given) for module in (before, after))
    return [_op_of(one, old, new) for one in found]


def _op_of(one: Difference, old: _Versions, new: _Versions) -> str:
    key = one.kind, one.label
    if one.kind == "table":
        return new.recorders.get(one.label, "")
    ours, theirs = new.made.get(key, []), [value for _, value in old.made.get(key, [])]
    theirs += [value for label, value in old.begun.items() if label == key]
    for op, value in ours:
        if not any(_same(value, other) for other in theirs):
            return op
    return ours[-1][0] if ours else ""


def _same(value: Any, other: Any) -> bool:
    value, other = np.asarray(value), np.asarray(other)
    return value.shape == other.shape and bool(np.all(same_elements(value, other, 1e-9)))


@dataclass
class _Versions:
    """What the ops of a program made in an instant: by kind and label the versions of each array, in order."""

    made: dict[tuple[str, str], list[tuple[str, Any]]] = field(
        default_factory=dict[tuple[str, str], list[tuple[str, Any]]]
    )
    begun: dict[tuple[str, str], Any] = field(default_factory=dict[tuple[str, str], Any])
    recorders: dict[str, str] = field(default_factory=dict[str, str])


def _versions(module: ModuleOp, given: Given) -> _Versions:
    found = _Versions()
    program = program_of(module)
    roots = check_single_version(program)
    owned = {value: (op, root) for op in _in_loop(program) for value, root in _updated(op, roots.root)}

    def watch(op: Operation, results: Sequence[Any]) -> None:
        if isinstance(op, StateOp | EventSpaceOp):
            found.begun[_key(op)] = results[0]
        for result, value in zip(op.results, results, strict=True):
            if result in owned:
                found.made.setdefault(owned[result][1], []).append((op_text(op), value))

    Interpreted(module).step(given, watch)
    for op in _in_loop(program):
        for operand in op.operands:
            if isinstance(operand.owner, SinkOp):
                found.recorders.setdefault(operand.owner.label.data, op_text(op))
    return found


def _in_loop(program: ProgramOp) -> Iterator[Operation]:
    for op in program.body.block.ops:
        if isinstance(op, LoopOp):
            yield from op.body.block.ops


def _updated(op: Operation, root: Any) -> Iterator[tuple[SSAValue, tuple[str, str]]]:
    for out, _ in updates_of(op):
        owner = root(out).owner
        if isinstance(owner, StateOp | EventSpaceOp):
            yield out, _key(owner)


def _key(op: StateOp | EventSpaceOp) -> tuple[str, str]:
    return "state" if isinstance(op, StateOp) else "events", op.label.data
