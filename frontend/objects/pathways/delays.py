"""The delays of a pathway: its only variable of its own. Scripts read, set, take out and record it as of a group, and
beside it all variables of the synapses.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, MutableMapping, Sequence
from typing import Any, Protocol, cast

import numpy as np

from ranvier.actions.actions import Population
from ranvier.equations.source import SHORT, one_of, slip_of
from ranvier.objects.connections.connected import Connected
from ranvier.objects.connections.view import Settable, SynapticView
from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.groups.part import Part
from ranvier.objects.groups.population import Eventful
from ranvier.objects.memory.arrays import Array
from ranvier.objects.pathways.delay_storage import DelayStorage
from ranvier.objects.traces.shared_states import SharedStates
from ranvier.objects.traces.shared_traces import SharedTraces
from ranvier.objects.variables.formats import ImportExport
from ranvier.objects.variables.indexing import Indexing
from ranvier.objects.variables.scope import Scope
from ranvier.objects.variables.variables import ArrayVariable, Reference, Variable
from ranvier.objects.variables.view import VariableView
from ranvier.runtime.state import Layout
from ranvier.session.extensible import Extensible
from ranvier.session.namespaces import caller_namespace
from ranvier.units import Quantity, second
from ranvier.units.dimensions import Dimension


class Pathed(Connected, Settable, Protocol):
    """Synapses that spikes reach through pathways."""

    @property
    def source(self) -> Eventful:
        """The presynaptic group."""
        ...

    @property
    def target(self) -> Eventful:
        """The postsynaptic group."""
        ...

    @property
    def shared_traces(self) -> SharedTraces | None:
        """The event-driven variables that neurons may hold, None if there are none."""
        ...

    @property
    def shared_states(self) -> SharedStates | None:
        """The clock-driven variables that neurons may hold, None if there are none."""
        ...

    def state(self, name: str, use_units: bool = True, level: int = 0) -> VariableView:
        """Returns the view of a variable."""
        ...

    def get_states(
        self,
        vars: Iterable[str] | None = None,
        units: bool = True,
        format: str = "dict",
        subexpressions: bool = False,
        read_only_variables: bool = True,
        level: int = 0,
    ) -> dict[str, object]:
        """Returns copies of the values of variables."""
        ...

    def set_states(self, values: object, units: bool = True, format: str = "dict", level: int = 0) -> None:
        """Sets the values of variables."""
        ...


class WithDelays(Extensible, Part[Pathed]):
    """A part of synapses with a delay for each of them, or one for all; monitors take it as a group.

    The variables of the synapses are seen as attributes, too.

    Attributes:
        delay_variable: The delays in seconds.
    """

    delay_variable: ArrayVariable
    outer_names: Sequence[str] = ()
    quiet_names: Collection[str] = ()
    has_fixed_size = False
    single_precision = False
    _has_all_attributes = False

    @property
    def variables(self) -> MutableMapping[str, Variable]:
        """The variables of its own: the delay."""
        return {"delay": self.delay_variable}

    @property
    def delay(self) -> VariableView:
        """The delays."""
        return self._delay_view(second.dim)

    @delay.setter
    def delay(self, value: object) -> None:
        if not (isinstance(value, VariableView) and value.variable is self.delay_variable):
            self.delay.set_item(slice(None), value)

    @property
    def delay_(self) -> VariableView:
        """The delays in seconds, as plain numbers."""
        return self._delay_view(None)

    @delay_.setter
    def delay_(self, value: object) -> None:
        self.delay_.set_item(slice(None), value)

    def _delay_view(self, dim: Dimension | None) -> VariableView:
        if not isinstance(self.delay_variable.storage, DelayStorage):
            Layout.change()  # whoever asks for it may change it
        view = SynapticView("delay", Reference(self.delay_variable, self.group), self.group, dim)
        view.shown_owner = self.name
        return view

    # ------------------------------------------------------------------ all values at once

    def get_states(
        self,
        vars: Iterable[str] | None = None,
        units: bool = True,
        format: str = "dict",
        subexpressions: bool = False,
        read_only_variables: bool = True,
        level: int = 0,
    ) -> Any:
        """Returns copies of the values of the synapses' variables and of the delays; see `Group.get_states`."""
        wanted = None if vars is None else list(vars)
        others = None if wanted is None else [name for name in wanted if name != "delay"]
        values = self.group.get_states(others, units, "dict", subexpressions, read_only_variables, level)
        if wanted is None or "delay" in wanted:
            delays = self._delay_view(second.dim if units else None)[:]
            values["delay"] = delays if isinstance(delays, Quantity) else np.array(delays)
        return ImportExport.find(format).export_data(values, units)

    def set_states(self, values: object, units: bool = True, format: str = "dict", level: int = 0) -> None:
        """Sets the delays and the synapses' variables to what `get_states` gives."""
        given = dict(ImportExport.find(format).import_data(values, units))
        if "delay" in given:
            self._delay_view(second.dim if units else None).set_item(slice(None), given.pop("delay"), level=level)
        self.group.set_states(given, units, "dict", level)

    # ------------------------------------------------------------------ attributes

    def __getattr__(self, name: str) -> object:
        if not name.startswith("_") and "_group_ref" in self.__dict__:
            plain = name.removesuffix("_")
            if self.group.reference(plain) is not None:
                return self._seen(getattr(self.group, name))
            name += slip_of(self.group.variables, plain)
        raise AttributeError(f"No attribute with name {name}")

    def __setattr__(self, name: str, value: object) -> None:
        if name.startswith("_") or "_group_ref" not in self.__dict__ or not self._names_variable(name):
            object.__setattr__(self, name, value)
        elif not (isinstance(value, VariableView) and value.group is self.group and value.name == name.rstrip("_")):
            setattr(self.group, name, value)

    def _names_variable(self, name: str) -> bool:
        """Tells whether an attribute is a variable of the synapses; it is set there, others here.

        Raises:
            AttributeError: If there is no such attribute and no such variable.
        """
        if not self._has_all_attributes or name in self.__dict__ or hasattr(type(self), name):
            return False
        if self.group.reference(name.removesuffix("_")) is None:
            raise AttributeError(
                f'Could not find a state variable with name "{name}".{one_of(self.group.variables, name, SHORT)} Use '
                "the add_attribute method if you intend to add a new attribute to the object."
            )
        return True

    def _seen(self, value: object) -> object:
        """Returns a view with the pathway's name."""
        if isinstance(value, VariableView):
            value.shown_owner = self.name
        return value

    def __len__(self) -> int:
        return self.group.element_count

    def __bool__(self) -> bool:
        return True

    # ------------------------------------------------------------------ as a group

    def holder(self) -> BrianObject:
        """Returns the synapses: with them the pathway goes into networks."""
        return self.group.holder()

    @property
    def element_population(self) -> Population:
        """The synapses, as the owner of the delays."""
        return self.group.element_population

    @property
    def element_count(self) -> int:
        """Number of synapses."""
        return self.group.element_count

    @property
    def extent(self) -> tuple[int, int]:
        """First and one-past-last synapse."""
        return 0, self.group.element_count

    @property
    def indices(self) -> Indexing:
        """Numbers of synapses."""
        return Indexing(self.group)

    def elements(self, item: object, names: Callable[[], Mapping[str, object]] = caller_namespace) -> Array:
        """Returns the numbers of the synapses that an index means."""
        return self.group.elements(item, names)

    def reference(self, name: str) -> Reference | None:
        """Returns what a name stands for: the delays of this pathway, else what it is for the synapses."""
        return Reference(self.delay_variable, self.group) if name == "delay" else self.group.reference(name)

    def state(self, name: str, use_units: bool = True, level: int = 0) -> VariableView:
        """Returns the view of a variable.

        Raises:
            KeyError: If there is none of this name.
        """
        if name == "delay":
            return self._delay_view(second.dim if use_units else None)
        return cast(VariableView, self._seen(self.group.state(name, use_units, level)))

    def scope(self, run_namespace: Mapping[str, object], *, relative: bool = False) -> Scope:
        """Returns a scope in which the delay has a meaning."""
        return Scope(self, run_namespace)
