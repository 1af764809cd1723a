"""What a scope found out about names: what was made of it holds as long as the same is found again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter, is_
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import TypeVar
from weakref import ref

from ranvier.actions.sameness import is_same
from ranvier.analysis.names import default_symbol, find
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
from ranvier.units.unit import Unit

S = TypeVar("S", Symbol, None)

_NOTHING = object()
_FIXED = frozenset({bool, int, float, Unit, object, FunctionType, BuiltinFunctionType, ModuleType})
"""Types of values that cannot become others: what was found out about one holds for it."""


class Lookups:
    """The names that were looked up, in whom, and what was found; groups are not kept alive."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, str], _Lookup] = {}
        self._written: dict[str, _Written] = {}

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
            self._written[name] = written = _Written(group, name)
            written.warn(run_namespace)

    def has_index(self, index: object) -> bool:
        """Tells whether an array of numbers of elements is what one of the names is found by."""
        return any(found.index is index for found in self._found.values())

    def hold(self, run_namespace: Mapping[str, object]) -> bool:
        """Tells whether all names mean the same now; what depends on functions of the script is never sure to.

        Args:
            run_namespace: The names of the script.
        """
        for found in self._found.values():
            if not found.holds(run_namespace):
                return False
        for written in self._written.values():
            written.warn(run_namespace)
        return True


class _Written:
    """A name that the user wrote in a text of a group."""

    __slots__ = ("_group", "_name", "_seen")

    def __init__(self, group: Owner, name: str) -> None:
        self._group, self._name = ref(group), name
        self._seen: tuple[object, object] | None = None

    def warn(self, run_namespace: Mapping[str, object]) -> None:
        """Warns if the name means something else in the script, unless these very values have been looked at."""
        group, name = self._group(), self._name
        if group is None:
            return
        inner, outer = group.namespace.get(name, _NOTHING), run_namespace.get(name, _NOTHING)
        if inner is outer is _NOTHING:
            return
        if self._seen is not None and self._seen[0] is inner and self._seen[1] is outer:
            return
        warn_of_conflict(group, name, run_namespace)
        self._seen = (inner, outer) if type(inner) in _FIXED and type(outer) in _FIXED else None


class _Lookup:
    """What a name meant to an object."""

    __slots__ = ("_details", "_name", "_owner", "_read", "_read_in", "_symbol", "_variable", "_way", "index")

    def __init__(self, owner: Owner, name: str, reference: Reference | None, symbol: Symbol | None) -> None:
        self._owner, self._name, self._symbol = ref(owner), name, symbol
        self._variable = self._read_in = self._read = self._way = self.index = None
        self._details: tuple[object, ...] = ()
        if reference is not None:
            way = reference.way
            self._variable, self._read_in = reference.variable, ref(reference.owner)
            self._way, self.index = (way.before, way.after), way.index
            self._read = _reader(reference.variable)
            if self._read is not None:
                self._details = self._read(reference.variable)

    def holds(self, run_namespace: Mapping[str, object]) -> bool:
        """Tells whether the name means the same now."""
        owner = self._owner()
        if owner is None:
            return False
        now = owner.reference(self._name)
        if now is None or self._variable is None or self._read_in is None:
            return now is self._variable and self._is_outside(owner, run_namespace)
        variable, way = now.variable, now.way
        if (
            self._variable is not variable
            or self._read_in() is not now.owner
            or self.index is not way.index
            or self._way != (way.before, way.after)
            or self._read is None
        ):
            return False
        details = self._read(variable)
        return all(map(is_, self._details, details)) or is_same(self._details, details)

    def _is_outside(self, owner: Owner, run_namespace: Mapping[str, object]) -> bool:
        """Tells whether the script means the same by the name."""
        was, name, default = self._symbol, self._name, default_symbol(self._name)
        if was is None:  # a temporary of the code, perhaps
            return name not in owner.namespace and name not in run_namespace
        if default is not None:
            return default == was and type(default.value) is type(was.value)
        now = find(name, owner.namespace, run_namespace)
        if now is None or was.kind == "function" or now.kind != was.kind:
            return False
        return (
            (now.dtype, now.scalar) == (was.dtype, was.scalar) and now.dim is was.dim and is_same(now.value, was.value)
        )


def _reader(variable: Variable) -> Callable[[object], tuple[object, ...]] | None:
    """Returns what gives all that actions take from a variable and that may change in it; None if that is not known."""
    return next((read for kind, read in _DETAILS.items() if isinstance(variable, kind)), None)


_DETAILS: dict[type[Variable], Callable[[object], tuple[object, ...]]] = {
    kind: attrgetter("name", "dtype", "scalar", *more)
    for kind, more in {
        ArrayVariable: ("storage", "protected"),
        Constant: ("value",),
        ClockVariable: ("what", "clock"),
        Subexpression: ("expr",),
        IndexVariable: ("size",),
    }.items()
}
"""Kind of variable → what reads, besides what it is called and its type, what may change in it."""
