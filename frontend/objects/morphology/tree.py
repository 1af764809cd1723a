"""A morphology as a tree of nodes: its compartments and branch points."""

from __future__ import annotations

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.objects.morphology.morphology import Morphology


class Tree:
    """Compartments and branch points of a morphology, numbered so that parents come before their children.

    Nodes are ordered by their depth in the tree: of the nodes of one depth none depends on another, which lets the
    processor work on several branches at once.

    Args:
        morphology: The tree of sections.

    Attributes:
        node: The node of each compartment.
        parents: The parent of each node; 0 for the root.
    """

    def __init__(self, morphology: Morphology) -> None:
        self._above: list[int] = []
        self._compartment: list[int] = []
        self._depth: list[int] = []
        self._add_sections(morphology)
        order = np.argsort(self._depth, kind="stable")
        number = np.empty(len(order), dtype=np.int64)
        number[order] = np.arange(len(order))
        above = np.array(self._above)[order]
        self.parents: Array = np.where(above < 0, 0, number[above])
        self._compartments: Array = np.array(self._compartment)[order]
        """For each node its compartment, -1 for branch points."""
        self.node: Array = np.empty(sum(k >= 0 for k in self._compartment), dtype=np.int64)
        self.node[self._compartments[self._compartments >= 0]] = np.flatnonzero(self._compartments >= 0)

    def _add_sections(self, morphology: Morphology) -> None:
        ends: dict[Morphology, int] = {}
        number = 0
        for section in morphology.sections():
            last = -1 if section is morphology or section.parent is None else ends[section.parent]
            for _ in range(section.n):
                last = self._add(last, number)
                number += 1
            ends[section] = self._add(last, -1) if len(section.children) else last

    def _add(self, above: int, compartment: int) -> int:
        self._above.append(above)
        self._compartment.append(compartment)
        self._depth.append(0 if above < 0 else self._depth[above] + 1)
        return len(self._above) - 1

    def axial(self, first: Array, second: Array) -> Array:
        """Returns for each node the axial conductance to its parent, times Ri (metres).

        Args:
            first: Lengths r_length_1 of each compartment.
            second: Lengths r_length_2 of each compartment.

        Raises:
            ValueError: If a compartment has none.
        """
        check_axial(first, second)
        # half a compartment on either side; branch points (compartment -1, the last element) have no resistance
        own = 1 / np.append(first, np.inf)[self._compartments]
        parents = 1 / np.append(second, np.inf)[self._compartments[self.parents]]
        conductance = np.zeros(len(own))
        conductance[1:] = 1 / (own + parents)[1:]
        return conductance


def check_axial(first: Array, second: Array) -> None:
    """Checks the lengths r_length_1 and r_length_2 of compartments.

    Raises:
        ValueError: If a compartment has no axial conductance.
    """
    bad = np.flatnonzero(~(np.isfinite(first) & np.isfinite(second) & (first > 0) & (second > 0)))
    if bad.size:
        raise ValueError(
            f"The compartment {bad[0]} has no axial conductance: its length and its diameters have to be more than "
            "zero (do two points of the reconstruction coincide?)."
        )
