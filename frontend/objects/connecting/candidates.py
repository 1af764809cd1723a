"""Pairs of neurons that may be connected: what names in the texts of `connect` mean, and their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ranvier.actions import actions as act
from ranvier.actions.actions import Storage
from ranvier.analysis.check import is_scalar, is_stateful
from ranvier.equations.expressions import Binary, Call, Compare, Expr, Logical, functions, names, shown, walk
from ranvier.equations.parser import parse_expression
from ranvier.objects.connections.connected import Connected
from ranvier.objects.connections.variables import SynapticVariables, outer_reference
from ranvier.objects.memory.arrays import Array, Places
from ranvier.objects.variables.scope import Scope
from ranvier.objects.variables.values import evaluated
from ranvier.objects.variables.variables import ArrayVariable, Reference, Subexpression
from ranvier.session.randomness import new_seed
from ranvier.units.dimensions import DIMENSIONLESS
from ranvier.units.mismatch import DimensionMismatchError

if TYPE_CHECKING:
    from ranvier.session.clocks import BaseClock


NOT_YET = ("N_incoming", "N_outgoing")
"""Names that have no meaning before the synapses exist."""


GRID = (act.Constant, act.Element, act.Indexed, act.Shared, act.Time)
"""Bindings whose values can be computed for whole rows of pairs."""


class _Line(Storage):
    """The neurons of one side of a grid of pairs."""

    __slots__ = ()

    def take(self, places: Places) -> Array:
        """Returns all of them, in the shape in which they meet those of the other side."""
        return self.array


class Candidates:
    """Pairs (i, j), block by block, and what names mean for each of them.

    Args:
        synapses: The synapses that are to be made.
        run_namespace: The names of the script.
        iterator: The name after "for", if there is one.

    Attributes:
        index: "i", "j" and the iterator → their values for the present block; a name is missing until it has values.
    """

    def __init__(self, synapses: Connected, run_namespace: Mapping[str, object], iterator: str = "") -> None:
        self.synapses = synapses
        self.run_namespace = run_namespace
        self.iterator = iterator
        self.index: dict[str, Storage] = {}

    # ------------------------------------------------------------------ what a scope asks for

    @property
    def variables(self) -> SynapticVariables:
        """What names mean; made when asked for, since it would hold the pairs, and with them the synapses."""
        return SynapticVariables(self.synapses, self.reference)

    @property
    def name(self) -> str:
        """The name of the synapses."""
        return self.synapses.name

    @property
    def namespace(self) -> Mapping[str, object]:
        """The names of the synapses' namespace."""
        return self.synapses.namespace

    @property
    def clock(self) -> BaseClock:
        """The clock of the synapses."""
        return self.synapses.clock

    @property
    def outer_names(self) -> Sequence[str]:
        """Names of the variables of the groups that the synapses connect."""
        return self.synapses.outer_names

    @property
    def quiet_names(self) -> Sequence[str]:
        """Names whose meaning nobody mistakes in these texts."""
        return ("i", "j", self.iterator)

    def reference(self, name: str) -> Reference | None:
        """Returns what a name means.

        Raises:
            ValueError: If it has no value (yet) for pairs of neurons.
        """
        if name in ("i", "j") or (self.iterator and name == self.iterator):
            return Reference(ArrayVariable(name=name, dtype=np.dtype(np.int32), storage=self._index(name)), self)
        synapses = self.synapses
        own = synapses.variables.own(name)
        if own is not None and own.scalar:
            return synapses.reference(name)
        if isinstance(own, Subexpression):
            return Reference(own, self)
        if own is not None and (name in NOT_YET or name in synapses.equations):
            raise ValueError(f"'{name}' belongs to synapses, and cannot be used to make them.")
        if name.endswith(("_pre", "_post")):
            side = "i" if name.endswith("_pre") else "j"
        else:
            side = "j"
        group = synapses.source if side == "i" else synapses.target
        plain = group.reference(name.removesuffix("_pre" if side == "i" else "_post"))
        if plain is None or plain.variable.scalar:
            return plain
        index = self._index(side, name)  # of the side that the name is about; the other one is not looked at
        return outer_reference(name, synapses.source, synapses.target, index, index)

    def _index(self, side: str, name: str = "") -> Storage:
        if side not in self.index:
            what = {"i": "presynaptic neuron", "j": "postsynaptic neuron"}.get(side, "iterator")
            raise ValueError(f"'{name or side}' depends on the {what}, which is not known yet where it is used.")
        return self.index[side]

    # ------------------------------------------------------------------ values

    def at(self, **index: Array) -> int:
        """Sets the present block; returns its length."""
        self.index = {name: Storage(name, values) for name, values in index.items()}
        return int(next(iter(index.values())).size)

    def is_grid(self, *texts: str | None) -> bool:
        """Tells whether texts can be computed for whole rows of pairs: no random numbers, no functions of Python."""
        index, self.index = self.index, {name: Storage(name, np.zeros(1, np.int32)) for name in ("i", "j")}
        try:
            for text in texts:
                if text is None:
                    continue
                scope = Scope(self, self.run_namespace)
                expr, _, _ = scope.expression(text)
                if is_stateful(parse_expression(text), scope.symbols(())):
                    return False
                used = (names(expr) | functions(expr)) & scope.bindings.keys()
                if not all(self._is_of_grid(scope.bindings[name]) for name in used):
                    return False
            return True
        finally:
            self.index = index

    def _is_of_grid(self, binding: act.Binding) -> bool:
        """Tells whether values can be computed for whole rows; not those of a variable that is linked by an index."""
        if isinstance(binding, act.Indexed) and binding.index is not None:
            return any(binding.index is side for side in self.index.values())
        return isinstance(binding, GRID)

    def natively(self, condition: str | None, p: str | None) -> Iterator[tuple[Array, Array]] | None:
        """Returns the pairs that are chosen, looked for by native code; None where that cannot compute the texts.

        Args:
            condition: A condition.
            p: A probability.
        """
        from ranvier.objects.connecting.grid_program import Sides, by_sources, chosen_pairs
        from ranvier.stages.small_programs import has_native_code

        sides, parts = Sides(), list[Expr]()
        index, self.index = self.index, {"i": sides.i, "j": sides.j}
        try:
            scope = Scope(self, self.run_namespace)
            if condition is not None:
                parts.append(scope.condition(condition, "The condition"))
            if p is not None:
                parts.append(Compare("<", Call("rand", ()), self._number(scope, p)))
            chosen = parts[0] if len(parts) == 1 else Logical("and", tuple(parts))
            found = by_sources(chosen, scope.bindings, sides)
        finally:
            self.index = index
        if found is None or not has_native_code():
            return None
        seed = np.zeros(2, dtype=np.int64) if p is None else new_seed()
        return chosen_pairs(*found, self.synapses.source.element_count, self.synapses.target.element_count, seed)

    def at_grid(self, i: Array, j: Array) -> None:
        """Sets the present block to all pairs of some presynaptic with some postsynaptic neurons."""
        self.index = {"i": _Line("i", i[:, None]), "j": _Line("j", j[None, :])}

    def on_grid(self, text: str, *, is_condition: bool) -> Array:
        """Returns the values of an expression for the present grid, for each presynaptic neuron a row.

        What depends on one of the neurons only is computed once for it.

        Raises:
            DimensionMismatchError: If a number has units.
            TypeError: If a condition is a number.
        """
        scope = Scope(self, self.run_namespace)
        expr = scope.condition(text, "The condition") if is_condition else self._number(scope, text)
        shape = self.index["i"].array.shape[0], self.index["j"].array.shape[1]
        return np.broadcast_to(evaluated(scope, expr, np.zeros(1, dtype=np.int64)), shape)

    def values(self, text: str) -> Array:
        """Returns the values of an expression for the pairs of the present block.

        Raises:
            DimensionMismatchError: If it has units.
            ZeroDivisionError: If it divides a whole number by zero.
        """
        scope = Scope(self, self.run_namespace)
        expr = self._number(scope, text)
        count = next(iter(self.index.values())).array.size
        self.check_divisors(scope, expr, count, text)
        return np.broadcast_to(evaluated(scope, expr, np.arange(count)), (count,))

    def check_divisors(self, scope: Scope, expr: Expr, count: int, text: str) -> None:
        """Refuses whole numbers that are divided by zero: numpy makes 0 of them, which would be a neuron."""
        for node in walk(expr):
            if isinstance(node, Binary) and node.op in ("//", "%") and not functions(node):
                sides = [np.asarray(evaluated(scope, side, np.arange(count))) for side in (node.left, node.right)]
                if all(side.dtype.kind != "f" for side in sides) and count and not sides[1].all():
                    raise ZeroDivisionError(f"'{text}' divides by zero: {shown(node)}.{_about_n(node)}")

    def _number(self, scope: Scope, text: str) -> Expr:
        expr, dimensions, _ = scope.expression(text)
        if dimensions is not DIMENSIONLESS:
            raise DimensionMismatchError(f"'{text}' has to be a number without units in 'connect'", dimensions)
        return expr

    def integers(self, text: str, what: str, *, booleans: bool = False) -> Array:
        """Returns the values of an expression that has to give integers.

        Args:
            text: The expression.
            what: What it is, for messages.
            booleans: Whether True and False count as 1 and 0.

        Raises:
            TypeError: If it does not.
            ZeroDivisionError: If it divides a whole number by zero.
        """
        scope = Scope(self, self.run_namespace)
        expr, _, dtype = scope.expression(text)
        if dtype != "integer" and not (dtype == "boolean" and booleans):
            raise TypeError(f"Use int(...): the {what} was '{text}', but it needs to be an integer.")
        count = next(iter(self.index.values())).array.size
        self.check_divisors(scope, expr, count, text)
        return np.broadcast_to(evaluated(scope, expr, np.arange(count)), (count,)).astype(np.int64)

    def condition(self, text: str) -> Array:
        """Returns for which pairs of the present block a condition holds.

        Raises:
            TypeError: If it is a number.
        """
        scope = Scope(self, self.run_namespace)
        expr = scope.condition(text, "The condition")
        count = next(iter(self.index.values())).array.size
        return np.broadcast_to(evaluated(scope, expr, np.arange(count)), (count,)).astype(bool)

    def uniform(self, text: str) -> float | None:
        """Returns the value of an expression that is the same for all pairs; None if it is not."""
        index, self.index = self.index, {}
        try:
            self.at(**{name: np.zeros(1, np.int64) for name in ("i", "j", self.iterator) if name})
            scope = Scope(self, self.run_namespace)
            expr = self._number(scope, text)
            tree = parse_expression(text)
            symbols = scope.symbols(())
            if not is_scalar(tree, symbols) or is_stateful(tree, symbols):
                return None
            return float(np.asarray(evaluated(scope, expr, np.zeros(1, np.int64))).reshape(-1)[0])
        finally:
            self.index = index

    def _names(self, text: str) -> set[str]:
        """Returns the names in a text, and those in the subexpressions of the synapses that it uses."""
        found, todo = set[str](), [parse_expression(text)]
        while todo:
            new = names(todo.pop()) - found
            found |= new
            own = (self.synapses.variables.own(name) for name in new)
            todo += [variable.tree for variable in own if isinstance(variable, Subexpression)]
        return found

    def uses_inner(self, text: str, inner: str) -> bool:
        """Tells whether an expression uses variables of the neurons of the inner side (not only their numbers)."""
        suffix = "_post" if inner == "j" else "_pre"
        group = self.synapses.target if inner == "j" else self.synapses.source
        for name in self._names(text) - {"i", "j", self.iterator}:
            base = name.removesuffix(suffix)
            bare = inner == "j" and not name.endswith("_pre")
            if (name.endswith(suffix) or bare) and (found := group.reference(base)) is not None:
                if not found.variable.scalar:
                    return True
        return False


def _about_n(division: Binary) -> str:
    """Returns what N stands for in texts of synapses, if something is divided by it: in those of neurons it differs."""
    if "N" not in names(division.right):
        return ""
    return " N is the number of synapses made before; N_pre and N_post are those of the neurons."
