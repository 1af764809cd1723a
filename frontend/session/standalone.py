"""Scripts for standalone devices: what runs, assignments and readings ask the program that is being recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol


class Program(Protocol):
    """The program that a standalone device records."""

    def expect_assignment(self, view: Any) -> None:
        """Takes note of values before the script sets them."""
        ...

    def note_assignment(
        self, view: Any, item: object, value: object, names: Callable[[], Mapping[str, object]]
    ) -> None:
        """Takes note of values that the script has set."""
        ...

    def note_seed(self, number: int | None) -> None:
        """Takes note of a seed that the script has set."""
        ...

    def note_call(self, obj: object, call: Callable[[], object]) -> None:
        """Takes note of another change of an object, which `call` makes again."""
        ...

    def check_readable(self, owner: object, name: str, variable: object = None) -> None:
        """Checks that something can be read.

        Raises:
            NotImplementedError: If runs that change it wait for `device.build()`.
        """
        ...

    def check_connectable(self, synapses: object) -> None:
        """Checks that synapses can be added.

        Raises:
            NotImplementedError: If a recorded run has the synapses.
        """
        ...


class Standalone:
    """The program that is being recorded.

    Attributes:
        program: None for devices that are not standalone.
    """

    program: ClassVar[Program | None] = None


def check_recorded(monitor: object) -> None:
    """Checks that a monitor is not read before the run in which it records.

    Args:
        monitor: The monitor.

    Raises:
        NotImplementedError: If the run waits for `device.build()`.
    """
    if Standalone.program is not None:
        Standalone.program.check_readable(monitor, "")
