"""What a scope found out about names: what was made of it holds as long as the same is found again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from ranvier.actions.sameness import is_same
from ranvier.analysis.names import default_symbol, resolve
from ranvier.analysis.symbols import Symbol
from ranvier.objects.variables.conflicts import warn_of_conflict
from ranvier.objects.variables.variables import (
    ArrayVariable,
    ClockVariable,
    Constant,
    IndexVariable,
    Owner,
    Reference,
    Subexpression,
    Variable,
)

S = TypeVar("S", Symbol, None)


class Lookups:
    """The names that were looked up, in whom, and what was found."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, str], _Lookup] = {}
        self._written: dict[str, Owner] = {}

    def reference(self, owner: Owner, name: str) -> Reference | None:
        """Returns what a name stands for in a group."""
        reference = owner.reference(name)
        if (id(owner), name) not in self._found:
            self._found[id(owner), name] = _Lookup(owner, name, reference, None)
        return reference

    def note(self, owner: Owner, name: str, reference: Reference | None, symbol: S) -> S:
        """Notes what a name means to a group, which the caller has found out; returns its symbol."""
        self._found[id(owner), name] = _Lookup(owner, name, reference, symbol)
        return symbol

    def warn(self, group: Owner, name: str, run_namespace: Mapping[str, object]) -> None:
        """Warns if a name that the user wrote means something else in the script."""
        if name not in self._written:
            self._written[name] = group
            _warn(group, name, run_namespace)

    def hold(self, run_namespace: Mapping[str, object]) -> bool:
        """Tells whether all names mean the same now; what depends on functions of the script is never sure to.

        Args:
            run_namespace: The names of the script.
        """
        if not all(found.holds(run_namespace) for found in self._found.values()):
            return False
        for name, group in self._written.items():
            _warn(group, name, run_namespace)
        return True


def _warn(group: Owner, name: str, run_namespace: Mapping[str, object]) -> None:
    if name in group.namespace or name in run_namespace:
        warn_of_conflict(group, name, run_namespace)


class _Lookup:
    """What a name meant to an object."""

    __slots__ = ("_details", "_name", "_owner", "_reference", "_symbol")

    def __init__(self, owner: Owner, name: str, reference: Reference | None, symbol: Symbol | None) -> None:
        self._owner, self._name, self._reference, self._symbol = owner, name, reference, symbol
        self._details = None if reference is None else _details(reference.variable)

    def holds(self, run_namespace: Mapping[str, object]) -> bool:
        """Tells whether the name means the same now."""
        was, now = self._reference, self._owner.reference(self._name)
        if was is None or now is None:
            return was is now and self._is_outside(run_namespace)
        return (
            was.variable is now.variable
            and was.owner is now.owner
            and (was.way.before, was.way.after) == (now.way.before, now.way.after)
            and was.way.index is now.way.index
            and is_same(self._details, _details(now.variable))
        )

    def _is_outside(self, run_namespace: Mapping[str, object]) -> bool:
        """Tells whether the script means the same by the name."""
        was, name, owner = self._symbol, self._name, self._owner
        if was is None:  # a temporary of the code, perhaps
            return name not in owner.namespace and name not in run_namespace
        try:
            now = resolve(name, owner.namespace, run_namespace)
        except KeyError:
            return False
        if was.kind == "function" or now.kind != was.kind:
            return now.value is was.value and default_symbol(name) is not None
        return (
            (now.dtype, now.scalar) == (was.dtype, was.scalar) and now.dim is was.dim and is_same(now.value, was.value)
        )


def _details(variable: Variable) -> tuple[object, ...]:
    """Returns what actions take from a variable, and what may change in it."""
    common = (id(type(variable)), variable.name, variable.dtype, variable.scalar)
    match variable:
        case ArrayVariable(storage=storage, protected=protected):
            return (*common, storage, protected)
        case Constant(value=value):
            return (*common, value)
        case ClockVariable(what=what, clock=clock):
            return (*common, what, clock)
        case Subexpression(expr=expr):
            return (*common, expr)
        case IndexVariable(size=size):
            return (*common, size)
        case _:
            return (*common, object())  # never the same
