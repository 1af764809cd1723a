"""The membrane potential of a neuron with compartments: one implicit step of membrane and axial currents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from ranvier.actions import actions as act
from ranvier.equations.assignments import Assign
from ranvier.equations.parser import parse_expression
from ranvier.ir.tree_blocks import LANES
from ranvier.objects.groups.part import Part
from ranvier.objects.groups.population import Acting
from ranvier.objects.memory.arrays import Array
from ranvier.objects.memory.new_storage import index_storage, new_storage
from ranvier.objects.morphology.forest import Forest
from ranvier.objects.morphology.morphology import Morphology
from ranvier.objects.morphology.tree import Tree
from ranvier.objects.variables.variables import ArrayVariable
from ranvier.public import public_in
from ranvier.runtime.state import allocate
from ranvier.session.clocks import BaseClock

LEAK = "Ri*area*(Cm/dt + gtot__private)"
SOURCE = "Ri*area*(Cm/dt*v + I0__private)"
"""Conductance to ground and current of a compartment, times Ri: then axial conductances do not depend on Ri."""


System = tuple[act.Storage, act.Storage, act.Storage]
"""Leak and source of each compartment, and the potentials that are found."""


class Branched(Acting, Protocol):
    """Cells with trees of compartments."""

    @property
    def morphologies(self) -> Sequence[Morphology]:
        """The tree of each cell."""
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
        label = group.name
        self._leak = new_storage(f"{label}.leak", size, np.float64, population=group.element_population)
        self._source = new_storage(f"{label}.source", size, np.float64, population=group.element_population)
        self._potential = new_storage(f"{label}.potential", size, np.float64, population=group.element_population)
        alone = len(group.morphologies) == 1
        self._trees = OneTree(group, self.name) if alone else ManyTrees(group, self.name)

    def actions(self, run_namespace: Mapping[str, object]) -> Sequence[act.Action]:
        """Returns the preparation, the solution and its use.

        Raises:
            ValueError: If a compartment has no axial conductance.
        """
        group = self.group
        prepare = self._map(group, run_namespace, "membrane", {"_leak": LEAK, "_source": SOURCE})
        solve = self._trees.solution(group, self.clock, (self._leak, self._source, self._potential))
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


class OneTree:
    """The arrays of a system on one tree.

    Args:
        group: The neuron.
        label: The name of what solves the system.
    """

    def __init__(self, group: Branched, label: str) -> None:
        self._label = label
        self._tree = Tree(group.morphologies[0])
        self._node = index_storage(self._tree.node, f"{group.name}.node", group.element_population)
        nodes = act.Population(f"{group.name}_nodes")
        self._parents = index_storage(self._tree.parents, f"{nodes.name}.parent", nodes)
        self._axial = new_storage(f"{nodes.name}.axial", len(self._tree.parents), np.float64, population=nodes)

    def solution(self, group: Branched, clock: BaseClock, system: System) -> act.Action:
        """Returns the action that solves the system of `leak` and `source`: it sets `potential`."""
        leak, source, potential = system
        self._axial.array[:] = self._tree.axial(*_axial_lengths(group))
        return act.SolveTree(
            label=self._label,
            clock=clock,
            leak=leak,
            source=source,
            node=self._node,
            parents=self._parents,
            axial=self._axial,
            potential=potential,
        )


class ManyTrees:
    """The arrays of systems on many trees, the equal ones solved side by side.

    Args:
        group: The cells.
        label: The name of what solves the systems.
    """

    def __init__(self, group: Branched, label: str) -> None:
        self._label = label
        self._forest = Forest(group.morphologies)
        self._integers = [index_storage([], f"{group.name}.{part}") for part in ("node", "parents", "blocks")]
        self._axial = new_storage(f"{group.name}.axial", 0, np.float64)

    def solution(self, group: Branched, clock: BaseClock, system: System) -> act.Action:
        """Returns the action that solves the systems of `leak` and `source`: it sets `potential`."""
        leak, source, potential = system
        found = self._forest.arranged(*_axial_lengths(group))
        node, parents, blocks = self._integers
        for storage, values in ((node, found.node), (parents, found.parents), (blocks, found.blocks)):
            _replace(storage, values)
        _replace(self._axial, found.axial)
        return act.SolveForest(
            label=self._label,
            clock=clock,
            leak=leak,
            source=source,
            node=node,
            parents=parents,
            axial=self._axial,
            blocks=blocks,
            potential=potential,
            largest=found.largest,
            notes=(("cells", f"equal ones are solved side by side, up to {LANES} at a time"),),
        )


def _replace(storage: act.Storage, values: Array) -> None:
    if storage.size != values.size:
        storage.array = allocate(values.size, storage.dtype)
    storage.array[:] = values


def _axial_lengths(group: Branched) -> tuple[Array, Array]:
    return _plain_values(group, "r_length_1"), _plain_values(group, "r_length_2")


def _plain_values(group: Branched, name: str) -> Array:
    variable = group.variables[name]
    assert isinstance(variable, ArrayVariable)
    return variable.get_value()
