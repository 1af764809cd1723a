"""How numpy computes the built-in functions that numpy does not have as such; plain SI values throughout."""

from __future__ import annotations

from typing import Any

import numpy as np

TIMESTEP_TOLERANCE = 1e-3
"""The part of a step by which a time may be off that `timestep` turns into a number of steps."""


def exprel(x: Any) -> Any:
    """Returns `(exp(x) - 1)/x` with its limit 1 at zero and without an overflow before the result itself overflows."""
    x = np.asarray(x, dtype=float)
    safe = np.where(x == 0, 1.0, x)
    with np.errstate(over="ignore", invalid="ignore"):
        half = np.exp(0.5 * np.where(safe > 700, safe, 0.0))
        result = np.where(safe > 700, half * (half / safe), np.expm1(safe) / safe)
    return np.where(x == 0, 1.0, result)[()]


def floor(x: Any) -> Any:
    """Returns the largest whole number not above x, as a float."""
    return np.floor(np.asarray(x, dtype=float))[()]


def ceil(x: Any) -> Any:
    """Returns the smallest whole number not below x, as a float."""
    return np.ceil(np.asarray(x, dtype=float))[()]


def truncate(x: Any) -> Any:
    """Returns the whole part of x (rounded toward zero), as an integer."""
    return np.asarray(x).astype(np.int64)[()]


def timestep(t: Any, dt: Any) -> Any:
    """Returns the number of whole steps in t, with `TIMESTEP_TOLERANCE` for rounding."""
    return truncate((np.asarray(t, dtype=float) + TIMESTEP_TOLERANCE * dt) / dt)


def rand(_vectorisation_idx: Any) -> Any:
    """Returns one uniform random number in [0, 1) per element."""
    return np.random.rand(np.size(_vectorisation_idx))


def randn(_vectorisation_idx: Any) -> Any:
    """Returns one standard normal random number per element."""
    return np.random.randn(np.size(_vectorisation_idx))


def poisson(lam: Any, _vectorisation_idx: Any) -> Any:
    """Returns one Poisson random number of mean `lam` per element."""
    return np.random.poisson(lam, np.size(_vectorisation_idx))
