"""The sets of a sweep: from `over` to the values of each set."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np

from ranvier.equations.source import one_of
from ranvier.objects.inputs.timedarray import TimedArray
from ranvier.objects.memory.arrays import Array
from ranvier.objects.networks.sweeps.columns import column_of
from ranvier.objects.networks.sweeps.given_spikes import GivenSpikes
from ranvier.objects.networks.sweeps.numbers import Numbers
from ranvier.objects.variables.view import VariableView
from ranvier.runtime import parts
from ranvier.session.given import is_a, is_text
from ranvier.units import DimensionMismatchError, Quantity, get_dimensions
from ranvier.units.checks import fail_for_dimension_mismatch
from ranvier.units.dimensions import Dimension

MOST_LISTED = 10
"""So many values are named in a message."""


@dataclass(frozen=True)
class Axis:
    """The values of one key.

    Attributes:
        name: What it is called: "tau", "cells.v", "seed".
        values: Its values.
        stride: A value holds for so many sets, one after another.
        view: The variable, if the script has named it by itself.
    """

    name: str
    values: Sequence[object]
    stride: int
    view: VariableView | None = None

    @property
    def key(self) -> object:
        """What the script has named it by."""
        return self.name if self.view is None else self.view

    @cached_property
    def plain(self) -> Array | None:
        """The values in SI units, of shape (values,) or (values, elements); 0 for those that are no finite numbers.

        None if they are neither all numbers nor all arrays of one length.
        """
        return self._numbers[0]

    @cached_property
    def usual(self) -> Array:
        """Which values are finite numbers, or texts; timed arrays or spikes, where all are."""
        return self._numbers[1]

    @cached_property
    def _numbers(self) -> tuple[Array | None, Array]:
        if isinstance(self.values, Numbers):
            found = self.values.array.astype(float)
            usual = np.isfinite(found)
            return np.where(usual, found, 0.0), usual
        if all(isinstance(value, int | float | np.generic) or _is_one(value) for value in self.values):
            found = np.array(cast("list[float]", self.values), dtype=float)
            usual = np.isfinite(found)
            return np.where(usual, found, 0.0), usual
        if all(isinstance(value, TimedArray | GivenSpikes) for value in self.values):
            return None, np.ones(len(self.values), bool)
        arrays = [np.asarray(0.0) if is_text(value) else in_si(value) for value in self.values]
        usual = np.array([each.dtype.kind in "biuf" and bool(np.isfinite(each).all()) for each in arrays])
        arrays = [each if good else np.asarray(0.0) for each, good in zip(arrays, usual, strict=True)]
        shapes = {each.shape for each in arrays} - {(), (1,)}
        if len(shapes) > 1:
            return None, usual
        shape = next(iter(shapes), ())
        return np.stack([np.broadcast_to(each if shape else each.reshape(()), shape) for each in arrays]), usual

    @property
    def form(self) -> tuple[type, tuple[int, ...] | None]:
        """Of what type the first value is, and of what shape each; None if they are no numbers or of several shapes."""
        return type(self.values[0]), None if self.plain is None else self.plain.shape[1:]

    @cached_property
    def kind(self) -> str:
        """What all values are in a table: "text" or "array" if some are, else "number"."""
        if isinstance(self.values, Numbers):
            return "number"
        found = plain(self.values)
        if any(map(is_text, found)):
            return "text"
        return "array" if any(isinstance(value, np.ndarray) for value in found) else "number"

    def at(self, k: int) -> object:
        """Returns the value in set `k`."""
        return self.values[self.position(k)]

    def position(self, k: int) -> int:
        """Returns which of the values set `k` has."""
        return k // self.stride % len(self.values)


class Sets:
    """The sets of a sweep, in order; the first key changes slowest.

    Args:
        axes: The keys.
        length: The number of sets.
        is_product: Whether the sets are all combinations.

    Attributes:
        axes: Name → key.
        is_product: Whether the sets are all combinations.
    """

    def __init__(self, axes: Iterable[Axis], length: int, *, is_product: bool) -> None:
        self.axes = {axis.name: axis for axis in axes}
        self.is_product = is_product
        self._length = length

    def __len__(self) -> int:
        return self._length

    def row(self, k: int) -> dict[str, object]:
        """Returns the values of set `k`."""
        return {name: axis.at(k) for name, axis in self.axes.items()}

    def first_with(self, name: str, position: int) -> int:
        """Returns the first set that has a value of a key, for messages."""
        return position * self.axes[name].stride


def _is_one(value: object) -> bool:
    return isinstance(value, Quantity) and value.ndim == 0


def in_si(value: object) -> Array:
    """Returns a number, an array, or a list of them in SI units."""
    if is_a(value, (list, tuple)):
        return np.asarray([float(each) for each in cast("list[float]", value)])
    return np.array(cast(Array, value), copy=True, subok=False)


def sets_of(over: object, *, zip: bool) -> Sets:
    """Returns the sets that `over` asks for.

    Args:
        over: A dictionary of values, or a table with a row for each set.
        zip: Whether the values of a dictionary stand side by side; else all combinations are taken.

    Raises:
        TypeError: If it is neither, or values are no list.
        ValueError: If there are no values, or their numbers differ where they stand side by side, or a name stands
            there twice, or a row of a table has no value.
    """
    columns = parts.columns_of(over)
    if columns is not None:
        return _side_by_side(_named(map(column_of, columns.items()), "columns of over"), "The columns of over")
    if not isinstance(over, Mapping):
        raise TypeError(
            "over takes a dictionary such as {'tau': [5, 10]*ms, 'seed': range(10)}, or a table of pandas, polars or "
            f"Arrow with a row for each set, not {type(over).__name__}."
        )
    pairs = cast("Mapping[object, object]", over).items()
    given = _named(((key_name(key), values_of(key, each)) for key, each in pairs), "keys of over")
    views = {key_name(key): key for key, _ in pairs if isinstance(key, VariableView)}
    if not given:
        raise ValueError("over is empty: name what is to change, such as over={'tau': [5, 10]*ms}.")
    if zip:
        return _side_by_side(given, "With zip=True, the values of over", views)
    axes: list[Axis] = []
    stride = math.prod(len(values) for values in given.values())
    total = stride
    for name, values in given.items():
        stride //= len(values)
        axes.append(Axis(name, values, stride, views.get(name)))
    return Sets(axes, total, is_product=True)


def _side_by_side(
    given: Mapping[str, Sequence[object]], what: str, views: Mapping[str, VariableView] | None = None
) -> Sets:
    lengths = {name: len(values) for name, values in given.items()}
    if not lengths or not max(lengths.values()):
        raise ValueError("over has no rows: there is no set to be run.")
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"{name}: {length}" for name, length in lengths.items())
        raise ValueError(f"{what} have to be equally many ({counts}).")
    axes = [Axis(name, values, 1, (views or {}).get(name)) for name, values in given.items()]
    return Sets(axes, max(lengths.values()), is_product=False)


def key_name(key: object) -> str:
    """Returns what a key of `over` or `start` is called.

    Raises:
        TypeError: If it is neither a text nor a variable of a group.
    """
    if is_text(key):
        return key
    if isinstance(key, VariableView):
        return f"{key.group_name}.{key.name}"
    raise TypeError(
        "What a sweep changes is named by a text ('tau', 'cells.v', 'seed') or a variable (cells.v), not by "
        f"{type(key).__name__}: {key!r}."
    )


def values_of(key: object, given: object) -> Sequence[object]:
    """Returns the values of a key, one for each set; numbers all of one kind.

    Raises:
        TypeError: If they are one text.
        ValueError: If there are none.
    """
    if is_text(given):
        raise TypeError(f"The values of '{key_name(key)}' in over are a list, not the text {given!r}.")
    if Numbers.can_hold(given):
        return Numbers.of(given)
    if isinstance(given, Quantity):
        found: list[object] = [given] if given.ndim == 0 else [_quantity(each) for each in given]
    elif callable(to_list := getattr(given, "to_pylist", None)):  # an array of Arrow
        found = cast("list[object]", to_list())
    elif is_a(given, np.ndarray):
        array = cast(Array, given)
        found = cast("list[object]", list(array) if array.ndim > 1 else np.atleast_1d(array).tolist())
    elif isinstance(given, Iterable):
        found = list(cast("Iterable[object]", given))
    else:
        found = [given]
    if not found:
        raise ValueError(f"'{key_name(key)}' in over has no values.")
    return of_one_kind(found)


def _quantity(value: object) -> object:
    return value if isinstance(value, Quantity) else Quantity(cast(float, value))


def of_one_kind(values: Sequence[object]) -> Sequence[object]:
    """Returns numbers as whole numbers or as fractions, not some of each: models are compiled for one of them."""
    if isinstance(values, Numbers):
        return values
    plain = [_python_number(value) for value in values]
    kinds = {type(value) for value in plain}
    return [float(cast(float, value)) for value in plain] if kinds == {int, float} else plain


def _python_number(value: object) -> object:
    is_numpy = is_a(value, np.generic) and not isinstance(value, Quantity)
    return cast("np.generic", value).item() if is_numpy else value


def _named(pairs: Iterable[tuple[str, Sequence[object]]], what: str) -> dict[str, Sequence[object]]:
    """Returns values by name.

    Raises:
        ValueError: If two of them have one name.
    """
    found: dict[str, Sequence[object]] = {}
    for name, values in pairs:
        if name in found:
            raise ValueError(f"Two {what} stand for '{name}': leave one of them out.")
        found[name] = of_one_kind(values)
    return found


def check_dimensions(sets: Sets, name: str, wanted: object = None) -> None:
    """Checks that all values of a key have one unit.

    Args:
        sets: The sets.
        name: The key.
        wanted: A value with the unit that they need; None: that of the first one.

    Raises:
        DimensionMismatchError: If one has another unit, naming its set.
    """
    values = sets.axes[name].values
    reference = values[0] if wanted is None else wanted
    dim = _dimension_of(reference, sets, name, 0)
    if isinstance(values, Numbers) and values.dim is dim:
        return
    for position, value in enumerate(values):
        if _dimension_of(value, sets, name, position) is not dim:
            raise DimensionMismatchError(
                f"'{name}' of set {sets.first_with(name, position)} is {shown(value)}, which has another unit than "
                + (f"{shown(reference)} of set 0" if wanted is None else f"'{name}' of the network, {shown(wanted)}"),
                get_dimensions(cast(Quantity, value)),
                dim,
            )


def _dimension_of(value: object, sets: Sets, name: str, position: int) -> Dimension:
    try:
        dim = get_dimensions(cast(Quantity, value))
    except TypeError:
        dim = None
    if dim is None or (not callable(value) and (np.ndim(cast(Array, value)) or is_a(value, complex))):
        raise TypeError(f"'{name}' of set {sets.first_with(name, position)} has to be a number, not {shown(value)}.")
    return dim


def shown(value: object) -> str:
    """Returns a value for messages, shortened."""
    text = " ".join((str(value) if isinstance(value, Quantity) else repr(value)).split())
    return text if len(text) <= 40 else f"{text[:37]}..."


def described(values: Mapping[str, object]) -> str:
    """Returns the values of a set for messages: "tau=10. ms, seed=3"."""
    return ", ".join(f"{name}={shown(value)}" for name, value in values.items())


def positions_of(sets: Sets, name: str, wanted: object) -> set[int]:
    """Returns which values of a key equal one that a script asks for, to rounding.

    Raises:
        KeyError: If there is no such key or value.
        DimensionMismatchError: If the unit is wrong.
    """
    if name not in sets.axes:
        raise KeyError(f"over has no '{name}'; it has: {', '.join(sets.axes)}.{one_of(sets.axes, name)}")
    values = sets.axes[name].values
    reference = values[0]
    if not is_text(wanted) and not is_text(reference):
        text = f"'{name}' is given in another unit than in the sweep, such as {shown(reference)}"
        fail_for_dimension_mismatch(cast(Quantity, wanted), cast(Quantity, reference), text)
    found = {k for k, value in enumerate(values) if _is_equal(value, wanted)}
    if not found:
        listed = ", ".join(shown(value) for value in values[:MOST_LISTED]) + (", ..." if values[MOST_LISTED:] else "")
        raise KeyError(f"'{name}' is nowhere {shown(wanted)}; its values are: {listed}")
    return found


def _is_equal(value: object, wanted: object) -> bool:
    if is_text(value) or is_text(wanted):
        return bool(value == wanted)
    one, other = np.asarray(cast(Array, value)), np.asarray(cast(Array, wanted))
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=1e-9, atol=0.0))


def coordinates(values: Sequence[object]) -> list[object]:
    """Returns values as coordinates; numbers where they are no single values."""
    found = plain(values)
    return list(range(len(values))) if any(isinstance(value, np.ndarray) for value in found) else found


def plain(values: Sequence[object]) -> list[object]:
    """Returns values without units, as tables hold them; what a table cannot hold as text."""
    if isinstance(values, Numbers):
        return cast("list[object]", values.array.tolist())
    kinds = set(map(type, values))
    if kinds <= {bool, int, float, str}:
        return list(values)
    if len(kinds) == 1 and kinds <= {np.bool_, np.int64, np.float64}:
        return cast("list[object]", np.array(cast("list[float]", values)).tolist())
    if kinds == {Quantity}:
        quantities = cast("Sequence[Quantity]", values)
        is_one = all(value.ndim == 0 and value.dtype.kind == "f" for value in quantities)
        return [float(value) if is_one else _plain(value) for value in quantities]
    return [_plain(value) for value in values]


def in_column(values: Sequence[object], kind: str) -> list[object]:
    """Returns values of a key as a column of a table holds them, all of one kind.

    Args:
        values: Some values of the key, perhaps not all.
        kind: What `Axis.kind` says of all of them.
    """
    match kind:
        case "text":
            return [None if value is None else str(value) for value in plain(values)]
        case "array":
            return [None if value is None else np.atleast_1d(cast(Array, value)) for value in plain(values)]
        case _:
            return plain(values)


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if is_a(value, (np.ndarray, np.generic, list, tuple)):
        try:
            array = np.asarray(cast(Array, value), dtype=None)
        except ValueError:  # lists of different lengths
            found = [_plain(each) for each in cast("Sequence[object]", value)]
            return [cast(Array, each).tolist() if is_a(each, np.ndarray) else each for each in found]
        return array.item() if array.ndim == 0 else array
    return repr(value)
