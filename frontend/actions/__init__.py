"""What objects ask of a step, what that reads and writes, and how Python does it."""

from __future__ import annotations


class FunctionError(Exception):
    """A function of the script, called by the code of an object, raised `__cause__`.

    Attributes:
        label: The name of the object.
    """

    def __init__(self, label: str) -> None:
        super().__init__(label)
        self.label = label
