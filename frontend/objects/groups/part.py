"""Parts: what does something for a group, and goes into networks with it."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.variables.variables import Owner
from ranvier.session.given import is_text

G = TypeVar("G", bound=Owner)
"""The kind of group that a part does something for."""


class Part(BrianObject, Generic[G]):
    """An object that does something for a group and goes into networks with it.

    The group holds its parts; a part does not keep its group alive.

    Args:
        group: The group.
        keep: Whether the part keeps the group alive, because the group does not hold it.
        kwds: See `BrianObject`.
    """

    _is_named_after_group = True

    def __init__(self, group: G, *, keep: bool = False, **kwds: Any) -> None:
        if kwds.get("dt") is None and kwds.get("clock") is None:
            kwds["clock"] = group.clock
        if self._is_named_after_group:
            kwds["name"] = _name_of_part(group, kwds["name"])
        BrianObject.__init__(self, **kwds)
        self._group_ref: Callable[[], G | None] = (lambda: group) if keep else weakref.ref(group)

    @property
    def group(self) -> G:
        """The group."""
        group = self._group_ref()
        if group is None:
            raise ReferenceError(f"The group of '{self.name}' does not exist any more.")
        return group


def _name_of_part(group: object, wanted: str) -> str:
    """Returns the name of a new part: a trailing `*` becomes a number if the same group has a part of that name
    already.
    """
    stem = wanted.removesuffix("*") if is_text(wanted) else wanted
    if stem == wanted:
        return wanted
    find_holder = getattr(group, "holder", None)
    holder = group if find_holder is None else find_holder()
    taken = {part.name for part in getattr(holder, "contained_objects", ())}
    numbered = (f"{stem}_{number}" for number in range(1, len(taken) + 1))
    return next(name for name in (stem, *numbered) if name not in taken)
