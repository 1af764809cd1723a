"""The values of a variable that has not one for each element of its group, but a number of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence

from ranvier.actions.actions import Population
from ranvier.objects.memory.arrays import Array
from ranvier.objects.variables.indexing import resolve_item
from ranvier.objects.variables.tables import OwnSizeVariable
from ranvier.objects.variables.variables import ArrayVariable, ElementOwner, Reference, Variable
from ranvier.objects.variables.view import VariableView
from ranvier.session.clocks import BaseClock
from ranvier.session.namespaces import caller_namespace
from ranvier.units.dimensions import Dimension


class OwnElements:
    """The values of one variable as the elements of a small group: what views index.

    Args:
        group: The group that has the variable.
        variable: The variable.
    """

    def __init__(self, group: ElementOwner, variable: ArrayVariable) -> None:
        self.name = group.name
        self._clock = group.clock
        self._variable = variable
        self.variables: MutableMapping[str, Variable] = {variable.name: variable}
        self.namespace: Mapping[str, object] = {}
        self.outer_names: Sequence[str] = ()
        self.quiet_names: frozenset[str] = frozenset()
        self.has_fixed_size = True
        self.element_population = Population(f"{group.name}.{variable.name}")

    @property
    def clock(self) -> BaseClock:
        """The clock of the group."""
        return self._clock

    @property
    def element_count(self) -> int:
        """Number of values."""
        return self._variable.size

    def reference(self, name: str) -> Reference | None:
        """Returns the variable, None for other names."""
        variable = self.variables.get(name)
        return None if variable is None else Reference(variable, self)

    def elements(self, item: object, names: Callable[[], Mapping[str, object]] = caller_namespace) -> Array:
        """Returns the numbers of the values that an index means."""
        return resolve_item(self, item, names)


def view_of(name: str, reference: Reference, group: ElementOwner, dim: Dimension | None) -> VariableView:
    """Returns the view of a variable: through the group, or of the values alone if it has a size of its own."""
    variable = reference.variable
    if not isinstance(variable, OwnSizeVariable):
        return VariableView(name, reference, group, dim)
    own = variable.elements.reference(variable.name)
    assert own is not None, "its elements know it by its name"
    return VariableView(name, own, variable.elements, dim)
