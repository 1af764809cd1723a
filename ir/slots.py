"""The calling convention of a compiled program, as plain data (no xDSL: the run-time side imports this).

A program becomes one native function `int64 entry(uint64 *table)`. The table has one 8-byte slot for each argument of
the lowered function `@run`: a pointer, a double's bits, or an integer. The arguments stand in the order of the
program's input ops:

| input op | slots |
|---|---|
| `snn.param` | the value (index, i64, i1: integer; f64: the bits of the double) |
| `snn.state` | pointer to the elements (i1: one byte each) |
| `snn.event_space` | pointer to int32 indices; pointer to int64 count |
| `snn.clock` | pointer to int64 [n, n_end]; dt (double; unused where the clock ticks at the times of a state) |
| `snn.sink` | pointer to int64 [rows, capacity in rows]; one pointer for each column |
| `snn.derive` | pointer to the elements of the array that the host makes by its recipe before a run |

In programs for several threads (see the pass `partition`) the last input is the number of parts, one for each thread.
Behind their control block is the memory by which the threads find their work (`ranvier.ir.team`).

In programs of several instances (see the pass `batch`) the first input is their number, and the arrays of inputs marked
`own` hold those of all: element i of instance b of B at i*B + b. Numbers of which each has its own are arrays of B.
Past spikes of all are one list (`history`): numbers i*B + b in slots of N*B, and one number of spikes for each slot.

Arguments that the code does not use have the kind `UNUSED`: the host need not have them. Derived arrays stand behind
all other inputs, and last a pointer to the control block, int64 [stop request, greatest number of instants for this
call].

Arrays (all but control blocks and sink columns) start at multiples of `ALIGNMENT` bytes and are padded with zeros to a
multiple of `PADDING` elements, at least one: code may compute garbage in the padding. No two arguments overlap.

Entry returns one of the `FINISHED`, `BUDGET_USED`, `SINK_FULL`, `STOPPED`, `OUT_OF_MEMORY` codes; it can be called
again to go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

PADDING = 64
"""Arrays are padded to a multiple of this many elements."""
ALIGNMENT = 64
"""Bytes at whose multiples arrays start: a cache line, the widest vector register, what Arrow recommends."""
TILE = 512
"""Random values that a function `@rv.fill_*`, which the code generator adds, writes in one call at most."""
ROWS = 4 * TILE
"""Random values that a function `@rv.rows_*` writes in one call at most."""
TOGETHER = 16
"""Where a number of random values is not constant, so many are made at once: two vectors of the widest."""

SEVERAL = 4
"""Blocks of random bits of an instance that a function `@rv.rows_*` makes side by side, where there are so many."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """Which elements share a block of random bits (see `ranvier.codegen.mathlib.philox`).

    Attributes:
        neighbours: So many elements in a row have blocks of their own, and elements so far apart share one.
        values: How many elements share a block.
    """

    neighbours: int
    values: int

    @property
    def group(self) -> int:
        """How many elements in a row the blocks of neighbours serve."""
        return self.neighbours * self.values


SHARING = {
    "uniform.f64": Sharing(16, 2), "uniform.f32": Sharing(32, 4),
    "normal.f64": Sharing(8, 4), "normal.f32": Sharing(16, 4),
    "tabulated.f64": Sharing(32, 4), "tabulated.f32": Sharing(32, 4),
}  # fmt: skip
"""By the kind of random numbers, those that are made many at once: which elements share random bits."""

GREATEST_GROUP = max(each.group for each in SHARING.values())
"""A multiple of the sizes of all groups."""

FINISHED = 0
"""The clock with the smallest time has reached its last step."""
BUDGET_USED = 1
"""The greatest number of instants for this call has been computed."""
SINK_FULL = 2
"""A sink may overflow in the next instant: empty it and call again."""
STOPPED = 3
"""The stop request was set during an instant, which was completed."""
OUT_OF_MEMORY = 4
"""Memory for intermediate values cannot be had: nothing was computed in this call."""

NEVER = 2**63 - 1
"""The step of the end mark of a list of given spikes, see `snn.emit`."""

SAME_TIME = 1e-4
"""Clocks within this share of the smallest dt of the earliest one are current in the same instant."""
SAME_EVENT = 1e-14
"""The same in seconds, where no clock has a dt."""

SETTLES = "settles"
"""The label of the slot of the control block where much is done at the end of each call: calls should be long."""

Recipe: TypeAlias = tuple[str, tuple["int | Recipe", ...]]
"""How a derived array is made: its kind (see `ranvier.ir.recipes`), and numbers of inputs or further recipes."""


class SlotKind(StrEnum):
    """What a slot of the table holds."""

    PARAM = "param"
    THREADS = "threads"
    STATE = "state"
    EVENT_LIST = "event_list"
    EVENT_COUNT = "event_count"
    CLOCK_STEPS = "clock_steps"
    CLOCK_DT = "clock_dt"
    SINK_ROWS = "sink_rows"
    SINK_COLUMN = "sink_column"
    DERIVED = "derived"
    UNUSED = "unused"
    CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot: its kind, the number of its input op (counted over all input ops), its type, its column.

    Attributes:
        kind: What the slot holds.
        input: The position of the input op among the input ops of the program; -1 for the control block and derived
            arrays.
        type: The element type ("f64", "f32", "i64", "i32", "i1", "index").
        label: The label of the input op, for messages.
        column: For sink columns: which.
        recipe: For derived arrays: how they are made.
        own: In programs of several instances: whether each has its own of this input (see the pass `batch`).
        carried: In such programs: whether this state, which all have in common, changes during a run.
        history: In such programs, for the past spikes of all in one list, and for the numbers of these: the position of
            the other input; -1 for everything else. The same for lists of given spikes of all, and their steps, which
            are not `own`.
    """

    kind: SlotKind
    input: int
    type: str
    label: str = ""
    column: int = 0
    recipe: Recipe | None = None
    own: bool = False
    carried: bool = False
    history: int = -1
