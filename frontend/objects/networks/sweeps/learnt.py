"""What was learnt of a network in earlier sweeps: which input of its program is which key of `over`.

Scripts sweep one network again and again, with other values: trying values of each key once is enough. What is kept is
the simplest case, in which each input that differs is the value of one constant; the sets that are prepared as a check
(`Instances`), the last of which differs in all keys, say if it does not hold any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.objects.networks.sweeps.network_work import NetworkWork
from ranvier.objects.networks.sweeps.prepared import Prepared
from ranvier.objects.networks.sweeps.sets import Axis, in_si
from ranvier.session.given import is_text

_learnt: WeakKeyDictionary[object, dict[object, dict[int, str]]] = WeakKeyDictionary()
MOST = 8
"""So many kinds of sweeps of a network are remembered."""


@dataclass
class Follows:
    """An input that follows from one key, but is not its value: what it is for each value, as far as was asked for."""

    name: str
    known: dict[int, Array] = field(default_factory=dict[int, Array])


def key_of(work: NetworkWork, base: Prepared, members: Sequence[int]) -> object:
    """Returns on what depends which inputs the keys set; None for what has to be learnt each time.

    Args:
        work: The sweep.
        base: The network, ready for the first set.
        members: The sets.
    """
    targets, axes = work.request.targets, work.sets.axes
    if targets.variables or work.request.start or not targets.constants:
        return None
    keys = [axes[name] for name in targets.constants]
    if any(axis.plain is None or _is_same(axis, members[0], members[-1]) for axis in keys):
        return None
    labels = tuple(entry.label for entry in base.plan.inputs)
    return base.plan.key, labels, tuple((axis.name, *axis.form) for axis in keys)


def _is_same(axis: Axis, one: int, other: int) -> bool:
    assert axis.plain is not None
    return np.array_equal(axis.plain[axis.position(one)], axis.plain[axis.position(other)])


def known(network: object, key: object) -> Mapping[int, str] | None:
    """Returns the key of each input that differs, None if nothing was learnt."""
    return _learnt.get(network, {}).get(key)


def note(network: object, key: object, direct: Mapping[int, str]) -> None:
    """Notes the key of each input that differs."""
    several = _learnt.setdefault(network, {})
    several[key] = dict(direct)
    if len(several) > MOST:
        del several[next(iter(several))]


def probes_of(axis: Axis, here: object, seen: Sequence[object]) -> list[object]:
    """Returns other values of a key: one near the beginning, and one near the end.

    Args:
        axis: The key.
        here: Its value in the first set.
        seen: Values that it had in other sets, for keys that have but one here.
    """

    def is_other(p: int) -> bool:
        value = axis.values[p]
        if is_text(value) or not axis.usual[p]:
            return False
        return is_text(here) or not np.array_equal(in_si(value), in_si(here))

    count = len(axis.values)
    first = next((p for p in range(count) if is_other(p)), None)
    if first is None:
        return [other for other in seen if not np.array_equal(in_si(other), in_si(here))][:1]
    last = next(p for p in range(count - 1, -1, -1) if is_other(p))
    return [axis.values[p] for p in dict.fromkeys((first, last))]
