"""How sets are computed together, kept between calls that differ in their values only; see `Network.batched`.

What was learnt of a network (`instances.py`) holds as long as the network is what it was: its state is put back, and
all else on which its plan depends is compared. What is kept was learnt from several values of each key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ranvier.actions.sameness import is_same
from ranvier.objects.groups.group import VariableOwner
from ranvier.objects.networks.sweeps.abreast import Abreast, abreast
from ranvier.objects.networks.sweeps.instances import usual_sets
from ranvier.objects.networks.sweeps.job import Job
from ranvier.objects.networks.sweeps.network_work import NetworkWork
from ranvier.pipeline.active_profiles import ACTIVE
from ranvier.pipeline.debugging import is_wanted
from ranvier.session.clocks import defaultclock
from ranvier.stages.road import current_options


@dataclass(frozen=True)
class _Kept:
    """A job, and what it depends on besides the state of the network.

    Attributes:
        job: The job.
        facts: What it depends on.
    """

    job: Job
    facts: tuple[object, ...]

    def holds(self, facts: tuple[object, ...]) -> bool:
        """Tells whether the network is what it was."""
        return is_same(self.facts, facts) and self.job.is_in_place


@dataclass
class KeptJobs:
    """The jobs of earlier calls, by the kinds of values that they had."""

    _kept: dict[object, _Kept] = field(default_factory=dict[object, _Kept])
    _seen: dict[object, dict[str, object]] = field(default_factory=dict[object, dict[str, object]])

    def abreast(self, work: NetworkWork, todo: Sequence[int], threads: int, width: str) -> Abreast:
        """Returns the form of sets as instances of one program; see `abreast`."""
        usual = usual_sets(work, todo)
        if not usual or ACTIVE or work.request.setup is not None or work.sets.axes.keys() & {"dt", "duration"}:
            return abreast(work, todo, threads, width)
        kinds = tuple((name, *axis.form) for name, axis in work.sets.axes.items() if name != "seed")
        kind = len(usual) > 1, width, kinds
        facts = _facts(work)
        kept = self._kept.get(kind)
        if kept is not None:
            work.put_back()
            if kept.holds(facts):
                job = kept.job.with_sets(work, usual)
                return Abreast(job.reason, job.width, threads, width, job)
        seen = self._seen.get(kinds, {})
        self._seen[kinds] = dict(work.values(usual[0]))
        form = abreast(work, todo, threads, width, seen)
        if form.first.instances.is_general and form.first.members == usual:
            self._kept[kind] = _Kept(form.first, facts)
        return form


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
