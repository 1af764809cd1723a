"""What stands for the values of a program while it is lowered: clocks, lists of events, pieces of buffers, times."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.dialects.builtin import LocationAttr, UnknownLoc, f64
from xdsl.ir import Operation, SSAValue

from ranvier.passes.lower.writer import Writer


@dataclass(eq=False, repr=False)
class LoweredClock:
    """What stands for a clock: its control block [n, n_end], its dt, or the times at which it ticks instead."""

    block: SSAValue
    dt: SSAValue
    times: SSAValue | None = None


@dataclass(frozen=True, eq=False)
class Several:
    """A buffer of which each instant of a stretch, or each part, has its own piece.

    Attributes:
        whole: All pieces.
        size: The size of one.
    """

    whole: SSAValue
    size: SSAValue

    def piece(self, w: Writer, number: SSAValue) -> SSAValue:
        """Returns one of the pieces."""
        return w.part_of(self.whole, w.mul(number, self.size), self.size)


@dataclass(eq=False, repr=False)
class LoweredEvents:
    """What stands for an event space: its list of indices, its one-element count, the size of the population."""

    indices: SSAValue
    count: SSAValue
    size: SSAValue
    lists: Several | None = None
    """In the phase of a stretch: the lists of all instants, of which `indices` is one."""
    numbers: Several | None = None
    """In the phase of a stretch: the lengths of the lists of all parts, for each instant."""
    joined: SSAValue | None = None
    """In the phase of a stretch: the list of an instant that is made behind it, of the lists of all parts."""


@dataclass(frozen=True, eq=False)
class Stretch:
    """The instants that the threads go through between two meetings.

    Attributes:
        longest: The most instants.
        instant: Which of them what is being written belongs to.
    """

    longest: SSAValue
    instant: SSAValue


def time_of_step(w: Writer, step: SSAValue, dt: SSAValue) -> SSAValue:
    """Returns the time at a step of a clock that has a dt."""
    return w.binary(arith.MulfOp, w.cast(step, f64), dt)


def known_location(op: Operation) -> LocationAttr | None:
    """Returns the source location of an op, if it has one."""
    return None if isinstance(op.location, UnknownLoc) else op.location
