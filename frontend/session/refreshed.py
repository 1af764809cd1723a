"""Objects that look before a run at what the script may have changed without telling them."""

from __future__ import annotations

import weakref
from typing import Protocol


class Refreshed(Protocol):
    """Something with a copy of what belongs to the script."""

    def refresh(self) -> None:
        """Takes over what the script has changed."""
        ...


_known: weakref.WeakSet[Refreshed] = weakref.WeakSet()


def refresh_with_runs(obj: Refreshed) -> None:
    """Lets an object be refreshed before each run."""
    _known.add(obj)


def no_more_with_runs(obj: Refreshed) -> None:
    """Leaves an object alone from now on."""
    _known.discard(obj)


def refresh_all() -> None:
    """Refreshes all that are known; called before a run."""
    for obj in list(_known):
        obj.refresh()
