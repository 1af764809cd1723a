"""How sets are computed together, kept between calls that differ in their values only; see `Network.batched`.

What was learnt of a network (`instances.py`) holds as long as the network is what it was: its state is put back, and
all else on which its plan depends is compared. What is kept holds for the values of a key of which one was seen, or
for all of them, if there were two.

Where the runs have memory of their own for all that the state of the network has (`Job.apart`), it need not even be put
back: such calls leave the network alone, and cost little more than their runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ranvier.actions.sameness import is_same
from ranvier.objects.groups.group import VariableOwner
from ranvier.objects.inputs.timedarray import TimedArray
from ranvier.objects.networks.sweeps.abreast import Abreast, abreast
from ranvier.objects.networks.sweeps.job import Job
from ranvier.objects.networks.sweeps.network_work import NetworkWork
from ranvier.objects.networks.sweeps.prepared import usual_sets
from ranvier.objects.networks.sweeps.sets import Sets, in_si
from ranvier.pipeline.active_profiles import ACTIVE
from ranvier.pipeline.debugging import is_wanted
from ranvier.session.clocks import defaultclock
from ranvier.session.refreshed import refresh_all
from ranvier.stages.road import current_options


@dataclass
class _Kept:
    """A job, and what it depends on besides the state of the network.

    Attributes:
        job: The job.
        facts: What it depends on.
        timed: The timed arrays that texts may use, and where their values were.
    """

    job: Job
    facts: tuple[object, ...]
    timed: Sequence[tuple[TimedArray, object]]

    def holds(self, facts: tuple[object, ...], sets: Sets) -> bool:
        """Tells whether the network is what it was, and the sets have the values for which the job is."""
        fixed = self.job.instances.fixed
        return (
            is_same(self.facts, facts)
            and self.job.is_in_place
            and all(array.storage is storage for array, storage in self.timed)
            and all(_has_only(sets, name, value) for name, value in fixed.items())
        )


@dataclass
class KeptJobs:
    """The jobs of earlier calls, by the kinds of values that they had."""

    _kept: dict[object, _Kept] = field(default_factory=dict[object, _Kept])
    _seen: dict[object, dict[str, list[object]]] = field(default_factory=dict[object, dict[str, list[object]]])

    def abreast(self, work: NetworkWork, todo: Sequence[int], threads: int, width: str) -> Abreast:
        """Returns the form of sets as instances of one program; see `abreast`."""
        usual = usual_sets(work, todo)
        if not usual or not _may_be_kept(work):
            return abreast(work, todo, threads, width)
        kinds = _kinds(work)
        kept, facts = self._kept.get((len(usual) > 1, width, kinds)), _facts(work)
        if kept is not None:
            work.put_back()
            refresh_all()
            if kept.holds(facts, work.sets):
                kept.job = kept.job.apart()  # now that the network has the state from which sets begin
                job = kept.job.with_sets(work, usual)
                return Abreast(job.reason, job.width, threads, width, job)
        seen = self._seen.setdefault(kinds, {})
        form = abreast(work, todo, threads, width, seen)
        _note(seen, work.values(usual[0]))
        if form.first.members == usual:
            self._kept[len(usual) > 1, width, kinds] = _Kept(form.first, facts, _timed_arrays(work))
        return form

    def apart(self, work: NetworkWork, usual: Sequence[int], width: str = "auto") -> Job | None:
        """Returns what computes sets and leaves the network alone, None if there is no such thing.

        Args:
            work: The work.
            usual: Its sets whose values are finite.
            width: The form that is asked for.
        """
        if not usual or not self._kept or not _may_be_kept(work):
            return None
        kept = self._kept.get((len(usual) > 1, width, _kinds(work)))
        if kept is None or not kept.job.is_apart:
            return None
        refresh_all()
        return kept.job.with_sets(work, usual) if kept.holds(_facts(work), work.sets) else None


def _may_be_kept(work: NetworkWork) -> bool:
    return not ACTIVE and work.request.setup is None and work.sets.axes.keys().isdisjoint({"dt", "duration"})


def _kinds(work: NetworkWork) -> tuple[object, ...]:
    """Returns of what kinds the values are."""
    return tuple((name, *axis.form) for name, axis in work.sets.axes.items() if name != "seed")


def _has_only(sets: Sets, name: str, value: object) -> bool:
    """Tells whether a key has one value in all sets, bit for bit."""
    plain = sets.axes[name].plain
    if plain is None:
        return False
    wanted = np.broadcast_to(in_si(value).astype(plain.dtype), plain.shape)
    return plain.tobytes() == wanted.tobytes()


def _note(seen: dict[str, list[object]], values: Mapping[str, object]) -> None:
    """Notes the values of a set: the last two of each key, if they differ."""
    for name, value in values.items():
        known = seen.setdefault(name, [])
        if not any(np.array_equal(in_si(value), in_si(other)) for other in known):
            known.append(value)
        del known[:-2]


def _timed_arrays(work: NetworkWork) -> Sequence[tuple[TimedArray, object]]:
    """Returns the timed arrays that the texts of a network may use, and where their values are."""
    owners = (obj.namespace for obj in work.network if isinstance(obj, VariableOwner))
    values = (value for names in (work.request.call.namespace, *owners) for value in names.values())
    return [(value, value.storage) for value in values if isinstance(value, TimedArray)]


def _facts(work: NetworkWork) -> tuple[object, ...]:
    """Returns what the plan of a network depends on, besides its state and the values of the sets."""
    return (
        repr(current_options()),
        is_wanted(),
        defaultclock.dt_,
        tuple(work.network.schedule),
        *map(_facts_of, work.network),
    )


def _facts_of(obj: object) -> tuple[object, ...]:
    names = dict(obj.namespace) if isinstance(obj, VariableOwner) else {}
    known = (getattr(obj, name, None) for name in ("active", "when", "order", "clock"))
    return obj, *known, names
