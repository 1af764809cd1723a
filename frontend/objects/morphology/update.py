"""The membrane potential of a neuron with compartments: one implicit step of membrane and axial currents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from ranvier.actions import actions as act
from ranvier.equations.assignments import Assign
from ranvier.equations.parser import parse_expression
from ranvier.objects.groups.part import Part
from ranvier.objects.groups.population import Acting
from ranvier.objects.memory.arrays import Array
from ranvier.objects.memory.new_storage import index_storage, new_storage
from ranvier.objects.morphology.morphology import Morphology
from ranvier.objects.variables.variables import ArrayVariable
from ranvier.public import public_in

LEAK = "Ri*area*(Cm/dt + gtot__private)"
SOURCE = "Ri*area*(Cm/dt*v + I0__private)"
"""Conductance to ground and current of a compartment, times Ri: then axial conductances do not depend on Ri."""


class Branched(Acting, Protocol):
    """A neuron with a tree of compartments."""

    @property
    def morphology(self) -> Morphology:
        """The tree."""
        ...


@public_in("ranvier.spatialneuron.spatialneuron")
class SpatialStateUpdater(Part[Branched]):
    """Advances the membrane potential by one step, after the other equations.

    With gtot = -dIm/dv and I0 = Im + gtot v, the new potentials v' fulfil in each compartment

        area ((Cm/dt + gtot) v' - Cm/dt v - I0) = axial current into it,

    where neighbours in a section are connected by the conductance 1/(Ri (1/r_length_2 + 1/r_length_1)), and sections
    by points without capacitance, to which the last compartment of the parent is connected by r_length_2/Ri and the
    first ones of the children by r_length_1/Ri. Free ends are sealed. Then Ic = Cm (v' - v)/dt.

    Args:
        group: The neuron.
    """

    def __init__(self, group: Branched) -> None:
        super().__init__(group, when="groups", order=1, name=f"{group.name}_spatialstateupdater*")
        size = group.element_count
        self._tree = Tree(group.morphology)
        label = group.name
        self._leak = new_storage(f"{label}.leak", size, np.float64, population=group.element_population)
        self._source = new_storage(f"{label}.source", size, np.float64, population=group.element_population)
        self._potential = new_storage(f"{label}.potential", size, np.float64, population=group.element_population)
        self._node = index_storage(self._tree.node, f"{label}.node", group.element_population)
        nodes = act.Population(f"{label}_nodes")
        self._parents = index_storage(self._tree.parents, f"{nodes.name}.parent", nodes)
        self._axial = new_storage(f"{nodes.name}.axial", len(self._tree.parents), np.float64, population=nodes)

    def actions(self, run_namespace: Mapping[str, object]) -> Sequence[act.Action]:
        """Returns the preparation, the solution and its use.

        Raises:
            ValueError: If a compartment has no axial conductance.
        """
        group = self.group
        first, second = (_plain_values(group, f"r_length_{k}") for k in (1, 2))
        self._axial.array[:] = self._tree.axial(first, second)
        prepare = self._map(group, run_namespace, "membrane", {"_leak": LEAK, "_source": SOURCE})
        solve = act.SolveTree(
            label=self.name,
            clock=self.clock,
            leak=self._leak,
            source=self._source,
            node=self._node,
            parents=self._parents,
            axial=self._axial,
            potential=self._potential,
        )
        finish = self._map(group, run_namespace, "integrate", {"Ic": "Cm*(_potential - v)/dt", "v": "_potential"})
        return prepare, solve, finish

    def _map(
        self, group: Branched, run_namespace: Mapping[str, object], kind: str, code: Mapping[str, str]
    ) -> act.MapCode:
        scope = group.scope(run_namespace)
        own = {"_leak": self._leak, "_source": self._source, "_potential": self._potential}
        scope.temporaries.update(own)
        for name in code.keys() - own:
            scope.lower(parse_expression(name))
        lines = tuple(Assign(name, scope.lower(parse_expression(text))) for name, text in code.items())
        return act.MapCode(
            label=self.name,
            clock=self.clock,
            kind=kind,
            size=group.element_count,
            code=lines,
            bindings={**scope.bindings, **{name: act.Element(storage) for name, storage in own.items()}},
            method="implicit",
        )


def _plain_values(group: Branched, name: str) -> Array:
    variable = group.variables[name]
    assert isinstance(variable, ArrayVariable)
    return variable.get_value()


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
        bad = np.flatnonzero(~(np.isfinite(first) & np.isfinite(second) & (first > 0) & (second > 0)))
        if bad.size:
            raise ValueError(
                f"The compartment {bad[0]} has no axial conductance: its length and its diameters have to be more than "
                "zero (do two points of the reconstruction coincide?)."
            )
        # half a compartment on either side; branch points (compartment -1, the last element) have no resistance
        own = 1 / np.append(first, np.inf)[self._compartments]
        parents = 1 / np.append(second, np.inf)[self._compartments[self.parents]]
        conductance = np.zeros(len(own))
        conductance[1:] = 1 / (own + parents)[1:]
        return conductance
