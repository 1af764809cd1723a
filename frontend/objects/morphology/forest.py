"""Many cells at once: which of them are solved together, and the arrays that say so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from ranvier.ir.tree_blocks import COLUMNS, LANES
from ranvier.objects.memory.arrays import Array
from ranvier.objects.morphology.morphology import Morphology
from ranvier.objects.morphology.tree import Tree, check_axial
from ranvier.units.dimensions import DIMENSIONLESS


def given_cells(morphology: object, count: object) -> list[Morphology]:
    """Returns the morphology of each cell that the arguments of `SpatialNeuron` mean; equal ones are one object.

    Args:
        morphology: One morphology, or one for each cell.
        count: The number of cells; None for one, or one for each morphology.

    Raises:
        TypeError: If these are no morphologies, the number is not whole, or both say how many cells there are.
        ValueError: If there are no cells.
    """
    number = None if count is None else _whole(count)
    if isinstance(morphology, Morphology):
        return [morphology.copy()] * (number or 1)
    if isinstance(morphology, str) or not isinstance(morphology, Iterable):
        raise TypeError(
            f"morphology has to be a Soma, Cylinder or Section (or a list with one for each cell), is "
            f"'{type(morphology)}' instead."
        )
    given = list(cast("Iterable[object]", morphology))
    copies: dict[int, Morphology] = {}
    for k, one in enumerate(given):
        if not isinstance(one, Morphology):
            raise TypeError(
                f"The list of morphologies has to hold a Soma, Cylinder or Section for each cell, but number {k} is "
                f"of type {type(one).__name__}."
            )
        if id(one) not in copies:
            copies[id(one)] = one.copy()
    if not given:
        raise ValueError("The list of morphologies is empty: give one for each cell.")
    if number is not None and number != len(given):
        raise TypeError(
            f"N is {number}, but there are {len(given)} morphologies, one for each cell: leave N out, or give a single "
            "morphology for all N cells."
        )
    return [copies[id(one)] for one in given]


def _whole(count: object) -> int:
    if getattr(count, "dim", DIMENSIONLESS) is not DIMENSIONLESS:
        raise TypeError(f"The number of cells N has no unit, but {count} was given.")
    if isinstance(count, bool) or not isinstance(count, (int, float, np.integer, np.floating)) or count % 1 != 0:
        raise TypeError(f"The number of cells N has to be a whole number, not {count!r}.")
    if count < 1:
        raise ValueError(f"The number of cells N has to be at least 1, but is {count}.")
    return int(cast(int, count))


@dataclass(eq=False)
class Arrangement:
    """The arrays of `snn.solve_forest`; see there."""

    node: Array
    parents: Array
    axial: Array
    blocks: Array
    largest: int


class Forest:
    """The trees of cells, equal ones together.

    Args:
        morphologies: The morphology of each cell.

    Attributes:
        starts: The first compartment of each cell, and one past the last of all.
    """

    def __init__(self, morphologies: Sequence[Morphology]) -> None:
        trees = {id(one): Tree(one) for one in morphologies}
        self._shapes: dict[bytes, tuple[Tree, list[int]]] = {}
        for cell, one in enumerate(morphologies):
            tree = trees[id(one)]
            shape = self._shapes.setdefault(tree.parents.tobytes() + tree.node.tobytes(), (tree, []))
            shape[1].append(cell)
        self.starts: Array = np.cumsum([0, *(trees[id(one)].node.size for one in morphologies)])
        self._last: tuple[Array, Array, Arrangement] | None = None

    def arranged(self, first: Array, second: Array) -> Arrangement:
        """Returns which cells are solved together, given r_length_1 and r_length_2 of all compartments.

        Raises:
            ValueError: If a compartment has no axial conductance.
        """
        last = self._last
        if last is None or not (np.array_equal(first, last[0]) and np.array_equal(second, last[1])):
            check_axial(first, second)
            last = self._last = first.copy(), second.copy(), self._arrange(first, second)
        return last[2]

    def _arrange(self, first: Array, second: Array) -> Arrangement:
        nodes: list[Array] = []
        parents: list[Array] = []
        axial: list[Array] = []
        blocks: list[list[int]] = []
        entries = elements = 0
        for tree, cells in self._shapes.values():
            starts, size, count = self.starts[cells], tree.node.size, tree.parents.size
            places = starts[:, None] + np.arange(size)
            for alike in _alike(np.hstack([first[places], second[places]])):
                place = places[alike[0]]
                nodes.append(tree.node)
                parents.append(tree.parents)
                axial.append(tree.axial(first[place], second[place]))
                for k in range(0, len(alike), LANES):
                    own = starts[alike[k : k + LANES]].tolist()
                    repeated = own + [own[-1]] * (LANES - len(own))
                    blocks.append([entries, count, elements, size, len(own), *repeated])
                entries += count
                elements += size
        largest = max(len(tree) for tree in parents)
        table = np.array(blocks).reshape(-1, COLUMNS)
        return Arrangement(
            np.concatenate(nodes), np.concatenate(parents), np.concatenate(axial), table.reshape(-1), largest
        )


def _alike(rows: Array) -> list[Array]:
    """Returns the numbers of the rows that are equal, for each different row."""
    if bool((rows == rows[0]).all()):
        return [np.arange(len(rows))]
    _, which = np.unique(rows, axis=0, return_inverse=True)
    order = np.argsort(which.reshape(-1), kind="stable")
    return np.split(order, np.flatnonzero(np.diff(which.reshape(-1)[order])) + 1)


__all__ = ["Arrangement", "Forest", "given_cells"]
