"""Makes a program smaller that shows a fault: `ranvier reduce`, delta debugging over passes, ops, sizes and values.

Each candidate is a valid program that is smaller as text; it is kept if it shows the fault, too. What is tried, the
biggest cuts first:

| what | how |
|---|---|
| passes | left out |
| instants | fewer |
| ops of an instant | left out with their regions: arrays keep their old version |
| events | given, instead of found in the same instant |
| synapses | left out, of all arrays that list them |
| cells | each two neighbours become one, which has the synapses of both (`smaller_wiring.py`) |
| ops | left out: arrays keep their old version, numbers become an operand of the same type, or a constant |
| arrays that the loop carries | not changed |
| inputs | params become constants; what nothing uses goes |
| sizes | 1, 2, a half, one less; arrays are cut |
| values | 0, 1, fewer digits |
| notes on ops | left out |
"""

from __future__ import annotations

import functools
import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from ranvier.ir.dialect import new_context
from ranvier.ir.order import check_order
from ranvier.meaning.given import Array, Given
from ranvier.meaning.reproducer import Reproducer, array_text, read_reproducer
from ranvier.meaning.smaller_inputs import SIMPLER, resized, with_value
from ranvier.meaning.smaller_programs import (
    drop_input,
    edited,
    loops_in,
    removable,
    whole_ops,
    without_event_ops,
    without_ops,
    without_unused_inputs,
    without_whole_ops,
)
from ranvier.meaning.smaller_wiring import coarser, fewer_synapses
from ranvier.passes.default_pipeline import split_pipeline
from ranvier.passes.facts.program_checks import check_programs
from ranvier.passes.lower.abi import input_ops
from ranvier.passes.optimise.eliminate_dead_code import EliminateDeadCode
from ranvier.passes.optimise.rewriting import programs_in

Case: TypeAlias = Reproducer
"""What is made smaller: program, passes, inputs."""

Shows: TypeAlias = Callable[[Case], bool]
"""Tells whether a case shows the fault."""


@dataclass
class Reducer:
    """Makes a case smaller.

    Attributes:
        shows: Tells whether a case shows the fault; what it raises counts as no.
        seconds: How long it may take; the smallest case that was found by then is the result.
        tried: How many candidates were looked at.
        told: Called with each case that is kept.
    """

    shows: Shows
    seconds: float = 300.0
    tried: int = 0
    told: Callable[[Case], None] = lambda case: None
    _best: Case | None = None
    _refused: set[bytes] = field(default_factory=set[bytes])

    def reduce(self, case: Case) -> Case:
        """Returns the smallest case that was found.

        Raises:
            ValueError: The case does not show the fault.
        """
        if not self._holds(case):
            raise ValueError("the program does not show the fault")
        self._best = case
        end = time.monotonic() + self.seconds
        try:
            self._reduce(case, end)
        except _TimeIsOver:
            pass
        return self._best

    def _reduce(self, case: Case, end: float) -> None:
        before = None
        while before != weight(case):
            before = weight(case)
            for phase in PHASES:
                case = phase(case, lambda smaller, now: self._accepts(smaller, now, end))

    def _accepts(self, candidate: Case | None, now: Case, end: float) -> bool:
        if time.monotonic() >= end:
            raise _TimeIsOver
        if candidate is None or weight(candidate) >= weight(now):
            return False
        same = digest(candidate)
        if same in self._refused:
            return False
        if not (keeps_rules(candidate.module) and self._holds(candidate) and can_be_read(candidate.module)):
            self._refused.add(same)
            return False
        self._best = candidate
        self.told(candidate)
        return True

    def _holds(self, case: Case) -> bool:
        self.tried += 1
        try:
            return self.shows(case)
        except Exception:  # whatever a program that is cut to pieces makes others raise
            return False


Accepts: TypeAlias = Callable[["Case | None", Case], bool]


class _TimeIsOver(Exception):
    pass


def weight(case: Case) -> int:
    """Returns how large a case is: the characters of its file, and more for elements and instants."""
    bare = replace(case, module=ModuleOp([]), given=None)
    length = len(str(bare)) + len(_text_of(case.module)) + case.steps
    if case.given is None:
        return length
    params = sum(len(label) + len(repr(value)) for label, value in case.given.params.items())
    return length + params + sum(_facts_of(array)[0] for array in _arrays_of(case.given))


def digest(case: Case) -> bytes:
    """Returns a digest of all that tells cases of one reduction apart."""
    found = hashlib.blake2b(f"{case.pipeline} {case.steps} {_text_of(case.module)}".encode(), digest_size=16)
    if case.given is not None:
        clocks = [(label, one.n, one.n_end, one.dt) for label, one in case.given.clocks.items()]
        found.update(f"{case.given.params} {clocks} {list(case.given.states)}".encode())
        for array in _arrays_of(case.given):
            found.update(_facts_of(array)[1])
    return found.digest()


def _arrays_of(given: Given) -> Iterator[Array]:
    yield from given.states.values()
    yield from given.events.values()


@functools.lru_cache(maxsize=64)
def _text_of(module: ModuleOp) -> str:
    return str(module)


def _facts_of(array: Array) -> tuple[int, bytes]:
    """Returns how much an array weighs, and its digest: candidates share most arrays, and long ones take long."""
    known = _known.get(id(array))
    if known is None or known[0] is not array:
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        held = np.ascontiguousarray(array)
        found = hashlib.blake2b(f"{held.dtype} {held.size} ".encode() + held.tobytes(), digest_size=16).digest()
        known = _known[id(array)] = (array, len(array_text(array)) + 10 * array.size, found)
    return known[1], known[2]


MOST_KNOWN = 200
"""Of how many arrays it is kept what they weigh."""

_known: dict[int, tuple[Array, int, bytes]] = {}


def keeps_rules(module: ModuleOp) -> bool:
    """Tells whether a module verifies and keeps the rules of programs."""
    try:
        module.verify()
        check_order(module)
        check_programs(module)
    except Exception:  # whatever a check meets in a program that is cut to pieces
        return False
    return True


def can_be_read(module: ModuleOp) -> bool:
    """Tells whether a module can be read again."""
    try:
        read_reproducer(_text_of(module), context=new_context())
    except Exception:  # whatever a parser meets in the text of a program that is cut to pieces
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


def _whole_ops(case: Case, accepts: Accepts) -> Case:
    return _fewer(case, accepts, lambda case: len(whole_ops(case.module)), without_whole_ops)


def _events(case: Case, accepts: Accepts) -> Case:
    """Gives the events of an instant, which are not found then."""
    if case.given is None or case.steps != 1:
        return case
    smaller = without_event_ops(case)
    return _whole_ops(smaller, accepts) if smaller is not None and accepts(smaller, case) else case


def _unused(case: Case, accepts: Accepts) -> Case:
    smaller = without_unused_inputs(case)
    return smaller if smaller is not None and accepts(smaller, case) else case


def _cells(case: Case, accepts: Accepts) -> Case:
    while case.given is not None:
        tried = (_tried(coarser, case, second) for second in (False, True))
        smaller = next((one for one in tried if accepts(one, case)), None)
        if smaller is None:
            break
        case = smaller
    return case


def _synapses(case: Case, accepts: Accepts) -> Case:
    if case.given is None:
        return case
    return fewer_synapses(case, lambda case, count, without: _fewer(case, accepts, count, partial(_tried, without)))


def _tried(edit: Callable[..., Case | None], *arguments: Any) -> Case | None:
    try:
        return edit(*arguments)
    except (ValueError, KeyError, TypeError, IndexError):  # arrays that mean something else than was thought
        return None


def _ops(case: Case, accepts: Accepts) -> Case:
    for by_operand in (True, False):
        case = _fewer(
            case,
            accepts,
            lambda case: len(removable(case.module)),
            lambda case, chosen, by_operand=by_operand: without_ops(case, chosen, by_operand),
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
            for loop in loops_in(module):
                last = loop.body.block.last_op
                assert last is not None
                for k in chosen:
                    last.operands[k] = loop.body.block.args[k]
            EliminateDeadCode().apply(new_context(), module)

        return edited(case, edit)

    return _fewer(case, accepts, lambda case: sum(len(loop.carried) for loop in loops_in(case.module)), keep)


def _inputs(case: Case, accepts: Accepts) -> Case:
    def without(case: Case, chosen: Sequence[int]) -> Case | None:
        def edit(module: ModuleOp) -> None:
            ops = [op for program in programs_in(module) for op in input_ops(program)]
            for k in reversed(chosen):
                drop_input(ops[k], case.given)

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
            if size < case.given.params[label] and accepts(smaller := resized(case, label, size), case):
                assert smaller is not None
                case = smaller
                break
        if case.given is None:
            break
    return case


def _values(case: Case, accepts: Accepts) -> Case:
    for kind in ("params", "states"):
        for label in [] if case.given is None else list(getattr(case.given, kind)):
            for simple in SIMPLER:
                smaller = with_value(case, kind, label, simple)
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
    _passes, _instants, _whole_ops, _events, _unused, _notes, _synapses, _cells, _carried, _ops, _dead, _sizes, _inputs,
    _values,
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
