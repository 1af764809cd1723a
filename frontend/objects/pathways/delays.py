"""The delays of a pathway: its only variable of its own, which scripts read, set, take out and record as of a group."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, MutableMapping, Sequence
from typing import Any, Protocol

import numpy as np

from ranvier.actions.actions import Population
from ranvier.equations.source import one_of_variables
from ranvier.objects.connections.connected import Connected
from ranvier.objects.connections.view import Settable, SynapticView
from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.groups.part import Part
from ranvier.objects.groups.population import Eventful
from ranvier.objects.memory.arrays import Array
from ranvier.objects.pathways.delay_storage import DelayStorage
from ranvier.objects.traces.shared_traces import SharedTraces
from ranvier.objects.variables.formats import ImportExport
from ranvier.objects.variables.indexing import Indexing
from ranvier.objects.variables.scope import Scope
from ranvier.objects.variables.variables import ArrayVariable, Reference, Variable
from ranvier.objects.variables.view import VariableView
from ranvier.runtime.state import Layout
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


class WithDelays(Part[Pathed]):
    """A part of synapses with a delay for each of them, or one for all; monitors take it as a group.

    Attributes:
        delay_variable: The delays in seconds.
    """

    delay_variable: ArrayVariable
    outer_names: Sequence[str] = ()
    quiet_names: Collection[str] = ()
    has_fixed_size = False
    single_precision = False

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
        """Returns a copy of the delays; see `Group.get_states`."""
        names = ["delay"] if vars is None else [self._state_name(name) for name in vars]
        values = {name: self._delay_view(second.dim if units else None)[:] for name in names}
        copies = {name: value if isinstance(value, Quantity) else np.array(value) for name, value in values.items()}
        return ImportExport.find(format).export_data(copies, units)

    def set_states(self, values: object, units: bool = True, format: str = "dict", level: int = 0) -> None:
        """Sets the delays to what `get_states` gives."""
        for name, value in ImportExport.find(format).import_data(values, units).items():
            self._state_name(name)
            self._delay_view(second.dim if units else None).set_item(slice(None), value, level=level)

    def _state_name(self, name: str) -> str:
        if name != "delay":
            raise KeyError(f"'{self.name}' has no variable '{name}': its only variable is 'delay'.")
        return name

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
        """Returns the delay, None for other names."""
        return Reference(self.delay_variable, self.group) if name == "delay" else None

    def state(self, name: str, use_units: bool = True, level: int = 0) -> VariableView:
        """Returns the view of the delays.

        Raises:
            KeyError: If another variable is asked for.
        """
        if name != "delay":
            raise KeyError(f"State variable {name} not found.{one_of_variables(self.variables, name)}")
        return self._delay_view(second.dim if use_units else None)

    def scope(self, run_namespace: Mapping[str, object], *, relative: bool = False) -> Scope:
        """Returns a scope in which the delay has a meaning."""
        return Scope(self, run_namespace)
