"""Objects that go without ever having been part of a run, e.g. since the script kept them nowhere."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterable
from typing import ClassVar, Protocol

from ranvier.session.logger import BrianLogger, get_logger
from ranvier.session.preferences import prefs

PREFERENCE = "logging.warn_for_unused_objects"

logger = get_logger("ranvier.core.base")


class Missed(Protocol):
    """An object that may never have been part of a run."""

    @property
    def name(self) -> str:
        """The name."""
        ...

    @property
    def is_unused(self) -> bool:
        """Whether magic runs would take the object, and none has."""
        ...

    def creation_place(self) -> str:
        """Returns where the object was created."""
        ...


class Unused:
    """What is known of objects that no run has taken."""

    made: ClassVar[int] = 0
    """How many objects have been made."""

    looked_at: ClassVar[int] = 0
    """How many of them had been made when they were last looked at."""

    kept: ClassVar[weakref.WeakSet[Missed]] = weakref.WeakSet()
    """Those that something still held then."""


def warn_of_unused(obj: Missed) -> None:
    """Warns that an object goes that was never part of a run."""
    if not prefs[PREFERENCE] or BrianLogger.exception_occured:
        return
    say = logger.warn if prefs.is_explicit(PREFERENCE) else logger.remark_in_passing
    say(
        f"The object '{obj.name}' is getting deleted, but was never part of a run. Keep it in a variable that "
        "the script sees when it calls run(), or add it to a Network.\n"
        f"The object was created here:\n{obj.creation_place()}",
        "unused_brian_object",
    )


def collect_unused(objects: Iterable[Missed]) -> None:
    """Collects garbage before a run, so that warnings of unused objects come in time.

    Only where an object has been made since, and no run has taken it: collecting takes longer than a short run.

    Args:
        objects: All objects that there are.
    """
    if Unused.made == Unused.looked_at or not prefs[PREFERENCE]:
        return
    Unused.looked_at = Unused.made
    unused = weakref.WeakSet(obj for obj in objects if obj.is_unused)
    if any(obj not in Unused.kept for obj in unused):
        gc.collect()
        Unused.kept.update(unused)
