"""Pictures of what networks record and what they are made of (the extra `plot`).

from ranvier import plots
plots.raster(spikes)
plots.traces(states, "v")

Each function draws into the axes that it is given, or into matplotlib's present ones, and returns them. Axes
have units. matplotlib is loaded by the first call.
"""

from __future__ import annotations

from ranvier.plots.connections import connectivity, weights
from ranvier.plots.shapes import dendrogram, morphology
from ranvier.plots.sweeps import sweep
from ranvier.plots.times import raster, rates, traces

__all__ = ["connectivity", "dendrogram", "morphology", "raster", "rates", "sweep", "traces", "weights"]
