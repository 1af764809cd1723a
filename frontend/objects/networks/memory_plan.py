"""How much memory a network takes: what it has now, and what a run adds."""

from __future__ import annotations

from collections.abc import Sequence

from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.memory.arrays import in_bytes
from ranvier.objects.memory.plan import MemoryPlan, available_memory


def network_plan(objects: Sequence[BrianObject], *, exact: bool = True) -> MemoryPlan:
    """Returns the memory of the objects of a network.

    Args:
        objects: The objects, parts included.
        exact: Whether delays are looked at, which takes a while where there are many.
    """
    rows = [row for obj in objects for row in obj.memory_rows(exact=exact)]
    return MemoryPlan(row for row in rows if row.bytes or row.per_second or row.per_spike)


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
