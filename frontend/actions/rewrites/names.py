"""The names of the rewrites, in the order in which they are done: what a pipeline begins with."""

from __future__ import annotations

SHARE_TRACES = "share-traces"
COUNT_REFRACTORY_STEPS = "count-refractory-steps"
TABULATE_DRAWS = "tabulate-draws"

NAMES = (SHARE_TRACES, COUNT_REFRACTORY_STEPS, TABULATE_DRAWS)
