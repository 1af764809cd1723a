"""Whether actions are still the same: what was made of them before then holds for them, too.

Actions are compared field by field, by meaning: numbers with their type and sign, memory and clocks by identity. What
is not known here is the same only if it is the same object, so that in doubt things are made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Any, cast

from ranvier.actions import actions as act
from ranvier.actions import synaptic_actions as syn
from ranvier.equations.assignments import Assign, Propagator
from ranvier.equations.expressions import Binary, Call, Compare, Logical, Name, Number, Unary

_EQUAL_BY_MEANING = frozenset({str, int, bool, frozenset, Name, Number, Unary, Binary, Compare, Logical, Call})
"""Types whose objects are the same if they are equal; sets are those of names."""

_BY_FIELDS = (act.Action, syn.EventDriven, syn.Rows, Assign, Propagator)
_BINDINGS = frozenset(
    {act.Element, act.Indexed, act.Shared, act.Constant, act.Time, act.OwnIndex, act.Lookup}
    | {syn.OfSynapse, syn.OfPre, syn.OfPost, syn.OfRow, syn.PreIndex, syn.PostIndex}
)


def same_actions(old: Sequence[act.Action], new: Sequence[act.Action]) -> bool:
    """Tells whether two lists of actions ask for the same, of the same memory."""
    return len(old) == len(new) and all(map(is_same, old, new))


def is_same(old: object, new: object) -> bool:
    """Tells whether two values of a field of an action are the same."""
    if old is new:
        return True
    kind = type(old)
    if kind is not type(new):
        return False
    if kind in _EQUAL_BY_MEANING:
        return old == new
    if kind is float:
        return repr(old) == repr(new)  # zeros differ in sign, and a NaN is itself
    if kind is tuple:
        one, other = cast(tuple[object, ...], old), cast(tuple[object, ...], new)
        return len(one) == len(other) and all(map(is_same, one, other))
    if kind is dict:
        first, second = cast(dict[str, object], old), cast(dict[str, object], new)
        return list(first) == list(second) and all(map(is_same, first.values(), second.values()))
    if kind in _BINDINGS or isinstance(old, _BY_FIELDS):
        read = _reader(kind)
        return read is None or is_same(read(old), read(new))
    return False


@cache
def _reader(kind: type[Any]) -> Callable[[object], object] | None:
    """Returns what gives the fields of objects of a class, None if there are none."""
    names = [field.name for field in fields(kind)]
    return attrgetter(*names) if names else None
