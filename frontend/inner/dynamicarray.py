"""Arrays that grow: Brian's `DynamicArray` and `DynamicArray1D`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ranvier.public import public_in

Array = np.ndarray[Any, np.dtype[Any]]


@public_in("ranvier.memory.dynamicarray")
class DynamicArray:
    """An array whose shape can change; what it holds stays where the old and the new shape agree.

    Args:
        shape: Its first shape, or the length of one with one axis.
        dtype: Type of the elements.
        factor: How much more memory is taken than needed when it grows.
        use_numpy_resize: Accepted for compatibility.
        refcheck: Accepted for compatibility.

    Attributes:
        data: The elements, as an array of numpy that is replaced when there is no more room.
        shape: The present shape.
    """

    def __init__(
        self,
        shape: int | tuple[int, ...],
        dtype: Any = float,
        factor: float = 2,
        use_numpy_resize: bool = False,
        refcheck: bool = True,
    ) -> None:
        self.shape = _as_shape(shape)
        self.dtype = np.dtype(dtype)
        self.factor = factor
        self._memory: Array = np.zeros(self.shape, dtype=self.dtype)
        self.data: Array = self._memory

    def resize(self, newshape: int | tuple[int, ...]) -> None:
        """Changes the shape; new elements are zero.

        Raises:
            ValueError: The number of axes differs.
        """
        wanted = _as_shape(newshape)
        if len(wanted) != len(self.shape):
            raise ValueError(f"An array with {len(self.shape)} axes cannot get the shape {wanted}.")
        common = tuple(slice(0, min(old, new)) for old, new in zip(self.shape, wanted, strict=True))
        room = self._memory.shape
        if any(new > has for new, has in zip(wanted, room, strict=True)):
            grown = tuple(
                has if new <= has else max(new, int(has * self.factor)) for new, has in zip(wanted, room, strict=True)
            )
            memory: Array = np.zeros(grown, dtype=self.dtype)
            memory[common] = self.data[common]
            self._memory = memory
        self.data = self._memory[tuple(slice(0, length) for length in wanted)]
        kept = self.data[common].copy()
        if kept.size != self.data.size:
            self.data[...] = 0
            self.data[common] = kept
        self.shape = wanted

    def _larger(self, wanted: tuple[int, ...]) -> tuple[int, ...]:
        pairs = zip(wanted, self._memory.shape, strict=True)
        return tuple(has if new <= has else max(new, int(has * self.factor)) for new, has in pairs)

    def resize_along_first(self, newshape: int | tuple[int, ...]) -> None:
        """Changes the length of the first axis."""
        self.resize((_as_shape(newshape)[0], *self.shape[1:]))

    def shrink(self, newshape: int | tuple[int, ...]) -> None:
        """Makes the array smaller, and gives back the memory that is no longer needed.

        Raises:
            ValueError: The new shape is larger.
        """
        wanted = _as_shape(newshape)
        if any(new > old for new, old in zip(wanted, self.shape, strict=True)):
            raise ValueError(f"An array of the shape {self.shape} cannot shrink to {wanted}.")
        self._memory = self.data[tuple(slice(0, length) for length in wanted)].copy()
        self.data, self.shape = self._memory, wanted

    def __getitem__(self, item: Any) -> Any:
        return self.data[item]

    def __setitem__(self, item: Any, value: Any) -> None:
        self.data[item] = value

    def __len__(self) -> int:
        return len(self.data)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.data, dtype=dtype)

    def __str__(self) -> str:
        return str(self.data)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.data!r})"


@public_in("ranvier.memory.dynamicarray")
class DynamicArray1D(DynamicArray):
    """An array with one axis whose length can change."""


def _as_shape(shape: int | tuple[int, ...]) -> tuple[int, ...]:
    return tuple(shape) if isinstance(shape, tuple) else (int(shape),)
