"""The names that a script sees where it calls the package."""

from __future__ import annotations

import os
import sys
from collections import ChainMap
from collections.abc import Mapping, MutableMapping
from types import FrameType
from typing import Any

from ranvier.public import public
from ranvier.session.given import is_a

_PACKAGE = __name__.partition(".")[0]
_STANDARD_LIBRARY = os.path.dirname(os.__file__) + os.sep


def caller_frame(level: int = 0) -> FrameType:
    """Returns the frame of the script: the innermost one outside of this package, or `level` frames further out."""
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame.f_back is not None and is_ours(frame):
        frame = frame.f_back
    for _ in range(level):
        frame = frame.f_back or frame
    return frame


def outer_frame(level: int = 1) -> FrameType:
    """Returns the frame that called the caller of this function, or one further out."""
    return sys._getframe(level + 1)  # pyright: ignore[reportPrivateUsage]


def is_ours(frame: FrameType) -> bool:
    """Tells whether a frame executes code of this package."""
    module = frame.f_globals.get("__name__", "")
    return module == _PACKAGE or module.startswith(_PACKAGE + ".")


def caller_namespace(level: int = 0) -> Mapping[str, Any]:
    """Returns the names that the calling script sees; local names win over global ones.

    Args:
        level: Number of frames to skip, for functions that call the package on behalf of their caller.
    """
    return _seen_from(caller_frame(level))


def _seen_from(frame: FrameType) -> Mapping[str, Any]:
    if frame.f_locals is frame.f_globals:
        return frame.f_globals
    return ChainMap(frame.f_locals, frame.f_globals)


def script_namespace() -> Mapping[str, Any]:
    """Returns the names that the script sees, also where an installed package, such as matplotlib, is what calls us."""
    frame = near = caller_frame()
    while frame.f_back is not None and _is_installed(frame):
        frame = frame.f_back
    return _seen_from(near if _is_installed(frame) else frame)


def _is_installed(frame: FrameType) -> bool:
    place = frame.f_code.co_filename
    return "site-packages" in place or "dist-packages" in place or place.startswith(_STANDARD_LIBRARY)


@public
def get_local_namespace(level: int = 0) -> dict[str, Any]:
    """Returns the names that the calling script sees, as a dictionary of its own."""
    frame = caller_frame(level)
    return {**frame.f_globals, **frame.f_locals}  # a hundred times as fast as a dictionary of a `ChainMap`


def held_namespace(namespace: Mapping[str, Any] | None) -> MutableMapping[str, Any]:
    """Returns what an object keeps of a `namespace` argument: the script's dictionary, whose changes it sees."""
    if isinstance(namespace, MutableMapping):
        return namespace
    return checked_dict("namespace", namespace)


def checked_dict(argument: str, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Returns a copy of an argument that takes a dictionary, empty for None.

    Raises:
        TypeError: If it is no dictionary.
    """
    try:
        return {} if given is None else dict(given)
    except (TypeError, ValueError):
        raise TypeError(f"{argument} takes a dictionary of names and values, not {given!r}.") from None


def names_given(namespace: Mapping[str, Any] | None, level: int = 0) -> Mapping[str, Any]:
    """Returns the names for texts: those of a `namespace` argument, or all that the calling script sees.

    Args:
        namespace: The argument; None if there is none.
        level: Number of frames to skip to find the script.

    Raises:
        TypeError: If it is no dictionary.
    """
    if namespace is None:
        return caller_namespace(level)
    return namespace if is_a(namespace, Mapping) else checked_dict("namespace", namespace)


def checked_namespace(namespace: Mapping[str, Any] | None) -> MutableMapping[str, Any]:
    """Returns the `namespace` argument of a group.

    Raises:
        ValueError: If a name begins with an underscore.
    """
    found = held_namespace(namespace)
    for name in found:
        if name.startswith("_"):
            raise ValueError(
                "Names starting with underscores are reserved for internal use and cannot be defined in the namespace "
                f"argument: {name}"
            )
    return found
