"""Measures, in the first steps of a long run, how often neurons spike, so that synapses are stored for these rates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from ranvier.objects.pathways.pathway import SynapticPathway
from ranvier.objects.pathways.rates import MEASURED, PREFERENCE
from ranvier.runtime.simulation import Simulation
from ranvier.session.logger import get_logger
from ranvier.session.preferences import prefs

logger = get_logger("ranvier.synapses.synapses")

WARM_UP, SAMPLES, GAP = 30, 64, 17
"""How many looks at the spikes of a step count for nothing, since networks begin otherwise than they go on; how many
count; and the steps between two looks."""

LEAST_STEPS = 10 * (WARM_UP + SAMPLES) * GAP
"""Steps of a run in which it is worth it."""


def unmeasured(objects: Iterable[object]) -> list[SynapticPathway]:
    """Returns the pathways of a run whose rates it should measure: none, if the preferences do not ask for it."""
    if prefs[PREFERENCE] != MEASURED:
        return []
    found = [one for one in objects if isinstance(one, SynapticPathway) and one.measured_rate is None]
    return [one for one in found if one.active and one.clock.control[1] - one.clock.control[0] >= LEAST_STEPS]


def measure(pathways: Sequence[SynapticPathway], simulation: Simulation, watch: Callable[[], bool]) -> bool:
    """Runs the first steps of a run, and tells whether a pathway is to be stored otherwise from now on.

    Args:
        pathways: Those to measure.
        simulation: The run.
        watch: Called between the steps; returns true to stop.
    """
    if not pathways:
        return False
    counts = np.zeros(len(pathways))
    looks = 0

    def look() -> bool:
        nonlocal looks
        looks += 1
        if looks > WARM_UP:
            counts[:] += [_spikes(pathway) for pathway in pathways]
        return watch() or looks >= WARM_UP + SAMPLES

    simulation.advance(look, instants=GAP)
    changed = False
    for pathway, count in zip(pathways, counts, strict=True):
        elements, dt = pathway.source.element_count, float(pathway.clock.dt_)
        if looks > WARM_UP and elements:
            before = pathway.known_rate_facts
            pathway.measured_rate = float((count + 0.5) / ((looks - WARM_UP) * elements * dt))
            if pathway.known_rate_facts != before:
                changed = True
                logger.info(
                    f"'{pathway.source.name}' spikes {pathway.measured_rate:.3g} times a second: from now on the "
                    f"synapses of '{pathway.name}' are stored as is best for that.",
                    "firing_rate",
                )
    return changed


def _spikes(pathway: SynapticPathway) -> int:
    """Returns how many elements that count for a pathway have spiked in the last step."""
    space = pathway.source.event_spaces[pathway.event]
    start, stop = pathway.source.extent
    spikes = space.indices[: int(space.count[0])]
    return int(np.count_nonzero((spikes >= start) & (spikes < stop)))
