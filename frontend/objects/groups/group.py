"""Groups: objects with variables, which scripts reach as attributes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, MutableMapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from ranvier.actions.actions import Action, EventSpace, MapCode, Population
from ranvier.analysis.failures import unlinked
from ranvier.equations.assignments import Assign
from ranvier.equations.expressions import Name
from ranvier.equations.source import SHORT, one_of, one_of_variables, slip_of
from ranvier.objects.groups.attribute_names import DOCUMENTED, INTERNAL, class_with_variables
from ranvier.objects.groups.brianobject import BrianObject, Clocked
from ranvier.objects.groups.memory_rows import changing_bytes, own_bytes, own_storages
from ranvier.objects.groups.resolving import Resolving
from ranvier.objects.groups.run_regularly import RunsStatements
from ranvier.objects.memory.arrays import Array
from ranvier.objects.memory.plan import MemoryRow
from ranvier.objects.memory.stored import ObjectState, check_range
from ranvier.objects.variables.formats import ImportExport
from ranvier.objects.variables.indexing import Indexing, resolve_item
from ranvier.objects.variables.links import LinkRequest, link
from ranvier.objects.variables.own_size import view_of
from ranvier.objects.variables.read_only import read_only
from ranvier.objects.variables.scope import Scope
from ranvier.objects.variables.tables import OwnSizeVariable
from ranvier.objects.variables.variables import (
    ArrayVariable,
    Constant,
    LinkedVariable,
    Reference,
    Subexpression,
    UnlinkedVariable,
    Variable,
)
from ranvier.objects.variables.view import VariableView, quantity_of
from ranvier.public import public
from ranvier.public.argument_names import explains_arguments
from ranvier.session.clocks import BaseClock
from ranvier.session.extensible import Extensible
from ranvier.session.namespaces import caller_namespace
from ranvier.units import Quantity, get_unit
from ranvier.units.checks import fail_for_dimension_mismatch

RENAMED = {"runner": "run_regularly", "custom_operation": "run_regularly"}  # old names of methods


@public
class VariableOwner(Extensible, Resolving, Clocked):
    """Something with variables, seen as attributes with (`x`) and without units (`x_`)."""

    variables: MutableMapping[str, Variable]
    namespace: MutableMapping[str, Any]
    is_part_of_itself = True
    has_fixed_size = True
    quiet_names: Collection[str] = ()
    _attributes_fixed = False

    @property
    def outer_names(self) -> Sequence[str]:
        """Names of variables of other groups that texts may use."""
        return ()

    @property
    def element_population(self) -> Population:
        """The elements, as the owner of the arrays that have a value for each of them."""
        return vars(self).setdefault("_element_population", Population(self.name))

    @property
    def element_count(self) -> int:
        """Number of elements."""
        count = self.variables["N"]
        assert isinstance(count, Constant)
        return int(count.value)

    def reference(self, name: str) -> Reference | None:
        """Returns what a name of the group stands for, links followed; None if it has no such variable."""
        variable = self.variables.get(name)
        if variable is None:
            return None
        if isinstance(variable, LinkedVariable):
            return variable.followed()
        return Reference(variable, self)

    def elements(self, item: object, names: Callable[[], Mapping[str, object]] = caller_namespace) -> Array:
        """Returns the numbers of the elements that an index means."""
        return resolve_item(self, item, names)

    @property
    def indices(self) -> Indexing:
        """Numbers of elements: `group.indices['v > 0*mV']`."""
        return Indexing(self)

    def state(self, name: str, use_units: bool = True, level: int = 0) -> VariableView:
        """Returns the view of a variable.

        Raises:
            KeyError: If there is none of this name.
        """
        reference = self.reference(name)
        if reference is None:
            raise KeyError(f"State variable {name} not found.{one_of_variables(self.variables, name)}")
        if isinstance(reference.variable, UnlinkedVariable):
            raise unlinked(name, self.name)
        return view_of(name, reference, self, reference.variable.dim if use_units else None)

    # ------------------------------------------------------------------ attributes

    def _fix_attributes(self) -> None:
        """Lets only known attributes and variables be set from now on: others are spelling mistakes."""
        object.__setattr__(self, "_attributes_fixed", True)
        object.__setattr__(self, "__class__", class_with_variables(self, self.variables))

    def see_variable(self, name: str) -> None:
        """Takes notice of a variable that was added: it may have the name of an attribute that Brian's have not."""
        if self._attributes_fixed and (name in INTERNAL or name in DOCUMENTED):
            self._fix_attributes()

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("__") and "variables" in self.__dict__:
            variables = self.variables
            if name in variables:
                return self._attribute(name, use_units=True)
            if name.endswith("_") and name[:-1] in variables:
                return self._attribute(name[:-1], use_units=False)
            if name in RENAMED:
                raise AttributeError(f"The '{name}' method has been renamed to '{RENAMED[name]}'.")
            name += slip_of(variables, name)
        raise AttributeError(f"No attribute with name {name}")

    def _attribute(self, name: str, *, use_units: bool) -> Any:
        variable = self.variables[name]
        if isinstance(variable, Constant):
            return quantity_of(variable.value, variable.dim) if use_units else variable.value
        if isinstance(variable, OwnSizeVariable) and variable.shape is not None:
            return quantity_of(variable.get_value(), variable.dim) if use_units else variable.get_value()
        return self.state(name, use_units)

    def __setattr__(self, name: str, value: object) -> None:
        if not self._attributes_fixed:
            object.__setattr__(self, name, value)
        elif name in self.variables:
            self._set_variable(name, value, use_units=True)
        elif name.endswith("_") and name[:-1] in self.variables:
            self._set_variable(name[:-1], value, use_units=False)
        elif isinstance(value, LinkRequest):
            raise TypeError(
                f"Cannot link variable '{name}', it has to be marked as a linked variable with '(linked)' in the "
                "model equations."
            )
        elif name.startswith("_") or name in self.__dict__ or hasattr(type(self), name):
            object.__setattr__(self, name, value)
        else:
            raise AttributeError(
                f'Could not find a state variable with name "{name}".'
                f"{self.advice_on(name) or one_of(self.variables, name, SHORT)} Use the "
                "add_attribute method if you intend to add a new attribute to the object."
            )

    def advice_on(self, name: str) -> str:
        """Returns a sentence on where a variable is found that the group does not have itself; usually none."""
        return ""

    def _set_variable(self, name: str, value: object, *, use_units: bool) -> None:
        variable = self.variables[name]
        if isinstance(value, LinkRequest):
            self.variables[name] = link(self, name, variable, value)
            return
        if isinstance(value, VariableView) and value.variable is variable and value.group is self:
            return  # `group.v += 1` first changes the view in place, then assigns it to itself: nothing is left to do
        if isinstance(variable, UnlinkedVariable) or (isinstance(variable, LinkedVariable) and not variable.settable):
            if isinstance(value, VariableView) and value.group is self and value.name == name:
                return
            raise ValueError("Cannot set a linked variable directly, link it to another variable using 'linked_var'.")
        if isinstance(variable, (Constant, Subexpression)) or variable.read_only:
            raise read_only(name, variable)
        if isinstance(variable, OwnSizeVariable) and variable.shape is not None:
            if use_units:
                fail_for_dimension_mismatch(value, get_unit(variable.dim), f"Cannot set '{name}'")
            variable.set_value(np.asarray(value))
            return
        self.state(name, use_units).set_item(slice(None), value)

    def __dir__(self) -> list[str]:
        shown = set(super().__dir__()) - INTERNAL
        return sorted(shown.union(self.variables, (f"{name}_" for name in self.variables)))

    # ------------------------------------------------------------------ all values at once

    @explains_arguments
    def get_states(
        self,
        vars: Iterable[str] | None = None,
        units: bool = True,
        format: str = "dict",
        subexpressions: bool = False,
        read_only_variables: bool = True,
        level: int = 0,
    ) -> Any:
        """Returns copies of the values of variables.

        Args:
            vars: Names; None for all (of the kinds wanted).
            units: Whether values have units.
            format: "dict", or "pandas" (needs `units=False`).
            subexpressions: Whether values of subexpressions are included.
            read_only_variables: Whether what scripts cannot set (N, i, t, ...) is included.
            level: Frames to skip on the way to the script, whose names subexpressions may use.

        Raises:
            KeyError: If there is no such variable.
            NotImplementedError: If the format is unknown.
        """
        handler = ImportExport.find(format)
        if vars is None:
            vars = list(self._exported_names(subexpressions, read_only_variables))
        return handler.export_data({name: self._state_value(name, units, level) for name in vars}, units)

    def _exported_names(self, subexpressions: bool, read_only_variables: bool) -> Iterator[str]:
        for name, variable in self.variables.items():
            if name.startswith("_") or isinstance(variable, UnlinkedVariable):
                continue
            if self._is_computed(name, variable) and not subexpressions:
                continue
            fixed = isinstance(variable, Constant) or variable.read_only
            if fixed and not read_only_variables:
                continue
            yield name

    def _is_computed(self, name: str, variable: Variable) -> bool:
        """Tells whether a variable is computed: a subexpression, linked to one, or the numbers of a part."""
        if name == "i" and self.extent[0] > 0:
            return True
        reference = self.reference(name) if isinstance(variable, LinkedVariable) else None
        return isinstance(variable if reference is None else reference.variable, Subexpression)

    def _state_value(self, name: str, units: bool, level: int) -> Any:
        variable = self.variables.get(name)
        if isinstance(variable, Constant):
            return np.asarray(variable.value)
        if isinstance(variable, OwnSizeVariable) and variable.shape is not None:
            return self._attribute(name, use_units=units).copy()
        value = self.state(name, units, level).get_item(slice(None), level=level)
        return value if isinstance(value, Quantity) else np.array(value)

    @explains_arguments
    def set_states(self, values: object, units: bool = True, format: str = "dict", level: int = 0) -> None:
        """Sets the values of variables.

        Args:
            values: What `get_states` gives.
            units: Whether the values have units.
            format: "dict", or "pandas" (needs `units=False`).
            level: Frames to skip on the way to the script, whose names texts may use.

        Raises:
            KeyError: If there is no such variable.
            TypeError: If it cannot be set.
            NotImplementedError: If the format is unknown.
        """
        for name, value in ImportExport.find(format).import_data(values, units).items():
            if name not in self.variables:
                raise KeyError(f"'{self.name}' has no variable '{name}'.{one_of_variables(self.variables, name)}")
            if isinstance(self.variables[name], Constant):
                raise read_only(name, self.variables[name])
            self.state(name, units, level).set_item(slice(None), value, level=level)

    def state_arrays(self) -> dict[str, Array]:
        """Returns the own variables; see `BrianObject.state_arrays`."""
        return {name: storage.array for name, storage in own_storages(self)}


@public
class Group(VariableOwner, RunsStatements, BrianObject):
    """A group that takes part in simulations.

    Attributes:
        event_spaces: Name of each event → the elements for which it happened in the last step.
        can_be_connected: Whether synapses can begin or end at the elements.
    """

    event_spaces: Mapping[str, EventSpace] = MappingProxyType({})
    can_be_connected = True

    def check_variable_write(self, variable: Variable) -> None:
        """Checks that a variable can be set now: always."""

    def holder(self) -> BrianObject:
        """Returns the object with which parts go into a network."""
        return self

    def is_parameter(self, name: str) -> bool:
        """Returns whether a variable is a parameter of the equations; False where there are none."""
        return False

    def event_finder(self, event: str) -> BrianObject:
        """Returns the object that finds an event."""
        return self

    def state_arrays(self) -> dict[str, Array]:
        """Returns the own variables and the events of the last step."""
        arrays = super().state_arrays()
        for name, events in self.event_spaces.items():
            arrays |= {f"events {name} indices": events.indices, f"events {name} count": events.count}
        return arrays

    def check_state(self, states: Mapping[str, ObjectState]) -> None:
        """Checks that a stored state can be set, and that its events are possible."""
        super().check_state(states)
        stored = states[self.name].arrays
        for name in self.event_spaces:
            indices, count = (stored[f"events {name} {part}"] for part in ("indices", "count"))
            check_range(self.name, f"events {name} count", count, indices.size + 1)
            check_range(self.name, f"events {name} indices", indices[: int(count[0])], indices.size)

    def memory_rows(self, *, exact: bool) -> Iterator[MemoryRow]:
        """Yields the memory of the own variables and events."""
        spaces = self.event_spaces.values() if self.holder() is self else ()
        events = sum(events.indices.nbytes + events.count.nbytes for events in spaces)
        size = own_bytes(self) + events
        if size:
            own = changing_bytes(self) + events
            yield MemoryRow(self.name, "variables", self.element_count, size, size, own=own)

    # ------------------------------------------------------------------ what actions need

    @property
    def extent(self) -> tuple[int, int]:
        """First and one-past-last element in the population that actions run over."""
        return 0, self.element_count

    @property
    def single_precision(self) -> bool:
        """Whether the group computes in single precision: all its float variables are stored so."""
        return False

    def scope(self, run_namespace: Mapping[str, object], *, relative: bool = False) -> Scope:
        """Returns a scope for the texts of an action of this group.

        Args:
            run_namespace: The names of the script.
            relative: Whether the action starts at the group's first element, with that as its offset.
        """
        return Scope(self, run_namespace, start=self.extent[0], relative=relative)

    def statement_actions(self, label: str, clock: BaseClock, text: str, scope: Scope) -> Sequence[Action]:
        """Returns statements as code for all elements.

        Args:
            label: Name of the object that executes them.
            clock: When.
            text: The statements.
            scope: A new scope of the group, relative to its first element.
        """
        return (self.code_for_all(label, clock, scope, scope.code(text, all_elements=True)),)

    def code_for_all(self, label: str, clock: BaseClock, scope: Scope, code: tuple[Assign, ...]) -> MapCode:
        """Returns assignments as code for all elements, which leaves refractory ones alone."""
        start, _ = self.extent
        return MapCode(
            label=label,
            clock=clock,
            kind="run_regularly",
            size=self.element_count,
            code=code,
            bindings=scope.bindings,
            offset=start,
            protected=self.protected_names(scope),
            float32=self.single_precision,
        )

    def protected_names(self, scope: Scope) -> frozenset[str]:
        """Returns the bound names of variables that keep their values in refractory neurons."""
        found = {
            name
            for name in scope.bindings
            if (reference := self.reference(name)) is not None
            and isinstance(reference.variable, ArrayVariable)
            and reference.variable.protected
            and (owner := reference.variable.owner) is not None
            and id(owner) == id(self.holder())
        }
        if found:
            scope.lower(Name("not_refractory"))
        return frozenset(found)

    def __len__(self) -> int:
        return self.element_count
