"""Synapses from and to sparse matrices and networkx graphs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, cast

import numpy as np

from ranvier.objects.groups.population import Acting
from ranvier.objects.memory.arrays import Array
from ranvier.objects.synapses.graphs import GraphLike, Nodes, attributes, edges, new_graph
from ranvier.objects.synapses.synaptic_group import SynapticGroup
from ranvier.public.argument_names import explains_arguments
from ranvier.units import DimensionMismatchError, Quantity, get_dimensions
from ranvier.units.dimensions import DIMENSIONLESS


class MatrixConversions(SynapticGroup):
    """What `Synapses` can do with sparse matrices and networkx graphs."""

    @explains_arguments
    def connect_sparse(
        self,
        matrix: object,
        variable: str | None = None,
        *,
        unit: Quantity | None = None,
        variables: Mapping[str, object] | None = None,
    ) -> None:
        """Adds a synapse for each stored entry of a sparse matrix, or each nonzero one of an array.

        Stored zeros count, and so does each of several entries for one pair of a matrix in coordinates. The synapses
        are made row by row.

        Args:
            matrix: A scipy sparse matrix or an array, of shape (presynaptic, postsynaptic neurons).
            variable: Name of a variable that is set to the entries: in SI units, unless they have a unit.
            unit: The unit of the entries: `connect_sparse(matrix, "w", unit=nS)`.
            variables: Further variables, `delay` for instance, with what they are set to: a number or quantity, or an
                array with a value for each pair, of which those of the new synapses are taken.

        Raises:
            ValueError: If a shape does not fit.
            DimensionMismatchError: If a unit does not.
        """
        rows, columns, values = entries(matrix, self._shape(), self.name)
        given: dict[str, object] = {}
        if variable is not None:
            given[variable] = values if unit is None else values * unit
        for name, value in (variables or {}).items():
            given[name] = _of_pairs(name, value, rows, columns, self._shape(), self.name)
        self._connect_with(rows, columns, given)

    @explains_arguments
    def connect_graph(
        self,
        graph: object,
        weight: str | None = None,
        variable: str | None = None,
        *,
        unit: Quantity | None = None,
        variables: Mapping[str, str] | Sequence[str] = (),
        sources: Iterable[object] | None = None,
        targets: Iterable[object] | None = None,
    ) -> None:
        """Adds a synapse for each edge of a networkx graph (two for each edge of an undirected one).

        Each edge of a multigraph counts. Nodes are numbers of neurons, or ("pre", number) and ("post", number) as in
        the graphs of `to_networkx`, or anything else with `sources` and `targets`.

        Args:
            graph: A networkx graph.
            weight: Name of the attribute of the edges that is the value of `variable`; None: it has the same name.
            variable: Name of a variable that is set to it: in SI units, unless it has a unit; 1 where an edge has none.
            unit: The unit of that attribute.
            variables: Further variables, `delay` for instance, with the names of their attributes, which all edges have
                to have.
            sources: The nodes that are the presynaptic neurons 0, 1, 2, ...
            targets: The nodes that are the postsynaptic neurons; None: the same as `sources`.

        Raises:
            TypeError: If nodes mean no neurons.
            ValueError: If an edge lacks an attribute, or goes from one group to itself.
        """
        found = edges(cast(GraphLike, graph), Nodes.of(sources, targets), self.name)
        given: dict[str, object] = {}
        if variable is not None or weight is not None:
            values = attributes(found, weight or variable or "", self.name, otherwise=1.0)
            given[variable or weight or ""] = values if unit is None else values * unit
        names = variables if isinstance(variables, Mapping) else {name: name for name in variables}
        for name, attribute in names.items():
            given[name] = attributes(found, attribute, self.name)
        begins, ends = (np.array([edge[k] for edge in found], dtype=np.int64) for k in (0, 1))
        self._connect_with(begins, ends, given)

    def _connect_with(self, rows: Array, columns: Array, values: Mapping[str, object]) -> None:
        before = self.element_count
        with_units = {name for name, value in values.items() if self._has_unit(name, value)}
        self.connect(i=rows, j=columns)
        for name, value in values.items():
            self.state(name, use_units=name in with_units).set_item(slice(before, None), value)

    def _has_unit(self, name: str, value: object) -> bool:
        """Tells whether a value has a unit, which is checked before anything is made."""
        dim, wanted = get_dimensions(value), self.state(name).dim
        if dim is not DIMENSIONLESS and dim is not wanted:
            raise DimensionMismatchError(f"The values of '{name}' of '{self.name}' have another unit", dim, wanted)
        return dim is not DIMENSIONLESS

    @explains_arguments
    def to_sparse(self, variable: str | None = None, duplicates: Literal["sum", "keep"] = "sum") -> Any:
        """Returns a scipy sparse array (sources, targets) of a variable in SI units, or of numbers of synapses.

        Args:
            variable: Name of the variable, `delay` for instance.
            duplicates: "sum" adds the values of several synapses of one pair; "keep" has an entry for each synapse, in
                their order, in coordinate form. Zeros are stored.
        """
        from scipy.sparse import coo_array  # pyright: ignore[reportMissingTypeStubs]

        rows, columns = self._ends()
        data = np.ones(rows.size, dtype=np.int64) if variable is None else self._values(variable)
        found = coo_array((data, (rows, columns)), shape=self._shape())
        return found if duplicates == "keep" else found.tocsr()

    @explains_arguments
    def to_networkx(self, variables: tuple[str, ...] = ()) -> Any:
        """Returns a networkx multigraph with an edge for each synapse, which has variables as attributes (SI units).

        Nodes are numbers of neurons if source and target are the same neurons, otherwise ("pre", number) and ("post",
        number), with networkx's attribute `bipartite` (0 and 1). Numbers are those of `i` and `j`: within a part of a
        group they begin at 0.

        Args:
            variables: Names of variables, `delay` for instance.
        """
        values = {name: self._values(name) for name in variables}
        return new_graph(*self._ends(), values, self._shape(), same_group=_same(self.source, self.target))

    def _values(self, name: str) -> Array:
        """Returns a value for each synapse."""
        return np.broadcast_to(np.asarray(self.state(name, use_units=False)[:]), (self.element_count,))

    def _ends(self) -> tuple[Array, Array]:
        return self.connections.sources.take(slice(None)), self.connections.targets.take(slice(None))

    def _shape(self) -> tuple[int, int]:
        return self.source.element_count, self.target.element_count


def _same(source: Acting, target: Acting) -> bool:
    return source.holder() is target.holder() and source.extent == target.extent


def entries(matrix: Any, shape: tuple[int, int], owner: str) -> tuple[Array, Array, Array]:
    """Returns row, column and value of the entries of a matrix, row by row.

    Args:
        matrix: A scipy sparse matrix (all stored entries count), or an array (nonzero entries count).
        shape: The shape that it has to have.
        owner: Name of the synapses.

    Raises:
        ValueError: If it has another one.
    """
    _check_shape(np.shape(matrix), shape, owner)
    if hasattr(matrix, "tocoo"):
        found = matrix.tocoo()
        order = np.lexsort((found.col, found.row))  # stable: several entries of one pair stay in their order
        return found.row[order].astype(np.int64), found.col[order].astype(np.int64), found.data[order]
    rows, columns = np.nonzero(np.asarray(matrix))
    whole = matrix if isinstance(matrix, Quantity) else np.asarray(matrix)
    return rows, columns, whole[rows, columns]


def _check_shape(given: tuple[int, ...], shape: tuple[int, int], owner: str) -> None:
    if tuple(given) != shape:
        raise ValueError(
            f"The matrix for '{owner}' has to have a row for each source and a column for each target: {shape}, but it "
            f"is {tuple(given)}."
        )


def _of_pairs(name: str, value: Any, rows: Array, columns: Array, shape: tuple[int, int], owner: str) -> object:
    """Returns what a further variable is set to: one value, or one for each new synapse."""
    if hasattr(value, "tocsr"):
        _check_shape(value.shape, shape, owner)
        return np.asarray(value.tocsr()[rows, columns]).reshape(-1)
    if np.ndim(value) == 0:
        return value
    if np.shape(value) == shape:
        return value[rows, columns] if isinstance(value, Quantity) else np.asarray(value)[rows, columns]
    raise ValueError(
        f"The values of '{name}' of '{owner}' are of shape {np.shape(value)}: give one value, or a matrix of shape "
        f"{shape}."
    )
