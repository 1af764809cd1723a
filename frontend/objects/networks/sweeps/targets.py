"""What a sweep changes: constants of the texts, variables, the seed, dt and the duration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from ranvier.equations.source import one_of, one_of_variables
from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.groups.group import VariableOwner
from ranvier.objects.inputs.spikegeneratorgroup import SpikeGeneratorGroup
from ranvier.objects.memory.arrays import Array
from ranvier.objects.monitors.monitor import Monitor
from ranvier.objects.networks.sweeps.given_spikes import GivenSpikes
from ranvier.objects.networks.sweeps.numbers import Numbers
from ranvier.objects.networks.sweeps.sets import Sets, check_dimensions, shown
from ranvier.objects.networks.sweeps.sweepable import Sweepable
from ranvier.objects.pathways.delays import WithDelays
from ranvier.objects.variables.variables import ArrayVariable, Variable
from ranvier.objects.variables.view import VariableView
from ranvier.session.clocks import defaultclock
from ranvier.session.given import is_a, is_text
from ranvier.units import Quantity, second
from ranvier.units.checks import fail_for_dimension_mismatch
from ranvier.units.unit import get_unit_for_display

SPECIAL = ("seed", "dt", "duration")
"""Keys that are no names of the model."""

MOST_SEEDS = 2**32
"""Seeds are whole numbers below."""


def is_of(variable: Variable | None, obj: BrianObject) -> bool:
    """Tells whether a variable is one of an object itself."""
    return variable is not None and id(variable.owner) == id(obj)


class SeenNames(Mapping[str, object]):
    """The names of a script, which remembers those that were asked for.

    Args:
        names: The names.

    Attributes:
        seen: Those that were asked for.
    """

    def __init__(self, names: Mapping[str, object]) -> None:
        self._names = names
        self.seen: set[str] = set()

    def __getitem__(self, name: str) -> object:
        self.seen.add(name)
        return self._names[name]

    def __contains__(self, name: object) -> bool:
        self.seen.add(str(name))
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass(frozen=True)
class VariableTarget:
    """A variable whose values are set.

    Attributes:
        name: What it is called: "cells.v".
        view: Its values.
    """

    name: str
    view: VariableView

    def set(self, value: object, names: Mapping[str, object]) -> None:
        """Sets all its elements; a text is computed for each of them, with these names."""
        self.view.set_item(slice(None), value, namespace=names)

    def check(self, value: object, where: str) -> None:
        """Checks that a value can be set.

        Args:
            value: The value.
            where: Of which set it is, for messages.

        Raises:
            DimensionMismatchError: If the unit is wrong.
            TypeError: If it is no number.
            ValueError: If there are neither one value nor one for each element.
        """
        if is_text(value):
            return
        if is_a(value, (list, tuple)):
            value = Quantity(cast("list[float]", value))
        if np.asarray(cast(Array, value)).dtype.kind not in "biuf":
            raise TypeError(f"'{self.name}' of {where} has to be a number, an array or a text, not {shown(value)}.")
        fail_for_dimension_mismatch(
            cast(Quantity, value),
            self.view.unit,
            f"'{self.name}' of {where} needs the unit {get_unit_for_display(self.view.unit.dim)}, but is {{value}}",
            value=value,
        )
        size = int(np.size(cast(Array, value)))
        elements = self.view.shape[0] if self.view.shape else 1
        if size not in (1, elements):
            wanted = "one value" if elements == 1 else f"one value, or {elements}"
            raise ValueError(f"'{self.name}' of {where} takes {wanted}, but {size} were given.{self._hint}")

    @property
    def _hint(self) -> str:
        """What to do if a variable takes one value where several were given."""
        if self.view.name != "delay" or not self.view.variable.scalar:
            return ""
        return (
            " The synapses were made with one delay for all, delay=...; leave it out there, and set the delays "
            "afterwards, so that each synapse has its own."
        )


SPIKES = "spikes"
"""The key "generator.spikes" stands for all spikes that a group is given."""


@dataclass(frozen=True)
class SpikesTarget(VariableTarget):
    """The spikes of a group, which are set together.

    Attributes:
        group: The group.
        room: The greatest number of spikes that a set has: all have lists of one length.
    """

    group: SpikeGeneratorGroup
    room: int = 0

    def set(self, value: object, names: Mapping[str, object]) -> None:
        """Gives the group its spikes."""
        spikes = GivenSpikes.of(self.group, value, "a set")
        self.group.take_spikes(spikes.indices, spikes.times, self.room)

    def check(self, value: object, where: str) -> None:
        """Checks that a value can be the spikes of the group.

        Raises:
            DimensionMismatchError, IndexError, TypeError, ValueError: If it cannot.
        """
        GivenSpikes.of(self.group, value, where)

    def of_sets(self, values: Sequence[object], name: Callable[[int], str]) -> list[GivenSpikes]:
        """Returns the spikes of sets, checked.

        Args:
            values: What the script gave.
            name: Says of which set a value is.
        """
        return [GivenSpikes.of(self.group, value, name(position)) for position, value in enumerate(values)]

    def with_room(self, values: Sequence[object]) -> SpikesTarget:
        """Returns the same with room for the spikes of all sets."""
        return replace(self, room=max(len(cast(GivenSpikes, value).indices) for value in values))


class Names:
    """What the names in the arguments of a sweep stand for.

    Args:
        network: The network.
        script: The names that the script sees.
    """

    def __init__(self, network: Sweepable, script: Mapping[str, object]) -> None:
        self._objects = {obj.name: obj for obj in network}
        self._script = script

    def object_of(self, name: str) -> BrianObject | None:
        """Returns the object of the network that has a name, its own or in the script."""
        found = self._objects.get(name)
        if found is None:
            here = self._script.get(name)
            if isinstance(here, BrianObject) and self._objects.get(here.name) is here:
                return here
        return found

    @property
    def objects(self) -> list[str]:
        """The names of objects, in the network and in the script."""
        return [*self._objects, *(name for name in self._script if self.object_of(name) is not None)]

    def owners_of(self, variable: str) -> list[VariableOwner]:
        """Returns the groups that have a variable of their own; monitors are none."""
        groups = (obj for obj in self._objects.values() if isinstance(obj, VariableOwner))
        return [obj for obj in groups if not isinstance(obj, Monitor) and is_of(obj.variables.get(variable), obj)]

    def variable_names(self) -> list[str]:
        """Returns "group.variable" of all variables that can be set."""
        return [
            f"{name}.{variable}"
            for name, obj in self._objects.items()
            if isinstance(obj, VariableOwner)
            for variable, what in obj.variables.items()
            if isinstance(what, ArrayVariable) and not what.read_only
        ]

    def variable(self, key: object) -> VariableTarget:
        """Returns the variable that a key of `over` or `start` names.

        Raises:
            KeyError: If there is none.
            TypeError: If it cannot be set.
            ValueError: If its group is not in the network.
        """
        generator = self._generator(key) if is_text(key) else None
        if generator is not None:
            return SpikesTarget(f"{generator.name}.{SPIKES}", generator.state("spike_time"), generator)
        view = self._view(key) if is_text(key) else key
        if not isinstance(view, VariableView):
            raise TypeError(f"A sweep sets variables ('cells.v', or cells.v), not {type(view).__name__}: {view!r}.")
        name = f"{view.group_name}.{view.name}"
        if not isinstance(view.variable, ArrayVariable) or view.variable.read_only:
            raise TypeError(
                f"'{name}' cannot be set by a sweep: it is read-only. What else a set changes, setup=function does, "
                f"which gets the network and the values of the set.{_hint(view)}"
            )
        if not any(is_of(view.variable, obj) for obj in self._objects.values()):
            raise ValueError(f"'{name}' cannot be set by the sweep: '{view.group_name}' is not part of the network.")
        return VariableTarget(name, view)

    def _generator(self, name: str) -> SpikeGeneratorGroup | None:
        """Returns the group whose spikes a key names, None if it names something else."""
        owner, _, variable = name.partition(".")
        group = self.object_of(owner)
        return group if variable == SPIKES and isinstance(group, SpikeGeneratorGroup) else None

    def _view(self, name: str) -> VariableView:
        owner, dot, variable = name.partition(".")
        group = self.object_of(owner)
        if "[" in name or "." in variable:
            raise KeyError(
                f"'{name}' of the sweep is no name: for some elements, or a section, give the variable itself, as "
                "in {cells[:10].v: ...}."
            )
        if not dot or not isinstance(group, VariableOwner | WithDelays):
            hint = one_of(self.objects if dot else self.variable_names(), owner if dot else name)
            raise KeyError(f"There is no object '{owner}' in the network, for '{name}' of the sweep.{hint}")
        if variable not in group.variables:
            raise KeyError(
                f"'{owner}' has no variable '{variable}', for the sweep.{one_of_variables(group.variables, variable)}"
            )
        return group.state(variable)


OTHER_NETWORKS = (
    " Where the number of elements changes, each set has a network of its own: sweep(function, over={'N': ...}), with "
    "a function that builds and runs it."
)
"""What to do about a network that differs between sets."""


def _hint(view: VariableView) -> str:
    """Returns how a set can change what only a method of the group changes."""
    if view.name == "N":
        return OTHER_NETWORKS
    if view.name == "period":
        return f" For periods: lambda network, values: network['{view.group_name}'].set_spikes(..., period=...)."
    if view.name not in ("spike_time", "spike_number", "neuron_index"):
        return ""
    return f" For spikes: over={{'{view.group_name}.{SPIKES}': [(indices, times), ...]}}."


@dataclass(frozen=True)
class Targets:
    """What each key of `over` stands for.

    Attributes:
        constants: Names in the texts of the model.
        variables: Variables of groups, by key.
        special: Those of `SPECIAL` that change.
    """

    constants: tuple[str, ...]
    variables: Mapping[str, VariableTarget]
    special: frozenset[str]


def targets_of(sets: Sets, names: Names, network: Sweepable) -> Targets:
    """Returns what the keys of a sweep stand for; their values are checked for all sets.

    Raises:
        KeyError: If there is no such object or variable.
        DimensionMismatchError, TypeError, ValueError: If the value of a set is wrong, naming the set.
    """
    constants: list[str] = []
    variables: dict[str, VariableTarget] = {}
    for name, axis in sets.axes.items():
        if name in SPECIAL:
            check_special(sets, name, network)
        elif "." in name:
            target = names.variable(axis.key)
            variables[name] = target.with_room(axis.values) if isinstance(target, SpikesTarget) else target
            several = axis.values[:1] if isinstance(axis.values, Numbers) else axis.values  # all have one unit
            for position, value in enumerate(several):
                target.check(value, f"set {sets.first_with(name, position)}")
        else:
            check_dimensions(sets, name)
            constants.append(name)
    return Targets(tuple(constants), variables, frozenset(SPECIAL) & sets.axes.keys())


def check_special(sets: Sets, name: str, network: Sweepable) -> None:
    """Checks the values of a key of `SPECIAL`.

    Raises:
        DimensionMismatchError, TypeError, ValueError: If one is wrong, naming its set.
    """
    values = sets.axes[name].values
    if name == "seed" and isinstance(values, Numbers) and values.are_whole_below(MOST_SEEDS):
        return
    for position, value in enumerate(values):
        where = f"'{name}' of set {sets.first_with(name, position)}"
        if name == "seed":
            number = (
                cast(Array, value).item() if is_a(value, np.ndarray) and np.ndim(cast(Array, value)) == 0 else value
            )
            if not is_a(number, int) or is_a(number, bool) or not 0 <= cast(int, number) < MOST_SEEDS:
                raise ValueError(f"{where} has to be a whole number from 0 to 2**32-1, not {shown(value)}.")
            continue
        fail_for_dimension_mismatch(
            cast(Quantity, value), second, f"{where} has to be a time, e.g. 100*ms, but is {{value}}", value=value
        )
        plain = np.asarray(cast(Array, value), dtype=float)
        least = "positive" if name == "dt" else "zero or more"
        if plain.size != 1 or not np.isfinite(plain).all() or plain < 0 or (name == "dt" and not plain):
            raise ValueError(f"{where} has to be {least}, not {shown(value)}.")
    if name == "dt" and not any(clock is defaultclock for clock in network.clocks):
        raise ValueError(
            "The sweep changes 'dt', but no object of the network follows the default clock: all were given a clock or "
            "a dt of their own."
        )
