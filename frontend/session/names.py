"""Names of objects: given, or numbered automatically."""

from __future__ import annotations

import keyword
import re
import uuid
import weakref
from typing import ClassVar

from ranvier.public import public

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")

# The live objects by name: a name becomes free when the object that bears it is gone, and the next that is numbered
# takes the lowest number that is free, as in Brian.
_bearers: dict[str, weakref.WeakSet[Nameable]] = {}
_lowest: dict[str, int] = {}  # by stem: live objects have all numbers below
_numbered: set[weakref.ref[Nameable]] = set()
_FORGET_ABOVE = 1000
"""Number of names above which those without a bearer are forgotten."""
_forget_above = _FORGET_ABOVE


def _forget_unborne() -> None:
    """Drops the names that nothing bears any more, once there are many: a script may create objects for ever."""
    global _forget_above
    if len(_bearers) <= _forget_above:
        return
    for name in [name for name, bearers in _bearers.items() if not bearers]:
        del _bearers[name]
    _forget_above = max(_FORGET_ABOVE, 2 * len(_bearers))


def bearers(name: str) -> list[Nameable]:
    """Returns the live objects of a name."""
    return list(_bearers.get(name, ()))


def is_identifier(name: str) -> bool:
    """Tells whether a text can be the name of an object or an event."""
    return _NAME.match(name) is not None and not keyword.iskeyword(name)


def free_name(wanted: str) -> str:
    """Returns the name that an object gets that wants `wanted`.

    Args:
        wanted: A name, or a name with a trailing `*`: then the lowest of `_1`, `_2`, ... that no live object has is
            appended if a live object has it.

    Raises:
        ValueError: If it is no identifier.
    """
    stem = wanted.removesuffix("*")
    if not is_identifier(stem):
        raise ValueError(
            f"{stem!r} cannot be the name of an object: letters, digits and '_', no digit first, no Python keyword."
        )
    if wanted == stem or not _bearers.get(stem):
        return stem
    number = _lowest.get(stem, 1)
    while _bearers.get(f"{stem}_{number}"):
        number += 1
    _lowest[stem] = number
    return f"{stem}_{number}"


def _watch_number(obj: Nameable) -> None:
    """Lets the number at the end of a name be free when the object is gone."""
    stem, _, digits = obj.name.rpartition("_")
    if not (stem and digits.isdecimal()):
        return

    def free(gone: weakref.ref[Nameable]) -> None:
        _numbered.discard(gone)
        _lowest[stem] = min(_lowest.get(stem, 1), int(digits))

    _numbered.add(weakref.ref(obj, free))


@public
class Trackable:
    """Something whose live instances are known, by class, without keeping them alive."""

    __instances__: ClassVar[weakref.WeakSet[Trackable]] = weakref.WeakSet()

    def __init_subclass__(cls, **kwds: object) -> None:
        super().__init_subclass__(**kwds)
        cls.__instances__ = weakref.WeakSet()

    def _track(self) -> None:
        """Makes the object known; called when it is created."""
        for parent in type(self).__mro__:
            if issubclass(parent, Trackable):
                parent.__instances__.add(self)


@public
class Nameable(Trackable):
    """An object with a name.

    Args:
        name: The name; a trailing `*` asks for automatic numbering; None stands for the class's name.

    Raises:
        TypeError: If the name is no string.
        ValueError: If it is no identifier.
    """

    def __init__(self, name: str | None = None) -> None:
        wanted = f"{type(self).__name__.lower()}*" if name is None else name
        if not isinstance(wanted, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"'name' argument has to be a string, is type {type(wanted).__name__} instead")
        self._track()
        self._name = free_name(wanted)
        self._id = uuid.uuid4()
        _forget_unborne()
        _bearers.setdefault(self._name, weakref.WeakSet()).add(self)
        _watch_number(self)

    @property
    def name(self) -> str:
        """The name: unique within a network; it decides the order of what has equal `when` and `order`."""
        return self._name

    @property
    def id(self) -> uuid.UUID:
        """A number that no other object has."""
        return self._id

    def assign_id(self) -> None:
        """Gives the object a new number."""
        self._id = uuid.uuid4()
