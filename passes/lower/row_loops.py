"""Loops over the rows that are due, which ask early for the synapses of those to come."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from ranvier.passes.lower.due_rows import AHEAD, announce, announce_row, row_at
from ranvier.passes.lower.scopes import Kernel
from ranvier.passes.lower.writer import INDEX

ANNOUNCED = 64
"""The number of synapses of a row that are asked for; the machine sees the rest coming."""


def shared_rows(kernel: Kernel, number: SSAValue) -> tuple[SSAValue, SSAValue]:
    """Returns the first place of a list of rows that the share has, and one beyond the last.

    Args:
        kernel: Where to write.
        number: How many rows the list has.
    """
    w, share = kernel.writer, kernel.share
    if share is None or share.by_targets:  # a part of each row
        return w.constant(0), number
    first, end = (
        w.binary(arith.DivUIOp, w.mul(number, part), share.threads)
        for part in (share.part, w.add(share.part, w.constant(1)))
    )
    return first, end


def announce_pointers(kernel: Kernel, pointers: SSAValue, due: SSAValue, place: SSAValue, last: SSAValue) -> None:
    """Asks for where a row begins, which is in the list behind a place, where the work is divided."""
    w, share = kernel.writer, kernel.share
    if share is not None:  # nobody has asked for the pointers
        far = w.binary(arith.MinSIOp, w.add(place, w.constant(2 * AHEAD)), last)
        announce(w, pointers, share.row(w, w.cast(w.load(due, far), INDEX)))


@dataclass(frozen=True, eq=False)
class DueRow:
    """A row of a list, within a loop over all.

    Attributes:
        place: Its place in the list.
        row: Its number.
        begin: The place of its first synapse.
        end: One beyond its last.
    """

    place: SSAValue
    row: SSAValue
    begin: SSAValue
    end: SSAValue


@contextmanager
def each_row(
    kernel: Kernel, pointers: SSAValue, due: SSAValue, number: SSAValue, arrays: Sequence[SSAValue], words: int = 1
) -> Generator[DueRow]:
    """Opens a loop over the rows of a list, or over those of the share, which asks early for the synapses of those to
    come.

    Args:
        kernel: Where to write.
        pointers: Where rows begin.
        due: The list.
        number: How many rows it has.
        arrays: What stands in the order of the rows.
        words: The elements that each synapse has in these.
    """
    w, last = kernel.writer, kernel.writer.sub(number, kernel.writer.constant(1))
    first, behind = shared_rows(kernel, number)
    with w.loop(behind, lower=first) as each:
        announce_pointers(kernel, pointers, due, each.index, last)
        later = w.binary(arith.MinSIOp, w.add(each.index, w.constant(AHEAD)), last)
        _, begin, end = row_at(kernel, pointers, due, later)
        for array in arrays:
            announce_row(w, array, begin, end, ANNOUNCED, words)
        yield DueRow(each.index, *row_at(kernel, pointers, due, each.index))
