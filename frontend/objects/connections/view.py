"""Views of the variables of synapses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ranvier.objects.variables.variables import ElementOwner, Reference
from ranvier.objects.variables.view import VariableView
from ranvier.units.dimensions import Dimension


class Settable(ElementOwner, Protocol):
    """Synapses whose variables can be set when there are some."""

    def check_settable(self, name: str) -> None:
        """Checks that a variable can be set now.

        Raises:
            TypeError: If `connect` has not been called.
        """
        ...


class SynapticView(VariableView):
    """The values of a variable seen from synapses; they can be set when there are synapses."""

    advice_on_tables = " Of a matrix W with a row for each presynaptic element, give W[S.i, S.j] (S: the synapses)."

    def __init__(self, name: str, reference: Reference, group: Settable, dim: Dimension | None) -> None:
        super().__init__(name, reference, group, dim)
        self._synapses = group

    def set_item(
        self, item: object, value: object, level: int = 0, namespace: Mapping[str, object] | None = None
    ) -> None:
        """Sets values; see `VariableView.set_item`.

        Raises:
            TypeError: If `connect` has not been called.
        """
        self._synapses.check_settable(self.name)
        super().set_item(item, value, level, namespace)
