"""What is raised where work that was given to other processes does not come back."""

from __future__ import annotations

INTERRUPTED = "KeyboardInterrupt: the process that computed this set was interrupted."
"""Why a set is lost whose process got Ctrl-C, and not that of the sweep."""


class Lost(Exception):
    """A worker has died, or all of them are gone.

    Args:
        reason: For the failures of sets.
        is_over: Whether sets that are sent again would be lost as well.
    """

    def __init__(self, reason: str, *, is_over: bool) -> None:
        super().__init__(reason)
        self.reason, self.is_over = reason, is_over
