"""What an integrator makes of differential equations: assignments that advance the variables by one step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ranvier.equations.expressions import Expr, shown

REACHED = "_reached"
"""The function `_reached(n, until)`: n >= until, compared as 32-bit integers."""


@dataclass(frozen=True, slots=True)
class Assign:
    """`target = expr`, for each element; later assignments see it.

    Beyond the model language an expression may hold `_normal(xi)`, one standard normal number per element, step and
    noise name, `_select(condition, a, b)`, and `_reached(n, until)`.
    """

    target: str
    expr: Expr

    def __str__(self) -> str:
        return f"{self.target} = {shown(self.expr)}"


@dataclass(frozen=True, slots=True)
class Propagator:
    """Entries of `exp(matrix*step)`, the propagator of a linear system.

    Attributes:
        targets: The name of each entry that is wanted, `None` elsewhere; of the shape of `matrix`.
        matrix: A square matrix, row by row.
        step: The time.
    """

    targets: tuple[tuple[str | None, ...], ...]
    matrix: tuple[tuple[Expr, ...], ...]
    step: Expr

    def __str__(self) -> str:
        names = "; ".join(", ".join(name or "_" for name in row) for row in self.targets)
        entries = "; ".join(", ".join(shown(entry) for entry in row) for row in self.matrix)
        return f"[{names}] = expm([{entries}]*{shown(self.step)})"


@dataclass(frozen=True, slots=True)
class Adaptive:
    """Variables after `step`, by inner steps that follow the error; see `ranvier.ir.adaptive`.

    Attributes:
        method: A name in `ranvier.ir.adaptive.TABLEAUS`.
        variables: The variables; `slopes`, in which they and `t` are those of a stage, are their derivatives.
        errors: The error that is allowed for each in an inner step.
        start: The time at the beginning.
        step: How far.
        begin: The inner step to begin with.
        most: The greatest number of good inner steps.
        is_adaptive: Whether inner steps follow the error, or are all as long as the first.
        results: Names for the new values.
        next_step: Name for the inner step to begin with next time.
        taken: Name for the number of good inner steps.
        repeated: Name for the number of repeated ones.
        stuck: Name for whether an element was given up: `most` steps were not enough, or no step was short enough.
    """

    method: str
    variables: tuple[str, ...]
    slopes: tuple[Expr, ...]
    errors: tuple[Expr, ...]
    start: Expr
    step: Expr
    begin: Expr
    most: int
    is_adaptive: bool
    results: tuple[str, ...]
    next_step: str
    taken: str
    repeated: str
    stuck: str

    @property
    def expressions(self) -> tuple[Expr, ...]:
        """All expressions; `with_parts` puts others in their place."""
        return (self.start, self.step, self.begin, *self.errors, *self.slopes)

    @property
    def targets(self) -> tuple[str, ...]:
        """All names that are assigned."""
        return (*self.results, self.next_step, self.taken, self.repeated, self.stuck)

    def with_parts(self, change: Callable[[Expr], Expr], rename: Callable[[str], str] = str) -> Adaptive:
        """Returns the same with its expressions and names changed."""
        return Adaptive(
            self.method,
            tuple(rename(name) for name in self.variables),
            tuple(change(slope) for slope in self.slopes),
            tuple(change(error) for error in self.errors),
            change(self.start),
            change(self.step),
            change(self.begin),
            self.most,
            self.is_adaptive,
            tuple(rename(name) for name in self.results),
            rename(self.next_step),
            rename(self.taken),
            rename(self.repeated),
            rename(self.stuck),
        )

    def __str__(self) -> str:
        names = ", ".join(self.targets)
        slopes = "; ".join(
            f"d{name}/dt = {shown(slope)} within {shown(error)}"
            for name, slope, error in zip(self.variables, self.slopes, self.errors, strict=True)
        )
        steps = f"steps that follow the error from {shown(self.begin)}" if self.is_adaptive else shown(self.begin)
        return (
            f"{names} = {self.method}({slopes}; from {shown(self.start)} by {shown(self.step)} in {steps}, "
            f"at most {self.most})"
        )


Line: TypeAlias = Assign | Propagator | Adaptive
