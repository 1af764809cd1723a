"""Calls of Python in random programs: what is done there, for the interpreter and for machine code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from ranvier.text.run import TextRun

Array = npt.NDArray[Any]
Calls = Sequence[tuple[str, ...]]
"""For each function that is called, what it gets: labels of states, and "e" for the events."""

TYPES = {
    **dict.fromkeys("abc", "tensor<?xf64>"),
    **{"n": "tensor<?xi32>", "s": "tensor<1xf64>", "e": "!snn.events"},
}
"""What may be given to them, and the types."""

MOST = 64.0
"""What numbers are after a call, at most."""


def change(given: Mapping[str, Array]) -> None:
    """Changes what a function is given, in place: numbers by half of the events there are, whole numbers by bits."""
    more = 0.5 * len(given.get("e", "x"))
    for label, array in given.items():
        if label == "n":
            array[...] = np.multiply(array, np.int32(3)) ^ np.int32(1)
        elif label != "e":
            array[...] = np.minimum(array + more, MOST)


def for_the_interpreter(calls: Calls) -> list[Callable[[list[Array]], None]]:
    """Returns the functions as `ranvier.ir.interpret` takes them."""

    def function(labels: tuple[str, ...]) -> Callable[[list[Array]], None]:
        return lambda values: change(dict(zip(labels, values, strict=True)))

    return [function(labels) for labels in calls]


class ForMachineCode(Sequence[Callable[[], None]]):
    """The functions as a run takes them, which they belong to; it is said when it is there.

    Args:
        calls: What they get.
    """

    run: TextRun

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def __len__(self) -> int:
        return len(self._calls)

    def __getitem__(self, number: Any) -> Any:
        run, labels = self.run, self._calls[cast(int, number)]
        given: dict[str, Array] = {label: run.events[label] if label == "e" else run.states[label] for label in labels}
        return lambda: change(given)
