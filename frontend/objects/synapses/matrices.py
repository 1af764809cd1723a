"""Synapses from and to sparse matrices and networkx graphs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.objects.synapses.synaptic_group import SynapticGroup


class MatrixConversions(SynapticGroup):
    """What `Synapses` can do with sparse matrices and networkx graphs."""

    def connect_sparse(self, matrix: object, variable: str | None = None) -> None:
        """Adds a synapse for each stored entry of a sparse matrix, or each nonzero one of an array.

        Args:
            matrix: A scipy sparse matrix or an array, of shape (presynaptic, postsynaptic neurons).
            variable: Name of a variable that is set to the entries (in SI units).

        Raises:
            ValueError: If the shape does not fit.
        """
        self._connect_with(entries(matrix, self._shape()), variable)

    def connect_graph(self, graph: object, weight: str | None = None, variable: str | None = None) -> None:
        """Adds a synapse for each edge of a networkx graph (two for each edge of an undirected one).

        Args:
            graph: A networkx graph whose nodes are numbers of neurons.
            weight: Name of the attribute of the edges that is the value of `variable`; None: it has the same name.
            variable: Name of a variable that is set to it (in SI units).
        """
        self._connect_with(edges(graph, weight or variable), variable)

    def _connect_with(self, found: tuple[Array, Array, Array], variable: str | None) -> None:
        before = self.element_count
        self.connect(i=found[0], j=found[1])
        if variable is not None:
            self.state(variable, use_units=False).set_item(slice(before, None), found[2])

    def to_sparse(self, variable: str | None = None) -> Any:
        """Returns a scipy sparse array (sources, targets) of a variable in SI units, or of numbers of synapses."""
        values = None if variable is None else self.state(variable, use_units=False)[:]
        return sparse(
            self.connections.sources.take(slice(None)),
            self.connections.targets.take(slice(None)),
            values,
            self._shape(),
        )

    def to_networkx(self, variables: tuple[str, ...] = ()) -> Any:
        """Returns a networkx graph with an edge for each synapse, which has the variables as attributes (SI units)."""
        values = {name: self.state(name, use_units=False)[:] for name in variables}
        return new_graph(*self._ends(), values, self._shape(), same_group=self.source is self.target)

    def _ends(self) -> tuple[Array, Array]:
        return self.connections.sources.take(slice(None)), self.connections.targets.take(slice(None))

    def _shape(self) -> tuple[int, int]:
        return self.source.element_count, self.target.element_count


def entries(matrix: Any, shape: tuple[int, int]) -> tuple[Array, Array, Array]:
    """Returns row, column and value of the entries of a matrix, row by row.

    Args:
        matrix: A scipy sparse matrix (all stored entries count), or an array (nonzero entries count).
        shape: The shape that it has to have.

    Raises:
        ValueError: If it has another one.
    """
    if tuple(matrix.shape) != shape:
        raise ValueError(f"The matrix has to have a row for each source and a column for each target: {shape}.")
    if hasattr(matrix, "tocoo"):
        found = matrix.tocsr().tocoo()
        return found.row.astype(np.int32), found.col.astype(np.int32), found.data
    rows, columns = np.nonzero(matrix)
    return rows.astype(np.int32), columns.astype(np.int32), np.asarray(matrix)[rows, columns]


def edges(graph: Any, attribute: str | None) -> tuple[Array, Array, Array]:
    """Returns begin, end and an attribute (1 without one) of the edges of a networkx graph, sorted by their begin.

    Raises:
        TypeError: If nodes are no numbers.
    """
    found = list(graph.edges(data=attribute, default=1.0) if attribute else ((*e, 1.0) for e in graph.edges()))
    if not graph.is_directed():
        found += [(end, begin, value) for begin, end, value in found if begin != end]
    if not all(isinstance(node, (int, np.integer)) for edge in found for node in edge[:2]):
        raise TypeError(
            "The nodes of the graph have to be numbers of neurons: use networkx.convert_node_labels_to_integers."
        )
    found.sort(key=lambda edge: edge[:2])
    begins, ends, values = ([edge[k] for edge in found] for k in range(3))
    return np.array(begins, dtype=np.int64), np.array(ends, dtype=np.int64), np.array(values)


def sparse(rows: Array, columns: Array, values: Array | None, shape: tuple[int, int]) -> Any:
    """Returns a scipy sparse array; several synapses of one pair are added."""
    from scipy.sparse import coo_array  # pyright: ignore[reportMissingTypeStubs]

    data = np.ones(rows.size, dtype=np.int64) if values is None else values
    return coo_array((data, (rows, columns)), shape=shape).tocsr()


def new_graph(
    rows: Array, columns: Array, values: Mapping[str, Array], shape: tuple[int, int], *, same_group: bool
) -> Any:
    """Returns a networkx graph of synapses.

    Nodes are numbers of neurons if source and target are the same group, otherwise ("pre", number) and
    ("post", number).
    """
    import networkx

    found: Any = networkx.MultiDiGraph()  # pyright: ignore[reportUnknownVariableType]
    if same_group:
        found.add_nodes_from(range(shape[0]))
    else:
        found.add_nodes_from(("pre", k) for k in range(shape[0]))
        found.add_nodes_from(("post", k) for k in range(shape[1]))
    names = list(values)
    for row, column, *data in zip(rows.tolist(), columns.tolist(), *(values[k].tolist() for k in names), strict=True):
        ends = (row, column) if same_group else (("pre", row), ("post", column))
        found.add_edge(*ends, **dict(zip(names, data, strict=True)))
    return found
