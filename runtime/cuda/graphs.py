"""Launching the kernels of many steps together: they are recorded once, as a graph of the driver, and launched again.

A graph has 4, 8, 16, ... steps. All that its kernels are given stays the same from step to step, since the device
counts steps and rows itself; what differs between steps is which clocks tick. So a graph is known by this pattern.
Clocks are compared in whole multiples of a common step here, which gives the pattern that compiled code finds by times.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from ranvier.ir.device_words import LEAST_STEPS
from ranvier.runtime.cuda.driver import DeviceError, Driver

MOST_DENOMINATOR = 1000
"""Steps of clocks whose ratio has a greater denominator are not compared in whole numbers."""
EXACT = 1e-9
"""How far a ratio of steps may be from one of whole numbers."""

Pattern = tuple[int, ...]
"""For each step which clocks tick, as bits."""


class Clocks:
    """The clocks of a program, as far as the pattern of their ticks goes.

    Args:
        clocks: The clocks: `control` and `dt_`.
        calls: The positions of those in whose steps Python is called.
    """

    def __init__(self, clocks: Sequence[Any], calls: Sequence[int]) -> None:
        self._clocks = clocks
        self._calling = sum(1 << k for k in calls)
        self._ticks = _whole_steps([float(clock.dt_) for clock in clocks])

    @property
    def are_regular(self) -> bool:
        """Whether patterns can be told."""
        return self._ticks is not None

    def pattern(self, most: int) -> Pattern:
        """Returns which clocks tick in the next steps: so many, unless one of them ends or calls Python."""
        assert self._ticks is not None
        steps = [int(clock.control[0]) for clock in self._clocks]
        ends = [int(clock.control[1]) for clock in self._clocks]
        if len(steps) == 1:
            return (1,) * (0 if self._calling else max(min(most, ends[0] - steps[0]), 0))
        found: list[int] = []
        while len(found) < most:
            times = [step * tick for step, tick in zip(steps, self._ticks, strict=True)]
            now = min(times)
            if steps[times.index(now)] >= ends[times.index(now)]:
                break
            current = sum(1 << k for k, time in enumerate(times) if time == now)
            if current & self._calling:
                break
            found.append(current)
            steps = [step + (current >> k & 1) for k, step in enumerate(steps)]
        return tuple(found)

    def repeated(self, left: int, most: int) -> tuple[Pattern, int]:
        """Returns a pattern of the next steps that comes several times, and how often.

        Args:
            left: The most steps in all.
            most: The most steps of the pattern.
        """
        if len(self._clocks) == 1:
            pattern = self.pattern(left)
            return pattern[:1], len(pattern)
        pattern = self.pattern(min(left, most))
        if not pattern:
            return (), 0
        for length in range(1, len(pattern) // 2 + 1):
            if pattern[length:] == pattern[:-length]:
                return pattern[:length], len(pattern) // length
        return pattern[: _power(len(pattern))], 1


def _power(number: int) -> int:
    """Returns the greatest power of two that is not greater, 0 for 0."""
    return 1 << (number.bit_length() - 1) if number else 0


def _whole_steps(lengths: Sequence[float]) -> list[int] | None:
    """Returns lengths as multiples of one length, None if they are none."""
    shortest = min(lengths, default=0.0)
    if not shortest > 0:
        return None
    ratios = [Fraction(length / shortest).limit_denominator(MOST_DENOMINATOR) for length in lengths]
    if any(abs(float(r) * shortest - n) > EXACT * shortest for r, n in zip(ratios, lengths, strict=True)):
        return None
    common = int(np.lcm.reduce([ratio.denominator for ratio in ratios]))
    return [int(ratio * common) for ratio in ratios] if common <= MOST_DENOMINATOR else None


class Graphs:
    """The recorded steps of a program, for as long as everything is where it was.

    Args:
        driver: The driver.
        most: The most steps of a graph.
    """

    def __init__(self, driver: Driver, most: int) -> None:
        self._driver, self._most = driver, most
        self._known: dict[Pattern, tuple[Any, list[int]]] = {}
        self._place: bytes = b""
        self._end = weakref.finalize(self, _drop, driver, self._known)
        self.is_given_up = not most

    def at(self, place: bytes) -> None:
        """Forgets what was recorded, if what kernels are given is no longer the same."""
        if place != self._place:
            _drop(self._driver, self._known)
            self._place = place

    def run(
        self, clocks: Clocks, left: int, record: Callable[[int, int], None], counts: Sequence[npt.NDArray[np.int64]]
    ) -> int:
        """Launches graphs for as many steps as they can; returns how many are left.

        Args:
            clocks: The clocks.
            left: The most steps.
            record: Launches the kernels of so many steps one by one, by the function of a given address.
            counts: What the host counts meanwhile: the first number of each of these arrays.
        """
        while left >= LEAST_STEPS and not self.is_given_up:
            pattern = clocks.pattern(min(left, self._most))
            length = _power(len(pattern))
            if length < LEAST_STEPS:
                break
            before = [int(count[0]) for count in counts]
            try:
                self._launch(pattern[:length], length, record, counts)
            except (DeviceError, MemoryError):
                for count, number in zip(counts, before, strict=True):
                    count[0] = number
                if self._driver.is_lost:
                    raise
                self.is_given_up = True  # the host launches each kernel then
                break
            left -= length
        return left

    def _launch(
        self, pattern: Pattern, length: int, record: Callable[[int, int], None], counts: Sequence[npt.NDArray[np.int64]]
    ) -> None:
        known = self._known.get(pattern)
        if known is None:
            before = [int(count[0]) for count in counts]
            graph = self._driver.record(lambda: record(length, self._driver.launch))
            more = [int(count[0]) - number for count, number in zip(counts, before, strict=True)]
            self._known[pattern] = graph, more
            self._driver.replay(graph)
            return
        graph, more = known
        self._driver.replay(graph)
        for count, number in zip(counts, more, strict=True):
            count[0] += number


def _drop(driver: Driver, known: dict[Pattern, tuple[Any, list[int]]]) -> None:
    for graph, _ in known.values():
        driver.drop(graph)
    known.clear()


__all__ = ["Clocks", "Graphs"]
