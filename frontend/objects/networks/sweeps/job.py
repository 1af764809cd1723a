"""Instances that share a program: what is prepared for all of them, and the runs of some."""

from __future__ import annotations

import contextlib
import copy
from collections import Counter
from collections.abc import Mapping, Sequence

from ranvier.actions.actions import Storage
from ranvier.codegen import LoadedProgram
from ranvier.ir.slots import SlotKind
from ranvier.objects.memory.arrays import Array
from ranvier.objects.networks.sweeps.finished import Return
from ranvier.objects.networks.sweeps.instances import Instances
from ranvier.objects.networks.sweeps.network_work import NetworkWork
from ranvier.objects.networks.sweeps.shipped import Shipped, shipped
from ranvier.objects.networks.sweeps.work import NotAbreast
from ranvier.passes.facts.widths import best_width, device_width
from ranvier.plan.plan import Plan
from ranvier.runtime.batches import LANES, MOST, BatchRun
from ranvier.runtime.derived import unchanging
from ranvier.runtime.stand_ins import PlainState, copy_of
from ranvier.runtime.turns import TurnRun
from ranvier.session.clocks import BaseClock, are_at_end
from ranvier.stages.instance_programs import compile_instances, why_no_lanes
from ranvier.stages.road import current_options

CACHE = 256 * 1024
"""Bytes of the arrays of all instances side by side: what the processor's second cache holds."""
MOST_LANES = 4096
"""So many instances are side by side at most."""
LEAST = 2048
"""Values of all instances side by side with which beginning a loop costs little."""
UPDATES = 2**28
"""About so many values change in a run of instances side by side: it takes seconds, then there are results to keep."""
COPIES = 3
"""So many times the own arrays of an instance are the memory that it takes on a GPU, with intermediate values."""
DEVICE_RECORDED = 1 << 30
"""Bytes that monitors may record in the instances that a GPU computes side by side, spikes apart."""
RECORDED = 64 * 1024 * 1024
"""Bytes that monitors may record in the instances side by side, spikes apart."""
COPIED = 8 * 1024 * 1024
"""Bytes of the state of a network that are copied for runs that leave it alone."""
KEPT = 4
"""So many runs that have ended are kept between calls, each with up to `COPIED` bytes that monitors have recorded."""


class Job:
    """Instances that share a program, and how they are computed.

    Args:
        work: The sweep.
        members: The numbers of the sets, of one dt and one duration.
        width: The form that is asked for: "auto", "lanes" or "turns".
        seen: Values that keys had in other sets, for those that have but one here.

    Attributes:
        instances: The instances.
        width: The form that was chosen.
        reason: Why.
        is_apart: Whether it has memory of its own for all that the state of the network has, see `apart`.

    Raises:
        NotAbreast: The sets cannot share a program, or lanes were asked for, and cannot be had.
    """

    def __init__(
        self, work: NetworkWork, members: Sequence[int], width: str, seen: Mapping[str, Sequence[object]] | None = None
    ) -> None:
        self._work, self.members = work, members
        self.instances = Instances(work, members, seen)
        plan, own, size = self.instances.base.plan, self.instances.own, self.instances.own_bytes
        self._program = _compiled(plan, own, size, len(members), width)
        self.width = "lanes" if any(slot.own for slot in self._program.slots) else "turns"
        if width == "lanes" and self.width == "turns":
            raise NotAbreast(why_no_lanes(plan, own), may_take_turns=True)
        self.reason = self._why(size, len(members), width)
        self._values = _apart(self.instances.inputs, self._program, 1 if self.width == "lanes" else 0)
        self._shared = [
            (value, own.array)
            for value, own in zip(self.instances.inputs, self._values, strict=True)
            if isinstance(value, Storage) and isinstance(own, PlainState)
        ]
        self.returned = Return(work, self.instances)
        self._ended: list[BatchRun | TurnRun] = []
        self.is_apart = False
        self._recorded = max(work.network.memory_plan().per_second * self.instances.base.call.length, 1.0)

    def with_sets(self, work: NetworkWork, members: Sequence[int]) -> Job:
        """Returns the same job for other values of the same keys, where its instances are general.

        Args:
            work: The same work with other sets.
            members: The numbers of the sets.
        """
        other = copy.copy(self)
        other._work, other.members = work, members
        other.instances = self.instances.with_sets(work, members)
        other.returned = self.returned.with_sets(work, other.instances)
        other._ended = self._ended if self.is_apart else []
        return other

    def apart(self) -> Job:
        """Returns a job that computes the same, whatever becomes of the state of the network after this call.

        It is this one where that cannot be, or would need much memory. The state is to be that from which sets begin.
        """
        if self.is_apart or self.is_on_device or not self.instances.follow_at_once or not self.returned.is_quick:
            return self
        state = {id(array) for obj in self._work.network for array in obj.state_arrays().values()}
        mine = [pair for pair in self._shared if id(pair[1]) in state]
        if sum(array.nbytes for _, array in mine) > COPIED:
            return self
        other = copy.copy(self)
        other._values = _copied(self._values, mine)
        other._shared = [pair for pair in self._shared if id(pair[1]) not in state]
        other._ended = []
        other.is_apart = True
        return other

    def can_begin(self, chunks: Sequence[Sequence[int]]) -> bool:
        """Tells whether the runs of some sets need nothing of the network: what follows from its arrays is there."""
        if all(slot.recipe is None for slot in self._program.slots):
            return True
        there = Counter(run.count for run in self._ended)
        return Counter(map(len, chunks)) <= there

    @property
    def is_in_place(self) -> bool:
        """Whether the arrays that all instances share are still those of the network."""
        return all(storage.array is array for storage, array in self._shared)

    def protect(self) -> None:
        """Copies the arrays that all instances share, if functions measure sets while others run."""
        if self.returned.is_changing:
            self._values = _copied(self._values, self._shared)

    def unchanging(self) -> contextlib.AbstractContextManager[None]:
        """Returns what surrounds runs during which nothing that they have in common changes."""
        if self.returned.is_changing:
            return contextlib.nullcontext()
        return unchanging(self._program.slots, self._values, 1 if self.width == "lanes" else 0)

    def _why(self, size: int, count: int, asked: str) -> str:
        if asked != "auto":
            return "it was asked for"
        best, reason = best_width(size, count) if self._program.device is None else device_width(count)
        if best == self.width:
            return reason
        return why_no_lanes(self.instances.base.plan, self.instances.own)

    @property
    def is_idle(self) -> bool:
        """Whether a run would have no steps."""
        return not self._clocks or are_at_end(self._clocks)

    @property
    def _clocks(self) -> list[BaseClock]:
        return [value for value in self.instances.base.arguments.values if isinstance(value, BaseClock)]

    @property
    def _steps(self) -> int:
        """How many steps a run has."""
        return max((int(clock.control[1] - clock.control[0]) for clock in self._clocks), default=0)

    def chunks(self, todo: Sequence[int], threads: int) -> list[Sequence[int]]:
        """Divides sets into those that are computed at once.

        Args:
            todo: The sets.
            threads: How many threads there are.
        """
        size = 1
        if self.width == "lanes" and self._program.device is not None:
            size = self._at_once(len(todo))
        elif self.width == "lanes":
            own = max(self.instances.own_bytes, 1)
            soon = max(UPDATES // max(self._steps, 1), LEAST) * 8 // own
            fitting = min(CACHE // own, RECORDED // int(self._recorded), soon, MOST_LANES)
            share = -(-len(todo) // threads)
            size = max(min(fitting // LANES, -(-share // LANES)), 1) * LANES
        return [todo[k : k + size] for k in range(0, len(todo), size)]

    @property
    def is_on_device(self) -> bool:
        """Whether a GPU computes the instances: then one after another is begun."""
        return self._program.device is not None

    def _at_once(self, count: int) -> int:
        """Returns how many instances a GPU computes side by side: as many as half of its free memory has room for."""
        from ranvier.runtime.cuda.driver import Driver  # only sweeps on a GPU need it

        own = max(self.instances.own_bytes, 4)
        fitting = min(Driver.of_process().free_memory()[0] // 2 // (COPIES * own), MOST // (own // 4))
        most = min(fitting, DEVICE_RECORDED // int(self._recorded), count + LANES - 1)
        return max(int(most) // LANES, 1) * LANES

    def start(self, chunk: Sequence[int]) -> BatchRun | TurnRun:
        """Returns the run of some sets."""
        if self.returned.is_changing:
            self._work.put_back()
        given = self.instances.given(chunk)
        if self.width == "turns":
            given = {n: values[0] for n, values in given.items()}
        run = next((run for run in self._ended if run.count == len(chunk)), None)
        if run is not None:
            self._ended.remove(run)
            run.begin_again(given)
            return run
        if self.width == "lanes":
            return BatchRun(self._program, self._values, len(chunk), given)
        own = {*self.instances.written, *self.instances.own}
        return TurnRun(self._program, self._values, own, given)

    def take_back(self, run: BatchRun | TurnRun) -> None:
        """Takes a run whose instances were measured: another one may have its memory, which is in the cache."""
        if run.may_begin_again:
            self._ended.append(run)

    def end(self) -> None:
        """Lets go of the memory of runs; of all but some small ones where these are for further calls."""
        kept = [run for run in self._ended if run.recorded_bytes <= COPIED][-KEPT:] if self.is_apart else []
        self._ended[:] = kept

    def shipped(self) -> Shipped:
        """Returns what other processes need to compute the instances."""
        instances = self.instances
        return shipped(
            instances.base.plan, current_options(), self._program, self._values, instances.own, instances.own_bytes,
            len(self.members), self.width, instances.written,
        )  # fmt: skip


def _compiled(plan: Plan, own: Sequence[int], own_bytes: int, count: int, width: str) -> LoadedProgram:
    """Returns the program of some instances, see `compile_instances`.

    Raises:
        NotAbreast: Lanes were asked for, and cannot be had.
    """
    try:
        return compile_instances(plan, own, own_bytes, count, width)
    except Exception:
        reason = why_no_lanes(plan, own) if width == "lanes" else ""
        if not reason:
            raise
        raise NotAbreast(reason, may_take_turns=True) from None


def _copied(values: Sequence[object], shared: Sequence[tuple[Storage, Array]]) -> list[object]:
    """Returns inputs with copies of some of their arrays, each given with the memory that it belongs to."""
    copies = {id(array): PlainState(copy_of(array), storage.frozen) for storage, array in shared}
    return [copies.get(id(value.array), value) if isinstance(value, PlainState) else value for value in values]


def _apart(values: Sequence[object], program: LoadedProgram, shift: int) -> list[object]:
    """Returns inputs that stay where they are, whatever becomes of the network.

    What derived arrays are made of is left as it is: they are made, and kept, for the network's own.

    Args:
        values: What the inputs of the network's program stand for.
        program: The program of the instances.
        shift: By how much the numbers of its inputs are greater.
    """
    found = list(values)
    for slot in program.slots:
        n = slot.input - shift
        value = found[n]
        if slot.kind is SlotKind.STATE and slot.recipe is None and isinstance(value, Storage):
            found[n] = PlainState(value.array, value.frozen)
    return found
