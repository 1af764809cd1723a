"""Rates from recorded events: smoothed, or in bins."""

from __future__ import annotations

import math

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.objects.monitors.monitor import Monitor
from ranvier.public import public_in
from ranvier.public.argument_names import explains_arguments
from ranvier.session.logger import get_logger
from ranvier.units import DimensionMismatchError, Quantity, check_units, get_dimensions, hertz, second

logger = get_logger("ranvier.monitors.ratemonitor")

TOLERANCE = 1e-6
"""Two times closer than this fraction of a step are the same."""


def kernel(window: object, width: Quantity | None, dt: float) -> Array:
    """Returns the weights with which a rate is smoothed; their sum is 1.

    Args:
        window: "gaussian": exp(-k^2/(2 (width/dt)^2)) for |k| <= round(2 width/dt); "flat": a box of
            the smallest odd number of steps that is as wide; or the weights themselves.
        width: Standard deviation, or width of the box.
        dt: The step of the rate, seconds.

    Raises:
        TypeError: If the width is missing or superfluous, or weights are not one-dimensional and of odd number.
        NotImplementedError: If there is no such window.
    """
    if isinstance(window, str):
        weights = _named_kernel(window, _checked_width(width=width), dt)
    else:
        if width is not None:
            raise TypeError("An array of weights has its own width: leave width out.")
        weights = np.asarray(window, dtype=float)
        if weights.ndim != 1:
            raise TypeError(f"The weights of a window are an array with one axis, not of shape {weights.shape}.")
        if weights.size % 2 != 1:
            raise TypeError(f"A window has an odd number of weights, one of them in the middle, not {weights.size}.")
    return weights / weights.sum()


def _checked_width(width: Quantity | None) -> float:
    if width is None:
        raise TypeError("The windows 'gaussian' and 'flat' need a width, e.g. smooth_rate(width=5*ms).")
    if get_dimensions(width) is not second.dim:
        raise DimensionMismatchError(
            "Function 'smooth_rate' expected a quantity with unit s for argument 'width', e.g. 5*ms, "
            f"but got '{width}'",
            get_dimensions(width),
        )
    return float(width)


def _named_kernel(window: str, width: float, dt: float) -> Array:
    if window == "gaussian":
        reach = int(np.round(2 * width / dt))
        steps = np.arange(-reach, reach + 1)
        return np.exp(-(steps**2) * 1.0 / (2 * (width / dt) ** 2))
    if window == "flat":
        count = max(math.ceil(width / dt - TOLERANCE), 1) | 1
        used = count * dt
        if abs(used - width) > TOLERANCE * dt:
            logger.info(
                f"width adjusted from {Quantity(width, dim=second.dim)} to {Quantity(used, dim=second.dim)}",
                "adjusted_width",
                once=True,
            )
        return np.ones(count)
    raise NotImplementedError(f"There is no window {window!r}: use 'gaussian', 'flat', or an array of weights.")


def smoothed(rate: Array, weights: Array) -> Array:
    """Returns a rate (or one per row) smoothed with weights; beyond its ends it counts as 0.

    As in Brian there are as many values as weights, if that is more.
    """
    if rate.ndim == 1:
        return np.convolve(rate, weights, mode="same")
    count = max(rate.shape[1], weights.size) if rate.shape[1] else 0
    return np.array([np.convolve(row, weights, mode="same") for row in rate]).reshape(len(rate), count)


@check_units(bin_size=second)
def steps_per_bin(bin_size: Quantity, dt: float) -> int:
    """Returns the number of time steps in a bin.

    Args:
        bin_size: A time.
        dt: The time step, seconds.

    Raises:
        ValueError: If the bin is no multiple of the step.
    """
    size = float(bin_size)
    count = round(size / dt)
    if count < 1 or abs(count * dt - size) > TOLERANCE * dt:
        raise ValueError(f"bin_size has to be a multiple of dt ({Quantity(dt, dim=second.dim)}), it is {bin_size}.")
    return count


@public_in("ranvier.monitors.ratemonitor")
class RateMonitor(Monitor):
    """A monitor whose records make rates."""

    @explains_arguments
    def smooth_rate(self, window: object = "gaussian", width: Quantity | None = None) -> Quantity:
        """Returns the rate at each step, smoothed with a window; of monitors of events that of each element (rows).

        Args:
            window: "gaussian" or "flat", or an odd number of weights.
            width: Standard deviation of "gaussian", width of "flat".

        Raises:
            TypeError: If the width is missing or superfluous, or the weights are no vector of odd length.
            NotImplementedError: If there is no such window.
        """
        weights = kernel(window, width, self.clock.dt_)
        return Quantity(smoothed(self._rates(), weights), dim=hertz.dim)

    def binned_rate(self, bin_size: Quantity) -> tuple[Quantity, Quantity]:
        """Returns the start times of bins, and the rate in each; of monitors of events that of each element (rows).

        An incomplete last bin is left out.

        Args:
            bin_size: Width of the bins: a multiple of dt.

        Raises:
            ValueError: If it is not.
        """
        times, rates = self._binned(steps_per_bin(bin_size, self.clock.dt_))
        return Quantity(times, dim=second.dim), Quantity(rates, dim=hertz.dim)

    def _rates(self) -> Array:
        """Returns the rate in each step (last axis)."""
        raise NotImplementedError

    def _binned(self, count: int) -> tuple[Array, Array]:
        """Returns the start times of the complete bins of `count` steps, and the rate in each (last axis)."""
        raise NotImplementedError
