"""The outcomes of a sweep in a directory: Parquet parts, of which each is whole or absent, and a manifest."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from typing import cast

import numpy as np

from ranvier.objects.networks.sweeps.kinds import Fitting
from ranvier.objects.networks.sweeps.sets import Sets
from ranvier.objects.networks.sweeps.shares import WHOLE, Share
from ranvier.objects.networks.sweeps.store import Store, outcome_of
from ranvier.objects.networks.sweeps.work import REMARKS, SETS, Outcome, Seeds
from ranvier.runtime import directories, joined_tables, parts
from ranvier.runtime.writers import Lock
from ranvier.session.given import is_a

FORMAT = 3
"""Another one where parts would not go together with earlier ones: other files, or other random numbers of a seed."""
PART = "part-"
"""The names of parts begin so; the number of the first set follows."""
PART_SECONDS = 5.0
"""A part is written when its first set has waited for so long."""
MOST_IN_PART = 2**14
"""A part has at most so many sets."""
MOST_BYTES_IN_PART = 2**26
"""A part is written when what was recorded takes so many bytes."""


class DirectoryStore(Store):
    """The outcomes of a sweep, in a directory.

    Args:
        path: The directory.
        facts: What the sweep is.
        sets: Its sets.
        seeds: Their seeds; where a sweep was begun in the directory, its seeds are taken.
    Raises:
        ValueError: If the directory is that of another sweep; it says in what they differ.
        FileExistsError: If there is something else.
    """

    def __init__(self, path: str | os.PathLike[str], facts: Mapping[str, str], sets: Sets, seeds: Seeds) -> None:
        super().__init__(sets, seeds)
        self._keys = {*sets.axes, "seed"}
        self._parts = directories.PartsDirectory(path, SETS)
        self._facts = dict(facts)
        self._waiting: list[Outcome] = []
        self._count = self._bytes = 0
        self._since = time.monotonic()
        self._lock: Lock | None = None
        self._read()

    def _read(self) -> bool:
        """Takes in what is there; returns whether a sweep was begun."""
        found = self._parts.manifest()
        if found is None:
            return False
        self._check(cast("Mapping[str, object]", found), self._facts)
        self.seeds = self._seeds_in(found.get("seeds"))
        table = self._written()
        if table is not None:
            self.done = self._sets_in(table)
            for name in ("warning", "error"):
                for row in parts.rows_with_text(table, name):
                    self.note(outcome_of(row, joined_tables.units_of(table), self._keys))
        return True

    def _written(self) -> object:
        """Returns the table of what was written, whose columns are of one kind; None if nothing was."""
        pieces = self._parts.pieces(SETS)
        self._fitting = Fitting()
        if not pieces:
            return None
        if joined_tables.are_alike(pieces):
            table = parts.in_order(joined_tables.joined(pieces), "instance")
            units = joined_tables.units_of(table)
            for name in set(parts.names_in(table)) - self._keys - {*REMARKS}:
                self._fitting.know(name, _telling(table, name), units.get(name, ""))
            return table
        return self._fitted(pieces)

    def _fitted(self, pieces: Sequence[object]) -> object:
        """Returns the table of parts whose columns differ: several processes have written them, each its share."""
        several = [
            outcome_of(row, joined_tables.units_of(piece), self._keys)
            for piece in pieces
            for row in parts.rows_of(piece)
        ]
        expelled, _ = self._fitting.again([each for each in several if not each.error])
        return self._rows_of(several) if expelled else parts.in_order(joined_tables.joined(pieces), "instance")

    def _seeds_in(self, found: object) -> Seeds:
        if is_a(found, list) and len(cast("list[object]", found)) == 2:
            base, number = cast("list[object]", found)
            if type(base) is int and type(number) is int:
                return Seeds(base, number)
        raise ValueError(
            f"{self._parts.path / self._parts.MANIFEST} is damaged (seeds: {found!r}). Remove the directory, or name "
            "another one."
        )

    def _sets_in(self, table: object) -> set[int]:
        """Returns the sets that parts have, each of which is in one of them."""
        missing = {"instance", "warning", "error"} - set(parts.names_in(table))
        numbers = None if missing else parts.plain_values(table, "instance")
        if numbers is None or numbers.dtype.kind != "i":
            wrong = f"they have no {', no '.join(sorted(missing))}" if missing else "'instance' is not whole numbers"
        elif numbers.size and not (0 <= numbers.min() and numbers.max() < int(self._facts["number of sets"])):
            wrong = f"they have sets {numbers.min()} to {numbers.max()} of {self._facts['number of sets']}"
        else:
            done = {int(k) for k in numbers}
            if len(done) == len(numbers):
                return done
            wrong = f"{len(numbers)} rows are about {len(done)} sets"
        raise ValueError(
            f"The parts in {self._parts.path / SETS} do not belong together: {wrong}. Remove what was copied there, or "
            "name another directory for out=..."
        )

    @contextlib.contextmanager
    def writing(self, share: Share) -> Generator[None, None, None]:
        """Lets outcomes of a share of the sets be added; no other process may add such.

        Raises:
            BusyError: If another process does.
            OSError: If the directory cannot be written to.
        """
        self._parts.make()
        self._lock = self._parts.lock(None if share == WHOLE else (share.k, share.n))
        try:
            if not self._read():
                self._parts.begin(
                    {"format": FORMAT, "seeds": [self.seeds.base, self.seeds.number], "facts": self._facts}
                )
                self._read()
            self._parts.clean(lambda name: share.has(_first_set(name)))
            yield
        finally:
            self._lock.give_back()
            self._lock = None

    def _check(self, found: Mapping[str, object], facts: Mapping[str, str]) -> None:
        given = found.get("facts")
        known = cast("Mapping[str, str]", given if is_a(given, dict) else {})
        other = [name for name in {**known, **facts} if known.get(name) != facts.get(name)]
        if found.get("format") != FORMAT:
            raise ValueError(f"{self._parts.path} was written by another version; name another directory for out=...")
        if other:
            raise ValueError(
                f"{self._parts.path} holds the results of another sweep, which differs in: {', '.join(other)}. Name "
                f"another directory for out=..., or remove this one.{_hint(other, facts)}"
            )

    def add(self, outcome: Outcome) -> None:
        """Takes in an outcome; it is written soon.

        Raises:
            BusyError: If another process has taken the directory over.
            OSError: If it cannot be written.
        """
        if self._lock is not None:
            self._lock.confirm()
        super().add(outcome)
        is_late = time.monotonic() - self._since > PART_SECONDS
        if is_late or self._bytes > MOST_BYTES_IN_PART or self._count >= MOST_IN_PART:
            self.flush()

    def _hold(self, outcome: Outcome) -> None:
        """Lets an outcome wait for the next part; a later call tries again what is not final."""
        if not outcome.is_final:
            super()._hold(outcome)
            return
        for each in outcome.parts(MOST_IN_PART) if len(outcome) > 1 else [outcome]:
            if self._count + len(each) > MOST_IN_PART:
                self.flush()
            if not self._waiting:
                self._since = time.monotonic()
            self._waiting.append(each)
            self._measure_waiting([each])

    def _review(self) -> None:
        """Looks at sets again that wait, or are failures that a later call would try again."""
        waiting = [each for outcome in self._waiting for each in outcome.parts()]
        returned = self._looked_at_again(waiting)
        self._outcomes, self._by_set = [each for each in [*self._outcomes, *waiting] if not each.is_final], {}
        self._waiting = [each for each in [*waiting, *returned] if each.is_final]
        self._count = self._bytes = 0
        self._measure_waiting(self._waiting)

    def _measure_waiting(self, outcomes: Iterable[Outcome]) -> None:
        """Adds outcomes to the number of sets, and of bytes, that wait."""
        for each in outcomes:
            self._count += len(each)
            self._bytes += sum(parts.bytes_of(table) for table in each.tables.values())

    def flush(self) -> None:
        """Writes a part with what waits for it.

        Raises:
            BusyError: If another process has taken the directory over.
            OSError: If it cannot be written.
        """
        if not self._waiting:
            return
        if self._lock is not None:
            self._lock.check()
        waiting, self._waiting, self._count, self._bytes = self._waiting, [], 0, 0
        waiting.sort(key=lambda outcome: outcome.index)
        tables: dict[str, list[object]] = {}
        for outcome in waiting:
            for name, table in outcome.tables.items():
                tables.setdefault(name, []).append(table)
        rows = {name: joined_tables.joined(pieces) for name, pieces in tables.items()}
        first = min(min(outcome.indices) for outcome in waiting)
        self._parts.add(f"{PART}{first:09d}", {**rows, SETS: self._rows_of(waiting)})

    def sets(self) -> object:
        """Returns the table with a row for each set that was done."""
        if self._table is None:
            written = self._written()
            lost = self._rows_of(self._outcomes) if self._outcomes else None
            pieces = [table for table in (written, lost) if table is not None]
            self._table = parts.in_order(joined_tables.joined(pieces), "instance") if pieces else None
        return self._table

    def table(self, name: str) -> object:
        """Returns what was recorded."""
        return self._in_order(self._parts.table(name))

    def table_names(self) -> list[str]:
        """Returns the names of the tables in which something was recorded."""
        return self._parts.names()

    def outcome(self, k: int) -> Outcome:
        """Returns what has become of a set that was done."""
        held = self._held(k)
        if held is not None:
            return held
        table = self.sets()
        return outcome_of(parts.first_row(table, "instance", k), joined_tables.units_of(table), self._keys)


@contextlib.contextmanager
def opened(
    out: str | os.PathLike[str] | None,
    facts: Callable[[], Mapping[str, str]],
    sets: Sets,
    seeds: Seeds,
    todo: Sequence[int] | None,
    share: Share,
) -> Generator[Store, None, None]:
    """Opens what the outcomes go to.

    Args:
        out: The directory; None: they stay in memory.
        facts: Says what the sweep is.
        sets: Its sets.
        seeds: The seeds of its sets.
        todo: The sets that are to be done; None: nothing is to be written.
        share: The share of this process.

    Raises:
        ValueError, FileExistsError: See `DirectoryStore`; or it has no name.
        BusyError: If another process writes to the directory.
        OSError: If it cannot be written to.
    """
    if out is None:
        yield Store(sets, seeds)
        return
    if not os.fspath(out):
        raise ValueError("out='' names no directory: say out='sweep/', or leave it out.")
    store = DirectoryStore(out, facts(), sets, seeds)
    if todo is None or store.done.issuperset(todo):  # what is there can be read where nothing may be written
        yield store
        return
    with store.writing(share):
        yield store


def _telling(table: object, name: str) -> Iterable[tuple[int, object]]:
    """Returns the sets, in order, and their values of a column, as far as they tell of what kind these are."""
    numbers = parts.plain_values(table, name)
    if numbers is None or not numbers.size:
        return parts.pairs(table, "instance", name)
    firm = int(np.argmax(np.isfinite(numbers) & (numbers != 0)))
    ks = parts.column_values(table, "instance")
    return [(int(ks[n]), cast(object, numbers[n].item())) for n in (0, firm)]


def _hint(other: Sequence[str], facts: Mapping[str, str]) -> str:
    """Returns why a sweep that looks the same may be another one."""
    if "state" in other and not facts.get("seed"):
        return " If the script draws random values or connections, it needs seed(...) before, to have the same again."
    return ""


def _first_set(name: str) -> int:
    """Returns the first set of a part; -1 for names of other files."""
    number = name.removeprefix(PART)
    return int(number) if number.isdecimal() else -1
