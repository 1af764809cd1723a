"""Reports of a sweep: sets done, how many a second, time left, failures."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO, cast

from ranvier.objects.networks.report import GrowingLine, format_seconds, or_nowhere

TEXT_SECONDS = 10.0
"""Wall time between two lines."""
BAR_SECONDS = 0.2
"""Wall time between two pictures of the bar."""
RATE_SECONDS = 30.0
"""The rate, and the time that is left, follow from so much wall time."""


@dataclass(frozen=True)
class SweepProgress:
    """How far a sweep has come.

    Attributes:
        total: The number of sets.
        done: How many were done, failures and those of an earlier call among them.
        failed: How many have failed.
        elapsed: Wall time, seconds.
        per_second: Sets done a second, in the last `RATE_SECONDS` of this call: some sets take longer than others.
    """

    total: int
    done: int
    failed: int
    elapsed: float
    per_second: float

    @property
    def left(self) -> float | None:
        """Seconds until the end, as far as can be said."""
        return (self.total - self.done) / self.per_second if self.per_second else None

    def __str__(self) -> str:
        text = f"{self.done} of {self.total} sets ({100 * self.done // max(self.total, 1)}%) in "
        text += format_seconds(self.elapsed)
        if self.per_second:
            text += f", {self.per_second:.3g} sets/s"
        if self.left is not None and self.done < self.total:
            text += f", {format_seconds(round(self.left))} left"
        return text + (f", {self.failed} failed" if self.failed else "")


SweepReport = Callable[[SweepProgress], object]
"""Called from time to time."""


class Reporter:
    """Tells how far a sweep has come.

    Args:
        report: None, "text", "stdout", "stderr", "bar", or a function of a `SweepProgress`.
        total: The number of sets.
        done: How many of them were done before.

    Raises:
        ValueError: If the report is not known.
    """

    def __init__(self, report: object, total: int, done: int) -> None:
        self._tell, self._period = _report_of(report)
        self._total = total
        self._began = self._last = time.monotonic()
        self._burst: float | None = None  # when the first of sets that were computed together has come
        self._lately = deque([(self._began, done)])

    def note(self, done: int, failed: int, *, has_more: bool = False) -> None:
        """Takes note of how many sets were done, and tells it if it is time.

        Args:
            done: How many.
            failed: How many of them have failed.
            has_more: Whether others follow at once: the first of many that were computed together say nothing of how
                long the rest takes.
        """
        now = time.monotonic()
        if not has_more:
            self._burst = None
        elif self._burst is None:
            self._burst = now
        if now - max(self._last, self._burst or 0.0) >= self._period:
            self._last = now
            self._lately.append((now, done))
            while now - self._lately[1][0] > RATE_SECONDS:
                self._lately.popleft()
            self._report(done, failed)

    def end(self, done: int, failed: int) -> None:
        """Tells the last state."""
        self._report(done, failed)
        if isinstance(self._tell, _Bar):
            self._tell.end()

    def _report(self, done: int, failed: int) -> None:
        if self._tell is not None:
            now = time.monotonic()
            begin, before = self._lately[0]
            rate = (done - before) / (now - begin) if now > begin else 0.0
            self._tell(SweepProgress(self._total, done, failed, now - self._began, rate))


def check_report(report: object) -> None:
    """Checks the argument `report` of a sweep.

    Raises:
        ValueError: If it is not known.
    """
    _report_of(report)


def _report_of(report: object) -> tuple[SweepReport | None, float]:
    match report:
        case None:
            return None, float("inf")
        case "text" | "stdout":
            return _Lines(sys.stdout), TEXT_SECONDS
        case "stderr":
            return _Lines(sys.stderr), TEXT_SECONDS
        case "bar":
            return _Bar(sys.stderr), BAR_SECONDS
        case _ if callable(report):
            return cast(SweepReport, report), BAR_SECONDS
        case _:
            raise ValueError(
                f"The report argument {report!r} is not known: use 'text' (or 'stdout'), 'stderr', 'bar', or a "
                "function of one argument, which has done, total, failed, per_second and left."
            )


class _Lines:
    def __init__(self, stream: TextIO | None) -> None:
        self._stream = or_nowhere(stream)

    def __call__(self, progress: SweepProgress) -> None:
        self._stream.write(f"{progress}\n")
        self._stream.flush()


class _Bar:
    WIDTH = 30

    def __init__(self, stream: TextIO | None) -> None:
        self._line = GrowingLine(stream)
        self.end = self._line.end

    def __call__(self, progress: SweepProgress) -> None:
        text = str(progress)
        width = self._line.bar_width(self.WIDTH, len(text) + 3)
        self._line.write(f"[{'#' * (width * progress.done // max(progress.total, 1)):<{width}}] {text}")
