"""Sources of spikes, and contiguous parts of them."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from typing import Any

import numpy as np

from ranvier.actions.actions import EventSpace
from ranvier.equations import Equations
from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.groups.group import Group
from ranvier.objects.memory.arrays import Array
from ranvier.objects.variables.from_equations import add_index_variables
from ranvier.objects.variables.indexing import Indexing, refuse_units, stands_for_elements
from ranvier.objects.variables.links import LinkRequest
from ranvier.objects.variables.variables import Reference, Variable, Way
from ranvier.public import public, public_in
from ranvier.session.logger import get_logger
from ranvier.units.dimensions import DIMENSIONLESS

logger = get_logger("ranvier.groups.group")


@public
class SpikeSource:
    """A group with events: what monitors and synapses can listen to.

    Attributes:
        events: Name of each event → its condition.
        event_spaces: Name of each event → the elements for which it happened in the last step.
    """

    events: dict[str, str]
    event_spaces: Mapping[str, EventSpace]
    _start: int = 0
    _stop: int = 0
    _N: int = 0
    """The number of elements, under the name by which packages read it."""

    @property
    def start(self) -> int:
        """Number of the first element in the whole group."""
        return self._start

    @property
    def stop(self) -> int:
        """One more than the number of the last element."""
        return self._stop

    @property
    def spikes(self) -> np.ndarray[Any, np.dtype[np.int32]]:
        """Numbers of the elements that spiked in the last step.

        Raises:
            KeyError: If the group does not spike.
        """
        space = self.event_spaces["spike"]
        spikes = space.indices[: int(space.count[0])]
        return (spikes[(spikes >= self.start) & (spikes < self.stop)] - self.start).astype(np.int32)


def checked_size(size: Any, kind: str) -> int:
    """Returns the first argument of a group.

    A NeuronGroup of a share of a population (`NeuronGroup(0.85 * 153, ...)`) has the whole number below, with a
    warning; other groups refuse such a number, as Brian does.

    Args:
        size: The number of elements.
        kind: What the group is, "NeuronGroup" for instance.

    Raises:
        TypeError: If it is text or equations, or has a unit.
        ValueError: If it is less than 1, or no whole number.
    """
    if isinstance(size, (str, Equations)):
        raise TypeError(f"First {kind} argument should be size, not equations.")
    if getattr(size, "dim", DIMENSIONLESS) is not DIMENSIONLESS:
        raise TypeError(f"The number of neurons has no unit, but {size} was given.")
    number = int(size)
    if number != size and kind != "NeuronGroup":
        raise ValueError(f"{kind} size has to be a whole number, was {size}")
    if number < 1:
        raise ValueError(f"{kind} size should be at least 1, was {number}")
    if number != size:
        logger.warn(
            f"The size of a {kind} is a whole number: {size} was given, the group has {number} neurons. Write "
            f"int({size}) or round({size}) to say which number is meant.",
            "size_cut",
        )
    return number


OTHERWISE = "Other elements are chosen by number: connect(i=..., j=...), record=[...], group.v[...]."
"""What to do instead of a subgroup that is not possible."""


@public_in("ranvier.groups.neurongroup")
def to_start_stop(item: object, size: int) -> tuple[int, int]:
    """Returns start and stop of the part of a group that an index means.

    Raises:
        IndexError: If it is empty, not contiguous, or outside of the group.
        TypeError: If it is no slice, number or array of numbers.
    """
    refuse_units(item)
    if isinstance(item, slice):
        start, stop, step = item.indices(size)
        if step != 1:
            raise IndexError(f"A subgroup takes consecutive elements, not in steps of {step}. {OTHERWISE}")
        if start >= stop:
            raise IndexError(
                f"There are no elements from {start} to {stop} (excluded) of {size}: a subgroup has at least one."
            )
        return start, stop
    if isinstance(item, str):
        raise TypeError(
            "Subgroups can only be constructed using slicing syntax, a single index, or an array of contiguous "
            f"indices, not by the text {item!r}: a text chooses elements of a variable, as in group.v[{item!r}]."
        )
    numbers = np.empty(1, dtype=object) if stands_for_elements(item) else np.asarray(item)
    if numbers.ndim > 1 or (numbers.size and numbers.dtype.kind not in "iu"):
        raise TypeError(
            "Subgroups can only be constructed using slicing syntax, a single index, or an array of contiguous indices."
        )
    numbers = np.atleast_1d(numbers)
    if numbers.size == 0 or np.any(np.diff(numbers) != 1):
        raise IndexError(f"A subgroup takes consecutive elements, in ascending order. {OTHERWISE}")
    if numbers[0] < 0:
        raise IndexError(f"There is no element {numbers[0]}: elements are numbered from 0 to {size - 1}.")
    if numbers[-1] >= size:
        raise IndexError(f"There is no element {numbers[-1]}: elements are numbered from 0 to {size - 1}.")
    return int(numbers[0]), int(numbers[-1]) + 1


@public
class Subgroup(SpikeSource, Group):
    """A contiguous part of a group; it reads and writes the group's variables, numbered from its own start.

    Args:
        source: The group.
        start: Number of the first element.
        stop: One more than the number of the last element.
        name: The name; None for "<group>_subgroup".

    Attributes:
        source: The whole group.
    """

    add_to_magic_network = False
    invalidates_magic_network = False

    def __init__(self, source: Any, start: int, stop: int, name: str | None = None) -> None:
        Group.__init__(self, clock=source.clock, order=source.order + 1, name=name or f"{source.name}_subgroup*")
        self.namespace = source.namespace
        self.source = source
        self._start, self._stop, self._N = start, stop, stop - start
        self.events = source.events
        self.event_spaces = source.event_spaces
        self._own: dict[str, Variable] = {}
        self.variables = ChainMap(self._own, source.variables)
        add_index_variables(self, stop - start)
        self.add_dependency(source)
        self._fix_attributes()

    @property
    def equations(self) -> Equations:
        """The equations of the group."""
        return self.source.equations

    @property
    def extent(self) -> tuple[int, int]:
        """First and one-past-last element in the whole group."""
        return self._start, self._stop

    @property
    def single_precision(self) -> bool:
        """Whether the group computes in single precision."""
        return self.source.single_precision

    def holder(self) -> BrianObject:
        """Returns the whole group: with it parts of a subgroup go into networks."""
        return self.source

    def is_parameter(self, name: str) -> bool:
        """Returns whether a variable is a parameter of the whole group's equations."""
        return self.source.is_parameter(name)

    def event_finder(self, event: str) -> BrianObject:
        """Returns the object that finds an event of the whole group."""
        return self.source.event_finder(event)

    @property
    def indices(self) -> Indexing:
        """Numbers of elements in the whole group: `part.indices['v > 0*mV']`."""
        return Indexing(self, self._start)

    def reference(self, name: str) -> Reference | None:
        """Returns what a name stands for: own `i` and `N`, otherwise what it means in the whole group."""
        if name in self._own:
            return Reference(self._own[name], self)
        target: Reference | None = self.source.reference(name)
        if target is None:
            return None
        return Reference(target.variable, target.owner, Way(before=self._start).then(target.way))

    def _set_variable(self, name: str, value: object, *, use_units: bool) -> None:
        if isinstance(value, LinkRequest):
            raise TypeError(
                f"A variable is linked for all elements of a group at once: link '{name}' of '{self.source.name}', not "
                f"of its part '{self.name}'."
            )
        super()._set_variable(name, value, use_units=use_units)

    def element_indices(self, group: Any) -> Array:
        """Returns the numbers that the elements have in a group: the subgroup used as an index of it.

        Raises:
            TypeError: If it is not part of that group.
        """
        if group is self:
            return np.arange(self.element_count)
        if group is self.source:
            return np.arange(self._start, self._stop)
        raise TypeError(f"'{self.name}' is no part of '{group.name}' and cannot be an index of it.")

    def __getitem__(self, item: object) -> Subgroup:
        start, stop = to_start_stop(item, self.element_count)
        return Subgroup(self.source, self._start + start, self._start + stop)

    def __repr__(self) -> str:
        return f"<Subgroup '{self.name}' of '{self.source.name}' from {self._start} to {self._stop}>"
