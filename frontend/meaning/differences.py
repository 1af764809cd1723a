"""What differs between two programs that are given the same: variable, first step, element, spikes gained and lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ranvier.meaning.given import Array, Outcome, Row


@dataclass(frozen=True)
class Difference:
    """Something that two programs make differently.

    Attributes:
        kind: "state", "events", "table" or "clock".
        label: Its label.
        step: The number of the first instant of the run in which it differs, from 0.
        time: When that is, in seconds.
        element: The first element that differs then; of a table the row of the instant.
        before: What it was in the first program.
        after: What it is in the second one.
        wrong: How many elements differ then.
        size: Of how many.
        gained: How many events the second program has that the first has not, in all instants.
        lost: How many it has not.
        op: The op of the second program that makes it so, "" if that is not known.
    """

    kind: str
    label: str
    step: int
    time: float
    element: int
    before: Any = None
    after: Any = None
    wrong: int = 1
    size: int = 1
    gained: int = 0
    lost: int = 0
    op: str = ""

    def __str__(self) -> str:
        where = f"first at step {self.step} (t = {self.time * 1e3:.6g} ms)"
        if self.kind == "clock":
            text = f"clock {self.label}: {where}: its next step was {self.before}, and is {self.after}"
        elif self.kind == "events":
            change = "has an event that it had not" if self.after else "has no event any more"
            text = (
                f"events {self.label}: {self.gained} gained, {self.lost} lost; {where}: element {self.element} {change}"
            )
        elif self.kind == "table":
            text = f"table {self.label}: {where}, row {self.element} of the step: {self.before} became {self.after}"
        else:
            some = f"; {self.wrong} of {self.size} elements differ" if self.size > 1 else ""
            text = f"state {self.label}: {where}, element {self.element}: {self.before} became {self.after}{some}"
        return f"{text}\n    by {self.op}" if self.op else text


def differences(before: Sequence[Outcome], after: Sequence[Outcome | None], within: float) -> list[Difference]:
    """Returns what differs, of each variable the first instant; what differs first stands first.

    Args:
        before: The instants of a program.
        after: What another program makes of what each of these began with; None: it ends there.
        within: The greatest difference of floats, relative to the largest element; 0: all bits have to be the same,
            but those of NaN.
    """
    found: dict[tuple[str, str], Difference] = {}
    gained: dict[str, int] = {}
    lost: dict[str, int] = {}
    for step, (old, new) in enumerate(zip(before, after, strict=True)):
        for one in _of_instant(step, old, new, within):
            found.setdefault((one.kind, one.label), one)
            gained[one.label] = gained.get(one.label, 0) + one.gained
            lost[one.label] = lost.get(one.label, 0) + one.lost
    counted = [_counted(one, gained, lost) if one.kind == "events" else one for one in found.values()]
    return sorted(counted, key=lambda one: one.step)


MOST = 6
"""How many differences are listed."""


def listed(found: Sequence[Difference]) -> list[str]:
    """Returns differences as text, the first in full."""
    more = [f"... and {len(found) - MOST} more variables"] if len(found) > MOST else []
    return [*map(str, found[:MOST]), *more]


def _counted(one: Difference, gained: dict[str, int], lost: dict[str, int]) -> Difference:
    return replace(one, gained=gained[one.label], lost=lost[one.label])


def _of_instant(step: int, old: Outcome, new: Outcome | None, within: float) -> Iterator[Difference]:
    for label, n in old.steps.items():
        there = None if new is None else new.steps.get(label)
        if there != n:
            yield Difference("clock", label, step, old.time, 0, n, "no step: the run ends" if new is None else there)
    if new is None:
        return
    for label, indices in old.events.items():
        yield from _of_events(step, old.time, label, indices, new.events.get(label))
    for label, array in old.states.items():
        yield from _of_state(step, old.time, label, array, new.states.get(label), within)
    for label, rows in old.rows.items():
        yield from _of_table(step, old.time, label, rows, new.rows.get(label, []), within)


def _of_events(step: int, time: float, label: str, old: Array, new: Array | None) -> Iterator[Difference]:
    was, is_now = set(old.tolist()), set(() if new is None else new.tolist())
    changed = sorted(was ^ is_now)
    if changed:
        first = changed[0]
        gained, lost = len(is_now - was), len(was - is_now)
        one = Difference("events", label, step, time, first, first in was, first in is_now, len(changed))
        yield replace(one, gained=gained, lost=lost)


def _of_state(step: int, time: float, label: str, old: Array, new: Array | None, within: float) -> Iterator[Difference]:
    if new is None or old.shape != new.shape:
        shape = "nothing" if new is None else f"{new.size} elements"
        yield Difference("state", label, step, time, 0, f"{old.size} elements", shape)
        return
    wrong = np.flatnonzero(~same_elements(old, new, within))
    if wrong.size:
        k = int(wrong[0])
        yield Difference("state", label, step, time, k, old[k].item(), new[k].item(), wrong.size, old.size)


def _of_table(
    step: int, time: float, label: str, old: Sequence[Row], new: Sequence[Row], within: float
) -> Iterator[Difference]:
    for k in range(max(len(old), len(new))):
        was, is_now = (rows[k] if k < len(rows) else None for rows in (old, new))
        if was is None or is_now is None or not _same_row(was, is_now, within):
            yield Difference("table", label, step, time, k, row_text(was), row_text(is_now))
            return


def row_text(row: Row | None) -> str:
    """Returns a row of a table as text."""
    if row is None:
        return "no row"
    return f"({', '.join(str(column.tolist()[0] if column.size == 1 else column.tolist()) for column in row)})"


def _same_row(old: Row, new: Row, within: float) -> bool:
    return len(old) == len(new) and all(
        a.shape == b.shape and bool(np.all(same_elements(a, b, within))) for a, b in zip(old, new, strict=True)
    )


def same_elements(old: Array, new: Array, within: float) -> Array:
    """Tells of each element whether it is the same in two arrays of one shape; see `differences`."""
    if old.dtype.kind != "f" or new.dtype.kind != "f":
        return np.asarray(old == new)
    equal = (old == new) & (np.signbit(old) == np.signbit(new)) if within == 0 else old == new
    equal |= np.isnan(old) & np.isnan(new)
    if within:
        finite = np.isfinite(old) & np.isfinite(new)
        largest = np.max(np.abs(old[finite]), initial=0.0)
        apart = np.subtract(new, old, out=np.zeros_like(old), where=finite)
        equal |= finite & (np.abs(apart) <= within * largest)
    return equal
