"""White noise in right-hand sides: `f + g_1*xi_1 + g_2*xi_2`."""

from __future__ import annotations

from ranvier.equations.build import is_number
from ranvier.equations.expressions import Expr, names, shown
from ranvier.equations.identifiers import is_noise
from ranvier.equations.linear import linear_parts, polynomial


def split_noise(expr: Expr, variable: str) -> tuple[Expr, dict[str, Expr]]:
    """Separates a right-hand side into its deterministic part and the factor of each noise.

    Args:
        variable: Whose derivative it is, for the message.

    Raises:
        ValueError: The noise does not enter linearly.
    """
    noises = {name for name in names(expr) if is_noise(name)}
    if not noises:
        return expr, {}
    parts = linear_parts(polynomial(expr, noises), noises)
    if parts is None:
        raise ValueError(
            f"The equation of '{variable}', '{shown(expr)}', cannot be separated into a part without noise and "
            "factors of the noise: write it as f + g*xi."
        )
    drift = parts.pop("")
    return drift, {name: factor for name, factor in sorted(parts.items()) if not is_number(factor, 0)}
