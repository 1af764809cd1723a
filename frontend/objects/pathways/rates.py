"""How often elements spike, guessed, given, or measured: it decides how the synapses of a pathway are stored."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ranvier.passes.facts.layouts import INTERVAL, decides
from ranvier.session.preferences import prefs
from ranvier.units import Quantity

PREFERENCE = "codegen.firing_rate"
"""The preference that says it: "guess", a rate, or "measured"."""

GUESSED, MEASURED = "guess", "measured"

LONGEST = 30
"""The largest power of two of steps between two spikes: elements that never spike."""


def expected_rate(measured: float | None) -> float | None:
    """Returns how often elements spike, in hertz; None: the compiler guesses.

    Args:
        measured: What a run has measured, None if none has.
    """
    asked = prefs[PREFERENCE]
    if asked == MEASURED:
        return measured
    if isinstance(asked, Quantity):
        return float(asked.item())
    return None if asked == GUESSED else float(asked)


def rate_facts(sizes: Mapping[str, int], rate: float | None, dt: float) -> tuple[tuple[str, int], ...]:
    """Returns the fact about a rate; none where it makes no difference, so that other rates compile nothing.

    Args:
        sizes: The other facts of the pathway.
        rate: In hertz; None: it is not known.
        dt: Seconds of a step.
    """
    if rate is None:
        return ()
    interval = LONGEST if rate * dt <= 2.0**-LONGEST else max(round(-math.log2(rate * dt)), 0)
    return ((INTERVAL, interval),) if decides(sizes, interval) else ()
