"""Looking between passes: times, dumps, and comparison of what a program means before and after each.

Each observer is called as `run_pipeline` says. Several are joined with `all_of`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from ranvier.passes.facts.rounding import rounding_of
from ranvier.passes.pipeline import Observer


def all_of(*observers: Observer) -> Observer:
    """Returns an observer that calls others in order."""

    def observe(before: ModulePass | None, module: ModuleOp, after: ModulePass | None) -> None:
        for one in observers:
            one(before, module, after)

    return observe


@dataclass
class Timing:
    """Measures passes. The time that observers called after this one take is not counted.

    Attributes:
        seconds: The name and the duration of each pass that ran.
    """

    seconds: list[tuple[str, float]] = field(default_factory=list[tuple[str, float]])
    _start: float = 0.0

    def __call__(self, before: ModulePass | None, module: ModuleOp, after: ModulePass | None) -> None:
        """Ends the measurement of one pass; the next begins when `Timing` is called last by `restart`."""
        now = time.perf_counter()
        if before is not None:
            self.seconds.append((before.name, now - self._start))
        self._start = time.perf_counter()

    def restart(self, before: ModulePass | None, module: ModuleOp, after: ModulePass | None) -> None:
        """Returns an observer to call after slow ones, so that their time does not count."""
        self._start = time.perf_counter()

    def __str__(self) -> str:
        """Returns a table in milliseconds."""
        lines = [f"{duration * 1e3:9.3f} ms  {name}" for name, duration in self.seconds]
        total = sum(duration for _, duration in self.seconds)
        return "\n".join([*lines, f"{total * 1e3:9.3f} ms  in all"])


@dataclass
class DumpToDirectory:
    """Writes the module after each pass to numbered files: `00-input.mlir`, `01-fold-constants.mlir`, ...

    Attributes:
        directory: Where; it is made if it does not exist.
    """

    directory: Path
    _number: int = 0

    def __call__(self, before: ModulePass | None, module: ModuleOp, after: ModulePass | None) -> None:
        """Writes one file; the input of a further pipeline is there already."""
        if before is None and self._number:
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        name = "input" if before is None else before.name
        path = self.directory / f"{self._number:02}-{name}.mlir"
        path.write_text(f"{module!s}\n", encoding="utf-8")  # without !s it would be the repr
        self._number += 1


@dataclass
class PrintAfterAll:
    """Prints the module after each pass, with a heading.

    Attributes:
        file: Where, by default standard error.
    """

    file: TextIO | None = None
    _begun: bool = False

    def __call__(self, before: ModulePass | None, module: ModuleOp, after: ModulePass | None) -> None:
        """Prints one module; the input of a further pipeline has been printed already."""
        if before is None and self._begun:
            return
        self._begun = True
        heading = "Input" if before is None else f"After {before.name}"
        print(f"// ---- {heading} ----\n{module!s}\n", file=self.file or sys.stderr)


class MeaningChanged(AssertionError):
    """A pass changed what a program computes."""


@dataclass
class CompareMeaning:
    """Interprets the program after each pass and compares with the results before the first.

    Attributes:
        inputs: Makes the inputs of a run, the same each time (`ranvier.ir.interpret.ProgramInputs`).
        tolerance: The greatest relative difference of floats; passes within rounding need about 1e-12.
    """

    inputs: Callable[[], Any]
    tolerance: float = 0.0
    _expected: list[tuple[str, Any]] | None = None

    def __call__(self, before: ModulePass | None, module: ModuleOp, after: ModulePass | None) -> None:
        """Interprets, unless the module is already lowered.

        Raises:
            MeaningChanged: A result differs.
        """
        if not any(op.name == "snn.program" for op in module.ops):
            return
        found = self._run(module)
        if self._expected is None:
            self._expected = found
            return
        for (name, old), (_, new) in zip(self._expected, found, strict=True):
            if not self._same(old, new):
                raise MeaningChanged(_changed(before, name, old, new, self.tolerance))

    def _run(self, module: ModuleOp) -> list[tuple[str, Any]]:
        from ranvier.ir.interpret import interpret  # only comparisons interpret programs

        inputs = self.inputs()
        results: list[tuple[str, Any]] = [("the reason to stop", interpret(module, inputs))]
        for kind in ("states", "events", "sinks"):
            given = getattr(inputs, kind)
            items = given.items() if hasattr(given, "items") else enumerate(given)
            results += [(f"{kind} {label}", value) for label, value in items]
        return results

    def _same(self, old: Any, new: Any) -> bool:
        import numpy as np

        if isinstance(old, list | tuple):
            return len(old) == len(new) and all(self._same(a, b) for a, b in zip(old, new, strict=True))  # type: ignore[arg-type]
        old, new = np.asarray(old), np.asarray(new)
        if old.shape != new.shape:
            return False
        if old.dtype.kind != "f":
            return bool(np.array_equal(old, new))
        return bool(np.allclose(old, new, rtol=self.tolerance, atol=0.0, equal_nan=True))


def _changed(one: ModulePass | None, name: str, old: Any, new: Any, tolerance: float) -> str:
    """Returns what a pass changed: of arrays the first element that differs, with all of its digits."""
    import numpy as np

    text = f"{old!r} became {new!r}"
    try:
        before, after = np.asarray(old), np.asarray(new)
        if before.shape == after.shape and before.ndim:
            differs = ~((before == after) | ((before != before) & (after != after)))
            if before.dtype.kind == "f":
                differs &= ~np.isclose(before, after, rtol=tolerance, atol=0.0, equal_nan=True)
            place = tuple(int(k) for k in np.argwhere(differs)[0])
            of = f"{int(differs.sum())} of {differs.size} elements differ"
            text = f"element {place[0] if len(place) == 1 else place}: {before[place]} became {after[place]}; {of}"
    except (ValueError, TypeError, IndexError):
        pass  # rows of different lengths: they are shown as they are
    rounds = rounding_of(one) if one is not None else 0.0
    hint = f" (it may round, by {rounds:g}: compare within={rounds:g})" if rounds > tolerance else ""
    return f"{one.name if one else 'something'} changed {name}: {text}{hint}"
