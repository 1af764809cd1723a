"""What names in code stand for at present, computed with numpy."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ranvier.actions import actions as act

Array = np.ndarray[Any, Any]


def bound_value(binding: act.Binding, elements: Array, offset: int = 0) -> Any:
    """Returns the present value of a binding for some elements; functions as callables of plain values.

    Args:
        binding: What a name stands for.
        elements: Numbers of the elements.
        offset: What is added to them: the offset of the action.
    """
    match binding:
        case act.Element(storage):
            return storage.take(elements + offset if offset else elements)
        case act.Indexed(storage):
            return storage.take(linked_places(binding, elements, offset))
        case act.Shared(storage):
            return storage.array[0]
        case act.Constant(value):
            return value
        case act.Time(what, clock):
            return {"t": clock.t_, "dt": clock.dt_, "t_in_timesteps": clock.timestep}[what]
        case act.OwnIndex():
            return elements
        case act.Lookup():
            return partial(looked_up, binding)
        case act.HostFunction():
            return _host_call(binding, elements.size)
        case act.CodeFunction(code, call):
            if not code.indexed:
                return call

            def indexed(*args: Any) -> Any:
                return call(*args, elements)

            return indexed


def linked_places(binding: act.Indexed, elements: Array, offset: int = 0) -> Array:
    """Returns the places of a linked variable's values in its array; see `bound_value`."""
    if binding.storage.size == 1:
        return np.zeros_like(elements)
    positions: Array = elements + offset
    if binding.index is None:
        return positions + binding.offset
    return checked_places(binding, "", positions, binding.index.take(positions))


def checked_places(
    binding: act.Indexed, name: str, elements: Array, index: Array, seconds: float | None = None
) -> Array:
    """Returns the places of a linked variable's values in its array.

    Args:
        binding: What the variable is linked to.
        name: The variable, "" if it is not known.
        elements: Numbers of elements.
        index: The index of each of them.
        seconds: The time during a run.

    Raises:
        IndexError: If there is no such place.
    """
    places: Array = index + binding.offset
    size = binding.storage.size
    wrong = np.flatnonzero((places < 0) | (places >= size))
    if wrong.size:
        assert binding.index is not None
        what = f"The linked variable '{name}'" if name else "A linked variable"
        when = "" if seconds is None else f" at t = {seconds:g} s"
        raise IndexError(
            f"{what} stands for a value of '{binding.storage.label}', which has {size}, but its index "
            f"'{binding.index.label}' is {places[wrong[0]]} for element {elements[wrong[0]]}{when}. It has to be "
            f"between 0 and {size - 1}."
        )
    return places


def looked_up(array: act.Lookup, t: Any, column: Any = None) -> Any:
    """Returns the values of a timed array: values[clip(int(round(t/epsilon)/per_bin), 0, bins-1)*columns + column].

    Negative columns count from the end, as in numpy.

    Raises:
        IndexError: If there is no such column.
    """
    ticks = np.floor(np.asarray(t, dtype=float) / array.epsilon + 0.5)
    position = np.clip((ticks / array.per_bin).astype(np.int64), 0, array.bins - 1)
    if column is not None and array.columns is not None:
        column = np.asarray(column, dtype=np.int64)
        wrong = column[(column < -array.columns) | (column >= array.columns)]
        if wrong.size:
            raise IndexError(
                f"The timed array '{array.label}' has the columns 0 to {array.columns - 1}, but column {wrong.flat[0]} "
                "was asked for."
            )
        position = position * array.columns + column % array.columns
    return array.values.array[position]


def _host_call(function: act.HostFunction, count: int) -> Callable[..., Any]:
    """Returns what calls a function of the script for some elements at once; errors name the function."""

    def called(*args: Any) -> Any:
        try:
            result = function.call(*args, np.arange(count)) if function.vectorise else function.call(*args)
        except Exception as error:
            error.add_note(f"This happened in the function '{function.label}'.")
            raise
        if np.shape(result) not in ((), (1,), (count,)):
            raise ValueError(
                f"The function '{function.label}' returned values of shape {np.shape(result)}, but it is called for "
                f"{count} element{'' if count == 1 else 's'} at once and has to return an array of shape ({count},), "
                "or one value for all."
            )
        return result

    return called
