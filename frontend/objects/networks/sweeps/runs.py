"""Runs of instances that have come to their end: their arrays, and what each has recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from ranvier.objects.memory.arrays import Array


class FinishedRun(Protocol):
    """A run of one or several instances that has come to its end.

    Attributes:
        count: The number of instances.
    """

    count: int

    def state(self, number: int) -> Array:
        """Returns an array of which each instance has its own, of shape (elements, instances)."""
        ...

    def events(self, number: int, instance: int) -> Array:
        """Returns the elements of an instance that have an event now."""
        ...

    def rows(self, number: int) -> Mapping[str, Array]:
        """Returns the rows of a monitor, of all instances: with a column "instance", or of shape (..., instances)."""
        ...


class SortedRows:
    """What monitors have recorded in a run, instance by instance.

    Args:
        run: The run.
        count: The number of its instances.
    """

    def __init__(self, run: FinishedRun, count: int) -> None:
        self._run, self._count = run, count
        self._asked: set[int] = set()
        self._sorted: dict[int, tuple[Mapping[str, Array], Array]] = {}

    def all(self, number: int) -> tuple[Mapping[str, Array], Array]:
        """Returns the columns of a monitor, and where the rows of each instance begin; one more is the end."""
        found = self._sorted.get(number)
        if found is None:
            rows = dict(self._run.rows(number))
            found = self._sorted[number] = (
                _by_instance(rows, self._count) if "instance" in rows else _stacked(rows, self._count)
            )
        return found

    def of(self, number: int, instance: int) -> dict[str, Array]:
        """Returns the rows of an instance: the first that is asked for is picked out, since it may be the only one."""
        if number not in self._sorted and number not in self._asked:
            self._asked.add(number)
            return _picked(dict(self._run.rows(number)), instance)
        columns, starts = self.all(number)
        return {name: column[starts[instance] : starts[instance + 1]] for name, column in columns.items()}


def _picked(rows: dict[str, Array], instance: int) -> dict[str, Array]:
    if "instance" not in rows:
        return {name: column[..., instance] if column.ndim == 3 else column for name, column in rows.items()}
    mine = rows.pop("instance") == instance
    return {name: column[mine] for name, column in rows.items()}


def _by_instance(rows: dict[str, Array], count: int) -> tuple[Mapping[str, Array], Array]:
    instance = rows.pop("instance")
    order = np.argsort(instance, kind="stable")
    starts = np.searchsorted(instance[order], np.arange(count + 1))
    return {name: column[order] for name, column in rows.items()}, starts


def _stacked(rows: Mapping[str, Array], count: int) -> tuple[Mapping[str, Array], Array]:
    """Returns the same for a monitor of states: columns of shape (steps,) and (steps, elements, instances)."""
    steps = len(next(iter(rows.values()), ()))
    columns = {
        name: column.transpose(2, 0, 1).reshape(count * steps, -1) if column.ndim == 3 else np.tile(column, count)
        for name, column in rows.items()
    }
    return columns, np.arange(count + 1) * steps
