"""Spikes of a `SpikeGeneratorGroup` as the value of a key of a sweep: "generator.spikes"."""

from __future__ import annotations

import hashlib
from typing import cast

import numpy as np

from ranvier.objects.inputs.spikegeneratorgroup import SpikeGeneratorGroup
from ranvier.objects.memory.arrays import Array
from ranvier.session.given import is_a, is_text


class GivenSpikes:
    """The spikes of one set, checked, in the order of time.

    Args:
        indices: Which elements spike.
        times: When, in seconds.

    Attributes:
        indices: Which elements spike.
        times: When, in seconds.
    """

    def __init__(self, indices: Array, times: Array) -> None:
        self.indices = indices
        self.times = times

    @staticmethod
    def of(group: SpikeGeneratorGroup, value: object, where: str) -> GivenSpikes:
        """Returns spikes as a script gives them: a pair of indices and times, as `set_spikes` takes them.

        Args:
            group: The group that is to have them.
            value: The spikes.
            where: Of which set they are, for messages.

        Raises:
            DimensionMismatchError, IndexError, TypeError, ValueError: If they cannot be its spikes.
        """
        if isinstance(value, GivenSpikes):
            return value
        several = cast("tuple[object, ...]", value) if is_a(value, (list, tuple)) else ()
        if len(several) != 2 or any(map(is_text, several)):
            raise TypeError(
                f"'{group.name}.spikes' of {where} has to be a pair of indices and times, ([0, 1], [1, 2]*ms), not "
                f"{value!r}."
            )
        return GivenSpikes(*group.checked_spikes(*several, where=where))

    @property
    def values(self) -> Array:
        """All that they are, as one array of numbers."""
        return np.stack([self.indices.astype(float), self.times])

    def __repr__(self) -> str:
        mark = hashlib.sha256(self.values.tobytes()).hexdigest()[:8]
        return f"<{len(self.indices)} spikes, {mark}>"
