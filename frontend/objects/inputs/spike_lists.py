"""Lists of given spikes, as compiled code wants them: by step, with an end mark; see `ranvier.ir.emission`."""

from __future__ import annotations

import numpy as np

from ranvier.equations.function_values import TIMESTEP_TOLERANCE
from ranvier.ir.slots import NEVER
from ranvier.objects.groups.group import Group, VariableOwner
from ranvier.objects.memory.arrays import Array
from ranvier.objects.memory.plan import MemoryRow
from ranvier.objects.variables.variables import ArrayVariable
from ranvier.session.logger import get_logger
from ranvier.units import Quantity, second

logger = get_logger("ranvier.input.spikegeneratorgroup")

SPIKE_VARIABLES = ("spike_number", "neuron_index", "spike_time")
"""The variables of a group with a value for each spike, not for each element."""

LONGEST_PERIOD = 2**31 - 1
"""A period of more steps counts as none."""


BY_STEP = "spikes by step"
"""What the list of spikes is called that is made for a run, in tables of memory."""


def list_row(name: str, number: int, *, made: bool) -> MemoryRow:
    """Returns the memory of the list of a group: a step and an element for each spike, and for the end mark.

    Args:
        name: The name of the group.
        number: How many spikes there is room for.
        made: Whether the list is there already.
    """
    size = (number + 1) * (np.dtype(np.int64).itemsize + np.dtype(np.int32).itemsize)
    return MemoryRow(name, BY_STEP, number, size, size if made else 0)


def steps_of(times: Array, dt: float) -> Array:
    """Returns the steps in which times (seconds) fall, as `timestep` counts them."""
    return np.minimum((times + TIMESTEP_TOLERANCE * dt) / dt, float(2**62)).astype(np.int64)


def in_order(who: Array, when: Array) -> tuple[Array, Array]:
    """Returns elements and times of spikes in the order of time."""
    if not np.any(np.diff(when) <= 0):
        return who, when
    order = np.lexsort((who, when))
    return who[order], when[order]


def by_step(who: Array, when: Array, dt: float) -> tuple[Array, Array]:
    """Returns the steps of spikes, ascending, and the elements."""
    steps = steps_of(when, dt)
    if np.any(np.diff(steps) < 0):  # the times were said to be sorted, but are not
        order = np.argsort(steps, kind="stable")
        return steps[order], who[order]
    return steps, who


def twice_in_a_step(steps: Array, who: Array) -> tuple[int, int] | None:
    """Returns an element that spikes more than once in a step, and this step; None if there is none."""
    if not np.any((np.diff(steps) == 0) & (np.diff(who) <= 0)):
        return None
    order = np.lexsort((who, steps))
    steps, who = steps[order], who[order]
    twice = np.flatnonzero((np.diff(steps) == 0) & (np.diff(who) == 0))
    return (int(who[twice[0]]), int(steps[twice[0]])) if twice.size else None


def check_once_in_a_step(steps: Array, who: Array, name: str, dt: float) -> None:
    """Checks that no element spikes twice in a step.

    Args:
        steps: The steps of the spikes, ascending.
        who: The elements.
        name: The name of the group.
        dt: The length of a step, seconds.

    Raises:
        ValueError: If one does.
    """
    twice = twice_in_a_step(steps, who)
    if twice is not None:
        raise ValueError(
            f"Using a dt of {Quantity(dt, dim=second.dim)}, some neurons of SpikeGeneratorGroup '{name}' spike more "
            f"than once during a time step: neuron {twice[0]} at {Quantity(twice[1] * dt, dim=second.dim)}, for "
            "instance. Use a smaller dt, or remove spikes."
        )


def filled(steps: Array, who: Array, into: tuple[Array, Array]) -> None:
    """Writes a list into arrays that are longer: what is behind it are end marks."""
    into[0][:], into[0][: len(steps)] = NEVER, steps
    into[1][:], into[1][: len(who)] = 0, who


def first_place(steps: Array, now: int, period: int) -> int:
    """Returns the place in a list of the first spike that is not before a step."""
    return int(np.searchsorted(steps, now % period if period else now))


def period_in_steps(period: float, dt: float, name: str) -> int:
    """Returns how many steps a period has, 0 if there is none.

    Args:
        period: Seconds.
        dt: The length of a step, seconds.
        name: The name of the group.

    Raises:
        NotImplementedError: If it is no multiple of dt.
        ValueError: If it is less than a step.
    """
    if period == 0:
        return 0
    steps, step, shown = round(period / dt), Quantity(dt, dim=second.dim), Quantity(period, dim=second.dim)
    if steps > LONGEST_PERIOD:
        logger.warn(
            f"The period of '{name}', {shown}, is more than {LONGEST_PERIOD} steps of {step}: its spikes are not "
            "repeated.",
            "spikegenerator_long_period",
            once=True,
        )
        return 0
    if period < dt * (1 - TIMESTEP_TOLERANCE):
        raise ValueError(f"The period of '{name}' is {shown}, which is smaller than its dt of {step}.")
    if abs(steps * dt - period) > TIMESTEP_TOLERANCE * dt:
        raise NotImplementedError(
            f"The period of '{name}' is {shown}, which is not an integer multiple of its dt of {step}."
        )
    return steps


class SpikeList(VariableOwner):
    """The spikes of a group, as the owner of the variables with a value for each of them.

    Args:
        group: The group; it holds this object.
    """

    def __init__(self, group: Group) -> None:  # no name of its own: it is seen under the group's
        self._name, self._clock = group.name, group.clock
        self.namespace = group.namespace
        self.variables = {name: group.variables[name] for name in SPIKE_VARIABLES}

    @property
    def element_count(self) -> int:
        """Number of spikes."""
        times = self.variables["spike_time"]
        assert isinstance(times, ArrayVariable)
        return times.size
