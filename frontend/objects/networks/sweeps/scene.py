"""What a script has set besides the function of a sweep, so that it computes the same in other processes."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import cast

from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.networks.sweeps.shipping import pickler
from ranvier.session.clocks import defaultclock
from ranvier.session.given import is_a
from ranvier.session.preferences import prefs

_WORD = re.compile(r"[A-Za-z_]\w*")

OWN = ("logging.", "core.stop_on_keyboard_interrupt")
"""Preferences that each process has for itself."""


def _chosen_preferences() -> dict[str, object]:
    return {name: prefs[name] for name in prefs if prefs.is_explicit(name) and not name.startswith(OWN)}


@dataclass(frozen=True)
class Scene:
    """What the script had set when the sweep was called.

    Attributes:
        dt: The time step of the default clock, seconds.
        preferences: The preferences that were chosen.
        names: Names of the script that texts of the function use; its code does not mention them.
        functions: Where these names belong: the functions that look for them among their global names.
    """

    dt: float = field(default_factory=lambda: defaultclock.dt_)
    preferences: dict[str, object] = field(default_factory=_chosen_preferences)
    names: dict[str, object] = field(default_factory=lambda: {})
    functions: tuple[FunctionType, ...] = ()

    def set_clock(self) -> None:
        """Gives the default clock its time step, whatever the set before has made of it."""
        if defaultclock.dt_ != self.dt:
            defaultclock.dt_ = self.dt

    @contextlib.contextmanager
    def set_up(self) -> Generator[None, None, None]:
        """Sets preferences and names; afterwards preferences and the clock are as before."""
        for function in self.functions:
            for name, value in self.names.items():
                function.__globals__.setdefault(name, value)
        kept, dt = {name: prefs[name] for name in self.preferences}, defaultclock.dt_
        changed = {name: value for name, value in self.preferences.items() if kept[name] != value}
        try:
            for name, value in changed.items():
                prefs[name] = value
            yield
        finally:
            for name in changed:
                prefs[name] = kept[name]
            if defaultclock.dt_ != dt:
                defaultclock.dt_ = dt

    def with_names(self, function: Callable[..., object]) -> Scene:
        """Returns the scene with the global names that texts in a function, and in those it calls, use."""
        functions = tuple(_functions_from(function))
        names: dict[str, object] = {}
        for each in functions:
            for word in _words(each.__code__):
                value = each.__globals__.get(word)
                if value is not None and word not in names and _can_be_sent(value):
                    names[word] = value
        return replace(self, names=names, functions=functions)


def _functions_from(function: object) -> Iterator[FunctionType]:
    """Yields the functions of the script that a call may enter: itself, and those whose names its code has."""
    todo: list[object] = [function]
    seen: set[int] = set()
    while todo:
        each = _plain_function(todo.pop())
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        for name in _names(each.__code__):
            value = each.__globals__.get(name)
            if getattr(value, "__module__", None) == each.__module__:
                todo += vars(value).values() if is_a(value, type) else [value]


def _plain_function(value: object) -> FunctionType | None:
    while not isinstance(value, FunctionType):
        if isinstance(value, MethodType | staticmethod | classmethod):
            value = cast(object, value.__func__)
        elif (inner := getattr(value, "func", getattr(value, "__wrapped__", None))) is not None:
            value = inner
        else:
            return None
    return value


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _codes(each)


def _names(code: CodeType) -> Iterable[str]:
    return (name for each in _codes(code) for name in each.co_names)


def _words(code: CodeType) -> Iterable[str]:
    """Returns the words in the texts of a function."""
    texts = (each for part in _codes(code) for each in part.co_consts if isinstance(each, str))
    return (word for text in texts for word in _WORD.findall(text))


def _can_be_sent(value: object) -> bool:
    if isinstance(value, BrianObject | ModuleType):
        return False
    try:
        pickler().dumps(value)
    except Exception:  # objects of all kinds say in their own ways that they cannot be sent
        return False
    return True
