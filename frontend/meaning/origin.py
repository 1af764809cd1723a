"""Which op of a program makes a variable different from what another program makes of it, and how ops are called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

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


def ops_at_fault(found: Sequence[Difference], before: ModuleOp, after: ModuleOp, given: Given) -> list[Difference]:
    """Returns differences of one instant with the op of the second program that makes each, in the order of these ops.

    It is the first op that makes a version of the array that the first program has at no point of the instant; where
    there is none, the one that makes the last version.

    Args:
        found: Differences of one instant.
        before: The first program.
        after: The second one.
        given: What the instant begins with.
    """
    old, new = (_versions(module, given) for module in (before, after))
    return _in_order(found, [_op_of(one, old, new) for one in found], after)


def ops_that_make(found: Sequence[Difference], module: ModuleOp) -> list[Difference]:
    """Returns differences with the last op of a program that makes each variable, in the order of these ops."""
    program = program_of(module)
    makers: dict[tuple[str, str], Operation] = dict(_recorders(program))
    roots = check_single_version(program)
    for op in _in_loop(program):
        makers.update({key: op for _, key in _updated(op, roots.root)})
    return _in_order(found, [makers.get((one.kind, one.label)) for one in found], module)


def _in_order(found: Sequence[Difference], ops: Sequence[Operation | None], module: ModuleOp) -> list[Difference]:
    places = {op: k for k, op in enumerate(_in_loop(program_of(module)))}
    pairs = [(op, one) for one, op in zip(found, ops, strict=True)]
    pairs.sort(key=lambda pair: -1 if pair[0] is None else places.get(pair[0], -1))
    return [one if op is None else replace(one, op=op_text(op)) for op, one in pairs]


def _op_of(one: Difference, old: _Versions, new: _Versions) -> Operation | None:
    key = one.kind, one.label
    if one.kind == "table":
        return new.recorders.get(key)
    ours, theirs = new.made.get(key, []), [value for _, value in old.made.get(key, [])]
    theirs += [value for label, value in old.begun.items() if label == key]
    for op, value in ours:
        if not any(_same(value, other) for other in theirs):
            return op
    last = ours or old.made.get(key, [])  # what nothing makes any more, an op of the first program made
    return last[-1][0] if last else None


def _same(value: Any, other: Any) -> bool:
    value, other = np.asarray(value), np.asarray(other)
    return value.shape == other.shape and bool(np.all(same_elements(value, other, 1e-9)))


_Made: TypeAlias = dict[tuple[str, str], list[tuple[Operation, Any]]]


@dataclass
class _Versions:
    """What the ops of a program made in an instant: by kind and label the versions of each array, in order."""

    made: _Made = field(default_factory=_Made)
    begun: dict[tuple[str, str], Any] = field(default_factory=dict[tuple[str, str], Any])
    recorders: dict[tuple[str, str], Operation] = field(default_factory=dict[tuple[str, str], Operation])


def _versions(module: ModuleOp, given: Given) -> _Versions:
    program = program_of(module)
    found = _Versions(recorders=dict(_recorders(program)))
    roots = check_single_version(program)
    owned = {value: key for op in _in_loop(program) for value, key in _updated(op, roots.root)}

    def watch(op: Operation, results: Sequence[Any]) -> None:
        if isinstance(op, StateOp | EventSpaceOp):
            found.begun[_key(op)] = results[0]
        for result, value in zip(op.results, results, strict=True):
            if result in owned:
                found.made.setdefault(owned[result], []).append((op, value))

    Interpreted(module).step(given, watch)
    return found


def _recorders(program: ProgramOp) -> Iterator[tuple[tuple[str, str], Operation]]:
    """Yields the first op that records to each table."""
    seen: set[str] = set()
    for op in _in_loop(program):
        for operand in op.operands:
            if isinstance(operand.owner, SinkOp) and operand.owner.label.data not in seen:
                seen.add(operand.owner.label.data)
                yield ("table", operand.owner.label.data), op


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
