"""The objects of a network: adding, finding and removing them, the order in which they act, what they need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.groups.copying import NotCopied
from ranvier.objects.groups.group import Group
from ranvier.objects.groups.population import WithStates
from ranvier.objects.groups.subgroup import SpikeSource
from ranvier.objects.networks.objects_of_network import ObjectsOfNetwork
from ranvier.objects.networks.schedule import (
    SchedulingSummary,
    check_schedule,
    sort_objects,
    summarise,
)
from ranvier.plan.known_plan import KnownPlan
from ranvier.public.argument_names import explains_arguments
from ranvier.runtime.balance import Balance
from ranvier.runtime.state import Layout
from ranvier.runtime.team import parts_for
from ranvier.session.clocks import BaseClock
from ranvier.session.defaults import DEFAULT_SCHEDULE
from ranvier.session.given import is_text
from ranvier.session.preferences import prefs


class Members(NotCopied):
    """A collection of objects that act in the order of a schedule.

    Args:
        name: The name.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self._members: list[BrianObject] = []
        self._schedule: list[str] | None = None
        self._known_plan = KnownPlan()
        self._balances: dict[int, Balance] = {}

    # ---------------------------------------------------------------- adding and removing

    def add(self, *objs: Any) -> None:
        """Adds objects; see the class."""
        for obj in objs:
            if isinstance(obj, BrianObject):
                self._add_object(obj)
            elif isinstance(obj, Mapping):
                self.add(*obj.values())
            elif isinstance(obj, Iterable) and not isinstance(obj, (str, bytes)):
                self.add(*obj)
            else:
                raise TypeError(
                    f"Can only add objects of a simulation (groups, monitors, ...) to a network, or containers of "
                    f"them, not {obj!r} of type {type(obj).__name__}."
                )

    def _add_object(self, obj: BrianObject) -> None:
        if not obj.may_join(self.id):
            raise RuntimeError(
                f"{obj.name} has already been simulated, cannot add it to the network {self.name}. Go on with the "
                "network that it was simulated in, or create the object anew."
            )
        if not any(member is obj for member in self._members):
            self._members.append(obj)
            Layout.change()

    def remove(self, *objs: Any) -> None:
        """Removes objects (or containers of them).

        Raises:
            KeyError: If an object has not been added.
            TypeError: If something is no object of a simulation.
        """
        for obj in objs:
            if isinstance(obj, BrianObject):
                if not any(member is obj for member in self._members):
                    raise KeyError(f"'{obj.name}' has not been added to the network '{self.name}'.")
                self._members = [member for member in self._members if member is not obj]
                self._forget_plan()
                Layout.change()
            elif isinstance(obj, Mapping):
                self.remove(*obj.values())
            elif isinstance(obj, Iterable) and not isinstance(obj, (str, bytes)):
                self.remove(*obj)
            else:
                raise TypeError(f"Can only remove objects of a simulation, not {obj!r}.")

    def rejoin(self, simulation: UUID) -> None:
        """Makes the network the simulation of an earlier `id` again."""
        self._id = simulation

    def gather(self, members: Iterable[BrianObject]) -> None:
        """Makes the network one of these objects and what they contain."""
        wanted = list(members)
        if [id(obj) for obj in wanted] != [id(obj) for obj in self._members]:
            self._members = wanted
            self._forget_plan()
            Layout.change()

    def _balance_of(self, threads: int) -> Balance:
        """Returns how the work is divided among a number of threads."""
        if threads not in self._balances:
            groups = [obj for obj in self._all_objects() if isinstance(obj, SpikeSource) and isinstance(obj, Group)]
            largest = max(map(len, groups), default=0)
            self._balances[threads] = Balance(parts_for(threads), largest)
        return self._balances[threads]

    def _forget_plan(self) -> None:
        """Gives up what was kept for the next run, and with it the memory of objects that are gone."""
        self._known_plan.forget()
        self._balances.clear()
        for obj in self._all_objects():
            obj.forget_code()

    def _all_objects(self) -> list[BrianObject]:
        found: dict[int, BrianObject] = {}
        waiting = self._members[::-1]
        while waiting:
            obj = waiting.pop()
            if id(obj) not in found:
                found[id(obj)] = obj
                parts = obj.contained_objects
                if parts:
                    waiting += reversed(parts)
        return list(found.values())

    def added(self) -> list[BrianObject]:
        """Returns the objects that were added, in this order."""
        return list(self._members)

    @property
    def objects(self) -> ObjectsOfNetwork:
        """The objects that were added, as a set in this order; iterating over the network gives their parts, too."""
        return ObjectsOfNetwork(self)

    @objects.setter
    def objects(self, value: Iterable[BrianObject]) -> None:
        wanted = list(value)
        self.remove([obj for obj in self._members if not any(obj is other for other in wanted)])
        self.add(wanted)

    @property
    def sorted_objects(self) -> list[BrianObject]:
        """All objects in execution order."""
        return sort_objects(self._all_objects(), self.schedule)

    def __iter__(self) -> Iterator[BrianObject]:
        return iter(self._all_objects())

    def __len__(self) -> int:
        return len(self._all_objects())

    def __contains__(self, item: object) -> bool:
        return any(obj.name == item or obj is item for obj in self._all_objects())

    def __getitem__(self, item: str) -> BrianObject:
        if not is_text(item):
            raise TypeError(f"Need a name to access objects in a Network, got {item!r} instead")
        for obj in self._all_objects():
            if obj.name == item:
                return obj
        raise KeyError(f'No object with name "{item}" found')

    def __delitem__(self, item: str) -> None:
        self.remove(self[item])

    # ---------------------------------------------------------------- schedule

    @property
    def schedule(self) -> list[str]:
        """The slots of a step, in order; None sets the default."""
        if self._schedule is not None:
            return list(self._schedule)
        default = prefs["core.network.default_schedule"]
        return list(default) if default else list(DEFAULT_SCHEDULE)

    @schedule.setter
    def schedule(self, value: Iterable[str] | None) -> None:
        before = self.schedule
        self._schedule = None if value is None else check_schedule(value)
        if self.schedule != before:  # what follows the thresholds now has had the spikes of the last step already
            for obj in self._all_objects():
                obj.fall_silent()

    def scheduling_summary(self) -> SchedulingSummary:
        """Returns a table of what happens in a step, in execution order.

        As in Brian there is a row for each object that has no parts, also if it does nothing: synapses without code.
        """
        owners = {part.name: obj for obj in self._all_objects() for part in obj.contained_objects}
        shown = [obj for obj in self.sorted_objects if obj.acts_itself or (obj.name not in owners and _is_idle(obj))]
        return summarise(shown, owners)

    @property
    def clocks(self) -> list[BaseClock]:
        """The clocks of all objects."""
        clocks: dict[int, BaseClock] = {}
        for obj in self._all_objects():
            clocks.setdefault(id(obj.clock), obj.clock)
        return list(clocks.values())

    # ---------------------------------------------------------------- checks

    def check_dependencies(self) -> None:
        """Checks that what objects need is in the network.

        Raises:
            ValueError: If something is missing.
        """
        objects = self._all_objects()
        present = {id(obj) for obj in objects}
        for obj in objects:
            for needed in obj.dependencies:
                if id(needed) not in present:
                    raise ValueError(
                        f"'{obj.name}' has been included in the network but not '{needed.name}' on which it depends. "
                        f"Add it, too: Network(..., {needed.name}), or network.add({needed.name})."
                    )

    def _check_names(self, objects: Iterable[BrianObject]) -> None:
        seen: dict[str, BrianObject] = {}
        for obj in objects:
            if seen.setdefault(obj.name, obj) is not obj:
                raise ValueError(
                    f"All objects in a network need to have unique names, the following name(s) were used "
                    f"more than once: '{obj.name}'. Give each object another name with "
                    "name='...', or leave the name out."
                )

    def _check_owners(self, objects: Iterable[BrianObject]) -> None:
        for obj in objects:
            if not obj.may_join(self.id):
                raise RuntimeError(
                    f"'{obj.name}' has already been run in the context of another network. Use add/remove to change "
                    "the objects in a simulated network instead of creating a new one."
                )

    # ---------------------------------------------------------------- states

    @explains_arguments
    def get_states(
        self,
        units: bool = True,
        format: str = "dict",
        subexpressions: bool = False,
        read_only_variables: bool = True,
        level: int = 0,
    ) -> dict[str, Any]:
        """Returns the values of all variables of all objects: name of the object → name of the variable → value."""
        states: dict[str, Any] = {}
        for obj in self:
            if isinstance(obj, WithStates):
                states[obj.name] = obj.get_states(
                    units=units,
                    format=format,
                    subexpressions=subexpressions,
                    read_only_variables=read_only_variables,
                    level=level,
                )
        return states

    @explains_arguments
    def set_states(
        self, values: Mapping[str, Mapping[str, object]], units: bool = True, format: str = "dict", level: int = 0
    ) -> None:
        """Sets variables of objects from what `get_states(read_only_variables=False)` returns."""
        for name, states in values.items():
            obj = self[name]
            if not isinstance(obj, WithStates):
                raise TypeError(f"'{name}' has no variables that could be set.")
            obj.set_states(states, units=units, format=format, level=level)


def _is_idle(obj: BrianObject) -> bool:
    """Tells whether none of an object's parts does anything."""
    return not any(part.acts_itself for part in obj.contained_objects)
