"""How much memory a network takes: what it has now, and what a run adds."""

from collections.abc import Iterator, Sequence
from typing import Any

from ranvier.objects.groups.memory_rows import kept_bytes, own_storages
from ranvier.objects.memory.arrays import in_bytes
from ranvier.objects.memory.plan import MemoryPlan, MemoryRow, available_memory
from ranvier.objects.synapses.memory import synapses_rows
from ranvier.objects.synapses.synapses import Synapses


def object_rows(obj: Any, *, exact: bool) -> Iterator[MemoryRow]:
    """Yields the memory of an object.

    Args:
        obj: The object; pathways come with their synapses.
        exact: Whether delays are looked at, which takes a while where there are many.
    """
    if isinstance(obj, Synapses):
        yield from synapses_rows(obj, exact=exact)
        return
    table = getattr(obj, "table", None)
    own = sum(kept_bytes(storage) for _, storage in own_storages(obj))
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


def network_plan(objects: Sequence[object], *, exact: bool = True) -> MemoryPlan:
    """Returns the memory of the objects of a network."""
    rows = [row for obj in objects for row in object_rows(obj, exact=exact)]
    return MemoryPlan(row for row in rows if row.bytes or row.per_second or row.per_spike)


def shortage(objects: Sequence[object]) -> str | None:
    """Returns a warning if a run needs more memory than there is, None if not."""
    most = sum(obj.element_count for obj in objects if isinstance(obj, Synapses))
    if most < 1 << 22:
        return None
    plan, free = network_plan(objects, exact=False), available_memory()
    if free is None or plan.total - plan.present <= free:
        return None
    return (
        f"The network needs about {in_bytes(plan.total - plan.present)} more memory, but only {in_bytes(free)} are "
        "available; print(Network.memory_plan()) shows what for."
    )
