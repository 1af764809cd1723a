"""What a sweep would do: its form, the number of its sets, its memory, its time."""

from __future__ import annotations

from dataclasses import dataclass

from ranvier.objects.memory.arrays import in_bytes
from ranvier.objects.memory.plan import MemoryPlan
from ranvier.objects.networks.report import format_seconds
from ranvier.objects.networks.sweeps.forms import Form
from ranvier.passes.facts.widths import WIDTHS


@dataclass(frozen=True, repr=False)
class SweepPlan:
    """What a sweep would do.

    Attributes:
        sets: How many sets there are.
        done: How many of them an earlier call has done.
        form: How they are computed: "one after another", "processes", "executor".
        reason: Why so.
        workers: How many at once.
        memory: Bytes of the network, in each worker; for sets in lanes or turns, of all that are computed at once. What
            monitors record is not among them.
        recorded: Bytes that monitors record in a set, without spikes.
        seconds: About how long all will take, from a trial of some; None if that cannot be tried.
        table: The memory of the network's parts: what all sets have in common, and what each has for itself.
    """

    sets: int
    done: int
    form: str
    reason: str
    workers: int
    memory: int
    recorded: float
    seconds: float | None
    table: MemoryPlan | None = None

    def __str__(self) -> str:
        done = f", {self.done} of them done" if self.done else ""
        is_shared = self.form in WIDTHS  # by threads
        several = f" in each of {self.workers} workers, at most" if self.workers > 1 and not is_shared else ""
        recorded = f", and {in_bytes(self.recorded)} recorded in a set, besides spikes" if self.recorded else ""
        lines = [
            f"sets    {self.sets:,}{done}",
            f"form    {self.form}: {self.reason}",
        ]
        if self.memory:
            lines.append(f"memory  {in_bytes(self.memory)}{several}{recorded}")
        if self.seconds is not None:
            about = "less than 1s" if self.seconds < 1 else f"about {format_seconds(self.seconds)}"
            lines.append(f"time    {about}, from a trial")
        if self.table is not None:
            lines += ["", str(self.table)]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<SweepPlan: {self.sets:,} sets, {self.form}, {in_bytes(self.memory)}>"


def plan_of(
    form: Form,
    *,
    sets: int,
    done: int,
    memory: int,
    recorded: float,
    seconds: float | None,
    table: MemoryPlan | None = None,
) -> SweepPlan:
    """Returns the plan of a sweep.

    Args:
        form: How the sets are computed.
        sets: How many there are.
        done: How many an earlier call has done.
        memory: Bytes of the network.
        recorded: Bytes that monitors record in a set.
        seconds: About how long all that are to be done take, None if that is not known.
        table: The memory of the network's parts.
    """
    return SweepPlan(sets, done, form.name, form.reason, form.workers, memory, recorded, seconds, table)
