"""Collects what a plan is made of: each object that compiled code needs becomes one input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ranvier.actions import actions as act
from ranvier.actions.effects import ANYTHING, Anything, Touched, may_be_in
from ranvier.plan.bounds import Bound, CodeOf, ElementOf, IndexedBy, LookupIn, OwnIndex, ParamOf, SharedBy, TimeOf
from ranvier.plan.plan import Input, Plan
from ranvier.plan.step_kinds import Step

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from ranvier.actions.protocols import ActionClock, Check, Sink


@dataclass
class Arguments:
    """What the inputs of a plan stand for in this run, in their order; the callbacks, and the checks among them.

    Attributes:
        values: What the inputs stand for.
        callbacks: The functions that compiled code calls.
        checks: The checks of indices.
        actions: What the steps were made of.
        looked_at: Arrays of which it mattered whether they have one value everywhere.
    """

    values: list[Any]
    callbacks: list[Any]
    checks: list[Check] = field(default_factory=lambda: [])
    actions: Sequence[act.Action] = ()
    looked_at: list[act.Storage] = field(default_factory=lambda: [])


class NoTable:
    """Stands for the table of a monitor that only counts: no columns, never full."""

    def __init__(self) -> None:
        import numpy as np

        self.control = np.array([0, 2**62], dtype=np.int64)
        self.buffers: tuple[npt.NDArray[Any], ...] = ()


class Planner:
    """Collects inputs and steps; equal objects become one input.

    What belongs to an action or an array is told apart by this object, never by its label.

    Args:
        written: The memory that changes during a run.
    """

    def __init__(self, written: Touched = ANYTHING) -> None:
        self._written = written
        self.inputs: list[Input] = []
        self.steps: list[Step] = []
        self.arguments = Arguments([], [])
        self._numbers: dict[object, int] = {}
        self._libraries: dict[str, None] = {}
        self._add("key", Input("param", "i64", label="random key"), 0)

    def plan(self) -> Plan:
        """Returns what was collected."""
        return Plan(tuple(self.inputs), tuple(self.steps), tuple(self._libraries))

    def _add(self, identity: object, entry: Input, value: Any) -> int:
        number = self._numbers.get(identity)
        if number is None:
            number = self._numbers[identity] = len(self.inputs)
            self.inputs.append(entry)
            self.arguments.values.append(value)
        return number

    def size(self, population: act.Population, size: int) -> int:
        """Returns the input of a size: one for each population, so that equal sizes of two do not matter."""
        return self._add(("size", population, size), Input("param", "index", label=f"{population.name}.N"), size)

    def own_size(self, owner: object, name: str, size: int) -> int:
        """Returns the input of the size of something that is no population.

        Args:
            owner: An array or an action.
            name: Its name, for people.
            size: The number of elements.
        """
        return self._add(("own size", owner), Input("param", "index", label=f"{name}.N"), size)

    def index(self, owner: object, name: str, role: str, value: int) -> int:
        """Returns the input of an index.

        Args:
            owner: What it belongs to: equal ones of two objects are two inputs.
            name: The name of this object, for people.
            role: What it is there.
            value: The index.
        """
        return self._add(("index", owner, role, value), Input("param", "index", label=f"{name} {role}"), value)

    def clock(self, clock: ActionClock) -> int:
        """Returns the input of a clock."""
        identity = ("clock", id(clock))
        if clock.event_times is None or identity in self._numbers:
            return self._add(identity, Input("clock", label=clock.name), clock)
        times = self.state(act.Storage(f"{clock.name}.times", clock.event_times, "s"), constant=True)
        return self._add(identity, Input("clock", times=times, label=clock.name), clock)

    def state(self, storage: act.Storage, *, shared: bool = False, constant: bool = False) -> int:
        """Returns the input of an array."""
        if shared:
            size = self._add("one", Input("param", "index", label="one"), 1)
        elif storage.population is None:
            size = self.own_size(storage, storage.label, storage.size)
        else:
            size = self.size(storage.population, storage.size)
        changes = not constant and may_be_in(self._written, storage)
        entry = Input(
            "state", element_type(storage), size, shared, constant, changes, label=storage.label, dim=storage.dim
        )
        return self._add(("state", storage), entry, storage)

    def uniform(self, storage: act.Storage) -> ParamOf | None:
        """Returns what a variable stands for that has one value for all elements during the run, None for others."""
        if may_be_in(self._written, storage):
            return None
        self.arguments.looked_at.append(storage)
        value = storage.uniform
        if value is None:
            return None
        return ParamOf(self.param(value, storage.label, storage.dim, owner=storage))

    def events(self, space: act.EventSpace) -> int:
        """Returns the input of an event space."""
        size = self.size(space.population, space.indices.size)
        entry = Input("events", size=size, changes=may_be_in(self._written, space), label=space.label)
        return self._add(("events", id(space)), entry, space)

    def sink(self, table: Sink, label: str) -> int:
        """Returns the input of a table."""
        columns = tuple(element_type(buffer) for buffer in table.buffers)
        return self._add(("sink", id(table)), Input("sink", columns=columns, label=label), table)

    def param(self, value: float | int | bool, label: str, dim: str = "", *, owner: object = None) -> int:
        """Returns the input of a constant.

        Args:
            value: The value.
            label: Its name.
            dim: Its physical dimension.
            owner: What it belongs to; None: to the script, in which equal names of equal values are one constant.
        """
        kind = "i1" if isinstance(value, bool) else "i64" if isinstance(value, int) else "f64"
        identity = ("param", owner, label, kind, repr(value))
        return self._add(identity, Input("param", kind, label=label, dim=dim), value)

    def bound(self, binding: act.Binding) -> Bound:
        """Returns what a name stands for, in terms of inputs."""
        match binding:
            case act.Element(storage):
                return ElementOf(self.state(storage))
            case act.Shared(storage):
                return SharedBy(self.state(storage, shared=True))
            case act.Indexed(storage, index, offset):
                position = None if index is None else self.state(index, constant=True)
                shift = self.index(storage, storage.label, "offset", offset) if offset else None
                return IndexedBy(self.state(storage, shared=storage.size == 1), position, shift)
            case act.Constant(value, label, dim):
                return ParamOf(self.param(value, label, dim))
            case act.Time(what, clock):
                return TimeOf(what, self.clock(clock))
            case act.OwnIndex():
                return OwnIndex()
            case act.Lookup():
                return self._lookup(binding)
            case act.CodeFunction(code):
                if code.kind == "library":
                    self._libraries[code.symbol] = None
                return CodeOf(code)
            case act.HostFunction():
                raise TypeError(f"{binding.label} exists only in Python; code that calls it is executed by the host")

    def _lookup(self, array: act.Lookup) -> LookupIn:
        def param(value: float | int, what: str, dim: str = "") -> int:
            return self.param(value, f"{array.label} {what}", dim, owner=array.values)

        return LookupIn(
            self.state(array.values, constant=not isinstance(self._written, Anything)),  # a script may change them
            param(array.epsilon, "epsilon", "s"),
            param(array.per_bin, "steps per bin"),
            param(array.bins, "bins"),
            None if array.columns is None else param(array.columns, "columns"),
        )

    def bind(self, bindings: Mapping[str, act.Binding], used: Sequence[str]) -> tuple[tuple[str, Bound], ...]:
        """Returns the bindings of the names in `used`, in order."""
        return tuple((name, self.bound(bindings[name])) for name in used if name in bindings)


ELEMENT_TYPES = {"f8": "f64", "f4": "f32", "i8": "i64", "i4": "i32", "b1": "i1", "u1": "i1"}
"""The IR's names of numpy's element types."""


def element_type(array: npt.NDArray[np.generic] | act.Storage) -> str:
    """Returns the IR's name of the element type of an array or a storage."""
    return ELEMENT_TYPES[array.dtype.str[1:]]
