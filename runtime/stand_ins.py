"""Arrays, events and clocks that belong to no network: inputs of programs for runs of their own. They are picklable."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ranvier.runtime.state import address, allocate

Array = npt.NDArray[Any]


@dataclass(eq=False)
class PlainState:
    """An array that belongs to no network: an input of a program for a run of its own.

    Attributes:
        array: The elements.
        frozen: Whether nobody changes them.
        population: Whose elements they are: nobody's.
    """

    array: Array
    frozen: bool = False
    population: object = None

    @property
    def readable(self) -> Array:
        """The elements."""
        return self.array

    @property
    def basis(self) -> Array:
        """What the elements follow from: themselves."""
        return self.array

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state | {"array": _placed(state["array"])})


@dataclass(eq=False)
class PlainEvents:
    """Events that belong to no network.

    Attributes:
        indices: The elements that have an event; the first `count[0]` are valid.
        count: How many.
    """

    indices: npt.NDArray[np.int32]
    count: npt.NDArray[np.int64]

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update({name: copy_of(array) for name, array in state.items()})


@dataclass(eq=False)
class PlainClock:
    """A clock that is advanced without the network's being so.

    Attributes:
        control: The step, and that of the end.
        dt_: The length of a step, seconds.
    """

    control: npt.NDArray[np.int64]
    dt_: float


@dataclass(eq=False)
class PlainCounter:
    """The table of a monitor that only counts."""

    control: npt.NDArray[np.int64]
    buffers: tuple[Array, ...] = ()


_laid_out: list[tuple[int, int]] = []
"""Where arrays are aligned and have room behind them: from which addresses to which."""


@contextlib.contextmanager
def laid_out(start: int, stop: int) -> Generator[None, None, None]:
    """Lets arrays be unpickled without a copy that stand in memory as native code wants them."""
    _laid_out.append((start, stop))
    try:
        yield
    finally:
        _laid_out.remove((start, stop))


def _placed(array: Array) -> Array:
    """Returns an array as native code wants it, a copy if it is not so."""
    at = address(array)
    return array if any(start <= at < stop for start, stop in _laid_out) else copy_of(array)


def copy_of(array: Array) -> Array:
    """Returns a copy of an array that native code may use."""
    made = allocate(array.size, array.dtype)
    made[:] = array
    return made
