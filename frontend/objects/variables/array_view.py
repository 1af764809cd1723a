"""Views as arrays: what numpy and Python's operators do with them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import numpy as np

from ranvier.objects.memory.arrays import Array, DTypeLike
from ranvier.objects.variables.brian_view import FORWARDED, BrianView
from ranvier.units.checks import get_dimensions
from ranvier.units.dimensions import DIMENSIONLESS, Dimension
from ranvier.units.mismatch import DimensionMismatchError, UnitTypeError

EVERYTHING = slice(None)


class ArrayView(BrianView):
    """A view that numpy and operators take for the array of its values.

    Attributes:
        name: Name of the variable.
    """

    name: str

    @property
    @abstractmethod
    def dim(self) -> Dimension:
        """Dimension of the variable."""

    @abstractmethod
    def all_values(self) -> Any:
        """Returns the values of all elements."""

    @abstractmethod
    def get_item(self, item: object, level: int = 0) -> Any:
        """Returns values of some elements."""

    @abstractmethod
    def set_item(self, item: object, value: object) -> None:
        """Sets values of some elements."""

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        return np.array(self.all_values(), dtype=dtype, subok=True)  # numpy takes the unit away if not wanted

    def __iter__(self) -> Iterator[object]:
        return iter(self.all_values())

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: object, **kwds: object) -> Any:
        return getattr(ufunc, method)(*(_values(k) for k in inputs), **kwds)

    def __array_function__(
        self, func: Callable[..., object], types: object, args: tuple[object, ...], kwds: Mapping[str, object]
    ) -> object:
        return func(*(_values_in(k) for k in args), **{k: _values_in(v) for k, v in kwds.items()})

    def __getattr__(self, name: str) -> Any:
        if name in FORWARDED:
            return getattr(self.all_values(), name)
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")


def _values(thing: object) -> Any:
    return thing.all_values() if isinstance(thing, ArrayView) else thing


def _values_in(thing: object) -> Any:
    """Returns an argument with views replaced by their values, also inside lists (`concatenate([G.v, H.v])`)."""
    if isinstance(thing, (list, tuple)):
        return [_values_in(part) for part in cast("list[object]", thing)]
    return _values(thing)


def _in_place(view: ArrayView, operation: str, other: object) -> ArrayView:
    if isinstance(other, str):
        raise TypeError(
            "In-place modification with strings not supported. Use group.var = 'var + expression' instead of "
            "group.var += 'expression'."
        )
    result = getattr(view.get_item(EVERYTHING), f"__{operation}__")(_values(other))
    if result is NotImplemented:
        result = getattr(_values(other), f"__r{operation}__")(view.get_item(EVERYTHING))
    found = get_dimensions(result)
    if found is not view.dim:
        raise DimensionMismatchError(f"Incorrect unit for setting variable {view.name}", view.dim, found)
    view.set_item(EVERYTHING, result)
    return view


def _operator(name: str) -> Callable[..., Any]:
    def operate(self: ArrayView, *others: object) -> Any:
        if name in ("__pow__", "__rpow__"):
            _check_exponent(self if name == "__rpow__" else others[0])
        values = self.get_item(EVERYTHING)
        method = getattr(values, name, None)
        return NotImplemented if method is None else method(*(_values(k) for k in others))

    operate.__name__ = name
    return operate


def _check_exponent(exponent: object) -> None:
    if isinstance(exponent, ArrayView) and exponent.dim is not DIMENSIONLESS:
        raise UnitTypeError(f"Cannot use '{exponent.name}' as an exponent, it has a unit", exponent.dim)


def _augmented(name: str) -> Callable[..., Any]:
    def operate(self: ArrayView, other: object) -> ArrayView:
        return _in_place(self, name, other)

    operate.__name__ = f"__i{name}__"
    return operate


_BINARY = "add sub mul truediv floordiv mod pow matmul and or xor".split()

for _name in _BINARY:
    setattr(ArrayView, f"__{_name}__", _operator(f"__{_name}__"))
    setattr(ArrayView, f"__r{_name}__", _operator(f"__r{_name}__"))
for _name in "lt le gt ge eq ne neg pos abs invert".split():
    setattr(ArrayView, f"__{_name}__", _operator(f"__{_name}__"))
for _name in "add sub mul truediv floordiv mod pow".split():
    setattr(ArrayView, f"__i{_name}__", _augmented(_name))
for _name, _method in ("div", "__truediv__"), ("rdiv", "__rtruediv__"), ("idiv", "__itruediv__"):  # Python 2's names
    setattr(ArrayView, f"__{_name}__", getattr(ArrayView, _method))
