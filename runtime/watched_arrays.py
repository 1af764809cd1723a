"""Noticing what Python does with arrays: nothing, read, or perhaps write.

While a variable's newest elements are on the device, or the same ones are at both places, or something large was made
from them, its storage has another class. There, whatever reads (`take`, `readable`) first brings the elements if the
device has newer ones; whoever asks for the array itself may write to it, so that the storage becomes what it was, and
goes up before the next run. Whoever holds the array from before is noticed by the number of its owners.
"""

from __future__ import annotations

import inspect
import sys
import weakref
from collections.abc import Callable, Collection, Mapping
from functools import cache
from types import MemberDescriptorType
from typing import Any, Protocol

import numpy.typing as npt

Array = npt.NDArray[Any]

_OWNERS = 3
"""The owners of an array that nobody else holds: a slot, a local name, and the argument that counts them."""


class Home(Protocol):
    """Memory of the device for an array, as far as Python's asking for elements goes."""

    newer: bool
    """Whether the device has newer elements than Python."""

    def fetch(self, array: Array, label: str) -> None:
        """Brings the elements to Python."""
        ...


homes: weakref.WeakKeyDictionary[Any, dict[str, Home]] = weakref.WeakKeyDictionary()
"""Of storages and lists of events: the memory of the device for each of their arrays, by its name."""


_marks: weakref.WeakKeyDictionary[Any, object] = weakref.WeakKeyDictionary()
"""Of watched storages: what stands for their present elements, until somebody may have changed them."""


_looks: weakref.WeakKeyDictionary[Any, dict[Any, Callable[[], None]]] = weakref.WeakKeyDictionary()
"""Of storages whose elements are on the device: who looks at them when they come."""


@cache
def places(kind: type) -> Mapping[str, MemberDescriptorType]:
    """Returns where objects of a kind keep their arrays, by name; nothing for kinds that cannot be watched."""
    names = {"array": "_made"} if hasattr(kind, "_made") else {"array": "array"}
    if not hasattr(kind, "array"):
        names = {"indices": "indices", "count": "count"}
    found = {name: inspect.getattr_static(_kind(kind), slot, None) for name, slot in names.items()}
    own = {name: slot for name, slot in found.items() if isinstance(slot, MemberDescriptorType)}
    return own if len(own) == len(names) and hasattr(kind, "__weakref__") else {}


def is_watched(storage: object) -> bool:
    """Tells whether Python has not asked for the arrays of a storage since the device got them."""
    return hasattr(type(storage), "_watched_kind")


def watch(storage: object) -> None:
    """Lets it be noticed when Python asks for the arrays of a storage."""
    if not is_watched(storage) and places(type(storage)):
        storage.__class__ = _watched(type(storage))


def leave(storage: object) -> None:
    """Lets a storage be what it was."""
    if is_watched(storage):
        _end(storage, _kind(type(storage)))


def mark(storage: object) -> object | None:
    """Returns an object that stands for the elements as they are now, see `is_marked`.

    None if changes cannot be noticed: somebody holds the array, a device has newer elements, or the kind of storage
    cannot be watched.
    """
    watch(storage)
    if not is_watched(storage) or is_held(storage, "array") or any(home.newer for home in _homes_of(storage)):
        return None
    return _marks.setdefault(storage, object())


def is_marked(storage: object, mark: object) -> bool:
    """Tells whether nobody can have changed the elements of a storage since `mark` returned this object."""
    return (
        _marks.get(storage) is mark
        and is_watched(storage)
        and not is_held(storage, "array")
        and not any(home.newer for home in _homes_of(storage))
    )


def _homes_of(storage: object) -> Collection[Home]:
    return homes.get(storage, {}).values()


def _end(storage: Any, kind: type) -> None:
    """Lets a storage be of its kind again: from now on nobody notices what is done with its elements."""
    storage.__class__ = kind
    _marks.pop(storage, None)


def raw(storage: Any, name: str) -> Array:
    """Returns an array of a storage as it is, without asking the device."""
    slot = places(_kind(type(storage))).get(name)
    array: Array | None = None if slot is None else slot.__get__(storage)
    return getattr(storage, name) if array is None else array


def is_held(storage: object, name: str) -> bool:
    """Tells whether somebody else holds an array of a watched storage, or a part of it."""
    array = places(_kind(type(storage)))[name].__get__(storage)
    base: Any = array.base
    return sys.getrefcount(array) > _OWNERS or (base is not None and sys.getrefcount(base) > _OWNERS)


def _kind(kind: Any) -> type:
    return getattr(kind, "_watched_kind", kind)


def _fetch(storage: Any) -> None:
    """Brings what the device has newer."""
    own = places(_kind(type(storage)))
    for name, home in homes.get(storage, {}).items():
        if home.newer:
            _marks.pop(storage, None)
            home.fetch(own[name].__get__(storage), f"{storage.label}")
    looks = _looks.pop(storage, None) if _looks else None
    for look in (looks or {}).values():
        look()


def _forget(storage: Any) -> None:
    """Lets what the device has newer be of no interest."""
    _marks.pop(storage, None)
    for home in homes.get(storage, {}).values():
        home.newer = False


@cache
def _watched(kind: type) -> type:
    """Returns a class like a kind of storage, whose objects become that kind when they are asked for their arrays."""
    own = places(kind)
    members: dict[str, Any] = {"__slots__": (), "_watched_kind": kind}
    members |= {slot.__name__: _asking(kind, slot) for slot in own.values()}
    members["__reduce_ex__"] = _sent(kind)
    if "array" in own:
        members |= _reading(kind, own["array"])
    return type(kind.__name__, (kind,), members)


def _sent(kind: Any) -> Callable[[Any, Any], Any]:
    """Returns how objects are copied, or sent elsewhere: with their elements, as what they were."""

    def reduced(self: Any, protocol: Any) -> Any:
        _fetch(self)
        _end(self, kind)
        return self.__reduce_ex__(protocol)

    return reduced


def _asking(kind: type, slot: MemberDescriptorType) -> property:
    """Returns the attribute by which Python asks for an array, or puts another one in its place."""

    def ask(self: Any) -> Array:
        _fetch(self)
        if not any(home.newer for home in homes.get(self, {}).values()):  # not if they are lost, and only looked at
            _end(self, kind)
        return slot.__get__(self)

    def replace(self: Any, array: Array) -> None:
        _fetch(self)
        _end(self, kind)
        slot.__set__(self, array)

    return property(ask, replace)


def _reading(kind: Any, slot: MemberDescriptorType) -> dict[str, Any]:
    """Returns what reads or sets all elements of a storage without changing some of them."""

    def fetched(self: Any) -> Array:
        _fetch(self)
        return slot.__get__(self)

    def readable(self: Any) -> Array:
        view = fetched(self).view()
        view.flags.writeable = False
        return view

    def take(self: Any, where: Any) -> Array:
        found = fetched(self)[where]
        return found.copy() if isinstance(where, slice) else found

    def fill(self: Any, value: object) -> None:
        _forget(self)
        _end(self, kind)
        self.fill(value)

    def set_values(self: Any, values: Any) -> None:
        if getattr(values, "shape", None) == slot.__get__(self).shape:
            _forget(self)
        _fetch(self)
        _end(self, kind)
        self.set_values(values)

    def when_here(self: Any, look: Callable[[], None]) -> None:
        if any(home.newer for home in homes.get(self, {}).values()):
            arguments = getattr(look, "args", look)
            _looks.setdefault(self, {})[arguments] = look
        else:
            look()

    found: dict[str, Any] = {
        "is_untouched": property(lambda self: not is_held(self, "array")),
        "when_here": when_here,
        "size": property(lambda self: int(slot.__get__(self).size)),
        "dtype": property(lambda self: slot.__get__(self).dtype),
        "basis": property(fetched),
        "readable": property(readable),
        "take": take,
        "fill": fill,
        "set_values": set_values,
    }
    if slot.__name__ == "_made":
        found |= {
            "uniform": None,
            "is_made": True,
            "kept_bytes": property(lambda self: slot.__get__(self).nbytes),
            "__getitem__": take,
        }
    return found


__all__ = ["Home", "homes", "is_held", "is_marked", "is_watched", "leave", "mark", "places", "raw", "watch"]
