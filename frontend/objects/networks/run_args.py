"""`device.run(run_args=...)`: the values that a run has in place of those of the script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from ranvier.equations.source import one_of, one_of_variables
from ranvier.objects.groups.group import VariableOwner
from ranvier.objects.inputs.timedarray import TimedArray
from ranvier.objects.memory.arrays import Array
from ranvier.objects.variables.variables import ArrayVariable
from ranvier.objects.variables.view import VariableView
from ranvier.session.given import is_a, is_text
from ranvier.units import Quantity
from ranvier.units.checks import fail_for_dimension_mismatch
from ranvier.units.unit import get_unit_for_display

if TYPE_CHECKING:
    from ranvier.objects.networks.program import RecordedProgram

TRUTH = {"true": True, "false": False}
"""How the values of boolean variables are written."""

Target = VariableView | TimedArray


@dataclass(frozen=True)
class Argument:
    """A value for a run.

    Attributes:
        target: The values that it replaces.
        value: The value, checked.
    """

    target: Target
    value: object

    @property
    def name(self) -> str:
        """What it is called in texts: "group.variable", or "array.values"."""
        if isinstance(self.target, TimedArray):
            return f"{self.target.name}.values"
        return f"{self.target.group_name}.{self.target.name}"

    def kept(self) -> Array | None:
        """Returns what `put_back` takes: the values of a timed array, which are no part of the program's state."""
        return self.target.values.copy() if isinstance(self.target, TimedArray) else None

    def put_back(self, values: Array | None) -> None:
        """Gives a timed array its values back."""
        if isinstance(self.target, TimedArray) and values is not None:
            self.target.values[...] = values

    def apply(self) -> None:
        """Sets the value."""
        if isinstance(self.target, TimedArray):
            self.target.values[...] = np.asarray(self.value, dtype=np.float64)
        else:
            self.target.set_item(slice(None), self.value)


def checked(given: object, program: RecordedProgram) -> list[Argument]:
    """Returns the values of `run_args`.

    Args:
        given: {view of a variable, or `TimedArray`, or "group.variable": value}, or texts "group.variable=value", where
            the value is a number in the unscaled unit, or the name of a file with an array.
        program: The program that is to be run.

    Raises:
        TypeError: If the form is wrong, or a variable cannot be set.
        KeyError: If there is no such object or variable.
        DimensionMismatchError: If the unit is wrong.
        ValueError: If the number of values is wrong, or an object is not part of the program.
    """
    if given is None:
        return []
    if isinstance(given, Mapping):
        pairs = cast("Mapping[object, object]", given).items()
        return [_checked(target, value, program) for target, value in pairs]
    if is_text(given):
        given = [given]
    if not isinstance(given, Sequence):
        raise TypeError(
            "run_args takes {group.variable: value}, or a list of texts such as 'group.variable=value', not "
            f"{type(given).__name__}."
        )
    return [_from_text(text, program) for text in cast("Sequence[object]", given)]


def _checked(target: object, value: object, program: RecordedProgram) -> Argument:
    if is_text(target):  # a value may have its unit, as it does where the variable itself is the key
        target = _target(target, program, use_units=isinstance(value, Quantity))
    if isinstance(target, TimedArray):
        return _for_timed_array(target, value)
    if not isinstance(target, VariableView):
        raise TypeError(
            "The keys of run_args are variables of groups (group.variable) or timed arrays, not "
            f"{type(target).__name__}: {target!r}."
        )
    name = f"{target.group_name}.{target.name}"
    if is_text(value):
        raise TypeError(f"The value of '{name}' in run_args has to be a number or an array, not a text: {value!r}.")
    if not isinstance(target.variable, ArrayVariable) or target.variable.read_only:
        raise TypeError(f"'{name}' cannot be set by run_args: it is read-only.")
    if not program.has(target.variable.owner):
        raise ValueError(f"'{name}' in run_args: '{target.group_name}' is not part of the program that is run.")
    _check_unit(name, value, target.unit)
    size = np.size(cast(Array, value))
    if size not in (1, target.shape[0]):
        raise ValueError(f"'{name}' in run_args takes one value, or {target.shape[0]}, but {size} were given.")
    return Argument(target, value)


def _check_unit(name: str, value: object, unit: Quantity) -> None:
    if isinstance(value, (list, tuple)):
        value = Quantity(cast("Sequence[float]", value))
    fail_for_dimension_mismatch(
        value,
        unit,
        f"'{name}' in run_args should be given with units {get_unit_for_display(unit.dim)}, but got {{value}}",
        value=value,
    )


def _for_timed_array(target: TimedArray, value: object) -> Argument:
    if is_text(value):
        raise TypeError(f"The values of '{target.name}' in run_args have to be numbers, not a text: {value!r}.")
    _check_unit(target.name, value, Quantity(1.0, dim=target.dim))
    shape, wanted = np.shape(cast(Array, value)), target.values.shape
    if shape not in ((), wanted):
        raise ValueError(
            f"The timed array '{target.name}' in run_args has values of shape {wanted}; given were values of {shape}."
        )
    return Argument(target, value)


# ---------------------------------------------------------------- texts


def _from_text(text: object, program: RecordedProgram) -> Argument:
    name, sign, value = text.partition("=") if is_text(text) else ("", "", "")
    if not sign or not value.strip():
        raise TypeError(f"A text of run_args has the form 'group.variable=value', not {text!r}.")
    target = _target(name.strip(), program)
    return _checked(target, _value(name, value.strip(), target), program)


def _target(name: str, program: RecordedProgram, *, use_units: bool = False) -> Target:
    """Returns what a name such as "group.variable" stands for.

    Args:
        name: The name.
        program: The program that is to be run.
        use_units: Whether the value has a unit; else it is a number in the unscaled unit.
    """
    owner, dot, variable = name.partition(".")
    if not dot:
        raise KeyError(f"{name!r} in run_args: names have the form 'group.variable', or 'timed_array.values'.")
    arrays = {each.name: each for each in TimedArray.__instances__ if isinstance(each, TimedArray)}
    objects = program.objects
    if owner not in objects and owner in arrays:
        if variable != "values":
            raise KeyError(f"{name!r} in run_args: the timed array '{owner}' has '{owner}.values' only.")
        return arrays[owner]
    group = objects.get(owner)
    if not isinstance(group, VariableOwner):
        hint = one_of([*objects, *arrays], owner)
        raise KeyError(f"There is no object '{owner}' in the program, for {name!r} of run_args.{hint}")
    if variable not in group.variables:
        raise KeyError(
            f"'{owner}' has no variable '{variable}', for run_args.{one_of_variables(group.variables, variable)}"
        )
    return group.state(variable, use_units=use_units)


def _value(name: str, text: str, target: Target) -> object:
    if text.lower() in TRUTH:
        return TRUTH[text.lower()]
    try:
        return float(text) if isinstance(target, TimedArray) else _number(text, target)
    except ValueError:
        pass
    path = Path(text)
    if not path.is_file():
        raise ValueError(f"'{name}={text}' in run_args: there is no file {text}, and it is no number.")
    dtype = np.dtype(np.float64 if isinstance(target, TimedArray) else target.dtype)
    values = _read_values(name, path, dtype)
    if isinstance(target, TimedArray) and values.size == target.values.size and values.ndim == 1:
        return values.reshape(target.values.shape)
    return values


def _read_values(name: str, path: Path, dtype: np.dtype[np.generic]) -> Array:
    """Returns the numbers in a file: an array of numpy's (".npy"), or nothing but their bytes.

    Raises:
        OSError: It cannot be read.
        ValueError: It holds something else.
    """
    if path.suffix != ".npy":
        size = path.stat().st_size
        if size % dtype.itemsize:
            raise ValueError(
                f"'{name}={path}' in run_args: the file has {size} bytes, which is no whole number of values of "
                f"{dtype.itemsize} bytes ({dtype})."
            )
        return np.fromfile(path, dtype)
    with path.open("rb") as data:
        try:
            values = np.load(data, allow_pickle=False)
        except Exception as error:  # headers of arrays have many kinds of faults
            reason = str(error) or type(error).__name__
            raise ValueError(f"'{name}={path}' in run_args: this is no file that numpy.save wrote: {reason}") from None
    if not is_a(values, np.ndarray) or values.dtype.kind not in "biuf":
        raise ValueError(f"'{name}={path}' in run_args: the file holds no array of numbers.")
    return values


def _number(text: str, target: VariableView) -> object:
    return int(text) if is_a(np.zeros(0, target.dtype).sum(), np.integer) else float(text)
