"""Progress reports of a run."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Callable
from typing import Any, TextIO

from ranvier.public import public_in
from ranvier.units import Quantity, second

Report = Callable[[Quantity, float, Quantity, Quantity], object]
"""Called with elapsed wall time, completed fraction, start time and duration of the run."""

REPORT_PERIOD = Quantity(10.0, dim=second.dim)
"""Wall time between two reports, unless a run is given another one."""


def _seconds(value: float) -> Quantity:
    return Quantity(value, dim=second.dim)


def format_seconds(value: float) -> str:
    """Returns a wall time as text, without the fraction of a second: < 1s, 3s, 2m 5s, 1d 0h 2m 5s."""
    rest = int(value)
    parts: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if rest >= size or parts:
            parts.append(f"{rest // size}{unit}")
            rest %= size
    if not parts and value < 1:
        return "< 1s"
    return " ".join([*parts, f"{rest}s"])


@public_in("ranvier.core.network")
class TextReport:
    """Prints lines: start, progress with the estimated rest, end.

    Args:
        stream: Where to, e.g. `sys.stdout`; None, which that is in a program without a terminal: nowhere.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self.stream = or_nowhere(stream)

    def __call__(self, elapsed: Quantity, completed: float, start: Quantity, duration: Quantity) -> None:
        """Prints one line."""
        if completed == 0.0:
            text = f"Starting simulation at t={start} for a duration of {duration}"
        else:
            percent = int(completed * 100)
            text = f"{completed * duration} ({percent}%) simulated in {format_seconds(float(elapsed))}"
            if completed < 1.0:
                rest = float(elapsed) / completed * (1 - completed)
                text += f", estimated {format_seconds(round(rest))} remaining."
        self.stream.write(text + "\n")
        self.stream.flush()


class GrowingLine:
    """One line, which is written again and again; never longer than that of the terminal, where it would stay.

    Args:
        stream: Where to; None: nowhere.
    """

    SHORTEST = 5
    """Characters that a bar in it has at least."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = or_nowhere(stream)
        self._length = 0

    def bar_width(self, wanted: int, besides: int) -> int:
        """Returns how many characters of a bar there is room for.

        Args:
            wanted: How many it should have.
            besides: The characters that the line has besides.
        """
        return max(min(self.SHORTEST, wanted), min(wanted, _columns() - besides))

    def write(self, text: str) -> None:
        """Writes the line anew."""
        line = text[: _columns()]
        self._stream.write(f"\r{line:<{self._length}}")
        self._stream.flush()
        self._length = len(line)

    def end(self) -> None:
        """Ends the line."""
        self._stream.write("\n")
        self._stream.flush()


def or_nowhere(stream: TextIO | None) -> TextIO:
    """Returns a stream, or one that forgets what is written: a program without a terminal has no `sys.stdout`."""
    return _Nowhere() if stream is None else stream


class _Nowhere(io.StringIO):
    def write(self, text: str, /) -> int:
        return len(text)


def _columns() -> int:
    return shutil.get_terminal_size((120, 24)).columns - 1


class ProgressBar:
    """Draws one line that grows: on a terminal in place, in a notebook as a display that is updated.

    Args:
        stream: Where to draw on a terminal; None: nowhere.
        width: Characters of the bar; fewer where the terminal has no room for them.
    """

    def __init__(self, stream: TextIO | None, width: int = 30) -> None:
        self._line = GrowingLine(stream)
        self.width = width
        self._display: Any = None

    def __call__(self, elapsed: Quantity, completed: float, start: Quantity, duration: Quantity) -> None:
        """Draws the bar."""
        seconds = float(elapsed)
        text = f"of {duration}, {format_seconds(seconds)}"
        if 0 < completed < 1:
            text += f", {format_seconds(round(seconds / completed * (1 - completed)))} left"
        width = self._line.bar_width(self.width, 9 + len(text))
        text = f"{completed * 100:3.0f} % [{'#' * int(completed * width):<{width}}] {text}"
        if _in_notebook():
            self._draw_in_notebook(text)
        else:
            self._line.write(text)
            if completed >= 1:
                self._line.end()

    def finish(self, completed: float) -> None:
        """Ends the line of a run that was stopped."""
        if completed < 1 and not _in_notebook():
            self._line.end()

    def _draw_in_notebook(self, text: str) -> None:
        from IPython.display import display  # pyright: ignore

        content = {"text/plain": text}
        if self._display is None:
            self._display = display(content, raw=True, display_id=True)
        else:
            self._display.update(content, raw=True)


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and shell.__class__.__name__ == "ZMQInteractiveShell"


def make_report(report: str | Report | None) -> Report | None:
    """Returns the function for a `report` argument.

    Raises:
        ValueError: If it is a string other than 'text', 'stdout', 'stderr', 'bar'.
        TypeError: If it is neither a string nor callable.
    """
    if report is None or callable(report):
        return report
    match report:
        case "text" | "stdout":
            return TextReport(sys.stdout)
        case "stderr":
            return TextReport(sys.stderr)
        case "bar":
            return ProgressBar(sys.stderr)
        case str():
            raise ValueError(
                f"The report argument {report!r} is not known: use 'text' (or 'stdout'), 'stderr', 'bar', "
                "or a function of (elapsed, completed, start, duration)."
            )
        case _:
            raise TypeError(f"report is a string or a function, not {report!r}.")


class Progress:
    """Calls a report at the start, every `period` of wall time, and at the end."""

    def __init__(self, report: Report | None, period: float, start: float, duration: float) -> None:
        self.report = report
        self.period = period
        self.start = _seconds(start)
        self.duration = _seconds(duration)
        self._length = duration
        self._next = period
        self._told = -1.0

    def begin(self) -> None:
        """Reports that the run starts."""
        if self.report is not None:
            self.report(_seconds(0.0), 0.0, self.start, self.duration)

    def update(self, elapsed: float, time: float) -> None:
        """Reports, if it is time to, that the network has reached `time` (seconds) after `elapsed` seconds."""
        if self.report is not None and elapsed >= self._next:
            self._told = self._fraction(time)
            self.report(_seconds(elapsed), self._told, self.start, self.duration)
            self._next = elapsed + self.period

    def end(self, elapsed: float, time: float | None) -> float:
        """Reports the end.

        Args:
            elapsed: Wall time in seconds.
            time: Where the network has stopped, in seconds; None: the run is complete.

        Returns:
            The fraction that was completed.
        """
        done = 1.0 if time is None else self._fraction(time)
        if self.report is not None:
            if time is None or done != self._told or not isinstance(self.report, TextReport):  # not the same line twice
                self.report(_seconds(elapsed), done, self.start, self.duration)
            if isinstance(self.report, ProgressBar):
                self.report.finish(done)
        return done

    def _fraction(self, time: float) -> float:
        done = (time - float(self.start)) / self._length if self._length else 1.0
        return min(max(done, 0.0), 1.0)
