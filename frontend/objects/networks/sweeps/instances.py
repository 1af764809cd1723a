"""Which inputs of a network's program each key of a sweep sets, so that sets need not be prepared one by one.

Instances of a network share its program and all that they have in common. What differs is learnt by preparing the
network with other values of each key and comparing what the inputs of the program stand for:

| an input | is set |
|---|---|
| a constant of the texts, or an array, that is the key's value | directly |
| another that follows from one key | by preparing the network once for each value of the key |
| the list of the spikes that a key gives a group | by making this list (`spike_inputs.py`) |
| one that follows from several keys, or from random numbers in texts | by preparing it for each set |

Some sets are then prepared as a check.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import cast

import numpy as np

from ranvier.actions.actions import Storage
from ranvier.actions.rewrites.count_refractory_steps import StepsUntil
from ranvier.objects.inputs.timedarray import TimedArray
from ranvier.objects.memory.arrays import Array
from ranvier.objects.memory.lazy import UniformStorage
from ranvier.objects.networks.sweeps.learnt import Follows, key_of, known, note, probes_of
from ranvier.objects.networks.sweeps.network_work import NetworkWork
from ranvier.objects.networks.sweeps.prepared import (
    KEY,
    Prepared,
    array_of,
    check_alone_in_code,
    filled,
    is_another,
    prepared,
    ready_for,
)
from ranvier.objects.networks.sweeps.sets import Axis, in_si
from ranvier.objects.networks.sweeps.spike_inputs import SpikeInputs
from ranvier.objects.networks.sweeps.targets import SpikesTarget, VariableTarget
from ranvier.objects.networks.sweeps.work import CannotBePrepared, NotAbreast
from ranvier.objects.variables.variables import ArrayVariable
from ranvier.session.given import is_a, is_text
from ranvier.session.randomness import seed

LARGE = 1 << 20
"""Arrays of so many bytes are looked at as seldom as can be."""
CHECKED, CHECKED_AGAIN = 3, 2
"""So many sets are prepared to check what was learnt; so many what was learnt and checked in an earlier sweep."""


class Instances:
    """The sets of a sweep with one dt and one duration, as instances of one program.

    Args:
        work: The sweep.
        members: The numbers of the sets.
        seen: Values that keys had in other sets, for those that have but one here.

    Attributes:
        base: The network as it is ready for the first of them.
        own: The numbers of the inputs of which each instance has its own, besides what the program changes.
        inputs: What the inputs stand for in the first set; nothing that runs later changes them. Large arrays of which
            runs make copies are those of the state from which sets begin, where they are the same.
        copied_bytes: Bytes of the others of which runs make copies.
        fixed: Keys of which no other value was seen, and their values: what was learnt holds for other values of all
            other keys.

    Raises:
        NotAbreast: They cannot share a program.
    """

    def __init__(
        self, work: NetworkWork, members: Sequence[int], seen: Mapping[str, Sequence[object]] | None = None
    ) -> None:
        self._work = work
        self._members = members
        self._seen = seen or {}
        self.fixed: dict[str, object] = {}
        self._values: Mapping[str, object] = dict(work.values(members[0]))
        self.base = ready_for(work, self._values)
        self._last: Prepared | None = None
        check_alone_in_code(self.base)
        self._large: dict[int, tuple[Array, object]] = {}
        self._contents = self._all_contents(self.base)
        self._places = {id(value): n for n, value in enumerate(self.base.arguments.values)}
        self._sizes = {
            n: value.size for n, value in enumerate(self.base.arguments.values) if isinstance(value, Storage)
        }
        self._direct: dict[int, str] = {}
        self._follows: dict[int, Follows] = {}
        self._texts: dict[int, tuple[VariableTarget, object]] = {}
        self._each = bool(self.base.arguments.checks)
        """Whether each set is prepared by itself."""
        self._given: set[int] = set()
        self._checked = CHECKED
        self._learn_once()
        changed = {n for n, entry in enumerate(self.base.plan.inputs) if entry.changes}
        self.own = sorted({KEY, *self._direct, *self._follows, *self._texts, *self._given})
        self.written = frozenset(changed)
        self.base = ready = self._base_again()
        self._places = {id(value): n for n, value in enumerate(ready.arguments.values)}
        stored = work.stored_arrays()
        self.inputs = stored.inputs_now(ready.arguments.values, {*self.written, *self.own}, self._set_alike())
        self.copied_bytes = stored.copied_bytes
        self._spikes = self._spike_inputs()
        self._check()

    def with_sets(self, work: NetworkWork, members: Sequence[int]) -> Instances:
        """Returns the same for other values of the same keys, see `fixed`; nothing is learnt anew.

        Args:
            work: The same work with other sets.
            members: The numbers of the sets.
        """
        other = copy.copy(self)
        other._work, other._members, other._values = work, members, work.values(members[0])
        other._follows = {n: Follows(follows.name) for n, follows in self._follows.items()}
        return other

    @property
    def own_bytes(self) -> int:
        """Bytes of the arrays of which each instance has its own."""
        values = (self.base.arguments.values[n] for n in {*self.own, *self.written})
        return sum(value.size * value.dtype.itemsize for value in values if isinstance(value, Storage))

    @property
    def follow_at_once(self) -> bool:
        """Whether the values of sets give all that differs between instances: nothing of the network is needed."""
        return not (self._each or self._texts or self._follows)

    # ---------------------------------------------------------------- learning

    def _learn_once(self) -> None:
        """Learns, or takes what was learnt in an earlier sweep of the network; `_check` sees whether it still holds."""
        key = key_of(self._work, self.base, self._members) if not (self._each or self._seen) else None
        network = self._work.network
        learnt = None if key is None else known(network, key)
        if learnt is not None:
            self._direct, self._given, self._checked = dict(learnt), set(learnt), CHECKED_AGAIN
            return
        self._learn()
        if key is not None and not (self._each or self._follows or self.fixed) and self._direct.keys() == self._given:
            note(network, key, self._direct)

    def _learn(self) -> None:
        targets = self._work.request.targets
        text_targets = [(target, value) for target, value in self._work.request.start if is_text(value)]
        for name, target in targets.variables.items():
            if any(map(is_text, self._work.sets.axes[name].values)):
                text_targets.append((target, name))
        for target, value in text_targets:
            number = self._number_of(target)
            if number is None:
                self._each = True
            else:
                self._texts[number] = target, value
        changes: dict[int, list[Axis]] = {}
        for name in (*targets.constants, *targets.variables):
            axis = self._work.sets.axes[name]
            probes = probes_of(axis, self._values[name], self._seen.get(name, ()))
            if not probes:
                self.fixed[name] = self._values[name]
            for value in probes:
                other = self._try({**self._values, name: value}, name)
                for n in self._differences(other, name):
                    if n in self._texts:
                        continue
                    if axis not in changes.setdefault(n, []):
                        changes[n].append(axis)
                    if not self._is_direct(n, axis, value, other):
                        self._follows.setdefault(n, Follows(name))
        for name, spikes in self._spike_inputs().items():  # both lists, even if one is the same in the sets tried
            self._follows |= {n: Follows(name) for n in spikes.listed}
            changes |= {n: [self._work.sets.axes[name]] for n in spikes.listed}
        by_chance: set[int] = set()
        if text_targets:
            other = self._try({**self._values, "seed": (int(cast(int, self._values["seed"])) + 1) % 2**32}, "seed")
            by_chance = {*self._differences(other, "seed")} - {*self._texts}
            self._each = self._each or bool(by_chance)
        for n, axes in changes.items():
            if len(axes) > 1:
                self._each = True
            elif n not in self._follows:
                self._direct[n] = axes[0].name
        self._given = {*changes, *by_chance}
        if any(isinstance(self.base.arguments.values[n], StepsUntil) for n in changes) and self._texts:
            self._each = True

    def _base_again(self) -> Prepared:
        """Returns the network as it is ready for the first set, after other values were tried.

        Where constants are all that differs, and the arrays are those of then, nothing has to be put back.
        """
        request, last = self._work.request, self._last
        if last is None:
            return self.base
        if request.start or request.targets.variables or self._each:
            return prepared(self._work, self._values)
        pairs = zip(self.base.arguments.values, last.arguments.values, strict=True)
        is_changed = any(entry.kind != "param" and n in self._given for n, entry in enumerate(self.base.plan.inputs))
        if is_changed or any(is_another(one, other) for one, other in pairs):
            return prepared(self._work, self._values)
        return self.base

    def _spike_inputs(self) -> dict[str, SpikeInputs]:
        each = self._work.request.targets.variables.items()
        return {name: SpikeInputs(one, self.base) for name, one in each if isinstance(one, SpikesTarget)}

    def _try(self, values: Mapping[str, object], name: str) -> Prepared:
        other = ready_for(self._work, values)
        self._last = other
        if other.plan.key != self.base.plan.key:
            raise NotAbreast(f"another value of '{name}' needs another program" if name else "sets need other programs")
        return other

    def _differences(self, other: Prepared, name: str) -> list[int]:
        """Returns the inputs that differ from those of the first set, the random key apart.

        Args:
            other: The network as it is ready for other values.
            name: The key whose value is another one; "" if it may be several.

        Raises:
            NotAbreast: If one of them is the same for all instances of a program.
        """
        found = [n for n, content in enumerate(self._all_contents(other)) if n and content != self._contents[n]]
        for n in found:
            entry, value = other.plan.inputs[n], other.arguments.values[n]
            is_alike = isinstance(value, Storage) and (value.size != self._sizes[n] or value in other.rows)
            if is_alike or entry.type == "index" or entry.kind not in ("param", "state"):
                raise NotAbreast(self._alike(name, entry.label))
        return found

    def _alike(self, name: str, label: str) -> str:
        """Returns why an input cannot differ between instances of a program, named by the key that changes it."""
        own = self._work.request.targets.variables.get(name)
        for each in self._work.request.set_targets if own is None else [own]:
            if each.view.name == "delay":
                return f"'{each.name}' differs between sets, and instances of a program have all delays alike"
        axis = self._work.sets.axes.get(name)
        if axis is not None and isinstance(axis.values[0], TimedArray):
            return f"the timed arrays of '{name}' differ in their size, which instances of a program have alike"
        what = f"'{name}' changes '{label}'" if name else f"'{label}' differs between sets"
        return f"{what}, which instances of a program have alike"

    def _all_contents(self, ready: Prepared) -> list[object]:
        return [self._content(ready, n) for n in range(len(ready.plan.inputs))]

    def _content(self, ready: Prepared, n: int) -> object:
        """Returns what stands for the values of an input, see `Prepared.content`.

        Large arrays of synapses that sets do not set are looked at once: nothing else changes them before a run.
        """
        value = cast(object, ready.arguments.values[n])
        if type(value) is not UniformStorage or value.kept_bytes < LARGE or value in self._set_by_sets:
            return ready.content(n)
        array, content = self._large.get(n, (None, None))
        if array is not value.array:
            content = ready.content(n)
            self._large[n] = value.array, content
        return content

    @cached_property
    def _set_by_sets(self) -> set[object]:
        """The arrays of variables that sets set."""
        return self._work.request.set_memory

    def _number_of(self, target: VariableTarget) -> int | None:
        variable = target.view.variable
        assert isinstance(variable, ArrayVariable)
        return self.number_of(variable.storage)

    def _set_alike(self) -> set[int]:
        """Returns the arrays that are set before a run, alike for all sets: the network gets others back."""
        return {n for n in map(self._number_of, self._work.request.set_targets) if n is not None}

    def number_of(self, memory: object) -> int | None:
        """Returns the number of the input that stands for an array or a table, None if there is none."""
        return self._places.get(id(memory))

    def numbers_of(self, memories: Iterable[object]) -> list[int]:
        """Returns the numbers of those arrays that the program changes."""
        numbers = (self.number_of(memory) for memory in memories)
        return sorted({n for n in numbers if n is not None} & self.written)

    def _is_direct(self, n: int, axis: Axis, value: object, other: Prepared) -> bool:
        """Tells whether an input is the value of a key."""
        entry, found = other.plan.inputs[n], other.arguments.values[n]
        if axis.plain is None:
            return False
        plain = in_si(value)
        if entry.kind == "param":
            return (
                plain.ndim == 0
                and entry.label == axis.name
                and is_a(found, (bool, int, float))
                and bool(found == plain.item())
            )
        if axis.name in self._work.request.targets.variables and isinstance(found, Storage):
            same = self._number_of(self._work.request.targets.variables[axis.name]) == n
            return same and plain.size in (1, found.size) and np.array_equal(found.array, filled(plain, found))
        return False

    def _check(self) -> None:
        """Prepares some sets as a check; if one is not as it was foretold, each is prepared by itself.

        Raises:
            NotAbreast: One of them cannot share the program.
        """
        last = len(self._members) - 1
        for k in dict.fromkeys(self._members[p * last // self._checked] for p in range(1, self._checked + 1)):
            try:
                given = self.given([k])
                if self._each:
                    continue
                ready = self._try(self._work.values(k), "")
            except CannotBePrepared:  # it is run alone, which says what is wrong
                continue
            if any(not self._agrees(ready, n, given, content) for n, content in enumerate(self._all_contents(ready))):
                self._each = True
                return

    def _agrees(self, ready: Prepared, n: int, given: Mapping[int, Array], content: object) -> bool:
        if n not in given:
            return content == self._contents[n]
        value = cast(object, ready.arguments.values[n])
        found = np.asarray(ready.key) if n == KEY else array_of(ready, n)
        one = given[n][0]
        if found.shape and isinstance(value, Storage):
            one = filled(one, value)
        return np.array_equal(one, found, equal_nan=found.dtype.kind == "f")

    # ---------------------------------------------------------------- giving

    def given(self, members: Sequence[int]) -> dict[int, Array]:
        """Returns the values of some sets, by the number of an input: of shape (sets,), or (sets, elements).

        The network is left in the state of one of them.
        """
        if self._each:
            return self._given_one_by_one(members)
        found: dict[int, Array] = {}
        axes = self._work.sets.axes
        for n, name in self._direct.items():
            axis = axes[name]
            assert axis.plain is not None
            found[n] = axis.plain[self._positions(axis, members)]
        for name, spikes in self._spikes.items():
            given = spikes.of([axes[name].at(k) for k in members])
            found |= {n: rows for n, rows in given.items() if n in self._follows}
        for n, follows in self._follows.items():
            if n not in found:
                positions = self._positions(axes[follows.name], members)
                found[n] = np.stack([self._following(n, follows, p) for p in positions])
        number = self.base.key >> 32
        found[KEY] = number << 32 | self._work.seeds_of(members)
        if self._texts:
            self._work.put_back()
            rows = [self._from_texts(k) for k in members]
            for n in self._texts:
                found[n] = np.stack([row[n] for row in rows])
        return found

    def _positions(self, axis: Axis, members: Sequence[int]) -> Array:
        return np.asarray(members) // axis.stride % len(axis.values)

    def _following(self, n: int, follows: Follows, position: int) -> Array:
        if position not in follows.known:
            axis = self._work.sets.axes[follows.name]
            ready = self._try({**self._values, axis.name: axis.values[position]}, axis.name)
            for each, other in self._follows.items():
                if other.name == axis.name:
                    other.known[position] = array_of(ready, each)
        return follows.known[position]

    def _from_texts(self, k: int) -> dict[int, Array]:
        """Returns the arrays that texts of initial values give for a set."""
        values = self._work.values(k)
        seed(cast(int, values["seed"]))
        self._work.set_variables(values, self._work.take_names(values))
        return {n: cast(Storage, self.base.arguments.values[n]).array.copy() for n in self._texts}

    def _given_one_by_one(self, members: Sequence[int]) -> dict[int, Array]:
        found: dict[int, list[Array]] = {}
        for k in members:
            ready = self._try(self._work.values(k), "")
            different = {*self._differences(ready, "")} - {*self.own}
            if different:
                label = ready.plan.inputs[min(different)].label
                raise NotAbreast(f"'{label}' differs between sets in a way that is not foreseen")
            for n in self.own:
                found.setdefault(n, []).append(np.asarray(ready.key) if n == KEY else array_of(ready, n))
        return {n: np.stack(rows) for n, rows in found.items()}
