"""`PopulationRateMonitor`: the rate of a group over time."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ranvier.actions.actions import Action, RecordRate
from ranvier.objects.monitors.monitor import Monitor
from ranvier.objects.monitors.rates import kernel, smoothed, steps_per_bin
from ranvier.runtime.columns import Column
from ranvier.runtime.recorder import Table
from ranvier.units import Quantity, hertz, second

DOUBLE = np.dtype(np.float64)


class PopulationRateMonitor(Monitor):
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
        self, source: Any, name: str = "ratemonitor*", codeobj_class: object = None, dtype: Any = np.float64
    ) -> None:
        check_source(source, "spike", type(self).__name__)
        super().__init__(source, when="end", order=0, name=name)
        columns = [(Column("t", DOUBLE, None, "s"), second.dim), (Column("rate", DOUBLE, None, "Hz"), hertz.dim)]
        self.table = Table([column for column, _ in columns], name=self.name)
        self._add_columns(columns)
        self._fix_attributes()

    def actions(self, run_namespace: Mapping[str, Any]) -> Sequence[Action]:
        """Returns the recording."""
        start, stop = self.source.extent
        events = self.source.event_spaces["spike"]
        return (RecordRate(label=self.name, clock=self.clock, table=self.table, events=events, start=start, stop=stop),)

    def smooth_rate(self, window: Any = "gaussian", width: Quantity | None = None) -> Quantity:
        """Returns the rate smoothed with a window.

        Args:
            window: "gaussian" or "flat", or an odd number of weights.
            width: Standard deviation of "gaussian", width of "flat".

        Raises:
            TypeError: If the width is missing or superfluous, or the weights are no vector of odd length.
            NotImplementedError: If there is no such window.
        """
        weights = kernel(window, width, self.clock.dt_)
        return Quantity(smoothed(self.table.values("rate"), weights), dim=hertz.dim)

    def binned_rate(self, bin_size: Quantity) -> tuple[Quantity, Quantity]:
        """Returns the start times of bins, and the mean rate in each.

        Args:
            bin_size: Width of the bins: a multiple of dt that divides the recorded time.

        Raises:
            ValueError: If it is not.
        """
        rate, t = self.table.values("rate"), self.table.values("t")
        count = steps_per_bin(bin_size, self.clock.dt_, rate.size)
        return (
            Quantity(t[::count].copy(), dim=second.dim),
            Quantity(rate.reshape(-1, count).mean(axis=1), dim=hertz.dim),
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, recording {self.source.name}>"


def check_source(source: Any, event: str, what: str) -> None:
    if not hasattr(source, "event_spaces"):
        raise TypeError(
            f"{what} can only monitor groups producing spikes (such as NeuronGroup), but the given argument is of "
            f"type {type(source)}."
        )
    if event not in source.event_spaces:
        hint = " Did you forget to set a 'threshold'?" if event == "spike" else ""
        raise ValueError(f"Recorded group '{source.name}' does not define an event '{event}'.{hint}")
