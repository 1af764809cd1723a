"""Views of the variables of synapses."""

from collections.abc import Mapping
from typing import Any

from ranvier.objects.variables.view import VariableView


class SynapticView(VariableView):
    """The values of a variable seen from synapses; they can be set when there are synapses."""

    def set_item(self, item: Any, value: Any, level: int = 0, namespace: Mapping[str, Any] | None = None) -> None:
        """Sets values; see `VariableView.set_item`.

        Raises:
            TypeError: If `connect` has not been called.
        """
        group: Any = self.group
        group.check_settable(self.name)
        super().set_item(item, value, level, namespace)
