"""`PopulationRateMonitor`: the rate of a group over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ranvier.actions.actions import Action, RecordRate
from ranvier.objects.groups.group import Group
from ranvier.objects.groups.subgroup import SpikeSource
from ranvier.objects.memory.arrays import Array
from ranvier.objects.monitors.rates import RateMonitor
from ranvier.public import public
from ranvier.runtime.columns import Column
from ranvier.runtime.recorder import Table
from ranvier.units import hertz, second

DOUBLE = np.dtype(np.float64)


@public
class PopulationRateMonitor(RateMonitor):
    """Records the number of spikes per neuron and time in each step.

    Args:
        source: A group with a threshold.
        name: The name.
        codeobj_class: Accepted for compatibility.
        dtype: Accepted for compatibility; rates are recorded in double precision.

    Attributes:
        source: The group.
        table: Where the recorded rows are: t and rate.

    Raises:
        ValueError: If the group does not spike.
    """

    def __init__(
        self, source: object, name: str = "ratemonitor*", codeobj_class: object = None, dtype: object = np.float64
    ) -> None:
        check_source(source, "spike", type(self).__name__)
        RateMonitor.__init__(self, source, when="end", order=0, name=name)
        columns = [(Column("t", DOUBLE, None, "s"), second.dim), (Column("rate", DOUBLE, None, "Hz"), hertz.dim)]
        self.table = Table([column for column, _ in columns], name=self.name)
        self._add_columns(columns)
        self._fix_attributes()

    def actions(self, run_namespace: Mapping[str, object]) -> Sequence[Action]:
        """Returns the recording."""
        start, stop = self.source.extent
        events = self.source.event_spaces["spike"]
        return (RecordRate(label=self.name, clock=self.clock, table=self.table, events=events, start=start, stop=stop),)

    def _rates(self) -> Array:
        return self.table.values("rate")

    def _binned(self, count: int) -> tuple[Array, Array]:
        rate, t = self.table.values("rate"), self.table.values("t")
        bins = rate.size // count
        return t[: bins * count : count].copy(), rate[: bins * count].reshape(bins, count).mean(axis=1)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, recording {self.source.name}>"


def check_source(source: object, event: str, what: str) -> None:
    if not (isinstance(source, SpikeSource) and isinstance(source, Group)):
        raise TypeError(
            f"{what} can only monitor groups producing spikes (such as NeuronGroup), but the given argument is of "
            f"type {type(source)}."
        )
    if event not in source.event_spaces:
        hint = " Did you forget to set a 'threshold'?" if event == "spike" else ""
        raise ValueError(f"Recorded group '{source.name}' does not define an event '{event}'.{hint}")
