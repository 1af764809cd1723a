"""The work of a sweep: computing one set, wherever that happens."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, TypeVar, cast

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.objects.memory.new_storage import dimension_text
from ranvier.objects.networks.sweeps.sets import Sets
from ranvier.objects.networks.sweeps.stacked_values import StackedValues
from ranvier.runtime import parts
from ranvier.session.randomness import random_state
from ranvier.units import Quantity

MASK = 0xFFFFFFFF

SETS = "sets"
"""The table with a row for each set."""
REMARKS = ("instance", "warning", "error")
"""Columns of this table that are neither values nor measures."""


@dataclass
class Outcome:
    """What has become of a set, or of several that were computed together, none of which has failed.

    Attributes:
        indices: The numbers of the sets.
        measures: Name → what was measured, a value for each set; of several sets these are `StackedValues`.
        tables: Name → `pyarrow.Table` of what was recorded and kept, with a column "instance".
        warnings: The number of a set → what is to be said of it although it did not fail.
        error: What went wrong with the set, "" if nothing.
        is_final: Whether doing it again would give the same: not so if a worker process died, or memory ran out.
        has_more: Whether others were computed with them, which follow at once.
    """

    indices: Sequence[int]
    measures: dict[str, Sequence[object]] = field(default_factory=lambda: {})
    tables: dict[str, object] = field(default_factory=lambda: {})
    warnings: dict[int, str] = field(default_factory=lambda: {})
    error: str = ""
    is_final: bool = True
    has_more: bool = False

    @staticmethod
    def of_some(
        indices: Sequence[int], measures: Mapping[str, StackedValues], tables: Mapping[str, object], taken: Array
    ) -> Outcome:
        """Returns the outcome of some of several sets.

        Args:
            indices: The numbers of the sets.
            measures: Name → what was measured of each.
            tables: Name → what was recorded in all.
            taken: Which sets it is to have.
        """
        if taken.all():
            return Outcome(indices, dict(measures), dict(tables))
        ks = [k for k, is_taken in zip(indices, taken.tolist(), strict=True) if is_taken]
        rows = {name: parts.rows_with(table, "instance", ks) for name, table in tables.items()}
        return Outcome(ks, {name: values.where(taken) for name, values in measures.items()}, rows)

    def __len__(self) -> int:
        """Returns the number of sets."""
        return len(self.indices)

    @property
    def index(self) -> int:
        """The number of the first set, which mostly is the only one."""
        return self.indices[0]

    def parts(self, size: int = 1) -> Iterator[Outcome]:
        """Yields outcomes of so many of the sets at most: this one, if it has no more; none if it has no sets."""
        if 0 < len(self) <= size:
            yield self
            return
        for begin in range(0, len(self), size):
            yield self._part(slice(begin, begin + size))

    def only(self, k: int) -> Outcome:
        """Returns the outcome of one of the sets."""
        place = self.indices.index(k)
        return self if len(self) == 1 else self._part(slice(place, place + 1))

    def _part(self, places: slice) -> Outcome:
        ks = self.indices[places]
        return Outcome(
            ks,
            {name: column[places] for name, column in self.measures.items()},
            {name: parts.rows_with(table, "instance", ks) for name, table in self.tables.items()},
            {k: self.warnings[k] for k in ks if k in self.warnings},
            is_final=self.is_final,
        )


class NotAbreast(Exception):
    """Sets cannot be computed as instances that share a program; the text says why.

    Attributes:
        may_take_turns: Whether they can be, but not side by side.
    """

    def __init__(self, reason: str, *, may_take_turns: bool = False) -> None:
        super().__init__(reason)
        self.may_take_turns = may_take_turns


class Computable(Protocol):
    """What a process needs to do sets."""

    def values(self, k: int) -> Mapping[str, object]:
        """Returns the values of a set, with its seed."""
        ...

    def compute(self, k: int) -> Outcome:
        """Does a set; what goes wrong is in the outcome."""
        ...

    def session(self) -> contextlib.AbstractContextManager[None]:
        """Returns what surrounds the computation of sets in a process: all is as it was when it ends."""
        ...


class Work(Computable, Protocol):
    """What is done for each set."""

    sets: Sets

    def stop(self) -> None:
        """Ends the set that is being computed as soon as possible."""
        ...

    @property
    def is_shared(self) -> bool:
        """Whether sets change objects of this process, so that its threads cannot compute several at once."""
        ...

    @property
    def needs_fork(self) -> bool:
        """Whether other processes have what they need only if they were forked from this one."""
        ...

    def ship(self) -> Shipped | None:
        """Returns what is sent to processes that have nothing of this one; None if there is no such thing."""
        ...


class Packable(Protocol):
    """What may be sent to other processes."""

    def ship(self) -> Shipped | None:
        """Returns what is sent to processes that have nothing of this one; None if there is no such thing."""
        ...


class Shipped(Protocol):
    """Work that can be pickled (by cloudpickle), for processes that have nothing of the one that sends it."""

    def compute_many(self, ks: Sequence[int]) -> Iterable[Outcome]:
        """Does some sets, and yields each outcome when it is there; what goes wrong is in it."""
        ...

    def session(self) -> contextlib.AbstractContextManager[None]:
        """Returns what surrounds the computation of sets in a process."""
        ...

    def stop(self) -> None:
        """Ends the set that is being computed as soon as possible."""
        ...


class CannotBePrepared(NotAbreast):
    """The network cannot be run with the values of a set."""


@dataclass(frozen=True)
class Seeds:
    """The seeds of sets whose seeds are not chosen by `over`: each has its own, which follows from two numbers.

    Attributes:
        base: What the script's seed is.
        number: What the network's random number is.
    """

    base: int
    number: int

    @cached_property
    def _first(self) -> int:
        return _mixed(self.base ^ _mixed(self.number))

    def of(self, k: int) -> int:
        """Returns the seed of a set: no two of them have the same."""
        return _mixed((k + self._first) & MASK)

    def of_all(self, ks: Array) -> Array:
        """Returns the seeds of sets, as 64-bit numbers."""
        return _mixed((ks.astype(np.uint64) + np.uint64(self._first)) & np.uint64(MASK)).astype(np.int64)


Mixed = TypeVar("Mixed", int, Array)


def _mixed(x: Mixed) -> Mixed:
    """Returns another number of 32 bits for each number of 32 bits; numbers that are close become far apart.

    Source: the function `lowbias32` of C. Wellons, "Prospecting for hash functions" (2018); each of its steps can be
    undone, so that no two numbers become one.
    """
    x = x & MASK
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & MASK
    x = ((x ^ (x >> 15)) * 0x846CA68B) & MASK
    return x ^ (x >> 16)


def values_with_seed(sets: Sets, seeds: Seeds, k: int) -> dict[str, object]:
    """Returns the values of a set, with its seed."""
    values = sets.row(k)
    values.setdefault("seed", seeds.of(k))
    values["seed"] = int(cast(int, values["seed"]))
    return values


def attempted(k: int, action: Callable[[Outcome], None]) -> Outcome:
    """Returns the outcome of a set, whatever happens to it.

    Args:
        k: Its number.
        action: Does it.
    """
    outcome = Outcome([k])
    try:
        action(outcome)
    except Exception as error:
        outcome.measures, outcome.tables = {}, {}
        outcome.error = error_text(error)
        outcome.is_final = not isinstance(error, MemoryError)
    return outcome


def failed(k: int, error: str, *, is_final: bool = True) -> Outcome:
    """Returns the outcome of a set that could not be done."""
    return Outcome([k], error=error, is_final=is_final)


def error_text(error: BaseException) -> str:
    """Returns an error as one text: the innermost reason, which the errors around it only place."""
    while error.__cause__ is not None:
        error = error.__cause__
    message = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    return f"{type(error).__name__}: {message}".rstrip(": ")


@contextlib.contextmanager
def same_randomness() -> Generator[None, None, None]:
    """Gives the script its seed and numpy its numbers back."""
    kept, numbers = random_state.kept(), np.random.get_state()
    try:
        yield
    finally:
        random_state.put_back(kept)
        np.random.set_state(numbers)


def units_in(values: Mapping[str, object]) -> dict[str, str]:
    """Returns the units of those values that have one."""
    return {name: dimension_text(value.dim) for name, value in values.items() if isinstance(value, Quantity)}
