"""Edges of networkx graphs and synapses: what nodes mean, attributes, and new graphs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.units import Quantity

Edge = tuple[int, int, Mapping[str, object]]
"""Presynaptic neuron, postsynaptic neuron, attributes."""

SIDES = "pre", "post"
"""How nodes of graphs between two groups begin."""


class GraphLike(Protocol):
    """What is asked of a networkx graph."""

    def is_directed(self) -> bool:
        """Tells whether edges have a direction."""
        ...

    def edges(self, *, data: bool) -> Iterable[tuple[object, object, dict[str, object]]]:
        """Returns the edges with their attributes."""
        ...


@dataclass(frozen=True)
class Nodes:
    """What the nodes of a graph mean.

    Attributes:
        sources: Node → number of a presynaptic neuron; None where nodes say it themselves.
        targets: Node → number of a postsynaptic neuron.
    """

    sources: Mapping[object, int] | None
    targets: Mapping[object, int] | None

    @staticmethod
    def of(sources: Iterable[object] | None, targets: Iterable[object] | None) -> Nodes:
        """Returns the meaning of lists of nodes.

        Raises:
            ValueError: If there are targets without sources, or a node is in a list twice.
        """
        if sources is None:
            if targets is not None:
                raise ValueError("'targets' lists nodes of a graph, but 'sources' does not: give both, or none.")
            return Nodes(None, None)
        numbered = _numbered(sources, "sources")
        return Nodes(numbered, numbered if targets is None else _numbered(targets, "targets"))

    def ends(self, begin: object, end: object) -> tuple[int, int] | None:
        """Returns the two neurons of an edge, None if it does not lead from a source to a target."""
        if self.sources is None or self.targets is None:
            first, last = _number(begin, 0), _number(end, 1)
            return None if first is None or last is None else (first, last)
        if begin in self.sources and end in self.targets:
            return self.sources[begin], self.targets[end]
        return None


def _numbered(nodes: Iterable[object], what: str) -> dict[object, int]:
    listed = list(nodes)
    found = {node: number for number, node in enumerate(listed)}
    if len(found) < len(listed):
        twice = next(node for number, node in enumerate(listed) if found[node] != number)
        raise ValueError(f"The node {twice!r} is in '{what}' twice.")
    return found


def _number(node: object, side: int) -> int | None:
    """Returns the number of the neuron that a node is, at the beginning (0) or the end (1) of an edge."""
    match node:
        case bool():
            return None
        case int() | np.integer():
            return int(node)
        case (str(word), int() | np.integer() as number) if word == SIDES[side]:
            return int(number)
        case _:
            return None


def edges(graph: GraphLike, nodes: Nodes, owner: str) -> list[Edge]:
    """Returns the edges of a graph, sorted by their ends; those of an undirected one in both directions.

    Args:
        graph: A networkx graph.
        nodes: What its nodes mean.
        owner: Name of the synapses.

    Raises:
        TypeError: If an edge does not lead from a source to a target.
    """
    found: list[Edge] = []
    for begin, end, data in graph.edges(data=True):
        there = nodes.ends(begin, end)
        back = nodes.ends(end, begin) if not graph.is_directed() and begin != end else None
        if there is None and back is None:
            raise TypeError(
                f"The edge from {begin!r} to {end!r} means no synapse of '{owner}': nodes have to be numbers of "
                "neurons, or ('pre', number) and ('post', number). Otherwise list the nodes with sources=[...] and "
                "targets=[...], or use networkx.convert_node_labels_to_integers."
            )
        found += [(*ends, data) for ends in (there, back) if ends is not None]
    return sorted(found, key=lambda edge: edge[:2])


def attributes(found: Sequence[Edge], name: str, owner: str, otherwise: float | None = None) -> Array:
    """Returns an attribute of each edge.

    Args:
        found: The edges.
        name: Name of the attribute.
        owner: Name of the synapses.
        otherwise: What edges without it have.

    Raises:
        ValueError: If an edge has none, and there is no `otherwise`.
    """
    values: list[object] = []
    for begin, end, data in found:
        if name not in data and otherwise is None:
            raise ValueError(f"The edge from {begin} to {end} of the graph for '{owner}' has no attribute '{name}'.")
        values.append(data.get(name, otherwise))
    has_units = any(isinstance(value, Quantity) for value in values)
    return Quantity(values) if has_units else np.array(values)


def new_graph(
    rows: Array, columns: Array, values: Mapping[str, Array], shape: tuple[int, int], *, same_group: bool
) -> object:
    """Returns a networkx graph of synapses; see `Synapses.to_networkx`."""
    import networkx

    found: Any = networkx.MultiDiGraph()  # pyright: ignore[reportUnknownVariableType]
    if same_group:
        found.add_nodes_from(range(shape[0]))
    else:
        for side, (word, size) in enumerate(zip(SIDES, shape, strict=True)):
            found.add_nodes_from(((word, k) for k in range(size)), bipartite=side)
    names = list(values)
    for row, column, *data in zip(rows.tolist(), columns.tolist(), *(values[k].tolist() for k in names), strict=True):
        ends = (row, column) if same_group else ((SIDES[0], row), (SIDES[1], column))
        found.add_edge(*ends, **dict(zip(names, data, strict=True)))
    return found
