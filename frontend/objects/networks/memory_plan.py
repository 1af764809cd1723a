"""How much memory a network takes: what it has now, and what a run adds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.groups.group import VariableOwner
from ranvier.objects.inputs.spike_lists import BY_STEP, list_row
from ranvier.objects.memory.arrays import in_bytes
from ranvier.objects.memory.plan import MemoryPlan, MemoryRow, available_memory
from ranvier.objects.networks.timed_rows import timed_rows
from ranvier.objects.synapses.memory import synapses_rows
from ranvier.objects.synapses.synapses import Synapses
from ranvier.objects.variables.variables import ArrayVariable
from ranvier.session.given import is_a
from ranvier.stages.threads import likely_threads

NO_SPIKES: Mapping[str, int] = MappingProxyType({})
"""No group is given spikes."""

NO_NAMES: Mapping[str, object] = MappingProxyType({})
"""Nothing of the script is known."""


def network_plan(
    objects: Sequence[BrianObject],
    *,
    exact: bool = True,
    instances: int | None = None,
    given: Collection[str] = (),
    spikes: Mapping[str, int] = NO_SPIKES,
    names: Mapping[str, object] = NO_NAMES,
) -> MemoryPlan:
    """Returns the memory of the objects of a network.

    Args:
        objects: The objects, parts included.
        exact: Whether delays are looked at, which takes a while where there are many.
        instances: How many instances of the network there are, None for the network alone.
        given: Variables, "synapses.w", and constants, "tau", that are set in each instance.
        spikes: The greatest number of spikes that an instance is given, by the name of the `SpikeGeneratorGroup`.
        names: The names of the script: what timed arrays texts mean.

    Raises:
        TypeError: If the number of instances is no whole number.
        ValueError: If it is less than 1.
    """
    check_instances(instances)
    rows = [row for obj in objects for row in _rows_of(obj, exact=exact, alone=instances is None)]
    rows += timed_rows(objects, names, given)
    for name in given:
        owner, _, variable = name.partition(".")
        for obj in objects:
            if obj.name == owner and isinstance(obj, VariableOwner):
                rows = _with_given(rows, obj, variable)
    rows = [
        _with_spikes(row, spikes[row.object]) if row.what == BY_STEP and row.object in spikes else row for row in rows
    ]
    return MemoryPlan((row for row in rows if row.bytes or row.per_second or row.per_spike), instances)


def _rows_of(obj: BrianObject, *, exact: bool, alone: bool) -> Iterable[MemoryRow]:
    """Returns the memory of an object; that which threads of a run need is none of instances, which have one each."""
    if alone and isinstance(obj, Synapses):
        return synapses_rows(obj, exact=exact, threads=likely_threads(obj.element_count))
    return obj.memory_rows(exact=exact)


def _with_spikes(row: MemoryRow, number: int) -> MemoryRow:
    """Returns the row of a list of spikes of which each instance has its own."""
    own = list_row(row.object, number, made=False)
    return replace(own, present=min(row.present, own.bytes), own=own.bytes)


def check_instances(instances: int | None) -> None:
    """Checks a number of instances.

    Raises:
        TypeError: If it is no whole number.
        ValueError: If it is less than 1.
    """
    if instances is not None and (not is_a(instances, int) or is_a(instances, bool)):
        raise TypeError(f"instances is a whole number, not {instances!r}.")
    if instances is not None and instances < 1:
        raise ValueError(f"instances has to be 1 or more, not {instances}.")


def _with_given(rows: Sequence[MemoryRow], obj: VariableOwner, name: str) -> list[MemoryRow]:
    """Returns rows in which each instance has its own values of a variable, and its own copies of them."""
    variable = obj.variables[name]
    size = variable.storage.size * variable.dtype.itemsize if isinstance(variable, ArrayVariable) else 0
    made = [row for row in rows if row.object != obj.name or row.what != name]
    if len(made) < len(rows):
        found = next(row for row in rows if row.object == obj.name and row.what == name)
        made.insert(rows.index(found), replace(found, bytes=max(found.bytes, size), own=max(found.bytes, size)))
    elif any(row.object == obj.name and row.what == "variables" for row in rows):
        add = size if variable.constant or variable.read_only else 0
        made = [
            replace(row, own=row.own + add) if (row.object, row.what) == (obj.name, "variables") else row
            for row in rows
        ]  # fmt: skip
    elif name != "delay":
        made.append(MemoryRow(obj.name, name, size // variable.dtype.itemsize, size, own=size))
    copies = ("copies in order", "delays", "rows") if name == "delay" else ("copies in order",)
    parts = {part.name for part in obj.contained_objects} | {obj.name}
    return [
        replace(row, own=row.bytes) if row.object in parts and row.what in copies else row for row in made
    ]  # fmt: skip


def shortage(objects: Sequence[BrianObject]) -> str | None:
    """Returns a warning if a run needs more memory than there is, None if not."""
    if sum(obj.unmade_elements for obj in objects) < 1 << 22:
        return None
    plan, free = network_plan(objects, exact=False), available_memory()
    if free is None or plan.total - plan.present <= free:
        return None
    return (
        f"The network needs about {in_bytes(plan.total - plan.present)} more memory, but only {in_bytes(free)} are "
        "available; print(Network.memory_plan()) shows what for."
    )
