"""The order of things inside a time step: slots, sorting, the summary table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, NamedTuple, cast

from ranvier.public import public_in
from ranvier.session.clocks import BaseClock, Clock, EventClock
from ranvier.units import Quantity

if TYPE_CHECKING:
    from ranvier.objects.groups.brianobject import BrianObject


def check_schedule(slots: object) -> list[str]:
    """Returns a schedule as a list.

    Raises:
        TypeError: If it is no list of strings, or has no order.
        ValueError: If a slot begins with `before_` or `after_`: these exist around every slot.
    """
    if isinstance(slots, str) or not isinstance(slots, Sequence):
        raise TypeError(f"A schedule is a list of slot names (or None for the usual one), not {slots!r}.")
    slots = list(cast("Sequence[object]", slots))
    for slot in slots:
        if not isinstance(slot, str):
            raise TypeError(f"A schedule is a list of slot names, not one with {slot!r}.")
        if slot.startswith(("before_", "after_")):
            raise ValueError(
                f"The slot name {slot!r} is not allowed: slots 'before_...' and 'after_...' exist around every slot."
            )
    return cast("list[str]", slots)


def slot_positions(schedule: Iterable[str]) -> dict[str, int]:
    """Returns the position of each slot, `before_` and `after_` slots included."""
    positions: dict[str, int] = {}
    for slot in schedule:
        for name in (f"before_{slot}", slot, f"after_{slot}"):
            positions[name] = len(positions)
    return positions


def sort_objects(objects: Iterable[BrianObject], schedule: Iterable[str]) -> list[BrianObject]:
    """Returns objects in execution order: by slot, then `order`, then name.

    Raises:
        KeyError: If the `when` of an object is no slot of the schedule.
    """
    positions = slot_positions(schedule)
    objects = list(objects)
    for obj in objects:
        if obj.when not in positions:
            slots = ", ".join(repr(slot) for slot in schedule) or "no slots"
            raise KeyError(
                f"Slot '{obj.when}' of the object '{obj.name}' does not exist; the schedule has {slots}, with "
                "'before_...' and 'after_...' around each."
            )
    return sorted(objects, key=lambda obj: (positions[obj.when], obj.order, obj.name))


class ScheduleRow(NamedTuple):
    """One line of a scheduling summary; `dt` is None for what follows an `EventClock`."""

    name: str
    type: str
    owner_name: str | None
    owner_type: str | None
    clock: str
    when: str
    order: int
    active: bool
    dt: Quantity | None


@public_in("ranvier.core.network")
class SchedulingSummary:
    """The operations of a step in execution order, as a table.

    Attributes:
        entries: Its lines.
        all_dts: The dt of each line that has one, in seconds.
        dts: The different ones, the smallest first.
        steps: Each of these → "every step", "every 2 steps", ...
    """

    HEADERS = ("object", "part of", "Clock dt", "when", "order", "active")
    ALIGNMENT = (str.ljust, str.ljust, str.ljust, str.ljust, str.rjust, str.center)

    def __init__(self, entries: Sequence[ScheduleRow]) -> None:
        self.entries = tuple(entries)
        self.all_dts = [float(row.dt) for row in entries if row.dt is not None]
        self.dts = sorted(set(self.all_dts))
        self.steps = {dt: _how_often(dt, self.dts[0]) for dt in self.dts}

    def _cells(self) -> list[tuple[str, ...]]:
        return [
            (
                f"{row.name} ({row.type})",
                "--" if row.owner_name is None else f"{row.owner_name} ({row.owner_type})",
                row.clock,
                row.when,
                str(row.order),
                "yes" if row.active else "no",
            )
            for row in self.entries
        ]

    def __repr__(self) -> str:
        cells = self._cells()
        widths = [max(len(line[k]) for line in [self.HEADERS, *cells]) for k in range(len(self.HEADERS))]

        def line(parts: Sequence[str], align: Sequence[Callable[[str, int], str]]) -> str:
            return " | ".join(f(part, width) for f, part, width in zip(align, parts, widths, strict=True))

        rule = "-+-".join("-" * width for width in widths)
        header = line(self.HEADERS, [str.center] * len(self.HEADERS))
        return "\n".join([header, rule, *(line(row, self.ALIGNMENT) for row in cells)])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{name}</th>" for name in self.HEADERS)
        body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in self._cells())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


_TYPES: Mapping[str, str] = {
    "RunRegularly": "CodeRunner",
    "SynapticStateUpdater": "StateUpdater",
    "SynapticSubexpressionUpdater": "SubexpressionUpdater",
}
"""What Brian calls classes that it has not."""


def summarise(objects: Sequence[BrianObject], owners: dict[str, BrianObject]) -> SchedulingSummary:
    """Returns the summary of objects in execution order; `owners` gives the object that one is part of."""
    smallest = min((obj.clock.dt_ for obj in objects if isinstance(obj.clock, Clock)), default=1.0)
    rows: list[ScheduleRow] = []
    for obj in objects:
        owner = owners.get(obj.name, obj.is_part_of if obj.acts_itself else None)
        rows.append(
            ScheduleRow(
                obj.name,
                _TYPES.get(type(obj).__name__, type(obj).__name__),
                None if owner is None else owner.name,
                None if owner is None else type(owner).__name__,
                _clock_text(obj.clock, smallest),
                obj.when,
                obj.order,
                obj.active,
                obj.clock.dt if isinstance(obj.clock, Clock) else None,
            )
        )
    return SchedulingSummary(rows)


def _how_often(dt: float, smallest: float) -> str:
    every = round(dt / smallest)
    return f"every {every} steps" if every > 1 else "every step"


def _clock_text(clock: BaseClock, smallest: float) -> str:
    if isinstance(clock, EventClock):
        return f"at {len(clock)} time{'' if len(clock) == 1 else 's'}"
    return f"{clock.dt} ({_how_often(clock.dt_, smallest)})"
