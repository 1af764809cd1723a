"""What an integrator makes of differential equations: assignments that advance the variables by one step."""

from __future__ import annotations

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


Line: TypeAlias = Assign | Propagator
