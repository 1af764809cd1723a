"""How often it is tried whether the values of all synapses of a neuron are equal: looking at all takes a while."""

from __future__ import annotations

MOST_PATIENT = 64
"""Runs after which it is tried again at the latest."""


class Patience:
    """Waits longer each time that it was tried in vain."""

    def __init__(self) -> None:
        self._failures = 0
        self._left = 0

    def note(self, *, is_equal: bool) -> None:
        """Takes in what was found."""
        self._failures = 0 if is_equal else self._failures + 1
        self._left = 0 if is_equal else min(2**self._failures, MOST_PATIENT)

    def waits(self) -> bool:
        """Tells whether it need not be tried before this run."""
        if not self._left:
            return False
        self._left -= 1
        return True
