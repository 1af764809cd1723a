"""Groups whose elements are synapses: what their names mean, which elements indices mean, and `connect`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from ranvier.actions.traces import LASTUPDATE
from ranvier.equations import Equations
from ranvier.equations.single_equation import PARAMETER
from ranvier.objects.connecting.collecting import Ends
from ranvier.objects.connecting.connect import Request, make_ends
from ranvier.objects.connections.counts import Number, SynapticCounts, numbers_of_added
from ranvier.objects.connections.ends import SynapticEnds
from ranvier.objects.connections.index import SynapticSubgroup, synapse_numbers
from ranvier.objects.connections.variables import (
    SynapticVariables,
    is_synaptic,
    outer_names,
)
from ranvier.objects.connections.view import SynapticView
from ranvier.objects.groups.failing_texts import naming_failures
from ranvier.objects.groups.group import Group
from ranvier.objects.groups.population import Eventful
from ranvier.objects.memory.arrays import Array
from ranvier.objects.memory.lazy import UniformStorage
from ranvier.objects.traces.shared_states import SharedStates
from ranvier.objects.traces.shared_traces import SharedTraces
from ranvier.objects.variables.links import LinkRequest
from ranvier.objects.variables.tables import OwnSizeVariable
from ranvier.objects.variables.variables import (
    ArrayVariable,
    Constant,
    LinkedVariable,
    Reference,
    Variable,
)
from ranvier.objects.variables.view import VariableView
from ranvier.public.argument_names import explains_arguments
from ranvier.runtime.state import Layout
from ranvier.session.given import text_of
from ranvier.session.namespaces import caller_namespace, names_given
from ranvier.session.overrides import Overrides
from ranvier.session.standalone import Standalone


class SynapticGroup(Group):
    """A group of synapses between the elements of two groups, which `connect` makes.

    Attributes:
        source: The presynaptic group.
        target: The postsynaptic group.
        connections: The ends of the synapses.
        synaptic_counts: How many synapses each neuron has.
        multisynaptic_index: Name of the number of a synapse among those of the same pair, None if there is none.
        equations: The equations as they are stored.
        event_driven: The event-driven equations.
        shared_traces: The event-driven variables that neurons may hold, None if there are none.
        shared_states: The clock-driven variables that neurons may hold, None if there are none.
        version: Grows with each change of the connections.
        is_connected: Whether `connect` has been called.
    """

    source: Eventful
    target: Eventful
    connections: SynapticEnds
    synaptic_counts: SynapticCounts
    variables: SynapticVariables  # pyright: ignore[reportIncompatibleVariableOverride]
    multisynaptic_index: str | None
    equations: Equations
    event_driven: Equations
    shared_traces: SharedTraces | None
    shared_states: SharedStates | None
    version: int
    is_connected: bool
    _count: Constant

    # ------------------------------------------------------------------ names

    @property
    def outer_names(self) -> list[str]:
        """Names of the variables of the groups, as texts of these synapses use them."""
        return list(outer_names(self.source, self.target))

    has_fixed_size = False

    def reference(self, name: str) -> Reference | None:
        """Returns what a name stands for: of the synapses, `x_pre` of the source, `x_post` or `x` of the target."""
        variable = self.variables.own(name)
        if variable is None:
            return self.variables.outer(name)
        if name in ("N_incoming", "N_outgoing"):
            index = self.connections.targets if name == "N_incoming" else self.connections.sources
            return self.synaptic_counts.reference(name, index, self)
        return variable.followed() if isinstance(variable, LinkedVariable) else Reference(variable, self)

    @property
    def N(self) -> Number:  # noqa: N802
        """Number of synapses."""
        return Number(self.element_count)

    @property
    def N_incoming_post(self) -> Array:  # noqa: N802
        """Number of synapses that end at each postsynaptic neuron."""
        return self.synaptic_counts.incoming.array.copy()

    @property
    def N_outgoing_pre(self) -> Array:  # noqa: N802
        """Number of synapses that begin at each presynaptic neuron."""
        return self.synaptic_counts.outgoing.array.copy()

    def _set_variable(self, name: str, value: object, *, use_units: bool) -> None:
        if isinstance(value, LinkRequest) and self.variables.own(name) is None:
            raise TypeError(f"'{name}' belongs to a group that '{self.name}' connects: link it there.")
        super()._set_variable(name, value, use_units=use_units)

    def state(self, name: str, use_units: bool = True, level: int = 0) -> VariableView:
        """Returns the view of a variable.

        Raises:
            KeyError: If there is none of this name.
        """
        view = super().state(name, use_units, level)
        reference = self.reference(name)
        if reference is None or isinstance(reference.variable, OwnSizeVariable):
            return view
        seen = SynapticView(name, reference, self, view.dim if use_units else None)
        if name == "delay":
            seen.shown_owner = f"{self.name}_pre"
        return seen

    def check_settable(self, name: str) -> None:
        """Checks that a variable can be set now, one of the neurons at the ends of synapses included.

        Raises:
            TypeError: If `connect` has not been called.
        """
        if not self.is_connected:
            raise TypeError(f"Cannot write to synaptic variable '{name}', you need to call connect(...) first")

    def check_variable_write(self, variable: Variable) -> None:
        """Checks that a variable can be set now.

        Raises:
            TypeError: If `connect` has not been called.
        """
        self.check_settable(variable.name)

    def _exported_names(self, subexpressions: bool, read_only_variables: bool) -> Iterator[str]:
        own = super()._exported_names(subexpressions, read_only_variables)
        yield from (name for name in own if name != "delay")  # that of a pathway
        for name in outer_names(self.source, self.target):
            if self.variables.own(name) is None and not name.startswith("_"):
                variable = self.variables[name]
                is_wanted = read_only_variables or self._is_settable(variable)
                if subexpressions if self._is_computed(name, variable) else is_wanted:
                    yield name

    def _is_computed(self, name: str, variable: Variable) -> bool:
        """Tells whether a variable is computed from others, as are numbers within a part of a group."""
        end = {"i": self.source, "i_pre": self.source, "j": self.target, "i_post": self.target}.get(name)
        return end.extent[0] > 0 if end is not None else super()._is_computed(name, variable)

    def _is_settable(self, variable: Variable) -> bool:
        return isinstance(variable, ArrayVariable) and not variable.read_only

    # ------------------------------------------------------------------ connecting

    @explains_arguments
    def connect(
        self,
        condition: str | bool | None = None,
        i: object = None,
        j: object = None,
        p: float | str = 1.0,
        n: int | str = 1,
        skip_if_invalid: bool = False,
        namespace: Mapping[str, object] | None = None,
        level: int = 0,
    ) -> None:
        """Adds synapses.

        Args:
            condition: For which pairs (i, j): text with a condition, True for all, False for none.
            i: Presynaptic neurons: numbers, or text of a generator that gives some for each j.
            j: Postsynaptic neurons: numbers, or text of a generator that gives some for each i.
            p: Probability with which each of these synapses is made; a number, or text.
            n: Number of synapses for each pair; a number, or text.
            skip_if_invalid: Whether numbers that do not exist are left out.
            namespace: Names for the texts instead of those that the calling script sees.
            level: Frames to skip to find the names of the script.

        Raises:
            TypeError, ValueError, SyntaxError, KeyError, DimensionMismatchError: What is wrong with the arguments.
            IndexError: If a neuron does not exist; a BrianObjectException as well, if a text gives its number.
            ZeroDivisionError: If a text divides a whole number by zero; a BrianObjectException as well.
        """
        names = names_given(namespace, level)
        condition, i, j, p, n = map(text_of, (condition, i, j, p, n))
        by_device = Overrides.of("synapses_connect")
        if by_device is not None:
            self.is_connected = True
            by_device(self, condition, i, j, p, n, skip_if_invalid=skip_if_invalid, namespace=names, level=level)
            return
        if Standalone.program is not None:
            Standalone.program.check_connectable(self)
        request = Request(condition, i, j, p, n, skip_if_invalid)
        if isinstance(i, str) or isinstance(j, str):
            with naming_failures(self, "An error occurred when connecting."):
                ends = make_ends(self, request, names)
        else:
            ends = make_ends(self, request, names)
        with Layout.lock:
            self._append_or_undo(ends)
            self.is_connected = True

    def _append_or_undo(self, ends: Ends) -> None:
        """Adds all synapses or none: there may be no memory for what one of several arrays needs."""
        for shared in (self.shared_traces, self.shared_states):
            if ends.size and shared is not None:
                shared.spread()
        changed = (self.connections.targets, self.connections.sources, *self._uniform_storages())
        undo, size = [storage.undo() for storage in changed], self.element_count
        try:
            self._append(ends)
        except BaseException:
            for put_back in undo:
                put_back()
            self._count.value = size
            self.synaptic_counts.renew()
            raise

    def _append(self, ends: Ends) -> None:
        old = self.element_count
        if not ends.size:
            self._renew(old)
            return
        self.connections.targets.extend(ends.targets)
        self.connections.sources.extend(ends.pointers, ends.sources)
        self._resize(old + ends.size)
        self._renew(old)

    def _resize(self, size: int) -> None:
        for storage in self._uniform_storages():
            storage.resize(size)
        self._count.value = size

    def _uniform_storages(self) -> Iterator[UniformStorage]:
        for variable in self.variables.values():
            if isinstance(variable, ArrayVariable) and isinstance(variable.storage, UniformStorage):
                yield variable.storage

    def is_parameter(self, name: str) -> bool:
        """Returns whether a variable is a parameter of the equations."""
        return name in self.equations and self.equations[name].type == PARAMETER

    @property
    def is_sorted_by_source(self) -> bool:
        """Whether no synapse begins at an earlier neuron than the one made before it."""
        return self.connections.sources.pointers is not None

    def _renew(self, before: int) -> None:
        """Brings up to date what depends on all connections; so many of them were there before."""
        self.version += 1
        Layout.change()
        self.synaptic_counts.renew()
        if self.multisynaptic_index is not None:
            variable = self.variables[self.multisynaptic_index]
            assert isinstance(variable, ArrayVariable) and isinstance(variable.storage, UniformStorage)
            numbers = numbers_of_added(self.connections, before, self.synaptic_counts.incoming.size)
            if not before:
                variable.storage.set_values(numbers)
            elif numbers.any():
                variable.storage.array[before:] = numbers

    # ------------------------------------------------------------------ elements

    def elements(self, item: object, names: Callable[[], Mapping[str, object]] = caller_namespace) -> Array:
        """Returns the numbers of the synapses that an index means; see `synapse_numbers`."""
        return synapse_numbers(self, item, names)

    def __getitem__(self, item: object) -> SynapticSubgroup:
        return SynapticSubgroup(self, self.elements(item, caller_namespace))

    @property
    def single_precision(self) -> bool:
        """Whether code for these synapses computes in single precision: all their float variables are stored so."""
        kinds = {
            variable.dtype
            for name, variable in self.variables.items()
            if is_synaptic(variable) and variable.dtype.kind == "f" and name not in (LASTUPDATE, "delay")
        }
        return kinds == {np.dtype(np.float32)} or (not kinds and bool(self.target.single_precision))

    def _check_ends(self) -> None:
        """Checks that the synapses end at elements that exist: other synapses may have become fewer by `restore`."""
        ends = (("i", self.source, self.connections.sources), ("j", self.target, self.connections.targets))
        for name, group, numbers in ends:
            if self.element_count and isinstance(group, SynapticGroup):
                last = int(numbers.take(slice(None)).max())
                if last >= group.element_count:
                    raise IndexError(
                        f"'{self.name}' has a synapse with {name} = {last}, but '{group.name}' has only "
                        f"{group.element_count} now. Restore a state of both, or make '{self.name}' again."
                    )
