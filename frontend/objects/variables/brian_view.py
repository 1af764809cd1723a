"""Members of views that packages for Brian use: what a view is indexed by, and ways to set it that say their kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from ranvier.objects.variables.indexing import Indexing
from ranvier.objects.variables.variables import ElementOwner, Variable

FORWARDED = frozenset(
    "mean sum std var max min argmax argmin cumsum any all round clip prod ptp reshape ravel flatten tolist "
    "astype copy item nonzero sort argsort searchsorted repeat T size in_unit in_best_unit".split()
)
"""Attributes of arrays that views have, too."""


class View(Protocol):
    """A view of a variable."""

    @property
    def variable(self) -> Variable:
        """The variable."""
        ...

    @property
    def group(self) -> ElementOwner:
        """The group through which it is seen."""
        ...

    def get_item(self, item: object, level: int = 0, namespace: Mapping[str, object] | None = None) -> object:
        """Returns values."""
        ...

    def set_item(
        self, item: object, value: object, level: int = 0, namespace: Mapping[str, object] | None = None
    ) -> None:
        """Sets values."""
        ...


def _as_they_are(values: object) -> object:
    return values


class BrianView:
    """Members that views have besides reading and writing values."""

    def __reduce__(self: View) -> tuple[object, ...]:
        """Returns what copies and pickles are made of: the values as they are now, without the group."""
        return _as_they_are, (np.array(self.get_item(slice(None)), subok=True),)

    def __arrow_c_array__(self: View, requested_schema: object = None) -> tuple[object, object]:
        """Returns the values, without unit, as what polars and other tables take."""
        from ranvier.runtime.arrow import capsules  # few scripts give views to tables

        return capsules(np.asarray(self.get_item(slice(None))), requested_schema)

    @property
    def group_name(self: View) -> str:
        """Name of the group through which it is seen."""
        return self.group.name

    @property
    def index_var_name(self: View) -> str:
        """Name of the index by which elements are numbered: "0" for a single value."""
        return "0" if self.variable.scalar else "_idx"

    @property
    def index_var(self: View) -> str:
        """The same."""
        return "0" if self.variable.scalar else "_idx"

    @property
    def indexing(self: View) -> Indexing:
        """Gives the numbers of elements: `view.indexing(item)`."""
        return Indexing(self.group)

    def get_with_expression(self: View, code: str, run_namespace: Mapping[str, object]) -> object:
        """Returns the values of the elements for which a condition holds."""
        return self.get_item(code, namespace=run_namespace)

    def get_with_index_array(self: View, item: object) -> object:
        """Returns values of elements given by numbers, slices or arrays."""
        return self.get_item(item)

    def get_subexpression_with_index_array(self: View, item: object, run_namespace: Mapping[str, object]) -> object:
        """Returns values of a subexpression for elements given by numbers, slices or arrays."""
        return self.get_item(item, namespace=run_namespace)

    def set_with_expression(
        self: View, item: object, code: str, run_namespace: Mapping[str, object], check_units: bool = True
    ) -> None:
        """Sets values to a text that is computed for each element."""
        self.set_item(item, code, namespace=run_namespace)

    def set_with_expression_conditional(
        self: View, cond: str, code: str, run_namespace: Mapping[str, object], check_units: bool = True
    ) -> None:
        """Sets the values of the elements for which a condition holds to a text."""
        self.set_item(cond, code, namespace=run_namespace)

    def set_with_index_array(self: View, item: object, value: object, check_units: bool = True) -> None:
        """Sets values of elements to numbers."""
        self.set_item(item, value)
