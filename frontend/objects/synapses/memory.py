"""How much memory synapses take: those that have been made, and those that might be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from ranvier.actions.synaptic_actions import OfPost, OfPre, PostIndex, PreIndex
from ranvier.actions.traces import LASTUPDATE
from ranvier.equations.expressions import Name, names
from ranvier.equations.statements import Statement, parse_statements
from ranvier.objects.connections.row_facts import size_facts
from ranvier.objects.connections.rows import RowOrder
from ranvier.objects.groups.memory_rows import kept_bytes, own_storages
from ranvier.objects.memory.lazy import LazyStorage
from ranvier.objects.memory.plan import MemoryRow
from ranvier.objects.pathways.delay_storage import DelayStorage
from ranvier.objects.pathways.pathway import SynapticPathway
from ranvier.objects.synapses.memory_of_sums import NUMBER, Summed, bytes_of_ends, planned_states, rows_of_threads
from ranvier.objects.synapses.memory_of_traces import bytes_of_trace, differ, planned_binding, planned_sides
from ranvier.objects.variables.variables import ArrayVariable
from ranvier.passes.facts.layouts import GUARDED, GUESS, INTERVAL, best_layout


class Laid(Summed, Protocol):
    """Synapses whose memory is asked for."""

    @property
    def subexpression_updater(self) -> object | None:
        """What computes subexpressions that are constant over a step, None if there are none."""
        ...

    @property
    def is_sorted_by_source(self) -> bool:
        """Whether no synapse begins at an earlier neuron than the one made before it."""
        ...


@dataclass(frozen=True)
class _Shape:
    """Numbers on which the memory of a pathway depends: synapses, delays, the longest, bytes of a delay in steps.

    `is_made`: whether the synapses are there; `exact`: whether they are looked at.
    """

    connections: int
    delays: int
    longest: int
    width: int
    is_made: bool = True
    exact: bool = True

    def facts(self, pathway: SynapticPathway) -> Mapping[str, int]:
        """Returns what the compiler is told of the sizes, or would be."""
        rows, elements = pathway.source.element_count * self.delays, pathway.target.element_count
        if self.is_made and self.exact:
            return dict(pathway.facts(rows))
        return size_facts(rows, self.connections, elements, self.connections // max(elements, 1))


class _Use:
    """What the code of synapses does with their variables.

    Args:
        synapses: The synapses.
        all_set: Whether all parameters are set to values of their own.
        delays: How many different delays there will be; None for what the synapses have.
    """

    def __init__(self, synapses: Laid, *, all_set: bool = False, delays: int | None = None) -> None:
        self._synapses = synapses
        self._all_set = all_set
        self._delays = delays
        self._code: dict[str, tuple[Statement, ...]] = {
            name: parse_statements(pathway.code) for name, pathway in synapses.pathways.items()
        }
        self.written: set[str] = {line.target for code in self._code.values() for line in code}
        self.written |= set(synapses.user_equations.diff_eq_names) | set(synapses.summed_updaters)
        self.written |= set(synapses.user_equations.subexpr_names) if synapses.subexpression_updater else set()
        self._event_driven: set[str] = set(synapses.event_driven.names)
        self._sides: dict[str, str] | None = None

    @property
    def driven(self) -> set[str]:
        """The names in equations of clock-driven variables, and of subexpressions that are stored."""
        equations = self._synapses.user_equations
        several = equations.eq_expressions if self._synapses.subexpression_updater else equations.diff_eq_expressions
        return {each for name, expr in several if name not in self.held for each in names(expr.tree)}

    @cached_property
    def held(self) -> Mapping[str, str]:
        """The clock-driven variables that neurons hold since the last run, or will hold in the first; their sides."""
        states = self._synapses.shared_states
        if states is None:
            return {}
        if states.held is not None:
            return states.held.sharing.sides
        return {} if states.reasons else planned_states(self._synapses, self._code)

    def is_written(self, name: str) -> bool:
        """Tells whether the network changes a variable."""
        return name in self.written

    def is_changed(self, name: str) -> bool:
        """Tells whether a run changes the values of a variable."""
        return self.is_written(name) or name in self._event_driven | {LASTUPDATE}

    def read_by(self, pathway: SynapticPathway) -> set[str]:
        """Returns the synapses' own variables that the code of a pathway uses."""
        found: set[str] = set()
        for line in self._code[pathway.objname]:
            found |= {line.target} | set(names(line.expr))
        own = {name for name, storage in own_storages(self._synapses) if storage.size == self._synapses.element_count}
        return (found & own) - {"i", "j", "delay"}

    def reaches(self, pathway: SynapticPathway) -> bool:
        """Tells whether the code of a pathway needs the number of the element at the other end."""
        used = {line.target for line in self._code[pathway.objname]}
        used |= {name for line in self._code[pathway.objname] for name in names(line.expr)}
        kinds = (OfPost, PostIndex) if pathway.prepost == "pre" else (OfPre, PreIndex)
        for name in used:
            reference = self._synapses.reference(name)
            is_text = reference is not None and not isinstance(reference.variable, ArrayVariable)
            if is_text or isinstance(planned_binding(self._synapses, name), kinds):
                return True
        held = {name for name in used & self._event_driven if self.is_held_by_neurons(name)}
        return any(self._sides is not None and self._sides[name] != pathway.prepost for name in held)

    def possible_layouts(self, pathway: SynapticPathway, *, is_distinct: bool) -> set[str]:
        """Returns the layouts that the code of a pathway allows, as the compiler finds out from its sums."""
        code, own = self._code[pathway.objname], self.read_by(pathway)
        near = "_" + pathway.prepost
        if any(line.op not in ("+=", "-=") or line.target in own or line.target.endswith(near) for line in code):
            return {"rows"}
        read = {name for line in code for name in names(line.expr)}
        if not own and not any(name.endswith(near) for name in read):
            return {"rows", "counts", "bits"} if is_distinct else {"rows", "counts"}
        is_weight = len(code) == 1 and read == own and len(own) == 1 and not own & self.written
        return {"rows", "ring"} if is_weight and isinstance(code[0].expr, Name) else {"rows"}

    def is_guarded(self, pathway: SynapticPathway) -> bool:
        """Tells whether neurons that are refractory do not take what the code of a pathway adds."""
        references = (self._synapses.reference(line.target) for line in self._code[pathway.objname])
        return any(isinstance(one.variable, ArrayVariable) and one.variable.protected for one in references if one)

    def size_of(self, variables: Iterable[str]) -> int:
        """Returns how many bytes a synapse needs for those of some variables that have values of their own."""
        sizes = {name: storage.dtype.itemsize for name, storage in own_storages(self._synapses)}
        return sum(sizes.get(name, 0) for name in variables if self.needs_memory(name))

    def is_held_by_neurons(self, name: str) -> bool:
        """Tells whether neurons will hold an event-driven variable, by what the texts say.

        It is not so if something else in the network uses it, or if events of its side reach the synapses of a neuron
        at different times.
        """
        if self._synapses.shared_traces is None or name not in self._event_driven | {LASTUPDATE}:
            return False
        if self._sides is None:
            self._sides = planned_sides(self._synapses, self._code)
        if name == LASTUPDATE:
            return self._event_driven <= self._sides.keys() and not self.apart
        return name in self._sides and self._sides[name] not in self.apart

    @cached_property
    def apart(self) -> frozenset[str]:
        """The sides whose events do not reach all synapses of a neuron at the same time."""
        traces = self._synapses.shared_traces
        if traces is not None and traces.sharing is not None:
            return traces.sharing.apart
        pathways = self._synapses.pathways.values()
        several = (self._delays or 0) > 1
        return frozenset(each.prepost for each in pathways if several or (self._delays is None and differ(each)))

    def needs_memory(self, name: str) -> bool:
        """Tells whether a variable has a value for each synapse after a run."""
        storage: Mapping[str, Any] = dict(own_storages(self._synapses))
        if name not in storage or name in self._synapses.synaptic_counts.NAMES:
            return False
        if isinstance(storage[name], LazyStorage) and storage[name].is_made:
            return True
        if name == LASTUPDATE or name in self._event_driven:
            return not self.is_held_by_neurons(name)
        if not self._all_set and name in self.held:
            return False
        return name in self.written or self._all_set


def synapses_rows(synapses: Laid, *, exact: bool = True, threads: int = 1) -> Iterator[MemoryRow]:
    """Yields the memory of synapses that have been made.

    Args:
        synapses: The synapses.
        exact: Whether delays are looked at.
        threads: How many threads a run has.
    """
    count = synapses.element_count
    sources, targets = synapses.connections.sources, synapses.connections.targets
    used = _Use(synapses)
    kept, held = sources.kept_bytes + targets.kept_bytes, used.held
    changing = used.written - held.keys()
    more = bytes_of_ends(synapses, used.driven, held, changing, threads)
    yield MemoryRow(synapses.name, "ends", count, kept + more, kept)
    for name, storage in own_storages(synapses):
        if name in ("i", "j", "delay"):
            continue
        present = kept_bytes(storage) + bytes_of_trace(synapses, name)
        number, size = storage.size, present
        if number == count and used.needs_memory(name):
            size = max(present, count * storage.dtype.itemsize)
        if size:
            own = size if used.is_changed(name) else 0
            yield MemoryRow(synapses.name, name, number, size, present, own=own)
    shapes = {name: _shape(synapses, pathway, exact=exact) for name, pathway in synapses.pathways.items()}
    for name, pathway in synapses.pathways.items():
        yield from _pathway_rows(synapses, pathway, used, shapes[name])
    rows = {name: _rows_of_part(synapses.pathways[name], used, shape) for name, shape in shapes.items()}
    yield from rows_of_threads(synapses, changing, held, rows, threads)


def _twice(number: int) -> tuple[int, int]:
    return number, number


def planned_rows(synapses: Laid, connections: int, delays: int, longest: int) -> Iterator[MemoryRow]:
    """Yields the memory of synapses that have not been made.

    Args:
        synapses: The synapses.
        connections: How many there will be.
        delays: How many different delays there will be.
        longest: The longest in steps.
    """
    used, name = _Use(synapses, all_set=True, delays=delays), synapses.name
    pre = synapses.source.element_count
    yield MemoryRow(
        name, "ends", connections, 8 * (pre + 1) + connections * synapses.connections.targets.width.itemsize
    )
    for variable, storage in own_storages(synapses):
        if variable in synapses.synaptic_counts.NAMES:
            yield MemoryRow(name, variable, storage.size, 4 * storage.size)
        elif variable not in ("i", "j", "delay") and storage.size == synapses.element_count:
            size = connections * storage.dtype.itemsize
            if used.needs_memory(variable):
                yield MemoryRow(name, variable, connections, size)
    for pathway in synapses.pathways.values():
        shape = _Shape(connections, delays, longest, 1 if delays <= 256 else 2, is_made=False)
        yield from _planned_pathway(synapses, pathway, used, shape, is_sorted=pathway.prepost == "pre")


def _pathway_rows(synapses: Laid, pathway: SynapticPathway, used: _Use, shape: _Shape) -> Iterator[MemoryRow]:
    storage, count = pathway.delay_variable.storage, synapses.element_count
    if isinstance(storage, DelayStorage) and storage.kept_bytes:
        yield MemoryRow(pathway.name, "delays", count, *_twice(storage.kept_bytes))
    rows, history = pathway.laid_out
    if rows is not None and history is not None:
        own = rows.pointers.array.nbytes if rows.pointers.array is not synapses.connections.sources.pointers else 0
        order = 0 if rows.order is None else kept_bytes(rows.order)
        kept = sum(
            part.array.nbytes
            for part in (history.indices, history.counts, history.pending_due, history.pending_synapses)
        )
        yield MemoryRow(pathway.name, "rows", count, *_twice(own + order))
        yield MemoryRow(pathway.name, "spikes on their way", history.counts.size, *_twice(kept), own=kept)
        is_sorted = rows.order is None or isinstance(rows.order, RowOrder)
        yield from _for_runs(synapses, pathway, used, shape, is_sorted=is_sorted)
        return
    is_sorted = pathway.prepost == "pre" and synapses.is_sorted_by_source
    yield from _planned_pathway(synapses, pathway, used, shape, is_sorted=is_sorted)


def _shape(synapses: Laid, pathway: SynapticPathway, *, exact: bool) -> _Shape:
    """Returns the numbers on which the memory of a pathway depends; delays are looked at where `exact`."""
    storage, count, rows = pathway.delay_variable.storage, synapses.element_count, pathway.laid_out[0]
    if rows is not None:
        return _Shape(count, rows.delays.size, int(rows.delays.array[0]), 1)
    dt = float(pathway.source.clock.dt_)
    if not isinstance(storage, DelayStorage):
        return _Shape(count, 1, int(float(storage.array[0]) / dt + 0.5), 0)
    if storage.uniform is not None or not count:
        return _Shape(count, 1, int((storage.uniform or 0.0) / dt + 0.5), 0)
    if not exact:
        return _Shape(count, 64, 64, 1, exact=False)
    steps = storage.steps(dt, pathway.name)
    seen = np.zeros(int(steps.max()) + 1, dtype=bool)
    seen[steps] = True
    return _Shape(count, int(seen.sum()), seen.size - 1, steps.itemsize)


def _planned_pathway(
    synapses: Laid, pathway: SynapticPathway, used: _Use, shape: _Shape, *, is_sorted: bool
) -> Iterator[MemoryRow]:
    size = pathway.source.element_count
    own = 0 if is_sorted and shape.delays == 1 else 8 * (size * shape.delays + 1)
    if not is_sorted:
        own += 4 * shape.connections
    elif shape.delays > 1:
        own += shape.width * shape.connections
        if any(used.is_changed(name) for name in used.read_by(pathway)):  # these are found by their numbers
            own += NUMBER * shape.connections
    yield MemoryRow(pathway.name, "rows", shape.connections, own)
    kept = (shape.longest + 1) * (4 * size + 8)
    yield MemoryRow(pathway.name, "spikes on their way", shape.longest + 1, kept, own=kept)
    yield from _for_runs(synapses, pathway, used, shape, is_sorted=is_sorted)


def _for_runs(
    synapses: Laid, pathway: SynapticPathway, used: _Use, shape: _Shape, *, is_sorted: bool
) -> Iterator[MemoryRow]:
    """Yields what is made for a run: copies, and for pathways with records the rows that are looked up ahead."""
    copies, are_records = _copies(synapses, pathway, used, shape, is_sorted)
    yield MemoryRow(pathway.name, "copies in order", shape.connections, copies)
    if not are_records:
        return
    size, steps = pathway.source.element_count, shape.longest + 1
    interval = dict(pathway.rate_facts(shape.facts(pathway))).get(INTERVAL, GUESS)
    room = LEAST_ROOM + min(2 * (size >> interval), size // SHARE_OF_ALL)
    noted = 16 * steps * shape.delays * room + 8 * (steps + 1)
    yield MemoryRow(pathway.name, "rows looked up ahead", steps * shape.delays, noted, own=noted)


LEAST_ROOM, SHARE_OF_ALL, MOST_IN_RECORD = 64, 256, 2
"""As in `ranvier.passes.lower.noted_rows` and `ranvier.passes.optimise.pack_rows`, which plans do without."""


def _layout(pathway: SynapticPathway, used: _Use, shape: _Shape) -> str:
    """Returns the layout that the compiler takes, about."""
    facts = {**shape.facts(pathway), GUARDED: int(used.is_guarded(pathway))}
    facts |= dict(pathway.rate_facts(facts))
    return best_layout(facts, used.possible_layouts(pathway, is_distinct=bool(facts["distinct"])))


def _rows_of_part(pathway: SynapticPathway, used: _Use, shape: _Shape) -> int:
    """Returns how many rows a thread has: one for each delay, where spikes do not wait as sums, nor are bits."""
    is_one = shape.delays == 1 or _layout(pathway, used, shape) in ("ring", "bits")
    return pathway.source.element_count * (1 if is_one else shape.delays)


def _copies(synapses: Laid, pathway: SynapticPathway, used: _Use, shape: _Shape, is_sorted: bool) -> tuple[int, bool]:
    """Bytes of what is copied into the order of the rows, about: the other ends, weights that nothing changes.

    Whether these stand side by side, as records, comes with it.
    """
    count, is_pre = shape.connections, pathway.prepost == "pre"
    elements, rows = pathway.target.element_count, pathway.source.element_count * shape.delays
    read, layout = used.read_by(pathway), _layout(pathway, used, shape)
    other = 0 if not used.reaches(pathway) else 2 if elements <= 1 << 16 else 4
    if layout == "bits":
        return (rows + 1) * (-(-elements // 512) * 64), False  # a bit for each pair
    is_in_place = is_pre and is_sorted and shape.delays == 1
    if layout == "ring":  # a number in the ring for each synapse, and its weight
        return count * (4 + (0 if is_in_place else used.size_of(read))), False
    if is_in_place:
        return 0, False
    kept = [name for name in read if not used.is_written(name)] if len(read) == len(read - used.written) else []
    are_records = layout == "rows" and other == 4 and 0 < len(kept) <= MOST_IN_RECORD and used.size_of(kept) > 0
    return count * (other + used.size_of(kept)), are_records
