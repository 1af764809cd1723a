"""Where the elements are listed for which an event happened in the last step."""

from __future__ import annotations

import numpy as np

from ranvier.actions.actions import EventSpace, Population
from ranvier.runtime.state import allocate


def new_event_space(label: str, size: int, population: Population) -> EventSpace:
    """Returns an empty list of events of a population.

    Args:
        label: "group.event".
        size: Number of elements of the population.
        population: The population.
    """
    return EventSpace(label, allocate(size, np.int32), allocate(1, np.int64), population)
