"""What parts ask of the groups that they do something for: each names no more than what it needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from ranvier.actions.actions import Action, EventSpace
from ranvier.equations import Equations
from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.variables.scope import Scope
from ranvier.objects.variables.variables import ElementOwner
from ranvier.session.clocks import BaseClock
from ranvier.units import Quantity


class Acting(ElementOwner, Protocol):
    """A group whose texts are executed for its elements."""

    @property
    def order(self) -> int:
        """Place among objects of the same slot."""
        ...

    @property
    def extent(self) -> tuple[int, int]:
        """First and one-past-last element in the population that actions run over."""
        ...

    @property
    def single_precision(self) -> bool:
        """Whether the group computes in single precision."""
        ...

    def is_parameter(self, name: str) -> bool:
        """Returns whether a variable is a parameter of the equations."""
        ...

    def holder(self) -> BrianObject:
        """Returns the object with which parts go into a network."""
        ...

    def scope(self, run_namespace: Mapping[str, object], *, relative: bool = False) -> Scope:
        """Returns a scope for the texts of an action of this group."""
        ...

    def statement_actions(self, label: str, clock: BaseClock, text: str, scope: Scope) -> Sequence[Action]:
        """Returns statements as code for all elements."""
        ...


def common_facts(part: BrianObject, group: Acting) -> tuple[object, ...]:
    """Returns what all actions of a part of a group depend on besides the names in their texts."""
    return part.name, part.clock, group.element_count, group.single_precision


class Checked(Acting, Protocol):
    """A group with equations that users wrote."""

    @property
    def user_equations(self) -> Equations:
        """The equations that are integrated."""
        ...


class Integrated(Checked, Protocol):
    """A group whose equations are integrated."""

    @property
    def method_options(self) -> Mapping[str, object]:
        """Options of the integration method."""
        ...


class Refractory(Acting, Protocol):
    """A group whose elements may rest after events."""

    @property
    def is_refractory(self) -> bool:
        """Whether they do."""
        ...


class Resting(Integrated, Refractory, Protocol):
    """A group whose equations are integrated, and whose elements may rest after events."""

    @property
    def equations(self) -> Equations:
        """The equations as they are shown, with what refractoriness adds."""
        ...

    @property
    def refractory(self) -> bool | str | Quantity:
        """False, a time, or text that means a time or a condition."""
        ...


class Eventful(Acting, Protocol):
    """A group for whose elements events happen."""

    @property
    def event_spaces(self) -> Mapping[str, EventSpace]:
        """Name of each event and the elements for which it happened in the last step."""
        ...


class Spiking(Eventful, Refractory, Protocol):
    """A group whose events are found by conditions."""

    @property
    def events(self) -> Mapping[str, str]:
        """Name of each event and its condition."""
        ...


class WithEventCode(Eventful, Protocol):
    """A group that executes statements when events happen."""

    @property
    def event_codes(self) -> Mapping[str, str]:
        """Name of each event and its statements."""
        ...


@runtime_checkable
class WithStates(Protocol):
    """Something whose variables can be taken out and put back as a whole: a group, or a pathway with its delays."""

    def get_states(
        self,
        vars: Iterable[str] | None = None,
        units: bool = True,
        format: str = "dict",
        subexpressions: bool = False,
        read_only_variables: bool = True,
        level: int = 0,
    ) -> Any:
        """Returns copies of the values of variables."""
        ...

    def set_states(self, values: object, units: bool = True, format: str = "dict", level: int = 0) -> None:
        """Sets variables to what `get_states` gave."""
        ...
