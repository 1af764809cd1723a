"""How much memory a network takes: what it has now, and what a run adds."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier.equations.expressions import names
from ranvier.equations.statements import Statement, parse_statements
from ranvier.objects.connections.row_facts import DENSE
from ranvier.objects.connections.rows import RowOrder
from ranvier.objects.memory.lazy import LazyStorage, in_bytes
from ranvier.objects.pathways.delay_storage import DelayStorage
from ranvier.objects.traces.event_driven import LASTUPDATE
from ranvier.objects.variables.variables import ArrayVariable

if TYPE_CHECKING:
    from ranvier.actions.actions import Storage
    from ranvier.objects.pathways.pathway import SynapticPathway
    from ranvier.objects.synapses.synapses import Synapses


@dataclass(frozen=True)
class MemoryRow:
    """The memory of one part of an object.

    Attributes:
        object: Name of the object.
        what: What it is for.
        number: How many elements, synapses or spikes.
        bytes: Bytes after a run.
        present: How many of them are there now.
        per_second: Bytes that each second of a run adds.
        per_spike: Bytes that each spike adds.
    """

    object: str
    what: str
    number: int
    bytes: int
    present: int = 0
    per_second: float = 0.0
    per_spike: int = 0


class MemoryPlan:
    """The memory of a network, or of synapses.

    Args:
        rows: Its parts.

    Attributes:
        rows: The parts, see `MemoryRow`.
        total: Bytes after a run, without what monitors record in it.
        present: Bytes that are taken now.
        per_second: Bytes that monitors record in each second of a run, without those of spikes.
    """

    def __init__(self, rows: Iterable[MemoryRow]) -> None:
        self.rows: tuple[MemoryRow, ...] = tuple(rows)
        self.total: int = sum(row.bytes for row in self.rows)
        self.present: int = sum(row.present for row in self.rows)
        self.per_second: float = sum(row.per_second for row in self.rows)

    def __str__(self) -> str:
        lines = [(row.object, row.what, f"{row.number:,}", _amount(row)) for row in self.rows]
        lines.append(("", "total", "", in_bytes(self.total)))
        if self.per_second:
            lines.append(("", "recorded", "", f"{in_bytes(self.per_second)}/s"))
        free = available_memory()
        if free is not None:
            lines.append(("", "available", "", in_bytes(free)))
        widths = [max(len(line[k]) for line in lines) for k in range(4)]
        return "\n".join(
            f"{line[0]:<{widths[0]}}  {line[1]:<{widths[1]}}  {line[2]:>{widths[2]}}  {line[3]:>{widths[3]}}".rstrip()
            for line in lines
        )

    def __repr__(self) -> str:
        return f"<MemoryPlan: {in_bytes(self.total)}, {in_bytes(self.present)} of it taken already>"


def _amount(row: MemoryRow) -> str:
    if row.per_second:
        return f"{in_bytes(row.per_second)}/s"
    return f"{row.per_spike} B/spike" if row.per_spike else in_bytes(row.bytes)


def available_memory() -> int | None:
    """Returns how many bytes this process can still get without swapping; None where that is not known."""
    found: list[int] = []
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        found.append(int(lines["MemAvailable"].split()[0]) * 1024)
    except (OSError, KeyError, ValueError):
        if hasattr(os, "sysconf") and "SC_AVPHYS_PAGES" in os.sysconf_names:
            found.append(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    try:
        limits = Path("/sys/fs/cgroup")
        found.append(int((limits / "memory.max").read_text()) - int((limits / "memory.current").read_text()))
    except (OSError, ValueError):
        pass
    return max(min(found), 0) if found else None


# ---------------------------------------------------------------- objects


def object_rows(obj: Any, *, exact: bool) -> Iterator[MemoryRow]:
    """Yields the memory of an object.

    Args:
        obj: The object; pathways come with their synapses.
        exact: Whether delays are looked at, which takes a while where there are many.
    """
    if hasattr(obj, "pathways"):
        yield from synapses_rows(obj, exact=exact)
        return
    table = getattr(obj, "table", None)
    own = sum(_kept(storage) for _, storage in _storages(obj))
    own += sum(e.indices.nbytes + e.count.nbytes for e in getattr(obj, "event_spaces", {}).values() if _owns(obj))
    if own and table is None:
        yield MemoryRow(obj.name, "variables", int(getattr(obj, "element_count", 1)), own, own)
    if table is not None:
        held = own + int(table.memory_bytes)
        row_bytes = sum(column.row_bytes for column in table.columns)
        if hasattr(obj, "events") or hasattr(obj, "event"):
            yield MemoryRow(obj.name, "spikes", table.rows, held, held, per_spike=row_bytes)
        else:
            yield MemoryRow(obj.name, "samples", table.rows, held, held, per_second=row_bytes / obj.clock.dt_)


def _owns(obj: Any) -> bool:
    return not hasattr(obj, "extent") or obj.holder() is obj


def _storages(obj: Any) -> Iterator[tuple[str, "Storage"]]:
    for name, variable in getattr(obj, "variables", {}).items():
        if isinstance(variable, ArrayVariable) and variable.owner is obj:
            yield name, variable.storage


def _kept(storage: "Storage") -> int:
    return storage.kept_bytes if isinstance(storage, LazyStorage) else storage.array.nbytes


# ---------------------------------------------------------------- synapses


def synapses_rows(synapses: "Synapses", *, exact: bool = True) -> Iterator[MemoryRow]:
    """Yields the memory of synapses that have been made."""
    count = synapses.element_count
    sources, targets = synapses.connections.sources, synapses.connections.targets
    used = _Use(synapses)
    yield MemoryRow(synapses.name, "ends", count, *_twice(sources.kept_bytes + targets.kept_bytes))
    for name, storage in _storages(synapses):
        if name in ("i", "j", "delay"):
            continue
        present = _kept(storage)
        if storage.size == count and used.needs_memory(name):
            yield MemoryRow(synapses.name, name, count, max(present, count * storage.dtype.itemsize), present)
        elif present:
            yield MemoryRow(synapses.name, name, storage.size, present, present)
    for pathway in synapses.pathways.values():
        yield from _pathway_rows(synapses, pathway, used, exact=exact)


def _twice(number: int) -> tuple[int, int]:
    return number, number


def planned_rows(synapses: "Synapses", connections: int, delays: int, longest: int) -> Iterator[MemoryRow]:
    """Yields the memory of synapses that have not been made.

    Args:
        synapses: The synapses.
        connections: How many there will be.
        delays: How many different delays there will be.
        longest: The longest in steps.
    """
    used, name = _Use(synapses, all_set=True), synapses.name
    pre = synapses.source.element_count
    yield MemoryRow(
        name, "ends", connections, 8 * (pre + 1) + connections * synapses.connections.targets.width.itemsize
    )
    for variable, storage in _storages(synapses):
        if variable in synapses.synaptic_counts.NAMES:
            yield MemoryRow(name, variable, storage.size, 4 * storage.size)
        elif variable not in ("i", "j", "delay") and storage.size == synapses.element_count:
            size = connections * storage.dtype.itemsize
            if used.needs_memory(variable):
                yield MemoryRow(name, variable, connections, size)
    for pathway in synapses.pathways.values():
        shape = _Shape(connections, delays, longest, 1 if delays <= 256 else 2)
        yield from _planned_pathway(synapses, pathway, used, shape, is_sorted=pathway.prepost == "pre")


@dataclass(frozen=True)
class _Shape:
    """Numbers on which the memory of a pathway depends: synapses, delays, the longest, bytes of a delay in steps."""

    connections: int
    delays: int
    longest: int
    width: int


def _pathway_rows(
    synapses: "Synapses", pathway: "SynapticPathway", used: "_Use", *, exact: bool
) -> Iterator[MemoryRow]:
    storage, count = pathway.delay_variable.storage, synapses.element_count
    if isinstance(storage, DelayStorage) and storage.kept_bytes:
        yield MemoryRow(pathway.name, "delays", count, *_twice(storage.kept_bytes))
    rows, history = pathway.laid_out
    if rows is not None and history is not None:
        own = rows.pointers.array.nbytes if rows.pointers.array is not synapses.connections.sources.pointers else 0
        order = 0 if rows.order is None else _kept(rows.order)
        kept = sum(
            part.array.nbytes
            for part in (history.indices, history.counts, history.pending_due, history.pending_synapses)
        )
        yield MemoryRow(pathway.name, "rows", count, *_twice(own + order))
        yield MemoryRow(pathway.name, "spikes on their way", history.counts.size, *_twice(kept))
        is_sorted = rows.order is None or isinstance(rows.order, RowOrder)
        shape = _Shape(count, rows.delays.size, int(rows.delays.array[0]), 1)
        yield MemoryRow(pathway.name, "copies in order", count, _copies(synapses, pathway, used, shape, is_sorted))
        return
    dt = float(pathway.source.clock.dt_)
    if not isinstance(storage, DelayStorage):
        shape = _Shape(count, 1, int(float(storage.array[0]) / dt + 0.5), 0)
    elif storage.uniform is not None or not count:
        shape = _Shape(count, 1, int((storage.uniform or 0.0) / dt + 0.5), 0)
    elif exact:
        steps = storage.steps(dt, pathway.name)
        seen = np.zeros(int(steps.max()) + 1, dtype=bool)
        seen[steps] = True
        shape = _Shape(count, int(seen.sum()), seen.size - 1, steps.itemsize)
    else:
        shape = _Shape(count, 64, 64, 1)
    is_sorted = pathway.prepost == "pre" and synapses.is_sorted_by_source
    yield from _planned_pathway(synapses, pathway, used, shape, is_sorted=is_sorted)


def _planned_pathway(
    synapses: "Synapses", pathway: "SynapticPathway", used: "_Use", shape: _Shape, *, is_sorted: bool
) -> Iterator[MemoryRow]:
    size = pathway.source.element_count
    own = 0 if is_sorted and shape.delays == 1 else 8 * (size * shape.delays + 1)
    if not is_sorted:
        own += 4 * shape.connections
    elif shape.delays > 1:
        own += shape.width * shape.connections
    yield MemoryRow(pathway.name, "rows", shape.connections, own)
    yield MemoryRow(pathway.name, "spikes on their way", shape.longest + 1, (shape.longest + 1) * (4 * size + 8))
    copies = _copies(synapses, pathway, used, shape, is_sorted)
    yield MemoryRow(pathway.name, "copies in order", shape.connections, copies)


def _copies(synapses: "Synapses", pathway: "SynapticPathway", used: "_Use", shape: _Shape, is_sorted: bool) -> int:
    """Bytes of what is copied into the order of the rows, about: the other ends, weights that nothing changes."""
    count, is_pre = shape.connections, pathway.prepost == "pre"
    elements, rows = pathway.target.element_count, pathway.source.element_count * shape.delays
    other = 2 if elements <= 1 << 16 else 4
    read = used.read_by(pathway)
    if not read and is_pre and is_sorted and count * 2 ** (DENSE - 1) >= rows * elements and count >= 256 * elements:
        return (rows + 1) * (-(-elements // 512) * 64)  # a bit for each pair
    if is_pre and is_sorted and shape.delays == 1:
        return 0
    kept = [name for name in read if not used.is_written(name)] if len(read) == len(read - used.written) else []
    sizes = {name: storage.dtype.itemsize for name, storage in _storages(synapses)}
    return count * (other + sum(sizes.get(name, 0) for name in kept if used.needs_memory(name)))


class _Use:
    """What the code of synapses does with their variables.

    Args:
        synapses: The synapses.
        all_set: Whether all parameters are set to values of their own.
    """

    def __init__(self, synapses: "Synapses", *, all_set: bool = False) -> None:
        self._synapses = synapses
        self._all_set = all_set
        self._code: dict[str, tuple[Statement, ...]] = {
            name: parse_statements(pathway.code) for name, pathway in synapses.pathways.items()
        }
        self.written: set[str] = {line.target for code in self._code.values() for line in code}
        self.written |= set(synapses.user_equations.diff_eq_names) | set(synapses.summed_updaters)
        self.written |= set(synapses.user_equations.subexpr_names) if synapses.subexpression_updater else set()
        self._event_driven: set[str] = set(synapses.event_driven.names)

    def is_written(self, name: str) -> bool:
        """Whether the network changes a variable."""
        return name in self.written

    def read_by(self, pathway: "SynapticPathway") -> set[str]:
        """Returns the synapses' own variables that the code of a pathway uses."""
        found: set[str] = set()
        for line in self._code[pathway.objname]:
            found |= {line.target} | set(names(line.expr))
        own = {name for name, storage in _storages(self._synapses) if storage.size == self._synapses.element_count}
        return (found & own) - {"i", "j", "delay"}

    def is_held_by_neurons(self, name: str) -> bool:
        """Whether an event-driven variable is (nearly certainly) the same for all synapses of a neuron."""
        if self._synapses.shared_traces is None or name not in self._event_driven | {LASTUPDATE}:
            return False
        traces = self._event_driven if name == LASTUPDATE else {name}
        return all(self._is_shared(trace) for trace in traces)

    def _is_shared(self, name: str) -> bool:
        writers = [key for key, code in self._code.items() if any(line.target == name for line in code)]
        own = {key for key, storage in _storages(self._synapses) if storage.size == self._synapses.element_count}
        sides = {self._synapses.pathways[key].prepost for key in writers}
        mixed = any(
            names(line.expr) & (own - {name}) for key in writers for line in self._code[key] if line.target == name
        )
        return len(sides) <= 1 and not mixed

    def needs_memory(self, name: str) -> bool:
        """Whether a variable has a value for each synapse after a run."""
        storage: Mapping[str, Any] = dict(_storages(self._synapses))
        if name not in storage or name in self._synapses.synaptic_counts.NAMES:
            return False
        if isinstance(storage[name], LazyStorage) and storage[name].is_made:
            return True
        if name == LASTUPDATE or name in self._event_driven:
            return not self.is_held_by_neurons(name)
        return name in self.written or self._all_set


def network_plan(objects: Sequence[Any], *, exact: bool = True) -> MemoryPlan:
    """Returns the memory of the objects of a network."""
    rows = [row for obj in objects for row in object_rows(obj, exact=exact)]
    return MemoryPlan(row for row in rows if row.bytes or row.per_second or row.per_spike)


def shortage(objects: Sequence[Any]) -> str | None:
    """Returns a warning if a run needs more memory than there is, None if not."""
    most = sum(obj.element_count for obj in objects if hasattr(obj, "pathways"))
    if most < 1 << 22:
        return None
    plan, free = network_plan(objects, exact=False), available_memory()
    if free is None or plan.total - plan.present <= free:
        return None
    return (
        f"The network needs about {in_bytes(plan.total - plan.present)} more memory, but only {in_bytes(free)} are "
        "available; print(Network.memory_plan()) shows what for."
    )
