"""What monitors of states have recorded in many instances, for measures of all of them at once."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import cast

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.objects.monitors.statemonitor import StateMonitor
from ranvier.objects.networks.sweeps.measures import reduce_any
from ranvier.objects.networks.sweeps.targets import Names
from ranvier.units import Quantity
from ranvier.units.dimensions import DIMENSIONLESS, Dimension


class Traces:
    """What a monitor has recorded of a variable, or a part of it: an array for each instance.

    Nothing can be done with it but taking a part and reducing it, array by array: so sums are of the order in which the
    network adds, and nothing else is taken for an array of all instances.

    Args:
        arrays: The arrays, all of one shape, in the memory order in which the monitor gives them.
        dim: Their unit.
    """

    def __init__(self, arrays: Sequence[Array], dim: Dimension) -> None:
        self.arrays = arrays
        self.dim = dim

    def __getitem__(self, index: object) -> object:
        """Returns a part: of shape (instances, values) if it is a number or a row in each instance."""
        found = [each[cast(int, index)] for each in self.arrays]
        if np.ndim(found[0]) > 1:
            return Traces(found, self.dim)
        return self._with_unit(np.array(found).reshape(len(found), -1))

    def reduced(self, reduce: Callable[..., object]) -> object:
        """Returns one number for each instance, of shape (instances, 1)."""
        plain = np.array([cast(float, reduce_any(reduce, each)) for each in self.arrays])[:, np.newaxis]
        like = reduce_any(reduce, Quantity(self.arrays[0], dim=self.dim))
        return Quantity(plain, dim=like.dim) if isinstance(like, Quantity) and self.dim is not DIMENSIONLESS else plain

    def together(self) -> Array:
        """Returns the arrays as one, of shape (instances, ...)."""
        return self._with_unit(np.stack(self.arrays))

    def _with_unit(self, plain: Array) -> Array:
        return plain if self.dim is DIMENSIONLESS else cast(Array, Quantity(plain, dim=self.dim))


def are_parts_of_traces(tree: ast.expr, names: Names) -> bool:
    """Tells whether only parts of what monitors of states have recorded are taken, by numbers: `trace.v[0, 10:]`."""
    return all(_is_part(node, names) for node in ast.walk(tree) if isinstance(node, ast.Subscript))


def _is_part(node: ast.Subscript, names: Names) -> bool:
    owner = node.value
    if not isinstance(owner, ast.Attribute) or not isinstance(owner.value, ast.Name):
        return False
    is_plain = not any(isinstance(each, ast.Name) for each in ast.walk(node.slice))
    return is_plain and isinstance(names.object_of(owner.value.id), StateMonitor)
