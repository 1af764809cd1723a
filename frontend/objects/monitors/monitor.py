"""What all monitors have in common: a table that grows during runs, seen as variables."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ranvier.actions.actions import Action, HostCall, Storage
from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.groups.group import Group
from ranvier.objects.groups.memory_rows import own_bytes
from ranvier.objects.memory.arrays import Array
from ranvier.objects.memory.plan import MemoryRow
from ranvier.objects.memory.stored import ObjectState, changed, check_arrays
from ranvier.objects.variables.adding import Variables
from ranvier.objects.variables.scope import Scope
from ranvier.objects.variables.variables import ArrayVariable, Constant, Reference, Variable
from ranvier.public.argument_names import explains_arguments
from ranvier.runtime import frames
from ranvier.runtime.columns import Column, TableSnapshot
from ranvier.runtime.recorder import FLUSH_SECONDS, Table
from ranvier.session.clocks import BaseClock, Clock
from ranvier.session.logger import get_logger
from ranvier.session.standalone import check_recorded
from ranvier.units import Quantity, check_units, second
from ranvier.units.dimensions import Dimension

logger = get_logger("ranvier.monitors.monitor")

FLUSH_PERIOD: Quantity = FLUSH_SECONDS * second
"""Recorded data reach the file of `Monitor.stream_to` after this wall time."""


class RecordedVariable(Variable):
    """A column of a monitor's table."""

    def get_value(self) -> Array:
        """Returns all values recorded so far; they must not be changed."""
        owner = self.owner
        assert isinstance(owner, Monitor)
        return owner.table.values(self.name)


class Monitor(Group):
    """An object that records during runs.

    Args:
        source: The group.
        kwds: See `BrianObject`.

    Attributes:
        source: The group.
    """

    add_to_magic_network = True
    invalidates_magic_network = False
    can_be_connected = False

    def __init__(self, source: Any, **kwds: Any) -> None:
        if not hasattr(source, "clock"):
            raise TypeError(
                f"{type(self).__name__} records a group (NeuronGroup, Synapses, ...), not {source!r} of type "
                f"{type(source).__name__}."
            )
        if kwds.get("dt") is None and kwds.get("clock") is None:
            kwds["clock"] = source.clock
        BrianObject.__init__(self, **kwds)
        self.source = source
        self.variables = Variables(self)
        self.add_dependency(source.holder())

    def _add_columns(self, columns: Iterable[tuple[Column, Dimension]]) -> None:
        owner_ref = weakref.ref(self)
        for column, dim in columns:
            self.variables[column.name] = RecordedVariable(
                name=column.name, dim=dim, dtype=column.dtype, read_only=True, owner_ref=owner_ref
            )

    @property
    def table(self) -> Table:
        """Where the recorded rows are."""
        check_recorded(self)
        return self._table

    @table.setter
    def table(self, table: Table) -> None:
        self._table = table

    def _attribute(self, name: str, *, use_units: bool) -> Any:
        self._expect_rows()
        return super()._attribute(name, use_units=use_units)

    def _expect_rows(self) -> None:
        """Says so if nothing can have been recorded, since no run has included the monitor."""
        if not (self._prepared or self.table.rows):
            logger.info(
                f"'{self.name}' has recorded nothing: no run has included it. Call run(...) first; a Network runs only "
                "what was added to it.",
                "not_run",
                once=f"{self.name} has not run",
            )

    # ------------------------------------------------------------------ as a group of rows

    @property
    def element_count(self) -> int:
        """Number of rows recorded so far."""
        return self.table.rows

    @property
    def N(self) -> int:  # noqa: N802
        """Number of rows recorded so far."""
        return self.element_count

    @N.setter
    def N(self, value: object) -> None:  # noqa: N802
        raise TypeError("Variable N is read-only. A run adds rows; resize(n) forgets all but the first ones.")

    def __len__(self) -> int:
        return self.table.rows

    def reference(self, name: str) -> Reference | None:
        """Returns a column as it is now."""
        if name == "N":
            return Reference(_number(self.table.rows), self)
        variable = self.variables.get(name)
        if isinstance(variable, RecordedVariable):
            storage = Storage(f"{self.name}.{name}", variable.get_value())
            variable = ArrayVariable(
                name=name,
                dim=variable.dim,
                dtype=variable.dtype,
                read_only=True,
                storage=storage,
                owner_ref=variable.owner_ref,
            )
        return None if variable is None else Reference(variable, self)

    def statement_actions(self, label: str, clock: BaseClock, text: str, scope: Scope) -> Sequence[Action]:
        """Returns statements as a call: they are executed once, for the monitor as a whole."""
        from ranvier.objects.monitors.statements import executed  # few scripts have any

        return (HostCall(label=label, clock=clock, function=executed(self, text, scope.run_namespace)),)

    def resize(self, new_size: int) -> None:
        """Forgets all rows but the first ones.

        Args:
            new_size: How many are kept.

        Raises:
            ValueError: There are fewer, or the others have been written to a file.
        """
        rows = self.table.rows
        if not 0 <= new_size <= rows:
            raise ValueError(
                f"'{self.name}' has {rows} rows and cannot have {new_size}: rows can be forgotten; only a run adds any."
            )
        if new_size < rows:
            self.table.cut(int(new_size))

    def _exported_names(self, subexpressions: bool, read_only_variables: bool) -> Iterator[str]:
        yield from super()._exported_names(subexpressions, read_only_variables)
        if read_only_variables:
            yield "N"

    def _state_value(self, name: str, units: bool, level: int) -> Any:
        return np.asarray(self.element_count) if name == "N" else super()._state_value(name, units, level)

    # ------------------------------------------------------------------ what a network asks for

    def close_files(self) -> None:
        """Completes the file of `stream_to`; the next run goes on with it."""
        self.table.close()

    def held_bytes(self) -> int:
        """Returns how many bytes the monitor takes now."""
        return own_bytes(self) + self.table.memory_bytes

    def row_bytes(self) -> int:
        """Returns how many bytes a row takes."""
        return sum(column.row_bytes for column in self.table.columns)

    def memory_rows(self, *, exact: bool) -> Iterator[MemoryRow]:
        """Yields the memory of what has been recorded, and what each second adds."""
        held = self.held_bytes()
        rate = self.row_bytes() / self.clock.dt_ if isinstance(self.clock, Clock) else 0.0
        yield MemoryRow(self.name, "samples", self.table.rows, held, held, per_second=rate, own=own_bytes(self))

    @property
    def has_state(self) -> bool:
        """Whether a stored state has anything of the object: always."""
        return True

    def state_table(self) -> TableSnapshot | None:
        """Returns what has been recorded; rows that do not change any more are not copied."""
        return self.table.snapshot()

    def check_state(self, states: Mapping[str, ObjectState]) -> None:
        """Checks that the monitor can go back to what was stored; see `BrianObject.check_state`."""
        stored = states[self.name]
        check_arrays(self.name, stored.arrays, self.state_arrays(), self.may_resize)
        if stored.table is None:
            raise changed(self.name, "what it records (nothing then)")
        self.table.check_restorable(stored.table)

    def set_state(self, stored: ObjectState) -> None:
        """Goes back to what was stored."""
        super().set_state(stored)
        if stored.table is not None:
            self.table.restore(stored.table)

    # ------------------------------------------------------------------ as a table

    @explains_arguments
    def to_arrow(self, layout: str = "nested") -> Any:
        """Returns everything recorded as a `pyarrow.Table`.

        Args:
            layout: "nested": a row for each time, with a list of the values of all recorded indices; "wide": a column
                "v[3]" for each recorded index; "long": a row for each time and recorded index.
        """
        return self.table.to_arrow(layout)

    @explains_arguments
    def to_pandas(self, layout: str = "long") -> Any:
        """Returns everything recorded as a `pandas.DataFrame`; see `to_arrow`. Values are in SI units.

        Raises:
            ImportError: If pandas is not installed.
        """
        return frames.to_pandas(self.table, layout)

    @explains_arguments
    def to_polars(self, layout: str = "long") -> Any:
        """Returns everything recorded as a `polars.DataFrame`; see `to_arrow`. Values are in SI units.

        Raises:
            ImportError: If polars is not installed.
        """
        return frames.to_polars(self.table, layout)

    @check_units(flush_period=second)
    @explains_arguments
    def stream_to(
        self,
        path: str | Path,
        format: str | None = None,
        *,
        keep: bool = False,
        memory_budget: int | None = None,
        flush_period: Quantity = FLUSH_PERIOD,
        overwrite: bool = False,
    ) -> None:
        """Writes what is recorded to a file during runs, so that it need not fit into memory.

        If the process is killed, what was recorded in the last `flush_period` is lost, or less. After a `StreamError`,
        call this again with another path: the recording goes on there.

        Args:
            path: The file. One that exists is kept under another name, "_" + name + ".1", and a warning says so.
            format: "ipc" (an Arrow stream) or "parquet"; None: by the suffix of the file.
            keep: Whether the data stay in memory as well.
            memory_budget: Bytes of memory that the monitor may use.
            flush_period: Wall time after which what was recorded is written at the latest.
            overwrite: Whether a file that exists is removed instead.

        Raises:
            ValueError: If the format is unknown, the budget too small, or the monitor streams already.
            StreamError: If the file cannot be written, or is being written by another monitor or process.
        """
        kept = self.table.stream_to(
            path,
            format,
            keep=keep,
            memory_budget=memory_budget,
            flush_seconds=float(flush_period),
            overwrite=overwrite,
        )
        if kept:
            names = ", ".join(str(each) for each in kept)
            logger.warn(
                f"'{self.name}' is recorded to {path}. What was there is now in {names}: remove it if you do not need "
                "it, or say stream_to(..., overwrite=True)."
            )

    def flush(self) -> None:
        """Writes what is recorded so far to the file of `stream_to`; in a run soon after the time step.

        Raises:
            StreamError: If the file cannot be written. Nothing recorded is lost.
        """
        self.table.flush()

    def close(self) -> None:
        """Completes the file of `stream_to` and leaves it; what is recorded later stays in memory.

        Raises:
            StreamError: If the file cannot be written. Nothing recorded is lost; call it again, or `stream_to`.
        """
        self.table.end_stream()

    def reinit(self) -> None:
        """Forgets everything recorded."""
        self.table.clear()

    def after_run(self) -> None:
        """Writes what is still in memory to the file of `stream_to`."""
        self.table.flush()

    def scope_of_source(self, run_namespace: Mapping[str, object]) -> Scope:
        """Returns the scope for texts of the recorded group."""
        return self.source.scope(run_namespace)


def _number(rows: int) -> Constant:
    """Returns `N`: the number of rows at present."""
    return Constant(name="N", dtype=np.dtype(np.int64), scalar=True, read_only=True, value=rows)
