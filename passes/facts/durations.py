"""About how long things take: what layouts, threads and lowering reckon with. Nothing of xDSL is imported here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ELEMENT, OPERATION, COSTLY, CALL, INNER_STEPS = 200, 50, 700, 1500, 100_000
"""Picoseconds for an element: to load and store it, for an operation, for one that takes long (a division, a function),
for a call, for inner steps. Measured with vectors of 512 bits, the element in the nearest cache."""

DRAWS: Mapping[str, int] = MappingProxyType(
    {"uniform": 1100, "normal": 1100, "tabulated": 500, "poisson": 40_000, "binomial": 40_000}
)
"""Picoseconds for a random number, by its distribution. Measured: 1.0 to 1.1 ns for the first two, 0.4 to 0.6 ns by a
table. The last two are found by search: 23, 50 and 81 ns for means of 0.05, 2 and 30."""

SYNAPSE = 1
"""Nanoseconds for a synapse that a spike reaches."""
