"""The arguments of a function that `Network.batched` makes: arrays with one value for each set, checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np

from ranvier.equations.source import one_of
from ranvier.objects.groups.group import VariableOwner
from ranvier.objects.memory.arrays import Array
from ranvier.objects.networks.sweeps.numbers import Numbers
from ranvier.objects.networks.sweeps.sets import Axis, Sets, key_name, shown
from ranvier.objects.networks.sweeps.sweepable import Sweepable
from ranvier.objects.networks.sweeps.targets import SPECIAL, Names, SpikesTarget, Targets, VariableTarget, check_special
from ranvier.objects.variables.view import VariableView
from ranvier.session.given import is_a, is_text
from ranvier.units import DimensionMismatchError, Quantity, get_dimensions, second
from ranvier.units.dimensions import DIMENSIONLESS, Dimension
from ranvier.units.unit import get_unit_for_display


@dataclass
class Input:
    """One argument.

    Attributes:
        name: What it is called: "mu", "cells.v", "seed".
        target: The variable that it sets, None if it is no variable.
        dim: The unit of its values, None as long as none was seen.
        is_whole: Whether all values so far were whole numbers: models are compiled for these or for fractions.
    """

    name: str
    target: VariableTarget | None = None
    dim: Dimension | None = None
    is_whole: bool = True

    @property
    def full_name(self) -> str:
        """What it is called in the network, where the script may have another name for the group."""
        return self.name if self.target is None else self.target.name

    def checked(self, value: object) -> Array:
        """Returns the values as an array, in SI units.

        Raises:
            DimensionMismatchError: If they have another unit than those before.
            TypeError: If they are no numbers.
            ValueError: If there are more dimensions than can be, or wrongly many values for the elements of a group.
        """
        array = self._numbers(value)
        dim = get_dimensions(array)
        if self.dim is None:
            self.dim = dim
        elif dim is not self.dim:
            raise DimensionMismatchError(
                f"'{self.name}' has to be given in the unit {get_unit_for_display(self.dim)}, but is {shown(value)}",
                dim,
                self.dim,
            )
        self._check_shape(array.shape)
        self.is_whole = self.is_whole and array.dtype.kind in "biu"
        return np.asarray(array)

    def _numbers(self, value: object) -> Array:
        if is_text(value) or isinstance(value, Mapping):
            raise TypeError(f"'{self.name}' takes numbers, one or an array of them, not {value!r}.")
        if is_a(value, (list, tuple)):
            value = Quantity(cast("list[float]", value))
        array = cast(Array, value) if isinstance(value, Quantity) else np.asarray(value)
        if array.dtype.kind not in "biuf":
            raise TypeError(f"'{self.name}' takes numbers, one or an array of them, not {type(value).__name__}.")
        return array

    def _check_shape(self, shape: tuple[int, ...]) -> None:
        if len(shape) < 2:
            return
        if self.target is None:
            raise ValueError(f"'{self.name}' takes one value, or one for each set, not an array of the shape {shape}.")
        elements = self.target.view.shape[0] if self.target.view.shape else 1
        if len(shape) > 2 or shape[1] not in (1, elements):
            raise ValueError(
                f"'{self.name}' takes one value, one for each set, or sets x {elements} elements; "
                f"the array has the shape {shape}."
            )

    def values(self, array: Array) -> Sequence[object]:
        """Returns checked values, one for each set."""
        if self.target is None and not self.is_whole:
            array = array.astype(float, copy=False)
        dim = self.dim or DIMENSIONLESS
        if array.ndim < 2:
            return Numbers(np.array(array).reshape(-1), dim)
        rows = cast("list[object]", list(array))
        return rows if dim is DIMENSIONLESS else [Quantity(cast(float, row), dim=dim) for row in rows]


@dataclass
class Batch:
    """The values of one call.

    Attributes:
        axes: Name → values, one for each set, or one for all.
        size: The number of sets.
        is_single: Whether all arguments were single values, so that the result is one, too.
    """

    axes: dict[str, Sequence[object]] = field(default_factory=lambda: {})
    size: int = 1
    is_single: bool = True

    def sets(self, network: Sweepable) -> Sets:
        """Returns the sets.

        Raises:
            DimensionMismatchError, TypeError, ValueError: If a seed, dt or duration cannot be one.
        """
        axes = [Axis(name, _repeated(values, self.size), 1) for name, values in self.axes.items()]
        sets = Sets(axes, self.size, is_product=False)
        for name in SPECIAL:
            if name in sets.axes:
                check_special(sets, name, network)
        return sets


def _repeated(values: Sequence[object], size: int) -> Sequence[object]:
    """Returns one value for each set."""
    if len(values) == size or len(values) != 1:
        return values
    return values.repeated(size) if isinstance(values, Numbers) else list(values) * size


def inputs_of(over: object, names: Names) -> dict[str, Input]:
    """Returns the arguments of a function.

    Args:
        over: Their names, or variables.
        names: What names stand for.

    Raises:
        KeyError: If there is no such variable.
        TypeError: If something else is given.
        ValueError: If there are none, or two of one name.
    """
    if is_text(over) or isinstance(over, VariableView):
        over = [over]
    if isinstance(over, Mapping) or not isinstance(over, Iterable):
        raise TypeError(
            "batched takes the names of what its arguments are, over=['mu', cells.tau], without values, not "
            f"{type(cast(object, over)).__name__}; the values are given when the function is called."
        )
    found: dict[str, Input] = {}
    for key in cast("Iterable[object]", over):
        name = key_name(key)
        made = Input(name, dim=second.dim if name in ("dt", "duration") else None)
        if "." in name:
            target = names.variable(key)
            if isinstance(target, SpikesTarget):
                raise TypeError(
                    f"'{name}' are lists of spikes, and a function that batched makes takes arrays of numbers: use "
                    f"Network.sweep, over={{'{name}': [(indices, times), ...]}}."
                )
            made = Input(name, target, target.view.unit.dim)
        if made.full_name in {each.full_name for each in found.values()}:
            raise ValueError(f"'{name}' is in over twice.")
        found[name] = made
    if not found:
        raise ValueError("over is empty: name the arguments of the function, such as over=['mu', 'J'].")
    return found


def targets_for(inputs: Mapping[str, Input]) -> Targets:
    """Returns what the arguments of a function stand for."""
    variables = {name: each.target for name, each in inputs.items() if each.target is not None}
    constants = tuple(name for name in inputs if name not in variables and name not in SPECIAL)
    return Targets(constants, variables, frozenset(SPECIAL) & inputs.keys())


def present_values(constants: Sequence[str], network: Sweepable, script: Mapping[str, object]) -> dict[str, object]:
    """Returns the values that constants have now, of those that have one."""
    found: dict[str, object] = {name: script[name] for name in constants if name in script}
    for obj in network:
        if isinstance(obj, VariableOwner):
            found |= {name: obj.namespace[name] for name in constants if name in obj.namespace}
    return {name: value for name, value in found.items() if _is_number(value)}


def _is_number(value: object) -> bool:
    return is_a(value, (int, float, np.generic, np.ndarray)) and np.size(cast(Array, value)) == 1


def batch_of(inputs: Mapping[str, Input], args: Sequence[object], named: Mapping[str, object]) -> Batch:
    """Returns the values of a call, checked.

    Args:
        inputs: The arguments that there are.
        args: Those that were given by position.
        named: Those that were given by name.

    Raises:
        TypeError: If there are too many, too few, or others, or something is no number.
        DimensionMismatchError: If a unit is wrong.
        ValueError: If the numbers of values differ.
    """
    given = _bound(list(inputs), args, named)
    arrays = {name: inputs[name].checked(value) for name, value in given.items()}
    lengths = {name: array.shape[0] for name, array in arrays.items() if array.ndim}
    several = set(lengths.values()) - {1}
    if len(several) > 1:
        counts = ", ".join(f"{name}: {length}" for name, length in lengths.items())
        raise ValueError(f"The arguments have to be equally long, or single values ({counts}).")
    size = max(several, default=1)
    return Batch({name: inputs[name].values(array) for name, array in arrays.items()}, size, not lengths)


def _bound(names: Sequence[str], args: Sequence[object], named: Mapping[str, object]) -> dict[str, object]:
    """Returns name → value, as Python does for functions."""
    call = f"The function takes {', '.join(names)}"
    if len(args) > len(names):
        raise TypeError(f"{call}, but {len(args)} arguments were given.")
    found = dict(zip(names, args, strict=False))
    for name, value in named.items():
        if name not in names:
            raise TypeError(f"{call}, not '{name}'.{one_of(names, name)}")
        if name in found:
            raise TypeError(f"{call}; '{name}' was given twice.")
        found[name] = value
    missing = [name for name in names if name not in found]
    if missing:
        raise TypeError(f"{call}; a value for '{missing[0]}' is missing.")
    return found
